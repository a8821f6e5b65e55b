"""One trial of a simulated observer: from the fixation target to the end of the recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from experiment.gaze_trace import FloatArray, GazeTrace
from experiment.observers.eye import (
    LID_SHIFT_DEG,
    fixational_movement,
    lid_path,
    measurement_noise,
    pupil_course,
    saccade_path,
)
from experiment.observers.loss import lost_samples
from experiment.observers.observer import Eye, Observer
from experiment.observers.parser import parse_trace
from experiment.observers.scanpath import Station, draw_scanpath
from stimuli.frames import Screen

#: Spread of where people fixate around a fixation target.
TARGET_SPREAD_DEG = 0.15
#: Share of the pupil that the lid hides at the border of a blink.
LID_COVER = 0.5


class TrialToSee(Protocol):
    """What an observer must know of a planned trial."""

    @property
    def expression(self) -> str:
        """The expression shown."""

    @property
    def fixation_x_px(self) -> float:
        """Horizontal place of the fixation target on the screen."""

    @property
    def fixation_y_px(self) -> float:
        """Vertical place of the fixation target on the screen."""


@dataclass(frozen=True)
class TrueFixation:
    """A fixation as the observer made it, without the tracker's errors.

    Parameters
    ----------
    index : int
        1 for the first fixation that starts after face onset.
    region : str
        Where it landed.
    x_px, y_px : float
        Mean true position, in screen pixels.
    onset_ms : int
        From face onset.
    duration_ms : int
        Until its end, or until the face went.
    offset_x_deg, offset_y_deg : float
        What the tracker's calibration was off by at that time.
    """

    index: int
    region: str
    x_px: float
    y_px: float
    onset_ms: int
    duration_ms: int
    offset_x_deg: float
    offset_y_deg: float


@dataclass(frozen=True)
class SimulatedTrial:
    """What the tracker records in one trial, and what was true.

    Parameters
    ----------
    trace : GazeTrace
        Samples and events; times from face onset.
    fixations : tuple of TrueFixation
        Every fixation that starts while the face is shown.
    """

    trace: GazeTrace
    fixations: tuple[TrueFixation, ...]


def simulate_trial(
    observer: Observer,
    trial: TrialToSee,
    polygons_px: Mapping[str, FloatArray],
    screen: Screen,
    generator: np.random.Generator,
    *,
    lead_ms: int,
    face_ms: int,
    tail_ms: int,
    seen_ms: int = 0,
) -> SimulatedTrial:
    """Let an observer look at one face.

    Parameters
    ----------
    observer : Observer
        Who looks.
    trial : PlannedTrial
        What is shown, and where the fixation target stands.
    polygons_px : mapping of str to ndarray, shape (n, 2)
        Outline of each region on the screen.
    screen : Screen
        For degrees.
    generator : numpy.random.Generator
        Where the randomness of this trial comes from.
    lead_ms : int
        Recorded time before face onset, 1 or more.
    face_ms : int
        Time from face onset to face offset, 1 or more.
    tail_ms : int
        Recorded time after face offset, 0 or more.
    seen_ms : int, default 0
        Time from the recording's start in which no sample is lost.

    Returns
    -------
    SimulatedTrial
        lead_ms + face_ms + tail_ms samples, and the truth.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from experiment.observers.observer import draw_observer
    >>> from study.settings.observers import ObserversSettings
    >>> mouth_only = {name: {"mouth": 1.0} for name in ("happy",)}
    >>> observer = draw_observer(ObserversSettings(strategy=mouth_only), "sub-001", seed=1)
    >>> trial = SimpleNamespace(expression="happy", fixation_x_px=600, fixation_y_px=540)
    >>> mouth_px = np.array([[900.0, 600.0], [1020.0, 600.0], [1020.0, 640.0], [900.0, 640.0]])
    >>> simulated = simulate_trial(
    ...     observer, trial, {"mouth": mouth_px}, Screen(1920, 1080, 53.0, 29.8, 70.0),
    ...     np.random.default_rng(1), lead_ms=500, face_ms=1500, tail_ms=100,
    ... )
    >>> len(simulated.trace.time_ms), {fixation.region for fixation in simulated.fixations}
    (2100, {'mouth'})
    """
    time_ms = np.arange(-lead_ms, face_ms + tail_ms)
    target_px = [trial.fixation_x_px, trial.fixation_y_px]
    target_deg = screen.to_deg(target_px) + generator.normal(0.0, TARGET_SPREAD_DEG, size=2)
    stations = draw_scanpath(
        observer.eye,
        observer.strategy[trial.expression],
        fixation_target_deg=target_deg,
        polygons_px=polygons_px,
        screen=screen,
        start_ms=-lead_ms,
        end_ms=int(time_ms[-1]),
        generator=generator,
    )
    true_deg = _true_path(observer.eye, stations, len(time_ms), generator)
    pupil = pupil_course(time_ms.astype(float), observer.eye.pupil_area, generator)
    _cover_pupil(stations, pupil, lead_ms)
    offset_deg = [observer.eye.offset_x_deg, observer.eye.offset_y_deg]
    noise_deg = measurement_noise(len(time_ms), observer.eye.noise_rms_s2s_deg, generator)
    # Rounded as it is written, so that the means of events are those of the written samples.
    gaze_px = screen.to_px(true_deg + offset_deg + noise_deg).round(1)
    lost = lost_samples(len(time_ms), observer.eye, generator)
    lost[:seen_ms] = False
    gaze_px[lost] = pupil[lost] = np.nan
    return SimulatedTrial(
        parse_trace(stations, time_ms, gaze_px, pupil.round(), screen),
        _true_fixations(observer.eye, stations, screen.to_px(true_deg), lead_ms, face_ms),
    )


def _true_path(
    eye: Eye, stations: list[Station], n_samples: int, generator: np.random.Generator
) -> FloatArray:
    """Give the eye's position in degrees at each sample; NaN where a lid hides it."""
    movement = fixational_movement(n_samples, eye.drift_deg_per_sqrt_s, eye.tremor_deg, generator)
    path = np.empty((n_samples, 2))
    first_ms = stations[0].start_ms
    for station in stations:
        held = slice(station.start_ms - first_ms, station.end_ms - first_ms + 1)
        path[held] = station.point_deg + movement[held] - movement[held.start]
    for station, following in pairwise(stations):
        start, stop = station.end_ms + 1 - first_ms, following.start_ms - first_ms
        before, after = path[start - 1], path[stop]
        if station.blink is None:
            path[start:stop] = saccade_path(before, after, stop - start)
        else:
            blink = station.blink
            parts_ms = (blink.closing_ms, blink.closed_ms, blink.opening_ms)
            shift_deg = generator.uniform(*LID_SHIFT_DEG)
            path[start:stop] = lid_path(before, after, parts_ms, shift_deg)
    return path


