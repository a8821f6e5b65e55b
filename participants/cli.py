"""The commands about people: add, list, plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from study.cli import StudyOption, open_for_command

if TYPE_CHECKING:
    from participants.plans import Mode, Plan
    from study.folder import Study

app = typer.Typer(help="People: the register and the plans of sessions.", no_args_is_help=True)

_ASKED = "n/a"


@app.command()
def add(
    participant_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="Such as 001; by default the next free number.")
    ] = "",
    study: StudyOption = Path(),
    age: Annotated[
        float | None, typer.Option(help="In years; stored as 89 from that age on.")
    ] = None,
    sex: Annotated[str, typer.Option(help="female, male, other or n/a.")] = _ASKED,
    handedness: Annotated[str, typer.Option(help="right, left, ambidextrous or n/a.")] = _ASKED,
    vision: Annotated[str, typer.Option(help="normal, glasses, lenses or n/a.")] = _ASKED,
    dominant_eye: Annotated[str, typer.Option(help="left, right or n/a.")] = _ASKED,
    consent: Annotated[str, typer.Option(help="Version of the consent form signed.")] = _ASKED,
) -> None:
    """Register a participant: an id and a few answers, never a name."""
    from participants.register import add_participant
    from study.progress import say

    opened = open_for_command(study)
    added = add_participant(
        opened,
        _no_name(participant_id),
        age=age,
        sex=sex,
        handedness=handedness,
        vision=vision,
        dominant_eye=dominant_eye,
        consent_version=consent,
    )
    say(f"{added} registered in {opened.participants_tsv}")
    say(f"  next: faceoff participants plan {added}")


def _no_name(participant_id: str) -> str:
    """Refuse an id of letters alone, which may be somebody's name."""
    from study.errors import InputError

    if participant_id.removeprefix("sub-").isalpha():
        raise InputError(
            "A participant's id must have a digit, so that it is nobody's name, but it is "
            f"{participant_id!r}. Write for example 001, or leave it out for the next free number."
        )
    return participant_id


@app.command("list")
def list_participants(study: StudyOption = Path()) -> None:
    """List the participants and how far their sessions are."""
    from participants.register import read_participants
    from participants.sessions import session_states
    from study.progress import say

    opened = open_for_command(study)
    register = read_participants(opened)
    if register.empty:
        say("Nobody is registered yet. Next: faceoff participants add")
        return
    register["sessions"] = [
        ", ".join(map(str, session_states(opened, name))) or "none"
        for name in register["participant_id"]
    ]
    shown = register.loc[:, (register != _ASKED).any()]
    typer.echo(shown.to_string(index=False))


@app.command()
def plan(
    participant_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="By default all whose session has not begun."),
    ] = None,
    study: StudyOption = Path(),
    session: Annotated[
        str, typer.Option(help="Label of the session; that of a pilot becomes pilot01.")
    ] = "01",
    mode: Annotated[
        str,
        typer.Option(help="real, or test or pilot, which are kept apart from the study's data."),
    ] = "real",
) -> None:
    """Write the plan of a session: order, keys and positions, before its first trial."""
    from participants.plans import make_plan, plan_path, session_label, write_plan
    from study.folder import check_participant_id
    from study.progress import say

    opened = open_for_command(study)
    chosen = _checked_mode(mode)
    label = session_label(session, chosen)
    if label != session:
        say(f"the session is called {label}, as its mode is {chosen}")
    ids = [check_participant_id(name) for name in participant_ids or _not_begun(opened, label)]
    plans = [make_plan(opened, name, label, chosen) for name in dict.fromkeys(ids)]
    for made in plans:
        path = plan_path(opened, made.participant_id, label)
        write_plan(path, made)
        say(f"{made.participant_id}: {_summary(made)} in {path}")
    option = "" if chosen == "real" else f" --mode {chosen}"
    say(f"  next: faceoff experiment run {plans[0].participant_id}{option}")


def _summary(plan: "Plan") -> str:
    """Count the trials of a plan, and name the order of its conditions."""
    n_practice = sum(trial.phase == "practice" for trial in plan.trials)
    n_rounds = len({trial.practice_round for trial in plan.trials} - {0})
    said = f"{len(plan.trials) - n_practice} trials"
    if n_rounds:
        said += f" after {n_practice} of practice in {n_rounds} round{'s' * (n_rounds > 1)}"
    order = dict.fromkeys(
        (trial.block, trial.condition) for trial in plan.trials if trial.condition
    )
    return said + (f", conditions {', '.join(name for _, name in order)}," if order else "")


def _checked_mode(mode: str) -> "Mode":
    """Check what a session is for."""
    from participants.plans import Mode
    from study.errors import InputError, did_you_mean

    for known in get_args(Mode):
        if mode == known:
            return known
    known_modes = get_args(Mode)
    raise InputError(
        f"The mode must be one of {', '.join(known_modes)}, but it is {mode!r}."
        f"{did_you_mean(mode, known_modes)}"
    )


def _not_begun(study: "Study", session: str) -> list[str]:
    """List the registered participants whose session has not begun."""
    from participants.register import read_participants
    from study.errors import InputError

    registered = list(read_participants(study)["participant_id"])
    waiting = [
        name
        for name in registered
        if not (study.session_dir(name, session) / "trials.tsv").exists()
    ]
    if not waiting:
        found = f"all {len(registered)} have begun" if registered else "nobody is registered"
        raise InputError(
            f"A plan is for a participant whose session {session} has not begun, but {found}. "
            "Register somebody: faceoff participants add."
        )
    return waiting
