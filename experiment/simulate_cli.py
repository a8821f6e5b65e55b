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
    """Simulate sessions of observers, without a window.

    The section observers of study.toml says what is planted: where observers look for each
    expression, what they answer and when, how their eyes move, and what the tracker gets wrong.
    Observers differ in all of it, pictures in strategy, difficulty and speed. The truth is
    beside each recording: truth.json has the observer and what each picture adds,
    truth_fixations.tsv every fixation as it was made. For pilots, and for trying an analysis;
    how many participants a study needs, `faceoff experiment power` tells.
    """
    from experiment.simulate import simulate_sample
    from study.progress import say

    opened = open_for_command(study, jobs, scheduler)
    participant_ids = simulate_sample(opened, participants, session, seed)
    say(
        f"experiment simulate: sessions {session} of {len(participant_ids)} observers are in "
        f"{opened.sourcedata}"
    )
    say("  truth: truth.json and truth_fixations.tsv in each session's folder")
    say("  next: faceoff gaze import")
