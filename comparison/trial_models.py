"""Models of people's trials: accuracy, reaction time and dwell by expression.

Participants and pictures are both samples, so both are random, and crossed; so is what each
participant makes of each expression, for everybody sees all of them. Pictures belong to one
expression each.
"""

from typing import Any

import numpy as np
import pandas as pd

from comparison.binomial_models import average_share, fit_binomial
from comparison.crossed_design import Floats, crossed_design, differences, pairs
from comparison.estimates import Estimates, f_test, t_test
from comparison.linear_models import fit_linear
from comparison.model_checks import check_sample, conditions_text, fit_text, residual_text
from comparison.model_rows import Asked, Row, contrast_row, mean_row, omnibus_row
from comparison.repeated_measures import repeated_measures_anova
from study.errors import InputError

BINOMIAL, LINEAR = "binomial mixed model", "linear mixed model"
ANOVA = "repeated-measures ANOVA"
TERMS = {
    "participants": ["participant_id"],
    "pictures": ["image_id"],
    "participants by expression": ["participant_id", "expression"],
}


def accuracy_by_expression(
    trials: pd.DataFrame, expressions: tuple[str, ...], confidence: float = 0.95
) -> list[Row]:
    """Ask whether some expressions are named rightly more often than others.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, image_id, expression and right (bool) of every answer.
    expressions : tuple of str
        All expressions, in order; those that are not shown are left out.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    list of dict
        Estimated accuracy of each expression (over participants and pictures), the omnibus test
        and all contrasts, by a binomial mixed model.

    Raises
    ------
    InputError
        If there are too few participants, pictures or expressions, or all answers are right.
    """
    cells = check_sample(trials, expressions)
    found = fit_binomial(trials["right"], crossed_design(trials, "expression", cells, TERMS))
    notes = [fit_text(found), conditions_text(trials, cells)]
    shares = trials.groupby("expression")["right"].mean()
    flat = [name for name in cells if shares[name] in (0.0, 1.0)]
    if flat:
        notes.append(
            f"all answers are the same for {', '.join(flat)}: the logit is held by its prior "
            "(normal, SD 5), and intervals are rough"
        )
    asked = _asked("accuracy by expression", BINOMIAL, "accuracy", trials, found, notes)
    spread = found.total_sd
    rows = []
    for name, weights in zip(cells, np.eye(len(cells)), strict=True):
        test = t_test(found, weights, confidence)
        ends = average_share([test[key] for key in ("estimate", "ci_low", "ci_high")], spread)
        rows.append(mean_row(asked, name, "share", (ends[0], ends[1], ends[2])))
    rows.append(omnibus_row(asked, "expression", f_test(found, differences(len(cells)))))
    for name, weights in pairs(cells).items():
        rows.append(contrast_row(asked, name, "log odds", t_test(found, weights, confidence), 1.0))
    return rows


def reaction_time_by_expression(
    trials: pd.DataFrame, expressions: tuple[str, ...], confidence: float = 0.95
) -> list[Row]:
    """Ask whether some expressions are named faster than others.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, image_id, expression and rt_ms (above 0) of right answers.
    expressions : tuple of str
        All expressions, in order; those that are not shown are left out.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    list of dict
        Geometric mean of each expression, the omnibus test and all contrasts (as ratios), by a
        linear mixed model of the log reaction time.

    Raises
    ------
    InputError
        If there are too few participants, pictures or expressions, or times do not vary.
    """
    cells = check_sample(trials, expressions)
    values = np.log(trials["rt_ms"].to_numpy(float))
    found = fit_linear(values, crossed_design(trials, "expression", cells, TERMS))
    notes = [
        "log reaction times of right answers",
        fit_text(found),
        residual_text(found, trials["expression"]),
        conditions_text(trials, cells),
    ]
    label = "reaction time"
    asked = _asked("reaction time by expression", LINEAR, label, trials, found, notes)
    rows = []
    for name, weights in zip(cells, np.eye(len(cells)), strict=True):
        low, middle, high = np.exp(_ends(found, weights, confidence))
        rows.append(mean_row(asked, name, "ms (geometric mean)", (middle, low, high)))
    rows.append(omnibus_row(asked, "expression", f_test(found, differences(len(cells)))))
    for name, weights in pairs(cells).items():
        test = t_test(found, weights, confidence)
        rows.append(contrast_row(asked, name, "ratio", test, found.total_sd))
    return rows


