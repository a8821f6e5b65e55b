"""What a report consists of: parts, their sections, and the text, figures and tables of these."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.apa import number, p_value
from faceoff.report.headings import heading
from faceoff.report.marks import cited_keys, true_minus
from faceoff.report.wording import listed
from study.tables import MISSING
from study.writing import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_P_VALUE = re.compile(r"p(_\w+)?$")
# Not those with a point, such as methods and files.
_NAME = re.compile(r"(?<![\w.])[a-z]{2,}(?:_[a-z0-9]+)+(?![\w.])")


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
        The values; `shown` says how they are printed.
    decimals : int, default 2
        Digits after the point.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    decimals: int = 2

    @property
    def shown(self) -> pd.DataFrame:
        """The table as it is printed: texts, intervals in one column, names in words."""
        cells = format_cells(join_intervals(self.frame, self.decimals), self.decimals)
        return cells.map(_printed).rename(columns=heading)


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    Parameters
    ----------
    title : str
        Its heading.
    paragraphs : tuple of str
        Text with the marks of `faceoff.report.marks`.
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


@dataclass(frozen=True)
class ReportPart:
    """A part of the report, such as the methods.

    Parameters
    ----------
    title : str
        Its heading.
    sections : tuple of ReportSection
        What it consists of.
    """

    title: str
    sections: tuple[ReportSection, ...]


@dataclass(frozen=True)
class Report:
    """A whole report.

    Parameters
    ----------
    title : str
        The study's name.
    authors : tuple of str
        Who made the study; may be empty.
    parts : tuple of ReportPart
        What it consists of.
    """

    title: str
    authors: tuple[str, ...]
    parts: tuple[ReportPart, ...]

    @property
    def sections(self) -> tuple[ReportSection, ...]:
        """All sections, in order."""
        return tuple(section for part in self.parts for section in part.sections)

    @property
    def cited(self) -> list[str]:
        """The keys of the literature that texts and captions cite."""
        texts = [text for section in self.sections for text in section.paragraphs]
        captions = [
            item.caption
            for section in self.sections
            for items in (section.figures, section.tables)
            for item in items
        ]
        return cited_keys([*texts, *captions])

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each figure and table, by `figure_label` and `table_label`."""
        figures = [figure_label(item) for section in self.sections for item in section.figures]
        tables = [table_label(item) for section in self.sections for item in section.tables]
        return {label: n for labels in (figures, tables) for n, label in enumerate(labels, 1)}


def figure_label(item: ReportFigure) -> str:
    """Give the name by which texts refer to a figure.

    Parameters
    ----------
    item : ReportFigure
        The figure.

    Returns
    -------
    str
        Such as ``fig:behaviour``.
    """
    return f"fig:{item.name}"


def table_label(item: ReportTable) -> str:
    """Give the name by which texts refer to a table.

    Parameters
    ----------
    item : ReportTable
        The table.

    Returns
    -------
    str
        Such as ``tab:behaviour``.
    """
    return f"tab:{item.name}"


def remove_old_pages(report: Report, folder: Path) -> None:
    """Remove figures that went on in more files at another width than they do now.

    Parameters
    ----------
    report : Report
        What is written now.
    folder : Path
        Where its figures are; other files in it are left alone.
    """
    names = {item.name for section in report.sections for item in section.figures}
    for path in folder.glob("*-*.*"):
        start, _, page = path.stem.rpartition("-")
        if start in names and page.isdigit() and path.stem not in names:
            path.unlink()


def save_values(item: ReportTable, folder: Path) -> None:
    """Save a table's values in full, as CSV.

    Parameters
    ----------
    item : ReportTable
        The table.
    folder : Path
        Where it is saved.
    """
    with atomic_path(folder / f"{item.name}.csv") as temporary:
        item.frame.to_csv(temporary, index=False, na_rep=MISSING, lineterminator="\n")


