"""The commands about faces: register, unpack, check, synth."""

from pathlib import Path
from typing import Annotated

import typer

from stimuli.synth.cli import synth
from study.cli import ForceOption, JobsOption, StudyOption, open_for_command

app = typer.Typer(help="Faces: KDEF, other sets, or synthetic ones.", no_args_is_help=True)
app.command("synth")(synth)


@app.command()
def register(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="The face set's folder, of the kind that [stimuli] face_set says. By default the "
            "folder in study.toml; another one is written there.",
            show_default=False,
        ),
    ] = None,
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    force: ForceOption = False,
) -> None:
    """Check a face set and write manifest, crops, landmarks and splits."""
    from stimuli.source import with_pictures_dir, write_pictures_dir
    from stimuli.steps import register_step
    from study.provenance import run_step

    opened = open_for_command(study, jobs)
    if folder is not None:
        opened = with_pictures_dir(opened, folder)
    run_step(opened, register_step(opened), force=force)
    if folder is not None:
        write_pictures_dir(opened)


@app.command()
def unpack(
    file: Annotated[Path, typer.Argument(help="fer2013.csv or icml_face_data.csv.")],
    study: StudyOption = Path(),
) -> None:
    """Write FER2013's rows as pictures into the study's folder of pictures."""
    from stimuli.fer2013 import unpack_fer2013
    from study.progress import say

    opened = open_for_command(study)
    counts = unpack_fer2013(file, opened.pictures_dir)
    parts = ", ".join(f"{n} {usage}" for usage, n in counts.items())
    say(f"stimuli unpack: {counts.total()} pictures ({parts}) are in {opened.pictures_dir}")
    say('  next: faceoff stimuli register, with [stimuli] face_set = "folders"')


@app.command()
def check(study: StudyOption = Path(), jobs: JobsOption = 0) -> None:
    """Compare the picture files with the manifest."""
    from stimuli.check import check_pictures
    from study.progress import say

    opened = open_for_command(study, jobs)
    n_pictures = check_pictures(opened)
    say(f"{n_pictures} pictures are there and unchanged: {opened.pictures_dir}")
    say("  next: faceoff participants add")
