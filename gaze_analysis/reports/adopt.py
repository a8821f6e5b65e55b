"""Reports made elsewhere: checked, and kept in sourcedata."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaze_analysis.importing import Session, recording_files, session_facts
from gaze_analysis.reports.assemble import LAID_OUT, assemble
from gaze_analysis.reports.cells import need_column, simple
from gaze_analysis.reports.keep import write_rows
from gaze_analysis.reports.part import Source
from gaze_analysis.reports.pieces import Piece, report_pieces
from gaze_analysis.reports.session import (
    AREAS,
    KINDS,
    kept_parts,
    picture_names,
    read_part,
    report_files,
)
from participants.register import add_participant, read_participants
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.writing import write_json

_TRACKERS = {"dv-": "EyeLink", "tobii": "Tobii"}


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
    pieces = [piece for path in files for piece in report_pieces(path, settings)]
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
