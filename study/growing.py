"""Tables that grow while something goes on: each row is on the disk before the next one."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from study.errors import InputError
from study.tables import MISSING, write_table
from study.writing import atomic_path, must_be_writable


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
            self.cut_off = _without_fragment(path, self._columns)
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
            If the disk is full, or the table was moved or removed meanwhile.
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
        self._must_be_in_place()

    def _write(self, line: bytes) -> None:
        """Write a whole line in one call, so that a kill leaves either all of it or none."""
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._file.fileno())

    def _must_be_in_place(self) -> None:
        """Refuse to write on into a file that nobody will find."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            there = None
        # Windows lets nobody move or remove a file that is open.
        if there and (os.name == "nt" or os.path.samestat(there, os.fstat(self._file.fileno()))):
            return
        raise InputError(
            f"{self._path} must stay where it is while rows are added to it, but it was moved, "
            "removed or replaced. Put it back, from the bin or from where it is now."
        )

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()


def whole_lines(path: Path) -> tuple[bytes, bytes]:
    """Split a table into its whole lines and a last one without its end.

    Parameters
    ----------
    path : Path
        The table.

    Returns
    -------
    whole, fragment : bytes
        What counts, and what a power cut has left of one more row.
    """
    whole, end, fragment = path.read_bytes().rpartition(b"\n")
    return whole + end, fragment


def _without_fragment(path: Path, columns: list[str]) -> str:
    """Take an incomplete last line off a table, give it, and check the table's header."""
    whole, fragment = whole_lines(path)
    header = whole.partition(b"\n")[0].decode("utf-8-sig", "replace").rstrip("\r").split("\t")
    if header != columns:
        odd = sorted(set(header) ^ set(columns)) or "their order"
        raise InputError(
            f"{path} must have the columns that this version writes, but they differ in {odd}. "
            "Go on with the version that began it, or begin another session."
        )
    if fragment:
        with atomic_path(path) as temporary:
            temporary.write_bytes(whole)
    return fragment.decode("utf-8", "replace")


def _cell(value: Any) -> str:
    """Write one value as the study's tables have it."""
    if value is None or value != value:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return " ".join(str(value).split())
