"""The command that simulates a sample of observers."""

from pathlib import Path
from typing import Annotated

import typer

from study.cli import JobsOption, SchedulerOption, StudyOption, open_for_command


def simulate(
    participants: Annotated[
        int, typer.Option("--participants", "-n", help="Number of simulated observers.", min=1)
    ] = 28,
    session: Annotated[str, typer.Option(help="Label of the sessions.")] = "01",
    study: StudyOption = Path(),
    seed: Annotated[
        int | None,
        typer.Option(help="The observers' seed.", min=0, show_default="the study's"),
    ] = None,
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
) -> None:
    """Simulate sessions of observers with planted strategies, without a window."""
    from experiment.simulate import simulate_sample
    from study.progress import say

    opened = open_for_command(study, jobs, scheduler)
    participant_ids = simulate_sample(opened, participants, session, seed)
    say(
        f"experiment simulate: sessions {session} of {len(participant_ids)} observers are in "
        f"{opened.sourcedata}"
    )
    say("  next: faceoff gaze import")
