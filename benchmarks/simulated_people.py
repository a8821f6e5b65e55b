"""Simulated observers beside people who looked at faces: durations, amplitudes, main sequence.

    python benchmarks/simulated_people.py DATA STUDY OUTPUT

DATA holds the fixations of the University of Sassari's 20 observers on KDEF pictures
(``uniss_ffd/Fixations.zip``; Cadoni et al. 2022, AVSS) and one picture's raw gaze of theirs
(``uniss_fgd/042.csv.gz``, Tobii, 300 Hz). STUDY is a study with simulated sessions whose gaze
is analysed (``faceoff gaze import`` and ``events``), such as that of ``faceoff demo``. The figure
OUTPUT is written as SVG and PNG.

The people's table of fixations has no durations, but the onset of each: intervals between onsets
are compared, which hold a fixation and the saccade after it. The people's trials last 3 s and ask
for nothing, the simulated ones end with an answer: long fixations are cut off more often there.
Sizes of saccades are compared in pixels of the picture file, in which faces are equally large.
"""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from study.figures import CHANCE, NETWORK, PEOPLE, new_figure, save_figure
from study.folder import open_study
from study.tables import read_table

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SAMPLE_S = 1 / 300
# Peak velocity of the parametric model of Dai, Selesnick, Rizzo, Rucker and Hudson (2016), IEEE
# Signal Processing in Medicine and Biology Symposium, with its own example values.
LARGEST_DEG_S, SCALE_DEG = 600.0, 6.0
# A saccade that lasts longer holds a blink or a loss, and has no peak velocity of its own.
LONGEST_MS = 100


