"""Scores: how right a network's answers are, for whom, and how sure it may be of them."""

from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

N_BINS = 10
# Probabilities are stored with six digits; a smaller one counts as half of the last digit.
_SMALLEST = 5e-7

EVALUATION = {
    "metric": "accuracy; top_2 (the right expression among the two most probable); macro_f1, "
    "macro_precision and macro_recall (means over expressions, 0 where one is never answered); "
    "recall, precision or f1 of one expression; ece (expected calibration error, 10 bins); brier "
    "(sum of squares over expressions, 0 to 2); log_loss (nats); binary_accuracy (share of all "
    "outputs that are on the right side of 0.5, which some studies print as accuracy; not to be "
    "compared with it) and binary_accuracy_constant (what a network scores there whose outputs are "
    "all below 0.5, whatever it is shown): on the test pictures",
    "value": "the score; n/a where an expression is never answered and has no precision",
    "ci_low": "lower end of the 95 % Wilson interval; n/a where it is no proportion",
    "ci_high": "upper end of the 95 % Wilson interval; n/a where it is no proportion",
    "n": "number of pictures: of the expression for recall, answered so for precision",
}

CONFUSION = {
    "expression": "expression that the picture shows",
    "predicted": "expression with the greatest probability",
    "n": "number of test pictures",
    "share": "of the pictures of the expression",
}

BY_ACTOR = {
    "actor": "who is shown",
    "sex": "of the actor",
    "accuracy": "share of the actor's test pictures that are named rightly",
    "ci_low": "lower end of its 95 % Wilson interval",
    "ci_high": "upper end of its 95 % Wilson interval",
    "n": "number of test pictures",
    "wrong": "expressions that are named wrongly, each with the answer",
}

CALIBRATION = {
    "bin": "from 1, of ten even ranges of the greatest probability",
    "low": "lower end of the range",
    "high": "upper end of the range",
    "n": "number of test pictures in it",
    "confidence": "mean of their greatest probabilities; n/a where there are none",
    "accuracy": "share of them that is named rightly; n/a where there are none",
    "ci_low": "lower end of its 95 % Wilson interval",
    "ci_high": "upper end of its 95 % Wilson interval",
}


