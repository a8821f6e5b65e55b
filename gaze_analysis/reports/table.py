"""A table as it is written, cell by cell as text, with the lines of its file."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.text import split_row

NO_ROWS = pd.DataFrame({"line": np.empty(0, np.int64), "reason": [], "text": []})


@dataclass(frozen=True)
class Table:
    """A table as it is written: nothing but texts.

    Parameters
    ----------
    name : str
        Name of the file, or of the file within the archive.
    cells : pandas.DataFrame
        One text for each cell, as it stands there; an empty cell is an empty text.
    line : ndarray of int, shape (n_rows,)
        The line (or the row of the sheet) in which each row begins, from 1.
    skipped : pandas.DataFrame
        Rows with too few or too many cells: line, reason, text.
    separator : str, default tab
        What parts the cells of these rows' texts.
    """

    name: str
    cells: pd.DataFrame
    line: NDArray[np.int64]
    skipped: pd.DataFrame = field(default_factory=NO_ROWS.copy)
    separator: str = "\t"

    def odd_rows(self) -> list[list[str]]:
        """Give the cells of the rows of a wrong width."""
        return [split_row(text, self.separator) for text in self.skipped["text"]]

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return list(self.cells.columns)

    def named(self, name: str) -> "Table":
        """Give the same table another name."""
        return replace(self, name=name)

    def rows(self, rows: NDArray[np.int64]) -> "Table":
        """Take some rows, with the rows of a wrong width that follow them.

        Parameters
        ----------
        rows : ndarray of int
            Places of the rows, in order.
        """
        if len(rows) == len(self.cells):
            return self
        before = np.searchsorted(self.line, self.skipped["line"].to_numpy()) - 1
        with_them = np.isin(np.maximum(before, 0), rows)
        return replace(
            self,
            cells=self.cells.iloc[rows].reset_index(drop=True),
            line=self.line[rows],
            skipped=self.skipped[with_them].reset_index(drop=True),
        )


class Columns(NamedTuple):
    """The same as a `Table`, as lists: what thousands of small tables are read into.

    Parameters
    ----------
    name : str
        Name of the file, or of the file within the archive.
    columns : dict of str to list of str
        The cells of each column.
    line : list of int
        The line in which each row begins.
    odd : list of (int, int)
        Line and number of cells of rows of another width.
    """

    name: str
    columns: dict[str, list[str]]
    line: list[int]
    odd: list[tuple[int, int]]


def without_blanks(table: Table) -> Table:
    """Leave out rows of empty cells, and columns that have neither name nor content.

    Parameters
    ----------
    table : Table
        As it was read.

    Returns
    -------
    Table
        The rest.
    """
    cells, line = table.cells, table.line
    if len(cells.columns):
        empty = (cells.iloc[:, 0].str.strip() == "").to_numpy(bool)
        if empty.any():
            rows = np.flatnonzero(empty)
            rest = cells.iloc[rows].apply(lambda column: column.str.strip() == "")
            blank = rows[rest.to_numpy(bool).all(axis=1)]
            cells = cells.drop(cells.index[blank]).reset_index(drop=True)
            line = np.delete(line, blank)
    for name in [name for name in cells.columns if name == "" or name.startswith(".")][::-1]:
        if (cells[name].str.strip() == "").all():
            cells = cells.drop(columns=name)
    return replace(table, cells=cells, line=line)
