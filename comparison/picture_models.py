"""Models of what was measured on pictures: perturbation areas by condition and expression."""

import numpy as np
import pandas as pd

from comparison.crossed_design import crossed_design, differences, pairs
from comparison.estimates import Estimates, f_test, t_test
from comparison.linear_models import fit_linear
from comparison.model_checks import check_pictures, conditions_text, fit_text, residual_text
from comparison.model_rows import Asked, Row, contrast_row, mean_row, omnibus_row
from comparison.trial_models import LINEAR
from study.errors import InputError

# Pairs of these are also compared within each expression.
MAIN_CONDITIONS = ("gaze", "relevance", "random")


def area_by_condition(
    areas: pd.DataFrame,
    measure: str,
    label: str,
    expressions: tuple[str, ...],
    confidence: float = 0.95,
) -> list[Row]:
    """Ask how the area of perturbation curves depends on condition, expression and both.

    Parameters
    ----------
    areas : pandas.DataFrame
        image_id, expression, condition and the measure: a row for each picture and condition.
    measure : str
        The column.
    label : str
        What was measured, in words.
    expressions : tuple of str
        All expressions, in order.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    list of dict
        Means of conditions (every expression weighs the same), omnibus tests, and differences of
        conditions over all and (of gaze, relevance and random) within each expression, by a
        linear mixed model with random pictures.

    Raises
    ------
    InputError
        If there are too few pictures, one condition only, or values that do not vary.
    """
    known = areas.dropna(subset=[measure]).reset_index(drop=True)
    if known.duplicated(["image_id", "condition"]).any():
        twice = known[known.duplicated(["image_id", "condition"])].iloc[0]
        raise InputError(
            f"A model of {measure} needs one area for each picture and condition, but there are "
            f"more for {twice['image_id']} and {twice['condition']}. Keep one."
        )
    names = check_pictures(known, expressions)
    fixed = _constants(known, measure)
    known = known[~known["condition"].isin(list(fixed))].reset_index(drop=True)
    conditions = _complete_conditions(known, measure, len(fixed))
    known["cell"] = known["condition"] + "|" + known["expression"]
    cells = [f"{condition}|{name}" for condition in conditions for name in names]
    terms = {"pictures": ["image_id"]}
    found = fit_linear(known[measure], crossed_design(known, "cell", cells, terms))
    notes = [fit_text(found), residual_text(found, known["condition"])]
    notes.append(conditions_text(known[["image_id", "expression"]], names))
    notes += [f"{name} is {value:g} for every picture" for name, value in fixed.items()]
    asked = Asked(
        f"{measure} by condition and expression", LINEAR, label, len(known), np.nan,
        known["image_id"].nunique(), found.converged, "; ".join(filter(None, notes)),
    )  # fmt: skip
    rows = _means_and_omnibus(asked, found, conditions, len(names), measure, confidence)
    k = len(names)
    faces = {"": np.full(k, 1 / k)}
    faces |= {f" for {name} faces": unit for name, unit in zip(names, np.eye(k), strict=True)}
    compared = {term: (weights, 0.0) for term, weights in pairs(conditions).items()}
    for condition, unit in zip(conditions, np.eye(len(conditions)), strict=True):
        compared |= {f"{condition} - {name}": (unit, value) for name, value in fixed.items()}
    for term, (weights, against) in compared.items():
        main = set(term.split(" - ")) <= set(MAIN_CONDITIONS)
        for where, share in faces.items():
            if where and not main:
                continue
            test = t_test(found, np.kron(weights, share), confidence, against)
            rows.append(contrast_row(asked, term + where, measure, test, found.total_sd))
    return rows


def _constants(areas: pd.DataFrame, measure: str) -> dict[str, float]:
    """Find conditions that are the same number on every picture, as random less random is."""
    values = areas.groupby("condition", sort=False)[measure].agg(["min", "max"])
    same = values["max"] - values["min"] <= 1e-12 * values.abs().to_numpy().max()
    return {str(name): float(value) for name, value in values.loc[same, "min"].items()}


def _complete_conditions(areas: pd.DataFrame, measure: str, n_fixed: int) -> list[str]:
    """List the conditions, each of which must have pictures of every expression."""
    conditions = list(dict.fromkeys(areas["condition"]))
    counts = pd.crosstab(areas["condition"], areas["expression"])
    empty = int((counts == 0).to_numpy().sum())
    if not conditions or len(conditions) + n_fixed < 2 or empty:
        raise InputError(
            f"A model of {measure} needs two conditions or more that vary, each with pictures of "
            f"every expression, but there are {', '.join(conditions) or 'none'}, and {empty} of "
            f"{counts.size} combinations are missing. Do the perturbation anew: "
            "faceoff compare perturb."
        )
    return conditions


def _means_and_omnibus(
    asked: Asked, found: Estimates, conditions: list[str], k: int, measure: str, confidence: float
) -> list[Row]:
    """Estimate the mean of each condition, and test conditions, expressions and both."""
    mean, n = np.full((1, k), 1 / k), len(conditions)
    rows = []
    for condition, unit in zip(conditions, np.eye(n), strict=True):
        test = t_test(found, np.kron(unit, mean[0]), confidence)
        ends = test["estimate"], test["ci_low"], test["ci_high"]
        rows.append(mean_row(asked, condition, measure, ends))
    between, within = differences(n), differences(k)
    effects = {"expression": np.kron(np.full((1, n), 1 / n), within)}
    if n > 1:
        effects["condition"] = np.kron(between, mean)
        effects["condition x expression"] = np.kron(between, within)
    return rows + [omnibus_row(asked, term, f_test(found, w)) for term, w in effects.items()]
