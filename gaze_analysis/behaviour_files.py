"""Behaviour tables made elsewhere: whose each one is, and how it is kept in sourcedata."""

import csv
import io
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gaze_analysis.behaviour import is_behaviour, program_of, read_behaviour
from gaze_analysis.behaviour_sheet import Sheet, as_sheet, read_sheets
from gaze_analysis.reports.tabular import is_packed, parse_table
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.settings.gaze_behaviour import BehaviourSettings
from study.writing import atomic_path

_ENDING = "_behaviour.csv"
_SUB_SES = re.compile(r"sub-([A-Za-z0-9]+)(?:_ses-([A-Za-z0-9]+))?")
_WHO = {"psychopy": "participant", "opensesame": "subject_nr", "faceoff": "participant_id"}
_WHEN = {"psychopy": "session", "faceoff": "session"}


@dataclass(frozen=True)
class _Table:
    """One session's behaviour, on its way into the study; no text: the file as it is."""

    source: Path
    who: tuple[str, str]
    sheet: Sheet
    text: str | None

    @property
    def content(self) -> bytes:
        """What is kept."""
        return self.source.read_bytes() if self.text is None else self.text.encode()


def behaviour_file(folder: Path) -> Path | None:
    """Find the behaviour table of another program in a session's folder.

    Parameters
    ----------
    folder : Path
        The session's folder in sourcedata.

    Returns
    -------
    Path or None
        None where there is none.
    """
    return next(iter(sorted(folder.glob(f"*{_ENDING}"))), None)


def adopt_behaviour(study: Study, files: Iterable[Path]) -> list[Path]:
    """Keep behaviour tables in the folders of the sessions that they are of; all, or none.

    Parameters
    ----------
    study : Study
        The study, whose recordings are imported already.
    files : iterable of Path
        Tables of one participant or of several, who are told apart.

    Returns
    -------
    list of Path
        The files in sourcedata.

    Raises
    ------
    InputError
        If a table cannot be read, its session is not known, or has behaviour already.
    """
    settings = study.settings.gaze.behaviour
    tables = [
        table
        for path in map(Path, files)
        for sheet in _sheets(path)
        for table in _split(study, path, sheet, settings)
    ]
    seen: dict[tuple[str, str], Path] = {}
    for table in tables:
        read_behaviour(table.sheet, settings)
        if table.who in seen:
            raise InputError(
                f"A session has one behaviour table, but {seen[table.who].name} and "
                f"{table.source.name} both are of {_label(table.who)}. Name one of them alone."
            )
        seen[table.who] = table.source
        _refuse_another(study, table)
    return [_keep(study, table) for table in tables]


def _sheets(path: Path) -> Iterable[Sheet]:
    """Read the tables of a file."""
    if not path.is_file():
        raise InputError(f"A behaviour table must be a file, but there is no {path}. Correct it.")
    return read_sheets(path)


def _split(study: Study, path: Path, sheet: Sheet, settings: BehaviourSettings) -> list[_Table]:
    """Take a table apart by participant and session."""
    if not is_behaviour(sheet.header, settings):
        raise InputError(
            f"A behaviour table must be PsychoPy's or OpenSesame's, or have the columns named in "
            f"[gaze.behaviour], but {sheet.name} has {', '.join(sheet.header[:8])}. Name its "
            "columns there."
        )
    named = _SUB_SES.search(sheet.name)
    who = _cells(sheet, settings.participant or _WHO.get(program_of(sheet.header), ""))
    when = _cells(sheet, settings.session or _WHEN.get(program_of(sheet.header), ""))
    if named:
        who, when = named[1], named[2] or when
    elif isinstance(who, str):
        who = who or re.sub(r"[^A-Za-z0-9]", "", Path(sheet.name).stem)
    groups = pd.DataFrame({"who": who, "when": when}, index=sheet.frame.index)
    pairs = groups.drop_duplicates().itertuples(index=False, name=None)
    sessions = {pair: _session(study, sheet.name, *pair) for pair in pairs}
    if len(set(sessions.values())) == 1 and not is_packed(path):
        return [_Table(path, next(iter(sessions.values())), sheet, None)]
    of_row = [sessions[pair] for pair in groups.itertuples(index=False, name=None)]
    return [_part(path, sheet, of_row, own) for own in dict.fromkeys(of_row)]


