"""Data Viewer's reports of fixations, saccades, samples and messages, and of interest areas."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.cells import find_columns, need_column, simple
from gaze_analysis.reports.part import (
    Part,
    Source,
    number_trials,
    skip_rows,
    trial_table,
    trial_zeros,
    wrong_numbers,
)
from gaze_analysis.reports.runs import blinks_between, sample_events

KINDS = {
    "dv-fixations": "Data Viewer fixation report",
    "dv-saccades": "Data Viewer saccade report",
    "dv-samples": "Data Viewer sample report",
    "dv-messages": "Data Viewer message report",
    "dv-areas": "Data Viewer interest area report",
}
# Which names tell the reports apart; a fixation report may have saccades and areas beside it.
_MARKS = (
    ("dv-fixations", ("CURRENT_FIX_",)),
    ("dv-saccades", ("CURRENT_SAC_",)),
    ("dv-messages", ("CURRENT_MSG_",)),
    ("dv-samples", ("LEFT_GAZE_", "RIGHT_GAZE_", "AVERAGE_GAZE_", "SAMPLE_INDEX", "SAMPLE_MESS")),
    ("dv-areas", ("IA_DWELL_", "IA_FIXATION_COUNT", "IA_LABEL", "IA_FIRST_")),
)
# What Data Viewer itself writes; every other column is a variable of the experiment.
_OWN = (
    "CURRENT_", "PREVIOUS_", "NEXT_", "LAST_", "IA_", "TRIAL_", "IP_", "LEFT_", "RIGHT_",
    "AVERAGE_", "SAMPLE_", "RESOLUTION_", "EYE_", "HTARGET_", "TARGET_X", "TARGET_Y",
    "TARGET_V", "TARGET_A", "VIDEO_", "RECORDING_SESSION_LABEL", "DATA_FILE", "TIMESTAMP",
    "TIME_SCALE", "TIME_PERIOD", "INTEREST_PERIOD", "REPORT_", "Session_Name_",
)  # fmt: skip
_COMMON = {
    "participant": ("RECORDING_SESSION_LABEL", "DATA_FILE", "Session_Name_"),
    "trial": ("TRIAL_INDEX", "Trial_Index_"),
    "trial_label": ("TRIAL_LABEL",),
    "trial_start": ("TRIAL_START_TIME",),
    "trial_end": ("TRIAL_END_TIME",),
    "ip_start": ("IP_START_TIME",),
    "ip_end": ("IP_END_TIME",),
    "time_scale": ("TIME_SCALE",),
    "eye": ("EYE_USED", "CURRENT_FIX_EYE", "CURRENT_SAC_EYE", "EYE_TRACKED"),
}
_FIXATION = {
    "onset": ("CURRENT_FIX_START", "CURRENT_FIX_START_TIME"),
    "offset": ("CURRENT_FIX_END", "CURRENT_FIX_END_TIME"),
    "duration": ("CURRENT_FIX_DURATION",),
    "x": ("CURRENT_FIX_X",),
    "y": ("CURRENT_FIX_Y",),
    "pupil": ("CURRENT_FIX_PUPIL",),
    "resolution_x": ("CURRENT_FIX_X_RESOLUTION",),
    "resolution_y": ("CURRENT_FIX_Y_RESOLUTION",),
    "blink_around": ("CURRENT_FIX_BLINK_AROUND",),
}
_SACCADE = {
    "onset": ("CURRENT_SAC_START_TIME", "CURRENT_SAC_START"),
    "offset": ("CURRENT_SAC_END_TIME", "CURRENT_SAC_END"),
    "duration": ("CURRENT_SAC_DURATION",),
    "x": ("CURRENT_SAC_START_X",),
    "y": ("CURRENT_SAC_START_Y",),
    "x_end": ("CURRENT_SAC_END_X",),
    "y_end": ("CURRENT_SAC_END_Y",),
    "amplitude": ("CURRENT_SAC_AMPLITUDE",),
    "peak_velocity": ("CURRENT_SAC_PEAK_VELOCITY",),
    "resolution_x": ("CURRENT_SAC_START_X_RESOLUTION",),
    "resolution_y": ("CURRENT_SAC_START_Y_RESOLUTION",),
    "blink_onset": ("CURRENT_SAC_BLINK_START",),
    "blink_offset": ("CURRENT_SAC_BLINK_END",),
    "blink_duration": ("CURRENT_SAC_BLINK_DURATION",),
}
_MESSAGE = {"time": ("CURRENT_MSG_TIME",), "text": ("CURRENT_MSG_TEXT", "CURRENT_MSG_LABEL")}
_SAMPLE = {
    "time": ("TIMESTAMP", "SAMPLE_TIME"),
    "message": ("SAMPLE_MESSAGE",),
    "input": ("SAMPLE_INPUT",),
    "buttons": ("SAMPLE_BUTTON",),
    "resolution_x": ("RESOLUTION_X",),
    "resolution_y": ("RESOLUTION_Y",),
    **{
        f"{thing}_{eye}": (f"{eye.upper() if eye != 'unknown' else 'AVERAGE'}_{name}",)
        for eye in ("left", "right", "unknown")
        for thing, name in {
            "x": "GAZE_X", "y": "GAZE_Y", "pupil": "PUPIL_SIZE", "velocity_x": "VELOCITY_X",
            "velocity_y": "VELOCITY_Y", "fixation": "FIX_INDEX", "saccade": "SACCADE_INDEX",
            "in_saccade": "IN_SACCADE", "in_blink": "IN_BLINK",
        }.items()
    },
}  # fmt: skip
NAMES = {
    "dv-fixations": _COMMON | _FIXATION,
    "dv-saccades": _COMMON | _SACCADE,
    "dv-messages": _COMMON | _MESSAGE,
    "dv-samples": _COMMON | _SAMPLE,
    "dv-areas": _COMMON,
}
_EYES = {"left": "left", "right": "right", "l": "left", "r": "right"}


def report_kind(header: Sequence[str]) -> str:
    """Tell by its columns which of Data Viewer's reports a table is.

    Parameters
    ----------
    header : sequence of str
        The table's columns, in any order.

    Returns
    -------
    str
        One of `KINDS`, or empty if it is none.

    Examples
    --------
    >>> report_kind(["RECORDING_SESSION_LABEL", "CURRENT_FIX_X", "CURRENT_FIX_Y"])
    'dv-fixations'
    """
    names = [simple(name) for name in header]
    for kind, marks in _MARKS:
        if any(name.startswith(simple(mark)) for mark in marks for name in names):
            return kind
    return ""


def own_columns(header: Sequence[str]) -> list[str]:
    """List the columns that Data Viewer itself writes, whatever R made of their names.

    Parameters
    ----------
    header : sequence of str
        The table's columns.
    """
    marks = tuple(simple(mark) for mark in _OWN)
    shouted = [name for name in header if name.upper() == name or name.startswith("Session_N")]
    return [name for name in shouted if simple(name).startswith(marks)]


def read_report(source: Source) -> Part:
    """Read one session's rows of a fixation, saccade, sample or message report.

    Parameters
    ----------
    source : Source
        The rows; its columns are found here.

    Returns
    -------
    Part
        Trials, rows and variables.

    Raises
    ------
    InputError
        If the report lacks a column that it needs.

    References
    ----------
    SR Research, EyeLink Data Viewer User's Manual, chapter "Analysis reports".
    """
    chosen = source.settings.columns.model_dump()
    columns = find_columns(source.table.header, NAMES[source.kind], chosen)
    source = replace(source, columns=columns)
    readers = {"dv-samples": _samples, "dv-messages": _messages}
    return readers.get(source.kind, _events)(source)


def _require(source: Source, things: Sequence[str]) -> None:
    """Refuse a report that lacks a column."""
    for thing in things:
        if thing not in source.columns:
            wrong = getattr(source.settings.columns, thing, "")
            name = NAMES[source.kind][thing][0]
            raise need_column(source.file, source.table.header, name, thing, wrong)


def _events(source: Source) -> Part:
    """Read a report of fixations or saccades."""
    _require(source, ("onset", "x", "y"))
    if "offset" not in source.columns and "duration" not in source.columns:
        _require(source, ("duration",))
    table = "fixations" if source.kind == "dv-fixations" else "saccades"
    return events_part(source, table, own_columns(source.table.header), absolute=None)


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
    trials = trials.assign(zero_ms=zero, onset_ms=begins, end_ms=_ends(source, code, zero))
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


def _ends(
    source: Source, code: NDArray[np.int64], zero: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find when each trial, or its interest period, ends on its own time."""
    from gaze_analysis.reports.part import first_known

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


