"""Planted and recovered: what the pipeline found against what the simulated observers did.

The truth never passes through the pipeline: strategies, accuracies and reaction times come from
each session's ``truth.json``, fixations from ``truth_fixations.tsv``. What is compared with them
went all the way through recording, reader, segmentation, coordinates and density maps.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from stimuli.catalog import picture_landmarks
from stimuli.expressions import EXPRESSIONS
from stimuli.regions import REGIONS, region_masks, region_of, region_polygons
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

# Half-width of an interval that holds 99.9 % of a normal variable.
_Z = 3.29
# A share of fixations may be off by this much beside its sampling error: the calibration's
# offset and the noise carry some fixations over a region's border.
_SHARE_TOLERANCE = 0.02
_LEAST_MAP_CORRELATION = 0.98
_RELATIVE_TOLERANCE = 0.03


@dataclass(frozen=True)
class Truth:
    """What was planted in all simulated sessions.

    Parameters
    ----------
    participants : tuple of str
        Who was simulated.
    strategy : dict of str to dict of str to float
        For each expression, the mean probability of each region.
    accuracy : dict of str to float
        For each expression, the mean probability of the right answer.
    fixations : pandas.DataFrame
        participant_id, trial, index, duration_ms.
    """

    participants: tuple[str, ...]
    strategy: dict[str, dict[str, float]]
    accuracy: dict[str, float]
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
    people: list[str] = []
    observers, tables = [], []
    for participant_id, session in study.sessions():
        folder = study.session_dir(participant_id, session)
        if not (folder / "truth.json").is_file():
            continue
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        observers.append(truth.get("observer", truth))
        table = read_table(
            folder / "truth_fixations.tsv",
            what="The planted fixations of a simulated session",
            columns={"trial": int, "index": int, "duration_ms": float},
        )
        tables.append(table.assign(participant_id=participant_id, session=session))
        people.append(participant_id)
    if not people:
        return None
    strategy = {
        name: {
            region: float(np.mean([o["strategy"][name].get(region, 0.0) for o in observers]))
            for region in REGIONS
        }
        for name in EXPRESSIONS
    }
    accuracy = {
        name: float(np.mean([o["accuracy"][name] for o in observers])) for name in EXPRESSIONS
    }
    return Truth(tuple(people), strategy, accuracy, pd.concat(tables, ignore_index=True))


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
        *_map_rows(study, truth),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "expression", "planted", "found", "tolerance"])
    table["agrees"] = (table["planted"] - table["found"]).abs() <= table["tolerance"]
    return table


Row = tuple[str, str, float, float, float]


def _accuracy_rows(truth: Truth, trials: pd.DataFrame) -> Iterator[Row]:
    """Compare the share of right answers with the planted probability."""
    for name in EXPRESSIONS:
        correct = trials.loc[trials["expression"] == name, "correct"].fillna(False)
        if len(correct):
            planted = truth.accuracy[name]
            tolerance = _Z * np.sqrt(planted * (1 - planted) / len(correct))
            yield "accuracy", name, planted, float(correct.mean()), float(tolerance)


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
    for name in EXPRESSIONS:
        here = region[fixations["expression"] == name]
        if here.empty:
            continue
        shares = here.value_counts(normalize=True).reindex(list(REGIONS), fill_value=0.0)
        planted = pd.Series(truth.strategy[name]).reindex(list(REGIONS))
        worst = str((shares - planted).abs().idxmax())
        sampling = _Z * float(np.sqrt(planted[worst] * (1 - planted[worst]) / len(here)))
        yield (
            f"share of fixations on {worst}, the region furthest off",
            name,
            float(planted[worst]),
            float(shares[worst]),
            _SHARE_TOLERANCE + sampling,
        )


def _map_rows(study: Study, truth: Truth) -> Iterator[Row]:
    """Correlate the density map of each expression with the map that the strategy implies."""
    maps = read_maps(study.gaze_dir / "density.nc", what="The density maps (faceoff gaze density)")
    shown = maps["expression_of_image"].to_series()
    cell_px = float(maps["x"][1] - maps["x"][0])
    sigma_cells = float(maps.attrs["sigma_px"]) / cell_px
    for name in maps["expression"].to_numpy():
        images = list(shown[shown == name].index)
        found = maps["density_by_expression"].sel(expression=name).to_numpy()
        planted = planted_density(
            truth.strategy[name],
            [points / cell_px for points in picture_landmarks(study, images).values()],
            found.shape,
            sigma_cells,
        )
        correlation = float(np.corrcoef(planted.ravel(), found.ravel())[0, 1])
        yield "correlation with the planted map", name, 1.0, correlation, 1 - _LEAST_MAP_CORRELATION


def planted_density(
    weights: dict[str, float],
    landmarks: list[NDArray[np.float64]],
    shape: tuple[int, ...],
    sigma_cells: float,
) -> NDArray[np.float64]:
    """Draw the density map that a strategy implies, evenly within each region.

    Parameters
    ----------
    weights : dict of str to float
        Probability of each region.
    landmarks : list of ndarray, shape (68, 2)
        The faces looked at, in cells of the map.
    shape : tuple of int
        Rows and columns of the map.
    sigma_cells : float
        Standard deviation of the Gaussian, in cells.

    Returns
    -------
    ndarray, shape `shape`
        The mean over the faces; sums to one.
    """
    total = np.zeros(shape)
    for points in landmarks:
        for region, mask in region_masks(points, shape[1], shape[0]).items():
            if mask.any():
                total += weights.get(region, 0.0) * mask / mask.sum()
    smooth: NDArray[np.float64] = gaussian_filter(total, sigma_cells, mode="constant")
    return smooth / smooth.sum()
