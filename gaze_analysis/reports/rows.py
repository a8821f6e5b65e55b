"""Rows of events and rows of samples, whoever wrote them, turned into parts of a recording."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.part import (
    Part,
    Source,
    number_trials,
    skip_rows,
    trial_table,
    wrong_numbers,
)
from gaze_analysis.reports.runs import blinks_between, sample_events
from gaze_analysis.reports.times import first_known, trial_zeros

_EYES = {"left": "left", "right": "right", "l": "left", "r": "right"}


def events_part(
    source: Source, table: str, own: Sequence[str], *, absolute: bool | None, to_ms: float = 1.0
) -> Part:
    """Turn a report with a row for each fixation or saccade into a part.

    Parameters
    ----------
    source : Source
        The rows, with its columns found: onset, x, y, and offset or duration.
    table : {"fixations", "saccades"}
        What the rows are.
    own : sequence of str
        Columns that are no trial variables.
    absolute : bool or None
        Whether times are on the tracker's clock; None where the report must show it.
    to_ms : float, default 1
        Milliseconds in a unit of its times.

    Returns
    -------
    Part
        With that table, and blinks where the report knows of any.
    """
    onset, offset, duration = (
        source.number(thing) * to_ms for thing in ("onset", "offset", "duration")
    )
    reasons = wrong_numbers(source, ("onset", "offset", "duration", "x", "y"))
    reasons[np.isnan(onset) & (reasons == "")] = f"no {source.columns['onset']}"
    gone = np.isnan(offset) & np.isnan(duration) & (reasons == "")
    reasons[gone] = "neither end nor duration"
    code, number, label = number_trials(source, onset, own)
    trials, variables = trial_table(source, code, number, label, own)
    shift, zero, begins = trial_zeros(source, onset, code, absolute=absolute)
    trials = trials.assign(zero_ms=zero, onset_ms=begins, end_ms=trial_ends(source, code, zero))
    sample_ms = _sample_of(onset, offset, duration)
    usual = 1.0 if np.isnan(sample_ms) else sample_ms
    offset = np.where(np.isnan(offset), onset + duration - usual, offset)
    duration = np.where(np.isnan(duration), offset - onset + usual, duration)
    frame = pd.DataFrame(
        {
            "line": source.table.line, "trial": code, "eye": _eye(source),
            "onset_ms": onset - shift[code], "offset_ms": offset - shift[code],
            "duration_ms": duration, **_fields(source, table),
        }
    )  # fmt: skip
    kept = frame[reasons == ""].reset_index(drop=True)
    tables = {table: kept}
    blinks = _blinks(source, frame, shift, code, usual)
    if len(blinks):
        tables["blinks"] = blinks
    notes: tuple[str, ...] = ()
    if np.isnan(number).all() and len(number) > 1:
        notes = ("trials are not numbered: a new one begins where time goes back",)
    return Part(source, trials, variables, tables, skip_rows(source, reasons), sample_ms,
                notes=notes)  # fmt: skip


def _fields(source: Source, table: str) -> dict[str, NDArray[np.float64]]:
    """Give an event's own numbers in a recording's columns."""
    names = {"x_px": "x", "y_px": "y", "resolution_x_px_deg": "resolution_x",
             "resolution_y_px_deg": "resolution_y"}  # fmt: skip
    if table == "fixations":
        names["pupil"] = "pupil"
    else:
        names |= {"x_end_px": "x_end", "y_end_px": "y_end", "amplitude_deg": "amplitude",
                  "peak_velocity_deg_s": "peak_velocity"}  # fmt: skip
    return {column: source.number(thing) for column, thing in names.items()}


def _sample_of(
    onset: NDArray[np.float64], offset: NDArray[np.float64], duration: NDArray[np.float64]
) -> float:
    """Measure one sample: what EyeLink's duration has more than end - start."""
    more = duration - (offset - onset)
    more = more[(more > 0) & (more <= 1000)]
    if not len(more):
        return float("nan")
    values, counts = np.unique(np.round(more, 3), return_counts=True)
    return float(values[np.argmax(counts)])


def _eye(source: Source) -> "pd.Series[str] | str":
    """Name the eye of each row; unknown where the report does not say one of the two."""
    words = source.text("eye")
    if words is None:
        return "unknown"
    return words.str.lower().map(_EYES).fillna("unknown").astype("str")


