"""One session: from its plan, through the window, to the one exit path that saves everything."""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from experiment import messages
from experiment.answers import Labels
from experiment.blocks import Blocks
from experiment.ending import ended_by_signals, ignore_signals, when_display_is_lost
from experiment.headless import screen_for_session
from experiment.keys import QuitError
from experiment.preflight import check_files, check_screen, refuse
from experiment.preparation import SessionPlan, prepare_session
from experiment.proceedings import Proceedings
from experiment.recording import recording_name
from experiment.screens import Screens
from experiment.session_files import SessionFiles
from experiment.session_record import now
from experiment.trackers import check_tracker_name, make_tracker
from experiment.trackers.protocol import Eye, Tracker, TrackerLostError, TrackerSetup
from experiment.trial import TrialRunner
from experiment.window import Window
from participants.register import record_consent
from stimuli.frames import screen_from
from study.errors import InputError
from study.folder import Study
from study.progress import bar, say
from study.tables import MISSING


@dataclass(frozen=True)
class Sitting:
    """How somebody sits down for a part of a session.

    Parameters
    ----------
    tracker : str
        The tracker's name.
    eye : {"left", "right", "both"}, default "right"
        Which eye is recorded.
    vision : str, default "n/a"
        Glasses, lenses or neither.
    experimenter : str, default "n/a"
        Initials of who runs it.
    """

    tracker: str
    eye: Eye = "right"
    vision: str = MISSING
    experimenter: str = MISSING


def run_session(
    study: Study,
    participant_id: str,
    session: str,
    sitting: Sitting,
    *,
    n_main_trials: int = 0,
    resume: bool = False,
    another_day: bool = False,
) -> str:
    """Run a session, or go on with it, and save what it gives.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        A registered participant with a plan.
    session : str
        The session's label.
    sitting : Sitting
        Tracker, eye, and who runs it.
    n_main_trials : int, default 0
        Run only this many trials of the plan after practice; 0 runs all.
    resume : bool, default False
        Go on with a session that has begun.
    another_day : bool, default False
        Go on even if it began on another day.

    Returns
    -------
    str
        ``finished``; ``quit`` where someone ended it; ``failed`` where something did.

    Raises
    ------
    InputError
        If there is no plan, the session has run before, or a setting is wrong.
    """
    check_tracker_name(sitting.tracker)
    prepared = prepare_session(
        study,
        participant_id,
        session,
        n_main_trials=n_main_trials,
        resume=resume,
        another_day=another_day,
    )
    try:
        return _run_in_window(prepared, sitting, resume=resume)
    except QuitError as error:
        # A session that has begun says itself how it ended.
        say(f"The session ends: {error}. Nothing was recorded.")
        return "quit"


def _run_in_window(prepared: SessionPlan, sitting: Sitting, *, resume: bool) -> str:
    """Open the window, see whether all is as it should be, and run the session."""
    study, settings = prepared.study, prepared.study.settings
    size_px = settings.screen.width_px, settings.screen.height_px
    with screen_for_session(*size_px) as virtual, ended_by_signals():
        window = Window(
            screen_from(settings.screen),
            settings.screen.refresh_hz,
            settings.experiment,
            virtual=virtual,
        )
        with closing(window):
            who = prepared.plan.participant_id, prepared.plan.session
            say("Checking pictures, disk and screen ...")
            refuse(
                [
                    *check_files(study, *who, resume=resume),
                    *check_screen(study, sitting.tracker, window),
                ]
            )
            return Session(prepared, window, sitting).run()