def _cover_pupil(stations: list[Station], pupil: FloatArray, lead_ms: int) -> None:
    """Let the lid hide the pupil around each blink, in place."""
    for station in stations:
        if station.blink is None:
            continue
        start = station.end_ms + 1 + lead_ms
        closed = start + station.blink.closing_ms
        opened = closed + station.blink.closed_ms
        stop = start + station.blink.total_ms
        pupil[start:closed] *= np.linspace(1.0, 1.0 - LID_COVER, closed - start)
        pupil[closed:opened] = np.nan
        pupil[opened:stop] *= np.linspace(1.0 - LID_COVER, 1.0, stop - opened)


def _true_fixations(
    eye: Eye, stations: list[Station], true_px: FloatArray, lead_ms: int, face_ms: int
) -> tuple[TrueFixation, ...]:
    """List the fixations that start while the face is shown, clipped to its offset."""
    fixations: list[TrueFixation] = []
    for station in stations[1:]:
        if station.start_ms >= face_ms:
            break
        stop_ms = min(station.end_ms + 1, face_ms)
        seen_px = true_px[station.start_ms + lead_ms : stop_ms + lead_ms]
        x_px, y_px = seen_px.mean(axis=0)
        fixations.append(
            TrueFixation(
                index=len(fixations) + 1,
                region=station.region,
                x_px=float(x_px),
                y_px=float(y_px),
                onset_ms=station.start_ms,
                duration_ms=stop_ms - station.start_ms,
                offset_x_deg=eye.offset_x_deg,
                offset_y_deg=eye.offset_y_deg,
            )
        )
    return tuple(fixations)
