"""How much the default detector owes to its parameters: leave one recording out, and vary each.

    python benchmarks/detection.py FOLDER

FOLDER holds hand-labelled recordings of still pictures (Andersson et al. 2017), as
`faceoff gaze validate` takes them. First each recording is labelled with the parameters that
are best on all *others*, out of a grid around the defaults; the labels are then pooled, and set
against both coders. A detector that was fitted to these recordings falls there. Then each
parameter is changed alone.
"""

import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaze_analysis.detection.agreement import cohen_kappa
from gaze_analysis.detection.hand_labels import (
    CODERS,
    LABELS,
    PICTURES,
    LabelledRecording,
    find_pairs,
    read_pair,
)
from gaze_analysis.detection.validate import label
from study.settings.gaze_events import AdaptiveSettings, EventSettings

GRID = {
    "window_ms": (10.0, 14.0, 20.0),
    "peak_factor": (6.0, 8.0, 10.0),
    "onset_factor": (3.0, 4.0, 5.0),
    "max_pso_ms": (30.0, 40.0, 60.0),
    "max_drift_deg": (0.0, 0.75, 1.0, 1.25, 1.5),
}
ALONE = GRID | {
    "min_peak_velocity_deg_s": (0.0, 22.0, 40.0),
    "min_saccade_ms": (6.0, 20.0),
    "min_fixation_ms": (50.0, 60.0),
    "max_drift_deg_s": (1.0, 3.0),
}
KINDS = ("fixation", "saccade")
Labels = NDArray[np.int64]


def kappas(recordings: list[LabelledRecording], found: list[Labels]) -> NDArray[np.float64]:
    """Compute the pooled kappas: a row for each kind, a column for each coder."""
    mine = np.concatenate(found)
    values = [
        [
            cohen_kappa(
                mine == LABELS[kind],
                np.concatenate([recording.labels[coder] for recording in recordings])
                == LABELS[kind],
            )
            for coder in CODERS
        ]
        for kind in KINDS
    ]
    return np.array(values)


def found_with(recording: LabelledRecording, **changed: float) -> Labels:
    """Label a recording with some parameters changed."""
    settings = EventSettings(adaptive=AdaptiveSettings(**changed))
    return label(recording, ["adaptive"], settings).labels["adaptive"]


def shown(values: NDArray[np.float64]) -> str:
    """Write kappas."""
    return "; ".join(
        f"{kind}s "
        + " ".join(f"{coder} {value:.3f}" for coder, value in zip(CODERS, row, strict=True))
        for kind, row in zip(KINDS, values, strict=True)
    )


def main(folder: Path) -> None:
    """Print both."""
    pairs = [read_pair(*pair) for pair in find_pairs(folder)]
    recordings = [one for one in pairs if one is not None and one.category == PICTURES]
    defaults = [found_with(recording) for recording in recordings]
    print(f"{len(recordings)} recordings; defaults: {shown(kappas(recordings, defaults))}\n")

    combinations = [
        dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())
    ]
    found = [[found_with(recording, **one) for recording in recordings] for one in combinations]
    held_out = []
    print(f"Leave one recording out, best of {len(combinations)} settings on the others:")
    for left, recording in enumerate(recordings):
        others = [i for i in range(len(recordings)) if i != left]
        rest = [recordings[i] for i in others]
        # The worse coder of each kind counts, as it does in the verdict of `gaze validate`.
        scores = [kappas(rest, [own[i] for i in others]).min(axis=1).sum() for own in found]
        best = int(np.argmax(scores))
        held_out.append(found[best][left])
        values = ", ".join(f"{name} {value:g}" for name, value in combinations[best].items())
        print(f"  {recording.name}: {values}")
    print(f"  pooled over held-out recordings: {shown(kappas(recordings, held_out))}\n")

    print("One parameter changed:")
    for name, choices in ALONE.items():
        for value in choices:
            if value != getattr(AdaptiveSettings(), name):
                own = [found_with(recording, **{name: value}) for recording in recordings]
                print(f"  {name} {value:g}: {shown(kappas(recordings, own))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
