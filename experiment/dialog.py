"""The dialog before a session, in a process of its own: `python -m experiment.dialog STUDY`.

A dialog changes how Windows scales the windows of its process, and can hide behind a full-screen
window: the session's window never shares a process with it.
"""

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from experiment.headless import needs_virtual_screen
from experiment.psychopy_import import psychopy_gui
from experiment.session_choice import SessionAnswers, check_answers, session_fields
from study.errors import InputError
from study.folder import Study, open_study
from study.progress import say

TITLE = "faceoff: a session"
_LABELS = {
    "participant": "Participant",
    "new_id": "Code of a new participant: a number, never a name",
    "session|req": "Session's label",
    "mode": "What the session is for",
    "eye": "Eye that is recorded",
    "vision": "Eyesight",
    "experimenter|req": "Experimenter's initials, never a name",
    "tracker": "Tracker",
    "resume|cfg": "Go on with",
}
_TIPS = {
    "participant": "Those who are registered and have no session behind them.",
    "new_id": "Counts only where 'new participant' is chosen.",
    "session|req": "Letters and digits; begins with pilot or test for a pilot or a test.",
    "vision": "normal: neither glasses nor lenses.",
    "resume|cfg": "Participant, label and mode are then those of the session.",
}
_RESUME = "Go on with a session that was broken off ..."
_WRONG = "#B00020"


def ask_session(study: Study) -> SessionAnswers | None:
    """Ask the experimenter which session to run.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    SessionAnswers or None
        None where the dialog was cancelled, which is said.

    Raises
    ------
    InputError
        If there is no screen for a dialog, or it does not open.
    """
    if needs_virtual_screen():
        raise InputError(
            "The dialog needs a screen, but DISPLAY is not set. Name the participant: "
            "faceoff experiment run ID."
        )
    done = subprocess.run(
        [sys.executable, "-m", "experiment.dialog", str(study.root)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise InputError(
            f"The dialog must open, but it ended with status {done.returncode}:\n"
            f"{done.stderr.strip()}\nName the participant instead: faceoff experiment run ID."
        )
    answers = json.loads(done.stdout)
    if answers is None:
        say("The dialog was cancelled: no session was started.")
        return None
    return SessionAnswers(**answers)


def ask_until_right(study: Study) -> SessionAnswers | None:
    """Show the dialog until all of its fields are right, or it is cancelled.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    SessionAnswers or None
        None where it was cancelled.
    """
    fields, problem = session_fields(study), ""
    while (filled := show_dialog(fields, problem)) is not None:
        try:
            return check_answers(
                study, {name.partition("|")[0]: text for name, text in filled.items()}
            )
        except InputError as error:
            fields, problem = keep_answers(fields, filled), str(error)
    return None


def keep_answers(
    fields: Mapping[str, str | list[str]], filled: Mapping[str, str]
) -> dict[str, str | list[str]]:
    """Let fields begin with what was filled in.

    Parameters
    ----------
    fields : mapping of str to str or list of str
        Text, or choices.
    filled : mapping of str to str
        What was filled in, by the same names.

    Returns
    -------
    dict of str to str or list of str
        The same fields; what was chosen is the first choice.

    Examples
    --------
    >>> keep_answers({"eye": ["right", "left"], "session": "01"}, {"eye": "left", "session": "2"})
    {'eye': ['left', 'right'], 'session': '2'}
    """
    return {
        name: filled[name] if isinstance(value, str) else _first(value, filled[name])
        for name, value in fields.items()
    }


def _first(choices: Sequence[str], chosen: str) -> list[str]:
    """Put a choice before the others."""
    return [chosen, *(choice for choice in choices if choice != chosen)]


def show_dialog(fields: Mapping[str, str | list[str]], problem: str) -> dict[str, str] | None:
    """Show the dialog once.

    Parameters
    ----------
    fields : mapping of str to str or list of str
        Text, or choices of which the first one is chosen; names end in PsychoPy's flags.
    problem : str
        What was wrong the last time; empty if nothing was.

    Returns
    -------
    dict of str to str or None
        What was filled in; None where it was cancelled.
    """
    dialog = psychopy_gui().DlgFromDict(
        dict(fields),
        title=TITLE,
        labels=dict(_LABELS),
        tip=_TIPS,
        sortKeys=False,
        show=False,
        alwaysOnTop=True,
    )
    if dialog.readmore is not None:
        dialog.readmore.setLabel(_RESUME)
    if problem:
        # Wrapped here: a label that wraps itself gets too little height from the layout.
        dialog.addText(textwrap.fill(problem, 80), color=_WRONG)
    filled: dict[str, str] = dialog.show()
    return filled if dialog.OK else None


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries may print
    try:
        found = ask_until_right(open_study(Path(sys.argv[1])))
    except InputError as error:
        sys.exit(str(error))
    answers.write(json.dumps(None if found is None else asdict(found)))
