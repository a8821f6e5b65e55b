"""One session of a simulated observer without a window: same trials, same messages, no waiting."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import floor
from pathlib import Path
from typing import Any

from experiment import messages
from experiment.asc_writer import AscWriter
from experiment.calibration import CalibratedEye, simulate_drift_check, simulate_validation
from experiment.gaze_trace import FloatArray
from experiment.machine import TrialMachine
from experiment.observers import (
    Eye,
    Observer,
    Response,
    SimulatedTrial,
    TrueFixation,
    draw_response,
    simulate_trial,
)
from experiment.trackers.protocol import Accuracy, Sample, TargetScreen
from experiment.trial import TrialOutcome, trial_row, trial_variables
from experiment.window import FrameReport
from participants.plans import Plan, PlannedTrial
from stimuli.frames import Screen
from study.seeds import generator
from study.settings.experiment import ExperimentSettings
from study.tables import MISSING

#: What the tracker's clock shows when a session begins, and how long the steps take.
CLOCK_START_MS = 300_000
CALIBRATION_MS, VALIDATION_MS, DRIFT_CHECK_MS, SCREEN_OF_TEXT_MS = 25_000, 15_000, 400, 5_000


class NoScreen:
    """The screen of a session without a window: its targets are for nobody to see."""

    def show_target(self, x_px: float, y_px: float) -> None:
        """Show nothing."""

    def hold_target(self, x_px: float, y_px: float, duration_ms: float) -> None:
        """Show nothing, and do not wait."""


class VirtualTracker:
    """A tracker whose clock moves only when it is told to, and which sees a simulated eye.

    Parameters
    ----------
    recording : AscWriter
        Where messages and gaze go.
    observer : Observer
        Whose eye it sees.
    screen : Screen
        The screen.
    seed : int
        Where the randomness of calibration and drift checks comes from.
    session : str
        The session's label.
    """

    name = "simulated"
    simulates_participant = True

    def __init__(
        self, recording: AscWriter, observer: Observer, screen: Screen, seed: int, session: str
    ) -> None:
        self._recording = recording
        self._screen = screen
        names = observer.participant_id, session
        self._errors = generator(seed, "calibration", *names)
        self._eye = CalibratedEye(observer.eye, generator(seed, "calibration drift", *names))
        self._seen: SimulatedTrial | None = None
        self.now_ms = CLOCK_START_MS

    def wait(self, duration_ms: float) -> None:
        """Move the clock on.

        Parameters
        ----------
        duration_ms : float
            How far; it is rounded to whole milliseconds.
        """
        self.now_ms += round(duration_ms)

    def eye(self) -> Eye:
        """Give the observer's eye with the calibration's offset of this moment.

        Returns
        -------
        Eye
            The eye.
        """
        return self._eye.at(self.now_ms)

    def see(self, simulated: SimulatedTrial) -> None:
        """Take what the eye will have done by the end of this recording.

        Parameters
        ----------
        simulated : SimulatedTrial
            Gaze from the recording's start, with times from face onset.
        """
        self._seen = simulated

    def connect(self) -> None:
        """Do nothing: the recording is open."""

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy:
        """Calibrate and validate."""
        if not validate_only:
            self._eye.calibrate(self.now_ms)
        found = simulate_validation(self.eye(), self._screen, self._errors)
        if not validate_only:
            self.wait(CALIBRATION_MS)
            self._recording.calibration(self.now_ms, found)
        self.wait(VALIDATION_MS)
        self._recording.validation(self.now_ms, found)
        return Accuracy(found.average_deg, found.maximum_deg, found.verdict)

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Measure how far gaze is from a target, in degrees."""
        offset_px = simulate_drift_check(self.eye(), self._errors, self._screen)
        self.wait(DRIFT_CHECK_MS)
        self._recording.drift_check(self.now_ms, (x_px, y_px), offset_px)
        seen_px = [x_px + offset_px[0], y_px + offset_px[1]]
        return float(self._screen.distance_deg([x_px, y_px], seen_px))

    def start(self) -> None:
        """Begin to record samples."""
        self._recording.start_block(self.now_ms)

    def stop(self) -> None:
        """End recording with what the eye did."""
        if self._seen is None:
            raise RuntimeError("a recording ends with the gaze that was simulated for it")
        trace = self._seen.trace
        self._recording.end_block(trace.shifted(self.now_ms - 1 - int(trace.time_ms[-1])))
        self._seen = None

    def message(self, text: str) -> float:
        """Write a message into the recording, and give its time in milliseconds."""
        self._recording.message(self.now_ms, text)
        return float(self.now_ms)

    def newest_sample(self) -> Sample | None:
        """Give no sample: nobody watches."""
        return None

    def save(self) -> list[Path]:
        """Do nothing: the recording is where it belongs."""
        return []

    def close(self) -> None:
        """Do nothing: whoever opened the recording closes it."""

    def facts(self) -> dict[str, str | float]:
        """Say what records."""
        return {"model": "simulated observer", "sample_rate_hz": 1000.0}


