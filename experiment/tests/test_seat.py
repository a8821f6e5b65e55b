"""A person at the keyboard: a session from consent to its end, by keys from another process."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from experiment.session_record import read_session_record
from experiment.tests.seat import Seat, display
from experiment.tests.small_study import QUICK, make_small_study
from participants.register import read_participants
from study.folder import Study
from study.tables import read_table

pytestmark = [
    pytest.mark.window,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="xdotool and Xvfb are Linux's"),
]

TARGETS_PX = {1: (640, 540), 0: (1279, 540)}  # by the trial's number modulo 2, as planned
SETTINGS = QUICK | {"consent": True, "start": "gate", "confidence_levels": 3, "feedback_ms": 400.0}
COLUMNS = {"trial": int, "attempt": int, "outcome": str, "response": str, "part": int}


class Participant:
    """Somebody who knows from the recording how far the session has come."""

    def __init__(self, study: Study, seat: Seat, part: int = 1) -> None:
        self.seat = seat
        self.folder = study.session_dir("sub-001", "01")
        suffix = "" if part == 1 else f"_part-{part:02d}"
        self.recording = self.folder / f"sub-001_ses-01{suffix}.asc"

    def said(self, word: str) -> int:
        text = self.recording.read_text(encoding="utf-8") if self.recording.exists() else ""
        return sum(f" {word}" in line for line in text.splitlines() if line.startswith("MSG"))

    def logged(self, event: str) -> bool:
        path = self.folder / "log.tsv"
        return path.exists() and event in path.read_text(encoding="utf-8")

    def press_until(self, key: str, is_so: Callable[[], bool]) -> None:
        """Press a key now and then, as somebody does who is not sure that it was noticed."""
        pressed_s = 0.0

        def press_and_look() -> bool:
            nonlocal pressed_s
            if is_so():
                return True
            if time.monotonic() - pressed_s > 0.7:
                self.seat.press(key)
                pressed_s = time.monotonic()
            return False

        self.seat.wait_for(f"an effect of {key}", press_and_look)

    def wait_for_face(self, n: int) -> None:
        """Look at the target until the n-th face of the recording is on."""
        self.seat.wait_for("a trial", lambda: self.said("TRIALID") >= n)
        trial = int(self._last("TRIALID").split()[-1])
        self.seat.move(*TARGETS_PX[trial % 2])
        self.seat.wait_for("a face", lambda: self.said("FACE_ON") >= n)

    def answer(self, key: str) -> None:
        n_asked = self.said("CONFIDENCE_ON")
        self.press_until(key, lambda: self.said("CONFIDENCE_ON") > n_asked)
        n_told = self.said("TRIAL_RESULT")
        self.press_until("2", lambda: self.said("TRIAL_RESULT") > n_told)

    def _last(self, word: str) -> str:
        lines = self.recording.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if f" {word}" in line][-1]


@pytest.fixture
def screen() -> Iterator[str]:
    with display() as on:
        yield on


def make(tmp_path: Path, **experiment: object) -> Study:
    return make_small_study(
        tmp_path / "study",
        n_main=4,
        n_practice=2,
        experiment=SETTINGS | experiment,
        participants={"consent_version": "2026-11-03", "practice_criterion": 0.0},
    )


def sit_down(study: Study, on: str, *words: str) -> Seat:
    return Seat(
        on, "-m", "experiment", *words, "sub-001", "--tracker", "mouse", "--study", str(study.root)
    )


def face_share(seat: Seat) -> float:
    """Tell how much of the picture's place is not the grey of the background."""
    place = seat.look()[316:764, 736:1184]
    return float((np.abs(place.astype(int) - 128).max(axis=2) > 5).mean())


