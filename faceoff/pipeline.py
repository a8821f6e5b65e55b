"""The pipeline: every step of the study in order, each done only if it is out of date."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import cnn.steps
import comparison.steps
import gaze_analysis.steps
import stimuli.steps
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step, run_step

if TYPE_CHECKING:
    from faceoff.report import Format

Steps = Callable[[Study], Iterator[Step]]

# Steps come one at a time: which files one reads depends on what those before it made.
# The second value says whether the stage needs the study's own face set.
STAGES: tuple[tuple[str, bool, Steps], ...] = (
    ("faces", True, stimuli.steps.steps),
    ("gaze", False, gaze_analysis.steps.steps),
    ("network", True, cnn.steps.steps),
    ("comparison", True, comparison.steps.steps),
)


def run_everything(study: Study, *, force: bool = False) -> None:
    """Do every step of a study that is out of date, and write the report.

    A study of gaze alone, whose recordings or tables came from elsewhere, has no face set: its
    network and comparison are left out, and this is said. So are gaze and comparison in a study of
    networks alone.

    Parameters
    ----------
    study : Study
        The study; its recordings or tables are in sourcedata/.
    force : bool, default False
        Do the steps even if they are up to date.

    Raises
    ------
    InputError
        If something that a step needs is missing or wrong.
    """
    if not study.has_faces and not study.sourcedata.is_dir():
        raise InputError(
            f"A study to run must have faces or gaze, but {study.pictures_dir} and "
            f"{study.sourcedata} do not exist. Begin with `faceoff stimuli register DIR` or "
            "`faceoff gaze import FILES`."
        )
    for name, needs_faces, steps in STAGES:
        if name in ("gaze", "comparison") and not _has_gaze(study):
            say(f"== {name}: left out, for there is no gaze: record, simulate or import it")
            continue
        if needs_faces and not study.has_faces:
            say(f"== {name}: left out, for there is no face set in {study.pictures_dir}")
            continue
        say(f"== {name}")
        for step in steps(study):
            run_step(study, step, force=force)
    say("== report")
    run_step(study, report_step(study, "html"), force=force)
    say(f"the report is {study.report_html}")
    say("  as a chapter: faceoff report --format latex, or docx")


def _has_gaze(study: Study) -> bool:
    """Tell whether there is gaze, or what it can be made of."""
    fixations = study.gaze_dir / "fixations.tsv"
    return study.sourcedata.is_dir() or fixations.is_file() or study.settings.gaze.table.in_use


def report_step(study: Study, kind: "Format") -> Step:
    """Describe the step that writes the report.

    Parameters
    ----------
    study : Study
        The study.
    kind : str
        ``html``, ``latex`` or ``docx``.

    Returns
    -------
    Step
        It reads every table and map, and makes report.html, chapter/ or chapter.docx.
    """
    from faceoff.report import report_file, report_inputs, write_report

    settings = study.settings
    return Step(
        command="report" if kind == "html" else f"report --format {kind}",
        inputs=tuple(path for path in report_inputs(study) if path.is_file()),
        outputs=(report_file(study, kind),),
        settings={
            "study": settings.study.model_dump(mode="json"),
            "screen": settings.screen.model_dump(mode="json"),
            "report": settings.report.model_dump(mode="json"),
        },
        run=lambda: write_report(study, kind),
    )
