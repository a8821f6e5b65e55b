"""One trial of a simulated observer without a window: the same stages and messages, no waiting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import floor

import numpy as np

from experiment import messages
from experiment.gaze_trace import FloatArray
from experiment.machine import TrialMachine
from experiment.observers import (
    Confidence,
    Observer,
    Response,
    SimulatedTrial,
    draw_confidence,
    draw_response,
    in_time,
    simulate_trial,
)
from experiment.trial_record import TrialOutcome, trial_variables
from experiment.virtual_tracker import NoScreen, VirtualTracker
from experiment.window import FrameReport
from participants.plans import Plan, PlannedTrial
from stimuli.degraded import Degradation
from stimuli.frames import Screen
from study.seeds import generator
from study.settings.experiment import ExperimentSettings
from study.tables import MISSING


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
    practice_criterion : float
        Share of right answers after which practice ends.
    degradations : dict of str to Degradation
        What was done to pictures, where a study shows degraded faces.
    """

    plan: Plan
    observer: Observer
    seed: int
    screen: Screen
    refresh_hz: float
    settings: ExperimentSettings
    polygons_px: dict[str, dict[str, FloatArray]]
    actors: dict[str, str]
    practice_criterion: float
    degradations: dict[str, Degradation] = field(default_factory=dict)


def run_virtual_trial(
    session: VirtualSession, tracker: VirtualTracker, machine: TrialMachine, trial: PlannedTrial
) -> tuple[TrialOutcome, SimulatedTrial]:
    """Run one trial, from its identification to the end of its recording.

    Parameters
    ----------
    session : VirtualSession
        The session.
    tracker : VirtualTracker
        Its tracker, whose clock is moved.
    machine : TrialMachine
        Writes the messages.
    trial : PlannedTrial
        The trial.

    Returns
    -------
    outcome : TrialOutcome
        What happened.
    simulated : SimulatedTrial
        Where the observer looked.
    """
    settings = session.settings.in_condition(trial.condition)
    decided = _decide(session, tracker, trial, settings)
    _start(tracker, machine, trial, settings, decided.times)
    _show_face(tracker, machine, decided, session.plan.keys)
    tracker.wait(round(settings.recording_tail_ms))
    sure, response = decided.sure, decided.response
    if sure:
        tracker.message(messages.confidence_on(settings.confidence_levels))
        tracker.wait(sure.rt_ms)
        tracker.message(messages.confidence(str(sure.level)))
    outcome = TrialOutcome(
        key=session.plan.keys[response.expression] if response else None,
        response=response.expression if response else None,
        correct=response.correct if response else None,
        rt_ms=response.rt_ms if response else None,
        face_onset_ms=machine.face_onset_ms,
        face_offset_ms=machine.face_offset_ms,
        frames=FrameReport(decided.times.n_frames, 0, 1000.0 / session.refresh_hz),
        start_offset_deg=machine.start_offset_deg,
        gate_attempts=machine.gate_attempts,
        confidence=sure.level if sure else None,
        confidence_rt_ms=sure.rt_ms if sure else None,
    )
    tracker.see(decided.simulated)
    machine.finish(trial_variables(trial, outcome))
    return outcome, decided.simulated


@dataclass(frozen=True)
class _Decided:
    """What the observer will do in a trial: the answer, how sure it is, and where they look."""

    response: Response | None
    sure: Confidence | None
    times: "_Times"
    simulated: SimulatedTrial


