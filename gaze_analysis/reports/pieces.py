"""Reports parted by participant and session: whose the rows are."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from gaze_analysis.reports import dataviewer
from gaze_analysis.reports.cells import find_columns, need_column, texts
from gaze_analysis.reports.part import name_parts
from gaze_analysis.reports.session import report_kind
from gaze_analysis.reports.table import Table
from gaze_analysis.reports.tabular import read_tables
from study.errors import InputError
from study.provenance import sha256_of
from study.settings.gaze_reports import ReportSettings

_WHO = {
    "dv": dataviewer.NAMES["dv-areas"]["participant"],
    "tobii": ("ParticipantName", "Participant name", "RecordingName", "Recording name"),
}
_RECORDINGS = ("RecordingName", "Recording name")


@dataclass(frozen=True)
class Piece:
    """The rows of one report that are one session's.

    Parameters
    ----------
    participant_id, session : str
        Whose they are.
    kind : str
        Which report.
    table : Table
        The rows.
    file, member, sha256 : str
        The file that they come from, the table within it, and the file's digest.
    times : str, default ""
        Whether the recording is on the tracker's axis of time, or its trials are laid out.
    """

    participant_id: str
    session: str
    kind: str
    table: Table
    file: str
    member: str
    sha256: str
    times: str = ""

    @property
    def name(self) -> str:
        """The stem of the session's files."""
        return f"{self.participant_id}_ses-{self.session}"


def report_pieces(path: Path, settings: ReportSettings) -> list[Piece]:
    """Part the rows of a file by participant and session.

    Parameters
    ----------
    path : Path
        A report, or a zip of reports.
    settings : ReportSettings
        The section [gaze.report].

    Returns
    -------
    list of Piece
        One for each session of each table.

    Raises
    ------
    InputError
        If a table is no report or has no rows, or two names would be one participant.
    """
    digest = sha256_of(path)
    pieces = []
    for table in read_tables(path):
        kind = report_kind(table.header, settings)
        if not kind:
            raise InputError(
                f"Each table of {path.name} must be a report, but {table.name} has the columns "
                f"{', '.join(table.header[:12])}. Take it out."
            )
        if not len(table.cells):
            raise InputError(
                f"A report must have rows, but {table.name} has none that can be read"
                f"{_first_skipped(table)}. Export it anew."
            )
        for (participant_id, session), rows in _sessions(table, kind, settings).items():
            own = table.rows(rows)
            pieces.append(Piece(participant_id, session, kind, own, path.name, table.name, digest))
    return pieces


def _first_skipped(table: Table) -> str:
    """Quote the first row that was skipped."""
    if table.skipped.empty:
        return ""
    row = table.skipped.iloc[0]
    return f" (line {row['line']}: {row['reason']}: {row['text'][:60]!r})"


def _sessions(
    table: Table, kind: str, settings: ReportSettings
) -> dict[tuple[str, str], np.ndarray]:
    """Find which rows are whose; refuse two names that would be one."""
    from gaze_analysis.foreign import real_label, recording_id

    named = name_parts(table.name, settings.file_name)
    who = _labels(table, kind, settings, "participant")
    when = _labels(table, kind, settings, "session")
    if who is None:
        label = named.get("participant") or table.name.split(".")[0]
        who = pd.Series(label, index=table.cells.index, dtype="object")
    if when is None:
        label = named.get("session", "")
        when = _recordings(table, kind, who)
        when = pd.Series(label, index=who.index, dtype="object") if when is None else when
    rows_of: dict[tuple[str, str], np.ndarray] = {}
    texts_of: dict[tuple[str, str], tuple[str, str]] = {}
    both = pd.DataFrame({"who": who.to_numpy(), "when": when.to_numpy()})
    for pair, rows in both.groupby(["who", "when"], sort=False).indices.items():
        shown = cast(tuple[str, str], pair)
        participant_id, session = recording_id(Path(shown[0]))
        label = "".join(sign for sign in shown[1] if sign.isalnum() and sign.isascii())
        session = real_label(label or session)
        name = (participant_id, session)
        if name in rows_of:
            raise InputError(
                f"Participants must differ in letters and digits, but {texts_of[name][0]!r} and "
                f"{shown[0]!r} of {table.name} would both be {participant_id}, session {session}. "
                "Rename one."
            )
        rows_of[name], texts_of[name] = np.sort(rows), shown
    return rows_of


def _labels(table: Table, kind: str, settings: ReportSettings, thing: str) -> pd.Series | None:
    """Give each row's participant or session as a column says it; None where none does."""
    column = getattr(settings.columns, thing)
    if column and column not in table.header:
        raise need_column(table.name, table.header, column, thing)
    if not column and thing == "participant":
        known = _WHO.get(kind.partition("-")[0], ())
        column = find_columns(table.header, {thing: known}).get(thing, "")
    if not column:
        return None
    return texts(table.cells[column]).ffill().bfill().fillna("unnamed")


def _recordings(table: Table, kind: str, who: pd.Series) -> pd.Series | None:
    """Take a participant's recordings for sessions, where there are several in an export."""
    column = find_columns(table.header, {"recording": _RECORDINGS}).get("recording")
    if kind != "tobii" or column is None:
        return None
    label = texts(table.cells[column]).ffill().bfill().fillna("")
    several = label.groupby(who).transform("nunique") > 1
    return label.where(several, "")