def score(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score a network's answers.

    Parameters
    ----------
    predictions : pandas.DataFrame
        With the columns ``expression``, ``predicted`` and ``p_<expression>``.

    Returns
    -------
    pandas.DataFrame
        With the columns of `EVALUATION`.

    Raises
    ------
    InputError
        If there are no pictures.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On calibration of modern neural
    networks. ICML, eq. 3. Brier, G. W. (1950). Verification of forecasts expressed in terms of
    probability. Monthly Weather Review, 78, 1-3, eq. 2.
    """
    if predictions.empty:
        raise InputError(
            "A network is judged on test pictures, but the splits name none. "
            "Make the splits anew: faceoff stimuli register."
        )
    from sklearn.metrics import f1_score, log_loss, precision_score, recall_score

    names = [name for name in EXPRESSIONS if (predictions["expression"] == name).any()]
    shown, said = predictions["expression"], predictions["predicted"]
    n, right = len(predictions), shown == said
    probabilities = _probabilities(predictions)
    truth = np.array([EXPRESSIONS.index(name) for name in shown])
    of_truth = probabilities[np.arange(n), truth]
    top_2 = (probabilities > of_truth[:, None]).sum(axis=1) < 2
    either = [name for name in EXPRESSIONS if name in names or (said == name).any()]
    rows = [
        _proportion("accuracy", right),
        _proportion("top_2", pd.Series(top_2)),
        _plain("macro_f1", f1_score(shown, said, labels=either, average="macro"), n),
    ]
    for name, of in (("macro_precision", precision_score), ("macro_recall", recall_score)):
        value = of(shown, said, labels=names, average="macro", zero_division=0.0)
        rows.append(_plain(name, value, n))
    rows += [_proportion(f"recall_{name}", right[shown == name]) for name in names]
    rows += [_proportion(f"precision_{name}", right[said == name]) for name in names]
    for name in names:
        value = f1_score(shown == name, said == name)
        rows.append(_plain(f"f1_{name}", value, int((shown == name).sum())))
    labels = list(range(len(EXPRESSIONS)))
    brier = ((probabilities - np.eye(len(EXPRESSIONS))[truth]) ** 2).sum(axis=1).mean()
    loss = log_loss(truth, _without_zeros(probabilities), labels=labels)
    rows += [
        _plain("ece", calibration_error(calibration(predictions)), n),
        _plain("brier", brier, n),
        _plain("log_loss", loss, n),
    ]
    outputs = predictions[[f"p_{name}" for name in EXPRESSIONS]].notna().any().to_numpy()
    one_hot = np.eye(len(EXPRESSIONS), dtype=bool)[truth][:, outputs]
    on_its_side = (probabilities[:, outputs] > 0.5) == one_hot
    rows += [
        _plain("binary_accuracy", on_its_side.mean(), n),
        _plain("binary_accuracy_constant", 1 - one_hot.mean(), n),
    ]
    return pd.DataFrame(rows, columns=list(EVALUATION))


def confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count which expression is taken for which.

    Parameters
    ----------
    predictions : pandas.DataFrame
        With the columns ``expression`` and ``predicted``.

    Returns
    -------
    pandas.DataFrame
        One row for each pair of an expression shown and one answered, with the columns of
        `CONFUSION`.
    """
    pairs = list(zip(predictions["expression"], predictions["predicted"], strict=True))
    counts, shown = Counter(pairs), {name for name, _ in pairs}
    rows = [
        (name, said, counts[name, said])
        for name in EXPRESSIONS if name in shown for said in EXPRESSIONS
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["expression", "predicted", "n"])
    table["share"] = (table["n"] / table.groupby("expression")["n"].transform("sum")).round(6)
    return table[list(CONFUSION)]


def by_actor(predictions: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Score a network's answers for each person shown.

    Parameters
    ----------
    predictions : pandas.DataFrame
        With the columns ``image_id``, ``expression`` and ``predicted``.
    manifest : pandas.DataFrame
        With the columns ``image_id``, ``actor`` and ``sex``.

    Returns
    -------
    pandas.DataFrame
        With the columns of `BY_ACTOR`, the least accurate first.
    """
    answers = predictions.merge(manifest[["image_id", "actor", "sex"]], on="image_id")
    rows = []
    for (actor, sex), group in answers.groupby(["actor", "sex"], dropna=False):
        right = group["expression"] == group["predicted"]
        wrong = group.loc[~right, "expression"] + " as " + group.loc[~right, "predicted"]
        interval = wilson_interval(int(right.sum()), len(group))
        rows.append((actor, sex, right.mean(), *interval, len(group), ", ".join(wrong) or None))
    table = pd.DataFrame(rows, columns=list(BY_ACTOR))
    return table.sort_values(["accuracy", "actor"], ignore_index=True)


def calibration(predictions: pd.DataFrame) -> pd.DataFrame:
    """Set how sure a network is against how often it is right then.

    Parameters
    ----------
    predictions : pandas.DataFrame
        With the columns ``expression``, ``predicted`` and ``p_<expression>``.

    Returns
    -------
    pandas.DataFrame
        One row for each of ten even ranges of the greatest probability, with the columns of
        `CALIBRATION`.
    """
    confidence = _probabilities(predictions).max(axis=1)
    right = (predictions["expression"] == predictions["predicted"]).to_numpy()
    # A range holds its upper end: a probability of 1 is in the last one.
    bins = np.clip(np.ceil(confidence * N_BINS), 1, N_BINS).astype(int)
    rows = []
    for index in range(1, N_BINS + 1):
        inside = bins == index
        n = int(inside.sum())
        row: list[float] = [np.nan] * 4
        if n:
            hits = right[inside]
            row = [confidence[inside].mean(), hits.mean(), *wilson_interval(int(hits.sum()), n)]
        rows.append((index, (index - 1) / N_BINS, index / N_BINS, n, *row))
    return pd.DataFrame(rows, columns=list(CALIBRATION))


def calibration_error(table: pd.DataFrame) -> float:
    """Compute the expected calibration error.

    Parameters
    ----------
    table : pandas.DataFrame
        As `calibration` gives it.

    Returns
    -------
    float
        Mean difference of accuracy and confidence, without sign, weighted by pictures: 0 to 1.
    """
    off = (table["accuracy"] - table["confidence"]).abs().fillna(0)
    return float((off * table["n"]).sum() / table["n"].sum())


def wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """Compute the 95 % confidence interval of a proportion.

    Parameters
    ----------
    n_right : int
        Number of hits.
    n : int
        Number of trials, greater than 0.

    Returns
    -------
    low, high : float
        Ends of the interval, within 0 and 1.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association, 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    from scipy.stats import binomtest

    interval = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _proportion(metric: str, right: "pd.Series[bool]") -> tuple[str, float, float, float, int]:
    """Give a proportion with its interval; n/a of nothing."""
    n = len(right)
    if not n:
        return metric, np.nan, np.nan, np.nan, 0
    return metric, float(right.mean()), *wilson_interval(int(right.sum()), n), n


def _plain(metric: str, value: float, n: int) -> tuple[str, float, float, float, int]:
    """Give a score that is no proportion."""
    return metric, float(value), np.nan, np.nan, n


def _probabilities(predictions: pd.DataFrame) -> NDArray[np.float64]:
    """Take the probabilities of all expressions; 0 of one that an adopted network does not know."""
    return predictions[[f"p_{name}" for name in EXPRESSIONS]].fillna(0.0).to_numpy(float)


def _without_zeros(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raise what was rounded to 0, and let each row sum to 1 again."""
    raised = np.maximum(probabilities, _SMALLEST)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