def trial_ends(
    source: Source, code: NDArray[np.int64], zero: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find when each trial, or its interest period, ends on its own time."""
    period = first_known(source.number("ip_end"), code) - zero
    trial = first_known(source.number("trial_end"), code) - zero
    return np.where(np.isnan(period), trial, period)


def _blinks(
    source: Source,
    events: pd.DataFrame,
    shift: NDArray[np.float64],
    code: NDArray[np.int64],
    sample_ms: float,
) -> pd.DataFrame:
    """Find blinks: in saccades with their times, around fixations as the gap in which they lie."""
    around = source.text("blink_around")
    if around is not None:
        return blinks_between(events, around.fillna("NONE").str.upper(), sample_ms)
    begin = source.number("blink_onset") - shift[code]
    end = source.number("blink_offset") - shift[code]
    length = source.number("blink_duration")
    frame = events[["line", "trial", "eye"]].assign(
        onset_ms=begin,
        offset_ms=np.where(np.isnan(end), begin + length - sample_ms, end),
        duration_ms=np.where(np.isnan(length), end - begin + sample_ms, length),
    )
    return frame[frame[["onset_ms", "offset_ms"]].notna().all(axis=1)].reset_index(drop=True)


def samples_part(
    source: Source, own: Sequence[str], *, absolute: bool | None, to_ms: float = 1.0
) -> Part:
    """Turn a report with a row for each sample into a part.

    Parameters
    ----------
    source : Source
        The rows, with its columns found: time, and x and y of an eye (``x_left``).
    own : sequence of str
        Columns that are no trial variables.
    absolute : bool or None
        Whether times are on the tracker's clock; None where the report must show it.
    to_ms : float, default 1
        Milliseconds in a unit of its times.

    Returns
    -------
    Part
        With samples, events where columns say in which ones a sample lies, and messages.
    """
    time = source.number("time") * to_ms
    eyes = [eye for eye in ("left", "right", "unknown") if f"x_{eye}" in source.columns]
    reasons = wrong_numbers(source, ("time", *(f"{axis}_{eye}" for eye in eyes for axis in "xy")))
    reasons[np.isnan(time) & (reasons == "")] = f"no {source.columns['time']}"
    code, number, label = number_trials(source, time, own)
    trials, variables = trial_table(source, code, number, label, own)
    shift, zero, begins = trial_zeros(source, time, code, absolute=absolute)
    trials = trials.assign(zero_ms=zero, onset_ms=begins, end_ms=trial_ends(source, code, zero))
    frame = pd.DataFrame({"time_ms": time - shift[code]})
    for eye in eyes:
        frame[f"x_{eye}_px"] = source.number(f"x_{eye}")
        frame[f"y_{eye}_px"] = source.number(f"y_{eye}")
        frame[f"pupil_{eye}"] = source.number(f"pupil_{eye}")
        for axis in "xy":
            if f"velocity_{axis}_{eye}" in source.columns:
                frame[f"velocity_{axis}_{eye}_deg_s"] = source.number(f"velocity_{axis}_{eye}")
    for name in ("input", "buttons", "resolution_x", "resolution_y"):
        if name in source.columns:
            shown = f"{name}_px_deg" if name.startswith("res") else name
            frame[shown] = source.number(name)
    frame = frame.assign(line=source.table.line, trial=code)
    used = reasons == ""
    sample_ms = _interval(frame["time_ms"].to_numpy(), code)
    tables = {"samples": frame[used].reset_index(drop=True)}
    tables |= sample_events(source, frame, used, eyes, sample_ms)
    words = source.text("message")
    if words is not None:
        tables["messages"] = _sample_messages(words[used], frame[used])
    return Part(source, trials, variables, tables, skip_rows(source, reasons), sample_ms)


def _interval(time_ms: NDArray[np.float64], code: NDArray[np.int64]) -> float:
    """Measure the time between samples within trials."""
    steps = np.diff(time_ms)[code[1:] == code[:-1]]
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else float("nan")


def _sample_messages(words: pd.Series, samples: pd.DataFrame) -> pd.DataFrame:
    """Take the messages that stand beside samples; several are parted by semicolons."""
    found = words.notna().to_numpy(bool)
    frame = samples.loc[found, ["line", "trial", "time_ms"]]
    frame = frame.assign(text=words[found].str.split(";")).explode("text")
    frame["text"] = frame["text"].str.strip()
    return frame[frame["text"].fillna("") != ""].reset_index(drop=True)
