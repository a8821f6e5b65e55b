"""People under noise: accuracy and thresholds beside the network's, as tables and figure."""

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from comparison.occlusion_people import crossed_interval
from comparison.people_trials import read_people_trials, trial_tables
from comparison.psychometric_figure import psychometric_figure
from comparison.psychometric_tables import (
    NETWORK,
    PEOPLE,
    PSYCHOMETRIC_COLUMNS,
    Counts,
    network_guess,
    psychometric_table,
    threshold_lines,
    trial_counts,
)
from stimuli.catalog import read_manifest
from stimuli.degraded import DEGRADED_COLUMNS, Kind, degraded_tsv
from study.errors import InputError
from study.figures import save_figure
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.seeds import generator
from study.tables import read_table, write_table

NOISE: Kind = get_args(Kind)[0]
LEVEL = "variance of the noise (black 0, white 1)"
NOISE_COLUMNS = {
    "variance": "variance of the noise, where black is 0 and white 1",
    "n_participants": "number of people with such trials",
    "n_trials": "number of their trials; a trial without an answer in time counts as not right",
    "people": "share of right answers of people, over trials",
    "people_low": "lower end of its 95 % bootstrap interval: people and faces are both drawn anew "
    "(Owen, 2007); missing with one person or one face",
    "people_high": "upper end of that interval",
    "n_pictures": "number of test pictures that the network named; missing where it was not asked "
    "(faceoff cnn noise)",
    "network": "share of them that it names rightly, mean over draws of noise",
    "network_low": "lower end of its 95 % Wilson interval, mean over draws",
    "network_high": "upper end of that interval",
}


def network_noise_tsv(study: Study) -> Path:
    """Name the table of the network's accuracy under noise (faceoff cnn noise)."""
    return study.cnn_dir(study.settings.cnn.model) / "experiments" / "noise.tsv"


def noise_step(study: Study, people: Study) -> Step:
    """Describe the step that sets people's accuracy under noise beside the network's.

    Parameters
    ----------
    study : Study
        The main study.
    people : Study
        The study that `write_noise_study` made, with trials.

    Returns
    -------
    Step
        Makes noise_people.tsv, noise_psychometric.tsv and figures/noise_psychometric. The
        network stands beside people where `faceoff cnn noise` was run.
    """
    folder = study.comparison_dir
    stem = folder / "figures" / "noise_psychometric"
    tables = [folder / "noise_people.tsv", folder / "noise_psychometric.tsv"]
    network = network_noise_tsv(study)
    comparison = study.settings.comparison
    return Step(
        command="compare noise --with-experiment",
        inputs=(
            study.manifest_tsv,
            degraded_tsv(people),
            *trial_tables(people),
            *([network] if network.is_file() else []),
        ),
        outputs=(
            *tables,
            *(table.with_suffix(".json") for table in tables),
            stem.with_suffix(".svg"),
            stem.with_suffix(".png"),
        ),
        settings={
            "seed": study.settings.study.seed,
            "model": study.settings.cnn.model,
            "psychometric": comparison.psychometric,
            "confidence": comparison.confidence,
        },
        run=lambda: _compare(study, people, stem),
        follows="report",
    )


def _compare(study: Study, people: Study, stem: Path) -> None:
    """Read both studies, write the tables and draw the figure."""
    seed, comparison = study.settings.study.seed, study.settings.comparison
    trials = read_people_trials(people, read_noise(study, people))
    network = _read_network(study)
    accuracy = noise_accuracy(trials, network, seed=seed)
    counts = [trial_counts(trials, NOISE)]
    if network is not None:
        counts.append(_network_counts(network, network_guess(study)))
    fits = psychometric_table(
        counts, shape=comparison.psychometric, confidence=comparison.confidence, seed=seed
    )
    write_table(study.comparison_dir / "noise_people.tsv", accuracy, NOISE_COLUMNS)
    write_table(study.comparison_dir / "noise_psychometric.tsv", fits, PSYCHOMETRIC_COLUMNS)
    save_figure(psychometric_figure(noise_points(accuracy), fits, level=LEVEL), stem)
    for line in threshold_lines(fits):
        say(f"  {line}")
    if network is None:
        variances = ",".join(f"{level:g}" for level in counts[0].levels)
        say(f"  the network is not beside them: faceoff cnn noise --variances {variances}")


