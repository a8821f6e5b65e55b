"""What a session does that the experimenter may interrupt: screens, calibrations, trials."""

from collections import Counter
from collections.abc import Callable
from typing import Literal

from experiment.keys import EscPressed, QuitError
from experiment.messages import TrialResult
from experiment.panel import AT_THE_GATE, BETWEEN_TRIALS, IN_A_TRIAL, Choice
from experiment.preparation import SessionPlan
from experiment.screens import Screens
from experiment.session_files import SessionFiles
from experiment.trackers.protocol import Accuracy, Tracker
from experiment.trial import GateClosedError, TrialRunner
from experiment.trial_record import Attempt
from experiment.window import Window
from participants.plans import PlannedTrial
from study.progress import say


class Proceedings:
    """The steps of a session once its tracker is connected; each goes on after the panel.

    Parameters
    ----------
    prepared : SessionPlan
        What is shown, and what is done already.
    window : Window
        Where it is shown.
    tracker : Tracker
        What records.
    runner : TrialRunner
        Runs trials.
    screens : Screens
        Shows texts.
    files : SessionFiles
        Where rows go.
    part : int
        Number of the recording.
    """

    def __init__(
        self,
        prepared: SessionPlan,
        window: Window,
        tracker: Tracker,
        runner: TrialRunner,
        screens: Screens,
        files: SessionFiles,
        part: int,
    ) -> None:
        self._prepared = prepared
        self._window = window
        self._tracker = tracker
        self._runner = runner
        self._screens = screens
        self._files = files
        self._part = part
        self._begun: Counter[int] = prepared.progress.attempts.copy()
        self._attempt: Attempt | None = None
        #: Whether the answer was right, for each trial that is done.
        self.correct = dict(prepared.progress.correct)

    def run_trial(self, trial: PlannedTrial) -> bool | None:
        """Run one trial, again and again if need be, until it is done or skipped.

        Parameters
        ----------
        trial : PlannedTrial
            What to show.

        Returns
        -------
        bool or None
            Whether the answer was right; None without one.

        Raises
        ------
        QuitError
            If the experimenter ends the session.
        """
        choice = Choice.RESUME
        actor = self._prepared.actors[trial.image_id]
        while choice is not Choice.SKIP:
            self._begun[trial.trial] += 1
            n_begun = self._begun[trial.trial]
            attempt = self._attempt = Attempt(
                self._prepared.plan, trial, actor, n_begun, self._part
            )
            try:
                outcome = self._runner.run(trial, without_gate=choice is Choice.WITHOUT_GATE)
            except EscPressed:
                choice = self._stand_still(IN_A_TRIAL, "")
            except GateClosedError as closed:
                self._files.log("gate stays closed", trial.trial, str(closed))
                choice = self._stand_still(AT_THE_GATE, self._prepared.texts.screen("gate"))
            else:
                self._attempt = None
                self._files.add(attempt.done_row(outcome))
                self.correct[trial.trial] = bool(outcome.correct)
                return outcome.correct
        return None

    # --- when the experimenter is needed -----------------------------------------------------

    def _stand_still(self, choices: tuple[Choice, ...], reason: str) -> Choice:
        """Break a trial off and ask what to do; a trial to be quit is left to the exit path."""
        machine = self._runner.machine
        machine.halt()
        choice = self._screens.ask_experimenter(choices, reason)
        if choice is Choice.QUIT:
            raise QuitError("the experimenter ended it")
        skipped = choice is Choice.SKIP
        machine.abort(TrialResult.SKIP if skipped else TrialResult.REPEAT)
        number = self._attempt.trial.trial if self._attempt else None
        self._files.log(f"trial broken off: {choice.name.lower()}", number)
        self._mark_attempt("skipped" if skipped else "interrupted")
        if choice is Choice.RECALIBRATE:
            self.calibrate("called for")
        return choice

    def abandon(self) -> None:
        """Mark the trial under way, if there is one, as interrupted."""
        self._mark_attempt("interrupted")

    def _mark_attempt(self, outcome: Literal["skipped", "interrupted"]) -> None:
        """Write the row of a trial that was not completed."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            onset_ms = self._runner.machine.face_onset_ms
            self._files.add(attempt.marked_row(outcome, onset_ms))

    def stand_between(self, reason: str = "") -> None:
        """Ask the experimenter what to do between two trials.

        Parameters
        ----------
        reason : str, default ""
            Why.

        Raises
        ------
        QuitError
            If the session is to end.
        """
        choice = self._screens.ask_experimenter(BETWEEN_TRIALS, reason)
        self._files.log(f"panel: {choice.name.lower()}", detail=reason)
        if choice is Choice.QUIT:
            raise QuitError("the experimenter ended it")
        if choice is Choice.RECALIBRATE:
            self.calibrate("called for")

    def careful(self, show: Callable[[], None]) -> None:
        """Show something, again after each time that the experimenter calls the panel.

        Parameters
        ----------
        show : callable
            Shows it.
        """
        while True:
            try:
                return show()
            except EscPressed:
                self.stand_between()

    def read(self, text: str) -> None:
        """Show a text until the participant goes on.

        Parameters
        ----------
        text : str
            The text.
        """
        self.careful(lambda: self._screens.read(text))

    def calibrate(self, when: str, *, validate_only: bool = False) -> None:
        """Calibrate and validate, or validate alone, and say if it is worse than it should be.

        Parameters
        ----------
        when : str
            For the log: at which point of the session.
        validate_only : bool, default False
            Leave the calibration as it is.
        """
        found = self._calibrated(validate_only=validate_only)
        self._files.note_accuracy(when, found)
        limits = self._prepared.study.settings.experiment.calibration
        if found is None or (
            found.average_deg <= limits.max_average_deg
            and found.maximum_deg <= limits.max_maximum_deg
        ):
            return
        text = self._prepared.texts.screen(
            "validation",
            average_deg=f"{found.average_deg:.2f}",
            maximum_deg=f"{found.maximum_deg:.2f}",
            allowed=f"{limits.max_average_deg:g} / {limits.max_maximum_deg:g}",
        )
        say(text)
        if not self._screens.reads_by_itself:
            self.stand_between(text)

    def _calibrated(self, *, validate_only: bool) -> Accuracy | None:
        """Calibrate, again after each time that the experimenter calls the panel."""
        while True:
            try:
                return self._tracker.calibrate(self._window, validate_only=validate_only)
            except EscPressed:
                choice = self._screens.ask_experimenter(BETWEEN_TRIALS)
                self._files.log(f"panel in a calibration: {choice.name.lower()}")
                if choice is Choice.QUIT:
                    raise QuitError("the experimenter ended it") from None
