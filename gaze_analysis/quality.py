"""Quality of recordings: accuracy, precision, data loss and gaps, in degrees and milliseconds.

The measures are those that Dunn et al. (2023, Behavior Research Methods 56, 4351-4357) ask every
study to report. Gaze in pixels becomes degrees of visual angle by arctangent.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.trace import Trace, Values

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
    longest_other_gap_ms : float
        The longest of those that no blink touches.
    duration_ms : float
        Length of the stretch.
    """

    n_expected: int
    n_valid: int
    n_blink: int
    n_gaps: int
    longest_gap_ms: float
    longest_other_gap_ms: float
    duration_ms: float

    @property
    def n_other(self) -> int:
        """Samples without a position that no blink explains."""
        return max(0, self.n_expected - self.n_valid - self.n_blink)


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
    blinks_ms = blinks_ms[(blinks_ms[:, 1] + interval_ms > start_ms) & (blinks_ms[:, 0] < end_ms)]

    def expected(first_ms: float, last_ms: float) -> int:
        bounds = (np.array([first_ms, last_ms]) - origin) / interval_ms
        return int(np.diff(np.ceil(bounds - 1e-6))[0])

    n_expected = max(expected(start_ms, end_ms), len(inside))
    n_blink = 0
    for onset, offset in blinks_ms:
        first, last = max(onset, start_ms), min(offset + interval_ms, end_ms)
        n_seen = np.searchsorted(inside, last) - np.searchsorted(inside, first)
        n_blink += max(0, expected(first, last) - int(n_seen))
    edges = np.concatenate([[start_ms - interval_ms], inside, [end_ms]])
    runs = np.diff(edges) - interval_ms
    lost = runs > 0.99 * interval_ms  # an epoch may begin between two samples
    gaps, first_ms = runs[lost], edges[:-1][lost] + interval_ms
    blinking = _touched(first_ms, first_ms + gaps, blinks_ms, interval_ms)
    return Loss(
        n_expected=n_expected,
        n_valid=len(inside),
        n_blink=min(n_blink, n_expected - len(inside)),
        n_gaps=len(gaps),
        longest_gap_ms=float(gaps.max(initial=0.0)),
        longest_other_gap_ms=float(gaps[~blinking].max(initial=0.0)),
        duration_ms=end_ms - start_ms,
    )


def _touched(
    start_ms: Values, end_ms: Values, blinks_ms: Values, interval_ms: float
) -> NDArray[np.bool_]:
    """Tell which stretches of time overlap a blink."""
    found = np.zeros(len(start_ms), dtype=bool)
    for onset, offset in blinks_ms:
        found |= (start_ms < offset + interval_ms) & (end_ms > onset)
    return found


def loss_columns(losses: list[Loss]) -> dict[str, float]:
    """Sum up losses, as shares of what was expected.

    Parameters
    ----------
    losses : list of Loss
        Of stretches that do not overlap.

    Returns
    -------
    dict of str to float
        n_expected, data_loss, data_loss_blink, data_loss_other, effective_rate_hz, n_gaps,
        longest_gap_ms, longest_other_gap_ms; NaN where there are no losses.
    """
    expected = sum(loss.n_expected for loss in losses)
    blink = sum(loss.n_blink for loss in losses)
    other = sum(loss.n_other for loss in losses)
    total = expected or np.nan
    seconds = sum(loss.duration_ms for loss in losses) / 1000 or np.nan
    return {
        "n_expected": expected if losses else np.nan,
        "data_loss": (blink + other) / total,
        "data_loss_blink": blink / total,
        "data_loss_other": other / total,
        "effective_rate_hz": sum(loss.n_valid for loss in losses) / seconds,
        "n_gaps": sum(loss.n_gaps for loss in losses) if losses else np.nan,
        "longest_gap_ms": max((loss.longest_gap_ms for loss in losses), default=np.nan),
        "longest_other_gap_ms": max((loss.longest_other_gap_ms for loss in losses), default=np.nan),
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
