import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiment import dialog
from experiment.dialog import ask_session, ask_until_right
from experiment.session_choice import (
    NEW,
    NOT_RESUMED,
    SessionAnswers,
    begun_sessions,
    check_answers,
    session_fields,
    waiting_participants,
)
from experiment.tests.small_study import make_small_study
from participants.plans import plan_path, read_plan, write_plan
from participants.register import add_participant
from study.errors import InputError
from study.folder import Study

FILLED = {
    "participant": "sub-002",
    "new_id": "003",
    "session": "01",
    "mode": "real",
    "eye": "left",
    "vision": "glasses",
    "experimenter": "a.b.",
    "tracker": "mouse",
    "resume": NOT_RESUMED,
}
ANSWERS = SessionAnswers("sub-002", "01", "real", "left", "glasses", "AB", "mouse", False)


def begin(study: Study, participant_id: str, session: str, n_trials: int, status: str) -> None:
    folder = study.session_dir(participant_id, session)
    plan = read_plan(plan_path(study, "sub-001", "01"))
    changes = {"participant_id": participant_id, "session": session, "mode": "pilot"}
    write_plan(folder / "plan.json", plan.model_copy(update=changes))
    rows = "trial\n" + "".join(f"{trial}\n" for trial in range(1, n_trials + 1))
    (folder / "trials.tsv").write_text(rows, encoding="utf-8")
    record = {"status": status, "started": f"2026-05-{10 + n_trials}T09:12:44+02:00"}
    (folder / "session.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = make_small_study(tmp_path / "study", n_main=1, n_practice=0)
    write_register(made)
    return made


def write_register(study: Study) -> None:
    # sub-001 has its plan already, and is entered as somebody who was registered before that.
    study.participants_tsv.write_text("participant_id\nsub-001\n", encoding="utf-8")
    add_participant(study, "002")


def test_offered_are_those_with_a_session_before_them(study):
    assert waiting_participants(study) == ["sub-001", "sub-002"]
    begin(study, "sub-002", "01", 3, "finished")
    assert waiting_participants(study) == ["sub-001"]
    plan = read_plan(plan_path(study, "sub-001", "01"))
    write_plan(plan_path(study, "sub-002", "02"), plan)
    assert waiting_participants(study) == ["sub-001", "sub-002"]


def test_sessions_that_were_broken_off_are_offered_the_latest_first(study):
    assert "resume|cfg" not in session_fields(study)
    begin(study, "sub-002", "01", 3, "quit")
    begin(study, "sub-002", "pilot1", 5, "running")
    begin(study, "sub-002", "02", 4, "finished")
    # A kill may leave a file that is cut off.
    (study.session_dir("sub-002", "pilot1") / "session.json").write_bytes(b'{"status": "ru')
    assert session_fields(study)["resume|cfg"] == [
        NOT_RESUMED,
        "sub-002, session 01: 3 trials, begun 2026-05-13 09:12",
        "sub-002, session pilot1: 5 trials",
    ]
    assert [begun.session for begun in begun_sessions(study)] == ["01", "pilot1"]


def test_fields_begin_with_the_tracker_of_the_settings_and_the_next_free_code(tmp_path, study):
    fields = session_fields(study)
    assert fields["tracker"][0] == "choose"
    assert fields["new_id"] == "003"
    assert fields["participant"] == ["sub-001", "sub-002", NEW]
    assert fields["mode"][0] == "real"
    other = make_small_study(tmp_path / "other", n_main=1, experiment={"tracker": "replay"})
    assert session_fields(other)["tracker"][:2] == ["replay", "eyelink"]
    assert session_fields(other)["tracker"].count("replay") == 1


def test_what_was_filled_in_becomes_answers(study):
    assert check_answers(study, FILLED) == ANSWERS
    new = check_answers(study, FILLED | {"participant": NEW, "new_id": " 7 "})
    assert new.participant_id == "sub-7"
    pilot = check_answers(study, FILLED | {"mode": "pilot", "session": "pilot2"})
    assert (pilot.mode, pilot.session) == ("pilot", "pilot2")
    assert check_answers(study, FILLED | {"mode": "test", "session": "3"}).session == "test3"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"participant": NEW, "new_id": "anna"}, "never a name", id="a name"),
        pytest.param({"participant": NEW, "new_id": ""}, "never a name", id="no code"),
        pytest.param({"participant": NEW, "new_id": "2"}, "sub-002 is used already", id="used"),
        pytest.param({"participant": NEW, "new_id": "0 7"}, "letters or digits", id="a space"),
        pytest.param({"session": "1-a"}, "letters and digits", id="label"),
        pytest.param({"session": "pilot1"}, "not begin with 'pilot'", id="a pilot's label"),
        pytest.param(
            {"mode": "test", "session": "pilot1"}, "not begin with 'pilot'", id="another's"
        ),
        pytest.param({"experimenter": "Anna Berg"}, "one to four letters", id="initials"),
        pytest.param({"experimenter": "."}, "one to four letters", id="no initials"),
        pytest.param({"tracker": "choose"}, "Choose one of the list", id="tracker"),
    ],
)
def test_a_wrong_field_is_named(study, change, message):
    with pytest.raises(InputError, match=message):
        check_answers(study, FILLED | change)


def test_a_session_that_has_begun_is_only_resumed_where_it_is_asked_for(study):
    begin(study, "sub-002", "01", 3, "quit")
    with pytest.raises(InputError, match="3 trials"):
        check_answers(study, FILLED)
    label = begun_sessions(study)[0].label
    resumed = check_answers(study, FILLED | {"participant": "sub-001", "resume": label})
    assert (resumed.participant_id, resumed.session, resumed.mode) == ("sub-002", "01", "pilot")
    assert resumed.resume


def test_the_dialog_comes_again_with_the_reason_and_what_was_filled_in(study, monkeypatch):
    seen = []

    def show(fields, problem):
        seen.append((fields, problem))
        wrong = {"experimenter|req": "Anna Berg"} if not problem else {}
        rest = {name: value for name, value in FILLED.items() if name != "resume"}
        flagged = {f"{name}|req" if name in ("session", "experimenter") else name: value
                   for name, value in rest.items()}  # fmt: skip
        return flagged | wrong

    monkeypatch.setattr(dialog, "show_dialog", show)
    assert ask_until_right(study) == ANSWERS
    (_, nothing), (fields, problem) = seen
    assert nothing == ""
    assert "one to four letters" in problem
    assert fields["experimenter|req"] == "Anna Berg"
    assert fields["participant"][0] == "sub-002"
    assert fields["eye"] == ["left", "right", "both"]


def answer(monkeypatch: pytest.MonkeyPatch, status: int, output: str, error: str = "") -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    done = subprocess.CompletedProcess([], status, output, error)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)


def test_cancelling_says_that_nothing_was_started(study, monkeypatch, capsys):
    answer(monkeypatch, 0, "null")
    assert ask_session(study) is None
    assert "no session was started" in capsys.readouterr().err


def test_answers_come_back_from_the_other_process(study, monkeypatch):
    answer(monkeypatch, 0, json.dumps(vars(ANSWERS)))
    assert ask_session(study) == ANSWERS


def test_a_dialog_that_does_not_open_says_why(study, monkeypatch):
    answer(monkeypatch, -6, "", "xcb-cursor0 is needed to load the Qt xcb platform plugin.")
    with pytest.raises(InputError, match="xcb-cursor0 is needed"):
        ask_session(study)


def test_without_a_screen_there_is_no_dialog(study, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(InputError, match="DISPLAY is not set"):
        ask_session(study)
