"""The commands that run a session in a window, or go on with one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from study.cli import StudyOption, open_for_command

if TYPE_CHECKING:
    from experiment.session import Sitting
    from study.folder import Study

_VISIONS = ("normal", "glasses", "lenses", "n/a")
SessionOption = Annotated[str, typer.Option(help="The session's label.")]
TrackerOption = Annotated[
    str,
    typer.Option(
        help="eyelink, mouse, simulated, replay, or another tracker by PyGaze's name.",
        show_default="[experiment] tracker",
    ),
]
EyeOption = Annotated[str, typer.Option(help="left, right or both: what is recorded.")]
VisionOption = Annotated[str, typer.Option(help="normal, glasses or lenses, this time.")]
ExperimenterOption = Annotated[str, typer.Option(help="Initials of who runs the session.")]


def run(
    participant_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="Such as sub-001; without it a dialog asks.")
    ] = "",
    session: SessionOption = "01",
    tracker: TrackerOption = "",
    mode: Annotated[str, typer.Option(help="real, pilot or test.")] = "real",
    eye: EyeOption = "right",
    vision: VisionOption = "n/a",
    experimenter: ExperimenterOption = "n/a",
    trials: Annotated[
        int,
        typer.Option(min=0, help="Only so many trials after practice.", show_default="all"),
    ] = 0,
    study: StudyOption = Path(),
) -> None:
    """Run a session in a window: consent, instruction, calibration, practice, faces."""
    from experiment.session import run_session
    from participants.plans import Mode, session_label

    opened = open_for_command(study)
    if not participant_id:
        _run_as_asked(opened, trials)
        return
    sitting = _sitting(opened, tracker, eye, vision, experimenter)
    label = session_label(session, _one_of(mode, get_args(Mode), "--mode"))
    _leave(run_session(opened, participant_id, label, sitting, n_main_trials=trials))


def resume(
    participant_id: Annotated[str, typer.Argument(metavar="ID", help="Such as sub-001.")],
    session: SessionOption = "01",
    tracker: TrackerOption = "",
    eye: EyeOption = "right",
    vision: VisionOption = "n/a",
    experimenter: ExperimenterOption = "n/a",
    another_day: Annotated[
        bool, typer.Option("--another-day", help="Go on though it began on another day.")
    ] = False,
    trials: Annotated[
        int,
        typer.Option(min=0, help="As in the command that began it.", show_default="all"),
    ] = 0,
    study: StudyOption = Path(),
) -> None:
    """Go on with a session that was quit, failed or was killed, at the trial that is due."""
    from experiment.session import run_session

    opened = open_for_command(study)
    sitting = _sitting(opened, tracker, eye, vision, experimenter)
    status = run_session(
        opened,
        participant_id,
        session,
        sitting,
        n_main_trials=trials,
        resume=True,
        another_day=another_day,
    )
    _leave(status)


def _run_as_asked(study: "Study", n_main_trials: int) -> None:
    """Ask in a dialog which session to run; register and plan whom it names if need be."""
    from experiment.dialog import ask_session
    from experiment.session import Sitting, run_session
    from participants.plans import make_plan, plan_path, write_plan
    from participants.register import add_participant, read_participants
    from study.progress import say

    answers = ask_session(study)
    if answers is None:
        return
    who = answers.participant_id, answers.session
    if answers.participant_id not in set(read_participants(study)["participant_id"]):
        add_participant(study, answers.participant_id, vision=answers.vision)
        say(f"{answers.participant_id} registered in {study.participants_tsv}")
    if not plan_path(study, *who).exists():
        write_plan(plan_path(study, *who), make_plan(study, *who, answers.mode))
        say(f"{answers.participant_id}: planned session {answers.session}")
    sitting = Sitting(answers.tracker, answers.eye, answers.vision, answers.experimenter)
    status = run_session(study, *who, sitting, n_main_trials=n_main_trials, resume=answers.resume)
    _leave(status)


def _sitting(study: "Study", tracker: str, eye: str, vision: str, experimenter: str) -> "Sitting":
    """Check what the command line says of this part of a session."""
    from experiment.session import Sitting
    from experiment.trackers import check_tracker_name
    from experiment.trackers.protocol import Eye

    return Sitting(
        tracker=check_tracker_name(tracker or study.settings.experiment.tracker),
        eye=_one_of(eye, get_args(Eye), "--eye"),
        vision=_one_of(vision, _VISIONS, "--vision"),
        experimenter=experimenter,
    )


def _one_of(value: str, known: Sequence[str], option: str) -> Any:
    """Check the value of an option."""
    from study.errors import InputError, did_you_mean

    if value not in known:
        raise InputError(
            f"{option} must be one of {', '.join(known)}, but it is {value!r}."
            f"{did_you_mean(value, known)}"
        )
    return value


def _leave(status: str) -> None:
    """End with status 1 where a session did not come to its end."""
    if status != "finished":
        raise typer.Exit(1)
