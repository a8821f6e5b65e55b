"""The commands `faceoff gaze ...`."""

from pathlib import Path
from typing import Annotated

import typer

from gaze_analysis.cli_maps import density, quality
from gaze_analysis.cli_regions import regions
from gaze_analysis.cli_validate import validate
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
            help="Recordings (.asc, .asc.gz, .edf), reports of Data Viewer, exports of Tobii, "
            "behaviour of PsychoPy or OpenSesame, other tables (.csv, .tsv, .xls, .xlsx, .zip), "
            "folders of them. Without files: the study's own sessions.",
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
    sub-01_run-1.asc and sub-01_run-2.asc are the parts of one session; any
    other name is the participant, without signs, and session 01. Hidden
    files, copies and an .edf whose .asc is there too are left out. A
    behaviour table goes to the session that it names.
    """
    from gaze_analysis.behaviour_files import adopt_behaviour
    from gaze_analysis.foreign import adopt_recordings
    from gaze_analysis.importing import recorded_sessions
    from gaze_analysis.kinds import sort_files
    from gaze_analysis.reports.adopt import keep_reports, prepare_reports
    from gaze_analysis.reports.areas import area_files, areas_step
    from gaze_analysis.steps import import_step
    from gaze_analysis.steps_tables import import_tables
    from study.provenance import run_step

    opened = open_for_command(study, jobs, scheduler)
    given = sort_files(files or [], opened.settings.gaze)
    reports = prepare_reports(opened, given["report"])
    if given["table"]:
        import_tables(opened, given["table"], force=force)
    if recordings := given["asc"] + given["edf"]:
        adopt_recordings(opened, recordings)
    keep_reports(opened, reports)
    if given["behaviour"]:
        adopt_behaviour(opened, given["behaviour"])
    if given["table"] and not (recordings or reports or given["behaviour"]):
        return
    has_areas = bool(area_files(opened))
    if recorded_sessions(opened) or not has_areas:
        run_step(opened, import_step(opened), force=force)
    if has_areas:
        run_step(opened, areas_step(opened), force=force)


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


app.command()(quality)
app.command()(regions)
app.command()(density)


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


app.command()(validate)