def read_noise(study: Study, people: Study) -> pd.DataFrame:
    """Read which face each picture of a noise study shows, and with how much noise.

    Parameters
    ----------
    study : Study
        The main study.
    people : Study
        The study of noisy faces.

    Returns
    -------
    pandas.DataFrame
        The columns of `stimuli.degraded.DEGRADED_COLUMNS`.

    Raises
    ------
    InputError
        If it is no noise study, or one of another main study.
    """
    shown = read_table(
        degraded_tsv(people),
        what="The table of noisy faces (faceoff compare noise --as-experiment)",
        columns=dict.fromkeys(DEGRADED_COLUMNS, str) | {"level": float},
    )
    if other := sorted({*shown["kind"]} - {NOISE}):
        raise InputError(
            f"Noise is compared in a study of noisy faces, but that of {people.root} is of "
            f"{other[0]}. Name the one that faceoff compare noise --as-experiment made."
        )
    if strange := sorted({*shown["face"]} - {*read_manifest(study)["image_id"]}):
        raise InputError(
            f"The noisy faces must be those of this study, but {strange[0]} is none of its "
            "pictures. Name the main study with --study."
        )
    return shown


def _read_network(study: Study) -> pd.DataFrame | None:
    """Average the network's accuracy over draws of noise; None where it was not asked."""
    path = network_noise_tsv(study)
    if not path.is_file():
        return None
    numbers = ("variance", "accuracy", "ci_low", "ci_high", "n")
    table = read_table(
        path,
        what="The network's accuracy under noise (faceoff cnn noise)",
        columns={"placed": str} | dict.fromkeys(numbers, float),
    )
    before = table[table["placed"] == "before"]
    if before.empty or not (before["variance"] > 0).any():
        raise InputError(
            f"People's noise is in the picture, before any preprocessing, but {path} has none of "
            "that kind. Make it anew: faceoff cnn noise."
        )
    return before.groupby("variance", as_index=False)[list(numbers[1:])].mean()


def _network_counts(network: pd.DataFrame, guess: float) -> Counts:
    """Give the network's right answers, which are known in sum."""
    n = network["n"].to_numpy(float)[None]
    right = network["accuracy"].to_numpy(float)[None] * n
    return Counts(NOISE, NETWORK, network["variance"].to_numpy(float), ("all",), right, n, guess)


def noise_accuracy(
    trials: pd.DataFrame, network: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """Set people's accuracy beside the network's, for each variance.

    Parameters
    ----------
    trials : pandas.DataFrame
        People's answers: participant_id, face, level and right.
    network : pandas.DataFrame or None
        variance, accuracy, ci_low, ci_high and n.
    seed : int
        Seed of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of `NOISE_COLUMNS`; what only one of the two was shown is missing in the other.
    """
    rows = []
    for level, own in trials.groupby("level"):
        low, high = crossed_interval(own, generator(seed, "noise interval", str(level)))
        n_people = own["participant_id"].nunique()
        rows.append((level, n_people, len(own), own["right"].mean(), low, high))
    table = pd.DataFrame(rows, columns=list(NOISE_COLUMNS)[:6])
    names = {"accuracy": "network", "ci_low": "network_low", "ci_high": "network_high",
             "n": "n_pictures"}  # fmt: skip
    if network is None:
        table = table.assign(**dict.fromkeys(names.values(), np.nan))
    else:
        table = table.merge(network.rename(columns=names), on="variance", how="outer")
    counts = ["n_participants", "n_trials", "n_pictures"]
    return table.astype(dict.fromkeys(counts, "Int64")).sort_values("variance", ignore_index=True)


def noise_points(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Give the accuracies of the figure.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        As `noise_accuracy` gives it.

    Returns
    -------
    pandas.DataFrame
        condition, who, level, accuracy, low and high.
    """
    parts = []
    for who in (PEOPLE, NETWORK):
        own = accuracy[["variance", who, f"{who}_low", f"{who}_high"]].dropna(subset=[who])
        own = own.set_axis(["level", "accuracy", "low", "high"], axis=1)
        parts.append(own.assign(condition=NOISE, who=who))
    return pd.concat(parts, ignore_index=True)
