"""Any table made elsewhere, read whole into texts: every separator, code, workbook and archive."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.text import (
    HEAD_BYTES,
    Layout,
    distinct,
    parse_rows,
    record_lines,
    to_utf8,
)
from study.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xls", ".xlsx")
_GZIP, _ZIP, _BIFF = b"\x1f\x8b", b"PK\x03\x04", (b"\xd0\xcf\x11\xe0", b"\x09\x00", b"\x09\x08")
_SMALL_BYTES = 200_000
_NO_ROWS = pd.DataFrame({"line": np.empty(0, np.int64), "reason": [], "text": []})


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
    skipped: pd.DataFrame = field(default_factory=_NO_ROWS.copy)
    separator: str = "\t"

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
        before = np.searchsorted(self.line, self.skipped["line"].to_numpy()) - 1
        with_them = np.isin(np.maximum(before, 0), rows)
        return replace(
            self,
            cells=self.cells.iloc[rows].reset_index(drop=True),
            line=self.line[rows],
            skipped=self.skipped[with_them].reset_index(drop=True),
        )


def read_tables(path: Path) -> Iterator[Table]:
    """Read the table in a file, or each of those in an archive.

    What the file is, its bytes say and not its name: text with tabs, commas or semicolons, an
    Excel workbook (.xls or .xlsx), any of them compressed by gzip or in a zip.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    Table
        In the order of their names within the archive.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged or is no table.
    """
    for name, data in _contents(path):
        yield _read(name, data)


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


def read_columns(path: Path) -> Iterator[Columns]:
    """Read tables as `read_tables` does, but small ones without the cost of a data frame.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    Columns
        In the order of their names within the archive.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged or is no table.
    """
    for name, data in _contents(path):
        if len(data) <= _SMALL_BYTES and not _is_workbook(data):
            yield _read_small(name, to_utf8(name, data))
            continue
        table = _read(name, data)
        odd = [(int(line), int(reason.split()[0])) for line, reason, _ in
               table.skipped.itertuples(index=False) if line]  # fmt: skip
        columns = {name: table.cells[name].tolist() for name in table.header}
        yield Columns(name, columns, table.line.tolist(), odd)


def _read_small(name: str, data: bytes) -> Columns:
    """Read a small text row by row."""
    layout = Layout.of(name, data)
    rows: list[list[str]] = []
    lines, odd = [], []
    text = io.StringIO(data[layout.begin :].decode("utf-8"), newline="")
    # Quotes that do not pair up are part of the text.
    alone = data.count(b'"', layout.begin) % 2 == 1
    reader = csv.reader(
        text,
        delimiter=layout.separator,
        quoting=csv.QUOTE_NONE if alone else csv.QUOTE_MINIMAL,
    )
    before = 0
    for row in reader:
        line, before = layout.line + before, reader.line_num
        if not any(map(str.strip, row)):
            continue
        if len(row) == len(layout.header):
            rows.append(row)
            lines.append(line)
        else:
            odd.append((line, len(row)))
    cells = map(list, zip(*rows, strict=True)) if rows else ([] for _ in layout.header)
    return Columns(name, dict(zip(layout.header, cells, strict=True)), lines, odd)


def table_header(path: Path) -> list[str]:
    """Read the names of a table's columns, and no more of the file than that takes.

    Parameters
    ----------
    path : Path
        A table, or an archive, whose first table counts.

    Returns
    -------
    list of str
        Empty if the file is no table that can be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if head.startswith((_ZIP, *_BIFF[:1])):
            return next(read_tables(path)).header
        if head.startswith(_GZIP):
            head = zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
            if head.startswith((_ZIP, *_BIFF[:1])):
                return next(read_tables(path)).header
        if _is_workbook(head):
            return next(read_tables(path)).header
        text = to_utf8(path.name, head)
        header = Layout.of(path.name, text[: text.rfind(b"\n") + 1] or text).header
        return [name for name in header if name]
    except (InputError, OSError, zlib.error, StopIteration):
        return []


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each table in a file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"A table must be a readable file, but {path} is not ({error.strerror}). "
            "Name another file."
        ) from error
    name = path.name
    if data.startswith(_GZIP):
        data, name = _unzip(path, data), name.removesuffix(".gz")
    if not data.startswith(_ZIP) and path.suffix.lower() != ".zip":
        yield name, data
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = sorted(archive.namelist())
            if "[Content_Types].xml" in members:
                yield name, data
                return
            for member in filter(_is_member, members):
                content = archive.read(member)
                if content.startswith(_GZIP):
                    content, member = _unzip(path, content), member.removesuffix(".gz")
                yield PurePosixPath(member).name, content
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{path} must be a zip archive, but {error}. Download or copy it again."
        ) from error


