"""One session of a simulated observer without a window: same trials, same messages, no waiting."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from experiment import messages
from experiment.asc_writer import AscWriter
from experiment.machine import TrialMachine
from experiment.observers import TrueFixation
from experiment.trial_record import Attempt
from experiment.virtual_tracker import CLOCK_START_MS, SCREEN_OF_TEXT_MS, NoScreen, VirtualTracker
from experiment.virtual_trial import VirtualSession, run_virtual_trial
from participants.plans import PlannedTrial


@dataclass(frozen=True)
class SessionResult:
    """What a simulated session leaves, besides its recording.

    Parameters
    ----------
    rows : list of dict
        Rows of trials.tsv.
    fixations : list of tuple of int and TrueFixation
        Number of the trial, and a fixation in it.
    duration_ms : int
        How long the session would have taken.
    recorded_ms : int
        Gaze recorded in it.
    """

    rows: list[dict[str, Any]]
    fixations: list[tuple[int, TrueFixation]]
    duration_ms: int
    recorded_ms: int


def run_virtual_session(
    session: VirtualSession, recording_path: Path, recorded: datetime
) -> SessionResult:
    """Let a simulated observer take part in a session, as fast as it can be computed.

    Parameters
    ----------
    session : VirtualSession
        Plan, observer, screen and pictures.
    recording_path : Path
        The recording; there must be no such file.
    recorded : datetime
        When the session is said to have been.

    Returns
    -------
    SessionResult
        Trials and truth.
    """
    screen = session.screen
    with AscWriter(recording_path, screen, recorded, "faceoff, simulated observer") as recording:
        tracker = VirtualTracker(
            recording, session.observer, screen, session.seed, session.plan.session
        )
        tracker.message(messages.display_coords(screen.width_px, screen.height_px))
        tracker.wait(SCREEN_OF_TEXT_MS)
        tracker.calibrate(NoScreen())
        run = _Run(session, tracker, TrialMachine(tracker))
        run.practise()
        run.main_blocks()
        if session.settings.calibration.at_end:
            tracker.calibrate(NoScreen(), validate_only=True)
    duration_ms = tracker.now_ms - CLOCK_START_MS
    return SessionResult(run.rows, run.fixations, duration_ms, run.recorded_ms)


class _Run:
    """A session under way, as far as it has come."""

    def __init__(
        self, session: VirtualSession, tracker: VirtualTracker, machine: TrialMachine
    ) -> None:
        self._session = session
        self._tracker = tracker
        self._machine = machine
        self.rows: list[dict[str, Any]] = []
        self.fixations: list[tuple[int, TrueFixation]] = []
        self.recorded_ms = 0

    def practise(self) -> None:
        """Practise in rounds until enough answers are right, as in a window."""
        trials = [trial for trial in self._session.plan.trials if trial.phase == "practice"]
        for _, group in groupby(trials, key=lambda trial: trial.practice_round):
            self._tracker.wait(SCREEN_OF_TEXT_MS)
            correct = [bool(self._run_one(trial)) for trial in group]
            if sum(correct) / len(correct) >= self._session.practice_criterion:
                return

    def main_blocks(self) -> None:
        """Run the main trials, with what follows the breaks between blocks."""
        trials = [trial for trial in self._session.plan.trials if trial.phase == "main"]
        follows = self._session.settings.calibration.after_breaks
        begun = False
        for _, group in groupby(trials, key=lambda trial: trial.block):
            self._tracker.wait(SCREEN_OF_TEXT_MS)
            if begun and follows != "nothing":
                self._tracker.calibrate(NoScreen(), validate_only=follows == "validate")
            begun = True
            for trial in group:
                self._run_one(trial)

    def _run_one(self, trial: PlannedTrial) -> bool | None:
        """Run one trial and keep its row and its truth."""
        session = self._session
        outcome, simulated = run_virtual_trial(session, self._tracker, self._machine, trial)
        attempt = Attempt(session.plan, trial, session.actors[trial.image_id], attempt=1, part=1)
        self.rows.append(attempt.done_row(outcome))
        self.fixations += [(trial.trial, fixation) for fixation in simulated.fixations]
        self.recorded_ms += len(simulated.trace.time_ms)
        self._tracker.wait(session.settings.pause_ms)
        return outcome.correct
