"""The lines of samples: whole pieces of the file go to pyarrow, damaged ones line by line."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from gaze_analysis.eyelink.layout import FLAGS, TARGET, TARGET_FLAGS, Declared, solve_layout

# Bytes of samples that are read at once: large enough for pyarrow to be fast, small enough that
# one damaged line sends only little of a file to the slow way.
_PIECE_BYTES = 8_000_000
_FEW_LINES = 256
_FIRST_LINES = 9  # of a section, which show how its lines are laid out
_TAB = 9
_WORDS = {"flags": FLAGS, "target_flags": TARGET_FLAGS}
_MISSING_NUMBER = -32768.0
_DISTANCE_AND_FLAGS = "distance_and_flags"
_FLAG_TYPE = pa.dictionary(pa.int32(), pa.string())
_CELL_TYPES = {
    "flags": _FLAG_TYPE,
    "target_flags": _FLAG_TYPE,
    _DISTANCE_AND_FLAGS: pa.string(),
    "": pa.string(),
}


@dataclass
class SampleReader:
    """Reads the lines of samples of one file.

    Parameters
    ----------
    data : bytes
        The file.
    starts, ends : ndarray of int, shape (n,)
        First byte of each line of samples, and the first one after it (line end excluded).
    numbers : ndarray of int, shape (n,)
        The lines' numbers in the file, from 1.
    declared : sequence of (int, Declared)
        What the lines with these numbers say about the samples after them.
    missing : set of str
        Texts that stand for a missing value; others that are found are added.
    skipped : list of (int, str, str)
        Number, reason and text of the lines that are no samples, filled while reading.
    """

    data: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    numbers: NDArray[np.int64]
    declared: Sequence[tuple[int, Declared]]
    missing: set[str]
    skipped: list[tuple[int, str, str]] = field(default_factory=list)

    def read(self) -> pd.DataFrame:
        """Read all samples.

        Returns
        -------
        pandas.DataFrame
            The columns that the lines have, and ``line``; in the file's order.
        """
        if not len(self.starts):
            return pd.DataFrame({"time_ms": np.empty(0), "line": np.empty(0, np.int64)})
        kinds, kind_of_line = self._kinds()
        pieces = []
        for first, last in self._pieces():
            n_tabs = self._count_tabs(first, last)
            keys = kind_of_line[first:last] * 64 + np.minimum(n_tabs, 63)
            for key in np.unique(keys):
                lines = first + np.flatnonzero(keys == key)
                pieces += self._read_lines(lines, kinds[int(key) // 64])
        if not pieces:
            return pd.DataFrame({"time_ms": np.empty(0), "line": np.empty(0, np.int64)})
        table = pa.concat_tables(pieces, promote_options="default").unify_dictionaries()
        pieces.clear()
        return _to_frame(table)

    def _kinds(self) -> tuple[list[Declared], NDArray[np.int64]]:
        """List the different declarations, and which of them holds for each line."""
        bounds = [0, *(number for number, _ in self.declared), np.iinfo(np.int64).max]
        sections = [Declared(), *(declared for _, declared in self.declared)]
        known: dict[Declared, int] = {}
        of_section = []
        for declared, first, end in zip(sections, bounds[:-1], bounds[1:], strict=True):
            own = self._as_written(declared, *np.searchsorted(self.numbers, [first, end]).tolist())
            of_section.append(known.setdefault(own, len(known)))
        section_of_line = np.searchsorted(bounds[1:-1], self.numbers, side="right")
        return list(known), np.array(of_section, dtype=np.int64)[section_of_line]

    def _as_written(self, declared: Declared, begin: int, end: int) -> Declared:
        """Find how many eyes the lines have where the file does not say: as most of the first."""
        if declared.eyes:
            return declared
        lines = (self._line(i) for i in range(begin, min(begin + _FIRST_LINES, end)))
        layouts = Counter(solve_layout(declared, line.split()) for line in lines)
        columns = next((names for names, _ in layouts.most_common() if names is not None), None)
        if columns is None:
            return declared
        eyes = ("left", "right") if "pupil_right" in columns else ("unknown",)
        return replace(declared, eyes=eyes)

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Cut the lines into ranges of about the same number of bytes."""
        first = 0
        while first < len(self.starts):
            last = int(np.searchsorted(self.starts, self.starts[first] + _PIECE_BYTES))
            last = max(last, first + 1)
            yield first, last
            first = last

    def _count_tabs(self, first: int, last: int) -> NDArray[np.int64]:
        """Count the tabs of each line, which tell one layout from another."""
        begin = int(self.starts[first])
        piece = np.frombuffer(self.data, np.uint8, int(self.ends[last - 1]) - begin, begin)
        tabs = np.flatnonzero(piece == _TAB)
        counts: NDArray[np.int64] = np.searchsorted(
            tabs, self.ends[first:last] - begin
        ) - np.searchsorted(tabs, self.starts[first:last] - begin)
        return counts

    def _line(self, i: int) -> bytes:
        return self.data[self.starts[i] : self.ends[i]]

    def _read_lines(self, lines: NDArray[np.int64], declared: Declared) -> list[pa.Table]:
        """Read lines of one declaration and one number of tabs."""
        table = self._read_whole(lines, declared)
        if table is not None:
            return [table]
        if len(lines) > _FEW_LINES:  # close in on the damaged ones
            half = len(lines) // 2
            halves = lines[:half], lines[half:]
            return [piece for part in halves for piece in self._read_lines(part, declared)]
        if self._learn_missing(lines):
            table = self._read_whole(lines, declared)
        return [table] if table is not None else self._read_slowly(lines, declared)

    def _read_whole(self, lines: NDArray[np.int64], declared: Declared) -> pa.Table | None:
        """Read lines with the layout of the first one; None if that does not fit them all."""
        line = self._line(int(lines[0]))
        columns = solve_layout(declared, line.split())
        cells = _cells(line, columns) if columns is not None else None
        table = self._read_fast(self._join(lines), cells) if cells is not None else None
        if table is None or table.num_rows != len(lines):
            return None
        return table.append_column("line", pa.array(self.numbers[lines]))

    def _join(self, lines: NDArray[np.int64]) -> bytes:
        """Put the bytes of lines together, those that are neighbours in the file at once."""
        apart = np.flatnonzero(self.starts[lines[1:]] - self.ends[lines[:-1]] != 1)
        begins = self.starts[lines[np.concatenate([[0], apart + 1])]]
        ends = self.ends[lines[np.concatenate([apart, [len(lines) - 1]])]]
        pairs = zip(begins.tolist(), ends.tolist(), strict=True)
        return b"\n".join([self.data[begin:end] for begin, end in pairs])

    def _read_fast(self, text: bytes, cells: Sequence[str]) -> pa.Table | None:
        """Let pyarrow read lines of one layout; None if it meets something that is no number."""
        kinds = {name: _CELL_TYPES.get(name, pa.float64()) for name in cells}
        # edf2asc pads missing values to the width of numbers.
        nulls = [" " * n + word for word in sorted(self.missing) for n in range(12)]
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
                table = _split_last_cell(table, self.missing)
        except pa.ArrowInvalid:
            return None
        return _with_clean_flags(table)

    def _learn_missing(self, lines: NDArray[np.int64]) -> bool:
        """Find a text that stands for both x and y of a sample, as edf2asc -miss writes it."""
        found = set()
        for i in lines.tolist():
            fields = self._line(i).split()
            if len(fields) > 3 and fields[1] == fields[2]:
                word = fields[1].decode("latin-1")
                if word not in self.missing and not _is_number(word):
                    found.add(word)
        self.missing |= found
        return bool(found)

    def _read_slowly(self, lines: NDArray[np.int64], declared: Declared) -> list[pa.Table]:
        """Read line by line, and note those that are no samples."""
        by_columns: dict[tuple[str, ...], list[list[float | str | int]]] = {}
        for i in lines.tolist():
            line = self._line(i)
            fields = line.split()
            columns = solve_layout(declared, fields)
            if columns is not None and "extra_1" in columns and _cells(line, columns) is None:
                columns = None  # a cell that is torn apart, not a further column
            number = int(self.numbers[i])
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
            elif word in self.missing:
                values.append(math.nan)
            elif _is_number(word):
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
            words = [word.strip() for word in chunk.dictionary.to_pylist()]
            if chunk.null_count or not all(pattern.fullmatch(word.encode()) for word in words):
                return None
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
    """Turn the table into a DataFrame in the file's order, -32768 as missing."""
    frame = table.to_pandas(self_destruct=True, split_blocks=True)
    lines = frame["line"].to_numpy()
    if not np.all(lines[:-1] < lines[1:]):
        frame = frame.sort_values("line", ignore_index=True)
    for name in frame.columns:
        if frame[name].dtype == np.float64 and name != "time_ms":
            missing = frame[name].to_numpy() == _MISSING_NUMBER
            if missing.any():
                frame[name] = frame[name].mask(missing)
    return frame


def _is_number(word: str) -> bool:
    """Tell whether pyarrow, too, would read a word as a number."""
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word


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
