"""The report as one HTML file that can be mailed."""

import html
from importlib import metadata

from faceoff.report.content import (
    Report,
    ReportFigure,
    ReportSection,
    ReportTable,
    figure_label,
    remove_old_pages,
    save_values,
    see_also,
    table_label,
)
from faceoff.report.marks import Piece, pieces
from faceoff.report.references import in_order, in_text, reference_line
from study.figures import save_figure
from study.folder import Study
from study.pages import image_html, render_page
from study.writing import write_text


def write_page(study: Study, report: Report) -> None:
    """Write report.html; its figures as SVG and PNG, and its tables as CSV, beside the results.

    Parameters
    ----------
    study : Study
        The study.
    report : Report
        What is written.
    """
    numbers = report.numbers
    page = render_page(
        "faceoff.report",
        "page.html.jinja",
        title=report.title,
        parts=[
            {
                "title": part.title,
                "sections": [_section(study, section, numbers) for section in part.sections],
            }
            for part in report.parts
        ],
        references=[_inline(reference_line(key)) for key in in_order(report.cited)],
        version=metadata.version("faceoff"),
    )
    remove_old_pages(report, study.comparison_dir / "figures")
    write_text(study.report_html, page)


def _section(study: Study, section: ReportSection, numbers: dict[str, int]) -> dict[str, object]:
    """Save a section's figures and tables, and turn it into HTML."""
    labels = (
        [figure_label(item) for item in section.figures],
        [table_label(item) for item in section.tables],
    )
    see = see_also(*([_link(label, numbers) for label in kind] for kind in labels))
    texts = [_inline(pieces(text)) for text in section.paragraphs]
    return {
        "title": section.title,
        "anchor": section.anchor,
        "paragraphs": [text for text in (*texts, see) if text],
        "figures": [_figure(study, item, numbers) for item in section.figures],
        "tables": [_table(study, item, numbers) for item in section.tables],
    }


def _inline(runs: list[Piece]) -> str:
    """Turn the runs of a paragraph into HTML."""
    return "".join(_run(piece) for piece in runs)


def _run(piece: Piece) -> str:
    """Turn a run into HTML."""
    if piece.kind == "citation":
        return html.escape(in_text(piece.keys))
    if piece.kind == "gap":
        return f"<mark>[{html.escape(piece.text)}]</mark>"
    if piece.kind == "italic":
        letters, subscript = piece.subscripted
        below = f"<sub>{html.escape(subscript)}</sub>" if subscript else ""
        return f"<i>{html.escape(letters)}</i>{below}"
    return html.escape(piece.text)


def _link(label: str, numbers: dict[str, int]) -> str:
    """Refer to a figure or table."""
    return f'<a href="#{label}">{numbers[label]}</a>'


def _figure(study: Study, item: ReportFigure, numbers: dict[str, int]) -> str:
    """Save a figure, and give the HTML that shows it."""
    stem, dpi = study.comparison_dir / "figures" / item.name, study.settings.report.figure_dpi
    svg, png = save_figure(item.figure, stem, dpi=dpi)
    image = image_html(item.figure, svg.read_bytes(), png.read_bytes, alt=item.caption)
    label = figure_label(item)
    return (
        f'<figure id="{label}">{image}<figcaption><b>Figure {numbers[label]}.</b> '
        f"{_inline(pieces(item.caption))}</figcaption></figure>"
    )


def _table(study: Study, item: ReportTable, numbers: dict[str, int]) -> str:
    """Save a table, and give the HTML that shows it."""
    save_values(item, study.comparison_dir / "tables")
    page = item.shown.to_html(index=False, border=0, escape=True)
    label = table_label(item)
    return (
        f'<div class="table" id="{label}"><p class="caption"><b>Table {numbers[label]}.</b> '
        f"{_inline(pieces(item.caption))}</p>{page}</div>"
    )
