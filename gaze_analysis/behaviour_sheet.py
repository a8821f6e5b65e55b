"""Tables that other programs wrote, cell by cell as text, with the lines of their files."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from study.errors import InputError

MISSING = frozenset({"", ".", "n/a", "na", "nan", "none", "null", "undefined", "--"})


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


def read_sheet(path: Path) -> Sheet:
    """Read a table of text cells.

    Parameters
    ----------
    path : Path
        Separated by comma, semicolon or tab, in UTF-8 or UTF-16, with a header.

    Returns
    -------
    Sheet
        Its rows without those that are empty.

    Raises
    ------
    InputError
        If it is no such table.
    """
    return parse_sheet(path.name, decoded(path))


def decoded(path: Path) -> str:
    """Read a text in UTF-8 or, if its first bytes say so, UTF-16."""
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"A behaviour table must be text in UTF-8, but {path.name} is not ({error.reason} at "
            f"byte {error.start}). Save it as CSV in UTF-8."
        ) from error


def parse_sheet(name: str, text: str) -> Sheet:
    """Split a text into the cells of a table, at the separator of its header."""
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        # A quoted cell may hold ends of lines: the number is that of the row's last line.
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(f"{name} must be a table, but {error}. Save it anew.") from error
    rows = [(line, row) for line, row in rows if any(row)]
    for line, row in rows:
        if any(row[len(header) :]):
            raise InputError(
                f"{name} must have {len(header)} cells in each line, but line {line} has "
                f"{len(row)}. Mend the line."
            )
    wide = [row[: len(header)] + [""] * (len(header) - len(row)) for _, row in rows]
    frame = pd.DataFrame(wide, columns=header, index=[line for line, _ in rows], dtype=object)
    named = [bool(column) for column in header]
    if len({column for column in header if column}) < sum(named):
        twice = next(column for column in header if column and header.count(column) > 1)
        raise InputError(
            f"{name} must have each column once, but {twice!r} is there twice. Rename one."
        )
    return Sheet(name, frame.loc[:, named])
