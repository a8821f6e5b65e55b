"""The pipeline: every step of the study in order, each done only if it is out of date."""

from collections.abc import Callable, Sequence

import cnn.steps
import comparison.steps
import gaze_analysis.steps
import stimuli.steps
from study.folder import Study
from study.progress import say
from study.provenance import Step, run_step

# A package's steps are listed when its turn comes: they depend on what those before made.
STAGES: tuple[tuple[str, Callable[[Study], Sequence[Step]]], ...] = (
    ("faces", stimuli.steps.steps),
    ("gaze", gaze_analysis.steps.steps),
    ("network", cnn.steps.steps),
    ("comparison", comparison.steps.steps),
)


def run_everything(study: Study, *, force: bool = False) -> None:
    """Do every step of a study that is out of date, and write the report.

    Parameters
    ----------
    study : Study
        The study; its face set is registered and its sessions are in sourcedata/.
    force : bool, default False
        Do the steps even if they are up to date.

    Raises
    ------
    InputError
        If something that a step needs is missing or wrong.
    """
    for name, steps in STAGES:
        say(f"== {name}")
        for step in steps(study):
            run_step(study, step, force=force)
    say("== report")
    run_step(study, report_step(study), force=force)
    say(f"the report is {study.report_html}")


def report_step(study: Study) -> Step:
    """Describe the step that writes the report.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        It reads every table and map, and makes report.html.
    """
    from faceoff.report import report_inputs, write_report

    settings = study.settings
    return Step(
        command="report",
        inputs=tuple(path for path in report_inputs(study) if path.is_file()),
        outputs=(study.report_html,),
        settings={
            "study": settings.study.model_dump(mode="json"),
            "screen": settings.screen.model_dump(mode="json"),
            "report": settings.report.model_dump(mode="json"),
        },
        run=lambda: write_report(study),
    )
