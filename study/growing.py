"""Tables that grow while something goes on: each row is on the disk before the next one."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from study.errors import InputError
from study.tables import MISSING, write_table
from study.writing import must_be_writable, write_text


class GrowingTable:
    """A tab-separated table to which whole rows are added, each forced to the disk.

    A table that is there is gone on with: its rows stay. A last line without its end, which a
    power cut may leave, is taken off and kept in `cut_off`.

    Parameters
    ----------
    path : Path
        The table; a JSON file beside it describes its columns.
    descriptions : mapping of str to str
        One sentence for each column, in the order of the columns.

    Raises
    ------
    InputError
        If the table that is there has other columns, or cannot be written.
    """

    def __init__(self, path: Path, descriptions: Mapping[str, str]) -> None:
        self._path = path
        self._columns = list(descriptions)
        self.cut_off = ""
        if path.exists():
            self.cut_off = take_off_fragment(path)
            _check_columns(path, self._columns)
        else:
            write_table(path, pd.DataFrame(columns=self._columns), descriptions)
        with must_be_writable(path):
            self._file = path.open("ab", buffering=0)

    def add(self, row: Mapping[str, Any]) -> None:
        """Append one row and force it to the disk.

        Parameters
        ----------
        row : mapping of str to value
            One value for each column; None or NaN where it is missing.

        Raises
        ------
        InputError
            If the disk is full.
        """
        if set(row) != set(self._columns):
            odd = sorted(set(row) ^ set(self._columns))
            raise ValueError(f"a row of {self._path.name} needs its columns, but differs in {odd}")
        line = "\t".join(_cell(row[name]) for name in self._columns) + "\n"
        with must_be_writable(self._path):
            before = self._file.seek(0, os.SEEK_END)
            try:
                self._write(line.encode("utf-8"))
            except OSError:
                # A full disk may take half a line, to which the next row would be added.
                self._file.truncate(before)
                raise

    def _write(self, line: bytes) -> None:
        """Write a whole line in one call, so that a kill leaves either all of it or none."""
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()


def take_off_fragment(path: Path) -> str:
    """Take a last line without its end off a table, as a power cut may leave one.

    Parameters
    ----------
    path : Path
        The table.

    Returns
    -------
    str
        What was taken off; empty where the table is whole.
    """
    whole, end, fragment = path.read_text(encoding="utf-8").rpartition("\n")
    if fragment:
        write_text(path, whole + end)
    return fragment


def _check_columns(path: Path, columns: list[str]) -> None:
    """Refuse to go on with a table of other columns."""
    with path.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split("\t")
    if header != columns:
        odd = sorted(set(header) ^ set(columns)) or "their order"
        raise InputError(
            f"{path} must have the columns that this version writes, but they differ in {odd}. "
            "Go on with the version that began it, or begin another session."
        )


def _cell(value: Any) -> str:
    """Write one value as the study's tables have it."""
    if value is None or value != value:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return " ".join(str(value).split())