def _messages(source: Source) -> Part:
    """Read a message report."""
    _require(source, ("time", "text"))
    own = own_columns(source.table.header)
    time = source.number("time")
    words = source.table.cells[source.columns["text"]]
    reasons = wrong_numbers(source, ("time",))
    reasons[np.isnan(time) & (reasons == "")] = f"no {source.columns['time']}"
    code, number, label = number_trials(source, time, own)
    trials, variables = trial_table(source, code, number, label, own)
    shift, zero, begins = trial_zeros(source, time, code, absolute=None)
    trials = trials.assign(zero_ms=zero, onset_ms=begins, end_ms=_ends(source, code, zero))
    frame = pd.DataFrame(
        {
            "line": source.table.line,
            "trial": code,
            "time_ms": time - shift[code],
            "text": words.str.strip(),
        }
    )
    tables = {"messages": frame[reasons == ""].reset_index(drop=True)}
    return Part(source, trials, variables, tables, skip_rows(source, reasons))


def _samples(source: Source) -> Part:
    """Read a sample report."""
    _require(source, ("time",))
    if not any(f"x_{eye}" in source.columns for eye in ("left", "right", "unknown")):
        _require(source, ("x_right",))
    return samples_part(source, own_columns(source.table.header), absolute=None)


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
    trials = trials.assign(zero_ms=zero, onset_ms=begins, end_ms=_ends(source, code, zero))
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
