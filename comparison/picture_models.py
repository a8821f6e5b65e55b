"""Models of what was measured on pictures: perturbation areas by condition and expression."""

import numpy as np
import pandas as pd
from scipy import stats

from comparison.crossed_design import crossed_design, differences
from comparison.estimates import Estimates, f_test, t_test
from comparison.linear_models import fit_linear
from comparison.model_checks import check_pictures, conditions_text, fit_text, residual_text
from comparison.model_rows import Asked, Row, contrast_row, mean_row, omnibus_row
from comparison.trial_models import LINEAR, corrected, sphericity_epsilon
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

    Areas of different conditions are not equally wide, nor equally alike, as one mixed model of
    all conditions would assume. So degrees of freedom of its tests of conditions are corrected for
    sphericity, and each condition's mean and each difference of conditions is tested against its
    own error, that of pictures of one expression.

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
        Means of conditions (every expression weighs the same), omnibus tests by a linear mixed
        model with random pictures, and differences of conditions over all and (of gaze, relevance
        and random) within each expression. Pictures that lack a condition are left out, and
        counted.

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
    check_pictures(known, expressions)
    fixed = _constants(known, measure)
    known = known[~known["condition"].isin(list(fixed))].reset_index(drop=True)
    conditions = _complete_conditions(known, measure, len(fixed))
    every = known.pivot_table(index="image_id", columns="condition", values=measure)[conditions]
    wide = every.dropna()
    known = known[known["image_id"].isin(wide.index)].reset_index(drop=True)
    names = check_pictures(known, expressions)
    shown = known.drop_duplicates("image_id").set_index("image_id")["expression"][wide.index]
    found = _fit(known, measure, conditions, names)
    compared = _differences(wide.assign(**fixed), len(conditions), shown, names)
    same = [term for term, own in compared.items() if not own.covariance.any()]
    epsilon = 1.0
    if len(conditions) > 2:
        epsilon = sphericity_epsilon(wide.to_numpy() @ differences(len(conditions)).T, shown)
    # Differences have an error of their own, and epsilon mends the omnibus tests.
    doubtful = "d, which takes one width for all, is doubtful; tests and intervals are not"
    notes = [fit_text(found), residual_text(found, known["condition"], doubtful=doubtful)]
    notes.append(conditions_text(known[["image_id", "expression"]], names))
    notes.append(_notes(fixed, epsilon, len(every) - len(wide), same))
    asked = Asked(
        f"{measure} by condition and expression", LINEAR, label, len(known), np.nan,
        len(wide), found.converged, "; ".join(filter(None, notes)),
    )  # fmt: skip
    rows = [
        _mean(asked, name, _own_error(wide[name], shown, names), measure, confidence)
        for name in conditions
    ]
    rows += _omnibus(asked, found, len(conditions), len(names), epsilon)
    faces = {"": np.full(len(names), 1 / len(names))}
    faces |= {
        f" for {name} faces": row for name, row in zip(names, np.eye(len(names)), strict=True)
    }
    for term, own in compared.items():
        main = set(term.split(" - ")) <= set(MAIN_CONDITIONS)
        for where, share in faces.items():
            if term not in same and (main or not where):
                test = t_test(own, share, confidence)
                rows.append(contrast_row(asked, term + where, measure, test, found.total_sd))
    return rows


def _fit(known: pd.DataFrame, measure: str, conditions: list[str], names: list[str]) -> Estimates:
    """Fit the mixed model of all conditions and expressions."""
    known = known.assign(cell=known["condition"] + "|" + known["expression"])
    cells = [f"{condition}|{name}" for condition in conditions for name in names]
    design = crossed_design(known, "cell", cells, {"pictures": ["image_id"]})
    return fit_linear(known[measure], design)


def _notes(fixed: dict[str, float], epsilon: float, n_lacking: int, same: list[str]) -> str:
    """Say which conditions and pictures are treated in a way of their own."""
    notes = [f"{name} is {value:g} for every picture" for name, value in fixed.items()]
    if epsilon < 1:
        notes.append(
            f"Greenhouse-Geisser epsilon of the conditions = {epsilon:.3f}, by which df are "
            "multiplied"
        )
    if n_lacking:
        notes.append(f"pictures left out, which lack a condition: {n_lacking}")
    if same:
        notes.append(f"as far apart on all pictures of an expression, no test: {', '.join(same)}")
    return "; ".join(notes)


def _differences(
    wide: pd.DataFrame, n_varying: int, shown: pd.Series, names: list[str]
) -> dict[str, Estimates]:
    """Estimate the difference of each pair of conditions, one of which varies."""
    columns = list(wide)
    return {
        f"{a} - {b}": _own_error(wide[a] - wide[b], shown, names)
        for place, a in enumerate(columns[:n_varying])
        for b in columns[place + 1 :]
    }


def _own_error(values: pd.Series, shown: pd.Series, names: list[str]) -> Estimates:
    """Estimate the mean of each expression's pictures, with what they vary by as the error."""
    groups = values.groupby(shown)
    rest = (values - groups.transform("mean")).to_numpy()
    df = len(values) - len(names)
    variance = float(rest @ rest) / df
    if variance <= (1e-12 * np.abs(values.to_numpy()).max()) ** 2:
        variance = 0.0
    k = len(names)
    return Estimates(
        beta=groups.mean()[names].to_numpy(),
        covariance=np.diag(variance / groups.size()[names].to_numpy()),
        gradients=np.zeros((0, k, k)),
        of_variances=np.zeros((0, 0)),
        sd={"residual": variance**0.5},
        df_most=float(df),
        converged=True,
        residuals=rest,
    )


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


def _mean(asked: Asked, name: str, own: Estimates, unit: str, confidence: float) -> Row:
    """Estimate the mean of a condition, in which each expression weighs the same."""
    k = len(own.beta)
    half = float(stats.t.ppf((1 + confidence) / 2, own.df_most) * own.covariance.sum() ** 0.5 / k)
    mean = float(own.beta.mean())
    return mean_row(asked, name, unit, (mean, mean - half, mean + half))


def _omnibus(asked: Asked, found: Estimates, n: int, k: int, epsilon: float) -> list[Row]:
    """Test expressions, conditions and both."""
    within = differences(k)
    average = np.kron(np.full((1, n), 1 / n), within)
    rows = [omnibus_row(asked, "expression", f_test(found, average))]
    if n == 1:
        return rows
    for term, weights in (("condition", np.full((1, k), 1 / k)),
                          ("condition x expression", within)):  # fmt: skip
        test = f_test(found, np.kron(differences(n), weights))
        rows.append(omnibus_row(asked, term, corrected(test, epsilon) if epsilon < 1 else test))
    return rows
