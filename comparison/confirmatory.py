"""The answers to the registered questions, and which rows of the statistics are confirmatory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from comparison import apa
from comparison.contrasts import Contrast
from comparison.corrections import holm
from comparison.equivalence import equivalence_p
from comparison.plan import title
from comparison.resampling import Draws
from comparison.statistics import PERMUTATION, T_TEST, WILCOXON, paired_tests
from study.settings.confirmatory import PlannedQuestion

# An equivalence test stands in the row of the t test.
TESTS = {
    "permutation": PERMUTATION, "t": T_TEST, "wilcoxon": WILCOXON, "equivalence": T_TEST
}  # fmt: skip
CONFIRMATORY_COLUMNS = {
    "question": "the registered question: measure, a - b (expression, test, alternative)",
    "topic": "perturbation, agreement or accuracy",
    "measure": "what was measured, as a column or metric is named",
    "a": "first condition",
    "b": "second condition",
    "expression": "pictures of one expression, or all",
    "test": "registered test; equivalence is two one-sided t tests against the bounds",
    "alternative": "registered alternative: a - b differs from 0 (two-sided), is above (greater) "
    "or below it (less)",
    "bound": "registered bounds of an equivalence test, in either direction",
    "bound_unit": "unit of the bound: that of the measure (raw), or d_z",
    "alpha": "registered level",
    "n": "number of pictures",
    "estimate": "mean of a - b",
    "ci_low": "lower end of its BCa bootstrap interval over pictures",
    "ci_high": "upper end of its BCa bootstrap interval over pictures",
    "statistic": "mean difference, t or W",
    "df": "degrees of freedom of t",
    "p": "p value of the registered test",
    "p_corrected": "p after the registered correction over all registered questions",
    "effect_size": "size of the effect",
    "effect_size_name": "d_z or r_rb",
    "met": "whether the corrected p is below alpha; n/a where the question was not answered",
    "note": "why it was not answered",
    "sentence": "the result in words",
}


def answer_plan(
    questions: Sequence[PlannedQuestion],
    contrasts: Sequence[Contrast],
    draws: Draws,
    correction: str,
) -> pd.DataFrame:
    """Answer the registered questions.

    Parameters
    ----------
    questions : sequence of PlannedQuestion
        What was registered.
    contrasts : sequence of Contrast
        What was measured.
    draws : Draws
        How resampling is done.
    correction : {"holm", "none"}
        Correction over all questions; those without an answer are no part of the family.

    Returns
    -------
    pandas.DataFrame
        The columns of `CONFIRMATORY_COLUMNS`, a row for each question.
    """
    rows = [_answer(question, contrasts, draws) for question in questions]
    table = pd.DataFrame(rows, columns=list(CONFIRMATORY_COLUMNS))
    p = table["p"].to_numpy(dtype=np.float64)
    table["p_corrected"] = holm(p) if correction == "holm" else p
    answered = table["p_corrected"].notna()
    table["met"] = (table["p_corrected"] < table["alpha"]).astype(object).where(answered, None)
    table["sentence"] = [
        _sentence(row, draws.confidence) for row in table.to_dict(orient="records")
    ]
    return table


def _answer(
    question: PlannedQuestion, contrasts: Sequence[Contrast], draws: Draws
) -> dict[str, Any]:
    """Answer one question, or say why it cannot be."""
    row: dict[str, Any] = question.model_dump() | {"question": title(question)}
    if question.test != "equivalence":
        row |= {"bound": np.nan, "bound_unit": None}
    pairs = _pairs(question, contrasts)
    if pairs is None:
        return row | {"n": 0, "p": np.nan, "note": "a or b was not measured"}
    if pairs.empty:
        return row | {"n": 0, "p": np.nan, "note": "no picture has both values"}
    results = paired_tests(pairs["a"], pairs["b"], draws, question.alternative)
    own = next(result for result in results if result["test"] == TESTS[question.test])
    row |= {name: value for name, value in own.items() if name in CONFIRMATORY_COLUMNS} | {
        "test": question.test
    }
    if question.test == "equivalence":
        differences = pairs["a"] - pairs["b"]
        row["p"] = equivalence_p(differences, question.bound, question.bound_unit)
    if not np.isfinite(row["p"]):
        row["note"] = "one picture" if len(pairs) == 1 else "differences that do not vary"
    return row


def _pairs(question: PlannedQuestion, contrasts: Sequence[Contrast]) -> pd.DataFrame | None:
    """Find the values of a question's pictures, in its own order of a and b."""
    for contrast in contrasts:
        if (contrast.topic, contrast.measure) != (question.topic, question.measure):
            continue
        if {contrast.a, contrast.b} == {question.a, question.b}:
            table = contrast.table.dropna(subset=["a", "b"])
            if contrast.a != question.a:
                table = table.rename(columns={"a": "b", "b": "a"})
            if question.expression != "all":
                table = table[table["expression"] == question.expression]
            return table
    return None


def _sentence(row: Mapping[Any, Any], confidence: float) -> str:
    """Write one answer."""
    if isinstance(row["note"], str):
        return f"Registered: {row['question']}: not answered, {row['note']}."
    if row["test"] == "equivalence":
        shown, missed = "the difference lies within the bounds", "equivalence is not shown"
    else:
        shown, missed = "the difference is significant", "the difference is not significant"
    parts = [
        f"mean difference {apa.number(row['estimate'])}",
        apa.interval(row["ci_low"], row["ci_high"], confidence),
        apa.p_value(row["p"]),
    ]
    if row["p_corrected"] != row["p"]:
        parts.append(apa.p_value(row["p_corrected"], "corrected p"))
    return (
        f"Registered: {row['question']}: {shown if row['met'] else missed} at alpha = "
        f"{apa.bounded(row['alpha'], 3)} ({', '.join(parts)}, n = {row['n']} pictures)."
    )


def unanswered(answers: pd.DataFrame) -> list[dict[str, Any]]:
    """List registered questions without an answer, as deviations.

    Parameters
    ----------
    answers : pandas.DataFrame
        As `answer_plan` gives them.

    Returns
    -------
    list of dict
        Rows of `plan.DEVIATION_COLUMNS`.
    """
    missing = answers[answers["p"].isna()]
    return [
        {"kind": "answer", "what": row["question"], "registered": "asked", "now": row["note"]}
        | {"sentence": f"The question {row['question']} was not answered: {row['note']}."}
        for row in missing.to_dict(orient="records")
    ]


def status(table: pd.DataFrame, questions: Sequence[PlannedQuestion]) -> list[str]:
    """Tell confirmatory rows of the statistics from exploratory ones.

    Parameters
    ----------
    table : pandas.DataFrame
        The statistics: topic, measure, a, b, expression and test.
    questions : sequence of PlannedQuestion
        What was registered.

    Returns
    -------
    list of str
        ``confirmatory`` for the planned test of a registered question, else ``exploratory``.
    """
    planned = {
        (q.topic, q.measure, frozenset((q.a, q.b)), q.expression, TESTS[q.test]) for q in questions
    }
    rows = zip(
        table["topic"], table["measure"], table["a"], table["b"], table["expression"],
        table["test"], strict=True,
    )  # fmt: skip
    return [
        "confirmatory"
        if (topic, measure, frozenset((a, b)), expression, test) in planned
        else "exploratory"
        for topic, measure, a, b, expression, test in rows
    ]
