"""The lines of samples: whole pieces of the file go to pyarrow, damaged ones line by line."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from gaze_analysis.eyelink.layout import FLAGS, TARGET, TARGET_FLAGS, Declared, solve_layout
from gaze_analysis.eyelink.missing import is_number, missing_words

_FEW_LINES = 256
_FIRST_LINES = 9  # of a section, which show how its lines are laid out
_TAB = 9
_WORDS = {"flags": FLAGS, "target_flags": TARGET_FLAGS}
_DISTANCE_AND_FLAGS = "distance_and_flags"
_FLAG_TYPE = pa.dictionary(pa.int32(), pa.string())
_CELL_TYPES = {
    "flags": _FLAG_TYPE,
    "target_flags": _FLAG_TYPE,
    _DISTANCE_AND_FLAGS: pa.string(),
    "": pa.string(),
}


@dataclass(frozen=True)
class Lines:
    """Lines of samples in one piece of a file.

    Parameters
    ----------
    piece : bytes
        The piece.
    starts, ends : ndarray of int, shape (n,)
        First byte of each line, and the first one after it (line end excluded).
    numbers : ndarray of int, shape (n,)
        The lines' numbers in the file, from 1.
    """

    piece: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        """Count the lines."""
        return len(self.starts)

    def __getitem__(self, i: int) -> bytes:
        """Give the bytes of one line."""
        return self.piece[self.starts[i] : self.ends[i]]

    def take(self, chosen: slice | NDArray[np.int64]) -> "Lines":
        """Choose some of the lines."""
        return Lines(self.piece, self.starts[chosen], self.ends[chosen], self.numbers[chosen])

    def join(self) -> bytes:
        """Put the lines' bytes together, those that are neighbours in the file at once."""
        apart = np.flatnonzero(self.starts[1:] - self.ends[:-1] != 1)
        begins = self.starts[np.concatenate([[0], apart + 1])].tolist()
        ends = self.ends[np.concatenate([apart, [len(self) - 1]])].tolist()
        view = memoryview(self.piece)
        return b"\n".join([view[i:j] for i, j in zip(begins, ends, strict=True)])

    def count_tabs(self) -> NDArray[np.int64]:
        """Count the tabs of each line, which tell one layout from another."""
        tabs = np.flatnonzero(np.frombuffer(self.piece, np.uint8) == _TAB)
        counts: NDArray[np.int64] = np.searchsorted(tabs, self.ends) - np.searchsorted(
            tabs, self.starts
        )
        return counts


