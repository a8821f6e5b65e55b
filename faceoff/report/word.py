"""The report as a Word document, with real headings, captions and three-line tables."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pandas as pd

from faceoff.report.content import (
    Report,
    ReportFigure,
    ReportSection,
    ReportTable,
    figure_label,
    see_also,
    table_label,
)
from faceoff.report.marks import Piece, pieces
from faceoff.report.references import in_order, in_text, reference_line
from study.figures import figure_bytes
from study.folder import Study
from study.writing import atomic_path

_DPI = 300
_TEXT_WIDTH_CM = 16.0
# What a column's width grows with, at the most.
_MOST_LETTERS = 32
# Files of one content are equal whenever they are written.
_DATE = datetime(2000, 1, 1, tzinfo=UTC)


def write_document(study: Study, report: Report) -> None:
    """Write chapter.docx.

    Parameters
    ----------
    study : Study
        The study.
    report : Report
        What is written.
    """
    import docx

    document = docx.Document()
    _set_styles(document)
    document.add_heading(report.title, 0)
    if report.authors:
        document.add_paragraph(", ".join(report.authors))
    numbers = report.numbers
    for part in report.parts:
        document.add_heading(part.title, 1)
        for section in part.sections:
            _add_section(document, section, numbers)
    if report.cited:
        document.add_heading("References", 1)
        for key in in_order(report.cited):
            _add_runs(document.add_paragraph(style="Reference"), reference_line(key))
    with atomic_path(study.chapter_docx) as temporary:
        temporary.write_bytes(_undated(document))


def _set_styles(document: Any) -> None:
    """Set fonts, margins, and the styles that Word's template lacks."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    document.core_properties.created = document.core_properties.modified = _DATE
    document.core_properties.author = "faceoff"
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm((21.0 - _TEXT_WIDTH_CM) / 2)
    styles = document.styles
    styles["Normal"].font.name, styles["Normal"].font.size = "Times New Roman", Pt(11)
    for name in ("Title", "Heading 1", "Heading 2"):
        styles[name].font.color.rgb = RGBColor(0, 0, 0)
    caption = styles["Caption"]
    caption.font.size, caption.font.bold, caption.font.color.rgb = Pt(9), False, RGBColor(0, 0, 0)
    reference = styles.add_style("Reference", WD_STYLE_TYPE.PARAGRAPH)
    reference.base_style = styles["Normal"]
    reference.paragraph_format.left_indent = Cm(1)
    reference.paragraph_format.first_line_indent = Cm(-1)


def _add_section(document: Any, section: ReportSection, numbers: dict[str, int]) -> None:
    """Add a section: its text, then its figures and tables."""
    document.add_heading(section.title, 2)
    for text in section.paragraphs:
        _add_runs(document.add_paragraph(), pieces(text))
    see = see_also(
        (str(numbers[figure_label(item)]) for item in section.figures),
        (str(numbers[table_label(item)]) for item in section.tables),
    )
    if see:
        document.add_paragraph(see)
    for figure in section.figures:
        _add_figure(document, figure, numbers[figure_label(figure)])
    for table in section.tables:
        _add_table(document, table, numbers[table_label(table)])


def _add_runs(paragraph: Any, runs: list[Piece]) -> None:
    """Add the runs of a paragraph in their own styles."""
    from docx.enum.text import WD_COLOR_INDEX

    for piece in runs:
        if piece.kind == "citation":
            paragraph.add_run(in_text(piece.keys))
        elif piece.kind == "gap":
            paragraph.add_run(f"[{piece.text}]").font.highlight_color = WD_COLOR_INDEX.YELLOW
        elif piece.kind == "italic":
            letters, subscript = piece.subscripted
            paragraph.add_run(letters).italic = True
            if subscript:
                paragraph.add_run(subscript).font.subscript = True
        else:
            paragraph.add_run(piece.text)


def _add_figure(document: Any, item: ReportFigure, number: int) -> None:
    """Add a figure with its caption below, at its own width where the page has room."""
    from docx.shared import Cm

    width_cm = min(2.54 * item.figure.get_figwidth(), _TEXT_WIDTH_CM)
    picture = BytesIO(figure_bytes(item.figure, "png", dpi=_DPI))
    document.add_picture(picture, width=Cm(width_cm))
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    _add_caption(document, f"Figure {number}. ", item.caption)


def _add_caption(document: Any, start: str, text: str) -> Any:
    """Add a caption with its number in bold."""
    paragraph = document.add_paragraph(style="Caption")
    paragraph.add_run(start).bold = True
    _add_runs(paragraph, pieces(text))
    return paragraph


def _add_table(document: Any, item: ReportTable, number: int) -> None:
    """Add a table with its caption above; many columns have small letters."""
    from docx.shared import Cm, Pt

    caption = _add_caption(document, f"Table {number}. ", item.caption)
    caption.paragraph_format.keep_with_next = True
    shown = item.shown
    table = document.add_table(rows=len(shown) + 1, cols=shown.shape[1])
    table.autofit = False
    size = Pt(9 if shown.shape[1] <= 6 else 8 if shown.shape[1] <= 9 else 6.5)
    texts = [*shown.columns, *(text for row in shown.to_numpy().tolist() for text in row)]
    # Cells by their place in the row are found in constant time, those of table.cell are not.
    cells = [cell for row in table.rows for cell in row.cells]
    widths = _column_widths_cm(shown)
    for column, width_cm in zip(table.columns, widths, strict=True):
        column.width = Cm(width_cm)
    for n, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        cell.width = Cm(widths[n % len(widths)])
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.add_run(text).font.size = size
    _draw_rules(table)
    document.add_paragraph()


def _column_widths_cm(shown: pd.DataFrame) -> list[float]:
    """Share the page's width out: columns of long texts are wider, and break their lines."""
    columns = zip(shown.columns, shown.to_numpy().T.tolist(), strict=True)
    lengths = [
        min(max(len(str(name)) / 2, *(len(text) for text in texts), 4), _MOST_LETTERS)
        for name, texts in columns
    ]
    return [_TEXT_WIDTH_CM * length / sum(lengths) for length in lengths]


def _draw_rules(table: Any) -> None:
    """Draw a line above the table, below its headings and at its end, and repeat the headings."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for row, edges in ((table.rows[0], ("top", "bottom")), (table.rows[-1], ("bottom",))):
        for cell in row.cells:
            borders = OxmlElement("w:tcBorders")
            for edge in edges:
                line = OxmlElement(f"w:{edge}")
                line.set(qn("w:val"), "single")
                line.set(qn("w:sz"), "6")
                borders.append(line)
            cell._tc.get_or_add_tcPr().append(borders)
    repeat = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)


def _undated(document: Any) -> bytes:
    """Give a document's bytes, with one date for all the files that it is packed of."""
    dated, packed = BytesIO(), BytesIO()
    document.save(dated)
    with zipfile.ZipFile(dated) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(
                zipfile.ZipInfo(info.filename, (2000, 1, 1, 0, 0, 0)),
                old.read(info),
                compress_type=zipfile.ZIP_DEFLATED,
            )
    return packed.getvalue()
