"""The order of one trial, enforced: what a trial must do, in which order, and what it says."""

import math
from collections.abc import Mapping
from enum import Enum

from experiment import messages
from experiment.messages import TrialResult
from experiment.trackers.protocol import TargetScreen, Tracker
from participants.plans import PlannedTrial


class Stage(Enum):
    """How far a trial has come."""

    IDLE = "no trial is under way"
    IDENTIFIED = "the trial is identified"
    CHECKED = "the start is checked"
    RECORDING = "gaze is recorded"
    FIXATION = "the fixation target is on"
    READY = "the eye is on the target"
    FACE = "the face is shown"
    ANSWERED = "the answer is taken"


class TrialMachine:
    """Lead each trial through its stages and write the messages that belong to them.

    A stage out of order is a fault of the program and raises at once: a hole in a recording
    would be found months later.

    Parameters
    ----------
    tracker : Tracker
        Where messages go.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._stage = Stage.IDLE
        self._trial: PlannedTrial | None = None
        self._on_screen = ""
        self._is_recording = False
        self.face_onset_ms = math.nan
        self.face_offset_ms = math.nan
        self.start_offset_deg = math.nan
        self.gate_attempts = 0

    @property
    def stage(self) -> Stage:
        """How far the trial under way has come."""
        return self._stage

    @property
    def is_answered(self) -> bool:
        """Whether the trial under way has its answer."""
        return self._stage is Stage.ANSWERED

    @property
    def is_recording(self) -> bool:
        """Whether gaze is being recorded."""
        return self._is_recording

    def identify(self, trial: PlannedTrial) -> None:
        """Begin a trial.

        Parameters
        ----------
        trial : PlannedTrial
            What is to be shown.
        """
        self._advance(Stage.IDLE, Stage.IDENTIFIED)
        self._trial = trial
        self._on_screen = ""
        self.face_onset_ms = self.face_offset_ms = self.start_offset_deg = math.nan
        self.gate_attempts = 0
        self._tracker.message(messages.trial_id(trial.trial))

    def check_drift(self, screen: TargetScreen) -> float:
        """Compare gaze with the fixation target.

        Parameters
        ----------
        screen : TargetScreen
            Where the target is shown.

        Returns
        -------
        float
            How far gaze was from the target, in degrees; NaN where the tracker does not say.
        """
        self._advance(Stage.IDENTIFIED, Stage.CHECKED)
        trial = self._planned()
        self.start_offset_deg = self._tracker.drift_check(
            trial.fixation_x_px, trial.fixation_y_px, screen
        )
        return self.start_offset_deg

    def use_gate(self) -> None:
        """Go without a drift check: the fixation gate will look at gaze while it is recorded."""
        self._advance(Stage.IDENTIFIED, Stage.CHECKED)

    def record(self) -> None:
        """Start the recording."""
        self._advance(Stage.CHECKED, Stage.RECORDING)
        self._tracker.start()
        self._is_recording = True

    def fixation_on(self) -> None:
        """Say that the fixation target is on the screen: to be called on its flip."""
        self._advance(Stage.RECORDING, Stage.FIXATION)
        self._tracker.message(messages.FIXATION_ON)

    def ready(self, offset_deg: float | None = None, attempts: int = 0) -> None:
        """Let the face come.

        Parameters
        ----------
        offset_deg : float, optional
            How far from the target the eye rested, as the gate saw it; without a gate, or where
            it was passed over, there is none.
        attempts : int, default 0
            How often the eye came near the target in front of the gate.
        """
        self._advance(Stage.FIXATION, Stage.READY)
        self.gate_attempts = attempts
        if offset_deg is not None:
            self.start_offset_deg = offset_deg
            self._tracker.message(messages.gate_passed(offset_deg, attempts))

    def face_on(self) -> None:
        """Say that the face is on the screen: to be called on its flip."""
        self._advance(Stage.READY, Stage.FACE)
        trial = self._planned()
        self._on_screen = "face"
        self.face_onset_ms = self._tracker.message(messages.face_on(trial.image_id))
        self._tracker.message(messages.image_load(trial.image_id, trial.picture_rect))
        self._tracker.message(messages.interest_areas(trial.image_id, trial.picture_rect))

    def change(self, shown: str) -> None:
        """Say what is on the screen from this flip on, in place of the face or the mask.

        Parameters
        ----------
        shown : {"mask", "blank"}
            What has come.
        """
        if self._stage not in (Stage.FACE, Stage.ANSWERED) or self._on_screen in ("", "blank"):
            raise RuntimeError(
                f"the face or the mask must be on before {shown} comes, but {self._stage.value}"
            )
        if self._on_screen == "face":
            self.face_offset_ms = self._tracker.message(messages.FACE_OFF)
        else:
            self._tracker.message(messages.MASK_OFF)
        if shown == "mask":
            self._tracker.message(messages.MASK_ON)
        self._on_screen = shown

    def answer(self, key: str, expression: str) -> None:
        """Take the answer.

        Parameters
        ----------
        key : str
            The key, or ``n/a`` where the time was up.
        expression : str
            What it stands for, or ``n/a``.
        """
        self._advance(Stage.FACE, Stage.ANSWERED)
        self._tracker.message(messages.response(key, expression))

    def finish(self, variables: Mapping[str, str | int]) -> None:
        """Describe the trial, stop the recording, and end.

        Parameters
        ----------
        variables : mapping of str to str or int
            What Data Viewer is to know about the trial.
        """
        if self._on_screen != "blank":
            raise RuntimeError(f"the screen must be cleared, but it shows {self._on_screen!r}")
        self._advance(Stage.ANSWERED, Stage.IDLE)
        for text in messages.trial_variables(variables):
            self._tracker.message(text)
        self.halt()
        self._tracker.message(messages.trial_result(TrialResult.OK))

    def halt(self) -> None:
        """Stop the recording, if there is one, in whatever state the trial is."""
        self._is_recording = False
        self._tracker.stop()

    def abort(self, result: TrialResult = TrialResult.ABORT) -> None:
        """End a trial that will not be completed, at whichever stage it is.

        Parameters
        ----------
        result : TrialResult, default ABORT
            What becomes of it.
        """
        if self._stage is Stage.IDLE:
            return
        self._stage = Stage.IDLE
        self.halt()
        self._tracker.message(messages.trial_result(result))

    def _planned(self) -> PlannedTrial:
        """Give the trial under way."""
        if self._trial is None:
            raise RuntimeError("a trial must be identified first")
        return self._trial

    def _advance(self, expected: Stage, following: Stage) -> None:
        """Go on to the next stage, or say what was forgotten."""
        if self._stage is not expected:
            raise RuntimeError(
                f"the stage {following.name} comes when {expected.value}, but {self._stage.value}"
            )
        self._stage = following
