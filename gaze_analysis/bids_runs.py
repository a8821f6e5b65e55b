"""The recordings of a study as runs of BIDS: their names, tables and task."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gaze_analysis.importing import Session, rows_by_session
from study.dataset import lab_facts
from study.folder import Study
from study.tables import read_table

# The overviews: the command that makes each, and columns that are not left to guesses.
_TABLES: dict[str, tuple[str, dict[str, type]]] = {
    "recordings": (
        "gaze import",
        {"n_parts": int, "tracker": str, "serial_number": str, "pupil": str},
    ),
    "blocks": ("gaze import", {"part": int, "rate_hz": float, "n_samples": int}),
    "trials": (
        "gaze events",
        {"part": int, "condition": str, "face_onset_ms": float, "face_offset_ms": float},
    ),
}
_TASKS = {
    "faces": {
        "TaskDescription": "A face is shown until one of seven keys says its expression.",
        "Instructions": "Name the expression of each face by its key, as right and as fast as "
        "you can.",
    },
    "viewing": {
        "TaskDescription": "Pictures are looked at; the recording was made elsewhere.",
        "Instructions": "n/a",
    },
}


@dataclass(frozen=True)
class BidsRun:
    """One recording of a session, and what is known about it.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session.
    part : int
        Which of the session's parts it is, from 1.
    recording, blocks, trials : pandas.DataFrame
        Its rows of the overviews and of trials.tsv.
    """

    study: Study
    session: Session
    part: int
    recording: pd.DataFrame
    blocks: pd.DataFrame
    trials: pd.DataFrame

    def path(self, ending: str) -> Path:
        """Name one of its files."""
        n_parts = int(self.recording["n_parts"].iloc[0])
        return bids_path(self.study, self.session, run_numbers(n_parts)[self.part - 1], ending)

    def task(self) -> dict[str, Any]:
        """Name the task and the lab, as every JSON file of BIDS should."""
        name = task_of(self.study, self.session)
        return {"TaskName": name} | _TASKS[name] | lab_facts(self.study.settings.study)

    def rate_hz(self) -> float:
        """Give the sampling rate that most samples have."""
        counts = self.blocks.groupby("rate_hz")["n_samples"].sum()
        if counts.empty:
            return float(self.recording["sampling_rate_hz"].iloc[0])
        return float(counts.index.to_numpy(float)[counts.to_numpy().argmax()])

    def read(self, path_of: Callable[[Study, str], Path]) -> pd.DataFrame:
        """Read its rows of one of the session's large tables."""
        table = pd.read_parquet(path_of(self.study, self.session.name))
        return table[table["part"] == self.part].reset_index(drop=True)


def task_of(study: Study, session: Session) -> str:
    """Name a session's task: faces in faceoff's own sessions, viewing in those made elsewhere."""
    source = study.session_dir(session.participant_id, session.session)
    return "faces" if (source / "trials.tsv").is_file() else "viewing"


def run_numbers(n_parts: int) -> list[int | None]:
    """Give the parts of a session their numbers as runs of BIDS, which one alone does not have.

    Parameters
    ----------
    n_parts : int
        How many parts the session has, from 1.

    Returns
    -------
    list of int or None
        One for each part.

    Examples
    --------
    >>> run_numbers(1), run_numbers(2)
    ([None], [1, 2])
    """
    return [None] if n_parts == 1 else list(range(1, n_parts + 1))


def bids_path(study: Study, session: Session, part: int | None, ending: str) -> Path:
    """Name a file of a session as BIDS does.

    Parameters
    ----------
    study : Study
        The study.
    session : Session
        The session; each part of one that was interrupted is a run.
    part : int or None
        One of `run_numbers`.
    ending : str
        What comes after task and run, such as ``events.tsv``.

    Returns
    -------
    Path
        The file in ``sub-*/ses-*/beh``.
    """
    folder = study.root / session.participant_id / f"ses-{session.session}" / "beh"
    run = "" if part is None else f"_run-{part}"
    return folder / f"{session.name}_task-{task_of(study, session)}{run}_{ending}"


def bids_runs(study: Study, sessions: list[Session]) -> list[BidsRun]:
    """Gather what is known about the recordings of imported sessions.

    Parameters
    ----------
    study : Study
        The study.
    sessions : list of Session
        Sessions that have been imported and cut into trials.

    Returns
    -------
    list of BidsRun
        In the same order, one for each part of a session.

    Raises
    ------
    InputError
        If recordings.tsv, blocks.tsv or trials.tsv is missing, or lacks a column.
    """
    tables = {
        name: read_table(
            study.gaze_dir / f"{name}.tsv",
            what=f"The table of {name} (faceoff {command})",
            columns={"participant_id": str, "session": str, **columns},
        )
        for name, (command, columns) in _TABLES.items()
    }
    runs = []
    split = [rows_by_session(table, sessions) for table in tables.values()]
    for session, recording, blocks, trials in zip(sessions, *split, strict=True):
        for part in range(1, int(recording["n_parts"].iloc[0]) + 1):
            own = (table[table["part"] == part] for table in (blocks, trials))
            runs.append(BidsRun(study, session, part, recording, *own))
    return runs
