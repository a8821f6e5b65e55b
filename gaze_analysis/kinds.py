"""Which files `gaze import` can read, told by what is in them and not by their names."""

from collections.abc import Iterable
from pathlib import Path

from gaze_analysis.behaviour import is_behaviour
from gaze_analysis.eyelink.files import files_below
from gaze_analysis.foreign import looks_like_asc
from gaze_analysis.reports.cells import listed
from gaze_analysis.reports.session import report_kind
from gaze_analysis.reports.tabular import TABLE_SUFFIXES, table_header
from study.errors import InputError
from study.progress import say
from study.settings.gaze import GazeSettings

KINDS = {
    "asc": "EyeLink recordings as text (.asc)",
    "edf": "EyeLink recordings (.edf)",
    "report": "Data Viewer reports, Tobii exports and tables that [gaze.report] describes",
    "behaviour": "behaviour of PsychoPy or OpenSesame, or a table that [gaze.behaviour] describes",
    "table": "tables of fixations in the picture's pixels that [gaze.table] describes",
}
_EDF = b"SR_RESEARCH"
_IN_FOLDERS = (*TABLE_SUFFIXES, ".asc", ".edf", ".gz", ".zip")


def sort_files(paths: Iterable[Path], settings: GazeSettings) -> dict[str, list[Path]]:
    """Sort files by what they are; folders are searched, and what is none of it is named.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders.
    settings : GazeSettings
        The section [gaze], which may describe tables.

    Returns
    -------
    dict of str to list of Path
        Files by the names of `KINDS`, each of which is there.

    Raises
    ------
    InputError
        If a path does not exist, a file is none of `KINDS`, or a folder holds none.
    """
    found: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for path in paths:
        if not path.exists():
            raise InputError(
                f"A recording must be a file or a folder, but there is no {path}. Correct it."
            )
        if path.is_dir():
            _sort_folder(path, settings, found)
        else:
            found[file_kind(path, settings)].append(path)
    return found


def _sort_folder(folder: Path, settings: GazeSettings, found: dict[str, list[Path]]) -> None:
    """Sort the files of a folder, and say which are left out."""
    left_out = []
    n_before = sum(map(len, found.values()))
    for path in files_below(folder):
        if path.suffix.lower() not in _IN_FOLDERS:
            continue
        try:
            found[file_kind(path, settings)].append(path)
        except (InputError, FileNotFoundError):  # a link may lead nowhere
            left_out.append(path.name)
    if sum(map(len, found.values())) == n_before:
        raise InputError(
            f"A folder of recordings must hold some, but {folder} has none: {_understood()}. "
            "Name another one."
        )
    if left_out:
        shown = ", ".join(left_out[:5]) + (", ..." if len(left_out) > 5 else "")
        say(f"{folder}: {len(left_out)} files are no recordings and are left out: {shown}")


def file_kind(path: Path, settings: GazeSettings) -> str:
    """Tell what a file is by what is in it.

    Parameters
    ----------
    path : Path
        The file.
    settings : GazeSettings
        The section [gaze]: a table with the columns that [gaze.table] names is such a table.

    Returns
    -------
    str
        One of `KINDS`.

    Raises
    ------
    InputError
        If it is none of them.
    """
    with path.open("rb") as file:
        begin = file.read(len(_EDF))
    if begin == _EDF:
        return "edf"
    if path.name.lower().endswith((".asc", ".asc.gz")):
        return "asc"  # its reader says what is wrong with it
    header = table_header(path)
    table = settings.table
    if table.in_use and {table.columns.x, table.columns.y} <= set(header):
        return "table"
    if report_kind(header, settings.report):
        return "report"
    if is_behaviour(header, settings.behaviour):
        return "behaviour"
    if looks_like_asc(path):
        return "asc"
    if table.in_use and (header or path.suffix.lower() == ".zip"):
        return "table"
    # Whoever filled [gaze.report] means such a table by it; its reader names what is missing.
    if settings.report.in_use and len(header) > 1:
        return "report"
    raise InputError(f"{path.name} must be one of {_understood()}, but {_evidence(header)}.")


def _understood() -> str:
    """List what can be read."""
    return "; ".join(KINDS.values())


def _evidence(header: list[str]) -> str:
    """Say what a file has instead."""
    if len(header) > 1:
        return (
            f"it is a table with the columns {listed(header, 12)}. Only English names of columns "
            "are known; describe others in study.toml: [gaze.report] for positions on the screen, "
            "[gaze.table] for fixations in the picture's pixels, [gaze.behaviour] for answers"
        )
    return "it is none of them. Name another file"
