"""The events that a tracker's parser reports, with their values taken from the samples."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from experiment.gaze_trace import (
    SAMPLE_MS,
    Blink,
    Fixation,
    FloatArray,
    GazeTrace,
    IntArray,
    Saccade,
)
from experiment.observers.scanpath import Station
from stimuli.frames import Screen

#: Samples on each side from which velocity is taken.
N_SIDE = 4


def velocity_deg_s(gaze_deg: FloatArray) -> FloatArray:
    """Measure the speed of gaze by the means of the four samples before and after each one.

    Parameters
    ----------
    gaze_deg : ndarray, shape (n, 2)
        Gaze at 1000 Hz, in degrees.

    Returns
    -------
    ndarray, shape (n,)
        Speed; NaN within four samples of the borders and of missing ones.

    References
    ----------
    Engbert and Kliegl (2003), Vision Research 43, equation 1, with four samples on each side.

    Examples
    --------
    >>> ramp = np.column_stack([0.1 * np.arange(9), np.zeros(9)])
    >>> velocity_deg_s(ramp).round(6)
    array([ nan,  nan,  nan,  nan, 100.,  nan,  nan,  nan,  nan])
    """
    n = N_SIDE
    speed = np.full(len(gaze_deg), np.nan)
    if len(gaze_deg) > 2 * n:
        sums = sliding_window_view(gaze_deg, n, axis=0).sum(axis=-1)
        apart_s = (n + 1) * SAMPLE_MS / 1000.0
        speed[n:-n] = np.hypot(*((sums[n + 1 :] - sums[: -n - 1]) / (n * apart_s)).T)
    return speed


def parse_trace(
    stations: list[Station],
    time_ms: IntArray,
    gaze_px: FloatArray,
    pupil: FloatArray,
    screen: Screen,
) -> GazeTrace:
    """Cut samples into fixations, saccades and blinks at the known borders.

    Positions, pupil sizes, amplitudes and velocities come from the samples, with their noise,
    as a tracker's own parser has no others.

    Parameters
    ----------
    stations : list of Station
        Borders of the fixations, and the blinks between them.
    time_ms : ndarray of int, shape (n,)
        Time of each sample.
    gaze_px : ndarray, shape (n, 2)
        Measured gaze as it is written; NaN where the eye is not seen.
    pupil : ndarray, shape (n,)
        Measured pupil size as it is written; NaN where the eye is not seen.
    screen : Screen
        For degrees.

    Returns
    -------
    GazeTrace
        Samples and events.
    """
    first_ms = int(time_ms[0])
    fixations = []
    for station in stations:
        held = slice(station.start_ms - first_ms, station.end_ms - first_ms + 1)
        x_px, y_px = gaze_px[held].mean(axis=0)
        size = pupil[held].mean()
        fixations.append(
            Fixation(station.start_ms, station.end_ms, float(x_px), float(y_px), float(size))
        )
    return GazeTrace(
        time_ms,
        gaze_px[:, 0],
        gaze_px[:, 1],
        pupil,
        tuple(fixations),
        _saccades(stations, first_ms, gaze_px, screen),
        tuple(_blinks(stations)),
    )


def _saccades(
    stations: list[Station], first_ms: int, gaze_px: FloatArray, screen: Screen
) -> tuple[Saccade, ...]:
    """Measure what lies between successive fixations."""
    if len(stations) < 2:
        return ()
    speed = velocity_deg_s(screen.to_deg(gaze_px))
    starts = np.array([station.end_ms + 1 - first_ms for station in stations[:-1]])
    ends = np.array([station.start_ms - 1 - first_ms for station in stations[1:]])
    from_px, to_px = gaze_px[starts], gaze_px[ends]
    amplitudes_deg = screen.distance_deg(from_px, to_px)
    return tuple(
        Saccade(
            start_ms=int(start) + first_ms,
            end_ms=int(end) + first_ms,
            x_start_px=float(x_px),
            y_start_px=float(y_px),
            x_end_px=float(x_end_px),
            y_end_px=float(y_end_px),
            amplitude_deg=float(amplitude_deg),
            peak_velocity_deg_s=float(np.nanmax(speed[start : end + 1])),
        )
        for start, end, (x_px, y_px), (x_end_px, y_end_px), amplitude_deg in zip(
            starts, ends, from_px, to_px, amplitudes_deg, strict=True
        )
    )


def _blinks(stations: list[Station]) -> list[Blink]:
    """List the stretches in which the eye is not seen."""
    blinks = []
    for station in stations:
        if station.blink is not None:
            start_ms = station.end_ms + 1 + station.blink.closing_ms
            blinks.append(Blink(start_ms, start_ms + station.blink.closed_ms - 1))
    return blinks
