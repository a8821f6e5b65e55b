"""Contrasts: one question asked of all pictures and of each expression, with its sentence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from comparison import apa
from comparison.corrections import benjamini_hochberg, holm
from comparison.equivalence import Bounds
from comparison.resampling import Draws
from comparison.statistics import T_TEST, WILCOXON, paired_tests
from comparison.support import support


@dataclass(frozen=True)
class Contrast:
    """A question: two values of each picture.

    Parameters
    ----------
    topic : str
        ``perturbation``, ``agreement`` or ``accuracy``.
    measure : str
        What was measured, as a column is named.
    label : str
        What was measured, in words.
    a, b : str
        The two conditions.
    table : pandas.DataFrame
        image_id, expression, a and b; pictures without one of the two are missing (NaN).
    """

    topic: str
    measure: str
    label: str
    a: str
    b: str
    table: pd.DataFrame

    @property
    def question(self) -> str:
        """The question in short."""
        return f"{self.measure}: {self.a} - {self.b}"


def answer_contrast(
    contrast: Contrast, expressions: tuple[str, ...], draws: Draws, bounds: Bounds
) -> pd.DataFrame:
    """Answer a question over all pictures, and for each expression.

    Parameters
    ----------
    contrast : Contrast
        The question.
    expressions : tuple of str
        The expressions, in order; those without pictures are left out.
    draws : Draws
        How resampling is done.
    bounds : Bounds
        What difference would be too small to matter.

    Returns
    -------
    pandas.DataFrame
        Three rows (one for each test) over all pictures and for each expression; p_holm and p_bh
        are filled in for the rows of expressions, whose family is the question.
    """
    whole = contrast.table.dropna(subset=["a", "b"])
    rows: list[dict[str, Any]] = []
    for expression in ("all", *expressions):
        part = whole if expression == "all" else whole[whole["expression"] == expression]
        if part.empty:
            continue
        head = {
            "topic": contrast.topic,
            "question": contrast.question,
            "measure": contrast.measure,
            "a": contrast.a,
            "b": contrast.b,
            "expression": expression,
        }
        bound = bounds.of(contrast.measure)
        differences = part["a"] - part["b"]
        rows += [
            head | row | support(row, differences, bound, draws.confidence)
            for row in paired_tests(part["a"], part["b"], draws)
        ]
    table = pd.DataFrame(rows)
    table[["p_holm", "p_bh"]] = np.nan
    _correct(table, table[table["expression"] != "all"], ["test"])
    return table


def _correct(table: pd.DataFrame, rows: pd.DataFrame, family: list[str]) -> None:
    """Correct the p values of some rows within each family."""
    for _, members in rows.groupby(family):
        table.loc[members.index, "p_holm"] = holm(members["p"])
        table.loc[members.index, "p_bh"] = benjamini_hochberg(members["p"])


def answer_contrasts(
    contrasts: list[Contrast],
    expressions: tuple[str, ...],
    draws: Draws,
    bounds: Bounds | None = None,
    advance: Callable[[int], None] = lambda contrasts_done: None,
) -> pd.DataFrame:
    """Answer questions, with the sentence that reports each.

    Over all pictures the family of the corrections is the questions about one measure; for
    expressions it is the expressions of one question. Each test has families of its own.

    Parameters
    ----------
    contrasts : list of Contrast
        The questions, at least one.
    expressions : tuple of str
        The expressions, in order.
    draws : Draws
        How resampling is done.
    bounds : Bounds, optional
        What difference would be too small to matter; by default nothing is tested for equivalence.
    advance : callable, optional
        Called with the number of questions that have been answered since the last call.

    Returns
    -------
    pandas.DataFrame
        The rows of all questions, with p_holm, p_bh and sentence.
    """
    tables = []
    for contrast in contrasts:
        tables.append(answer_contrast(contrast, expressions, draws, bounds or Bounds()))
        advance(1)
    table = pd.concat(tables, ignore_index=True)
    _correct(table, table[table["expression"] == "all"], ["topic", "measure", "test"])
    labels = {contrast.question: contrast.label for contrast in contrasts}
    table["sentence"] = [
        sentence(row, labels[row["question"]], draws.confidence)
        for row in table.to_dict(orient="records")
    ]
    return table


def sentence(row: Mapping[Any, Any], label: str, confidence: float) -> str:
    """Write the sentence that reports one row.

    Parameters
    ----------
    row : mapping
        A row of `answer_contrasts`.
    label : str
        What was measured, in words.
    confidence : float
        Confidence of the intervals.

    Returns
    -------
    str
        In the style of APA 7.
    """
    if row["n"] == 1:
        result = "one picture allows no test"
    else:
        parts = [_test_text(row), apa.p_value(row["p"])]
        if np.isfinite(row["p_holm"]):
            parts.append(apa.p_value(row["p_holm"], "Holm-corrected p"))
        parts.append(_effect_text(row, confidence))
        if np.isfinite(row["bf10"]):
            parts.append(apa.bayes_factor(row["bf10"]))
        result = ", ".join(parts)
    return apa.difference_sentence(
        measure=label,
        **{name: row[name] for name in ("a", "b", "mean_a", "sd_a", "mean_b", "sd_b")},
        estimate=row["estimate"],
        ci=apa.interval(row["ci_low"], row["ci_high"], confidence),
        result=result,
        expression=row["expression"],
        n=row["n"],
    )


def _test_text(row: Mapping[Any, Any]) -> str:
    """Write the test's statistic."""
    if row["test"] == T_TEST:
        return f"t({row['df']:.0f}) = {apa.number(row['statistic'])}"
    if row["test"] == WILCOXON:
        return f"W = {row['statistic']:g}"
    return "sign-flip permutation test"


def _effect_text(row: Mapping[Any, Any], confidence: float) -> str:
    """Write the effect size, with its interval where there is one."""
    name, value = row["effect_size_name"], row["effect_size"]
    text = f"{name} = {apa.bounded(value) if name == 'r_rb' else apa.number(value)}"
    if np.isfinite(row["effect_ci_low"]):
        text += f", {apa.interval(row['effect_ci_low'], row['effect_ci_high'], confidence)}"
    return text
