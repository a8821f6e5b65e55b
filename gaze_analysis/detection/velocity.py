"""Velocity of gaze by Savitzky-Golay filters, which never meet a missing value."""

import numpy as np

from gaze_analysis.detection.trace import EyeTrace, Stretch, Values

_ORDER = 2


def window_samples(window_ms: float, interval_ms: float) -> int:
    """Give the odd number of samples that a filter spans, at least three.

    Parameters
    ----------
    window_ms : float
        Length of the filter.
    interval_ms : float
        Time between samples.

    Returns
    -------
    int
        2 floor(window / (2 interval)) + 1, and 3 where that is less.

    Examples
    --------
    >>> [window_samples(10, interval) for interval in (0.5, 1, 2, 4, 16)]
    [21, 11, 5, 3, 3]
    """
    # Clocks that drift give intervals such as 2.0003 ms.
    return max(3, 2 * int(window_ms / interval_ms / 2 + 0.02) + 1)


def fill_losses(values: Values) -> Values:
    """Draw straight lines across missing values, and hold the first and last one.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
        With NaN where they are missing, in all columns alike.

    Returns
    -------
    ndarray, shape (n, ...)
        Without NaN; all zero where nothing is known.

    Examples
    --------
    >>> fill_losses(np.array([np.nan, 1, np.nan, 3, np.nan])).tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    columns = values.reshape(len(values), -1)
    known = np.flatnonzero(np.isfinite(columns).all(axis=1))
    if not len(known):
        return np.zeros_like(values)
    place = np.arange(len(values))
    filled = [np.interp(place, known, column[known]) for column in columns.T]
    return np.stack(filled, axis=1).reshape(values.shape)


def velocity(trace: EyeTrace, stretch: Stretch, window_ms: float) -> Values | None:
    """Compute the velocity of gaze over a stretch.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye.
    stretch : Stretch
        Samples without a gap.
    window_ms : float
        Length of the Savitzky-Golay filter, which is of second order.

    Returns
    -------
    ndarray, shape (n_samples, 2), or None
        Horizontal and vertical velocity in degrees per second, of the samples whose gaze is
        lost, too: lines are drawn across losses first. None where the stretch is shorter than the
        filter.
    """
    from scipy.signal import savgol_filter

    width = window_samples(window_ms, stretch.interval_ms)
    if stretch.end - stretch.first < width:
        return None
    filled = fill_losses(trace.points_deg[stretch.part])
    speeds: Values = savgol_filter(
        filled, width, _ORDER, deriv=1, delta=stretch.interval_ms / 1000.0, axis=0
    )
    return speeds