def test_a_session_by_hand_with_the_panel_and_a_resumption(tmp_path, screen):
    study = make(tmp_path)
    with sit_down(study, screen, "run") as seat:
        person = Participant(study, seat)
        seat.wait_for_text()
        person.press_until("y", lambda: person.logged("part begins"))
        person.press_until("space", lambda: person.said("TRIALID") == 1)
        person.wait_for_face(1)
        assert face_share(seat) > 0.9
        seat.press("Escape")
        person.seat.wait_for("the panel", lambda: face_share(seat) < 0.5)
        person.press_until("r", lambda: person.logged("trial broken off: resume"))
        person.wait_for_face(2)
        person.answer("1")
        person.wait_for_face(3)
        person.answer("1")
        person.press_until("space", lambda: person.said("TRIALID") == 4)
        person.wait_for_face(4)
        seat.press("Escape")
        person.press_until("s", lambda: person.logged("trial broken off: skip"))
        person.wait_for_face(5)
        seat.press("Escape")
        person.press_until("q", lambda: seat.process.poll() is not None)
        status, said = seat.end()
    assert status == 1, said
    assert "Next: faceoff experiment resume sub-001 --session 01" in said
    with sit_down(study, screen, "resume") as seat:
        person = Participant(study, seat, part=2)
        person.press_until("space", lambda: person.said("TRIALID") == 1)
        for n in (1, 2, 3):
            person.wait_for_face(n)
            person.answer("4")
            if n == 1:
                person.press_until("space", lambda: person.said("TRIALID") == 2)
        person.press_until("space", lambda: seat.process.poll() is not None)
        status, said = seat.end()
    assert status == 0, said
    trials = read_table(study.session_dir("sub-001", "01") / "trials.tsv", what="", columns=COLUMNS)
    assert trials[["trial", "attempt", "outcome", "part"]].to_numpy().tolist() == [
        [1, 1, "interrupted", 1],
        [1, 2, "done", 1],
        [2, 1, "done", 1],
        [3, 1, "skipped", 1],
        [4, 1, "interrupted", 1],
        [4, 2, "done", 2],
        [5, 1, "done", 2],
        [6, 1, "done", 2],
    ]
    done = trials[trials["outcome"] == "done"]
    assert done["response"].tolist() == ["afraid", "afraid", "happy", "happy", "happy"]
    assert (done["confidence"] == 2).all()
    assert (done["drift_deg"] < 1.5).all()
    record = read_session_record(study.session_dir("sub-001", "01"))
    assert record["consent"]["version"] == "2026-11-03"
    assert read_participants(study)["consent_version"].tolist() == ["2026-11-03"]
    assert [part["status"] for part in record["parts"]] == ["quit", "finished"]


def test_without_consent_nothing_is_recorded(tmp_path, screen):
    study = make(tmp_path)
    with sit_down(study, screen, "run") as seat:
        seat.wait_for_text()
        Participant(study, seat).press_until("n", lambda: seat.process.poll() is not None)
        status, said = seat.end()
    assert status == 1
    assert "consent was not given" in said
    assert [path.name for path in study.session_dir("sub-001", "01").iterdir()] == ["plan.json"]


def test_answers_by_mouse_count_on_their_label_only(tmp_path, screen):
    study = make(tmp_path, answer="mouse", consent=False, confidence_levels=0)
    with sit_down(study, screen, "run") as seat:
        person = Participant(study, seat)
        seat.wait_for_text()
        person.press_until("space", lambda: person.said("TRIALID") == 1)
        person.wait_for_face(1)
        seat.press("1")  # no label, but a key
        seat.click(300, 300)
        time.sleep(0.5)
        assert person.said("RESPONSE") == 0
        seat.click(1154, 820)
        seat.wait_for("the answer", lambda: person.said("RESPONSE") == 1)
        assert person.said("RESPONSE 5 neutral") == 1
        person.wait_for_face(2)
        seat.press("Escape")
        person.press_until("q", lambda: seat.process.poll() is not None)
        seat.end()


def test_a_display_that_is_closed_loses_nothing(tmp_path):
    study = make(tmp_path, consent=False)
    with display() as on:
        seat = sit_down(study, on, "run")
        person = Participant(study, seat)
        seat.wait_for_text()
        person.press_until("space", lambda: person.said("TRIALID") == 1)
        person.wait_for_face(1)
    with seat:
        status, said = seat.end()
    assert status == 1
    assert "the display was closed" in said
    assert "faceoff experiment resume sub-001" in said
    trials = read_table(study.session_dir("sub-001", "01") / "trials.tsv", what="", columns=COLUMNS)
    assert trials["outcome"].tolist() == ["interrupted"]
    assert person.said("TRIAL_RESULT 3") == 1
    record = read_session_record(study.session_dir("sub-001", "01"))
    assert (record["status"], record["n_trials"]) == ("failed", 0)


def test_a_key_that_is_held_down_answers_once(tmp_path, screen):
    study = make(tmp_path, consent=False)
    with sit_down(study, screen, "run") as seat:
        person = Participant(study, seat)
        seat.wait_for_text()
        person.press_until("space", lambda: person.said("TRIALID") == 1)
        person.wait_for_face(1)
        with seat.holding("1"):
            seat.wait_for("the question", lambda: person.said("CONFIDENCE_ON") == 1)
            time.sleep(1.5)  # X repeats a key after 0.66 s
            assert person.said("CONFIDENCE ") == 0
        person.press_until("1", lambda: person.said("CONFIDENCE 1") == 1)
        seat.press("Escape")
        person.press_until("q", lambda: seat.process.poll() is not None)
        seat.end()
