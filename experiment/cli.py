"""The commands `faceoff experiment ...`."""

from pathlib import Path
from typing import Annotated

import typer

from experiment.check_cli import check, timing
from experiment.simulate_cli import simulate
from study.cli import StudyOption, open_for_command

app = typer.Typer(no_args_is_help=True, help="Run sessions with participants, or simulate them.")


@app.callback()
def experiment() -> None:
    """Run sessions with participants, or simulate them."""


@app.command()
def run(
    participant_id: Annotated[
        str, typer.Argument(metavar="ID", help="The participant, such as sub-001.")
    ],
    session: Annotated[str, typer.Option(help="The session's label.")] = "01",
    tracker: Annotated[
        str, typer.Option(help="simulated or mouse.", show_default="[experiment] tracker")
    ] = "",
    mode: Annotated[str, typer.Option(help="pilot, test or real.", show_default="the plan's")] = "",
    trials: Annotated[
        int,
        typer.Option(min=0, help="Only so many trials after practice.", show_default="all"),
    ] = 0,
    study: StudyOption = Path(),
) -> None:
    """Run a session in a window: instruction, practice, faces, answers by key."""
    from experiment.session import run_session

    status = run_session(
        open_for_command(study),
        participant_id,
        session,
        tracker=tracker,
        mode=mode,
        n_main_trials=trials,
    )
    if status != "finished":
        raise typer.Exit(1)


app.command("simulate")(simulate)
app.command("check")(check)
app.command("timing")(timing)
