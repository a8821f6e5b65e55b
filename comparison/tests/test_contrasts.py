"""Questions, their families and the sentences that report them."""

import numpy as np
import pandas as pd
import pytest

from comparison import apa, questions
from comparison.contrasts import Contrast, answer_contrasts
from comparison.corrections import holm
from comparison.resampling import Draws
from comparison.statistics import PERMUTATION, T_TEST
from stimuli.expressions import EXPRESSIONS

DRAWS = Draws(resamples=499)


def _contrast(b: str = "random", shift: float = 0.3, measure: str = "auc_signed") -> Contrast:
    rng = np.random.default_rng(len(b))
    expressions = np.repeat(["happy", "sad", "afraid"], 6)
    a = rng.normal(shift, 1, size=18)
    table = pd.DataFrame(
        {"image_id": [f"I{i:02d}" for i in range(18)], "expression": expressions, "a": a, "b": 0.0}
    )
    return Contrast("perturbation", measure, "the area", "gaze", b, table)


def test_rows_for_all_pictures_and_each_expression() -> None:
    table = answer_contrasts([_contrast()], EXPRESSIONS, DRAWS)
    order = list(dict.fromkeys(table["expression"]))
    assert order == ["all", "afraid", "happy", "sad"]
    assert len(table) == 4 * 3
    assert table["n"].tolist() == [18] * 3 + [6] * 9


def test_families_of_the_correction() -> None:
    contrasts = [_contrast(), _contrast("relevance", 0.9), _contrast(measure="auc_logit")]
    table = answer_contrasts(contrasts, EXPRESSIONS, DRAWS)
    t_rows = table[table["test"] == T_TEST]
    overall = t_rows[(t_rows["expression"] == "all") & (t_rows["measure"] == "auc_signed")]
    np.testing.assert_allclose(overall["p_holm"], holm(overall["p"]))
    alone = t_rows[(t_rows["expression"] == "all") & (t_rows["measure"] == "auc_logit")]
    np.testing.assert_allclose(alone["p_holm"], alone["p"])
    question = t_rows[
        (t_rows["expression"] != "all") & (t_rows["question"] == "auc_signed: gaze - relevance")
    ]
    np.testing.assert_allclose(question["p_holm"], holm(question["p"]))


def test_missing_values_are_no_pictures() -> None:
    contrast = _contrast()
    contrast.table.loc[0, "b"] = np.nan
    table = answer_contrasts([contrast], EXPRESSIONS, DRAWS)
    assert table.loc[0, "n"] == 17


def test_sentences_hold_the_numbers_of_their_row() -> None:
    table = answer_contrasts([_contrast()], EXPRESSIONS, DRAWS)
    row = table[(table["test"] == T_TEST) & (table["expression"] == "all")].iloc[0]
    assert row["sentence"].startswith("The area was M = ")
    assert f"t(17) = {row['statistic']:.2f}" in row["sentence"]
    assert f"d_z = {row['effect_size']:.2f}" in row["sentence"]
    assert apa.p_value(row["p"]) in row["sentence"]
    assert "over 18 pictures" in row["sentence"]
    assert "For sad faces, the area" in table["sentence"].iloc[-1]


def test_one_picture_says_so() -> None:
    contrast = _contrast()
    single = Contrast("perturbation", "x", "the area", "gaze", "random", contrast.table.iloc[:1])
    table = answer_contrasts([single], EXPRESSIONS, DRAWS)
    assert "over 1 picture, " in table["sentence"].iloc[0]
    assert "one picture allows no test" in table["sentence"].iloc[0]
    assert "nan" not in " ".join(table["sentence"])


def test_apa_numbers() -> None:
    assert apa.number(float("nan")) == "n/a"
    assert apa.number(12.345) == "12.35" or apa.number(12.345) == "12.34"
    assert apa.bounded(0.05, 3) == ".050"
    assert apa.bounded(-1.0) == "-1.00"
    assert apa.p_value(0.0004) == "p < .001"
    assert apa.p_value(0.9996) == "p = 1.000"
    assert apa.p_value(1.0) == "p = 1.00"
    assert apa.p_value(float("nan")) == "p n/a"


def test_accuracy_counts_answered_main_trials_only() -> None:
    trials = pd.DataFrame(
        {
            "image_id": ["A", "A", "A", "A", "B"],
            "expression": ["happy"] * 4 + ["sad"],
            "phase": ["main", "main", "practice", "main", "main"],
            "correct": pd.array([True, False, False, None, True], dtype="boolean"),
        }
    )
    predictions = pd.DataFrame(
        {"image_id": ["A", "C"], "correct": pd.array([True, True], dtype="boolean")}
    )
    table = questions.accuracy_table(trials, predictions)
    assert table[["image_id", "a", "b", "n_answers"]].to_numpy().tolist() == [["A", 0.5, 1.0, 2]]
    nobody = predictions[predictions["image_id"] == "C"]
    assert questions.accuracy_contrasts(trials, nobody) == []


def _perturbation() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = [
        {"image_id": i, "expression": "happy", "condition": c}
        | {name: float(rng.normal()) for name in questions.PERTURBATION_MEASURES}
        for i in ("A", "B", "C")
        for c in ("gaze", "relevance", "random")
    ]
    return pd.DataFrame(rows)


def test_perturbation_questions_pair_pictures() -> None:
    table = _perturbation()
    contrasts = questions.perturbation_contrasts(table.sample(frac=1, random_state=3))
    assert len(contrasts) == 12
    first = contrasts[0]
    assert first.question == "auc_signed: gaze - relevance"
    wide = table.pivot_table(index="image_id", columns="condition", values="auc_signed")
    paired = first.table.set_index("image_id")
    np.testing.assert_array_equal(paired["a"], wide.loc[paired.index, "gaze"])
    np.testing.assert_array_equal(paired["b"], wide.loc[paired.index, "relevance"])


def test_agreement_questions_leave_out_controls_without_values() -> None:
    rows = [
        {"image_id": "A", "expression": "sad", "metric": "CC", "map": name, "reference": "gaze"}
        | {"value": value}
        for name, value in (("relevance", 0.3), ("uniform", 0.0), ("other_gaze", np.nan))
    ]
    contrasts = questions.agreement_contrasts(pd.DataFrame(rows))
    assert [contrast.b for contrast in contrasts] == ["uniform"]


@pytest.mark.parametrize("measure", questions.PERTURBATION_MEASURES)
def test_every_measure_has_a_test_of_each_kind(measure: str) -> None:
    contrasts = questions.perturbation_contrasts(_perturbation())
    table = answer_contrasts(contrasts, EXPRESSIONS, DRAWS)
    found = table[(table["measure"] == measure) & (table["expression"] == "all")]
    assert (found["test"] == PERMUTATION).sum() == 3
