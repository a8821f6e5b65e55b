"""Build the report: its parts and their order, gathered once and written in three formats."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from faceoff.report.behaviour import behaviour_section, side_by_side_section
from faceoff.report.content import Report, ReportPart, ReportSection, missing_section
from faceoff.report.contest import (
    agreement_section,
    map_differences_section,
    perturbation_section,
)
from faceoff.report.hypotheses import confirmatory_section, exploratory_section
from faceoff.report.latex import write_chapter
from faceoff.report.looking import looking_section, maps_section
from faceoff.report.masks import masks_section
from faceoff.report.methods_analysis import (
    explanation_section,
    map_methods_section,
    network_methods_section,
    perturbation_methods_section,
    statistical_methods_section,
)
from faceoff.report.methods_gaze import gaze_methods_section
from faceoff.report.methods_session import (
    apparatus_section,
    participants_section,
    procedure_section,
    stimuli_section,
)
from faceoff.report.models import models_section
from faceoff.report.network import network_section
from faceoff.report.page import write_page
from faceoff.report.people import quality_section, sample_section
from faceoff.report.provenance import checklist_section, provenance_section
from faceoff.report.recovery import recovery_section
from faceoff.report.thresholds import thresholds_section
from faceoff.report.word import write_document
from study.errors import InputError
from study.folder import Study
from study.progress import track
from study.settings.study import UNKNOWN

Format = Literal["html", "latex", "docx"]
_WRITERS: dict[Format, Callable[[Study, Report], None]] = {
    "html": write_page, "latex": write_chapter, "docx": write_document,
}  # fmt: skip
Maker = Callable[[Study], ReportSection | None]
# The second value says whether a section needs the study's own face set, as stages do.
PARTS: tuple[tuple[str, tuple[tuple[str, bool, Maker], ...]], ...] = (
    (
        "Methods",
        (
            ("Participants", False, participants_section),
            ("Stimuli", True, stimuli_section),
            ("Apparatus and recording", False, apparatus_section),
            ("Procedure", False, procedure_section),
            ("Fixations and gaze maps", False, gaze_methods_section),
            ("Network and training", True, network_methods_section),
            ("Explanations", True, explanation_section),
            ("Perturbation", True, perturbation_methods_section),
            ("Comparison of maps", True, map_methods_section),
            ("Statistical analysis", True, statistical_methods_section),
        ),
    ),
    (
        "Results",
        (
            ("Sample and exclusions", False, sample_section),
            ("Data quality", False, quality_section),
            ("Naming the expression", False, behaviour_section),
            ("Models of trials", True, models_section),
            ("Where people look", False, looking_section),
            ("The network", True, network_section),
            ("People beside the network", True, side_by_side_section),
            ("Gaze and relevance side by side", True, maps_section),
            ("Perturbation of the pictures", True, perturbation_section),
            ("Noise and occlusion", True, thresholds_section),
            ("Agreement of the maps", True, agreement_section),
            (
                "Maps of expressions, and where gaze and relevance differ",
                True,
                map_differences_section,
            ),
            ("Regions where expressions are said to show", True, masks_section),
            ("Registered questions", True, confirmatory_section),
            ("Exploratory tests", True, exploratory_section),
        ),
    ),
    (
        "Appendix",
        (
            ("Planted and recovered", False, recovery_section),
            ("Reporting checklist", False, checklist_section),
            ("Provenance", False, provenance_section),
        ),
    ),
)


def report_inputs(study: Study) -> tuple[Path, ...]:
    """List the files that a report is made from.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    tuple of Path
        Those that exist; a report on half a study names what is missing.
    """
    folders = (study.stimuli_dir, study.gaze_dir, study.cnn_dir(study.settings.cnn.model))
    files = [path for folder in folders for path in folder.glob("*.*")]
    files += [study.participants_tsv, *study.sourcedata.glob("sub-*/ses-*/*.json")]
    files += study.comparison_dir.glob("*.*")
    return tuple(sorted(path for path in files if path.is_file()))


def build_report(study: Study) -> Report:
    """Gather what a report consists of.

    Parameters
    ----------
    study : Study
        The study; a section on what has not been done says so, and a study of gaze alone has none
        on faces and networks.

    Returns
    -------
    Report
        Its parts with their figures and tables.
    """
    rows = [row for _, rows in PARTS for row in rows if study.has_faces or not row[1]]
    made = {title: _make_section(study, title, make) for title, _, make in track(rows, "report")}
    parts = []
    for part, own in PARTS:
        sections = [made.get(title) for title, *_ in own]
        parts.append(ReportPart(part, tuple(one for one in sections if one is not None)))
    authors = [name for name in study.settings.study.authors if name != UNKNOWN]
    return Report(study.settings.study.name, tuple(authors), tuple(parts))


def write_report(study: Study, kind: Format) -> None:
    """Write the report with its figures and tables.

    Parameters
    ----------
    study : Study
        The study.
    kind : str
        ``html`` (report.html), ``latex`` (chapter/) or ``docx`` (chapter.docx).
    """
    _WRITERS[kind](study, build_report(study))


def report_file(study: Study, kind: Format) -> Path:
    """Name the file that a report is read in.

    Parameters
    ----------
    study : Study
        The study.
    kind : str
        ``html``, ``latex`` or ``docx``.

    Returns
    -------
    Path
        In derivatives/faceoff.
    """
    return {
        "html": study.report_html,
        "latex": study.chapter_dir / "chapter.tex",
        "docx": study.chapter_docx,
    }[kind]


def _make_section(study: Study, title: str, make: Maker) -> ReportSection | None:
    """Make a section, or one that says what it lacks."""
    try:
        return make(study)
    except InputError as error:
        return missing_section(title, error)
