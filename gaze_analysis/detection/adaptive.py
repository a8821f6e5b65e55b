"""The default detector: velocity thresholds that adapt to the noise of the recording.

It follows Nyström and Holmqvist (2010, Behavior Research Methods 42, 188-204) in its thresholds,
its post-saccadic oscillations (their glissades) and its shortest events, and differs where
hand-labelled data show that it should:

- Noise is the median and the median absolute deviation of slow samples, as in REMoDNaV (Dar et
  al. 2021), for frequent saccades drive the mean and the standard deviation up. These are smaller,
  so the factors are 8 and 4 where Nyström and Holmqvist have 6 and 3, and REMoDNaV 10 and 5.
- The filter spans one shortest saccade (10 ms) instead of two. A longer one moves onsets and
  offsets outwards by several samples.
- A saccade ends where gaze turns back, if velocity has not fallen below the threshold before: the
  oscillation that follows is often as fast as the threshold at its beginning.
- Gaze that moves on by more than 1.25 deg between two saccades, faster than 2 deg/s (the velocity
  of REMoDNaV's pursuit), is no fixation.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from gaze_analysis.detection.trace import EyeTrace, Flags, Interval, Stretch, Values, runs
from gaze_analysis.detection.velocity import velocity
from study.settings.gaze_events import AdaptiveSettings

# Nyström and Holmqvist start between 100 and 300 deg/s, and stop at changes below 1 deg/s.
_START_DEG_S = 100.0
_CHANGE_DEG_S = 1.0
_MAX_ROUNDS = 100
_MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Thresholds:
    """Velocities that tell saccades from noise.

    Parameters
    ----------
    peak_deg_s : float
        A saccade is faster than this at least once.
    onset_deg_s : float
        It lasts while it is faster than this.
    """

    peak_deg_s: float
    onset_deg_s: float


def adaptive(trace: EyeTrace, settings: AdaptiveSettings) -> list[Interval]:
    """Find saccades, their oscillations, fixations and pursuit by adaptive thresholds.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye, cleaned of blinks.
    settings : AdaptiveSettings
        Section [gaze.events.adaptive].

    Returns
    -------
    list of Interval
        fixation, saccade, pso and pursuit, stretch by stretch. Thresholds are those of all
        stretches of the same sampling rate together.
    """
    by_rate: dict[int, list[tuple[Stretch, Values]]] = defaultdict(list)
    for stretch in trace.stretches:
        speeds = velocity(trace, stretch, settings.window_ms)
        if speeds is not None:
            by_rate[round(stretch.rate_hz)].append((stretch, speeds))
    found: list[Interval] = []
    for pieces in by_rate.values():
        usable = [_usable(trace, *piece, settings) for piece in pieces]
        noise = [
            np.hypot(*speeds[good].T) for (_, speeds), good in zip(pieces, usable, strict=True)
        ]
        thresholds = find_thresholds(np.concatenate(noise), settings)
        for (stretch, speeds), good in zip(pieces, usable, strict=True):
            found += _in_stretch(trace, stretch, speeds, good, thresholds, settings)
    return sorted(found, key=lambda event: event.first)


def find_thresholds(speed_deg_s: Values, settings: AdaptiveSettings) -> Thresholds:
    """Set the thresholds above the noise, which is what is slower than the peak threshold.

    Parameters
    ----------
    speed_deg_s : ndarray, shape (n,)
        Speeds of samples that have gaze.
    settings : AdaptiveSettings
        The factors, and the lowest peak threshold; that of the onset is in their proportion.

    Returns
    -------
    Thresholds
        Median + factor x 1.4826 MAD of the slower samples, repeated until it stays.

    References
    ----------
    Nyström and Holmqvist (2010), with the median and MAD of Dar et al. (2021).

    Examples
    --------
    >>> speeds = np.concatenate([np.linspace(0, 20, 1001), np.full(100, 300.0)])
    >>> found = find_thresholds(speeds, AdaptiveSettings())
    >>> round(found.peak_deg_s, 1), round(found.onset_deg_s, 1)
    (69.3, 39.7)
    """
    peak = _START_DEG_S
    middle = deviation = 0.0
    for _ in range(_MAX_ROUNDS):
        slow = speed_deg_s[speed_deg_s < peak]
        if not len(slow):
            break
        middle = float(np.median(slow))
        deviation = _MAD_TO_SD * float(np.median(np.abs(slow - middle)))
        before, peak = peak, middle + settings.peak_factor * deviation
        if abs(peak - before) < _CHANGE_DEG_S:
            break
    onset = middle + settings.onset_factor * deviation
    floor = settings.min_peak_velocity_deg_s
    peak = max(peak, floor)
    onset = max(onset, floor * settings.onset_factor / settings.peak_factor)
    return Thresholds(peak, min(onset, peak))


def _usable(trace: EyeTrace, stretch: Stretch, speeds: Values, settings: AdaptiveSettings) -> Flags:
    """Tell which samples of a stretch have gaze that an eye can have."""
    possible: Flags = np.hypot(*speeds.T) <= settings.max_velocity_deg_s
    return trace.valid[stretch.part] & possible


def _in_stretch(
    trace: EyeTrace,
    stretch: Stretch,
    speeds: Values,
    usable: Flags,
    thresholds: Thresholds,
    settings: AdaptiveSettings,
) -> list[Interval]:
    """Find the events of one stretch."""
    speed = np.hypot(*speeds.T)
    fast = usable & (speed > thresholds.onset_deg_s)
    # Where gaze is lost, the lid moves it before and after: no saccade begins or ends there.
    usable = usable.copy()
    for first, end in runs(fast).tolist():
        if (first > 0 and not usable[first - 1]) or (end < len(usable) and not usable[end]):
            fast[first:end] = False
    usable &= fast | (speed <= thresholds.onset_deg_s)
    found = _saccades(speed, speeds, fast, usable, thresholds, stretch, settings)
    free = usable.copy()
    for _, first, end in found:
        free[first:end] = False
    shortest = stretch.n_samples(settings.min_fixation_ms)
    points = trace.points_deg[stretch.part]
    for first, end in runs(free).tolist():
        if end - first >= shortest:
            moves = _moves_on(points[first:end], stretch, settings)
            found.append(Interval("pursuit" if moves else "fixation", first, end))
    return [Interval(kind, a + stretch.first, b + stretch.first) for kind, a, b in found]


def _saccades(
    speed: Values,
    speeds: Values,
    fast: Flags,
    usable: Flags,
    thresholds: Thresholds,
    stretch: Stretch,
    settings: AdaptiveSettings,
) -> list[Interval]:
    """Find saccades and the oscillations after them, by their place in the stretch."""
    found: list[Interval] = []
    movements = runs(fast)
    shortest = stretch.n_samples(settings.min_saccade_ms)
    longest_pso = round(settings.max_pso_ms / stretch.interval_ms)
    done = 0
    for first, end in runs(fast & (speed > thresholds.peak_deg_s)).tolist():
        if end <= done:
            continue
        begin = max(first, done)
        peak = begin + int(np.argmax(speed[begin:end]))
        movement = movements[np.searchsorted(movements[:, 1], peak, side="right")]
        onset, offset = _turning_points(speeds, peak, max(int(movement[0]), done), int(movement[1]))
        if offset - onset < shortest:
            continue
        found.append(Interval("saccade", onset, offset))
        done = _end_of_pso(speed, usable, offset, longest_pso, speed[peak], thresholds)
        if done > offset:
            found.append(Interval("pso", offset, done))
    return found


def _turning_points(speeds: Values, peak: int, first: int, end: int) -> tuple[int, int]:
    """Find between which samples gaze moves in the direction that it has at its fastest."""
    along = speeds[first:end] @ speeds[peak]
    back = np.flatnonzero(along <= 0)
    before, after = back[back < peak - first], back[back > peak - first]
    onset = first + int(before[-1]) + 1 if len(before) else first
    return onset, first + int(after[0]) if len(after) else end


def _end_of_pso(
    speed: Values,
    usable: Flags,
    offset: int,
    longest: int,
    peak_deg_s: float,
    thresholds: Thresholds,
) -> int:
    """Find where the oscillation ends; the saccade's offset if there is none."""
    after = speed[offset : offset + longest]
    lost = np.flatnonzero(~usable[offset : offset + longest])
    if len(lost):
        after = after[: lost[0]]
    # What is faster than the saccade is the next one.
    if (after >= peak_deg_s).any():
        return offset
    fast = np.flatnonzero(after > thresholds.onset_deg_s)
    return offset + int(fast[-1]) + 1 if len(fast) else offset


def _moves_on(points_deg: Values, stretch: Stretch, settings: AdaptiveSettings) -> bool:
    """Tell whether gaze moves on between two saccades too far and too fast for a fixation."""
    if not settings.max_drift_deg:
        return False
    # Half of the shortest fixation at each end, so that noise does not count as a way.
    n = max(1, round(settings.min_fixation_ms / 2 / stretch.interval_ms))
    way = np.hypot(*(points_deg[-n:].mean(axis=0) - points_deg[:n].mean(axis=0)))
    seconds = len(points_deg) * stretch.interval_ms / 1000.0
    return bool(way > settings.max_drift_deg and way / seconds > settings.max_drift_deg_s)
