"""One session: from its plan, through the window, to the one exit path that saves everything."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal, NoReturn

from experiment import messages
from experiment.answers import Labels
from experiment.ending import ended_by_signals, undisturbed, when_display_is_lost
from experiment.headless import screen_for_session
from experiment.messages import TrialResult
from experiment.panel import AT_THE_GATE, BETWEEN_TRIALS, IN_A_TRIAL, Choice
from experiment.preparation import SessionPlan, prepare_session
from experiment.recording import recording_name
from experiment.screens import Screens
from experiment.session_files import SessionFiles
from experiment.session_record import now, read_session_record
from experiment.trackers import check_tracker_name, make_tracker
from experiment.trackers.protocol import Eye, Tracker, TrackerLostError, TrackerSetup
from experiment.trial import GateClosedError, TrialRunner, mask_name
from experiment.trial_record import Attempt
from experiment.window import EscPressed, QuitError, Window
from participants.plans import PlannedTrial
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
    settings = study.settings
    size_px = settings.screen.width_px, settings.screen.height_px
    with screen_for_session(*size_px) as virtual, ended_by_signals():
        window = Window(
            screen_from(settings.screen),
            settings.screen.refresh_hz,
            settings.experiment,
            virtual=virtual,
        )
        with closing(window):
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
        self._part = len(read_session_record(prepared.folder).get("parts", [])) + 1
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
        self._attempts = prepared.progress.attempts.copy()
        self._correct = dict(prepared.progress.correct)
        self._attempt: Attempt | None = None
        self._files: SessionFiles | None = None
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

    # --- the one way in and out --------------------------------------------------------------

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
            status = self._end("failed", str(error))
            if self._files is None:
                raise
            return status
        except BaseException as error:
            self._end("failed", f"{type(error).__name__}: {error}")
            raise
        return self._end("finished", "")

    def _conduct(self) -> None:
        """Do everything that a session does, if nothing comes between."""
        self._ask_consent()
        self._tracker.connect()
        self._files = SessionFiles(
            self._prepared,
            {
                **asdict(self._sitting),
                "tracker_facts": self._tracker.facts(),
                "screen_synchronised": self._window.synchronised,
            },
        )
        if self._consent:
            self._files.note_consent(*self._consent)
        self._window.watchers.append(self._watch_tracker)
        screen = self._window.screen
        self._tracker.message(messages.display_coords(screen.width_px, screen.height_px))
        texts = self._labels.texts
        self._read("instruction", keys="    ".join(texts), n_trials=self._n_main())
        self._calibrate("at the beginning")
        trials = self._prepared.progress.left_of(self._prepared.trials)
        with bar("Trials", len(trials)) as advance:
            self._practise([t for t in trials if t.phase == "practice"], advance)
            self._run_blocks([t for t in trials if t.phase == "main"], advance)
        if self._settings.calibration.at_end:
            self._calibrate("at the end", validate_only=True)
        self._read("thanks")

    def _end(self, status: str, reason: str) -> str:
        """Save and close everything; each step is done even if another one fails."""
        paths: list[Path] = []
        with undisturbed():
            steps: tuple[tuple[str, Callable[[], object]], ...] = (
                ("to end the trial under way", self._abandon_trial),
                ("to show that data are saved", self._show_saving),
                ("to save the recording", lambda: paths.extend(self._tracker.save())),
                ("to let go of the tracker", self._tracker.close),
            )
            failures = [failure for step in steps if (failure := _try(*step))]
            if failures and status == "finished":
                status = "failed"
            reason = " ".join([reason, *failures]).strip()
            files, names = self._files, [path.name for path in paths]
            if files is not None:
                facts = {"recording_files": names, "tracker_facts": self._tracker.facts()}
                failed = _try("to close the tables", lambda: files.end(status, reason, **facts))
                status, reason = ("failed", f"{reason} {failed}") if failed else (status, reason)
            self._say_where(status, reason)
        return status

    def _abandon_trial(self) -> None:
        """Stop the recording of a trial under way, and mark it."""
        try:
            self._runner.machine.abort()
        finally:
            self._mark_attempt("interrupted")

    def _show_saving(self) -> None:
        """Tell the participant to wait, where there is still a screen."""
        if self._screen_is_there and not self._window.is_closed:
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
        plan, chosen = self._plan, len(self._prepared.trials)
        who = f"{plan.participant_id}, session {plan.session}"
        say(
            f"{who}: {status}, {self._files.n_done} of {chosen} trials. The data are in "
            f"{self._prepared.folder}"
        )
        again = f"faceoff experiment resume {plan.participant_id} --session {plan.session}"
        say("Next: faceoff gaze import" if status == "finished" else f"Next: {again}")

    # --- what a session consists of ----------------------------------------------------------

    def _ask_consent(self) -> None:
        """Ask for consent where the study wants it, before anything is recorded."""
        wanted = self._settings.consent and not self._prepared.progress.consent
        if not wanted or self._tracker.simulates_participant:
            return
        version = self._prepared.study.settings.participants.consent_version
        if not self._screens.ask_consent(version):
            raise QuitError("consent was not given")
        self._consent = version, now()

    def _practise(self, trials: Sequence[PlannedTrial], advance: Callable[[int], None]) -> None:
        """Practise in rounds until enough answers are right."""
        criterion = self._prepared.study.settings.participants.practice_criterion
        shares: list[float] = []
        for number, group in groupby(trials, key=lambda trial: trial.practice_round):
            round_trials = list(group)
            shares = self._shares_correct(before=number)
            if max(shares, default=-1.0) >= criterion:
                advance(len(round_trials))
                continue
            self._load(round_trials)
            if shares:
                self._read("practice_again", percent=round(100 * shares[-1]))
            else:
                self._read("practice", keys="", n_trials=len(round_trials))
            self._run_trials(round_trials, advance)
            shares = self._shares_correct(before=number + 1)
        if shares and max(shares) < criterion:
            self._practice_failed(shares[-1], criterion)

    def _shares_correct(self, before: int) -> list[float]:
        """Give the shares of right answers in the rounds of practice before some round."""
        rounds = [
            [self._correct[t.trial] for t in group if t.trial in self._correct]
            for number, group in groupby(self._plan.trials, key=lambda t: t.practice_round)
            if 0 < number < before
        ]
        return [sum(answers) / len(answers) for answers in rounds if answers]

    def _practice_failed(self, share: float, criterion: float) -> None:
        """Let the experimenter decide whether somebody who did not learn it goes on."""
        self._log("practice criterion missed", detail=f"{share:.3f} of {criterion:g}")
        if not self._tracker.simulates_participant:
            percents = {"percent": round(100 * share), "criterion": round(100 * criterion)}
            self._stand_between(self._prepared.texts.screen("practice_failed", **percents))

    def _run_blocks(self, trials: Sequence[PlannedTrial], advance: Callable[[int], None]) -> None:
        """Run the main trials, with a break before each block but the first."""
        n_blocks = max((trial.block for trial in self._prepared.trials), default=0)
        begun = False
        for block, group in groupby(trials, key=lambda trial: trial.block):
            block_trials = list(group)
            self._load(block_trials)
            if not begun:
                self._read("main", keys="", n_trials=len(trials))
            else:
                self._read("break", block=block - 1, n_blocks=n_blocks)
                self._after_break()
            begun = True
            condition = self._prepared.texts.of_condition(block_trials[0].condition)
            if condition:
                self._read_text(condition)
            self._run_trials(block_trials, advance)

    def _after_break(self) -> None:
        """Validate or calibrate after a break, as the settings say."""
        follows = self._settings.calibration.after_breaks
        if follows != "nothing":
            self._calibrate("after a break", validate_only=follows == "validate")

    def _load(self, trials: Sequence[PlannedTrial]) -> None:
        """Put everything that a block shows on the graphics card."""
        pictures = self._prepared.pictures
        names = sorted({trial.image_id for trial in trials})
        names += [mask_name(name) for name in names if mask_name(name) in pictures]
        self._window.draw.load_pictures({name: pictures[name] for name in names})

    def _run_trials(self, trials: Sequence[PlannedTrial], advance: Callable[[int], None]) -> None:
        """Run trials one after another; each row is on the disk before the next trial."""
        for trial in trials:
            correct = self._run_one(trial)
            if trial.phase == "practice" and trial.trial in self._correct:
                self._careful(
                    partial(self._screens.give_feedback, trial.expression, correct=correct)
                )
            if not self._screens.pause():
                self._stand_between()
            advance(1)

    def _run_one(self, trial: PlannedTrial) -> bool | None:
        """Run one trial, again and again if need be, until it is done or skipped."""
        choice = Choice.RESUME
        actor = self._prepared.actors[trial.image_id]
        while choice is not Choice.SKIP:
            self._attempts[trial.trial] += 1
            n_begun = self._attempts[trial.trial]
            attempt = self._attempt = Attempt(self._plan, trial, actor, n_begun, self._part)
            try:
                outcome = self._runner.run(trial, without_gate=choice is Choice.WITHOUT_GATE)
            except EscPressed:
                choice = self._stand_still(IN_A_TRIAL, "")
            except GateClosedError as closed:
                self._log("gate stays closed", trial.trial, str(closed))
                choice = self._stand_still(AT_THE_GATE, self._prepared.texts.screen("gate"))
            else:
                self._attempt = None
                self._open_files().add(attempt.done_row(outcome))
                self._correct[trial.trial] = bool(outcome.correct)
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
        self._log(f"trial broken off: {choice.name.lower()}", number)
        self._mark_attempt("skipped" if skipped else "interrupted")
        if choice is Choice.RECALIBRATE:
            self._calibrate("called for")
        return choice

    def _mark_attempt(self, outcome: Literal["skipped", "interrupted"]) -> None:
        """Write the row of a trial that was not completed."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            onset_ms = self._runner.machine.face_onset_ms
            self._open_files().add(attempt.marked_row(outcome, onset_ms))

    def _stand_between(self, reason: str = "") -> None:
        """Ask the experimenter what to do between two trials."""
        choice = self._screens.ask_experimenter(BETWEEN_TRIALS, reason)
        self._log(f"panel: {choice.name.lower()}", detail=reason)
        if choice is Choice.QUIT:
            raise QuitError("the experimenter ended it")
        if choice is Choice.RECALIBRATE:
            self._calibrate("called for")

    def _careful(self, show: Callable[[], None]) -> None:
        """Show something, again after each time that the experimenter calls the panel."""
        while True:
            try:
                return show()
            except EscPressed:
                self._stand_between()

    def _read(self, name: str, **values: object) -> None:
        """Show a screen of text until the participant goes on."""
        self._read_text(self._prepared.texts.screen(name, **values))

    def _read_text(self, text: str) -> None:
        """Show a text until the participant goes on."""
        self._careful(lambda: self._screens.read(text))

    def _calibrate(self, when: str, *, validate_only: bool = False) -> None:
        """Calibrate and validate, or validate alone, and say if it is worse than it should be."""
        found = self._tracker.calibrate(self._window, validate_only=validate_only)
        self._open_files().note_accuracy(when, found)
        limits = self._settings.calibration
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
        if not self._tracker.simulates_participant:
            self._stand_between(text)

    def _watch_tracker(self) -> None:
        """Ask the tracker for a sample with each frame, which raises where it has gone."""
        if self._runner.machine.is_recording:
            self._tracker.newest_sample()

    def _log(self, event: str, trial: int | None = None, detail: str = "") -> None:
        """Note what happened."""
        self._open_files().log(event, trial, detail)

    def _open_files(self) -> SessionFiles:
        """Give the files, which are open once the tracker is connected."""
        if self._files is None:
            raise RuntimeError("the tracker must be connected first")
        return self._files

    def _n_main(self) -> int:
        """Count the main trials that are run."""
        return sum(trial.phase == "main" for trial in self._prepared.trials)


def _try(what: str, step: Callable[[], object]) -> str:
    """Do one step of saving, and say what went wrong; empty where nothing did."""
    try:
        step()
    except Exception as error:  # whatever it is, the other steps must be done
        return f"It was not possible {what}: {str(error) or type(error).__name__}"
    return ""
