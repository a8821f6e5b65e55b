"""What a report consists of: sections of text, figures and tables, and how each is saved."""

import base64
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from study.figures import save_figure
from study.tables import MISSING
from study.writing import atomic_path, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The SVG of a figure with pictures in it is larger than its PNG, so the page takes that.
_LARGEST_INLINE_SVG = 400_000
# Larger than on paper, so that the figures' 8 pt are read as easily as the text around them.
_SCREEN_PX_PER_INCH = 132


@dataclass(frozen=True)
class ReportFigure:
    """A figure with its caption.

    Parameters
    ----------
    name : str
        File name without suffix, in the order of the report.
    caption : str
        What is seen, what the signs mean, how many observations.
    figure : matplotlib.figure.Figure
        The figure.
    """

    name: str
    caption: str
    figure: "Figure"


@dataclass(frozen=True)
class ReportTable:
    """A table with its caption.

    Parameters
    ----------
    name : str
        File name without suffix.
    caption : str
        What the rows and columns are.
    frame : pandas.DataFrame
        The values; column names are shown as they are.
    decimals : int, default 2
        Digits after the point.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    decimals: int = 2


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    Parameters
    ----------
    title : str
        Its heading.
    paragraphs : tuple of str
        Plain text.
    figures : tuple of ReportFigure
        Shown after the text.
    tables : tuple of ReportTable
        Shown after the figures.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    figures: tuple[ReportFigure, ...] = ()
    tables: tuple[ReportTable, ...] = field(default=())

    @property
    def anchor(self) -> str:
        """The section's name in the page's address."""
        return re.sub(r"[^a-z]+", "-", self.title.lower()).strip("-")


def missing_section(title: str, error: Exception) -> ReportSection:
    """Say in a section of its own what is not there yet.

    Parameters
    ----------
    title : str
        The section's heading.
    error : Exception
        What was missing, in a sentence.

    Returns
    -------
    ReportSection
        With that sentence alone.
    """
    return ReportSection(title, (f"Not there yet. {error}",))


def save_report_figure(item: ReportFigure, folder: Path, dpi: int) -> str:
    """Save a figure as SVG and PNG, and give the HTML that shows it.

    Parameters
    ----------
    item : ReportFigure
        The figure.
    folder : Path
        Where it is saved.
    dpi : int
        Resolution of the PNG.

    Returns
    -------
    str
        A ``<figure>`` that holds everything it shows.
    """
    svg, png = save_figure(item.figure, folder / item.name, dpi=dpi)
    width_px = round(item.figure.get_figwidth() * _SCREEN_PX_PER_INCH)
    if svg.stat().st_size <= _LARGEST_INLINE_SVG:
        kind, data = "svg+xml", svg.read_bytes()
    else:
        kind, data = "png", png.read_bytes()
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    caption = html.escape(item.caption)
    return (
        f'<figure id="{item.name}"><img src="{source}" width="{width_px}" alt="{caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def save_report_table(item: ReportTable, folder: Path) -> str:
    """Save a table as CSV and LaTeX, and give the HTML that shows it.

    Parameters
    ----------
    item : ReportTable
        The table.
    folder : Path
        Where it is saved.

    Returns
    -------
    str
        A ``<table>`` with its caption.
    """
    with atomic_path(folder / f"{item.name}.csv") as temporary:
        item.frame.to_csv(temporary, index=False, na_rep=MISSING, lineterminator="\n")
    shown = format_cells(item.frame, item.decimals)
    latex = shown.to_latex(index=False, escape=True, caption=item.caption, label=f"tab:{item.name}")
    write_text(folder / f"{item.name}.tex", latex)
    page = shown.to_html(index=False, border=0, escape=True)
    caption = html.escape(item.caption)
    return f'<div class="table" id="{item.name}"><p class="caption">{caption}</p>{page}</div>'


def format_cells(frame: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """Write numbers with a fixed number of digits, and truth values as words.

    Parameters
    ----------
    frame : pandas.DataFrame
        The values.
    decimals : int
        Digits after the point; whole numbers have none.

    Returns
    -------
    pandas.DataFrame
        Texts; missing values are ``n/a``.

    Examples
    --------
    >>> format_cells(pd.DataFrame({"n": [3], "r": [0.12345], "p": [None]}), 2).iloc[0].tolist()
    ['3', '0.12', 'n/a']
    """

    def cell(value: object) -> str:
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        if isinstance(value, float | np.floating):
            return f"{value:.{decimals}f}" if np.isfinite(value) else MISSING
        return MISSING if value is None or value is pd.NA else str(value)

    return frame.astype(object).map(cell)
