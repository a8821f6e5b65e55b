"""Excel workbooks, old and new, read as tables of texts."""

import io
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.reports.table import NO_ROWS, Table, without_blanks
from gaze_analysis.reports.text import distinct
from study.errors import InputError

XLSX = b"PK\x03\x04"  # a zip archive, too
XLS = b"\xd0\xcf\x11\xe0"


def is_workbook(data: bytes) -> bool:
    """Tell whether bytes begin a workbook: BIFF 5 to 8, bare BIFF 2 to 4, or xlsx.

    Examples
    --------
    >>> is_workbook(b"nr,x")
    False
    """
    bare = data[:1] == b"\x09" and data[1:2] in (b"\x00", b"\x02", b"\x04", b"\x08")
    return data.startswith((XLS, XLSX)) or (bare and data[2:4] in (b"\x04\x00", b"\x06\x00"))


def read_workbook(name: str, data: bytes) -> Table:
    """Read the sheets of a workbook that have the first one's header; note the others.

    Parameters
    ----------
    name : str
        Name of the file.
    data : bytes
        What is in it.

    Returns
    -------
    Table
        The rows of these sheets; the others are among those skipped.

    Raises
    ------
    InputError
        If the workbook is damaged or empty.
    """
    is_new = data.startswith(XLSX)
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
    tables = {title: _of_sheet(name, sheet) for title, sheet in sheets.items() if sheet.size}
    if not tables:
        raise InputError(f"{name} must be a table with a header, but it is empty. Remove it.")
    header = next(iter(tables.values())).header
    same = [table for table in tables.values() if table.header == header]
    others = [
        (0, "another sheet", f"{title}: {len(sheets[title])} rows")
        for title, table in tables.items()
        if table.header != header
    ]
    return Table(
        name,
        pd.concat([table.cells for table in same], ignore_index=True),
        np.concatenate([table.line for table in same]),
        pd.DataFrame(others, columns=list(NO_ROWS)) if others else NO_ROWS.copy(),
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
    return without_blanks(Table(name, cells, line))
