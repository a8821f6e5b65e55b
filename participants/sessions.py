"""How far a participant's sessions are, as their folders say."""

import json
from dataclasses import dataclass
from pathlib import Path

from participants.plans import read_plan
from study.errors import InputError
from study.folder import TRIAL_RUNS, Study
from study.tables import read_table


@dataclass(frozen=True)
class SessionState:
    """How far a session is.

    Parameters
    ----------
    session : str
        Its label.
    status : {"planned", "running", "finished", "interrupted", "recorded elsewhere"}
        ``running`` also of a session that was cut off and could not say so.
    n_done, n_planned : int
        Trials that are done, and all of the plan; of practice those of rounds that have begun.
    """

    session: str
    status: str
    n_done: int
    n_planned: int

    def __str__(self) -> str:
        """Say it in a few words, with the command that goes on."""
        if self.status in ("planned", "recorded elsewhere"):
            return f"{self.session} {self.status}"
        said = f"{self.session} {self.status} ({self.n_done}/{self.n_planned})"
        if self.status == "finished":
            return said
        cut_off = " if it was cut off," if self.status == "running" else ""
        return f"{said}:{cut_off} faceoff experiment resume"


def session_states(study: Study, participant_id: str) -> list[SessionState]:
    """Tell how far each session of a participant is.

    Parameters
    ----------
    study : Study
        The study.
    participant_id : str
        Such as ``sub-001``.

    Returns
    -------
    list of SessionState
        The real sessions, then those of pilots and of tests, each in the order of their labels.

    Raises
    ------
    InputError
        If a session's plan, table or session.json is damaged.
    """
    places = [study.data_dir(mode) / participant_id for mode in ("real", *TRIAL_RUNS)]
    return [_state(folder) for place in places for folder in sorted(place.glob("ses-*"))]


def _state(folder: Path) -> SessionState:
    """Tell how far the session in a folder is."""
    session, done = folder.name.removeprefix("ses-"), _done(folder / "trials.tsv")
    if not (folder / "plan.json").exists():
        return SessionState(session, "recorded elsewhere", len(done), len(done))
    trials = read_plan(folder / "plan.json").trials
    rounds = [trial.practice_round for trial in trials if trial.trial in done]
    n_planned = sum(trial.practice_round <= max(rounds, default=1) for trial in trials)
    return SessionState(session, _status(folder), len(done), n_planned)


def _done(trials_tsv: Path) -> set[int]:
    """Give the numbers of the trials that are done: all rows of a table that does not say so."""
    if not trials_tsv.exists():
        return set()
    table = read_table(trials_tsv, what="The session's trials", columns={"trial": int})
    if "outcome" in table:
        table = table[table["outcome"] == "done"]
    return set(table["trial"].tolist())


def _status(folder: Path) -> str:
    """Tell from session.json how a planned session ended, or whether it has begun at all."""
    path = folder / "session.json"
    if not path.exists():
        return "interrupted" if (folder / "trials.tsv").exists() else "planned"
    try:
        status = json.loads(path.read_text(encoding="utf-8"))["status"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} must be JSON that says the session's status, but it is not ({error}). "
            "Restore it from a copy."
        ) from error
    return status if status in ("finished", "running") else "interrupted"