class SampleReader:
    """Reads the lines of samples of one file, piece by piece.

    Parameters
    ----------
    missing : set of str
        Texts that stand for a missing value; others that are found are added.
    """

    def __init__(self, missing: set[str]) -> None:
        self.skipped: list[tuple[int, str, str]] = []
        self._missing = missing
        self._tables: list[pa.Table] = []
        self._as_found: dict[int, Declared] = {}

    def read(self, lines: Lines, declared: Sequence[tuple[int, Declared]]) -> None:
        """Read the lines of samples of the file's next piece.

        Parameters
        ----------
        lines : Lines
            The lines, in the file's order.
        declared : sequence of (int, Declared)
            What the lines with these numbers say about the samples after them: at least the
            last one before this piece, and all in it.
        """
        bounds = np.searchsorted(lines.numbers, [number for number, _ in declared]).tolist()
        begins, ends = [0, *bounds], [*bounds, len(lines)]
        parts: dict[Declared, list[tuple[int, int]]] = {}
        for section, begin, end in zip([(0, Declared()), *declared], begins, ends, strict=True):
            if begin < end:
                own = self._as_written(section, lines.take(slice(begin, end)))
                parts.setdefault(own, []).append((begin, end))
        for own, spans in parts.items():
            if len(parts) == 1:
                chosen = lines
            else:
                chosen = lines.take(np.concatenate([np.arange(*span) for span in spans]))
            self._tables += self._read_lines(chosen, own)

    def frame(self) -> pd.DataFrame:
        """Give all samples that were read.

        Returns
        -------
        pandas.DataFrame
            The columns that the lines have, and ``line``; in the file's order.
        """
        if not self._tables:
            return pd.DataFrame({"time_ms": np.empty(0), "line": np.empty(0, np.int64)})
        table = pa.concat_tables(self._tables, promote_options="default").unify_dictionaries()
        self._tables.clear()
        return _to_frame(table)

    def _as_written(self, section: tuple[int, Declared], lines: Lines) -> Declared:
        """Find how many eyes the lines have where the file does not say: as most of the first."""
        number, declared = section
        if declared.eyes:
            return declared
        if number not in self._as_found:
            first = [_fields(lines[i]) for i in range(min(_FIRST_LINES, len(lines)))]
            layouts = Counter(solve_layout(declared, fields) for fields in first)
            columns = next((names for names, _ in layouts.most_common() if names is not None), None)
            if columns is None:
                return declared
            eyes = ("left", "right") if "pupil_right" in columns else ("unknown",)
            self._as_found[number] = replace(declared, eyes=eyes)
        return self._as_found[number]

    def _read_lines(self, lines: Lines, declared: Declared) -> list[pa.Table]:
        """Read lines of one declaration."""
        table = self._read_whole(lines, declared)
        if table is not None:
            return [table]
        n_tabs = lines.count_tabs()
        return [
            piece
            for n in np.unique(n_tabs).tolist()
            for piece in self._read_alike(lines.take(np.flatnonzero(n_tabs == n)), declared)
        ]

    def _read_alike(self, lines: Lines, declared: Declared) -> list[pa.Table]:
        """Read lines of one declaration and one number of tabs."""
        table = self._read_whole(lines, declared)
        if table is not None:
            return [table]
        if len(lines) > _FEW_LINES:  # close in on the damaged ones
            half = len(lines) // 2
            halves = lines.take(slice(half)), lines.take(slice(half, None))
            return [piece for part in halves for piece in self._read_alike(part, declared)]
        if self._learn_missing(lines):
            table = self._read_whole(lines, declared)
        return [table] if table is not None else self._read_slowly(lines, declared)

    def _read_whole(self, lines: Lines, declared: Declared) -> pa.Table | None:
        """Read lines with the layout of the first one; None if that does not fit them all."""
        columns = solve_layout(declared, _fields(lines[0]))
        cells = _cells(lines[0], columns) if columns is not None else None
        table = self._read_fast(lines.join(), cells) if cells is not None else None
        if table is None or table.num_rows != len(lines):
            return None
        return table.append_column("line", pa.array(lines.numbers))

    def _read_fast(self, text: bytes, cells: Sequence[str]) -> pa.Table | None:
        """Let pyarrow read lines of one layout; None if it meets something that is no number."""
        kinds = {name: _CELL_TYPES.get(name, pa.float64()) for name in cells}
        # edf2asc pads missing values to the width of numbers.
        nulls = [" " * n + word for word in ("", *sorted(self._missing)) for n in range(12)]
        try:
            table = csv.read_csv(
                pa.py_buffer(text),
                read_options=csv.ReadOptions(column_names=list(cells)),
                parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
                convert_options=csv.ConvertOptions(column_types=kinds, null_values=nulls),
            )
            if "" in cells:  # a tab at the line's end
                table = table.drop_columns([""])
            if _DISTANCE_AND_FLAGS in cells:
                table = _split_last_cell(table, self._missing)
        except pa.ArrowInvalid:
            return None
        return _with_clean_flags(table)

    def _learn_missing(self, lines: Lines) -> bool:
        """Find the text that edf2asc -miss wrote instead of "." for both x and y of an eye."""
        found = missing_words(lines[i].decode("latin-1").split()[1:] for i in range(len(lines)))
        found -= self._missing
        self._missing |= found
        return bool(found)

    def _read_slowly(self, lines: Lines, declared: Declared) -> list[pa.Table]:
        """Read line by line, and note those that are no samples."""
        by_columns: dict[tuple[str, ...], list[list[float | str | int]]] = {}
        for i, number in enumerate(lines.numbers.tolist()):
            line = lines[i]
            fields = _fields(line)
            columns = solve_layout(declared, fields)
            if columns is not None and "extra_1" in columns and _cells(line, columns) is None:
                columns = None  # a cell that is torn apart, not a further column
            values = None if columns is None else self._values(columns, fields)
            if values is None or columns is None:
                self.skipped.append((number, "no complete sample", _text(line)))
            else:
                by_columns.setdefault((*columns, "line"), []).append([*values, number])
        return [
            pa.table({name: _column(name, list(values)) for name, values in zip(
                columns, zip(*rows, strict=True), strict=True)})
            for columns, rows in by_columns.items()
        ]  # fmt: skip

    def _values(self, columns: Sequence[str], fields: Sequence[bytes]) -> list[float | str] | None:
        """Turn a line's fields into values; None if one is damaged."""
        values: list[float | str] = []
        for name, raw in zip(columns, fields, strict=True):
            word = raw.decode("latin-1")
            if name in _WORDS:
                values.append(word)
            elif word in self._missing:
                values.append(math.nan)
            elif is_number(word):
                values.append(float(word))
            else:
                return None
        return values


