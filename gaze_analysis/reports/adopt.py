"""Reports made elsewhere: parted by participant and session, checked, and kept in sourcedata."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from gaze_analysis.importing import Session, recording_files, session_facts
from gaze_analysis.reports import dataviewer
from gaze_analysis.reports.assemble import LAID_OUT, assemble
from gaze_analysis.reports.cells import find_columns, need_column, simple, texts
from gaze_analysis.reports.keep import write_rows
from gaze_analysis.reports.part import Source, name_parts
from gaze_analysis.reports.session import (
    AREAS,
    KINDS,
    kept_parts,
    picture_names,
    read_part,
    report_files,
    report_kind,
)
from gaze_analysis.reports.table import Table
from gaze_analysis.reports.tabular import read_tables
from participants.register import add_participant, read_participants
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import sha256_of
from study.settings.gaze_reports import ReportSettings
from study.writing import write_json

_TRACKERS = {"dv-": "EyeLink", "tobii": "Tobii"}
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


def prepare_reports(study: Study, files: Iterable[Path]) -> list[Piece]:
    """Read reports, part them by session and check them, and keep nothing yet.

    Parameters
    ----------
    study : Study
        The study.
    files : iterable of Path
        Data Viewer reports, Tobii exports, tables that [gaze.report] describes, zips of them.

    Returns
    -------
    list of Piece
        What is new to the study.

    Raises
    ------
    InputError
        If a file is no report, lacks a column, or holds what the study has already in another
        version.
    """
    settings = study.settings.gaze.report
    pieces = [piece for path in files for piece in _pieces(path, settings)]
    new = [piece for piece in pieces if not _is_kept(study, piece)]
    by_session: dict[str, list[Piece]] = {}
    for piece in new:
        by_session.setdefault(piece.name, []).append(piece)
    names = picture_names(study)
    notes: dict[str, None] = {}
    times = {name: _check(study, own, names, notes) for name, own in by_session.items()}
    for note in notes:
        say(note)
    return [replace(piece, times=times[piece.name]) for piece in new]


def keep_reports(study: Study, pieces: list[Piece]) -> list[Session]:
    """Write prepared reports into sourcedata; all of them, or none.

    Parameters
    ----------
    study : Study
        The study.
    pieces : list of Piece
        As `prepare_reports` gives them.

    Returns
    -------
    list of Session
        The sessions that have new reports.
    """
    registered = set(read_participants(study)["participant_id"])
    written: list[Path] = []
    before: dict[Path, dict[str, Any]] = {}
    register = [study.participants_tsv, study.participants_tsv.with_suffix(".json")]
    kept = {path: path.read_bytes() for path in register if path.is_file()}
    try:
        for participant_id in dict.fromkeys(piece.participant_id for piece in pieces):
            if participant_id not in registered:
                add_participant(study, participant_id)
        for piece in pieces:
            folder = study.session_dir(piece.participant_id, piece.session)
            path = _free_name(folder, piece)
            before.setdefault(folder, session_facts(folder))
            write_rows(path, piece.table)
            written.append(path)
            _note(folder, path, piece)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        for folder, facts in before.items():
            _restore(folder, facts)
        for path in register:
            if path in kept:
                path.write_bytes(kept[path])
            else:
                path.unlink(missing_ok=True)
        raise
    _say_kept(pieces)
    files = {(p.participant_id, p.session): study.session_dir(p.participant_id, p.session)
             for p in pieces}  # fmt: skip
    return [Session(*who, report_files(folder)) for who, folder in files.items()]


def adopt_reports(study: Study, files: Iterable[Path]) -> list[Session]:
    """Keep reports made elsewhere in the study's sourcedata; all of them, or none.

    Parameters
    ----------
    study : Study
        The study.
    files : iterable of Path
        As for `prepare_reports`.

    Returns
    -------
    list of Session
        The sessions that have new reports.
    """
    return keep_reports(study, prepare_reports(study, files))


def _pieces(path: Path, settings: ReportSettings) -> list[Piece]:
    """Part the rows of a file by participant and session."""
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
    from gaze_analysis.foreign import recording_id

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
        participant_id, session = recording_id(Path(shown[0] + ".asc"))
        session = "".join(sign for sign in shown[1] if sign.isalnum() and sign.isascii()) or session
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


def _is_kept(study: Study, piece: Piece) -> bool:
    """Tell whether the study has these very rows; refuse a session that is another's."""
    folder = study.session_dir(piece.participant_id, piece.session)
    facts = session_facts(folder)
    others = recording_files(folder)
    if others or (facts and "reports" not in facts):
        what = others[0].name if others else "a session of its own"
        raise InputError(
            f"A session holds one recording, but {piece.file} would be {piece.name}, and "
            f"{folder} holds {what} already. Set file_name or columns.session in [gaze.report] "
            "so that it is another session."
        )
    same = {"kind": piece.kind, "sha256": piece.sha256, "table": piece.member}
    return any(same.items() <= entry.items() for entry in facts.get("reports", {}).values())


