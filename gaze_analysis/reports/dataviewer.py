"""Data Viewer's reports of fixations, saccades, samples and messages, and of interest areas."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from gaze_analysis.reports.cells import find_columns, need_column, simple
from gaze_analysis.reports.part import (
    Part,
    Source,
    number_trials,
    skip_rows,
    trial_table,
    wrong_numbers,
)
from gaze_analysis.reports.rows import events_part, samples_part, trial_ends
from gaze_analysis.reports.times import trial_zeros

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
    "CURRENT_", "PREVIOUS_", "NEXT_", "LAST_", "IA_", "IP_", "SAMPLE_", "RESOLUTION_",
    *(f"TRIAL_{name}" for name in (
        "INDEX", "LABEL", "START_TIME", "END_TIME", "DWELL_TIME", "DURATION", "FIXATION",
        "SACCADE", "BLINK", "IA_", "RUN_COUNT", "TOTAL_", "INPUT", "BUTTON", "MESSAGE",
    )),
    *(f"{eye}_{name}" for eye in ("LEFT", "RIGHT", "AVERAGE") for name in (
        "GAZE_", "PUPIL_", "VELOCITY_", "ACCELERATION_", "FIX_", "SACCADE_", "IN_", "INTEREST_",
    )),
    "EYE_USED", "EYE_TRACKED", "EYE_REPORTED", "HTARGET_", "TARGET_X", "TARGET_Y",
    "TARGET_VELOCITY", "TARGET_ACCELERATION", "TARGET_VISIBLE", "VIDEO_",
    "RECORDING_SESSION_LABEL", "DATA_FILE", "TIMESTAMP", "TIME_SCALE", "TIME_PERIOD",
    "INTEREST_PERIOD", "REPORT_", "Session_Name_",
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
            used = source.columns.values()
            raise need_column(source.file, source.table.header, name, thing, wrong, used)


def _events(source: Source) -> Part:
    """Read a report of fixations or saccades."""
    _require(source, ("onset", "x", "y"))
    if "offset" not in source.columns and "duration" not in source.columns:
        _require(source, ("duration",))
    table = "fixations" if source.kind == "dv-fixations" else "saccades"
    return events_part(source, table, own_columns(source.table.header), absolute=None)


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
    trials = trials.assign(zero_ms=zero, onset_ms=begins, end_ms=trial_ends(source, code, zero))
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