class Session:
    """A part of a session under way.

    Parameters
    ----------
    prepared : SessionPlan
        What is shown, and what is done already.
    window : Window
        Where it is shown.
    sitting : Sitting
        What records it.
    """

    def __init__(self, prepared: SessionPlan, window: Window, sitting: Sitting) -> None:
        plan = self._plan = prepared.plan
        self._prepared = prepared
        self._settings = prepared.study.settings.experiment
        self._window = window
        self._sitting = sitting
        self._part = prepared.progress.n_parts + 1
        self._tracker = self._make_tracker()
        by_mouse = self._settings.answer == "mouse"
        self._labels = Labels(plan.keys, prepared.texts.expressions, by_mouse=by_mouse)
        self._runner = TrialRunner(
            self._tracker, window, self._labels, prepared.texts, self._settings
        )
        self._screens = Screens(
            window,
            prepared.texts,
            self._settings,
            reads_by_itself=self._tracker.simulates_participant,
        )
        self._files: SessionFiles | None = None
        self._proceedings: Proceedings | None = None
        self._screen_is_there = True
        self._consent: tuple[str, str] | None = None

    def _make_tracker(self) -> Tracker:
        """Make the tracker of this part, whose recording has a name of its own."""
        plan = self._plan
        stem = recording_name(plan.participant_id, plan.session, self._part)
        return make_tracker(
            self._sitting.tracker,
            TrackerSetup(
                self._prepared.study,
                plan,
                self._window,
                self._prepared.folder / stem,
                self._sitting.eye,
            ),
        )

    def run(self) -> str:
        """Run the session; whatever happens, leave by the same exit path.

        Returns
        -------
        str
            ``finished``, ``quit`` or ``failed``.
        """
        when_display_is_lost(self._leave_without_display)
        try:
            self._conduct()
        except (QuitError, KeyboardInterrupt) as error:
            return self._end("quit", str(error) or "Ctrl-C was pressed")
        except (InputError, TrackerLostError, OSError) as error:
            if self._files is None:
                # Nothing was recorded: the command says what is wrong, and how to mend it.
                self._end("failed", "")
                raise InputError(str(error)) from error
            return self._end("failed", str(error))
        except BaseException as error:
            self._end("failed", f"{type(error).__name__}: {error}")
            raise
        return self._end("finished", "")

    def _conduct(self) -> None:
        """Do everything that a session does, if nothing comes between."""
        prepared, window, tracker, screens = (
            self._prepared, self._window, self._tracker, self._screens,
        )  # fmt: skip
        self._ask_consent()
        tracker.connect()
        files = self._files = self._open_files()
        proceedings = self._proceedings = Proceedings(
            prepared, window, tracker, self._runner, screens, files, self._part
        )
        window.watchers.append(self._watch_tracker)
        tracker.message(messages.display_coords(window.screen.width_px, window.screen.height_px))
        trials = prepared.progress.left_of(prepared.trials)
        main = [trial for trial in trials if trial.phase == "main"]
        keys = "    ".join(self._labels.texts)
        instruction = prepared.texts.screen("instruction", keys=keys, n_trials=len(main))
        proceedings.read(instruction)
        proceedings.calibrate("at the beginning")
        blocks = Blocks(prepared, window, screens, files, proceedings)
        with bar("Trials", len(trials)) as advance:
            blocks.practise([t for t in trials if t.phase == "practice"], advance)
            blocks.run_blocks(main, advance)
        if self._settings.calibration.at_end:
            proceedings.calibrate("at the end", validate_only=True)
        proceedings.read(prepared.texts.screen("thanks"))

    def _open_files(self) -> SessionFiles:
        """Open the tables, once the tracker answers, and note what holds for this part."""
        facts = {
            "part": self._part,
            **asdict(self._sitting),
            "tracker_facts": self._tracker.facts(),
            "screen_synchronised": self._window.synchronised,
        }
        files = SessionFiles(self._prepared, facts)
        if self._consent:
            files.note_consent(*self._consent)
            # The session has noted it: a register that is open elsewhere must not end it.
            note = partial(record_consent, self._prepared.study, self._plan.participant_id)
            if failure := _try("to note the consent in the register", note, *self._consent):
                files.log("register not written", detail=failure)
                say(failure)
        return files

    def _watch_tracker(self) -> None:
        """Ask the tracker for a sample with each frame, which raises where it has gone."""
        if self._runner.machine.is_recording:
            self._tracker.newest_sample()

    def _end(self, status: str, reason: str) -> str:
        """Save and close everything; each step is done even if another one fails."""
        paths: list[Path] = []
        ignore_signals()
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("to end the trial under way", self._abandon_trial),
            ("to show that data are saved", self._show_saving),
            ("to save the recording", lambda: paths.extend(self._tracker.save())),
            ("to note what the tracker is", self._note_tracker),
            ("to let go of the tracker", self._tracker.close),
        )
        failures = [failure for step in steps if (failure := _try(*step))]
        if failures and status == "finished":
            status = "failed"
        reason = " ".join([reason, *failures]).strip()
        if self._files is not None:
            names = [path.name for path in paths]
            failed = _try("to close the tables", self._files.end, status, reason, names)
            status, reason = ("failed", f"{reason} {failed}") if failed else (status, reason)
        self._say_where(status, reason)
        return status

    def _note_tracker(self) -> None:
        """Note what is known of the tracker at the end."""
        if self._files is not None:
            self._files.note_tracker(self._tracker.facts())

    def _abandon_trial(self) -> None:
        """Stop the recording of a trial under way, and mark it."""
        try:
            self._runner.machine.abort()
        finally:
            if self._proceedings is not None:
                self._proceedings.abandon()

    def _show_saving(self) -> None:
        """Tell the participant to wait, where there is still a screen."""
        if self._screen_is_there and not self._window.is_closed:
            with self._window.esc_as_key():
                self._screens.tell("saving")

    def _leave_without_display(self) -> NoReturn:
        """Save everything when the display is gone: nothing may be drawn, and nothing after it."""
        self._screen_is_there = False
        self._end("failed", "the display was closed: look after it, then resume the session")
        os._exit(1)

    def _say_where(self, status: str, reason: str) -> None:
        """Tell the experimenter what there is, where it is, and what comes next."""
        if reason:
            say(f"The session ends: {reason.removesuffix('.')}.")
        if self._files is None:
            say("Nothing was recorded.")
            return
        plan, n_done = self._plan, self._files.n_done
        who = f"{plan.participant_id}, session {plan.session}"
        say(f"{who}: {status}, {n_done} trials done. The data are in {self._prepared.folder}")
        again = f"faceoff experiment resume {plan.participant_id} --session {plan.session}"
        if status != "finished":
            say(f"Next: {again}")
        elif plan.mode == "real":
            say("Next: faceoff gaze import")
        else:
            say(f"A {plan.mode} is analysed only if [gaze] modes in study.toml says so.")

    def _ask_consent(self) -> None:
        """Ask for consent where the study wants it, before anything is recorded."""
        wanted = self._settings.consent and not self._prepared.progress.consent
        if not wanted or self._tracker.simulates_participant:
            return
        version = self._prepared.study.settings.participants.consent_version
        if not self._screens.ask_consent(version):
            raise QuitError("consent was not given")
        self._consent = version, now()


def _try(what: str, step: Callable[..., object], *values: object) -> str:
    """Do one step of saving, and say what went wrong; empty where nothing did."""
    try:
        step(*values)
    except Exception as error:  # whatever it is, the other steps must be done
        return f"It was not possible {what}: {str(error) or type(error).__name__}"
    return ""
