"""One session: from its plan, through the window, to the one exit path that saves everything."""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from experiment import messages
from experiment.headless import screen_for_session
from experiment.machine import TrialMachine
from experiment.preparation import SessionPlan, prepare_session
from experiment.recording import (
    SessionRecord,
    TrialTable,
    recording_name,
    settings_used,
    versions,
)
from experiment.trackers import check_tracker_name, make_tracker
from experiment.trackers.protocol import Tracker, TrackerSetup
from experiment.trial import Labels, TrialOutcome, run_trial, trial_row
from experiment.window import EscPressed, QuitError, Window
from participants.plans import PlannedTrial
from stimuli.frames import screen_from
from study.folder import Study
from study.progress import bar, say

GO_ON_KEYS = ("space", "return")


def run_session(
    study: Study,
    participant_id: str,
    session: str,
    *,
    tracker: str = "",
    mode: str = "",
    n_main_trials: int = 0,
) -> str:
    """Run a session and save what it gives.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        A registered participant with a plan.
    session : str
        The session's label.
    tracker : str, default ""
        The tracker's name; empty takes the one of the settings.
    mode : str, default ""
        What the session is for; empty takes the plan's, another one is refused.
    n_main_trials : int, default 0
        Run only this many trials of the plan after practice; 0 runs all.

    Returns
    -------
    str
        ``finished``, or ``quit`` where someone ended it.

    Raises
    ------
    InputError
        If there is no plan, the session has run before, or a setting is wrong.
    """
    name = check_tracker_name(tracker or study.settings.experiment.tracker)
    prepared = prepare_session(study, participant_id, session, mode, n_main_trials)
    settings = study.settings
    width_px, height_px = settings.screen.width_px, settings.screen.height_px
    with screen_for_session(width_px, height_px) as virtual:
        window = Window(
            screen_from(settings.screen),
            settings.screen.refresh_hz,
            settings.experiment,
            virtual=virtual,
        )
        with ExitStack() as until_end:
            until_end.callback(window.close)
            stem = prepared.folder / recording_name(
                prepared.plan.participant_id, prepared.plan.session
            )
            setup = TrackerSetup(study, prepared.plan, window, stem, "right")
            chosen = make_tracker(name, setup)
            return Session(prepared, window, chosen).run()


