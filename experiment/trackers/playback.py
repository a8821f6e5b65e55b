"""A simulated trial played on a running clock, whenever the face really comes and goes."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from experiment.gaze_trace import Blink, Fixation, GazeTrace, IntArray, Saccade
from stimuli.frames import Screen

_Event = TypeVar("_Event", Fixation, Saccade, Blink)


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
        The simulated trial; its times are from face onset, its first fixation lasts beyond it
        with no sample lost, and its last sample lies within a fixation.
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
    trial: GazeTrace,
    screen: Screen,
    *,
    start_ms: int,
    onset_ms: int | None,
    first_ms: int,
    stop_ms: int,
    is_last: bool,
) -> GazeTrace:
    """Give a stretch of the samples and events of a recording block.

    Parameters
    ----------
    trial : GazeTrace
        The simulated trial, times from face onset.
    screen : Screen
        For degrees.
    start_ms : int
        The block's first sample, on the clock.
    onset_ms : int or None
        First sample with the face; None as long as it has not come.
    first_ms, stop_ms : int
        The stretch's first sample, and one after its last.
    is_last : bool
        Whether the block ends with the stretch, and all events with it.

    Returns
    -------
    GazeTrace
        Times on the clock, one sample for each millisecond, and the events that overlap with
        them. The first fixation begins with the block; an event that is under way ends after the
        stretch. The positions of fixations come from the played samples.

    Examples
    --------
    >>> screen = Screen(1920, 1080, 53.0, 29.8, 70.0)
    >>> fixation = Fixation(-3, 3, 1.0, 2.0, 900.0)
    >>> time_ms = np.arange(-3, 4)
    >>> gaze = np.ones(7)
    >>> trial = GazeTrace(time_ms, gaze, gaze, gaze, (fixation,), (), ())
    >>> played = dict(start_ms=100, onset_ms=105, first_ms=100, stop_ms=110)
    >>> played_trace(trial, screen, **played, is_last=True).fixations[0].end_ms
    109
    >>> played_trace(trial, screen, **played, is_last=False).fixations[0].end_ms
    110
    """

    def played(first_ms: int, stop_ms: int) -> GazeTrace:
        time_ms = np.arange(first_ms, stop_ms)
        seen = played_indices(trial, time_ms, start_ms=start_ms, onset_ms=onset_ms)
        return GazeTrace(time_ms, trial.x_px[seen], trial.y_px[seen], trial.pupil[seen], (), (), ())

    def measured(fixation: Fixation) -> Fixation:
        if fixation.end_ms >= stop_ms:
            return fixation
        held = played(fixation.start_ms, fixation.end_ms + 1)
        x_px, y_px, pupil = (float(v.mean()) for v in (held.x_px, held.y_px, held.pupil))
        return Fixation(fixation.start_ms, fixation.end_ms, x_px, y_px, pupil)

    def cut(saccade: Saccade) -> Saccade:
        if saccade.end_ms < stop_ms:
            return saccade
        return _cut(saccade, played(saccade.start_ms, stop_ms), screen)

    fixations, saccades, blinks = _events_on_clock(trial, start_ms, onset_ms, stop_ms)
    if is_last:
        fixations, blinks = _ended(fixations, stop_ms), _ended(blinks, stop_ms)
        saccades = [cut(saccade) for saccade in saccades]
    return replace(
        played(first_ms, stop_ms),
        fixations=tuple(measured(one) for one in fixations if one.end_ms >= first_ms),
        saccades=tuple(one for one in saccades if one.end_ms >= first_ms),
        blinks=tuple(one for one in blinks if one.end_ms >= first_ms),
    )


def _events_on_clock(
    trial: GazeTrace, start_ms: int, onset_ms: int | None, stop_ms: int
) -> tuple[list[Fixation], list[Saccade], list[Blink]]:
    """List the events that begin before a time; those that have no end yet end with it."""
    if onset_ms is None:
        return [replace(trial.fixations[0], start_ms=start_ms, end_ms=stop_ms)], [], []
    moved = trial.shifted(onset_ms)
    fixations = list(moved.fixations)
    # The first fixation is that on the target, which begins with the recording; the trial's last
    # one lasts as long as the recording does.
    fixations[0] = replace(fixations[0], start_ms=start_ms)
    fixations[-1] = replace(fixations[-1], end_ms=max(fixations[-1].end_ms, stop_ms))
    return (
        [one for one in fixations if one.start_ms < stop_ms],
        [one for one in moved.saccades if one.start_ms < stop_ms],
        [one for one in moved.blinks if one.start_ms < stop_ms],
    )


def _ended(events: list[_Event], stop_ms: int) -> list[_Event]:
    """End events that are under way with the block's last sample."""
    return [replace(event, end_ms=min(event.end_ms, stop_ms - 1)) for event in events]


def _cut(saccade: Saccade, seen: GazeTrace, screen: Screen) -> Saccade:
    """End a saccade with the block, at the last place that was seen of it."""
    x_px, y_px = seen.x_px, seen.y_px
    last_seen = np.flatnonzero(~np.isnan(x_px))[-1]
    end_px = float(x_px[last_seen]), float(y_px[last_seen])
    amplitude_deg = screen.distance_deg([x_px[0], y_px[0]], end_px)
    return replace(
        saccade,
        end_ms=int(seen.time_ms[-1]),
        x_end_px=end_px[0],
        y_end_px=end_px[1],
        amplitude_deg=float(amplitude_deg),
    )