def people_intervals(data: Path) -> pd.DataFrame:
    """Read the intervals between the people's fixations, and the distances."""
    tables = []
    with zipfile.ZipFile(data / "uniss_ffd" / "Fixations.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".csv"):
                table = pd.read_csv(io.BytesIO(archive.read(name)))
                onset_ms = pd.to_timedelta(table["TimeStamp"]).dt.total_seconds() * 1000
                x_px, y_px = table["FixationPointX"], table["FixationPointY"]
                tables.append(_steps(onset_ms, x_px, y_px))
    return pd.concat(tables, ignore_index=True)


def simulated_intervals(fixations: pd.DataFrame) -> pd.DataFrame:
    """Measure the same in the fixations of a study."""
    own = fixations[(fixations["index"] >= 1) & fixations["x_px"].notna()]
    trials = own.groupby(["participant_id", "session", "trial"], sort=False)
    return pd.concat(
        [_steps(rows["onset_ms"], rows["x_px"], rows["y_px"]) for _, rows in trials],
        ignore_index=True,
    )


def _steps(onset_ms: pd.Series, x_px: pd.Series, y_px: pd.Series) -> pd.DataFrame:
    """Give the interval and the distance to the next fixation."""
    moved_px = np.hypot(-x_px.diff(-1), -y_px.diff(-1))
    return pd.DataFrame({"interval_ms": -onset_ms.diff(-1), "moved_px": moved_px}).dropna()


def people_fixations_ms(raw: pd.DataFrame) -> NDArray[np.float64]:
    """Measure the people's fixations on one picture, clipped to the time it was on."""
    rows = raw[raw["GazeEventType"] == "Fixation"]
    stamps = rows.groupby(["ParticipantName", "FixationIndex"])["RecordingTimestamp"]
    whole = rows.groupby(["ParticipantName", "FixationIndex"])["GazeEventDuration"].first()
    seen = stamps.max() - stamps.min() + 1000 * SAMPLE_S
    return np.minimum(whole, seen).to_numpy(float)


def people_saccades(raw: pd.DataFrame) -> pd.DataFrame:
    """Measure amplitude and peak velocity of the people's saccades, from the raw gaze."""
    saccades = []
    for _, own in raw.groupby("ParticipantName"):
        gaze_mm = own[["StrictAverageGazePointX(ADCSmm)", "StrictAverageGazePointY(ADCSmm)"]]
        distance_mm = own[["EyePosLeftZ(ADCSmm)", "EyePosRightZ(ADCSmm)"]].mean(axis=1)
        # Small angles, near the screen's middle: well within the noise of 300 Hz.
        gaze_deg = np.degrees(gaze_mm.to_numpy(float) / distance_mm.to_numpy(float)[:, None])
        speed = np.hypot(*np.gradient(gaze_deg, axis=0).T) / SAMPLE_S
        index = own["SaccadeIndex"].to_numpy(float)
        for number in np.unique(index[np.isfinite(index)]):
            rows = np.flatnonzero(index == number)
            ends = [max(rows[0] - 1, 0), min(rows[-1] + 1, len(own) - 1)]
            moved = float(np.hypot(*np.diff(gaze_deg[ends], axis=0)[0]))
            saccades.append((moved, float(np.max(speed[rows]))))
    table = pd.DataFrame(saccades, columns=["amplitude_deg", "peak_velocity_deg_s"])
    return table[np.isfinite(table).all(axis=1) & (table["amplitude_deg"] > 0.3)]


def say(name: str, values: NDArray[np.float64]) -> None:
    """Print the quantiles of something."""
    numbers = "".join(f"{value:9.1f}" for value in np.quantile(values, QUANTILES))
    print(f"{name:<44}{len(values):>7}{numbers}")


def main() -> None:
    """Compare, print and draw."""
    parser = argparse.ArgumentParser(description="Simulated observers beside people.")
    for name in ("data", "study", "output"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    raw = pd.read_csv(given.data / "uniss_fgd" / "042.csv.gz")
    people, saccades = people_intervals(given.data), people_saccades(raw)
    folder = open_study(given.study).gaze_dir
    fixations = read_table(folder / "fixations.tsv", what="Fixations (faceoff gaze events)")
    events = read_table(folder / "events.tsv", what="Events (faceoff gaze events)")
    simulated = simulated_intervals(fixations)
    own = events[(events["event"] == "saccade") & (events["duration_ms"] < LONGEST_MS)]
    own = own[own["amplitude_deg"] > 0.3]
    print(f"{'':<44}{'n':>7}" + "".join(f"{q:>9}" for q in QUANTILES))
    say("interval between fixations, people, ms", people["interval_ms"].to_numpy(float))
    say("interval between fixations, simulated, ms", simulated["interval_ms"].to_numpy(float))
    say("fixations on one picture, people, ms", people_fixations_ms(raw))
    whole = fixations[fixations["index"] >= 1]["duration_ms"].to_numpy(float)
    say("fixations, simulated, ms", whole)
    say("between fixations, people, px", people["moved_px"].to_numpy(float))
    say("between fixations, simulated, px", simulated["moved_px"].to_numpy(float))
    for name, table in (("people", saccades), ("simulated", own)):
        ratio = table["peak_velocity_deg_s"] / main_sequence(table["amplitude_deg"])
        say(f"peak velocity over the model's, {name}", ratio.to_numpy(float))
    draw(people, simulated, saccades, own, given.output)


def main_sequence(amplitude_deg: pd.Series) -> pd.Series:
    """Give the published peak velocity of a saccade, in degrees per second."""
    return LARGEST_DEG_S * (1.0 - np.exp(-amplitude_deg / SCALE_DEG))


def draw(
    people: pd.DataFrame, simulated: pd.DataFrame, saccades: pd.DataFrame, own: pd.DataFrame,
    output: Path,
) -> None:  # fmt: skip
    """Draw the three comparisons."""
    figure = new_figure(height_cm=6.5)
    left, middle, right = figure.subplots(1, 3)
    _two(left, people["interval_ms"], simulated["interval_ms"], 1200, "interval (ms)", "onsets")
    _two(middle, people["moved_px"], simulated["moved_px"], 350, "distance (px)", "next fixation")
    few = own.sample(min(len(own), 800), random_state=1)
    right.plot(few["amplitude_deg"], few["peak_velocity_deg_s"], ".", color=NETWORK, markersize=2)
    right.plot(
        saccades["amplitude_deg"], saccades["peak_velocity_deg_s"], ".", color=PEOPLE, markersize=3
    )
    amplitudes = pd.Series(np.linspace(0.3, 16, 100))
    right.plot(amplitudes, main_sequence(amplitudes), color=CHANCE, label="Dai et al. 2016")
    right.set(xlabel="amplitude (deg)", ylabel="peak velocity (deg/s)", title="main sequence")
    right.legend(loc="lower right")
    left.legend(loc="upper right")
    save_figure(figure, output)


def _two(
    axes: Axes, people: pd.Series, simulated: pd.Series, most: float, label: str, title: str
) -> None:
    """Draw the two distributions of one measure."""
    bins = np.linspace(0, most, 60)
    for values, colour, name in ((people, PEOPLE, "people"), (simulated, NETWORK, "simulated")):
        axes.hist(values, bins, density=True, histtype="step", color=colour, label=name)
        axes.axvline(values.median(), color=colour, linewidth=0.8, linestyle=":")
    axes.set(xlabel=label, yticks=[], ylabel="density", title=title)


if __name__ == "__main__":
    main()
