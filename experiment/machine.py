"""The order of one trial, enforced: what a trial must do, in which order, and what it says."""

from enum import Enum

from experiment import messages
from experiment.trackers.protocol import TargetScreen, Tracker
from participants.plans import PlannedTrial


class Stage(Enum):
    """How far a trial has come."""

    IDLE = "no trial is under way"
    IDENTIFIED = "the trial is identified"
    CHECKED = "drift is checked"
    RECORDING = "gaze is recorded"
    FIXATION = "the fixation target is on"
    FACE = "the face is on"
    ANSWERED = "the answer is taken"
    CLEARED = "the face has gone"


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
        self.face_onset_ms = 0.0
        self.face_offset_ms = 0.0

    @property
    def stage(self) -> Stage:
        """How far the trial under way has come."""
        return self._stage

    def identify(self, trial: PlannedTrial) -> None:
        """Begin a trial.

        Parameters
        ----------
        trial : PlannedTrial
            What is to be shown.
        """
        self._advance(Stage.IDLE, Stage.IDENTIFIED)
        self._trial = trial
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
            How far gaze was from the target, in degrees.
        """
        self._advance(Stage.IDENTIFIED, Stage.CHECKED)
        trial = self._planned()
        return self._tracker.drift_check(trial.fixation_x_px, trial.fixation_y_px, screen)

    def record(self) -> None:
        """Start the recording."""
        self._advance(Stage.CHECKED, Stage.RECORDING)
        self._tracker.start()

    def fixation_on(self) -> None:
        """Say that the fixation target is on the screen: to be called on its flip."""
        self._advance(Stage.RECORDING, Stage.FIXATION)
        self._tracker.message(messages.FIXATION_ON)

    def face_on(self) -> None:
        """Say that the face is on the screen: to be called on its flip."""
        self._advance(Stage.FIXATION, Stage.FACE)
        trial = self._planned()
        self.face_onset_ms = self._tracker.message(messages.face_on(trial.image_id))
        self._tracker.message(messages.image_load(trial.image_id, trial.picture_rect))

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

    def face_off(self) -> None:
        """Say that the face has gone: to be called on the flip that clears the screen."""
        self._advance(Stage.ANSWERED, Stage.CLEARED)
        self.face_offset_ms = self._tracker.message(messages.FACE_OFF)

    def finish(self, variables: dict[str, str | int]) -> None:
        """Describe the trial, stop the recording, and end.

        Parameters
        ----------
        variables : dict of str to str or int
            What Data Viewer is to know about the trial.
        """
        self._advance(Stage.CLEARED, Stage.IDLE)
        for text in messages.trial_variables(variables):
            self._tracker.message(text)
        self._tracker.stop()
        self._tracker.message(messages.trial_result(messages.TRIAL_OK))

    def abort(self) -> None:
        """End a trial that will not be completed, at whichever stage it is."""
        if self._stage is Stage.IDLE:
            return
        self._stage = Stage.IDLE
        self._tracker.stop()
        self._tracker.message(messages.trial_result(messages.TRIAL_ABORTED))

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
