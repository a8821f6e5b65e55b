"""Planted and recovered: what the pipeline found against what the simulated observers did.

The truth never passes through the pipeline: strategies and accuracies come from each session's
``truth.json``, which has those of the observer and what each picture adds to them, and fixations
from ``truth_fixations.tsv``. What is planted is therefore known for each participant and picture,
and the planted value of a result is the expectation over those that enter it. What is compared
with them went all the way through recording, reader, segmentation, coordinates and density maps.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import binom

from faceoff.recovery_maps import (
    effective_fixations,
    least_correlation,
    planted_shares,
    smoothed,
)
from stimuli.catalog import picture_landmarks, read_manifest
from stimuli.expressions import EXPRESSIONS
from stimuli.regions import REGIONS, region_of, region_polygons
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

# Half-width of an interval that holds 99.9 % of a normal variable.
_Z, _CERTAINTY = 3.29, 0.999
# A share of fixations may be off by this much beside its sampling error: the calibration's
# offset and the noise carry some fixations over a region's border.
_SHARE_TOLERANCE = 0.02
# And a map's correlation by this much: within a region people do not land evenly.
_MAP_TOLERANCE = 0.02
_RELATIVE_TOLERANCE = 0.03


@dataclass(frozen=True)
class Truth:
    """What was planted in all simulated sessions.

    Parameters
    ----------
    participants : tuple of str
        Who was simulated.
    strategy : pandas.DataFrame
        The probability of each of `REGIONS`, by participant_id and image_id.
    accuracy : pandas.Series
        The probability of the right answer, by participant_id and image_id.
    refixation : float
        Mean probability that a fixation stays in the region of the last one.
    fixations : pandas.DataFrame
        participant_id, trial, index, duration_ms.
    """

    participants: tuple[str, ...]
    strategy: pd.DataFrame
    accuracy: pd.Series
    refixation: float
    fixations: pd.DataFrame


def read_truth(study: Study) -> Truth | None:
    """Read what was planted in the simulated sessions of a study.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Truth or None
        None where no session was simulated.
    """
    simulated = [
        (person, session, study.session_dir(person, session))
        for person, session in study.sessions()
        if (study.session_dir(person, session) / "truth.json").is_file()
    ]
    if not simulated:
        return None
    shown = read_manifest(study).set_index("image_id")["expression"]
    planted, tables, refixations = {}, [], []
    for participant_id, session, folder in simulated:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        for image_id, effect in truth["picture_effects"].items():
            facing = _in_front_of(truth, effect, str(shown[image_id]))
            planted[participant_id, image_id] = facing
        refixations.append(truth["eye"]["refixation"])
        table = read_table(
            folder / "truth_fixations.tsv",
            what="The planted fixations of a simulated session",
            columns={"trial": int, "index": int, "duration_ms": float},
        )
        tables.append(table.assign(participant_id=participant_id, session=session))
    index = pd.MultiIndex.from_tuples(list(planted), names=["participant_id", "image_id"])
    strategy = pd.DataFrame([weights for weights, _ in planted.values()], index=index)
    accuracy = pd.Series([probability for _, probability in planted.values()], index=index)
    strategy = strategy.reindex(columns=list(REGIONS), fill_value=0.0).fillna(0.0)
    people = tuple(dict.fromkeys(person for person, _, _ in simulated))
    return Truth(
        people,
        strategy,
        accuracy,
        float(np.mean(refixations)),
        pd.concat(tables, ignore_index=True),
    )


def _in_front_of(
    observer: dict[str, Any], effect: dict[str, Any], expression: str
) -> tuple[dict[str, float], float]:
    """Give an observer's region probabilities and accuracy in front of a picture."""
    weights = {
        region: weight * float(np.exp(effect["strategy"][region]))
        for region, weight in observer["strategy"][expression].items()
    }
    total = sum(weights.values())
    probability = observer["accuracy"][expression]
    if 0 < probability < 1:
        probability = float(expit(logit(probability) + effect["accuracy_logits"]))
    return {region: weight / total for region, weight in weights.items()}, probability


def recovery_table(study: Study) -> pd.DataFrame | None:
    """Set what was found against what was planted.

    Parameters
    ----------
    study : Study
        A study with simulated sessions, whose gaze has been analysed.

    Returns
    -------
    pandas.DataFrame or None
        Columns quantity, expression, planted, found, tolerance and agrees; None where no
        session was simulated. For the maps, `found` is the correlation with the planted map
        and `tolerance` how far it may be below 1.

    Raises
    ------
    InputError
        If a table of the gaze analysis is missing.
    """
    truth = read_truth(study)
    if truth is None:
        return None
    trials = read_table(
        study.gaze_dir / "trials.tsv",
        what="The trials (faceoff gaze events)",
        columns={
            "participant_id": str, "trial": int, "phase": str, "expression": str,
            "correct": bool, "image_id": str,
        },
    )  # fmt: skip
    fixations = read_table(
        study.gaze_dir / "fixations.tsv",
        what="The fixations (faceoff gaze events)",
        columns={
            "participant_id": str, "trial": int, "image_id": str, "expression": str,
            "index": int, "x_px": float, "y_px": float, "duration_ms": float, "included": bool,
        },
    )  # fmt: skip
    trials = trials[trials["participant_id"].isin(truth.participants)]
    fixations = fixations[fixations["participant_id"].isin(truth.participants)]
    rows = [
        *_accuracy_rows(truth, trials[trials["phase"] != "practice"]),
        *_fixation_rows(truth, trials, fixations),
        *_region_rows(study, truth, fixations[fixations["included"].fillna(False)]),
        *_map_rows(study, truth, fixations[fixations["included"].fillna(False)]),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "expression", "planted", "found", "tolerance"])
    table["agrees"] = (table["planted"] - table["found"]).abs() <= table["tolerance"]
    return table


