"""Tables of samples or fixations that no known program made, read through a map of columns."""

from collections.abc import Sequence
from dataclasses import replace

from gaze_analysis.reports.cells import need_column
from gaze_analysis.reports.part import Part, Source
from gaze_analysis.reports.rows import events_part, samples_part
from study.settings.gaze_reports import ReportSettings

KINDS = {
    "fixations": "table of fixations, by [gaze.report]",
    "samples": "table of samples, by [gaze.report]",
}
_TO_MS = {"ms": 1.0, "s": 1000.0, "us": 0.001}


def report_kind(header: Sequence[str], settings: ReportSettings) -> str:
    """Tell whether a table is one that [gaze.report.columns] describes.

    Parameters
    ----------
    header : sequence of str
        The table's columns.
    settings : ReportSettings
        The section [gaze.report].

    Returns
    -------
    str
        One of `KINDS`, or empty if the section is not filled or names none of its columns.
    """
    named = settings.columns
    if not settings.in_use or not any(name in header for name in named.model_dump().values()):
        return ""
    return "samples" if named.time else "fixations"


def read_report(source: Source) -> Part:
    """Read one session's rows of a table by the map of columns.

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
        If the table lacks a column that the map names.
    """
    settings, header = source.settings, source.table.header
    columns = {thing: name for thing, name in settings.columns.model_dump().items() if name}
    for thing, name in columns.items():
        if name not in header:
            raise need_column(source.file, header, name, thing)
    if source.kind == "samples":
        # The average of both eyes, or one eye of which nothing says which, is "unknown".
        for thing in ("x", "y", "pupil"):
            if thing in columns:
                columns[f"{thing}_unknown"] = columns.pop(thing)
    own = [name for thing, name in columns.items() if thing not in ("image", "trial")]
    source = replace(source, columns=columns)
    absolute = settings.times_from == "recording"
    to_ms = _TO_MS[settings.time_unit]
    if source.kind == "samples":
        for axis in "xy":
            if not any(f"{axis}_{eye}" in columns for eye in ("left", "right", "unknown")):
                raise need_column(source.file, header, axis, axis)
        return samples_part(source, own, absolute=absolute, to_ms=to_ms)
    for thing in ("onset", "x", "y"):
        if thing not in columns:
            raise need_column(source.file, header, thing, thing)
    if "offset" not in columns and "duration" not in columns:
        raise need_column(source.file, header, "duration", "duration")
    return events_part(source, "fixations", own, absolute=absolute, to_ms=to_ms)
