"""The demo: a whole study on synthetic faces with simulated observers, from nothing to a report."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceoff.pipeline import run_everything
from faceoff.recovery import recovery_table
from faceoff.recovery_relevance import relevance_table
from participants.register import read_participants
from study.errors import InputError
from study.folder import Study, create_study, open_study
from study.progress import say

# Where the seconds go on two cores, for the time left that the headings tell.
_SECONDS = {"faces": 60, "window": 60, "people": 50, "analysis": 240, "truth": 5}
# Trials of the session in the window, after its practice.
_WINDOW_TRIALS = 10
# One-sided, of relevance where the expressions show against elsewhere.
_ALPHA = 0.05

_SETTINGS: dict[str, dict[str, Any]] = {
    "study": {
        "name": "Demo: simulated observers and a small network on synthetic faces",
        "authors": ["faceoff", "its simulated observers"],
    },
    "stimuli": {"folder": "stimuli/pictures"},
    "participants": {"practice_trials": 3},
}


@dataclass(frozen=True)
class Stage:
    """A stage of the demo.

    Parameters
    ----------
    name : str
        Key of `_SECONDS`.
    title : str
        What happens in it.
    run : callable
        Does it.
    """

    name: str
    title: str
    run: Callable[[], None]


def run_demo(folder: Path, *, people: int, actors: int, jobs: int) -> None:
    """Run a whole study on synthetic faces with simulated observers.

    What is there already is not done again: a demo that was stopped goes on where it was.

    Parameters
    ----------
    folder : Path
        The study's folder; made where it is missing.
    people : int
        Simulated participants, beside the one who sits in front of the window.
    actors : int
        Synthetic actors.
    jobs : int
        Workers; 0 uses every core.

    Raises
    ------
    InputError
        If the folder holds something else.
    SystemExit
        With status 1 if what was found disagrees with what was planted.
    """
    started = time.perf_counter()
    study = _demo_study(folder)
    stages = (
        Stage("faces", "draw and register synthetic faces", lambda: _faces(study, actors, jobs)),
        Stage("window", "one session in a real window", lambda: _window_session(study)),
        Stage("people", f"simulate {people} participants", lambda: _simulate(study, people, jobs)),
        Stage("analysis", "gaze, network, comparison, report", lambda: run_everything(study)),
        Stage("truth", "compare with what was planted", lambda: _check_truth(study)),
    )
    for place, stage in enumerate(stages):
        left = sum(_SECONDS[later.name] for later in stages[place:])
        say(f"[{place + 1}/{len(stages)}] {stage.title} (about {left / 60:.0f} min left)")
        stage.run()
    minutes, seconds = divmod(time.perf_counter() - started, 60)
    say(f"The demo took {minutes:.0f} min {seconds:.0f} s. Open {study.report_html}")


def _demo_study(folder: Path) -> Study:
    """Open the demo's study, or make it."""
    folder = Path(folder)
    if (folder / "study.toml").is_file():
        study = open_study(folder)
        if study.settings.study.name != _SETTINGS["study"]["name"]:
            raise InputError(
                f"The demo needs a folder of its own, but {folder} holds the study "
                f"{study.settings.study.name!r}. Name another folder: faceoff demo DIR."
            )
        return study
    return create_study(folder, _SETTINGS)


def _faces(study: Study, actors: int, jobs: int) -> None:
    """Draw the faces; register, crop and split them."""
    _faceoff(study, "stimuli", "synth", "--actors", str(actors), "--jobs", str(jobs))
    _faceoff(study, "stimuli", "register")


def _window_session(study: Study) -> None:
    """Run a short session of the first participant in a real PsychoPy window.

    A session that was stopped keeps what it has; the participant comes again.
    """
    participant_id = "sub-001"
    sessions = [label for person, label in study.sessions() if person == participant_id]
    if any(_is_finished(study.session_dir(participant_id, label)) for label in sessions):
        say("the session is there already")
        return
    if participant_id not in set(read_participants(study)["participant_id"]):
        _faceoff(study, "participants", "add", participant_id, "--age", "25", "--sex", "female")
    label = f"{len(sessions) + 1:02d}"
    if not (study.session_dir(participant_id, label) / "plan.json").is_file():
        _faceoff(study, "participants", "plan", participant_id, "--session", label)
    run = ("experiment", "run", participant_id, "--session", label, "--tracker", "simulated")
    _faceoff(study, *run, "--trials", str(_WINDOW_TRIALS))


def _is_finished(folder: Path) -> bool:
    """Tell whether a session came to its end."""
    record = folder / "session.json"
    if not record.is_file():
        return False
    return bool(json.loads(record.read_text(encoding="utf-8")).get("status") == "finished")


def _simulate(study: Study, people: int, jobs: int) -> None:
    """Simulate the sample without a window."""
    _faceoff(study, "experiment", "simulate", "--participants", str(people), "--jobs", str(jobs))


def _faceoff(study: Study, *arguments: str) -> None:
    """Run a command of faceoff as a user would, in a process of its own."""
    # -P: a cnn.py or study.py in the folder of the call must not hide the packages.
    command = [sys.executable, "-P", "-m", "faceoff", *arguments, "--study", str(study.root)]
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _check_truth(study: Study) -> None:
    """End with status 1 if what was found disagrees with what was planted."""
    table = recovery_table(study)
    if table is None:
        raise InputError(
            "The demo's sessions must be simulated, but none has a truth.json. "
            "Delete the folder and run the demo again."
        )
    for row in table.itertuples(index=False):
        sign = "agrees" if row.agrees else "DISAGREES"
        say(
            f"  {row.quantity}, {row.expression}: planted {row.planted:.3f}, found "
            f"{row.found:.3f} (tolerance {row.tolerance:.3f}): {sign}"
        )
    relevance = relevance_table(study)
    found = relevance is not None and float(relevance["p"].iloc[0]) < _ALPHA
    if relevance is not None:
        for row in relevance.itertuples(index=False):
            say(
                f"  relevance where the expression shows, {row.expression}: {row.inside:.2f} times "
                f"the mean, elsewhere on the face {row.elsewhere:.2f}, p = {row.p:.5f}"
            )
    if not (table["agrees"].all() and found):
        say("The analysis does not recover what was planted: see the rows above.")
        sys.exit(1)
