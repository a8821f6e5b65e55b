"""How a text is laid out as a table: its code, its separator, its columns and its rows."""

import csv
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from study.errors import InputError

_OTHER_FORMATS = {
    b"SR_RESEARCH": "an EyeLink EDF file",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"%PDF": "a PDF document",
}


_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


HEAD_BYTES = 1_000_000


_PIECE_BYTES = 16_000_000


_BLOCK_BYTES = 8_000_000


def to_utf8(name: str, data: bytes) -> bytes:
    """Bring a text into UTF-8 without a mark, with line feeds; refuse what is no text."""
    kind = next((kind for head, kind in _OTHER_FORMATS.items() if data.startswith(head)), "")
    code = next((code for bom, code in _BOMS if data.startswith(bom)), _guess_code(data[:4000]))
    bom = next((bom for bom, _ in _BOMS if data.startswith(bom)), b"")
    data = data.removeprefix(bom)
    if code.startswith("utf-16"):
        data = data[: len(data) // 2 * 2].decode(code, errors="replace").encode("utf-8")
    if kind or b"\x00" in data[:4000]:
        raise InputError(
            f"A table must be text or an Excel workbook, but {name} is {kind or 'neither'}. "
            "Name another file."
        )
    data = data.removeprefix(_BOMS[0][0])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A head that was cut within a letter is UTF-8 all the same.
        if error.start < len(data) - 4:
            data = data.decode("cp1252", errors="replace").encode("utf-8")
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _guess_code(head: bytes) -> str:
    """Tell UTF-16 without a mark by where its zeros are."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > len(head) / 5 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) / 5 and not odd else "utf-8"


@dataclass(frozen=True)
class Layout:
    """How a text is laid out: separator, names of the columns, and where the rows begin."""

    separator: str
    header: list[str]
    begin: int
    line: int

    @classmethod
    def of(cls, name: str, data: bytes) -> "Layout":
        """Read it from the first lines."""
        head = data[:HEAD_BYTES].decode("utf-8", errors="replace")
        lines = head.split("\n")
        first = next((i for i, line in enumerate(lines) if line.strip()), None)
        if first is None:
            raise InputError(f"{name} must be a table with a header, but it is empty. Remove it.")
        separator = max("\t;,", key=lambda sign: _unquoted(lines[first]).count(sign))
        if lines[first].strip().lower().startswith("sep=") and first + 1 < len(lines):
            separator = lines[first].strip()[4:5] or separator  # Excel's own hint
            first += 1
        begin = len("\n".join(lines[: first + 1]).encode("utf-8")) + 1
        rows = [split_row(line, separator) for line in lines[first:][:12]]
        header = [cell.strip() for cell in next(iter(rows), [])]
        widths = {len(row) for row in rows[1:-1] if any(row)} or {len(row) for row in rows[1:2]}
        if widths == {len(header) + 1}:
            # A separator after the last cell, or the row names of R's write.table.
            trailing = all(not row[-1].strip() for row in rows[1:-1] if any(row))
            header = [*header, ""] if trailing else ["", *header]
        elif widths == {len(header) - 1} and not header[-1]:
            header = header[:-1]
        return cls(separator, distinct(header), begin, first + 2)


def split_row(line: str, separator: str) -> list[str]:
    """Split a line into its cells; quotes that make no sense are part of them.

    Parameters
    ----------
    line : str
        The line.
    separator : str
        What parts cells.

    Examples
    --------
    >>> split_row('a,"b,c"', ",")
    ['a', 'b,c']
    """
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def _unquoted(line: str) -> str:
    """Leave out what stands in quotes."""
    return "".join(line.split('"')[::2])


def distinct(names: list[str]) -> list[str]:
    """Make names differ, as R does: x, x.1, x.2."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        n = seen.get(name, -1) + 1
        seen[name] = n
        distinct.append(f"{name}.{n}" if n else name)
    return distinct


def parse_rows(
    body: memoryview, layout: Layout, *, quoted: bool
) -> tuple[pd.DataFrame, list[tuple[int, int, str]]]:
    """Give the cells of all rows, and number, width and text of those that do not fit."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(i) for i in range(len(layout.header))]
    odd: list[tuple[int, int, str]] = []

    def note(row: Any) -> str:
        odd.append((row.number, row.actual_columns, row.text))
        return "skip"

    if not bytes(body[:_BLOCK_BYTES]).strip():
        return pd.DataFrame({name: pd.Series(dtype="str") for name in layout.header}), odd
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, column_names=names, block_size=_BLOCK_BYTES
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.separator,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted,
            invalid_row_handler=note,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    frame = table.to_pandas()
    frame.columns = pd.Index(layout.header)
    return frame, odd


def record_lines(body: memoryview, *, quoted: bool) -> NDArray[np.int64]:
    """Find the line in which each row begins, from 0; blank lines are none."""
    codes = np.frombuffer(body, np.uint8)
    ends = _positions(codes, ord("\n"))
    if not len(codes):
        return ends
    if codes[-1] != ord("\n"):
        ends = np.append(ends, len(codes))
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
    lengths = ends - starts
    returns = (lengths > 0) & (codes[np.maximum(ends - 1, 0)] == ord("\r"))
    filled = (lengths - returns) > 0
    if quoted:
        within = np.searchsorted(_positions(codes, ord('"')), starts) % 2 == 1
        filled = (filled | within) & ~within
    return np.flatnonzero(filled)


def _positions(codes: NDArray[np.uint8], sign: int) -> NDArray[np.int64]:
    """Find a byte, piece by piece, so that a large file needs little memory."""
    pieces = [
        np.flatnonzero(codes[i : i + _PIECE_BYTES] == sign) + i
        for i in range(0, len(codes), _PIECE_BYTES)
    ]
    return np.concatenate(pieces).astype(np.int64) if pieces else np.empty(0, np.int64)
