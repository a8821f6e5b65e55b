"""How far sessions are."""

import json
from pathlib import Path

import pytest

from participants.plans import Mode, make_plan, plan_path, write_plan
from participants.register import add_participant
from participants.sessions import session_states
from stimuli.tests.faces import write_catalog
from study.errors import InputError
from study.folder import Study, create_study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = create_study(tmp_path / "s", {"participants": {"blocks": 2, "practice_trials": 3}})
    write_catalog(study, ["F01", "F02", "M01", "M02", "M03"], ["F01", "M01"])
    add_participant(study)
    return study


def run(
    study: Study, session: str, n_trials: int, status: str, *more: str, mode: Mode = "real"
) -> Path:
    """Leave what a session with two rounds of practice would leave after some trials."""
    plan = make_plan(study, "sub-001", session, mode)
    path = plan_path(study, "sub-001", plan.session)
    write_plan(path, plan)
    rows = [f"{t.trial}\tdone" for t in plan.trials if t.practice_round != 2][:n_trials]
    text = "\n".join(["trial\toutcome", *rows, *more]) + "\n"
    (path.parent / "trials.tsv").write_text(text, encoding="utf-8")
    (path.parent / "session.json").write_text(json.dumps({"status": status}), encoding="utf-8")
    return path.parent


def said(study: Study) -> list[str]:
    return [str(state) for state in session_states(study, "sub-001")]


def test_sessions_say_how_far_they_are(study):
    assert said(study) == []
    write_plan(plan_path(study, "sub-001", "01"), make_plan(study, "sub-001"))
    run(study, "02", 17, "finished")
    run(study, "03", 2, "quit", "3\tskipped", "3\tinterrupted")
    run(study, "04", 5, "running")
    run(study, "01", 17, "finished", mode="pilot")
    run(study, "02", 1, "failed", mode="test")
    assert said(study) == [
        "01 planned",
        "02 finished (17/17)",
        "03 interrupted (2/17): faceoff experiment resume",
        "04 running (5/17): if it was cut off, faceoff experiment resume",
        "pilot01 finished (17/17)",
        "test02 interrupted (1/17): faceoff experiment resume",
    ]


def test_a_second_round_of_practice_counts_once_it_has_begun(study):
    run(study, "01", 3, "quit", "4\tdone")
    assert said(study) == ["01 interrupted (4/20): faceoff experiment resume"]


def test_tables_of_earlier_versions_hold_trials_that_are_done(study):
    folder = run(study, "01", 0, "finished")
    (folder / "trials.tsv").write_text("trial\n1\n2\n", encoding="utf-8")
    assert said(study) == ["01 finished (2/17)"]


def test_a_session_that_was_cut_off_before_it_wrote_its_record(study):
    folder = run(study, "01", 0, "running")
    (folder / "session.json").unlink()
    assert said(study) == ["01 interrupted (0/17): faceoff experiment resume"]


def test_recordings_made_elsewhere_have_no_plan(study):
    study.session_dir("sub-001", "09").mkdir(parents=True)
    assert said(study) == ["09 recorded elsewhere"]


@pytest.mark.parametrize("content", ["no json", "[]", "{}"])
def test_a_damaged_record_is_refused(study, content):
    folder = run(study, "01", 1, "finished")
    (folder / "session.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="session's status"):
        said(study)
