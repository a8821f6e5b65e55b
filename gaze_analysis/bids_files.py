"""The files of BIDS eye tracking: tables without header, compressed without name and time."""

import gzip
import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from study.errors import InputError
from study.tables import MISSING
from study.writing import atomic_path

# A third of level 5's time for a fifth more bytes; most of the time is spent on it.
_COMPRESSION = 1
_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_BOM = b"\xef\xbb\xbf"


def sidecar_path(path: Path) -> Path:
    """Name the JSON file that belongs to a table.

    Parameters
    ----------
    path : Path
        A ``.tsv`` or ``.tsv.gz`` file.

    Returns
    -------
    Path
        The file beside it.

    Examples
    --------
    >>> sidecar_path(Path("sub-01_task-faces_beh.tsv")).name
    'sub-01_task-faces_beh.json'
    """
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".tsv") + ".json")


def padded(table: pd.DataFrame, step_ms: float) -> pd.DataFrame:
    """Fill the gaps of a recording with rows that have a time stamp and nothing else.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows with ``timestamp`` in milliseconds.
    step_ms : float
        Time between two samples.

    Returns
    -------
    pandas.DataFrame
        Without a gap longer than one and a half steps; the samples themselves are unchanged.

    Examples
    --------
    >>> padded(pd.DataFrame({"timestamp": [0.0, 4.0], "x": [1.0, 2.0]}), 2.0)["x"].tolist()
    [1.0, nan, 2.0]
    """
    table = table.reset_index(drop=True)
    times = table["timestamp"].to_numpy(float)
    steps = np.diff(times)
    with np.errstate(invalid="ignore"):
        missing = np.where(steps > 1.5 * step_ms, np.round(steps / step_ms) - 1, 0).astype(np.int64)
    if not missing.sum():
        return table
    place = np.concatenate([[0], np.cumsum(missing + 1)])
    rows = np.arange(place[-1] + 1)
    before = np.searchsorted(place, rows, side="right") - 1
    stamps = np.round(times[before] + (rows - place[before]) * step_ms, 3)
    stamps[place] = times
    source = np.full(len(rows), -1)  # a row that there is not
    source[place] = np.arange(len(table))
    return table.reindex(source).reset_index(drop=True).assign(timestamp=stamps)


def write_tsv_gz(path: Path, table: pd.DataFrame) -> None:
    """Write a table without header as BIDS has it: n/a for missing, a gzip header without name.

    Parameters
    ----------
    path : Path
        The file, which ends in ``.tsv.gz``.
    table : pandas.DataFrame
        Numbers and texts; signs that a cell cannot hold are written as in JSON.
    """
    # Not by pyarrow's writer of CSV, which refuses a quote within a cell, as other readers don't.
    columns = [_as_text(table[name]) for name in table.columns]
    lines = pc.binary_join_element_wise(*columns, "\t")
    text = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "\n")[0].as_py()
    # A name or time in the header would differ between machines, and BIDS warns of it.
    with (
        atomic_path(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(
            filename="", mode="wb", compresslevel=_COMPRESSION, fileobj=raw, mtime=0
        ) as file,
    ):
        file.write(f"{text}\n".encode() if len(table) else b"")


def _as_text(values: pd.Series) -> pa.Array:
    """Turn a column into texts: whole numbers without point, n/a where nothing is."""
    if pd.api.types.is_numeric_dtype(values):
        array = pa.array(values.to_numpy(float), from_pandas=True)
        whole = pc.all(pc.equal(pc.floor(array), array), min_count=0).as_py()
        array = pc.cast(array, pa.int64()) if whole else array
        return pc.fill_null(pc.cast(array, pa.string()), MISSING)
    if isinstance(values.dtype, pd.CategoricalDtype):
        array = pc.cast(pa.array(values.array), pa.string())
    else:
        # An array of objects: pandas takes texts that are all missing for numbers.
        texts = escaped(values.astype("object")).to_numpy(dtype=object)
        array = pa.array(texts, pa.string(), from_pandas=True)
    return pc.if_else(pc.equal(pc.fill_null(array, ""), ""), MISSING, array)


def escaped(texts: pd.Series) -> pd.Series:
    r"""Write texts as between the quotes of a JSON string, and a text ``n/a`` as ``n\/a``.

    Parameters
    ----------
    texts : pandas.Series of str
        Texts; missing values stay missing.

    Returns
    -------
    pandas.Series of str
        Without tabs, line ends and bare double quotes.

    Examples
    --------
    >>> print(*escaped(pd.Series(['say "a"\tb', "n/a"], dtype="object")), sep=" and ")
    say \"a\"\tb and n\/a
    """

    def escape(text: object) -> object:
        if not isinstance(text, str):
            return text
        if text == MISSING:
            return MISSING.replace("/", r"\/")
        return json.dumps(text, ensure_ascii=False)[1:-1] if _SPECIAL.search(text) else text

    return texts.map(escape)


def unescaped(texts: pd.Series) -> pd.Series:
    """Undo `escaped`.

    Parameters
    ----------
    texts : pandas.Series of str
        Texts; missing values stay missing.

    Returns
    -------
    pandas.Series of str
        The texts; those that are not escaped stay as they are.
    """

    def unescape(text: object) -> object:
        if not isinstance(text, str) or "\\" not in text:
            return text
        try:
            return json.loads(f'"{text}"')
        except json.JSONDecodeError:
            return text

    return texts.map(unescape)


def read_tsv_gz(path: Path, columns: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table without header, as BIDS has it.

    Parameters
    ----------
    path : Path
        The file, compressed or not, with or without a byte order mark.
    columns : sequence of str
        The names of its columns, from the JSON file beside it.
    texts : sequence of str, default ()
        Columns that hold texts; others that do not hold numbers are found out.

    Returns
    -------
    pandas.DataFrame
        n/a as missing.

    Raises
    ------
    InputError
        If the file is missing, damaged or has other columns.
    """
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"A BIDS recording must be a readable .tsv.gz file, but {path} is not ({error}). "
            "Copy it anew."
        ) from error
    data = data.removeprefix(_BOM)
    if not data.strip():
        return pd.DataFrame({name: np.empty(0, object if name in texts else float)
                             for name in columns})  # fmt: skip
    try:
        table = csv.read_csv(
            pa.py_buffer(data),
            csv.ReadOptions(column_names=list(columns)),
            csv.ParseOptions(delimiter="\t"),
            csv.ConvertOptions(
                null_values=[MISSING, ""],
                strings_can_be_null=True,
                column_types=dict.fromkeys(texts, pa.string()),
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(
            f"A BIDS recording must have the {len(columns)} columns that its JSON file names, but "
            f"{path} has not ({error}). Correct one of them."
        ) from error
    return table.to_pandas()


def write_tsv(path: Path, table: pd.DataFrame) -> None:
    """Write a table with header as BIDS has it.

    Parameters
    ----------
    path : Path
        The file, which ends in ``.tsv``.
    table : pandas.DataFrame
        Its rows; truth values become true and false.
    """
    words = table.copy()
    for name in words.columns:
        if pd.api.types.is_bool_dtype(words[name]):
            words[name] = words[name].map({True: "true", False: "false"})
    with atomic_path(path) as temporary:
        words.to_csv(
            temporary, sep="\t", index=False, na_rep=MISSING, lineterminator="\n", encoding="utf-8"
        )