def anova_by_expression(
    trials: pd.DataFrame, value: str, question: str, label: str, expressions: tuple[str, ...]
) -> list[Row]:
    """Compare expressions by a repeated-measures ANOVA over participants.

    Parameters
    ----------
    trials : pandas.DataFrame
        participant_id, image_id, expression and the value.
    value : str
        The column.
    question, label : str
        What is asked, and what was measured in words.
    expressions : tuple of str
        All expressions.

    Returns
    -------
    list of dict
        The omnibus test, with what Mauchly's test of sphericity found.

    Raises
    ------
    InputError
        As `comparison.repeated_measures.repeated_measures_anova` does.
    """
    check_sample(trials, expressions)
    found = repeated_measures_anova(trials, value, "expression")
    notes = ["pictures are treated as fixed: holds for these pictures only"]
    if np.isfinite(found.sphericity_p):
        notes.append(
            f"Mauchly's W = {found.sphericity_w:.3f}, p = {found.sphericity_p:.3f}; "
            f"Greenhouse-Geisser epsilon = {found.epsilon:.3f}, by which df are multiplied"
        )
    elif found.epsilon < 1:
        notes.append(
            "fewer participants than conditions, so Mauchly's test is not defined; "
            f"Greenhouse-Geisser epsilon = {found.epsilon:.3f}, by which df are multiplied"
        )
    if found.n_left_out:
        notes.append(f"participants left out, who lack an expression: {found.n_left_out}")
    used = trials[trials["participant_id"].isin(found.participants)]
    asked = Asked(
        question, ANOVA, label, len(used), len(found.participants), used["image_id"].nunique(),
        None, "; ".join(notes),
    )  # fmt: skip
    test = {
        "test": "Greenhouse-Geisser F",
        "statistic": found.statistic,
        "df1": found.df1,
        "df2": found.df2,
        "p": found.p,
    }
    return [omnibus_row(asked, "expression", test)]


def dwell_by_region(
    dwell: pd.DataFrame, expressions: tuple[str, ...], confidence: float = 0.95
) -> list[Row]:
    """Ask how dwell time depends on region, expression and both.

    The shares of a trial's regions compete, so their errors are not independent. The trial's mean
    over regions (expression) and its orthonormal contrasts between regions (region, and region by
    expression) are modelled apart, which allows for that; degrees of freedom of the second are
    corrected for sphericity. What each expression does to each region is asked region by region.

    Parameters
    ----------
    dwell : pandas.DataFrame
        participant_id, image_id, expression, and one column for each region with its share of the
        trial's dwell time; one row for each trial. The shares do not add to one: the rest of the
        picture is no region.
    expressions : tuple of str
        All expressions, in order; those that are not shown are left out.
    confidence : float, default 0.95
        Of the intervals.

    Returns
    -------
    list of dict
        The omnibus tests; the mean of each region and expression, and each expression against the
        mean of the others in each region.

    Raises
    ------
    InputError
        If there are too few participants, pictures, expressions or regions, or shares do not vary.
    """
    cells = check_sample(dwell, expressions)
    keys = ["participant_id", "image_id", "expression"]
    named = [name for name in dwell.columns if name not in keys]
    regions = [name for name in named if np.ptp(dwell[name].to_numpy(float)) > 0]
    if not regions:
        raise InputError(
            f"A model of dwell time needs a region whose share varies, but none of "
            f"{', '.join(named) or 'no regions'} does. See regions.tsv: faceoff gaze regions."
        )
    shares = dwell[regions].to_numpy(float)
    idle = [name for name in named if name not in regions]
    note = f"left out, for their share is always the same: {', '.join(idle)}" if idle else ""
    rows = _dwell_omnibus(dwell[keys], shares, cells, note)
    against = _against_others(len(cells))
    for place, region in enumerate(regions):
        design = crossed_design(dwell, "expression", cells, TERMS)
        found = fit_linear(shares[:, place], design)
        notes = [fit_text(found), residual_text(found, dwell["expression"])]
        label = f"share of dwell time on {region}"
        asked = _asked(_DWELL, LINEAR, label, dwell, found, notes)
        for name, unit, others in zip(cells, np.eye(len(cells)), against, strict=True):
            low, middle, high = _ends(found, unit, confidence)
            rows.append(mean_row(asked, f"{region}: {name}", "share", (middle, low, high)))
            test, term = t_test(found, others, confidence), f"{region}: {name} - other expressions"
            rows.append(contrast_row(asked, term, "share", test, found.total_sd))
    return rows


