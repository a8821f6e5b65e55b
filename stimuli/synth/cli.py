"""The command `faceoff stimuli synth`."""

from pathlib import Path
from typing import Annotated

import typer

from study.cli import ForceOption, JobsOption, SchedulerOption, StudyOption, open_for_command


def synth(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Where to draw; by default the study's folder of pictures."
        ),
    ] = None,
    study: StudyOption = Path(),
    actors: Annotated[int, typer.Option(help="Number of actors, 2 to 70.")] = 70,
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same pictures; by default the study's, or 1.")
    ] = None,
    contact_sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Also write a sheet of 8 actors for looking."),
    ] = None,
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Draw synthetic faces in KDEF's format: actors x 7 expressions x 2 sessions."""
    from stimuli.synth.set import contact_sheet as write_sheet
    from stimuli.synth.set import draw_set
    from study.folder import SETTINGS_NAME
    from study.progress import say
    from study.settings.execution import ExecutionSettings

    execution = ExecutionSettings(jobs=jobs, scheduler=scheduler)
    if folder is None or (study / SETTINGS_NAME).is_file():
        opened = open_for_command(study, jobs, scheduler)
        folder = folder or opened.pictures_dir
        seed = opened.settings.study.seed if seed is None else seed
        execution = opened.settings.execution
    seed = 1 if seed is None else seed
    if draw_set(folder, n_actors=actors, seed=seed, execution=execution, force=force):
        say(f"Wrote {actors * 14} faces to {folder}.")
    if contact_sheet is not None:
        write_sheet(folder, contact_sheet, n_actors=actors)
        say(f"Wrote {contact_sheet}.")
    say(f"Next: faceoff stimuli register {folder}")
