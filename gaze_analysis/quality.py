"""Quality of recordings: accuracy, precision, data loss and gaps, in degrees and milliseconds.

The measures are those that Holmqvist et al. (2023, Behavior Research Methods 55, 364-416) ask
every study to report. Gaze in pixels becomes degrees of visual angle by arctangent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.frames import Screen

Values = NDArray[np.float64]
# The ellipse holds the share of samples that one standard deviation does in one dimension.
BCEA_SHARE = 0.6827


@dataclass(frozen=True)
class Loss:
    """How much of a stretch of time has no gaze.

    Parameters
    ----------
    n_expected : int
        Samples that the stretch holds at the sampling rate.
    n_valid : int
        Samples that have a position.
    n_blink : int
        Samples without one, during blinks.
    n_gaps : int
        Runs of lost samples, blinks among them.
    longest_gap_ms : float
        The longest of these runs; 0 if there is none.
    duration_ms : float
        Length of the stretch.
    """

    n_expected: int
    n_valid: int
    n_blink: int
    n_gaps: int
    longest_gap_ms: float
    duration_ms: float

    @property
    def n_other(self) -> int:
        """Samples without a position that no blink explains."""
        return max(0, self.n_expected - self.n_valid - self.n_blink)


@dataclass(frozen=True)
class Trace:
    """Gaze of one eye over a session.

    Parameters
    ----------
    time_ms : ndarray, shape (n_samples,)
        Increasing, on the tracker's clock.
    points_deg : ndarray, shape (n_samples, 2)
        Horizontal and vertical position in degrees; NaN where gaze is lost.
    block : ndarray of int, shape (n_samples,)
        Which stretch of recording a sample belongs to.
    rate_hz : float
        Nominal sampling rate.
    """

    time_ms: Values
    points_deg: Values
    block: NDArray[np.int64]
    rate_hz: float

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """Which samples have a position."""
        found: NDArray[np.bool_] = np.isfinite(self.points_deg).all(axis=1)
        return found

    @cached_property
    def follows(self) -> NDArray[np.bool_]:
        """Which samples follow the one before them without a gap."""
        found = np.zeros(len(self.time_ms), dtype=bool)
        for part in self.blocks():
            gaps = np.diff(self.time_ms[part], prepend=-np.inf)
            found[part] = gaps < 1.5 * self.interval_ms(part)
        return found

    def interval_ms(self, part: slice) -> float:
        """Give the time between samples of a part, which may have a rate of its own."""
        times = self.time_ms[part]
        # A few samples between gaps say nothing.
        if len(times) < 100:
            return 1000.0 / self.rate_hz
        # Stamps in whole milliseconds are 3 or 4 ms apart at 300 Hz: the mean without the gaps.
        steps = np.diff(times)
        return float(np.mean(steps[steps < 1.5 * np.median(steps)]))

    def part(self, first_ms: float, last_ms: float) -> slice:
        """Find the samples from one time to another, both included."""
        first = np.searchsorted(self.time_ms, first_ms, side="left")
        last = np.searchsorted(self.time_ms, last_ms, side="right")
        return slice(int(first), int(last))

    def blocks(self) -> Iterator[slice]:
        """Yield each stretch of recording."""
        edges = np.flatnonzero(np.diff(self.block)) + 1
        bounds = [0, *edges.tolist(), len(self.block)]
        for start, end in pairwise(bounds):
            if end > start:
                yield slice(start, end)


def trace_of(samples: pd.DataFrame, eye: str, screen: Screen, rate_hz: float) -> Trace:
    """Take the gaze of one eye out of a table of samples.

    Parameters
    ----------
    samples : pandas.DataFrame
        time_ms, block, and ``x_<eye>_px`` and ``y_<eye>_px``; without these two there is no gaze.
    eye : str
        ``left`` or ``right``.
    screen : Screen
        Its size and distance.
    rate_hz : float
        Nominal sampling rate.

    Returns
    -------
    Trace
        The samples in the order of time.
    """
    names = [f"x_{eye}_px", f"y_{eye}_px"]
    if not set(names) <= set(samples.columns):
        return Trace(np.empty(0), np.empty((0, 2)), np.empty(0, dtype=np.int64), rate_hz)
    points = samples[names].to_numpy(dtype=float)
    time = samples["time_ms"].to_numpy(dtype=float)
    order = np.argsort(time, kind="stable")
    block = samples["block"].to_numpy()[order]
    return Trace(time[order], screen.to_deg(points[order]), block, rate_hz)


def precision(
    points_deg: Values, group: NDArray[np.intp], n_groups: int, follows: NDArray[np.bool_]
) -> pd.DataFrame:
    """Measure the scatter of gaze in each of several stretches of samples.

    Parameters
    ----------
    points_deg : ndarray, shape (n_samples, 2)
        Positions in degrees; NaN where gaze is lost.
    group : ndarray of int, shape (n_samples,)
        The stretch that each sample is in, from 0.
    n_groups : int
        Number of stretches.
    follows : ndarray of bool, shape (n_samples,)
        Whether a sample follows the one before it without a gap.

    Returns
    -------
    pandas.DataFrame
        One row for each stretch: rms_s2s_deg, the root mean square of the angles between
        successive samples; sd_deg, the standard deviation of both directions together;
        bcea_deg2, the area of the bivariate contour ellipse that holds 68.27 % of the
        samples. NaN where there are fewer than three positions.

    References
    ----------
    Holmqvist et al. (2012), ETRA, for RMS-S2S and SD; Crossland and Rubin (2002), Optometry and
    Vision Science 79, 735-739, for the BCEA: 2 k pi s_x s_y sqrt(1 - rho^2), k = -ln(1 - P).

    Examples
    --------
    >>> square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    >>> precision(square, np.zeros(4, int), 1, np.ones(4, bool))["rms_s2s_deg"].item()
    1.0
    """

    def total(values: Values, groups: NDArray[np.intp]) -> Values:
        return np.bincount(groups, weights=values, minlength=n_groups).astype(np.float64)

    valid = np.isfinite(points_deg).all(axis=1)
    steps = np.sum(np.diff(points_deg, axis=0) ** 2, axis=1)
    pairs = follows[1:] & valid[1:] & valid[:-1] & (group[1:] == group[:-1])
    of, points = group[valid], points_deg[valid]
    n = np.bincount(of, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        rms = np.sqrt(
            total(steps[pairs], group[1:][pairs])
            / np.bincount(group[1:][pairs], minlength=n_groups)
        )
        x, y = (points[:, i] - (total(points[:, i], of) / n)[of] for i in (0, 1))
        xx, yy, xy = (total(product, of) / (n - 1) for product in (x * x, y * y, x * y))
        # The determinant is (s_x s_y)^2 (1 - rho^2), also where one direction does not vary.
        determinant = np.maximum(0.0, xx * yy - xy * xy)
        area = -2.0 * np.log(1.0 - BCEA_SHARE) * np.pi * np.sqrt(determinant)
        frame = pd.DataFrame({"rms_s2s_deg": rms, "sd_deg": np.sqrt(xx + yy), "bcea_deg2": area})
    frame[n < 3] = np.nan
    return frame


def data_loss(
    valid_ms: Values, blinks_ms: Values, start_ms: float, end_ms: float, interval_ms: float
) -> Loss:
    """Count the samples that a stretch of time lacks.

    Parameters
    ----------
    valid_ms : ndarray, shape (n_valid,)
        Times of samples that have a position, increasing; those outside the stretch are ignored.
    blinks_ms : ndarray, shape (n_blinks, 2)
        Onset and offset of blinks; the offset is the time of the last sample.
    start_ms, end_ms : float
        The stretch, from its first sample up to and without its end.
    interval_ms : float
        Time between samples.

    Returns
    -------
    Loss
        Missing rows and rows without a position count alike.

    Examples
    --------
    >>> loss = data_loss(np.array([0.0, 1, 5, 6]), np.array([[2.0, 3]]), 0, 7, 1)
    >>> loss.n_blink, loss.n_other, loss.longest_gap_ms
    (2, 1, 3.0)
    """
    inside = valid_ms[np.searchsorted(valid_ms, start_ms) : np.searchsorted(valid_ms, end_ms)]
    origin = inside[0] if len(inside) else start_ms

    def expected(first_ms: float, last_ms: float) -> int:
        bounds = (np.array([first_ms, last_ms]) - origin) / interval_ms
        return int(np.diff(np.ceil(bounds - 1e-6))[0])

    n_expected = max(expected(start_ms, end_ms), len(inside))
    n_blink = 0
    for onset, offset in blinks_ms:
        first, last = max(onset, start_ms), min(offset + interval_ms, end_ms)
        if last > first:
            n_seen = np.searchsorted(inside, last) - np.searchsorted(inside, first)
            n_blink += max(0, expected(first, last) - int(n_seen))
    runs = np.diff(np.concatenate([[start_ms - interval_ms], inside, [end_ms]])) - interval_ms
    gaps = runs[runs > 0.99 * interval_ms]  # an epoch may begin between two samples
    return Loss(
        n_expected=n_expected,
        n_valid=len(inside),
        n_blink=min(n_blink, n_expected - len(inside)),
        n_gaps=len(gaps),
        longest_gap_ms=float(gaps.max(initial=0.0)),
        duration_ms=end_ms - start_ms,
    )


def loss_columns(losses: list[Loss]) -> dict[str, float]:
    """Sum up losses, as shares of what was expected.

    Parameters
    ----------
    losses : list of Loss
        Of stretches that do not overlap.

    Returns
    -------
    dict of str to float
        data_loss, data_loss_blink, data_loss_other, effective_rate_hz, n_gaps, longest_gap_ms.
    """
    expected = sum(loss.n_expected for loss in losses)
    blink = sum(loss.n_blink for loss in losses)
    other = sum(loss.n_other for loss in losses)
    total = expected or np.nan
    seconds = sum(loss.duration_ms for loss in losses) / 1000 or np.nan
    return {
        "data_loss": (blink + other) / total,
        "data_loss_blink": blink / total,
        "data_loss_other": other / total,
        "effective_rate_hz": sum(loss.n_valid for loss in losses) / seconds,
        "n_gaps": sum(loss.n_gaps for loss in losses),
        "longest_gap_ms": max((loss.longest_gap_ms for loss in losses), default=0.0),
    }


def fixation_precision(trace: Trace, fixations: pd.DataFrame) -> pd.DataFrame:
    """Measure the precision within each fixation.

    Parameters
    ----------
    trace : Trace
        Gaze of the eye.
    fixations : pandas.DataFrame
        onset_ms and offset_ms, the time of the last sample.

    Returns
    -------
    pandas.DataFrame
        rms_s2s_deg, sd_deg and bcea_deg2, with the index of `fixations`.
    """
    first = np.searchsorted(trace.time_ms, fixations["onset_ms"], side="left")
    last = np.searchsorted(trace.time_ms, fixations["offset_ms"], side="right")
    length = np.maximum(last - first, 0)
    group = np.repeat(np.arange(len(fixations)), length)
    place = np.arange(len(group)) - np.repeat(np.cumsum(length) - length, length)
    samples = np.repeat(first, length) + place
    scatter = precision(trace.points_deg[samples], group, len(fixations), trace.follows[samples])
    return scatter.set_axis(fixations.index)


def accuracy_in_force(validations: pd.DataFrame, times_ms: Values) -> pd.DataFrame:
    """Find the last validation before each of some times.

    Parameters
    ----------
    validations : pandas.DataFrame
        time_ms, error_avg_deg and error_max_deg of one eye; aborted ones have no errors.
    times_ms : ndarray, shape (n,)
        Such as the starts of blocks or trials.

    Returns
    -------
    pandas.DataFrame
        error_avg_deg and error_max_deg for each time; NaN before the first validation.
    """
    columns = ["time_ms", "error_avg_deg", "error_max_deg"]
    done = validations.dropna(subset=["error_avg_deg"]).sort_values("time_ms", kind="stable")
    values = done[columns[1:]].to_numpy(dtype=float)
    place = np.searchsorted(done["time_ms"].to_numpy(dtype=float), times_ms, side="right") - 1
    values = np.vstack([values, [np.nan, np.nan]])  # place -1 is none
    return pd.DataFrame(values[place], columns=columns[1:])
