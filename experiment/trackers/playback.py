"""A simulated trial played on a running clock, whenever the face really comes and goes."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from experiment.gaze_trace import Fixation, GazeTrace, IntArray, Saccade
from stimuli.frames import Screen


def played_indices(
    trial: GazeTrace, times_ms: ArrayLike, *, start_ms: int, onset_ms: int | None
) -> IntArray:
    """Say which sample of a simulated trial is seen at each time of the clock.

    Until the face comes, the eye is on the target: the samples before onset are played from the
    first one on, and to and fro where the face is late. After it, they follow the onset, and
    stay with the last fixation, to and fro, where the recording outlasts them.

    Parameters
    ----------
    trial : GazeTrace
        The simulated trial; its times are from face onset, its first and last sample lie within
        fixations.
    times_ms : array_like of int, shape (n,)
        Times on the clock, from `start_ms` on.
    start_ms : int
        The recording's first sample on the clock.
    onset_ms : int or None
        First sample with the face, on the clock; None as long as there is none.

    Returns
    -------
    ndarray of int, shape (n,)
        Indices into the trial's samples.
    """
    times = np.asarray(times_ms, dtype=np.int64)
    lead = int(-trial.time_ms[0])
    before = _to_and_fro(times - start_ms, lead)
    if onset_ms is None:
        return before
    n_after = len(trial.time_ms) - lead
    last = n_after - max(trial.fixations[-1].start_ms, 0)
    since = times - onset_ms
    overtime = np.maximum(since - (n_after - 1), 0)
    after = lead + np.minimum(since, n_after - 1) - _to_and_fro(overtime, last)
    indices: IntArray = np.where(since < 0, before, after)
    return indices


def _to_and_fro(steps: IntArray, length: int) -> IntArray:
    """Walk from 0 to length - 1 and back, again and again, never standing still."""
    if length == 1:
        return np.zeros_like(steps)
    place = steps % (2 * length - 2)
    walked: IntArray = np.minimum(place, 2 * length - 2 - place)
    return walked


def played_trace(
    trial: GazeTrace, screen: Screen, *, start_ms: int, onset_ms: int | None, stop_ms: int
) -> GazeTrace:
    """Give the samples and events of a whole recording block.

    Parameters
    ----------
    trial : GazeTrace
        The simulated trial, times from face onset.
    screen : Screen
        For degrees.
    start_ms : int
        The block's first sample, on the clock.
    onset_ms : int or None
        First sample with the face; None where it never came.
    stop_ms : int
        One sample after the block's last.

    Returns
    -------
    GazeTrace
        Times on the clock, one sample for each millisecond. The first fixation begins and the
        last event ends with the block; the positions of these come from the played samples.

    Examples
    --------
    >>> screen = Screen(1920, 1080, 53.0, 29.8, 70.0)
    >>> fixation = Fixation(-3, 3, 1.0, 2.0, 900.0)
    >>> time_ms = np.arange(-3, 4)
    >>> gaze = np.ones(7)
    >>> trial = GazeTrace(time_ms, gaze, gaze, gaze, (fixation,), (), ())
    >>> played_trace(trial, screen, start_ms=100, onset_ms=105, stop_ms=110).fixations[0].end_ms
    109
    """
    time_ms = np.arange(start_ms, stop_ms)
    seen = played_indices(trial, time_ms, start_ms=start_ms, onset_ms=onset_ms)
    block = GazeTrace(time_ms, trial.x_px[seen], trial.y_px[seen], trial.pupil[seen], (), (), ())
    shift_ms = stop_ms if onset_ms is None else onset_ms
    moved = trial.shifted(shift_ms)
    last_ms = stop_ms - 1
    # The first fixation is that on the target, which begins with the recording; the trial's last
    # one lasts as long as the recording does.
    starts_ms = [start_ms, *(fixation.start_ms for fixation in moved.fixations[1:])]
    ends_ms = [*(fixation.end_ms for fixation in moved.fixations[:-1]), last_ms]
    fixations = [
        _fixation(block, begin_ms, min(end_ms, last_ms))
        for begin_ms, end_ms in zip(starts_ms, ends_ms, strict=True)
        if begin_ms <= last_ms
    ]
    saccades = [
        _saccade(block, saccade, last_ms, screen)
        for saccade in moved.saccades
        if saccade.start_ms <= last_ms
    ]
    blinks = [
        replace(blink, end_ms=min(blink.end_ms, last_ms))
        for blink in moved.blinks
        if blink.start_ms <= last_ms
    ]
    return replace(
        block, fixations=tuple(fixations), saccades=tuple(saccades), blinks=tuple(blinks)
    )


def _fixation(block: GazeTrace, start_ms: int, end_ms: int) -> Fixation:
    """Measure a fixation on the samples that were played."""
    first = int(block.time_ms[0])
    held = slice(start_ms - first, end_ms - first + 1)
    x_px, y_px, pupil = (float(v[held].mean()) for v in (block.x_px, block.y_px, block.pupil))
    return Fixation(start_ms, end_ms, x_px, y_px, pupil)


def _saccade(block: GazeTrace, saccade: Saccade, last_ms: int, screen: Screen) -> Saccade:
    """Cut a saccade at the block's end, where it ends at the last place seen."""
    if saccade.end_ms <= last_ms:
        return saccade
    first = int(block.time_ms[0])
    seen = slice(saccade.start_ms - first, last_ms - first + 1)
    x_px, y_px = block.x_px[seen], block.y_px[seen]
    last_seen = np.flatnonzero(~np.isnan(x_px))[-1]
    end_px = float(x_px[last_seen]), float(y_px[last_seen])
    amplitude_deg = screen.distance_deg([x_px[0], y_px[0]], end_px)
    return replace(
        saccade,
        end_ms=last_ms,
        x_end_px=end_px[0],
        y_end_px=end_px[1],
        amplitude_deg=float(amplitude_deg),
    )
