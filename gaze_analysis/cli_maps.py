"""The commands `faceoff gaze quality` and `faceoff gaze density`."""

from pathlib import Path

from study.cli import ForceOption, JobsOption, SchedulerOption, StudyOption, open_for_command


def quality(
    study: StudyOption = Path(),
    jobs: JobsOption = 0,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Judge the recordings: accuracy, precision, data loss, gaps."""
    from gaze_analysis.steps_quality import quality_step
    from study.provenance import run_step

    opened = open_for_command(study, jobs, scheduler)
    run_step(opened, quality_step(opened), force=force)


def density(study: StudyOption = Path(), force: ForceOption = False) -> None:
    """Make density maps of the included fixations, with ceilings and controls."""
    from gaze_analysis.steps_density import density_step
    from study.provenance import run_step

    opened = open_for_command(study)
    run_step(opened, density_step(opened), force=force)
