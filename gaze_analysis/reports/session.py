"""Reports kept in sourcedata, read back as the recording of their session."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaze_analysis.eyelink.recording import Recording
from gaze_analysis.reports import dataviewer, generic, tobii
from gaze_analysis.reports.assemble import assemble
from gaze_analysis.reports.part import Part, Source
from gaze_analysis.reports.tabular import read_tables
from gaze_analysis.tables import read_picture_map
from study.folder import Study
from study.settings.gaze_reports import ReportSettings

# What each kind of report is; it stands in the name of the file that keeps it.
KINDS = dataviewer.KINDS | tobii.KINDS | generic.KINDS
AREAS = "dv-areas"
_KEPT = re.compile(rf"_({'|'.join(KINDS)})(?:-(\d+))?\.tsv")
_READERS = {
    **dict.fromkeys(dataviewer.KINDS, dataviewer.read_report),
    **dict.fromkeys(tobii.KINDS, tobii.read_report),
    **dict.fromkeys(generic.KINDS, generic.read_report),
}


def report_kind(header: Sequence[str], settings: ReportSettings) -> str:
    """Tell by its columns which report a table is.

    Parameters
    ----------
    header : sequence of str
        The table's columns.
    settings : ReportSettings
        The section [gaze.report], which counts where it describes the table.

    Returns
    -------
    str
        One of `KINDS`, or empty.
    """
    return (
        dataviewer.report_kind(header)
        or tobii.report_kind(header)
        or generic.report_kind(header, settings)
    )


def kept_kind(path: Path) -> str:
    """Tell by its name which kind of report a file in sourcedata keeps.

    Parameters
    ----------
    path : Path
        A file of a session's folder.

    Returns
    -------
    str
        One of `KINDS`, or empty.

    Examples
    --------
    >>> kept_kind(Path("sub-1_ses-01_dv-samples.tsv")), kept_kind(Path("trials.tsv"))
    ('dv-samples', '')
    """
    match = _KEPT.search(path.name)
    return match[1] if match else ""


def report_files(folder: Path) -> tuple[Path, ...]:
    """List the reports that a session's folder keeps, but for those of interest areas.

    Parameters
    ----------
    folder : Path
        The session's folder in sourcedata.

    Returns
    -------
    tuple of Path
        By kind, and in the order in which they came.
    """
    found = [path for path in folder.glob("[!.]*.tsv") if kept_kind(path) not in ("", AREAS)]
    return tuple(sorted(found, key=lambda path: (kept_kind(path), _number(path), path.name)))


def _number(path: Path) -> int:
    """Tell which of several files of a kind this one is."""
    match = _KEPT.search(path.name)
    return int(match[2] or 1) if match else 0


def read_part(source: Source) -> Part:
    """Read one session's rows of one report.

    Parameters
    ----------
    source : Source
        The rows, and the kind of report.

    Returns
    -------
    Part
        Trials, rows and variables.

    Raises
    ------
    InputError
        If a column is missing.
    """
    return _READERS[source.kind](source)


def picture_names(study: Study) -> dict[str, str]:
    """Read which number means which picture, where [gaze.report] names a picture map."""
    path = study.settings.gaze.report.picture_map
    return read_picture_map(study.root / path) if path else {}


def read_reports(study: Study, files: Sequence[Path], facts: Mapping[str, Any]) -> Recording:
    """Read the reports that a session's folder keeps as one recording.

    Parameters
    ----------
    study : Study
        The study; its section [gaze.report] says what the reports do not.
    files : sequence of Path
        As `report_files` gives them.
    facts : mapping
        The session's session.json, which has the files' first names.

    Returns
    -------
    Recording
        As the reader of ASC files gives it.

    Raises
    ------
    InputError
        If a report lacks a column, or two reports contradict each other.
    """
    return assemble(kept_parts(study, files, facts), str(facts.get("tracker", "unknown")))


def kept_parts(study: Study, files: Sequence[Path], facts: Mapping[str, Any]) -> list[Part]:
    """Read each of the reports that a session's folder keeps.

    Parameters
    ----------
    study, files, facts
        As for `read_reports`.

    Returns
    -------
    list of Part
        In the order of the files.
    """
    names = picture_names(study)
    parts = []
    for path in files:
        first_name = facts.get("reports", {}).get(path.name, {}).get("imported_from", path.name)
        table = next(read_tables(path)).named(path.relative_to(study.root).as_posix())
        parts.append(
            read_part(
                Source(table, kept_kind(path), {}, first_name, study.settings.gaze.report, names)
            )
        )
    return parts
