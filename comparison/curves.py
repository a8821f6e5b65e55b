"""Perturbation curves: what is measured at each step, and the numbers that sum a curve up."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.integrate import trapezoid
from scipy.special import softmax

from comparison.orders import LEAST_FIRST, MOST_FIRST

Floats = npt.NDArray[np.float64]
AREA_COLUMNS = {
    "auc_signed": "area between the mean random curve and this one, of the probability of the "
    "true expression, most relevant tiles first (trapezoids, spacing of one step); positive: "
    "these tiles matter more than random ones",
    "auc_absolute": "the same of the absolute difference (Bartnik, 2020)",
    "aopc": "mean drop of that probability from the intact picture, over all steps and step 0 "
    "(Samek et al., 2017)",
    "auc_predicted": "signed area of the probability of what the network names the intact picture",
    "auc_logit": "signed area of the logit of the true expression",
    "auc_accuracy": "signed area of the accuracy",
    "srg": "symmetric relevance gain: area of the probability with the least relevant tiles first "
    "less that with the most relevant first (trapezoids; Bluecher et al., 2024)",
    "abpc": "the same as the mean difference over all steps (area between perturbation curves; "
    "Samek et al., 2017, appendix)",
    "share_of_oracle": "auc_signed as a share of the oracle's; missing without the oracle",
}


def measures(logits: Floats, true_class: int) -> dict[str, npt.NDArray]:
    """Read the measures of a curve off the network's logits.

    Parameters
    ----------
    logits : numpy.ndarray, shape (..., n_steps, n_classes)
        Logits along a curve, which begins with the intact picture.
    true_class : int
        Index of the expression that the picture shows.

    Returns
    -------
    dict of str to numpy.ndarray, each of shape (..., n_steps)
        ``p_true`` and ``logit_true``: probability and logit of the true expression;
        ``p_predicted``: probability of the expression that the network names for the *intact*
        picture; ``correct``: whether the true expression has the highest logit.

    Examples
    --------
    >>> measures(np.array([[2.0, 0.0], [0.0, 0.0], [0.0, 2.0]]), 0)["correct"]
    array([ True,  True, False])
    """
    logits = np.asarray(logits, dtype=np.float64)
    probabilities = softmax(logits, axis=-1)
    predicted = logits.argmax(axis=-1)
    named = np.broadcast_to(predicted[..., :1], predicted.shape)[..., None]
    return {
        "p_true": probabilities[..., true_class],
        "logit_true": logits[..., true_class],
        "p_predicted": np.take_along_axis(probabilities, named, axis=-1)[..., 0],
        "correct": predicted == true_class,
    }


def auc(values: npt.ArrayLike) -> Floats:
    """Integrate curves over their steps by the trapezoidal rule, with a spacing of one step.

    Parameters
    ----------
    values : array_like, shape (..., n_steps + 1)
        Curves from step 0 on.

    Returns
    -------
    numpy.ndarray, shape (...)
        The area, at most `n_steps` for a curve within 0..1; not divided by the steps.

    Examples
    --------
    >>> float(auc([0.0, 1.0, 1.0]))
    1.5
    """
    return np.asarray(trapezoid(np.asarray(values, dtype=np.float64), dx=1.0, axis=-1))


def auc_of_difference(curve: Floats, random: Floats, *, absolute: bool = False) -> Floats:
    """Integrate how far a curve lies below the random one.

    Parameters
    ----------
    curve : numpy.ndarray, shape (..., n_steps + 1)
        The curve of a condition.
    random : numpy.ndarray, shape (..., n_steps + 1)
        The mean curve of the random orders.
    absolute : bool, default False
        Integrate the size of the difference, so that being worse than random adds to the area
        too. The study of Bartnik (2020) seems to have done so.

    Returns
    -------
    numpy.ndarray, shape (...)
        Positive where the condition's tiles matter more than random ones.

    Examples
    --------
    >>> float(auc_of_difference(np.array([1.0, 0.25, 0.0]), np.array([1.0, 0.75, 0.0])))
    0.5
    """
    difference = np.asarray(random, dtype=np.float64) - np.asarray(curve, dtype=np.float64)
    return auc(np.abs(difference) if absolute else difference)


def aopc(values: npt.ArrayLike) -> Floats:
    """Compute the area over the perturbation curve.

    Parameters
    ----------
    values : array_like, shape (..., n_steps + 1)
        Curves from step 0 on.

    Returns
    -------
    numpy.ndarray, shape (...)
        Mean over all steps, step 0 among them, of the drop from the value at step 0.

    References
    ----------
    Samek et al. (2017), IEEE Transactions on Neural Networks and Learning Systems 28, eq. 12.

    Examples
    --------
    >>> float(aopc([1.0, 0.5, 0.0]))
    0.5
    """
    values = np.asarray(values, dtype=np.float64)
    return np.asarray((values[..., :1] - values).mean(axis=-1))


def curve_sheet(
    image_id: str, expression: str, orders: pd.DataFrame, logits: Floats, known: tuple[str, ...]
) -> pd.DataFrame:
    """Put the curves of a picture in a table.

    Parameters
    ----------
    image_id, expression : str
        The picture and what it shows.
    orders : pandas.DataFrame
        condition, direction and repeat of each order.
    logits : numpy.ndarray, shape (n_orders, n_steps + 1, n_classes)
        Answers of the network.
    known : tuple of str
        The network's expressions.

    Returns
    -------
    pandas.DataFrame
        condition, direction, repeat, image_id, expression, step, p_true, logit_true, p_predicted
        and correct.
    """
    n_orders, n_steps = logits.shape[:2]
    labels = orders[["condition", "direction", "repeat"]]
    sheet = labels.loc[labels.index.repeat(n_steps)].reset_index(drop=True)
    sheet = sheet.assign(
        image_id=image_id, expression=expression, step=np.tile(np.arange(n_steps), n_orders)
    )
    measured = measures(logits, known.index(expression))
    return sheet.assign(**{name: values.ravel() for name, values in measured.items()})


def summarise(curves: pd.DataFrame, tied_shares: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Sum up the curves of each picture and condition.

    The random orders are set against each other: each repeat against the mean of the other
    repeats. Their signed area is zero by construction; their absolute area shows how large
    an absolute area any order gets by chance.

    Parameters
    ----------
    curves : pandas.DataFrame
        As in ``curves.parquet``: image_id, expression, condition, direction, repeat, step and
        measures.
    tied_shares : dict
        Share of tied tiles by image_id and condition.

    Returns
    -------
    pandas.DataFrame
        One row for each picture and condition, with the areas that `AREA_COLUMNS` explains.
    """
    rows: list[dict[str, Any]] = []
    ordered = curves.sort_values(["image_id", "condition", "direction", "repeat", "step"])
    for (image_id, expression), picture in ordered.groupby(["image_id", "expression"]):
        random = picture[picture["condition"] == "random"]
        first = len(rows)
        for condition, sheet in picture.groupby("condition"):
            row = {"image_id": image_id, "expression": expression, "condition": condition}
            row |= _areas(sheet, random, is_random=condition == "random")
            row["tied_share"] = tied_shares[str(image_id), str(condition)]
            row["correct_intact"] = bool(sheet["correct"].iloc[0])
            rows.append(row)
        _add_share_of_oracle(rows[first:])
    return pd.DataFrame(rows)


