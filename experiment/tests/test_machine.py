from collections.abc import Callable
from typing import Any

import pytest

from experiment.machine import Stage, TrialMachine
from experiment.virtual_session import NoScreen
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
        machine.face_on,
        lambda: machine.answer("4", "happy"),
        machine.face_off,
        lambda: machine.finish({"image_id": "AF01HAS"}),
    ]


def test_a_trial_in_order_writes_its_messages_in_order():
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    for step in steps(machine):
        step()
    assert tracker.said == FULL_TRIAL
    assert machine.stage is Stage.IDLE
    assert (machine.face_onset_ms, machine.face_offset_ms) == (5.0, 8.0)


@pytest.mark.parametrize("n_done", range(8))
def test_at_each_stage_every_step_but_the_next_is_refused(n_done):
    for wrong in set(range(8)) - {n_done}:
        tracker: Any = Notebook()
        machine = TrialMachine(tracker)
        for step in steps(machine)[:n_done]:
            step()
        with pytest.raises(RuntimeError, match="comes when"):
            steps(machine)[wrong]()


@pytest.mark.parametrize("n_done", range(1, 8))
def test_an_aborted_trial_stops_the_recording_and_says_so_at_any_stage(n_done):
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    for step in steps(machine)[:n_done]:
        step()
    machine.abort()
    assert tracker.said[-2:] == ["stop", "TRIAL_RESULT 3"]
    steps(machine)[0]()  # the next trial can begin


def test_without_a_trial_there_is_nothing_to_abort():
    tracker: Any = Notebook()
    TrialMachine(tracker).abort()
    assert tracker.said == []
