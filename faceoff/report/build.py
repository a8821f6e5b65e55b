"""Build the report: gather the sections, save figures and tables, write the page."""

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from faceoff.report.behaviour import behaviour_section, side_by_side_section
from faceoff.report.content import (
    ReportSection,
    missing_section,
    save_report_figure,
    save_report_table,
)
from faceoff.report.contest import (
    agreement_section,
    map_differences_section,
    perturbation_section,
    statistics_section,
)
from faceoff.report.looking import looking_section, maps_section
from faceoff.report.masks import masks_section
from faceoff.report.methods import methods_section, provenance_section
from faceoff.report.models import models_section
from faceoff.report.network import network_section
from faceoff.report.people import people_section, quality_section
from faceoff.report.recovery import recovery_section
from study.errors import InputError
from study.folder import Study
from study.pages import render_page
from study.progress import track
from study.writing import write_text

SECTIONS: tuple[tuple[str, Callable[[Study], ReportSection | None]], ...] = (
    ("Participants", people_section),
    ("Data quality", quality_section),
    ("Naming the expression", behaviour_section),
    ("Where people look", looking_section),
    ("The network", network_section),
    ("People beside the network", side_by_side_section),
    ("Gaze and relevance side by side", maps_section),
    ("Perturbation", perturbation_section),
    ("Agreement of the maps", agreement_section),
    ("Maps of expressions, and where gaze and relevance differ", map_differences_section),
    ("Regions where expressions are said to show", masks_section),
    ("Statistics", statistics_section),
    ("Models of trials", models_section),
    ("Planted and recovered", recovery_section),
    ("Methods", methods_section),
    ("Provenance", provenance_section),
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


def write_report(study: Study) -> None:
    """Write the report with its figures and tables.

    Parameters
    ----------
    study : Study
        The study.
    """
    sections = []
    for title, make in track(SECTIONS, "report"):
        section = _make_section(study, title, make)
        if section is not None:
            sections.append(_save_section(study, section))
    page = render_page(
        "faceoff.report",
        "page.html.jinja",
        title=study.settings.study.name,
        sections=sections,
        version=metadata.version("faceoff"),
    )
    write_text(study.report_html, page)


def _make_section(
    study: Study, title: str, make: Callable[[Study], ReportSection | None]
) -> ReportSection | None:
    """Make a section, or one that says what it lacks."""
    try:
        return make(study)
    except InputError as error:
        return missing_section(title, error)


def _save_section(study: Study, section: ReportSection) -> dict[str, object]:
    """Save a section's figures and tables, and turn them into HTML."""
    figures_dir = study.comparison_dir / "figures"
    tables_dir = study.comparison_dir / "tables"
    dpi = study.settings.report.figure_dpi
    return {
        "title": section.title,
        "anchor": section.anchor,
        "paragraphs": section.paragraphs,
        "figures": [save_report_figure(item, figures_dir, dpi) for item in section.figures],
        "tables": [save_report_table(item, tables_dir) for item in section.tables],
    }