def _areas(sheet: pd.DataFrame, random: pd.DataFrame, *, is_random: bool) -> dict[str, float]:
    """Compute the areas of one condition of one picture."""
    most = sheet[sheet["direction"] == MOST_FIRST]
    p_true, p_random = by_repeat(most, "p_true"), by_repeat(random, "p_true")
    reference = _mean_of_others(p_random) if is_random else p_random.mean(axis=0)
    areas = {
        "auc_signed": auc_of_difference(p_true, reference).mean(),
        "auc_absolute": auc_of_difference(p_true, reference, absolute=True).mean(),
        "aopc": aopc(p_true).mean(),
    }
    for name, measure in (
        ("auc_predicted", "p_predicted"), ("auc_logit", "logit_true"), ("auc_accuracy", "correct"),
    ):  # fmt: skip
        values, mean = by_repeat(most, measure), by_repeat(random, measure).mean(axis=0)
        areas[name] = auc_of_difference(values, mean).mean()
    if is_random:
        # Zero by construction; the sum of roundings is not.
        zero = ("auc_signed", "auc_predicted", "auc_logit", "auc_accuracy", "srg", "abpc")
        return {name: float(value) for name, value in areas.items()} | dict.fromkeys(zero, 0.0)
    gain = by_repeat(sheet[sheet["direction"] == LEAST_FIRST], "p_true") - p_true
    areas |= {"srg": auc(gain).mean(), "abpc": gain.mean()}
    return {name: float(value) for name, value in areas.items()}


def _add_share_of_oracle(rows: list[dict[str, Any]]) -> None:
    """Tell what share of the oracle's area each condition of a picture reaches."""
    best = max((row["auc_signed"] for row in rows if row["condition"] == "oracle"), default=0.0)
    for row in rows:
        row["share_of_oracle"] = row["auc_signed"] / best if best > 0 else np.nan


def by_repeat(sheet: pd.DataFrame, measure: str) -> Floats:
    """Lay the curves of one picture and condition side by side.

    Parameters
    ----------
    sheet : pandas.DataFrame
        Rows of one picture and condition, sorted by repeat and step.
    measure : str
        The column to take.

    Returns
    -------
    numpy.ndarray, shape (n_repeats, n_steps + 1)
        One curve in each row.
    """
    steps = int(sheet["step"].max()) + 1
    return sheet[measure].to_numpy(dtype=np.float64).reshape(-1, steps)


def _mean_of_others(values: Floats) -> Floats:
    """Give, for each repeat, the mean of all the other repeats."""
    return (values.sum(axis=0) - values) / (len(values) - 1)
