"""Tables that people open: tab-separated, `n/a` for missing, a JSON file that says each column."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrors

from study.errors import InputError, did_you_mean
from study.writing import atomic_path, write_json

MISSING = "n/a"
_WORDS = {"true": True, "false": False}


def read_table(
    path: Path,
    *,
    what: str,
    columns: Mapping[str, type] | None = None,
    content: bytes | None = None,
) -> pd.DataFrame:
    """Read a table of the study folder.

    Parameters
    ----------
    path : Path
        A tab-separated file with a header.
    what : str
        What the table is and which command makes it, for the message where it is missing,
        such as ``"The manifest (faceoff stimuli register)"``.
    columns : mapping of str to type, optional
        The columns that must be there and their types: str, float, int or bool. Texts and
        whole numbers may not be missing where the type is int; True and False are written
        ``true`` and ``false``, and a column of type bool may hold missing values. Columns
        that are not named are read as text or numbers as they come.
    content : bytes, optional
        What counts of the file; by default all of it.

    Returns
    -------
    pandas.DataFrame
        One row for each line; missing values are NaN.

    Raises
    ------
    InputError
        If the file is missing, is no table, lacks a column or holds a wrong value.
    """
    if not path.is_file():
        raise InputError(f"{what} must be at {path}, but there is no such file. Make it first.")
    columns = columns or {}
    texts = [name for name, kind in columns.items() if kind in (str, bool)]
    try:
        frame = pd.read_csv(
            path if content is None else io.BytesIO(content),
            sep="\t",
            na_values=[MISSING],
            keep_default_na=False,
            dtype=dict.fromkeys(texts, str),
            encoding="utf-8-sig",
            float_precision="round_trip",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} must be a tab-separated table, but {str(error).strip()}. Make it anew."
        ) from error
    for name, kind in columns.items():
        if name not in frame:
            raise InputError(
                f"{path} must have the column {name!r}, but it has none."
                f"{did_you_mean(name, frame.columns)}"
            )
        if kind is bool:
            frame[name] = _truth(frame[name], path)
    return _check_types(frame, columns, path)


def _truth(values: pd.Series, path: Path) -> pd.Series:
    """Turn `true` and `false` into a column of pandas' boolean type."""
    lower = values.str.lower()
    wrong = values[lower.notna() & ~lower.isin(list(_WORDS))]
    if len(wrong):
        raise InputError(
            f"{path}: {values.name} must be true or false, but line {wrong.index[0] + 2} has "
            f"{wrong.iloc[0]!r}. Correct it."
        )
    return lower.map(_WORDS).astype("boolean")


def _check_types(frame: pd.DataFrame, columns: Mapping[str, type], path: Path) -> pd.DataFrame:
    """Check numbers by a pandera schema, and bring them to their types."""
    numbers = {name: kind for name, kind in columns.items() if kind in (int, float)}
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(kind, nullable=kind is float, coerce=True)
            for name, kind in numbers.items()
        }
    )
    try:
        return schema.validate(frame)
    except (SchemaError, SchemaErrors) as error:
        name, evidence = _first_failure(frame, numbers)
        raise InputError(
            f"{path}: {name} must hold numbers, but it holds {evidence!r}. Correct it."
        ) from error


def _first_failure(frame: pd.DataFrame, numbers: Mapping[str, type]) -> tuple[str, str]:
    """Find the first column and cell that is no number of its type."""
    for name, kind in numbers.items():
        values = pd.to_numeric(frame[name], errors="coerce")
        wrong = values.isna() & (frame[name].notna() | (kind is int))
        if kind is int:
            wrong |= values % 1 != 0
        if wrong.any():
            cell = frame[name][wrong].iloc[0]
            return name, MISSING if pd.isna(cell) else str(cell)
    return "a column", "something else"


def write_table(path: Path, frame: pd.DataFrame, descriptions: Mapping[str, str]) -> None:
    """Write a table and, beside it, a JSON file that describes each column.

    Parameters
    ----------
    path : Path
        The file, which ends in ``.tsv``.
    frame : pandas.DataFrame
        The rows; the index is not written. Numbers keep all their digits.
    descriptions : mapping of str to str
        One sentence for each column, with its unit. The table gets the columns in its order.

    Raises
    ------
    ValueError
        If columns and descriptions do not agree.
    """
    if set(frame.columns) != set(descriptions):
        odd = sorted(set(frame.columns) ^ set(descriptions))
        raise ValueError(f"columns and descriptions of {path.name} differ in {odd}")
    write_json(
        path.with_suffix(".json"),
        {name: {"Description": text} for name, text in descriptions.items()},
    )
    with atomic_path(path) as temporary:
        # Numbers need no look at each cell, and long tables are mostly numbers.
        shown = {
            name: column
            if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
            else column.astype(object).map(_cell)
            for name, column in frame[list(descriptions)].items()
        }
        pd.DataFrame(shown).to_csv(
            temporary, sep="\t", index=False, na_rep=MISSING, lineterminator="\n", encoding="utf-8"
        )


def stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of the same kind together, leaving empty ones out, whose columns have no type.

    Parameters
    ----------
    frames : list of pandas.DataFrame
        At least one.

    Returns
    -------
    pandas.DataFrame
        Their rows in order; the first table where all are empty.

    Examples
    --------
    >>> stacked([pd.DataFrame({"n": []}), pd.DataFrame({"n": [1]})])["n"].tolist()
    [1]
    """
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _cell(value: Any) -> Any:
    """Write truth values in lower case, and texts without tabs or line ends."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return " ".join(value.split()) if any(sign in value for sign in "\t\r\n") else value
    return value
