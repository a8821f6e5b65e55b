"""On which clock the times of a report are, and when its trials began."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.part import Source

_EARLY_MS = 1000.0  # how much before its trial an event may begin that belongs to it


def first_known(values: NDArray[np.float64], code: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each trial the first value that is not missing."""
    found = pd.Series(values).groupby(code).first()
    return found.to_numpy(np.float64, na_value=np.nan)


def trial_zeros(
    source: Source, times: NDArray[np.float64], code: NDArray[np.int64], *, absolute: bool | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Bring a report's times to each trial's own, and find when that is on the tracker's clock.

    Parameters
    ----------
    source : Source
        The rows, with the columns trial_start, ip_start and time_scale where it has them.
    times : ndarray of float, shape (n,)
        Times in milliseconds, as the report has them.
    code : ndarray of int, shape (n,)
        Row of each one's trial.
    absolute : bool or None
        Whether the times are on the tracker's clock; None where the report must show it.

    Returns
    -------
    shift_ms : ndarray of float, shape (n_trials,)
        What to subtract from a time.
    zero_ms : ndarray of float, shape (n_trials,)
        When a trial's time is 0 on the tracker's clock; NaN where nothing says so.
    onset_ms : ndarray of float, shape (n_trials,)
        Start of the interest period on the trial's time, 0 where there is none.
    """
    starts = first_known(source.number("trial_start"), code)
    periods = first_known(source.number("ip_start"), code)
    bounds = pd.Series(times).groupby(code).agg(["min", "max"])
    first, last = (bounds[name].to_numpy(np.float64) for name in ("min", "max"))
    scale = source.text("time_scale")
    words = "" if scale is None else str(next(iter(scale.dropna()), "")).lower()
    if absolute is None:
        absolute = _is_absolute(first, last, starts, words)
    none = np.zeros(len(first))
    if absolute:
        zero = np.where(np.isnan(starts), first, starts)
        return zero, zero, np.where(np.isnan(periods), 0.0, periods - zero)
    if "interest" in words or words.startswith("ip"):
        return none, periods, none
    return none, starts, np.where(np.isnan(periods - starts), 0.0, periods - starts)


def _is_absolute(
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    starts: NDArray[np.float64],
    words: str,
) -> bool:
    """Tell by the times themselves whether they are on the tracker's clock."""
    if "relative" in words or "interest" in words or words.startswith("ip"):
        return False
    if words:
        return True
    known = ~np.isnan(starts) & ~np.isnan(first)
    if known.any():
        return bool((first[known] >= starts[known] - _EARLY_MS).all())
    if len(first) == 1:
        return bool(first[0] > 60 * _EARLY_MS)
    return bool((first[1:] > last[:-1]).all())
