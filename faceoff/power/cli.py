"""The command that tells how many participants and pictures a study needs."""

from pathlib import Path
from typing import Annotated

import typer

from study.cli import JobsOption, SchedulerOption, StudyOption, open_for_command


def power(
    between: Annotated[
        str, typer.Option(help="Two expressions, such as happy,sad; or gaze,network.")
    ] = "happy,sad",
    expression: Annotated[
        str, typer.Option(help="Whose pictures are compared, for gaze,network.")
    ] = "happy",
    region: Annotated[str, typer.Option(help="The region of the face.")] = "mouth",
    effect: Annotated[
        float, typer.Option(help="The difference of the region's shares; 0: type I error.")
    ] = 0.1,
    participants: Annotated[str, typer.Option(help="Numbers of participants.")] = "8,16,24",
    pictures: Annotated[
        str, typer.Option(help="Numbers of pictures of each expression.")
    ] = "4,8,16",
    studies: Annotated[int, typer.Option(min=10, help="Simulated studies.")] = 60,
    wanted: Annotated[
        float, typer.Option("--power", min=0.01, max=0.999, help="The power that is wanted.")
    ] = 0.8,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Level of the tests.")] = 0.05,
    network_spread: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.5,
            help="Standard deviation of the network's share between pictures.",
            show_default="0.05, or that of relevance.nc",
        ),
    ] = 0.05,
    study: StudyOption = Path(),
    seed: Annotated[
        int | None, typer.Option(min=0, help="The seed.", show_default="the study's")
    ] = None,
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
) -> None:
    """Tell how many participants and pictures find a difference, by simulated studies.

    The studies have the settings of study.toml, its section observers among them, and the
    study's faces; each goes through recording, reading, events, exclusion and measure as
    people's do.
    """
    from faceoff.power.design import make_design
    from faceoff.power.run import run_power

    opened = open_for_command(study, jobs, scheduler)
    design = make_design(
        between,
        expression=expression,
        region=region,
        effect=effect,
        participants=participants,
        pictures=pictures,
        n_studies=studies,
        wanted_power=wanted,
        alpha=alpha,
        network_spread=network_spread,
        seed=opened.settings.study.seed if seed is None else seed,
    )
    run_power(opened, design)
