"""Tables of behaviour, cell by cell as text, with the lines of their files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gaze_analysis.reports.cells import MISSING
from gaze_analysis.reports.table import Table
from gaze_analysis.reports.tabular import read_tables
from study.errors import InputError


@dataclass(frozen=True)
class Sheet:
    """A table as it stands in its file.

    Parameters
    ----------
    name : str
        The file's name, for messages.
    frame : pandas.DataFrame
        All cells as text; the index is the line of the file. A column without a name is
        left out.
    """

    name: str
    frame: pd.DataFrame

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.frame.columns]

    def known(self, column: str) -> pd.Series:
        """Tell which cells of a column hold something."""
        return ~self.frame[column].str.lower().isin(MISSING)

    def value(self, column: str, parse: Callable[[str], Any]) -> list[Any]:
        """Parse a column, missing cells apart, and name the line of a wrong one."""
        values: list[Any] = []
        for line, cell, known in zip(
            self.frame.index, self.frame[column], self.known(column), strict=True
        ):
            try:
                values.append(parse(cell) if known else None)
            except (InputError, ValueError) as error:
                reason = str(error) if isinstance(error, InputError) else f"it is {cell!r}."
                raise InputError(
                    f"{self.name}, line {line}: {column} cannot be read: {reason} Correct the "
                    "cell, or name another column in [gaze.behaviour]."
                ) from error
        return values


def read_sheets(path: Path) -> Iterator[Sheet]:
    """Read the behaviour tables in a file.

    Parameters
    ----------
    path : Path
        A table in any form that `read_tables` reads: text, workbook, or a zip of them.

    Yields
    ------
    Sheet
        The rows of each table, without those that are empty.

    Raises
    ------
    InputError
        If it is no such table.
    """
    return map(as_sheet, read_tables(path))


def as_sheet(table: Table) -> Sheet:
    """Take the named columns of a table; rows that end early are filled up.

    Parameters
    ----------
    table : Table
        As it was read.

    Returns
    -------
    Sheet
        Its rows in the order of their lines.

    Raises
    ------
    InputError
        If a row has more cells than there are columns, or two columns have one name.
    """
    header = table.header
    lines = table.skipped["line"].tolist()
    rows = table.odd_rows()
    for line, row in zip(lines, rows, strict=True):
        if any(cell.strip() for cell in row[len(header) :]):
            raise InputError(
                f"{table.name} must have {len(header)} cells in each line, but line {line} has "
                f"{len(row)}. Mend the line."
            )
    twice = next((name for name in header if name and f"{name}.1" in header), None)
    if twice is not None:
        raise InputError(
            f"{table.name} must have each column once, but {twice!r} is there twice. Rename one."
        )
    filled = [row[: len(header)] + [""] * (len(header) - len(row)) for row in rows]
    frame = pd.concat(
        [
            table.cells.set_axis(pd.Index(table.line)).astype(object),
            pd.DataFrame(filled, columns=header, index=lines, dtype=object),
        ]
    ).sort_index(kind="stable")
    frame = frame.apply(lambda column: column.str.strip())
    named = [bool(name) and not name.startswith(".") for name in header]
    return Sheet(table.name, frame.loc[(frame != "").any(axis=1), named])
