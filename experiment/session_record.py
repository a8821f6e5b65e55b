"""The session.json of one session: what it is, and how each of its parts went."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from study.errors import InputError
from study.writing import write_json


def now() -> str:
    """Give the time of day with its zone.

    Returns
    -------
    str
        ISO 8601, to the millisecond.
    """
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def read_session_record(session_dir: Path) -> dict[str, Any]:
    """Read a session.json.

    Parameters
    ----------
    session_dir : Path
        The session's folder.

    Returns
    -------
    dict
        What it says; empty where there is none.

    Raises
    ------
    InputError
        If the file is damaged, or no record of a session.
    """
    path = session_dir / "session.json"
    if not path.exists():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} must be JSON, but {error}. Restore it from a copy, or move the session away."
        ) from error
    parts = record.get("parts", []) if isinstance(record, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise InputError(
            f"{path} must be the record of a session, but it has no list of parts. Restore it from "
            "a copy, or move it away: the parts are then counted by their recordings and trials."
        )
    return record


class SessionRecord:
    """The growing session.json: a session has parts, one for each time that it was gone on with.

    Parameters
    ----------
    session_dir : Path
        The session's folder.
    facts : mapping of str to value
        What holds for the whole session; what an earlier part has noted stays.
    part : mapping of str to value
        What holds for this part: its number, tracker, eye, experimenter.

    Raises
    ------
    InputError
        If the file is damaged, or has this part already.
    """

    def __init__(
        self, session_dir: Path, facts: Mapping[str, Any], part: Mapping[str, Any]
    ) -> None:
        self._path = session_dir / "session.json"
        known = read_session_record(session_dir)
        started = now()
        self._earlier = list(known.get("parts", []))
        if any(earlier.get("part", 0) >= part["part"] for earlier in self._earlier):
            raise InputError(
                f"A part of a session is recorded once, but {self._path} has part {part['part']} "
                "already: the session was begun in another window meanwhile. End it there first."
            )
        self._session = {"started": started, **facts, **known}
        self._part = {"started": started, "process": os.getpid(), **part}
        self.update(status="running", finished=None)

    @property
    def part(self) -> int:
        """Number of the part under way, from 1."""
        return int(self._part["part"])

    def update(self, **facts: Any) -> None:
        """Note something about this part, and write the file.

        Parameters
        ----------
        **facts : value
            What is known now.
        """
        self._part.update(facts)
        # What analysis asks of a session is that of its parts together.
        last = {name: self._part[name] for name in ("status", "finished", "tracker")}
        parts = [*self._earlier, self._part]
        files = [name for part in parts for name in part.get("recording_files", [])]
        whole = {**self._session, **last, "recording_files": files, "parts": parts}
        write_json(self._path, whole)

    def note(self, **facts: Any) -> None:
        """Note something about the whole session, and write the file.

        Parameters
        ----------
        **facts : value
            What is known now, such as the consent.
        """
        self._session.update(facts)
        self.update()

    def end(self, status: str, reason: str, **facts: Any) -> None:
        """Note how this part ended.

        Parameters
        ----------
        status : {"finished", "quit", "failed"}
            How it ended.
        reason : str
            Why, in a sentence; empty where it was finished.
        **facts : value
            Whatever else is known.
        """
        self._session["n_trials"] = facts.pop("n_trials", 0)
        self.update(status=status, ended_by=reason, finished=now(), **facts)
