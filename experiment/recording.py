"""What a session leaves behind: a row for each trial, safe on the disk, and session.json."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from study.errors import InputError
from study.folder import Study
from study.tables import MISSING, write_table
from study.writing import write_json

TRIAL_COLUMNS = {
    "participant_id": "Who took part.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session's plan, from 1.",
    "block": "Number of the block.",
    "phase": "practice or main.",
    "image_id": "The picture, as in stimuli/manifest.tsv.",
    "actor": "Who is on the picture.",
    "expression": "What the picture shows.",
    "response": "The expression that was answered; n/a where there was no answer.",
    "key": "The key that was pressed; n/a where there was no answer.",
    "correct": "Whether the answer was the picture's expression; n/a without an answer.",
    "rt_ms": "From the face's onset to the key press, in milliseconds; n/a without an answer.",
    "face_onset_ms": "When the face appeared, in milliseconds of the tracker's clock.",
    "face_offset_ms": "When the face went, in milliseconds of the tracker's clock.",
    "n_frames": "Screen frames for which the face was on.",
    "n_dropped": "Frames that lasted over one and a half refresh periods.",
    "max_frame_interval_ms": "The longest frame while the face was on, in milliseconds.",
    "fixation_x_px": "Where the fixation target stood, in screen pixels from the left.",
    "fixation_y_px": "Where the fixation target stood, in screen pixels from the top.",
    "picture_x_px": "Left pixel of the picture on the screen.",
    "picture_y_px": "Top pixel of the picture on the screen.",
    "picture_width_px": "Width of the picture on the screen, in pixels.",
    "picture_height_px": "Height of the picture on the screen, in pixels.",
}


def recording_name(participant_id: str, session: str, part: int = 1) -> str:
    """Name a session's gaze recording, without its suffix.

    Parameters
    ----------
    participant_id : str
        Such as ``sub-001``.
    session : str
        The session's label, such as ``01``.
    part : int, default 1
        Number of the part: a session that was resumed has several.

    Returns
    -------
    str
        The stem; names in order are parts in order.

    Examples
    --------
    >>> recording_name("sub-001", "01"), recording_name("sub-001", "01", 2)
    ('sub-001_ses-01', 'sub-001_ses-01_part-02')
    """
    suffix = "" if part == 1 else f"_part-{part:02d}"
    return f"{participant_id}_ses-{session}{suffix}"


class TrialTable:
    """The growing trials.tsv of one session; each row is on the disk before the next trial.

    Parameters
    ----------
    path : Path
        The table, which must not exist.

    Raises
    ------
    InputError
        If there is a table already: nothing is ever overwritten.
    """

    def __init__(self, path: Path) -> None:
        refuse_second_start(path.parent)
        write_table(path, pd.DataFrame(columns=list(TRIAL_COLUMNS)), TRIAL_COLUMNS)
        self._file = path.open("a", encoding="utf-8", newline="\n")
        self.n_rows = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Append one trial and force it to the disk.

        Parameters
        ----------
        row : mapping of str to value
            One value for each of `TRIAL_COLUMNS`; None where it is missing.
        """
        if set(row) != set(TRIAL_COLUMNS):
            odd = sorted(set(row) ^ set(TRIAL_COLUMNS))
            raise ValueError(f"a row of trials.tsv needs its columns, but it differs in {odd}")
        line = "\t".join(_cell(row[name]) for name in TRIAL_COLUMNS)
        # One write of a whole line: a kill leaves either all of it or none.
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.n_rows += 1

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()


def _cell(value: Any) -> str:
    """Write one value as the study's tables have it."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)


def refuse_second_start(session_dir: Path) -> None:
    """Refuse to run a session over the data of an earlier start.

    Parameters
    ----------
    session_dir : Path
        The session's folder in sourcedata.

    Raises
    ------
    InputError
        If the folder holds trials or a recording.
    """
    trials_tsv = session_dir / "trials.tsv"
    earlier = [trials_tsv, *session_dir.glob("*_ses-*.asc*"), *session_dir.glob("*_ses-*.edf")]
    earlier = [path for path in earlier if path.exists()]
    if not earlier:
        return
    n_rows = _n_rows(trials_tsv)
    if n_rows:
        raise InputError(
            f"A session is run once, but {trials_tsv} holds {n_rows} trials already. They are "
            "never overwritten: plan another session (faceoff participants plan --session ...)."
        )
    names = ", ".join(path.name for path in earlier)
    raise InputError(
        f"A session starts in a folder without recordings, but {session_dir} holds {names} of a "
        "start that ended before its first trial. Move them away and start again."
    )


def _n_rows(trials_tsv: Path) -> int:
    """Count the complete rows of a table that may have been cut off."""
    if not trials_tsv.exists():
        return 0
    return max(trials_tsv.read_bytes().count(b"\n") - 1, 0)


class SessionRecord:
    """The session.json of one session: written when it starts, and again when it ends.

    Parameters
    ----------
    path : Path
        The file.
    facts : mapping of str to value
        What is known from the start: who, which session, which tracker.
    """

    def __init__(self, path: Path, facts: Mapping[str, Any]) -> None:
        self._path = path
        self._facts = dict(facts)
        self._started = _now()
        self.write("running")

    def write(self, status: str, **more: Any) -> None:
        """Write the file.

        Parameters
        ----------
        status : str
            running, finished, quit or failed.
        **more : value
            Further facts, such as the number of trials.
        """
        self._facts.update(more)
        finished = None if status == "running" else _now()
        write_json(
            self._path,
            {**self._facts, "status": status, "started": self._started, "finished": finished},
        )


def _now() -> str:
    """Give the time of day with its zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def versions(*packages: str) -> dict[str, str]:
    """List the versions of what ran the session.

    Parameters
    ----------
    *packages : str
        Names of distributions.

    Returns
    -------
    dict of str to str
        Version by name, with Python's and the system's.
    """
    found = {"python": platform.python_version(), "system": platform.platform()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def settings_used(study: Study) -> dict[str, Any]:
    """Copy the settings that shape a session.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict
        The sections screen, stimuli and experiment, and the seed.
    """
    settings = json.loads(study.settings.model_dump_json())
    return {
        "seed": settings["study"]["seed"],
        **{name: settings[name] for name in ("screen", "stimuli", "experiment", "observers")},
    }