def _decide(
    session: VirtualSession,
    tracker: VirtualTracker,
    trial: PlannedTrial,
    settings: ExperimentSettings,
) -> _Decided:
    """Draw everything that the observer does in a trial."""

    def draws(use: str) -> np.random.Generator:
        names = session.plan.participant_id, session.plan.session, trial.trial
        return generator(session.seed, use, *names)

    observer = session.observer.facing(
        trial.image_id, trial.expression, session.degradations.get(trial.image_id)
    )
    response = in_time(draw_response(observer, trial.expression, draws("answer")), settings)
    sure = None
    if settings.confidence_levels:
        is_right = bool(response and response.correct)
        sure = draw_confidence(is_right, settings.confidence_levels, draws("confidence"))
    times = _times(session.refresh_hz, settings, response)
    after_face_ms = times.end - times.face + round(settings.recording_tail_ms)
    simulated = simulate_trial(
        replace(observer, eye=tracker.eye()),
        trial,
        session.polygons_px[trial.image_id],
        session.screen,
        draws("gaze"),
        lead_ms=round(settings.recording_lead_ms) + times.fixation,
        face_ms=times.face,
        tail_ms=after_face_ms + (round(sure.rt_ms) if sure else 0),
    )
    return _Decided(response, sure, times, simulated)


def _show_face(
    tracker: VirtualTracker, machine: TrialMachine, decided: _Decided, keys: Mapping[str, str]
) -> None:
    """Go from the face's onset to the empty screen after the answer."""
    machine.face_on()
    expression = decided.response.expression if decided.response else MISSING
    key = keys[expression] if decided.response else MISSING
    steps: list[tuple[int, Callable[[], None]]] = [
        (decided.times.answer, partial(machine.answer, key, expression)),
        *((at_ms, partial(machine.change, shown)) for at_ms, shown in decided.times.changes),
    ]
    now_ms = 0
    for at_ms, step in sorted(steps, key=lambda step: step[0]):
        tracker.wait(at_ms - now_ms)
        now_ms = at_ms
        step()
    tracker.wait(decided.times.end - now_ms)


@dataclass(frozen=True)
class _Times:
    """When things happen in a trial, in milliseconds; those after the face from its onset.

    Parameters
    ----------
    fixation : int
        From the fixation target to the face.
    answer : int
        The answer, or the end of the time for it.
    face : int
        When the face goes.
    end : int
        When the screen is empty and the answer is taken.
    changes : tuple of tuple of int and str
        What comes in place of the face, and when.
    n_frames : int
        Frames for which the face is on.
    """

    fixation: int
    answer: int
    face: int
    end: int
    changes: tuple[tuple[int, str], ...]
    n_frames: int


def _times(refresh_hz: float, settings: ExperimentSettings, response: Response | None) -> _Times:
    """Bring a trial's times to whole frames of the screen, as a window would."""
    frame_ms = 1000.0 / refresh_hz
    seen_ms = response.rt_ms if response else settings.response_limit_ms
    end = floor(seen_ms / frame_ms) + 1
    face = min(max(round(settings.face_ms / frame_ms), 1), end) if settings.face_ms else end
    mask = min(round((settings.face_ms + settings.mask_ms) / frame_ms), end)
    changes = [(face, "mask"), (mask, "blank")] if face < mask else [(face, "blank")]
    return _Times(
        fixation=round((floor(_before_face_ms(settings) / frame_ms) + 1) * frame_ms),
        answer=floor(seen_ms),
        face=round(face * frame_ms),
        end=round(end * frame_ms),
        changes=tuple((round(frames * frame_ms), shown) for frames, shown in changes),
        n_frames=face,
    )


def _before_face_ms(settings: ExperimentSettings) -> float:
    """Say how long the target is alone: its time, or that of a gate that opens at once."""
    return settings.gate.dwell_ms if settings.start == "gate" else settings.fixation_ms


def _start(
    tracker: VirtualTracker,
    machine: TrialMachine,
    trial: PlannedTrial,
    settings: ExperimentSettings,
    times: _Times,
) -> None:
    """Go from the trial's identification to the moment before the face."""
    machine.identify(trial)
    if settings.start == "gate":
        machine.use_gate()
    else:
        machine.check_drift(NoScreen())
    machine.record()
    tracker.wait(round(settings.recording_lead_ms))
    machine.fixation_on()
    tracker.wait(times.fixation)
    if settings.start == "gate":
        machine.ready(tracker.offset_deg(trial.fixation_x_px, trial.fixation_y_px), 1)
    else:
        machine.ready()
