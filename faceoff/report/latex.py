"""The report as a LaTeX chapter: a folder that compiles alone and can be put into a thesis."""

import re
from importlib import metadata, resources
from pathlib import Path

import pandas as pd

from faceoff.report.content import (
    Report,
    ReportFigure,
    ReportPart,
    ReportSection,
    ReportTable,
    figure_label,
    remove_old_pages,
    save_values,
    see_also,
    table_label,
)
from faceoff.report.marks import Piece, pieces
from faceoff.report.references import bibtex, in_order
from study.figures import save_figure
from study.folder import Study
from study.writing import write_text

# Longer tables are cut, longer texts in a column are broken into lines.
_MOST_ROWS, _LONGEST_LINE = 40, 36
_NUMBER = re.compile(r"n/a|[<>\u2212\d.,\s\[\]%-]*")


def write_chapter(study: Study, report: Report) -> None:
    """Write chapter/: chapter.tex, a file for each part, tables, figures as PDF, and BibTeX.

    Parameters
    ----------
    study : Study
        The study.
    report : Report
        What is written.
    """
    folder = study.chapter_dir
    for part in report.parts:
        for section in part.sections:
            for figure in section.figures:
                save_figure(
                    figure.figure,
                    folder / "figures" / figure.name,
                    kinds=("pdf",),
                    dpi=study.settings.report.figure_dpi,
                )
            for table in section.tables:
                _save_table(table, folder / "tables")
        write_text(folder / f"{_file_name(part)}.tex", _part(part))
    remove_old_pages(report, folder / "figures")
    write_text(folder / "references.bib", bibtex(report.cited))
    write_text(folder / "chapter.tex", _main(report))


def _main(report: Report) -> str:
    """Write the file that is compiled."""
    import jinja2

    template = resources.files("faceoff.report").joinpath("chapter.tex.jinja")
    environment = jinja2.Environment(
        variable_start_string="<<", variable_end_string=">>", block_start_string="<%",
        block_end_string="%>", comment_start_string="<#", comment_end_string="#>",
        undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        title=escape(report.title),
        authors=r" \and ".join(escape(name) for name in report.authors),
        files=[_file_name(part) for part in report.parts],
        cites=bool(report.cited),
        version=metadata.version("faceoff"),
    )


def _file_name(part: ReportPart) -> str:
    """Name a part's file."""
    return part.title.split()[0].lower().rstrip(",")


def _part(part: ReportPart) -> str:
    """Write a part, from its heading on."""
    return "\n".join([f"\\section{{{escape(part.title)}}}\n", *map(_section, part.sections)])


def _section(section: ReportSection) -> str:
    """Write a section: its text, then its figures and tables."""
    see = see_also(
        (f"\\ref{{{figure_label(item)}}}" for item in section.figures),
        (f"\\ref{{{table_label(item)}}}" for item in section.tables),
    ).replace(" \\ref", "~\\ref")
    paragraphs = [_inline(text) for text in section.paragraphs] + ([see] if see else [])
    return "\n\n".join(
        [
            f"\\subsection{{{escape(section.title)}}}",
            *paragraphs,
            *map(_figure, section.figures),
            *map(_table, section.tables),
            "",
        ]
    )


def _inline(text: str) -> str:
    """Turn a paragraph with marks into LaTeX."""
    return "".join(_run(piece) for piece in pieces(text))


def _run(piece: Piece) -> str:
    """Turn a run of a paragraph into LaTeX."""
    if piece.kind == "citation":
        return f"\\citep{{{','.join(in_order(piece.keys))}}}"
    if piece.kind == "gap":
        return f"\\gap{{{escape(piece.text)}}}"
    if piece.kind == "italic":
        letters, subscript = piece.subscripted
        below = f"\\textsubscript{{{escape(subscript)}}}" if subscript else ""
        return f"\\textit{{{escape(letters)}}}{below}"
    return escape(piece.text)


def _figure(item: ReportFigure) -> str:
    """Write a figure with its caption, at its own width where the page has room."""
    width_cm = 2.54 * item.figure.get_figwidth()
    return (
        "\\begin{figure}\n\\centering\n"
        f"\\widest{{{width_cm:.1f}cm}}\\includegraphics[width=\\floatwidth]{{figures/{item.name}}}\n"
        f"\\caption{{{_inline(item.caption)}}}\n\\label{{{figure_label(item)}}}\n\\end{{figure}}"
    )


def _table(item: ReportTable) -> str:
    """Write a table with its caption; what is too wide for the page is scaled to it."""
    caption = f"\\caption{{{_inline(item.caption)}}}\n\\label{{{table_label(item)}}}"
    continued = "\\ContinuedFloat\\caption[]{(continued)}"
    return "\n\n".join(
        f"\\begin{{table}}\n\\centering\\small\n{continued if n else caption}\n"
        f"\\fittowidth{{\\input{{tables/{name}}}}}\n\\end{{table}}"
        for n, name in enumerate(_pages(item))
    )


def _pages(item: ReportTable) -> dict[str, pd.DataFrame]:
    """Cut a table that is too long for a page, and name the pieces."""
    shown = item.shown
    starts = range(0, max(1, len(shown)), _MOST_ROWS)
    if len(starts) == 1:
        return {item.name: shown}
    return {
        f"{item.name}-{n}": shown.iloc[start : start + _MOST_ROWS]
        for n, start in enumerate(starts, 1)
    }


def _save_table(item: ReportTable, folder: Path) -> None:
    """Save a table's values as CSV, and its rows and rules as LaTeX."""
    save_values(item, folder)
    for name, shown in _pages(item).items():
        write_text(folder / f"{name}.tex", tabular(shown))


def tabular(shown: pd.DataFrame) -> str:
    r"""Write a table's rows between booktabs rules.

    Parameters
    ----------
    shown : pandas.DataFrame
        Texts. Columns of numbers stand to the right; long texts are broken into lines.

    Returns
    -------
    str
        A ``tabular`` environment.

    Examples
    --------
    >>> print(tabular(pd.DataFrame({"map": ["a_b"], "p (Holm)": ["< .001"]})))
    \begin{tabular}{lr}
    \toprule
    map & p (Holm) \\
    \midrule
    a{\_}b & {\ensuremath{<}} .001 \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    kinds = "".join(map(_alignment, shown.to_numpy().T.tolist()))
    head, *rows = ([*map(escape, row)] for row in (shown.columns, *shown.to_numpy().tolist()))
    lines = [" & ".join(row) + r" \\" for row in (head, *rows)]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{kinds}}}",
            r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule",
            r"\end{tabular}", "",
        ]
    )  # fmt: skip


def _alignment(texts: list[str]) -> str:
    """Choose how a column is set."""
    if all(_NUMBER.fullmatch(text) for text in texts):
        return "r"
    longest = max(map(len, texts), default=0)
    if longest <= _LONGEST_LINE:
        return "l"
    # Texts that would take many lines have wider ones.
    width_em = _LONGEST_LINE / 2 if longest < 4 * _LONGEST_LINE else _LONGEST_LINE
    return rf">{{\raggedright\arraybackslash}}p{{{width_em:.0f}em}}"


def escape(text: str) -> str:
    r"""Write text so that LaTeX prints it as it is.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        With every special sign escaped.

    Examples
    --------
    >>> print(escape("5 % of A_1 & {x}"))
    5 {\%} of A{\_}1 {\&} {\{}x{\}}
    """
    from pylatexenc.latexencode import unicode_to_latex

    return str(unicode_to_latex(text, replacement_latex_protection="braces-all"))