def _unzip(path: Path, data: bytes) -> bytes:
    """Unpack a gzip file."""
    import gzip

    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"A compressed table must be a whole gzip file, but {path} is damaged ({error}). "
            "Copy it anew."
        ) from error


def _is_member(name: str) -> bool:
    """Tell whether an archive's member is a table; macOS adds shadows of files that are none."""
    path = PurePosixPath(name.lower().removesuffix(".gz"))
    return path.suffix in TABLE_SUFFIXES and "__macosx" not in path.parts


def _is_workbook(data: bytes) -> bool:
    """Tell whether bytes begin a workbook: BIFF 5 to 8, bare BIFF 2 to 4, or xlsx."""
    bare = data[:1] == b"\x09" and data[1:2] in (b"\x00", b"\x02", b"\x04", b"\x08")
    return data.startswith((_BIFF[0], _ZIP)) or (bare and data[2:4] in (b"\x04\x00", b"\x06\x00"))


def _read(name: str, data: bytes) -> Table:
    """Read one table from its bytes."""
    if _is_workbook(data):
        return _read_workbook(name, data)
    return _read_text(name, to_utf8(name, data))


def _read_text(name: str, data: bytes) -> Table:
    """Read a text through pyarrow; rows of another width are noted."""
    layout = Layout.of(name, data)
    body = memoryview(data)[layout.begin :]
    n_quotes = data.count(b'"', layout.begin)
    quoted = n_quotes > 0 and n_quotes % 2 == 0
    cells, odd = parse_rows(body, layout, quoted=quoted)
    lines = record_lines(body, quoted=quoted)
    if quoted and odd:
        # A single quote may be an inch: rows of one line each may read better.
        plain, plain_odd = parse_rows(body, layout, quoted=False)
        if len(plain_odd) < len(odd):
            cells, odd, lines = plain, plain_odd, record_lines(body, quoted=False)
    if len(lines) != len(cells) + len(odd):
        lines = np.arange(len(cells) + len(odd), dtype=np.int64)
    lines = lines + layout.line
    places = np.array([number - 1 for number, *_ in odd], dtype=np.int64)
    skipped = pd.DataFrame(
        {
            "line": lines[places],
            "reason": [f"{n_cells} cells instead of {len(layout.header)}" for _, n_cells, _ in odd],
            "text": [text for *_, text in odd],
        }
    ).astype(_NO_ROWS.dtypes.to_dict() | {"reason": "str", "text": "str"})
    table = Table(name, cells, np.delete(lines, places), skipped, layout.separator)
    return _without_blanks(table)


def _without_blanks(table: Table) -> Table:
    """Leave out rows of empty cells, and a last column that has neither name nor content."""
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


def _read_workbook(name: str, data: bytes) -> Table:
    """Read the sheets of a workbook that have the first one's header; note the others."""
    is_new = data.startswith(_ZIP)
    # xlrd prints what it guesses.
    quiet: dict[str, Any] = {} if is_new else {"logfile": io.StringIO()}
    try:
        sheets = pd.read_excel(
            io.BytesIO(data), sheet_name=None, header=None, dtype="str", na_filter=False,
            engine="openpyxl" if is_new else "xlrd", engine_kwargs=quiet,
        )  # fmt: skip
    except Exception as error:  # each engine has its own many errors
        raise InputError(
            f"A workbook must be one that Excel opens, but {name} is damaged ({error}). "
            "Save it anew, or as tab-separated text."
        ) from error
    tables = [_of_sheet(name, sheet) for sheet in sheets.values() if sheet.size]
    if not tables:
        raise InputError(f"{name} must be a table with a header, but it is empty. Remove it.")
    same = [table for table in tables if table.header == tables[0].header]
    others = [
        (0, "another sheet", f"{title}: {len(sheet)} rows")
        for title, sheet in sheets.items()
        if sheet.size and _of_sheet(name, sheet).header != tables[0].header
    ]
    return Table(
        name,
        pd.concat([table.cells for table in same], ignore_index=True),
        np.concatenate([table.line for table in same]),
        pd.DataFrame(others, columns=list(_NO_ROWS)) if others else _NO_ROWS.copy(),
    )


def _of_sheet(name: str, sheet: pd.DataFrame) -> Table:
    """Take the header off a sheet."""
    texts = sheet.fillna("").astype("str")
    filled = (texts != "").any(axis=1).to_numpy()
    first = int(np.argmax(filled))
    cells = texts.iloc[first + 1 :].reset_index(drop=True)
    header = [text.strip() for text in texts.iloc[first]]
    cells.columns = pd.Index(distinct(header))
    line = np.arange(first + 2, first + 2 + len(cells), dtype=np.int64)
    return _without_blanks(Table(name, cells, line))
