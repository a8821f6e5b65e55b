"""Which session an experimenter can choose, and the check of what was chosen."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from experiment.recording import refuse_second_start
from experiment.session_record import read_session_record
from experiment.trackers import TRACKERS, check_tracker_name
from experiment.trackers.protocol import Eye
from participants.plans import Mode, plan_path, read_plan, session_label
from participants.register import new_participant_id, read_participants
from study.errors import InputError
from study.folder import Study

Vision = Literal["normal", "glasses", "lenses"]

NEW = "new participant"
NOT_RESUMED = "no"
_CHOOSE = "choose"
_Option = TypeVar("_Option", bound=str)


@dataclass(frozen=True)
class SessionAnswers:
    """What an experimenter says about a session before it begins.

    Parameters
    ----------
    participant_id : str
        Such as ``sub-001``; perhaps not yet registered.
    session : str
        The session's label.
    mode : {"real", "pilot", "test"}
        What it is for.
    eye : {"right", "left", "both"}
        Which eye is recorded.
    vision : {"normal", "glasses", "lenses"}
        What the participant wears.
    experimenter : str
        Initials, in capitals.
    tracker : str
        The tracker's name.
    resume : bool
        Whether a session that has begun is to go on.
    """

    participant_id: str
    session: str
    mode: Mode
    eye: Eye
    vision: Vision
    experimenter: str
    tracker: str
    resume: bool


@dataclass(frozen=True)
class BegunSession:
    """A session with trials that has not come to its end.

    Parameters
    ----------
    participant_id, session : str
        Whose, and which.
    n_trials : int
        Complete rows in its table.
    started : str
        When, as its session.json says; empty where it does not.
    """

    participant_id: str
    session: str
    n_trials: int
    started: str

    @property
    def label(self) -> str:
        """What the experimenter reads."""
        when = f", begun {self.started[:16].replace('T', ' ')}" if self.started else ""
        return f"{self.participant_id}, session {self.session}: {self.n_trials} trials{when}"


def begun_sessions(study: Study) -> list[BegunSession]:
    """List the sessions that were broken off, those of pilots and tests included.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of BegunSession
        The latest first.
    """
    found = []
    for trials_tsv in study.root.glob("*data/sub-*/ses-*/trials.tsv"):
        record = _record(trials_tsv.parent)
        if record.get("status") == "finished":
            continue
        folder = trials_tsv.parent
        n_trials = max(trials_tsv.read_bytes().count(b"\n") - 1, 0)
        label = folder.name.removeprefix("ses-")
        started = record.get("started", "")
        found.append(BegunSession(folder.parent.name, label, n_trials, started))
    return sorted(found, key=lambda begun: begun.started, reverse=True)


def _record(session_dir: Path) -> dict[str, Any]:
    """Read a session.json; one that is damaged is for the session itself to refuse."""
    try:
        return read_session_record(session_dir)
    except InputError:
        return {}


def waiting_participants(study: Study) -> list[str]:
    """List the registered participants for whom there may be a session to begin.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of str
        Those without any session, or with a planned one that has not begun.
    """
    return [
        participant_id
        for participant_id in read_participants(study)["participant_id"]
        if _is_waiting(study, participant_id)
    ]


def _is_waiting(study: Study, participant_id: str) -> bool:
    """Tell whether a participant has no session yet, or one that is only planned."""
    folders = list(study.root.glob(f"*data/{participant_id}/ses-*"))
    return not folders or any(not (folder / "trials.tsv").exists() for folder in folders)


def session_fields(study: Study) -> dict[str, str | list[str]]:
    """Give the fields of the dialog with what they begin with.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to str or list of str
        Text, or choices of which the first one is chosen; names end in PsychoPy's flags. There
        is nothing to resume where no session was broken off.
    """
    tracker = study.settings.experiment.tracker
    trackers = [name for name in TRACKERS if name != tracker]
    begun = [session.label for session in begun_sessions(study)]
    return {
        "participant": [*waiting_participants(study), NEW],
        "new_id": new_participant_id(study).removeprefix("sub-"),
        "session|req": "01",
        "mode": list(get_args(Mode))[::-1],
        "eye": ["right", "left", "both"],
        "vision": list(get_args(Vision)),
        "experimenter|req": "",
        "tracker": [tracker or _CHOOSE, *trackers],
        **({"resume|cfg": [NOT_RESUMED, *begun]} if begun else {}),
    }


def check_answers(study: Study, filled: Mapping[str, str]) -> SessionAnswers:
    """Check what was filled in.

    Parameters
    ----------
    study : Study
        The study.
    filled : mapping of str to str
        By the names of `session_fields`, without flags.

    Returns
    -------
    SessionAnswers
        What the session needs to know.

    Raises
    ------
    InputError
        If a field is wrong; the message names it.
    """
    by_label = {session.label: session for session in begun_sessions(study)}
    begun = by_label.get(filled.get("resume", NOT_RESUMED))
    if begun is None:
        participant_id = _participant(study, filled)
        mode = _one_of(filled["mode"], get_args(Mode))
        session = session_label(filled["session"].strip(), mode)
        refuse_second_start(study.session_dir(participant_id, session))
    else:
        participant_id, session = begun.participant_id, begun.session
        mode = read_plan(plan_path(study, participant_id, session)).mode
    return SessionAnswers(
        participant_id=participant_id,
        session=session,
        mode=mode,
        eye=_one_of(filled["eye"], get_args(Eye)),
        vision=_one_of(filled["vision"], get_args(Vision)),
        experimenter=_initials(filled["experimenter"]),
        tracker=_tracker(filled["tracker"]),
        resume=begun is not None,
    )


def _participant(study: Study, filled: Mapping[str, str]) -> str:
    """Give the chosen participant, or the id of a new one."""
    if filled["participant"] != NEW:
        return filled["participant"]
    code = filled["new_id"].strip()
    if not re.search(r"\d", code):
        raise InputError(
            f"A new participant's code must hold a number, but it is {code!r}. Write for example "
            f"{new_participant_id(study).removeprefix('sub-')}, and never a name."
        )
    return new_participant_id(study, code)


def _tracker(name: str) -> str:
    """Refuse the line that only says that one has to be chosen."""
    if name == _CHOOSE:
        raise InputError("A session needs a tracker, but none is chosen. Choose one of the list.")
    return check_tracker_name(name)


def _one_of(answer: str, known: Sequence[_Option]) -> _Option:
    """Give a choice its type."""
    return next(option for option in known if option == answer)


def _initials(text: str) -> str:
    """Check the experimenter's initials."""
    initials = text.strip().replace(".", "")
    if not (initials.isalpha() and len(initials) <= 4):
        raise InputError(
            f"The experimenter's initials must be one to four letters, but they are {text!r}. "
            "Write for example AB, and never a name."
        )
    return initials.upper()
