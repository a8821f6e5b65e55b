"""The commands about people, as a user calls them."""

import sys
from pathlib import Path

import pytest

from participants.cli import app
from participants.plans import plan_path, read_plan
from stimuli.tests.faces import write_catalog
from study.cli import run_app
from study.folder import Study, create_study


def call(monkeypatch: pytest.MonkeyPatch, study: Study, *arguments: str) -> int:
    """Run a command on a study and give its exit status."""
    monkeypatch.setattr(sys, "argv", ["participants", *arguments, "--study", str(study.root)])
    try:
        run_app(app)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = create_study(tmp_path / "s", {"participants": {"blocks": 2, "practice_trials": 3}})
    write_catalog(study, ["F01", "F02", "M01", "M02", "M03"], ["F01", "M01", "M02"])
    return study


def test_people_are_added_listed_and_planned(study, monkeypatch, capsys):
    assert call(monkeypatch, study, "list") == 0
    assert "Nobody is registered" in capsys.readouterr().err
    answers = ["--age", "23", "--sex", "female", "--handedness", "left", "--consent", "v1"]
    assert call(monkeypatch, study, "add", *answers) == 0
    assert call(monkeypatch, study, "add", "7") == 0
    assert "sub-7 registered" in capsys.readouterr().err
    assert call(monkeypatch, study, "plan") == 0
    assert "sub-001: 21 trials after 6 of practice in 2 rounds in " in capsys.readouterr().err
    assert read_plan(plan_path(study, "sub-7", "01")).mode == "real"
    assert call(monkeypatch, study, "plan", "sub-7", "--session", "02", "--mode", "pilot") == 0
    assert read_plan(plan_path(study, "sub-7", "pilot02")).mode == "pilot"
    assert "the session is called pilot02, as its mode is pilot" in capsys.readouterr().err
    (study.session_dir("sub-7", "01") / "trials.tsv").write_text("trial\n", encoding="utf-8")
    capsys.readouterr()
    assert call(monkeypatch, study, "list") == 0
    listed = capsys.readouterr().out
    assert "sub-001" in listed
    assert "01 interrupted (0/24): faceoff experiment resume, pilot02 planned" in listed


def test_plans_are_for_sessions_that_have_not_begun(study, monkeypatch, capsys):
    assert call(monkeypatch, study, "plan") == 2
    assert "nobody is registered" in capsys.readouterr().err
    call(monkeypatch, study, "add")
    call(monkeypatch, study, "plan")
    (study.session_dir("sub-001", "01") / "trials.tsv").write_text("trial\n", encoding="utf-8")
    call(monkeypatch, study, "add")
    assert call(monkeypatch, study, "plan") == 0
    capsys.readouterr()
    assert call(monkeypatch, study, "plan", "sub-001") == 2
    assert "has begun" in capsys.readouterr().err


def test_by_default_pilots_are_planned_for_those_whose_pilot_has_not_begun(
    study, monkeypatch, capsys
):
    call(monkeypatch, study, "add")
    call(monkeypatch, study, "add")
    for name in ("sub-001", "sub-002"):
        assert call(monkeypatch, study, "plan", name, "--mode", "pilot") == 0
    folder = study.session_dir("sub-001", "pilot01")
    (folder / "trials.tsv").write_text("trial\n", encoding="utf-8")
    capsys.readouterr()
    assert call(monkeypatch, study, "plan", "--mode", "pilot") == 0
    said = capsys.readouterr().err
    assert "sub-002: " in said
    assert "sub-001: " not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "sub-001", "--mode", "rael"],
        ["plan", "sub-009"],
        ["plan", "sub-001", "--session", "1/2"],
        ["plan", "sub-001", "--session", "pilot1"],
        ["plan", "sub-001", "--session", "pilot1", "--mode", "test"],
        ["add", "--consent", "Anna B"],
        ["add", "Anna B"],
        ["add", "sub-Anna"],
        ["add", "--sex", "femal"],
    ],
)
def test_bad_input_is_one_message_and_status_two(study, monkeypatch, capsys, arguments):
    call(monkeypatch, study, "add")
    capsys.readouterr()
    assert call(monkeypatch, study, *arguments) == 2
    assert capsys.readouterr().err.count("Error:") == 1