_DWELL = "dwell share by region and expression"


def _dwell_omnibus(keys: pd.DataFrame, shares: Floats, cells: list[str], note: str) -> list[Row]:
    """Test expression on the mean over regions; region and interaction on their contrasts."""
    label, n_regions = "share of dwell time", shares.shape[1]
    found = fit_linear(shares.mean(axis=1), crossed_design(keys, "expression", cells, TERMS))
    notes = ["mean over regions", fit_text(found), conditions_text(keys, cells), note]
    asked = _asked(_DWELL, LINEAR, label, keys, found, notes)
    rows = [omnibus_row(asked, "expression", f_test(found, differences(len(cells))))]
    if n_regions < 2:
        return rows
    between = shares @ differences(n_regions).T
    long = pd.concat([keys.assign(contrast=place) for place in range(n_regions - 1)])
    cells_of = zip(long["contrast"], long["expression"], strict=True)
    long["cell"] = [f"{place}|{name}" for place, name in cells_of]
    names = [f"{place}|{name}" for place in range(n_regions - 1) for name in cells]
    terms = {f"{name} by region": [*columns, "contrast"] for name, columns in TERMS.items()}
    found = fit_linear(between.T.ravel(), crossed_design(long, "cell", names, terms))
    epsilon = sphericity_epsilon(between, keys["expression"])
    notes = [
        "orthonormal contrasts between regions",
        fit_text(found),
        f"Greenhouse-Geisser epsilon of the regions = {epsilon:.3f}, by which df are multiplied",
        note,
    ]
    asked = _asked(_DWELL, LINEAR, label, keys, found, notes)
    k, contrasts = len(cells), np.eye(n_regions - 1)
    for term, weights in (("region", np.full((1, k), 1 / k)), ("region x expression",
                          differences(k))):  # fmt: skip
        test = f_test(found, np.kron(contrasts, weights))
        rows.append(omnibus_row(asked, term, corrected(test, epsilon)))
    return rows


def sphericity_epsilon(contrasts: Floats, groups: pd.Series) -> float:
    """Compute Greenhouse and Geisser's epsilon of orthonormal contrasts within groups.

    Parameters
    ----------
    contrasts : ndarray of float, shape (n, c)
        One row for each trial.
    groups : Series of str, shape (n,)
        Whose means are taken off.

    Returns
    -------
    float
        Between 1 / c and 1.

    References
    ----------
    Greenhouse and Geisser (1959). On methods in the analysis of profile data. Psychometrika, 24.
    """
    frame = pd.DataFrame(contrasts)
    centred = (frame - frame.groupby(groups.to_numpy()).transform("mean")).to_numpy()
    covariance = centred.T @ centred
    c = len(covariance)
    return float(np.trace(covariance) ** 2 / (c * np.sum(covariance**2)))


def corrected(test: dict[str, Any], epsilon: float) -> dict[str, Any]:
    """Multiply the degrees of freedom of an F test by epsilon.

    Parameters
    ----------
    test : dict
        As `comparison.estimates.f_test` gives it.
    epsilon : float
        As `sphericity_epsilon` gives it.

    Returns
    -------
    dict
        The same with other degrees of freedom, p and name.
    """
    from scipy.stats import f

    df1, df2 = test["df1"] * epsilon, test["df2"] * epsilon
    p = float(f.sf(test["statistic"], df1, df2))
    name = {"test": "Satterthwaite F, Greenhouse-Geisser"}
    return test | {"df1": df1, "df2": df2, "p": p} | name


def _against_others(k: int) -> Floats:
    """Give the weights of each cell against the mean of the others."""
    return (np.eye(k) * k - 1) / (k - 1)


def _ends(found: Estimates, weights: Floats, confidence: float) -> tuple[float, float, float]:
    """Estimate a mean: the lower end, itself, the upper end."""
    test = t_test(found, weights, confidence)
    return test["ci_low"], test["estimate"], test["ci_high"]


def _asked(
    question: str,
    model: str,
    label: str,
    trials: pd.DataFrame,
    found: Estimates,
    notes: list[str],
) -> Asked:
    """Put together what the rows of a model share."""
    people, pictures = trials["participant_id"].nunique(), trials["image_id"].nunique()
    text = "; ".join(note for note in notes if note)
    return Asked(question, model, label, len(trials), people, pictures, found.converged, text)
