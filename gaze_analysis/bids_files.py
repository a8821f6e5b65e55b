"""The files of BIDS eye tracking: tables without header, compressed without name and time."""

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from study.tables import MISSING
from study.writing import atomic_path


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
    times = table["timestamp"].to_numpy(float)
    steps = np.diff(times)
    with np.errstate(invalid="ignore"):
        missing = np.where(steps > 1.5 * step_ms, np.round(steps / step_ms) - 1, 0).astype(np.int64)
    if not missing.sum():
        return table.reset_index(drop=True)
    place = np.concatenate([[0], np.cumsum(missing + 1)])
    filled = {name: np.full(place[-1] + 1, np.nan) for name in table.columns if name != "timestamp"}
    for name, values in filled.items():
        values[place] = table[name].to_numpy(float)
    rows = np.arange(place[-1] + 1)
    before = np.searchsorted(place, rows, side="right") - 1
    stamps = np.round(times[before] + (rows - place[before]) * step_ms, 3)
    stamps[place] = times
    return pd.DataFrame({"timestamp": stamps, **filled})[list(table.columns)]


def write_tsv_gz(path: Path, table: pd.DataFrame) -> None:
    """Write a table without header as BIDS has it: n/a for missing, a gzip header without name.

    Parameters
    ----------
    path : Path
        The file, which ends in ``.tsv.gz``.
    table : pandas.DataFrame
        Numbers and texts; tabs and line ends in texts become spaces.
    """
    columns = {name: _as_text(table[name]) for name in table.columns}
    text = io.BytesIO()
    csv.write_csv(
        pa.table(columns),
        text,
        csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none"),
    )
    # A name or time in the header would differ between machines, and BIDS warns of it.
    with (
        atomic_path(path) as temporary,
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=raw, mtime=0) as file,
    ):
        file.write(text.getbuffer())


def _as_text(values: pd.Series) -> pa.Array:
    """Turn a column into texts: whole numbers without point, n/a where nothing is."""
    if pd.api.types.is_numeric_dtype(values):
        array = pa.array(values.to_numpy(float), from_pandas=True)
        whole = pc.all(pc.equal(pc.floor(array), array), min_count=0).as_py()
        array = pc.cast(array, pa.int64()) if whole else array
        return pc.fill_null(pc.cast(array, pa.string()), MISSING)
    array = pa.array(values.astype("object"), pa.string(), from_pandas=True)
    array = pc.utf8_trim_whitespace(pc.replace_substring_regex(array, r"\s+", " "))
    array = pc.replace_substring(array, '"', "'")  # the only sign that a table must quote
    return pc.if_else(pc.equal(pc.fill_null(array, ""), ""), MISSING, array)


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