Row = tuple[str, str, float, float, float]


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    """Give each row's participant and picture, by which planted values are kept."""
    return pd.MultiIndex.from_frame(rows[["participant_id", "image_id"]])


def _accuracy_rows(truth: Truth, trials: pd.DataFrame) -> Iterator[Row]:
    """Compare the share of right answers with the planted probability."""
    for name in EXPRESSIONS:
        own = trials[trials["expression"] == name]
        correct = own["correct"].fillna(False)
        if len(correct):
            planted = float(truth.accuracy[_pairs(own)].mean())
            found = float(correct.mean())
            # No wider than for one probability: a mixture of them varies less.
            low, high = binom.interval(_CERTAINTY, len(correct), planted)
            edge = (low if found < planted else high) / len(correct)
            yield "accuracy", name, planted, found, abs(float(edge) - planted)


def _fixation_rows(truth: Truth, trials: pd.DataFrame, fixations: pd.DataFrame) -> Iterator[Row]:
    """Compare number and duration of the fixations that begin on the face's time."""
    found = fixations[fixations["index"] >= 1]
    n_trials = len(trials)
    for quantity, planted, measured in (
        ("fixations for each trial", len(truth.fixations) / n_trials, len(found) / n_trials),
        (
            "mean fixation duration (ms)",
            float(truth.fixations["duration_ms"].mean()),
            float(found["duration_ms"].mean()),
        ),
    ):
        yield quantity, "all", planted, measured, _RELATIVE_TOLERANCE * planted


def _region_rows(study: Study, truth: Truth, fixations: pd.DataFrame) -> Iterator[Row]:
    """Compare, for each expression, the region whose share of fixations is furthest off."""
    landmarks = picture_landmarks(study, sorted(fixations["image_id"].unique()))
    region = pd.Series("other", index=fixations.index, dtype=object)
    for image_id, rows in fixations.groupby("image_id"):
        polygons = region_polygons(landmarks[str(image_id)])
        region.loc[rows.index] = region_of(rows[["x_px", "y_px"]].to_numpy(), polygons)
    # Fixations that stay where they are tell less than as many that are chosen anew.
    alike = (1 + truth.refixation) / (1 - truth.refixation)
    for name in EXPRESSIONS:
        here = region[fixations["expression"] == name]
        if here.empty:
            continue
        shares = here.value_counts(normalize=True).reindex(list(REGIONS), fill_value=0.0)
        planted = truth.strategy.loc[_pairs(fixations[fixations["expression"] == name])].mean()
        worst = str((shares - planted).abs().idxmax())
        sampling = _Z * float(np.sqrt(alike * planted[worst] * (1 - planted[worst]) / len(here)))
        yield (
            f"share of fixations on {worst}, the region furthest off",
            name,
            float(planted[worst]),
            float(shares[worst]),
            _SHARE_TOLERANCE + sampling,
        )


def _map_rows(study: Study, truth: Truth, fixations: pd.DataFrame) -> Iterator[Row]:
    """Correlate the density map of each expression with the map that the strategy implies."""
    maps = read_maps(study.gaze_dir / "density.nc", what="The density maps (faceoff gaze density)")
    shown = maps["expression_of_image"].to_series()
    cell_px = float(maps["x"][1] - maps["x"][0])
    sigma_cells = float(maps.attrs["sigma_px"]) / cell_px
    seen = fixations.drop_duplicates(["participant_id", "image_id"])
    of_picture = truth.strategy.loc[_pairs(seen)].groupby(level="image_id").mean()
    for name in maps["expression"].to_numpy():
        images = list(shown[shown == name].index)
        found = maps["density_by_expression"].sel(expression=name).to_numpy()
        known = set(of_picture.index)
        looked = picture_landmarks(study, [image for image in images if image in known])
        faces = [
            (of_picture.loc[[image]].to_numpy(float)[0], points / cell_px)
            for image, points in looked.items()
        ]
        shares = planted_shares(faces, found.shape)
        planted = smoothed(shares, sigma_cells)
        correlation = float(np.corrcoef(planted.ravel(), found.ravel())[0, 1])
        own = fixations[fixations["expression"] == name]
        n = effective_fixations(own, truth.refixation)
        least = least_correlation(shares, sigma_cells, n, _Z)
        tolerance = 1 - least + _MAP_TOLERANCE
        yield "correlation with the planted map", name, 1.0, correlation, tolerance
