"""The events that a tracker's parser reports, with their values taken from the samples."""

from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

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
#: Gaze this near to missing samples belongs to no fixation, and a shorter rest is none.
LOSS_MARGIN_MS, SHORTEST_PART_MS = 10, 20

BoolArray = NDArray[np.bool_]


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
    as a tracker's own parser has no others. Lost samples are blinks to it, each within a
    saccade, so that a loss cuts a fixation in two.

    Parameters
    ----------
    stations : list of Station
        Borders of the fixations.
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
    missing = np.isnan(gaze_px[:, 0])
    held = _seen_parts(stations, first_ms, missing)
    fixations = []
    for start, stop in held:
        x_px, y_px = gaze_px[start:stop].mean(axis=0)
        size = float(pupil[start:stop].mean())
        fixations.append(
            Fixation(start + first_ms, stop - 1 + first_ms, float(x_px), float(y_px), size)
        )
    between = [(stop, start) for (_, stop), (start, _) in pairwise(held)]
    return GazeTrace(
        time_ms,
        gaze_px[:, 0],
        gaze_px[:, 1],
        pupil,
        tuple(fixations),
        _saccades(between, first_ms, gaze_px, screen),
        tuple(Blink(a + first_ms, b - 1 + first_ms) for a, b in _runs(missing)),
    )


def _seen_parts(
    stations: list[Station], first_ms: int, missing: BoolArray
) -> list[tuple[int, int]]:
    """List the parts of fixations that are seen, as first sample and the one after the last."""
    still = np.zeros(len(missing), dtype=bool)
    parts = [(s.start_ms - first_ms, s.end_ms + 1 - first_ms) for s in stations]
    if not missing.any():
        return parts
    for start, stop in parts:
        still[start:stop] = True
    for start, stop in _runs(missing):
        still[max(start - LOSS_MARGIN_MS, 0) : stop + LOSS_MARGIN_MS] = False
    return [(start, stop) for start, stop in _runs(still) if stop - start >= SHORTEST_PART_MS]


def _runs(where: BoolArray) -> list[tuple[int, int]]:
    """List the runs of true values, as the first place and the one after the last."""
    edges = np.flatnonzero(np.diff(where.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _saccades(
    between: list[tuple[int, int]], first_ms: int, gaze_px: FloatArray, screen: Screen
) -> tuple[Saccade, ...]:
    """Measure what lies between successive fixations."""
    if not between:
        return ()
    speed = velocity_deg_s(screen.to_deg(gaze_px))
    starts, stops = np.array(between).T
    from_px, to_px = gaze_px[starts], gaze_px[stops - 1]
    amplitudes_deg = screen.distance_deg(from_px, to_px)
    return tuple(
        Saccade(
            start_ms=int(start) + first_ms,
            end_ms=int(stop) - 1 + first_ms,
            x_start_px=float(x_px),
            y_start_px=float(y_px),
            x_end_px=float(x_end_px),
            y_end_px=float(y_end_px),
            amplitude_deg=float(amplitude_deg),
            peak_velocity_deg_s=float(np.nanmax(speed[start:stop])),
        )
        for start, stop, (x_px, y_px), (x_end_px, y_end_px), amplitude_deg in zip(
            starts, stops, from_px, to_px, amplitudes_deg, strict=True
        )
    )
