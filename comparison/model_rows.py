"""Rows of models.tsv: means, omnibus tests and contrasts of a model, with their sentences."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from comparison import apa
from comparison.corrections import holm
from comparison.estimates import partial_eta_squared

MODEL_COLUMNS = {
    "question": "what is asked: the measure by its conditions",
    "model": "binomial mixed model, linear mixed model or repeated-measures ANOVA",
    "kind": "mean (an estimated mean, not tested), omnibus (all levels at once), contrast, or "
    "none (why there is no model)",
    "term": "condition, effect or difference",
    "unit": "of estimate, ci_low and ci_high: share, ms (geometric mean), ratio (of geometric "
    "means; no effect is 1), log odds, or the measure's own unit",
    "estimate": "mean or difference; n/a for omnibus tests",
    "ci_low": "lower end of its confidence interval ([comparison] confidence, 95 % by default)",
    "ci_high": "upper end",
    "test": "Satterthwaite t, Satterthwaite F (also with Greenhouse-Geisser's correction) or "
    "Greenhouse-Geisser F",
    "statistic": "t or F",
    "df1": "degrees of freedom of t, or of F's numerator",
    "df2": "degrees of freedom of F's denominator",
    "p": "p value, two-sided for t",
    "p_holm": "p after Holm; the family is the tests of one kind in one question and model",
    "p_bh": "p after Benjamini and Hochberg (false discovery rate) in the same family",
    "effect_size": "size of the effect",
    "effect_size_name": "odds_ratio; d (difference over the square root of the sum of all "
    "variances, Westfall, Kenny & Judd, 2014); eta2_p (partial eta squared, from F and its degrees "
    "of freedom)",
    "effect_ci_low": "lower end of its interval: of the confidence of the estimate, for eta2_p "
    "90 %, which agrees with the test at 5 %",
    "effect_ci_high": "upper end",
    "n": "number of observations: trials, or pictures times conditions",
    "n_participants": "number of participants; n/a where the measure has none",
    "n_pictures": "number of pictures",
    "converged": "whether the fit found an optimum; n/a where there is nothing to search",
    "assumptions": "what the model takes for granted, what was checked, and how it came out",
    "sentence": "the result as APA 7 prints it",
}


@dataclass(frozen=True)
class Asked:
    """What the rows of one model share.

    Parameters
    ----------
    question : str
        The measure by its conditions.
    model : str
        Which model.
    label : str
        What was measured, in words.
    n : int
        Number of observations.
    n_participants : float
        Number of participants; missing where there are none.
    n_pictures : int
        Number of pictures.
    converged : bool or None
        Whether the fit found an optimum.
    assumptions : str
        What was checked, and how it came out.
    """

    question: str
    model: str
    label: str
    n: int
    n_participants: float
    n_pictures: int
    converged: bool | None
    assumptions: str


Row = dict[str, Any]


def mean_row(asked: Asked, term: str, unit: str, ends: tuple[float, float, float]) -> Row:
    """Make the row of an estimated mean.

    Parameters
    ----------
    asked : Asked
        What the rows of the model share.
    term : str
        Whose mean it is.
    unit : str
        Its unit.
    ends : tuple of float
        The estimate, and the lower and upper end of its interval.

    Returns
    -------
    dict
        The row.
    """
    estimate, low, high = ends
    return asdict(asked) | {
        "kind": "mean",
        "term": term,
        "unit": unit,
        "estimate": estimate,
        "ci_low": low,
        "ci_high": high,
    }


def omnibus_row(asked: Asked, term: str, test: Mapping[str, Any]) -> Row:
    """Make the row of an F test, with partial eta squared.

    Parameters
    ----------
    asked : Asked
        What the rows of the model share.
    term : str
        The effect.
    test : mapping
        test, statistic, df1, df2 and p.

    Returns
    -------
    dict
        The row.
    """
    share, low, high = partial_eta_squared(test["statistic"], test["df1"], test["df2"])
    effect = {"effect_size": share, "effect_ci_low": low, "effect_ci_high": high}
    head = asdict(asked) | {"kind": "omnibus", "term": term}
    return head | dict(test) | effect | {"effect_size_name": "eta2_p"}


def contrast_row(
    asked: Asked, term: str, unit: str, test: Mapping[str, Any], total_sd: float
) -> Row:
    """Make the row of a t test: log odds with the odds ratio, ratios and differences with d.

    Parameters
    ----------
    asked : Asked
        What the rows of the model share.
    term : str
        The difference.
    unit : str
        Of the estimate; for ``ratio`` the test is of a difference of logs.
    test : mapping
        As `comparison.estimates.t_test` gives it.
    total_sd : float
        Square root of the sum of all variances, for d.

    Returns
    -------
    dict
        The row.
    """
    ends = np.array([test[name] for name in ("estimate", "ci_low", "ci_high")])
    effect = np.exp(ends) if unit == "log odds" else ends / total_sd
    shown = np.exp(ends) if unit == "ratio" else ends
    names = ("estimate", "ci_low", "ci_high"), ("effect_size", "effect_ci_low", "effect_ci_high")
    head = asdict(asked) | {"kind": "contrast", "term": term, "unit": unit}
    sizes = dict(zip(names[1], effect.tolist(), strict=True))
    sizes["effect_size_name"] = "odds_ratio" if unit == "log odds" else "d"
    return head | dict(test) | dict(zip(names[0], shown.tolist(), strict=True)) | sizes


def no_model_row(question: str, model: str, reason: str) -> Row:
    """Make the row that says why there is no model.

    Parameters
    ----------
    question, model : str
        What was asked, and of which model.
    reason : str
        Why it cannot be answered, in sentences.

    Returns
    -------
    dict
        The row.
    """
    return {
        "question": question, "model": model, "label": "", "kind": "none", "term": "none",
        "assumptions": reason,
    }  # fmt: skip


def model_table(rows: list[Row], confidence: float) -> pd.DataFrame:
    """Put rows into a table, with corrected p values and sentences.

    Parameters
    ----------
    rows : list of dict
        As the functions above make them, at least one.
    confidence : float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        With the columns of `MODEL_COLUMNS`.
    """
    columns = [*MODEL_COLUMNS, "label"]
    table = pd.DataFrame(rows).reindex(columns=columns)
    for _, family in table.groupby(["question", "model", "kind"]):
        p = family["p"].astype(float).to_numpy()
        table.loc[family.index, "p_holm"] = holm(p)
        table.loc[family.index, "p_bh"] = benjamini_hochberg(p)
    table["sentence"] = [sentence(row, confidence) for row in table.to_dict("records")]
    return table[list(MODEL_COLUMNS)]


def benjamini_hochberg(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct p values for the false discovery rate.

    Parameters
    ----------
    p_values : ndarray of float, shape (n,)
        The family; missing values are no part of it and stay missing.

    Returns
    -------
    ndarray of float, shape (n,)
        Corrected p values.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B, 57.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control

    corrected = np.full(len(p_values), np.nan)
    known = np.isfinite(p_values)
    if known.any():
        corrected[known] = false_discovery_control(p_values[known])
    return corrected


def sentence(row: Mapping[Any, Any], confidence: float) -> str:
    """Write the sentence that reports a row, without calling it significant or not.

    Parameters
    ----------
    row : mapping
        A row with the columns of `MODEL_COLUMNS`, and label.
    confidence : float
        Of the intervals.

    Returns
    -------
    str
        In the style of APA 7.
    """
    if row["kind"] == "none":
        return f"There is no {row['model']} of {row['question']}: {row['assumptions']}"
    label = row["label"][:1].upper() + row["label"][1:]
    if row["kind"] == "mean":
        name = {"share": "M", "ms (geometric mean)": "geometric M"}.get(row["unit"], "M")
        suffix = " ms" if row["unit"].startswith("ms") else ""
        text = f"{name} = {_value(row, row['estimate'])}{suffix}, {_interval(row, confidence)}"
        return f"{label} for {row['term']}: {text}."
    p = [apa.p_value(row["p"])]
    if apa.p_value(row["p_holm"]) not in ("p n/a", p[0]):
        p.append(apa.p_value(row["p_holm"], "Holm-corrected p"))
    if row["kind"] == "omnibus":
        low, high = apa.bounded(row["effect_ci_low"]), apa.bounded(row["effect_ci_high"])
        test = f"F({_degrees(row['df1'])}, {_degrees(row['df2'])}) = "
        parts = [test + apa.number(row["statistic"]), *p]
        parts.append(f"partial eta squared = {apa.bounded(row['effect_size'])}")
        parts.append(f"90% CI [{low}, {high}]")
        return f"{label}, effect of {row['term']} ({_sample(row)}): {', '.join(parts)}."
    test = f"t({_degrees(row['df1'])}) = {apa.number(row['statistic'])}"
    if row["unit"] == "log odds":
        ends = apa.interval(row["effect_ci_low"], row["effect_ci_high"], confidence)
        size = f"odds ratio = {apa.number(row['effect_size'])}, {ends}"
        return f"{label}, {row['term']}: {', '.join([size, test, *p])}."
    name = "ratio" if row["unit"] == "ratio" else "difference"
    size = f"{name} = {_value(row, row['estimate'])}, {_interval(row, confidence)}"
    effect = f"d = {apa.number(row['effect_size'])}"
    return f"{label}, {row['term']}: {', '.join([size, test, *p, effect])}."


def _value(row: Mapping[Any, Any], value: float) -> str:
    """Write a value of the row's unit."""
    if row["unit"] == "share":
        return apa.bounded(value, 3 if row["kind"] == "contrast" else 2)
    return apa.number(value, 0 if row["unit"].startswith("ms") else 2)


def _interval(row: Mapping[Any, Any], confidence: float) -> str:
    """Write the interval of the estimate."""
    ends = _value(row, row["ci_low"]), _value(row, row["ci_high"])
    return f"{100 * confidence:g}% CI [{ends[0]}, {ends[1]}]"


def _degrees(df: float) -> str:
    """Write degrees of freedom: whole ones without a point."""
    return f"{df:.0f}" if abs(df - round(df)) < 0.005 else f"{df:.2f}"


def _sample(row: Mapping[Any, Any]) -> str:
    """Write how much was observed."""
    parts = [f"{row['model']}, {row['n']:.0f} observations"]
    if np.isfinite(row["n_participants"]):
        parts.append(f"{row['n_participants']:.0f} participants")
    return ", ".join([*parts, f"{row['n_pictures']:.0f} pictures"])