class Session:
    """A session under way.

    Parameters
    ----------
    prepared : SessionPlan
        What is shown.
    window : Window
        Where it is shown.
    tracker : Tracker
        What records gaze.
    """

    def __init__(self, prepared: SessionPlan, window: Window, tracker: Tracker) -> None:
        self._prepared = prepared
        self._plan = prepared.plan
        self._settings = prepared.study.settings.experiment
        self._window = window
        self._tracker = tracker
        self._machine = TrialMachine(tracker)
        self._labels = Labels(prepared.plan.keys, prepared.texts.expressions)
        self._table = TrialTable(prepared.folder / "trials.tsv")
        self._record = SessionRecord(prepared.folder / "session.json", self._facts())

    def _facts(self) -> dict[str, object]:
        """Collect what session.json says from the start."""
        plan = self._plan
        return {
            "participant_id": plan.participant_id,
            "session": plan.session,
            "mode": plan.mode,
            "task": plan.task,
            "tracker": self._tracker.name,
            "n_trials_planned": len(plan.trials),
            "n_trials_chosen": len(self._prepared.trials),
            "screen_synchronised": self._window.synchronised,
            "settings": settings_used(self._prepared.study),
            "versions": versions("faceoff", "psychopy", "numpy"),
        }

    def run(self) -> str:
        """Run the session; whatever happens, leave by the same exit path.

        Returns
        -------
        str
            ``finished`` or ``quit``.
        """
        status = "failed"
        try:
            self._begin()
            self._run_blocks()
            self._show("thanks")
            status = "finished"
        except QuitError as reason:
            status = "quit"
            say(f"The session ends: {reason}.")
        except EscPressed:
            status = "quit"
            say("The session ends: Esc was pressed.")
        except KeyboardInterrupt:
            status = "quit"
            say("The session ends: Ctrl-C was pressed.")
        finally:
            self._end(status)
        return status

    def _begin(self) -> None:
        """Reach the tracker, calibrate, instruct."""
        screen = self._window.screen
        self._tracker.connect()
        self._tracker.message(messages.display_coords(screen.width_px, screen.height_px))
        self._show("instruction", keys="    ".join(self._labels.texts), n_trials=self._n_main)
        self._tracker.calibrate(self._window)

    @property
    def _n_main(self) -> int:
        """Number of main trials that are run."""
        return sum(trial.phase == "main" for trial in self._prepared.trials)

    def _run_blocks(self) -> None:
        """Run the trials, with a screen before each block."""
        trials = self._prepared.trials
        n_blocks = len({trial.block for trial in trials if trial.phase == "main"})
        blocks = groupby(trials, key=lambda trial: (trial.phase, trial.block))
        n_done = 0
        with bar("Trials", len(trials)) as advance:
            for (phase, _), block in blocks:
                block_trials = list(block)
                self._load(block_trials)
                if phase == "practice":
                    self._show("practice", keys="", n_trials=len(block_trials))
                elif n_done == 0:
                    self._show("main", keys="", n_trials=self._n_main)
                else:
                    self._show("break", block=n_done, n_blocks=n_blocks)
                n_done += phase == "main"
                for trial in block_trials:
                    self._run_one(trial)
                    advance(1)

    def _load(self, trials: Sequence[PlannedTrial]) -> None:
        """Put the block's pictures on the graphics card."""
        wanted = {trial.image_id for trial in trials}
        self._window.draw.load_faces(
            {name: self._prepared.pictures[name] for name in sorted(wanted)}
        )

    def _run_one(self, trial: PlannedTrial) -> None:
        """Run one trial, save its row, and give feedback in practice."""
        outcome = run_trial(self._machine, self._window, trial, self._labels, self._settings)
        actor = self._prepared.actors[trial.image_id]
        plan = self._plan
        self._table.add(trial_row(plan.participant_id, plan.session, actor, trial, outcome))
        if trial.phase == "practice":
            self._give_feedback(trial, outcome)
        self._window.flip()
        self._window.wait_for_key((), self._settings.pause_ms)

    def _give_feedback(self, trial: PlannedTrial, outcome: TrialOutcome) -> None:
        """Say whether the answer was right, and what was shown."""
        name = {True: "right", False: "wrong", None: "no_answer"}[outcome.correct]
        expression = self._prepared.texts.expressions[trial.expression]
        self._window.show_text(self._prepared.texts.screen(name, expression=expression))
        self._window.wait_for_key((), self._settings.feedback_ms)

    def _show(self, name: str, **values: object) -> None:
        """Show a screen of text until the participant goes on."""
        self._window.show_text(self._prepared.texts.screen(name, **values))
        # A simulated participant reads for a while and goes on without a key.
        timeout_ms = self._settings.screen_ms if self._tracker.simulates_participant else None
        self._window.wait_for_key(GO_ON_KEYS, timeout_ms)

    def _end(self, status: str) -> None:
        """Save and close everything; each part is closed even if another one fails."""
        files: list[Path] = []
        with ExitStack() as last_first:
            last_first.callback(lambda: self._say_where(status))
            last_first.callback(
                lambda: self._record.write(
                    status,
                    n_trials=self._table.n_rows,
                    recording_files=[path.name for path in files],
                )
            )
            last_first.callback(self._table.close)
            last_first.callback(self._tracker.close)
            last_first.callback(lambda: files.extend(self._tracker.save()))
            last_first.callback(self._machine.abort)

    def _say_where(self, status: str) -> None:
        """Tell the experimenter what there is, where it is, and what comes next."""
        done, chosen = self._table.n_rows, len(self._prepared.trials)
        who = f"{self._plan.participant_id}, session {self._plan.session}"
        say(f"{who}: {status}, {done} of {chosen} trials. The data are in {self._prepared.folder}")
        if done:
            say("Next: faceoff gaze import")
