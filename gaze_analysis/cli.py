"""The commands `faceoff gaze ...`."""

from pathlib import Path
from typing import Annotated

import typer

from gaze_analysis.cli_maps import density, quality
from study.cli import ForceOption, JobsOption, SchedulerOption, StudyOption, open_for_command

app = typer.Typer(
    name="gaze",
    help="Where people look: recordings to fixations, quality and density maps.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Recordings (.asc, .asc.gz, .edf), folders of them, or fixation tables "
            "(.csv, .tsv, .zip). Without files: the study's own sessions.",
            show_default=False,
        ),
    ] = None,
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Read recordings: samples, events and messages.

    A recording made elsewhere is kept in sourcedata under the name that
    its file gives: sub-01_ses-02_any.asc is participant sub-01, session 02;
    any other name is the participant, without signs, and session 01.
    """
    from gaze_analysis.foreign import adopt_recordings, looks_like_asc
    from gaze_analysis.steps import import_step
    from gaze_analysis.steps_tables import import_tables
    from gaze_analysis.tables import is_table
    from study.provenance import run_step

    opened = open_for_command(study, jobs, scheduler)
    tables = [
        path
        for path in files or []
        if path.is_file() and is_table(path) and not looks_like_asc(path)
    ]
    recordings = [path for path in files or [] if path not in tables]
    if tables:
        import_tables(opened, tables, force=force)
    if recordings:
        adopt_recordings(opened, recordings)
    if recordings or not tables:
        run_step(opened, import_step(opened), force=force)


@app.command()
def events(
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Cut recordings into trials, and find the fixations on each picture."""
    from gaze_analysis.steps import events_step
    from study.provenance import run_step

    opened = open_for_command(study, jobs, scheduler)
    run_step(opened, events_step(opened), force=force)


@app.command()
def bids(
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Write recordings and trials as BIDS eye tracking (sub-*/ses-*/beh)."""
    from gaze_analysis.steps import bids_step
    from study.provenance import run_step

    opened = open_for_command(study, jobs, scheduler)
    run_step(opened, bids_step(opened), force=force)


app.command()(quality)
app.command()(density)