def _check(study: Study, pieces: list[Piece], names: dict[str, str], notes: dict[str, None]) -> str:
    """Read a session's new reports together with those it has; tell what their times are."""
    first = pieces[0]
    folder = study.session_dir(first.participant_id, first.session)
    settings = study.settings.gaze.report
    parts = []
    for piece in pieces:
        if piece.kind == AREAS:
            known = {simple(name) for name in piece.table.header}
            if not known & {"ialabel", "iaid"}:
                raise need_column(piece.file, piece.table.header, "IA_LABEL", "image")
            continue
        parts.append(read_part(Source(piece.table, piece.kind, {}, piece.file, settings, names)))
        notes |= {f"{piece.file}: {note}": None for note in parts[-1].notes}
    if not parts:
        return ""
    parts = [*kept_parts(study, report_files(folder), session_facts(folder)), *parts]
    times = str(assemble(parts, "").info["times"])
    if times == LAID_OUT:
        notes[
            f"{first.file}: times count from each trial's start and nothing says when that was; "
            "trials stand one after another on an axis of their own"
        ] = None
    return times


def _free_name(folder: Path, piece: Piece) -> Path:
    """Name the file that keeps a piece; further ones of a kind are numbered."""
    path = folder / f"{piece.name}_{piece.kind}.tsv"
    number = 2
    while path.exists():
        path = folder / f"{piece.name}_{piece.kind}-{number}.tsv"
        number += 1
    return path


def _note(folder: Path, path: Path, piece: Piece) -> None:
    """Note in session.json where a report comes from."""
    facts = session_facts(folder) or {
        "participant_id": piece.participant_id,
        "session": piece.session,
        "mode": "real",
        "tracker": next((name for mark, name in _TRACKERS.items()
                         if piece.kind.startswith(mark)), "unknown"),
        "reports": {},
    }  # fmt: skip
    facts["reports"][path.name] = {
        "kind": piece.kind,
        "what": KINDS[piece.kind],
        "imported_from": piece.file,
        "table": piece.member,
        "sha256": piece.sha256,
    }
    facts["times"] = piece.times or facts.get("times", "")
    write_json(folder / "session.json", facts)


def _restore(folder: Path, facts: dict[str, Any]) -> None:
    """Put session.json back as it was, and take away folders that are empty."""
    if facts:
        write_json(folder / "session.json", facts)
        return
    (folder / "session.json").unlink(missing_ok=True)
    for path in (folder, folder.parent):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _say_kept(pieces: list[Piece]) -> None:
    """Say what each file became."""
    for file in dict.fromkeys(piece.file for piece in pieces):
        own = [piece for piece in pieces if piece.file == file]
        people = list(dict.fromkeys(piece.name for piece in own))
        n_rows = sum(len(piece.table.cells) for piece in own)
        n_odd = sum(len(piece.table.skipped) for piece in own)
        odd = f", {n_odd} of another width" if n_odd else ""
        shown = ", ".join(people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
        kinds = ", ".join(dict.fromkeys(KINDS[piece.kind] for piece in own))
        say(f"{file} is a {kinds}: {n_rows} rows{odd} of {len(people)} sessions ({shown})")
