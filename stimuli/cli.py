"""The commands about faces: register, check, synth."""

from pathlib import Path
from typing import Annotated

import typer

from stimuli.synth.cli import synth
from study.cli import ForceOption, JobsOption, SchedulerOption, StudyOption, open_for_command

app = typer.Typer(help="Faces: KDEF or synthetic ones.", no_args_is_help=True)
app.command("synth")(synth)


@app.command()
def register(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="The face set: KDEF's folder, or a synthetic one. By default the folder in "
            "study.toml; another one is written there.",
            show_default=False,
        ),
    ] = None,
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Check a face set and write manifest, crops, landmarks and splits."""
    from stimuli.source import with_pictures_dir, write_pictures_dir
    from stimuli.steps import register_step
    from study.provenance import run_step

    opened = open_for_command(study, jobs, scheduler)
    if folder is not None:
        opened = with_pictures_dir(opened, folder)
    run_step(opened, register_step(opened), force=force)
    if folder is not None:
        write_pictures_dir(opened)


@app.command()
def check(
    study: StudyOption = Path(), jobs: JobsOption = 0, scheduler: SchedulerOption = ""
) -> None:
    """Compare the picture files with the manifest."""
    from stimuli.check import check_pictures
    from study.progress import say

    opened = open_for_command(study, jobs, scheduler)
    n_pictures = check_pictures(opened)
    say(f"{n_pictures} pictures are there and unchanged: {opened.pictures_dir}")
    say("  next: faceoff participants add")