@dataclass(frozen=True)
class VirtualSession:
    """What a simulated session needs to know.

    Parameters
    ----------
    plan : Plan
        The session's plan.
    observer : Observer
        Who takes part.
    seed : int
        The observers' seed.
    screen : Screen
        The screen.
    refresh_hz : float
        Its refresh rate.
    settings : ExperimentSettings
        Times.
    polygons_px : dict of str to dict of str to ndarray, shape (n, 2)
        For each picture, the outline of each region in screen pixels.
    actors : dict of str to str
        Who is on each picture.
    """

    plan: Plan
    observer: Observer
    seed: int
    screen: Screen
    refresh_hz: float
    settings: ExperimentSettings
    polygons_px: dict[str, dict[str, FloatArray]]
    actors: dict[str, str]


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


@dataclass(frozen=True)
class _Times:
    """When things happen in a trial, in milliseconds."""

    fixation: int
    face: int
    answer: int
    n_frames: int


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
    plan, screen = session.plan, session.screen
    rows, fixations, recorded_ms = [], [], 0
    with AscWriter(recording_path, screen, recorded, "faceoff, simulated observer") as recording:
        tracker = VirtualTracker(recording, session.observer, screen, session.seed, plan.session)
        machine = TrialMachine(tracker)
        tracker.message(messages.display_coords(screen.width_px, screen.height_px))
        tracker.wait(SCREEN_OF_TEXT_MS)
        tracker.calibrate(NoScreen())
        previous = None
        for trial in plan.trials:
            if (trial.phase, trial.block) != previous:
                tracker.wait(SCREEN_OF_TEXT_MS)
            previous = (trial.phase, trial.block)
            outcome, simulated = _run_trial(session, tracker, machine, trial)
            actor = session.actors[trial.image_id]
            rows.append(trial_row(plan.participant_id, plan.session, actor, trial, outcome))
            fixations += [(trial.trial, fixation) for fixation in simulated.fixations]
            recorded_ms += len(simulated.trace.time_ms)
            tracker.wait(session.settings.pause_ms)
    return SessionResult(rows, fixations, tracker.now_ms - CLOCK_START_MS, recorded_ms)


def _run_trial(
    session: VirtualSession, tracker: VirtualTracker, machine: TrialMachine, trial: PlannedTrial
) -> tuple[TrialOutcome, SimulatedTrial]:
    """Run one trial, from its identification to the end of its recording."""
    settings, names = session.settings, (session.plan.participant_id, session.plan.session)
    answers = generator(session.seed, "answer", *names, trial.trial)
    observer = session.observer.facing(trial.image_id, trial.expression)
    drawn = draw_response(observer, trial.expression, answers)
    limit_ms = settings.response_limit_ms
    response = None if limit_ms and drawn.rt_ms >= limit_ms else drawn
    times = _times(session, response)
    lead_ms, tail_ms = round(settings.recording_lead_ms), round(settings.recording_tail_ms)
    simulated = simulate_trial(
        replace(observer, eye=tracker.eye()),
        trial,
        session.polygons_px[trial.image_id],
        session.screen,
        generator(session.seed, "gaze", *names, trial.trial),
        lead_ms=lead_ms + times.fixation,
        face_ms=times.face,
        tail_ms=tail_ms,
    )
    machine.identify(trial)
    machine.check_drift(NoScreen())
    machine.record()
    tracker.wait(lead_ms)
    machine.fixation_on()
    tracker.wait(times.fixation)
    machine.face_on()
    tracker.wait(times.answer)
    key = session.plan.keys[response.expression] if response else None
    machine.answer(key or MISSING, response.expression if response else MISSING)
    tracker.wait(times.face - times.answer)
    machine.face_off()
    tracker.wait(tail_ms)
    outcome = TrialOutcome(
        key=key,
        response=response.expression if response else None,
        correct=response.correct if response else None,
        rt_ms=response.rt_ms if response else None,
        face_onset_ms=machine.face_onset_ms,
        face_offset_ms=machine.face_offset_ms,
        frames=FrameReport(times.n_frames, 0, 1000.0 / session.refresh_hz),
    )
    tracker.see(simulated)
    machine.finish(trial_variables(trial, outcome))
    return outcome, simulated


def _times(session: VirtualSession, response: Response | None) -> _Times:
    """Bring a trial's times to whole frames of the screen, as a window would."""
    frame_ms = 1000.0 / session.refresh_hz
    settings = session.settings
    seen_ms = response.rt_ms if response else settings.response_limit_ms
    n_frames = floor(seen_ms / frame_ms) + 1
    return _Times(
        fixation=round((floor(settings.fixation_ms / frame_ms) + 1) * frame_ms),
        face=round(n_frames * frame_ms),
        answer=floor(seen_ms),
        n_frames=n_frames,
    )
