"""Events rebuilt from rows: runs of samples that lie in one event, and gaps that hold a blink."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.part import Source


def runs_of(key: NDArray[np.object_], group: NDArray[np.int64]) -> pd.DataFrame:
    """Find runs of rows that have the same key.

    Parameters
    ----------
    key : ndarray of object, shape (n,)
        What is the same in a run; None between runs.
    group : ndarray of int, shape (n,)
        No run goes on from one group to the next.

    Returns
    -------
    pandas.DataFrame
        first and last row of each run.

    Examples
    --------
    >>> runs_of(np.array(["1", "1", None, "2"], object), np.zeros(4, int)).values.tolist()
    [[0, 1], [3, 3]]
    """
    codes = pd.factorize(pd.Series(key))[0]
    if not len(codes):
        return pd.DataFrame({"first": np.empty(0, int), "last": np.empty(0, int)})
    begins = np.append(True, (codes[1:] != codes[:-1]) | (group[1:] != group[:-1]))
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(codes)) - 1
    inside = codes[first] >= 0
    return pd.DataFrame({"first": first[inside], "last": last[inside]})


def run_means(values: NDArray[np.float64], runs: pd.DataFrame) -> NDArray[np.float64]:
    """Average a column over runs of rows, without the rows where it is missing.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        The column.
    runs : pandas.DataFrame
        first and last row of each run.

    Returns
    -------
    ndarray of float, shape (n_runs,)
        NaN where a run has no value.
    """
    known = ~np.isnan(values)
    sums = np.append(0.0, np.cumsum(np.where(known, values, 0.0)))
    counts = np.append(0, np.cumsum(known))
    first, end = runs["first"].to_numpy(), runs["last"].to_numpy() + 1
    n_known = counts[end] - counts[first]
    total = sums[end] - sums[first]
    return np.divide(total, n_known, out=np.full(len(runs), np.nan), where=n_known > 0)


def sample_events(
    source: Source,
    samples: pd.DataFrame,
    used: NDArray[np.bool_],
    eyes: list[str],
    sample_ms: float,
) -> dict[str, pd.DataFrame]:
    """Rebuild the events of a sample report that says in which ones each sample lies.

    Parameters
    ----------
    source : Source
        The rows, with ``fixation_left`` (LEFT_FIX_INDEX), ``saccade_left``, ``in_saccade_left``
        and ``in_blink_left`` among its columns where it has them.
    samples : pandas.DataFrame
        Its samples: line, trial, time_ms and the position of each eye.
    used : ndarray of bool, shape (n,)
        Rows that can be used.
    eyes : list of str
        Whose columns there are.
    sample_ms : float
        Time between samples.

    Returns
    -------
    dict of str to pandas.DataFrame
        fixations, saccades and blinks, those that there are.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    rows = np.flatnonzero(used)
    own = samples.iloc[rows].reset_index(drop=True)
    for eye in eyes:
        for table, things in _EVENT_COLUMNS.items():
            key = next(
                (key for key in (_key(source, f"{t}_{eye}") for t in things) if key is not None),
                None,
            )
            if key is not None:
                frame = _events_of_runs(own, runs_of(key[rows], own["trial"].to_numpy()), eye)
                frame["duration_ms"] = frame["offset_ms"] - frame["onset_ms"] + sample_ms
                if table == "saccades":
                    frame = frame.assign(x_px=frame["x_begin_px"], y_px=frame["y_begin_px"])
                found.setdefault(table, []).append(frame)
    return {
        table: pd.concat(frames, ignore_index=True)
        for table, frames in found.items()
        if sum(map(len, frames))
    }


_EVENT_COLUMNS = {
    "fixations": ("fixation",),
    "saccades": ("saccade", "in_saccade"),
    "blinks": ("in_blink",),
}


def _key(source: Source, thing: str) -> NDArray[np.object_] | None:
    """Give what is the same for all samples of an event; None between events."""
    words = source.text(thing)
    if words is None:
        return None
    outside = words.str.lower().isin(["0", "0.0", "false", "-1"]).to_numpy(bool)
    return words.mask(outside, None).to_numpy(object)


def _events_of_runs(samples: pd.DataFrame, runs: pd.DataFrame, eye: str) -> pd.DataFrame:
    """Make events from runs of samples."""
    first, last = samples.iloc[runs["first"]], samples.iloc[runs["last"]]
    x, y = f"x_{eye}_px", f"y_{eye}_px"
    return pd.DataFrame(
        {
            "line": first["line"].to_numpy(),
            "trial": first["trial"].to_numpy(),
            "eye": eye,
            "onset_ms": first["time_ms"].to_numpy(),
            "offset_ms": last["time_ms"].to_numpy(),
            "x_px": run_means(samples[x].to_numpy(float), runs),
            "y_px": run_means(samples[y].to_numpy(float), runs),
            "x_begin_px": first[x].to_numpy(),
            "y_begin_px": first[y].to_numpy(),
            "x_end_px": last[x].to_numpy(),
            "y_end_px": last[y].to_numpy(),
            "pupil": run_means(samples[f"pupil_{eye}"].to_numpy(float), runs),
        }
    )


def blinks_between(events: pd.DataFrame, around: pd.Series, sample_ms: float) -> pd.DataFrame:
    """Give the blinks of a fixation report, which says only between which fixations they were.

    Such a blink is taken to fill the gap but for one sample at either end, for EyeLink has it
    within a saccade.

    Parameters
    ----------
    events : pandas.DataFrame
        Fixations: line, trial, eye, onset_ms, offset_ms.
    around : pandas.Series
        NONE, BEFORE, AFTER or BOTH.
    sample_ms : float
        One sample.

    Returns
    -------
    pandas.DataFrame
        line, trial, eye, onset_ms, offset_ms, duration_ms.
    """
    order = events.assign(around=around.to_numpy()).sort_values(
        ["trial", "eye", "onset_ms"], kind="stable"
    )
    following = order.shift(-1)
    same = (order["trial"] == following["trial"]) & (order["eye"] == following["eye"])
    told = order["around"].isin(["AFTER", "BOTH"]) | following["around"].isin(["BEFORE", "BOTH"])
    onset = order["offset_ms"] + 2 * sample_ms
    offset = following["onset_ms"] - 2 * sample_ms
    chosen = same & told & (offset >= onset)
    frame = order[["line", "trial", "eye"]].assign(onset_ms=onset, offset_ms=offset)
    return frame.assign(duration_ms=offset - onset + sample_ms)[chosen].reset_index(drop=True)
