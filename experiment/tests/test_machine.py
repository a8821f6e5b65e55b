from collections.abc import Callable
from typing import Any

import pytest

from experiment.machine import Stage, TrialMachine
from experiment.messages import TrialResult
from experiment.virtual_tracker import NoScreen
from participants.plans import PlannedTrial

TRIAL = PlannedTrial(
    trial=3,
    block=1,
    phase="main",
    image_id="AF01HAS",
    expression="happy",
    fixation_x_px=640,
    fixation_y_px=540,
    picture_x_px=736,
    picture_y_px=316,
    picture_width_px=448,
    picture_height_px=448,
)
FULL_TRIAL = [
    "TRIALID 3",
    "drift check",
    "start",
    "FIXATION_ON",
    "FACE_ON AF01HAS",
    "!V IMGLOAD CENTER ../../../stimuli/shown/AF01HAS.png 960 540 448 448",
    "!V IAREA FILE ../../../stimuli/shown/AF01HAS_736_316_448.ias",
    "RESPONSE 4 happy",
    "FACE_OFF",
    "!V TRIAL_VAR image_id AF01HAS",
    "stop",
    "TRIAL_RESULT 0",
]


class Notebook:
    """A tracker that only keeps what it is told, in order."""

    name = "notebook"
    simulates_participant = False

    def __init__(self) -> None:
        self.said: list[str] = []

    def drift_check(self, x_px, y_px, screen):
        self.said.append("drift check")
        return 0.0

    def start(self):
        self.said.append("start")

    def stop(self):
        self.said.append("stop")

    def message(self, text):
        self.said.append(text)
        return float(len(self.said))


def steps(machine: TrialMachine) -> list[Callable[[], object]]:
    return [
        lambda: machine.identify(TRIAL),
        lambda: machine.check_drift(NoScreen()),
        machine.record,
        machine.fixation_on,
        machine.ready,
        machine.face_on,
        lambda: machine.answer("4", "happy"),
        lambda: machine.change("blank"),
        lambda: machine.finish({"image_id": "AF01HAS"}),
    ]


def test_a_trial_in_order_writes_its_messages_in_order():
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    for step in steps(machine):
        step()
    assert tracker.said == FULL_TRIAL
    assert machine.stage is Stage.IDLE
    assert (machine.face_onset_ms, machine.face_offset_ms) == (5.0, 9.0)


N_STEPS = 9
# The screen may also be cleared before the answer, when the face has had its time.
ALLOWED = {(6, 7)}


@pytest.mark.parametrize("n_done", range(N_STEPS))
def test_at_each_stage_every_step_but_the_next_is_refused(n_done):
    for wrong in set(range(N_STEPS)) - {n_done}:
        if (n_done, wrong) in ALLOWED:
            continue
        tracker: Any = Notebook()
        machine = TrialMachine(tracker)
        for step in steps(machine)[:n_done]:
            step()
        with pytest.raises(RuntimeError, match=r"comes|cleared"):
            steps(machine)[wrong]()


def through_the_face(machine: TrialMachine) -> None:
    for step in steps(machine)[:6]:
        step()


def test_a_face_of_its_time_goes_before_the_answer():
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    through_the_face(machine)
    machine.change("mask")
    machine.change("blank")
    machine.answer("4", "happy")
    machine.finish({})
    assert tracker.said[-6:] == [
        "FACE_OFF", "MASK_ON", "MASK_OFF", "RESPONSE 4 happy", "stop", "TRIAL_RESULT 0",
    ]  # fmt: skip
    assert machine.face_offset_ms == tracker.said.index("FACE_OFF") + 1


def test_a_face_that_is_still_on_keeps_the_trial_from_ending():
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    through_the_face(machine)
    machine.answer("4", "happy")
    with pytest.raises(RuntimeError, match="must be cleared"):
        machine.finish({})


def test_with_a_gate_the_face_waits_for_it_and_its_result_is_said():
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    machine.identify(TRIAL)
    machine.use_gate()
    machine.record()
    machine.fixation_on()
    with pytest.raises(RuntimeError, match="comes when"):
        machine.face_on()
    machine.ready(0.625, 2)
    assert tracker.said[-1] == "GATE_PASSED 0.62 deg 2"
    assert (machine.start_offset_deg, machine.gate_attempts) == (0.625, 2)


@pytest.mark.parametrize("n_done", range(1, N_STEPS))
def test_an_aborted_trial_stops_the_recording_and_says_so_at_any_stage(n_done):
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    for step in steps(machine)[:n_done]:
        step()
    machine.abort(TrialResult.SKIP)
    assert tracker.said[-2:] == ["stop", "TRIAL_RESULT 2"]
    assert not machine.is_recording
    steps(machine)[0]()  # the next trial can begin


def test_without_a_trial_there_is_nothing_to_abort():
    tracker: Any = Notebook()
    TrialMachine(tracker).abort()
    assert tracker.said == []