def _cells(sheet: Sheet, column: str) -> "str | pd.Series":
    """Give a column's cells, gaps filled from the rows before; empty where it says nothing."""
    if column not in sheet.header or not sheet.known(column).any():
        return ""
    return sheet.frame[column].where(sheet.known(column)).ffill().bfill()


def _part(path: Path, sheet: Sheet, of_row: list[tuple[str, str]], own: tuple[str, str]) -> _Table:
    """Write the lines of one session with the header, cell by cell as they are."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet.header)
    chosen = [who == own for who in of_row]
    writer.writerows(sheet.frame[chosen].itertuples(index=False, name=None))
    lines = as_sheet(parse_table(sheet.name, text.getvalue().encode()))
    return _Table(path, own, lines, text.getvalue())


def _session(study: Study, name: str, who: str, when: str) -> tuple[str, str]:
    """Find the session that a table means."""
    folders = [folder for folder in sorted(study.sourcedata.glob("sub-*/ses-*")) if folder.is_dir()]
    known = [(folder.parent.name, folder.name.removeprefix("ses-")) for folder in folders]
    people = _same(who.removeprefix("sub-"), {name.removeprefix("sub-") for name, _ in known})
    found = [pair for pair in known if pair[0].removeprefix("sub-") in people]
    labels = _same(when, {label for _, label in found}) if when else None
    if labels is not None:
        found = [pair for pair in found if pair[1] in labels]
    if len(found) == 1:
        return found[0]
    meant = f"participant {who!r}" + (f", session {when!r}" if when else "")
    names = [_label(pair) for pair in (found or known)]
    if found:
        evidence = f"could be {', '.join(names)}"
        advice = "Give the file the name of its session: sub-ID_ses-LABEL_behaviour.csv."
    else:
        evidence = f"is none of them ({', '.join(names[:10]) or 'there is none'})"
        advice = (
            "Import the recording first, or give the file the name of its session: "
            "sub-ID_ses-LABEL_behaviour.csv."
        )
    raise InputError(
        f"Behaviour must be of a session in sourcedata, but {name} ({meant}) {evidence}. {advice}"
    )


def _same(text: str, names: set[str]) -> set[str]:
    """Find a label among others: as it is, else without leading zeros, else by its number."""
    for form in (str, _plain, _digits):
        found = {name for name in names if form(name) and form(name) == form(text)}
        if found:
            return found
    return set()


def _plain(label: str) -> str:
    """Write a label without signs, capitals and leading zeros.

    Examples
    --------
    >>> _plain("S_003"), _plain("12")
    ('s3', '12')
    """
    letters = re.sub(r"[^a-z0-9]", "", label.lower())
    return re.sub(r"(?<!\d)0+(?=\d)", "", letters)


def _digits(label: str) -> str:
    """Take the number of a label that holds letters, then one number, or a number alone.

    Examples
    --------
    >>> _digits("P012"), _digits("2b3")
    ('12', '')
    """
    match = re.fullmatch(r"[a-z]*?0*(\d+)", _plain(label))
    return match[1] if match else ""


def _refuse_another(study: Study, table: _Table) -> None:
    """Refuse to replace what a session has."""
    folder = study.session_dir(*table.who)
    kept = behaviour_file(folder)
    if (folder / "trials.tsv").exists():
        has = "trials.tsv of the session itself"
    elif kept is not None and kept.read_bytes() != table.content:
        has = f"another {kept.name}"
    else:
        return
    raise InputError(
        f"A session has one behaviour table, but {table.source.name} would be that of "
        f"{_label(table.who)}, which holds {has}. Give the file the name of its session, or "
        "remove the table that is there."
    )


def _keep(study: Study, table: _Table) -> Path:
    """Copy a table into sourcedata."""
    target = study.session_dir(*table.who) / f"{_label(table.who)}{_ENDING}"
    if not target.exists():
        with atomic_path(target) as temporary:
            if table.text is None:
                shutil.copyfile(table.source, temporary)
            else:
                temporary.write_bytes(table.content)
    say(f"{table.source.name} is the behaviour of {_label(table.who)}")
    return target


def _label(who: tuple[str, str]) -> str:
    """Name a session as its files are named."""
    return f"{who[0]}_ses-{who[1]}"
