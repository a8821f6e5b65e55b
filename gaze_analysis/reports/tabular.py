"""Any table made elsewhere, read whole into texts: every separator, code, workbook and archive."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from gaze_analysis.reports.table import NO_ROWS, Columns, Table, without_blanks
from gaze_analysis.reports.text import (
    HEAD_BYTES,
    Layout,
    parse_rows,
    record_lines,
    to_utf8,
)
from gaze_analysis.reports.workbook import XLS, XLSX, is_workbook, read_workbook
from study.errors import InputError

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xls", ".xlsx")
_GZIP = b"\x1f\x8b"
_SMALL_BYTES = 200_000


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
        table = parse_table(name, data)
        del data  # whoever takes the table needs the memory
        yield table
        del table


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
        if len(data) <= _SMALL_BYTES and not is_workbook(data):
            yield _read_small(name, to_utf8(name, data))
            continue
        table = parse_table(name, data)
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
        if head.startswith((XLSX, XLS)):
            return next(read_tables(path)).header
        if head.startswith(_GZIP):
            head = zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
            if head.startswith((XLSX, XLS)):
                return next(read_tables(path)).header
        if is_workbook(head):
            return next(read_tables(path)).header
        text = to_utf8(path.name, head)
        header = Layout.of(path.name, text[: text.rfind(b"\n") + 1] or text).header
        return [name for name in header if name]
    except (InputError, OSError, zlib.error, StopIteration):
        return []


def is_packed(path: Path) -> bool:
    """Tell whether a file is a workbook or an archive, and not itself a text.

    Parameters
    ----------
    path : Path
        A file that is there.
    """
    with path.open("rb") as file:
        head = file.read(8)
    return head.startswith((_GZIP, XLSX)) or is_workbook(head)


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each table in a file, which are kept nowhere else."""
    try:
        if path.suffix.lower() != ".zip" and not is_packed(path):
            yield path.name, path.read_bytes()
            return
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"A table must be a readable file, but {path} is not ({error.strerror}). "
            "Name another file."
        ) from error
    name = path.name
    if data.startswith(_GZIP):
        data, name = _unzip(path, data), name.removesuffix(".gz")
    if not data.startswith(XLSX) and path.suffix.lower() != ".zip":
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


def parse_table(name: str, data: bytes) -> Table:
    """Read one table from its bytes.

    Parameters
    ----------
    name : str
        What the table is called in messages.
    data : bytes
        A text or a workbook.

    Returns
    -------
    Table
        Its cells.

    Raises
    ------
    InputError
        If it is damaged or no table.
    """
    if is_workbook(data):
        return read_workbook(name, data)
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
    ).astype(NO_ROWS.dtypes.to_dict() | {"reason": "str", "text": "str"})
    table = Table(name, cells, np.delete(lines, places), skipped, layout.separator)
    return without_blanks(table)
