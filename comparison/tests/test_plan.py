"""The confirmatory plan: registered, answered, and held against what was done."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from comparison import confirmatory, plan
from comparison.cli import app
from comparison.contrasts import Contrast
from comparison.resampling import Draws
from comparison.statistics import PERMUTATION, T_TEST
from study.errors import InputError
from study.folder import Study, create_study
from study.settings import parse_settings
from study.settings.confirmatory import PlannedQuestion

DRAWS = Draws(999)
MAIN = {"topic": "perturbation", "measure": "auc_signed", "a": "gaze", "b": "relevance"}


def _study(folder: Path, *questions: dict[str, Any], **others: Any) -> Study:
    return create_study(folder, {"confirmatory": {"questions": list(questions)}} | others)


def _changed(study: Study, **sections: dict[str, Any]) -> Study:
    values = study.settings.model_dump()
    for name, changes in sections.items():
        values[name] |= changes
    return replace(study, settings=parse_settings(values, source="changed"))


def _contrast(n: int = 20, shift: float = 0.8) -> Contrast:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "image_id": [f"P{place}" for place in range(n)],
            "expression": ["happy", "sad"] * (n // 2) + ["sad"] * (n % 2),
            "a": rng.normal(shift, 1, n),
            "b": 0.0,
        }
    )
    return Contrast("perturbation", "auc_signed", "the area", "gaze", "relevance", table)


def test_a_plan_is_read_from_toml_and_registered_with_its_hash(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN | {"alternative": "greater"})
    kept = plan.register(study)
    written = json.loads(plan.registration_json(study).read_text(encoding="utf-8"))
    assert written == kept
    assert written["sha256"] == plan.digest(written)
    assert written["plan"]["questions"][0]["alternative"] == "greater"
    assert written["settings"]["gaze.exclude.wrong_answers"] is True
    assert plan.deviations(study, plan.read_registration(study)) == []


def test_a_plan_is_registered_once(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    plan.register(study)
    before = plan.registration_json(study).read_bytes()
    with pytest.raises(InputError, match=r"registered once, but .* was written on 20"):
        plan.register(study)
    assert plan.registration_json(study).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"measure": "auc_singed"}, "Did you mean 'auc_signed'"),
        ({"a": "gase"}, "Did you mean 'gaze'"),
        ({"expression": "hapy"}, "Did you mean 'happy'"),
        ({"topic": "agreement", "measure": "CC"}, "a of confirmatory question 1"),
        ({"a": "centre", "b": "mean_gaze"}, "compares centre with mean_gaze"),
    ],
)
def test_questions_that_nothing_answers_are_refused(
    change: dict[str, str], message: str, tmp_path: Path
) -> None:
    study = _study(tmp_path / "study", MAIN | change)
    with pytest.raises(InputError, match=message):
        plan.register(study)
    assert not plan.registration_json(study).exists()


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (MAIN | {"test": "equivalence"}, "bound must be above 0"),
        (MAIN | {"bound": 0.5}, "bound must be above 0"),
        (MAIN | {"b": "gaze"}, "two conditions"),
        (MAIN | {"alpha": 0.9}, "alpha"),
        (MAIN | {"tset": "t"}, "tset"),
    ],
)
def test_plans_out_of_range_are_refused(question: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_settings({"confirmatory": {"questions": [question]}}, source="study.toml")
    with pytest.raises(InputError, match="asked twice"):
        parse_settings({"confirmatory": {"questions": [MAIN, MAIN]}}, source="study.toml")


def test_no_plan_is_no_registration_and_no_deviation(tmp_path: Path) -> None:
    study = _study(tmp_path / "study")
    with pytest.raises(InputError, match="has no questions"):
        plan.register(study)
    assert plan.deviations(study, plan.read_registration(study)) == []


def test_a_plan_without_registration_is_exploratory(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    registration = plan.read_registration(study)
    (row,) = plan.deviations(study, registration)
    assert row["sentence"] == "A plan (questions: 1) is not registered: all is exploratory."
    table = pd.DataFrame([MAIN | {"expression": "all", "test": PERMUTATION}])
    assert confirmatory.status(table, registration["questions"]) == ["exploratory"]


def test_every_change_is_a_deviation(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    plan.register(study)
    other = MAIN | {"b": "random"}
    changed = _changed(
        study,
        confirmatory={"questions": [other], "correction": "none"},
        comparison={"grid": 7, "equivalence_raw": {"auc_signed": 0.2}},
    )
    rows = plan.deviations(changed, plan.read_registration(changed))
    found = {(row["kind"], row["what"]): row for row in rows}
    assert set(found) == {
        ("plan", "auc_signed: gaze - relevance (all, permutation, two-sided)"),
        ("plan", "auc_signed: gaze - random (all, permutation, two-sided)"),
        ("plan", "correction"),
        ("settings", "comparison.grid"),
        ("settings", "comparison.equivalence_raw"),
    }
    grid = found["settings", "comparison.grid"]
    assert (grid["registered"], grid["now"]) == ("4", "7")
    assert grid["sentence"] == "The setting comparison.grid was registered as 4 and is 7."
    assert all(set(row) == set(plan.DEVIATION_COLUMNS) for row in rows)


def test_workers_and_report_change_no_plan(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    plan.register(study)
    changed = _changed(study, execution={"jobs": 2}, report={"figure_dpi": 300})
    assert plan.deviations(changed, plan.read_registration(changed)) == []


def test_a_registration_that_was_edited_or_broken(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    plan.register(study)
    path = plan.registration_json(study)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["plan"]["questions"][0]["alpha"] = 0.1
    path.write_text(json.dumps(content), encoding="utf-8")
    rows = plan.deviations(study, plan.read_registration(study))
    assert rows[0]["sentence"] == "The file registration.json was changed after it was written."
    for text in ("{", "[]", "{}", '{"plan": {}}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="must be what faceoff compare register wrote"):
            plan.read_registration(study)


def test_what_was_known_at_registration_is_said(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    session = study.session_dir("sub-001", "01")
    session.mkdir(parents=True)
    (session / "trials.tsv").write_text("x\n", encoding="utf-8")
    (session / "session.json").write_text("{}", encoding="utf-8")
    (session / "plan.json").write_text("{}", encoding="utf-8")
    study.comparison_dir.mkdir(parents=True)
    (study.comparison_dir / "statistics.tsv").write_text("x\n", encoding="utf-8")
    plan.register(study)
    rows = plan.deviations(study, plan.read_registration(study))
    assert [row["what"] for row in rows] == ["sessions", "statistics.tsv"]


def test_answers_of_each_test_by_scipy() -> None:
    asked = [
        MAIN | {"test": "t", "alternative": "greater"},
        MAIN | {"test": "wilcoxon", "expression": "happy"},
        MAIN | {"a": "relevance", "b": "gaze", "test": "t", "alternative": "less"},
        MAIN | {"test": "equivalence", "bound": 3.0, "bound_unit": "raw"},
    ]
    questions = [PlannedQuestion.model_validate(item) for item in asked]
    contrast = _contrast()
    table = confirmatory.answer_plan(questions, [contrast], DRAWS, "holm")
    d = contrast.table["a"].to_numpy()
    assert table["p"][0] == pytest.approx(stats.ttest_1samp(d, 0, alternative="greater").pvalue)
    assert table["p"][1] == pytest.approx(stats.wilcoxon(d[::2]).pvalue)
    assert table["p"][2] == pytest.approx(table["p"][0])
    assert table["estimate"][2] == pytest.approx(-table["estimate"][0])
    assert table["n"].tolist() == [20, 10, 20, 20]
    assert table["p_corrected"][0] > table["p"][0]
    assert table["met"].tolist() == [p < 0.05 for p in table["p_corrected"]]
    assert "the difference lies within the bounds" in table["sentence"][3]
    assert list(table) == list(confirmatory.CONFIRMATORY_COLUMNS)


def test_questions_without_an_answer_are_deviations() -> None:
    asked = [MAIN, MAIN | {"b": "random"}, MAIN | {"expression": "angry"}]
    questions = [PlannedQuestion.model_validate(item) for item in asked]
    one = _contrast()
    one.table.loc[1:, "b"] = np.nan
    table = confirmatory.answer_plan(questions, [one], DRAWS, "holm")
    notes = ["one picture", "a or b was not measured", "no picture has both values"]
    assert table["note"].tolist() == notes
    assert table["met"].isna().all()
    assert [row["now"] for row in confirmatory.unanswered(table)] == notes
    assert "nan" not in " ".join(table["sentence"]).lower()


def test_only_the_planned_test_of_a_planned_question_is_confirmatory() -> None:
    questions = [PlannedQuestion.model_validate(MAIN | {"test": "equivalence", "bound": 0.5})]
    rows = [
        MAIN | {"expression": expression, "test": test}
        for expression in ("all", "happy")
        for test in (PERMUTATION, T_TEST)
    ]
    found = confirmatory.status(pd.DataFrame(rows), questions)
    assert found == ["exploratory", "confirmatory", "exploratory", "exploratory"]


def test_the_command_registers_and_prints_the_hash(tmp_path: Path) -> None:
    study = _study(tmp_path / "study", MAIN)
    result = CliRunner().invoke(app, ["register", "--study", str(study.root)])
    assert result.exit_code == 0, result.output
    kept = json.loads(plan.registration_json(study).read_text(encoding="utf-8"))
    assert kept["sha256"] in result.output
