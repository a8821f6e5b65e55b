"""Fixations and saccades of a Tobii export, rebuilt from the rows that carry their index."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.part import Source
from gaze_analysis.reports.runs import run_means, runs_of


def rebuild_events(
    source: Source,
    samples: pd.DataFrame,
    points: Sequence[NDArray[np.float64]],
    time: NDArray[np.float64],
    stretch: NDArray[np.int64],
    rows: NDArray[np.int64],
    interval: float,
) -> dict[str, pd.DataFrame]:
    """Rebuild fixations and saccades from an export's rows.

    A fixation is the rows with its index, from the first to the last; it ends one interval after
    its last row. ``GazeEventDuration`` is that of the whole fixation, also of what lies outside
    the rows that were exported, so it counts at their edges alone: a fixation that was going on
    when a stretch of rows begins has its true onset before it, and so began before the picture.

    Parameters
    ----------
    source : Source
        The rows, with their columns found.
    samples : pandas.DataFrame
        line, trial, time_ms on the trial's time and the average of both eyes, of all rows.
    points : sequence of two ndarray of float, shape (n,)
        Tobii's fixation point of each row, in screen pixels; NaN where it is not exported.
    time : ndarray of float, shape (n,)
        Time of each row in the recording, in ms.
    stretch : ndarray of int, shape (n,)
        Which rows were exported without a gap.
    rows : ndarray of int, shape (n_samples,)
        The rows that are samples.
    interval : float
        Time between samples, in ms.

    Returns
    -------
    dict of str to pandas.DataFrame
        fixations and saccades, those that there are.
    """
    found: dict[str, pd.DataFrame] = {}
    for table, kind in (("fixations", "fixation"), ("saccades", "saccade")):
        key = _key(source, kind)
        if key is None:
            continue
        runs = runs_of(key[rows], stretch[rows])
        if not len(runs):
            continue
        events = _events(samples.iloc[rows], time[rows], runs, interval)
        if table == "fixations":
            for axis, point in zip("xy", points, strict=True):
                events[f"{axis}_px"] = _fixation_point(samples, point, rows, runs, axis)
            events = _whole(source, events, runs, rows, stretch[rows], interval)
        found[table] = events
    if len(found) == 2:
        _add_amplitudes(source, found, rows)
    return {name: frame.drop(columns=["first"]) for name, frame in found.items()}


def _key(source: Source, kind: str) -> NDArray[np.object_] | None:
    """Give what is the same for all rows of an event; None between events."""
    index, words = source.text(kind), source.text("event_type")
    if words is None:
        return None if index is None else index.to_numpy(object)
    if index is None:
        # Pro Lab counts each type of movement for itself in one column.
        index = source.text("event_index")
    of_kind = (words.str.lower() == kind).to_numpy(bool)
    return (words if index is None else index).where(of_kind, None).to_numpy(object)


def _events(
    samples: pd.DataFrame, time: NDArray[np.float64], runs: pd.DataFrame, interval: float
) -> pd.DataFrame:
    """Make the events of runs of samples, on the time of the trial in which they begin."""
    first, last = runs["first"].to_numpy(), runs["last"].to_numpy()
    begin = samples.iloc[first]
    length = time[last] - time[first]
    onset = begin["time_ms"].to_numpy()
    return pd.DataFrame(
        {
            "line": begin["line"].to_numpy(),
            "trial": begin["trial"].to_numpy(),
            "eye": "unknown",
            "onset_ms": onset,
            "offset_ms": onset + length,
            "duration_ms": length + interval,
            "x_px": begin["x_unknown_px"].to_numpy(),
            "y_px": begin["y_unknown_px"].to_numpy(),
            "x_end_px": samples["x_unknown_px"].to_numpy()[last],
            "y_end_px": samples["y_unknown_px"].to_numpy()[last],
            "pupil": run_means(samples["pupil_unknown"].to_numpy(float), runs),
            "first": first,
        }
    )


def _fixation_point(
    samples: pd.DataFrame,
    point: NDArray[np.float64],
    rows: NDArray[np.int64],
    runs: pd.DataFrame,
    axis: str,
) -> NDArray[np.float64]:
    """Give Tobii's fixation point, or the mean of the gaze where it is not exported."""
    gaze = samples[f"{axis}_unknown_px"].to_numpy(float)[rows]
    own = run_means(point[rows], runs)
    return np.where(np.isnan(own), run_means(gaze, runs), own)


def _whole(
    source: Source,
    events: pd.DataFrame,
    runs: pd.DataFrame,
    rows: NDArray[np.int64],
    stretch: NDArray[np.int64],
    interval: float,
) -> pd.DataFrame:
    """Give fixations that the edge of the export cuts their true onset or offset."""
    first, last = runs["first"].to_numpy(), runs["last"].to_numpy()
    edges = np.append(True, stretch[1:] != stretch[:-1])
    at_begin, at_end = edges[first], np.append(edges[1:], True)[last]
    told = source.number("event_ms")[rows][first]
    more = told - events["duration_ms"].to_numpy()
    cut = more > interval
    before = np.where(cut & at_begin & ~at_end, more, 0.0)
    after = np.where(cut & at_end & ~at_begin, more, 0.0)
    return events.assign(
        onset_ms=events["onset_ms"] - before,
        offset_ms=events["offset_ms"] + after,
        duration_ms=events["duration_ms"] + before + after,
    )


def _add_amplitudes(
    source: Source, found: dict[str, pd.DataFrame], rows: NDArray[np.int64]
) -> None:
    """Give each saccade the amplitude that Tobii writes beside the fixation after it."""
    amplitude = source.number("amplitude")[rows]
    fixations, saccades = found["fixations"]["first"], found["saccades"]["first"]
    place = np.searchsorted(fixations.to_numpy(), saccades.to_numpy())
    known = place < len(fixations)
    follows = fixations.to_numpy()[np.minimum(place, len(fixations) - 1)]
    found["saccades"]["amplitude_deg"] = np.where(known, amplitude[follows], np.nan)
