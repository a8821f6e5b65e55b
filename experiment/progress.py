"""How far a session has come: what its files say when it is gone on with."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from experiment.recording import part_of, recordings_in, refuse_second_start
from experiment.session_record import read_session_record
from participants.plans import Plan, PlannedTrial
from study.errors import InputError
from study.folder import Study
from study.growing import whole_lines
from study.tables import read_table


@dataclass(frozen=True)
class Progress:
    """What the earlier parts of a session have done.

    Parameters
    ----------
    attempts : Counter
        How often each trial was begun, by its number.
    settled : frozenset of int
        Trials that are done or were skipped: they do not come again.
    correct : dict of int to bool
        Whether the answer was right, for each trial that is done.
    consent : bool
        Whether consent was given on the screen.
    n_done : int
        Trials that are done.
    n_parts : int
        How many parts there are.
    """

    attempts: Counter[int] = field(default_factory=Counter)
    settled: frozenset[int] = frozenset()
    correct: dict[int, bool] = field(default_factory=dict)
    consent: bool = False
    n_done: int = 0
    n_parts: int = 0

    def left_of(self, trials: Iterable[PlannedTrial]) -> list[PlannedTrial]:
        """Leave out the trials that are settled, and practice once the main trials have begun.

        Parameters
        ----------
        trials : iterable of PlannedTrial
            Trials in their order.

        Returns
        -------
        list of PlannedTrial
            Those that are to come.
        """
        trials = list(trials)
        main_begun = any(t.phase == "main" and t.trial in self.attempts for t in trials)
        return [
            trial
            for trial in trials
            if trial.trial not in self.settled and not (main_begun and trial.phase == "practice")
        ]


def read_progress(study: Study, plan: Plan, *, resume: bool, another_day: bool) -> Progress:
    """Read how far a session has come, and refuse what must not be gone on with.

    Parameters
    ----------
    study : Study
        The study.
    plan : Plan
        The session's plan.
    resume : bool
        Whether the session is to be gone on with; else it must not have begun.
    another_day : bool
        Whether it may have begun on another day.

    Returns
    -------
    Progress
        What is done.

    Raises
    ------
    InputError
        If a session that has begun is to be begun, one that has not is to be resumed, it is
        finished, is running elsewhere, or began on another day.
    """
    folder = study.session_dir(plan.participant_id, plan.session)
    if not resume:
        refuse_second_start(folder)
        # A session that was killed before its first row may have left its record.
        return Progress(n_parts=_n_parts(folder, read_session_record(folder)))
    record = read_session_record(folder)
    if not record and not recordings_in(folder) and not (folder / "trials.tsv").exists():
        raise InputError(
            f"A session to resume must have begun, but {folder} holds a plan only. Begin it: "
            f"faceoff experiment run {plan.participant_id} --session {plan.session}."
        )
    _refuse_unfit(plan, record, another_day=another_day)
    return _progress(folder, record)


def _refuse_unfit(plan: Plan, record: dict[str, Any], *, another_day: bool) -> None:
    """Refuse a session that is over, still running, or of another day."""
    who = f"session {plan.session} of {plan.participant_id}"
    if record.get("status") == "finished":
        raise InputError(
            f"A session to resume must not be finished, but {who} is. Plan another one: "
            "faceoff participants plan --session ..."
        )
    if _is_running(record):
        raise InputError(
            f"A session must run once at a time, but {who} is running in another window (process "
            f"{record['parts'][-1]['process']}). End it there first."
        )
    began = str(record.get("started", ""))[:10]
    today = datetime.now().date().isoformat()
    if began and began != today and not another_day:
        raise InputError(
            f"A session is resumed on the day on which it began, but {who} began on {began}, and "
            "a night changes the task. Plan another session, or say --another-day if it is meant."
        )


def _is_running(record: dict[str, Any]) -> bool:
    """Tell whether the process that ran the last part is still there."""
    import psutil

    if record.get("status") != "running" or not record.get("parts"):
        return False
    last = record["parts"][-1]
    try:
        born = psutil.Process(int(last["process"])).create_time()
        started = datetime.fromisoformat(last["started"]).timestamp()
    except (psutil.NoSuchProcess, psutil.AccessDenied, KeyError, TypeError, ValueError):
        return False
    # A process of the same number that began later is another one.
    return born <= started


def _progress(folder: Path, record: dict[str, Any]) -> Progress:
    """Read what the table of trials says."""
    rows = read_trials(folder)
    done = rows[rows["outcome"] == "done"]
    settled = rows[rows["outcome"].isin(["done", "skipped"])]
    return Progress(
        attempts=Counter(rows["trial"].tolist()),
        settled=frozenset(settled["trial"].tolist()),
        correct={
            int(trial): bool(value) if pd.notna(value) else False
            for trial, value in zip(done["trial"], done["correct"], strict=True)
        },
        consent=bool(record.get("consent")),
        n_done=len(done),
        n_parts=max([_n_parts(folder, record), *rows["part"].tolist()]),
    )


def _n_parts(folder: Path, record: dict[str, Any]) -> int:
    """Count parts, also one whose recording has begun but that session.json does not know."""
    recorded = [part_of(path) for path in recordings_in(folder)]
    noted = [int(part["part"]) for part in record.get("parts", []) if "part" in part]
    return max([len(record.get("parts", [])), *noted, *recorded])


def read_trials(folder: Path) -> pd.DataFrame:
    """Read the trials of a session that has begun.

    Parameters
    ----------
    folder : Path
        The session's folder.

    Returns
    -------
    pandas.DataFrame
        trial, outcome, correct and part of each whole row; empty before the first one. What a
        power cut has left of a row does not count: its trial comes again.
    """
    path = folder / "trials.tsv"
    columns = {"trial": int, "outcome": str, "correct": bool, "part": int}
    if not path.exists():
        return pd.DataFrame({name: [] for name in columns}).astype({"trial": int, "part": int})
    whole, _ = whole_lines(path)
    return read_table(path, what="The session's trials", columns=columns, content=whole)