def see_also(figures: Iterable[str], tables: Iterable[str]) -> str:
    """Refer to a section's figures and tables.

    Parameters
    ----------
    figures, tables : iterable of str
        References, in order: numbers, or what becomes one.

    Returns
    -------
    str
        A sentence; empty where there is nothing.

    Examples
    --------
    >>> see_also(["1", "2", "3"], ["4"])
    'See Figures 1, 2 and 3, and Table 4.'
    """
    parts = [_listed(kind, list(names)) for kind, names in (("Figure", figures), ("Table", tables))]
    parts = [part for part in parts if part]
    return f"See {', and '.join(parts)}." if parts else ""


def _listed(kind: str, names: list[str]) -> str:
    """List references of a kind."""
    if len(names) < 2:
        return f"{kind} {names[0]}" if names else ""
    return f"{kind}s {listed(names)}"


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


def format_cells(frame: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """Write numbers with a fixed number of digits, p values as APA 7 does, truth values as words.

    Parameters
    ----------
    frame : pandas.DataFrame
        The values; columns named ``p`` or ``p_...`` hold p values.
    decimals : int
        Digits after the point; whole numbers have none.

    Returns
    -------
    pandas.DataFrame
        Texts; missing values are ``n/a``.

    Examples
    --------
    >>> frame = pd.DataFrame({"n": [3], "r": [0.12345], "p": [0.00001], "p_holm": [None]})
    >>> format_cells(frame, 2).iloc[0].tolist()
    ['3', '0.12', '< .001', 'n/a']
    """

    def cell(value: object) -> str:
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        if isinstance(value, float | np.floating):
            return number(float(value), decimals)
        return MISSING if value is None or value is pd.NA else str(value)

    texts = {
        name: column.astype(object).map(_p_cell if _P_VALUE.match(str(name)) else cell)
        for name, column in frame.items()
    }
    return pd.DataFrame(texts, index=frame.index, columns=frame.columns)


def _printed(text: str) -> str:
    """Write the names of files' columns and conditions as words, and true minus signs."""
    return true_minus(_NAME.sub(lambda name: name[0].replace("_", " "), text))


def _p_cell(value: object) -> str:
    """Write a p value without its name."""
    if not isinstance(value, float | np.floating) or not np.isfinite(value):
        return MISSING
    return p_value(float(value)).removeprefix("p ").removeprefix("= ")


def join_intervals(frame: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """Put the two ends of each interval into one column, as APA 7 prints them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns that end in ``low`` and ``high`` belong together if the rest of the name is equal.
    decimals : int
        Digits after the point.

    Returns
    -------
    pandas.DataFrame
        With a column for each interval in the place of its lower end.

    Examples
    --------
    >>> frame = pd.DataFrame({"r": [0.5], "ci_low": [0.25], "ci_high": [0.75], "n": [9]})
    >>> join_intervals(frame, 2).to_dict("records")
    [{'r': 0.5, 'ci': '[0.25, 0.75]', 'n': 9}]
    """
    joined: dict[str, pd.Series] = {}
    for name in map(str, frame.columns):
        stem = name.removesuffix("low")
        if stem != name and stem + "high" in frame:
            ends = zip(frame[name], frame[stem + "high"], strict=True)
            texts = [_interval(low, high, decimals) for low, high in ends]
            joined[_interval_name(stem)] = pd.Series(texts, index=frame.index, dtype=object)
        elif not (name.endswith("high") and name.removesuffix("high") + "low" in frame):
            joined[name] = frame[name]
    return pd.DataFrame(joined, index=frame.index)


def _interval_name(stem: str) -> str:
    """Name an interval by what its ends' names begin with: ``ci_``, ``normalised_``."""
    name = stem.rstrip("_")
    return name if name.endswith("ci") else f"{name}_ci".lstrip("_")


def _interval(low: float, high: float, decimals: int) -> str:
    """Write an interval."""
    if pd.isna(low) and pd.isna(high):
        return MISSING
    ends = [MISSING if pd.isna(end) else f"{end:.{decimals}f}" for end in (low, high)]
    return f"[{', '.join(ends)}]"
