"""Trials on a screen that keeps its pace to the microsecond, on a clock of numbers."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from experiment.keys import KeyPress
from experiment.machine import TrialMachine
from experiment.tests.test_machine import TRIAL, Notebook
from experiment.trial import _FacePhase
from study.settings.experiment import ExperimentSettings

REFRESH_HZ = 60.0


class ExactWindow:
    """A window that waits for its screen; its clock moves with its flips alone."""

    def __init__(self) -> None:
        self.frame_s = 1 / REFRESH_HZ
        self.last_flip_s = 100.0
        self.drawn = ""
        self.shown: list[str] = []
        nothing = SimpleNamespace(patch=lambda lit: None, picture=self._draw_picture)
        self.draw: Any = nothing

    def _draw_picture(self, name: str, _place: object) -> None:
        self.drawn = "mask" if name.endswith("mask") else "face"

    def now_s(self) -> float:
        # It is read a little after the flip.
        return self.last_flip_s + 1e-4

    def flip(self, on_flip: Callable[[], object] | None = None) -> None:
        self.last_flip_s += self.frame_s
        if on_flip is not None:
            on_flip()
        self.shown.append(self.drawn)
        self.drawn = "blank"

    def forget_keys(self) -> None: ...
    def count_frames(self) -> None: ...
    def frames_counted(self) -> str:
        return "counted"

    def show_pointer(self, *, visible: bool) -> None: ...


class LateAnswer:
    """Labels that are answered after a second."""

    by_mouse = False
    expression_of = {"4": "happy"}  # noqa: RUF012 -- no test changes it

    def take(self, window: ExactWindow, _picture: object) -> KeyPress | None:
        now_s = window.now_s()
        return KeyPress("4", now_s) if now_s > 101.0 else None


@pytest.mark.parametrize(
    ("face_ms", "mask_ms", "n_face", "n_mask"),
    [
        (200, 100, 12, 6),
        (100, 0, 6, 0),
        (50, 50, 3, 3),
        (17, 17, 1, 1),
        (5, 0, 1, 0),
        (90, 0, 5, 0),
    ],
)
def test_face_and_mask_stay_for_the_frames_nearest_to_their_times(face_ms, mask_ms, n_face, n_mask):
    window = ExactWindow()
    tracker: Any = Notebook()
    machine = TrialMachine(tracker)
    machine.identify(TRIAL)
    machine.use_gate()
    machine.record()
    machine.fixation_on()
    machine.ready()
    settings = ExperimentSettings(face_ms=face_ms, mask_ms=mask_ms, show_labels=False)
    labels: Any = LateAnswer()
    _FacePhase(machine, window, labels, TRIAL, settings).run()  # type: ignore[arg-type]
    assert window.shown.count("face") == n_face
    assert window.shown.count("mask") == n_mask
    assert set(window.shown[n_face + n_mask :]) == {"blank"}
