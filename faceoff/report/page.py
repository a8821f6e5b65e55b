"""The report as one HTML file that can be mailed."""

import base64
import html
from importlib import metadata

from faceoff.report.content import (
    Report,
    ReportFigure,
    ReportSection,
    ReportTable,
    figure_label,
    remove_old_pages,
    see_also,
    table_label,
)
from faceoff.report.marks import Piece, pieces
from faceoff.report.references import in_order, in_text, reference_line
from study.figures import save_figure
from study.folder import Study
from study.pages import render_page
from study.tables import MISSING
from study.writing import atomic_path, write_text

# The SVG of a figure with pictures in it is larger than its PNG, so the page takes that.
_LARGEST_INLINE_SVG = 400_000
# Larger than on paper, so that the figures' 8 pt are read as easily as the text around them.
_SCREEN_PX_PER_INCH = 132


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
    width_px = round(item.figure.get_figwidth() * _SCREEN_PX_PER_INCH)
    if svg.stat().st_size <= _LARGEST_INLINE_SVG:
        kind, data = "svg+xml", svg.read_bytes()
    else:
        kind, data = "png", png.read_bytes()
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    label = figure_label(item)
    return (
        f'<figure id="{label}"><img src="{source}" width="{width_px}" '
        f'alt="{html.escape(item.caption)}"><figcaption><b>Figure {numbers[label]}.</b> '
        f"{_inline(pieces(item.caption))}</figcaption></figure>"
    )


def _table(study: Study, item: ReportTable, numbers: dict[str, int]) -> str:
    """Save a table, and give the HTML that shows it."""
    path = study.comparison_dir / "tables" / f"{item.name}.csv"
    with atomic_path(path) as temporary:
        item.frame.to_csv(temporary, index=False, na_rep=MISSING, lineterminator="\n")
    page = item.shown.to_html(index=False, border=0, escape=True)
    label = table_label(item)
    return (
        f'<div class="table" id="{label}"><p class="caption"><b>Table {numbers[label]}.</b> '
        f"{_inline(pieces(item.caption))}</p>{page}</div>"
    )