def _cells(line: bytes, columns: Sequence[str]) -> tuple[str, ...] | None:
    """Name the tab-separated cells of a line; None if they are not those of its columns."""
    cells = line.rstrip(b"\r").split(b"\t")
    names = list(columns)
    if not cells[-1].strip():
        names.append("")
    if len(cells) == len(names) - 1 and columns[-1] == TARGET[-1]:
        # edf2asc puts the target's distance and flags into one cell.
        names[-2:] = [_DISTANCE_AND_FLAGS]
    return tuple(names) if len(cells) == len(names) else None


def _split_last_cell(table: pa.Table, missing: set[str]) -> pa.Table:
    """Split the head target's distance from the flags in the same cell."""
    cell = pc.utf8_trim_whitespace(table[_DISTANCE_AND_FLAGS])
    parts = pc.extract_regex(cell, r"^(?P<distance>\S+)\s+(?P<flags>\S+)$")
    distance = pc.struct_field(parts, "distance")
    is_missing = pc.is_in(distance, pa.array(sorted(missing)))
    number = pc.cast(pc.if_else(is_missing, None, distance), pa.float64())
    table = table.drop_columns([_DISTANCE_AND_FLAGS])
    table = table.append_column("target_distance_mm", number)
    return table.append_column("target_flags", pc.struct_field(parts, "flags").dictionary_encode())


def _with_clean_flags(table: pa.Table) -> pa.Table | None:
    """Strip the flags of spaces; None if one of them is no flag."""
    for name, pattern in _WORDS.items():
        if name not in table.column_names:
            continue
        chunks = []
        for chunk in table[name].chunks:
            found = chunk.dictionary.to_pylist()
            words = [word.strip() for word in found]
            if chunk.null_count or not all(pattern.fullmatch(word.encode()) for word in words):
                return None
            if words == found:
                chunks.append(chunk)
                continue
            chunks.append(pc.take(pa.array(words, pa.string()), chunk.indices).dictionary_encode())
        table = table.set_column(
            table.column_names.index(name), name, pa.chunked_array(chunks, type=_FLAG_TYPE)
        )
    return table


def _column(name: str, values: list[float | str | int]) -> pa.Array:
    """Make a column of values that were read line by line."""
    if name in _WORDS:
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, pa.int64() if name == "line" else pa.float64())


def _to_frame(table: pa.Table) -> pd.DataFrame:
    """Turn the table into a DataFrame in the file's order."""
    frame = table.to_pandas(self_destruct=True, split_blocks=True)
    lines = frame["line"].to_numpy()
    if not np.all(lines[:-1] < lines[1:]):
        frame = frame.sort_values("line", ignore_index=True)
    return frame


def _fields(line: bytes) -> list[bytes]:
    """Split a line at tabs and spaces; a cell with nothing in it is a missing value."""
    cells = [cell.split() for cell in line.split(b"\t")]
    if not cells[-1]:  # a tab at the line's end
        cells.pop()
    return [field for cell in cells for field in (cell or [b"."])]


def _text(line: bytes) -> str:
    """Decode a line for a message."""
    return line.decode("utf-8", errors="replace")


def split_stamps(time_ms: NDArray[np.float64], rate_hz: NDArray[np.float64]) -> int:
    """Set whole-millisecond stamps of 2000 Hz apart, in place.

    At 2000 Hz edf2asc writes each millisecond twice; the second one is half a millisecond
    later. A stamp that occurs once at the beginning of a run was the later half.

    Parameters
    ----------
    time_ms : ndarray, shape (n,)
        Stamps in the file's order; changed.
    rate_hz : ndarray, shape (n,)
        Each sample's sampling rate.

    Returns
    -------
    int
        The number of stamps that were moved.

    Examples
    --------
    >>> stamps = np.array([1.0, 2.0, 2.0, 3.0])
    >>> split_stamps(stamps, np.full(4, 2000.0)), stamps.tolist()
    (2, [1.5, 2.0, 2.5, 3.0])
    """
    fast = rate_hz == 2000
    if not fast.any():
        return 0
    step = np.diff(time_ms)
    later = np.zeros(len(time_ms), dtype=bool)
    later[1:] = (step == 0) & fast[1:]
    if not later.any():  # stamps with halves already
        return 0
    begins = np.ones(len(time_ms), dtype=bool)
    begins[1:] = step != 0
    begins[1:] &= (step > 1) | (step < 0)
    single = np.zeros(len(time_ms), dtype=bool)
    single[:-1] = step == 1
    later |= begins & single & fast
    time_ms[later] += 0.5
    return int(later.sum())
