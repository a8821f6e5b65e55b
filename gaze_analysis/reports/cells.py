"""What the texts of a table mean: numbers, missing values, places, and which column is which."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from study.errors import InputError

MISSING = ("", ".", "-", "--", "n/a", "na", "nan", "null", "none", "#n/a", "undefined", "[]")
_DECIMAL_COMMA = r"[+-]?[\d.]*,\d*(?:[eE][+-]?\d+)?"
_PAIR = r"[(\[]\s*(-?[\d.]+)\s*[,;]\s*(-?[\d.]+)\s*[)\]]"
_LIST_CELL = r'^\["?(.*?)"?\]$'


def simple(name: str) -> str:
    """Reduce a column's name to its letters and digits, in which spellings agree.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        In lower case, without spaces, dots and brackets.

    Examples
    --------
    >>> simple("GazePointX (ADCSpx)"), simple("Gaze point X [ADCS px]")
    ('gazepointxadcspx', 'gazepointxadcspx')
    """
    # "IA_DWELL_TIME_%" is not "IA_DWELL_TIME"; R writes the sign as a dot.
    share = "percent" if name.endswith(("_%", "_.")) else ""
    letters = unicodedata.normalize("NFKC", name).lower()
    return "".join(sign for sign in letters if sign.isalnum()) + share


def find_columns(
    header: Sequence[str],
    names: Mapping[str, Sequence[str]],
    chosen: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Find which of a table's columns hold what.

    Parameters
    ----------
    header : sequence of str
        The table's columns.
    names : mapping of str to sequence of str
        For each thing the names under which it is known, the best first.
    chosen : mapping of str to str, optional
        Columns that the user names, which count before the known ones.

    Returns
    -------
    dict of str to str
        The columns that there are, by what they hold.
    """
    by_simple: dict[str, str] = {}
    for column in header:
        by_simple.setdefault(simple(column), column)
    found = {}
    for thing, known in names.items():
        column = next((by_simple[simple(name)] for name in known if simple(name) in by_simple), "")
        if column:
            found[thing] = column
    return found | {
        thing: column for thing, column in (chosen or {}).items() if column and column in header
    }


def need_column(
    table: str,
    header: Sequence[str],
    expected: str,
    setting: str,
    wrong: str = "",
    used: Collection[str] = (),
) -> InputError:
    """Make the message for a column that a table lacks.

    Parameters
    ----------
    table : str
        Name of the file.
    header : sequence of str
        Its columns.
    expected : str
        Name of the column that is missing.
    setting : str
        The key of [gaze.report.columns] that names another.
    wrong : str, default ""
        What that key says now.
    used : collection of str, optional
        Columns that hold something else.

    Returns
    -------
    InputError
        To be raised.
    """
    free = [name for name in header if name and name not in used]
    alike = [name for name in free if _is_alike(wrong or expected, name)]
    hint = f" Did you mean {alike[0]!r}?" if alike else ""
    return InputError(
        f"{table} must have the column {wrong or expected!r}, but its columns are "
        f"{listed(header)}.{hint} Name it in study.toml: {setting} in [gaze.report.columns]."
    )


def listed(header: Sequence[str], most: int = 30) -> str:
    """List columns in a message.

    Parameters
    ----------
    header : sequence of str
        The columns.
    most : int, default 30
        How many are named.

    Examples
    --------
    >>> listed(["a", "b", "", "c"], most=2)
    'a, b, ...'
    """
    names = [name for name in header if name]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def _is_alike(expected: str, name: str) -> bool:
    """Tell whether a column may be an expected one by another name, such as FIX_X."""
    known, own = simple(expected), simple(name)
    ends_alike = len(own) > 3 and (known.endswith(own) or own.endswith(known))
    return ends_alike or bool(difflib.get_close_matches(own, [known], cutoff=0.85))


def texts(column: pd.Series) -> pd.Series:
    """Give the texts of a column, without spaces around them; missing ones are None.

    Parameters
    ----------
    column : pandas.Series
        Texts as they stand in the table. A list of one (``["586"]``) counts as what is in it.

    Returns
    -------
    pandas.Series
        Of type object.
    """
    values = column.astype("str").str.strip()
    if values.str.startswith("[").any():
        values = values.str.replace(_LIST_CELL, r"\1", regex=True)
    return values.astype("object").mask(values.str.lower().isin(MISSING).to_numpy(bool), None)


def numbers(column: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read a column of numbers, with decimal points or commas.

    A comma is taken for the decimal sign wherever the column has cells such as ``892,10``; the
    points in such cells then group digits (``1.234,50``).

    Parameters
    ----------
    column : pandas.Series
        Texts as they stand in the table.

    Returns
    -------
    values : ndarray of float, shape (n,)
        NaN where the cell is missing or no number.
    wrong : ndarray of bool, shape (n,)
        Whether the cell is neither a number nor missing.

    Examples
    --------
    >>> numbers(pd.Series(["511.80", ".", " 3", "x"]))
    (array([511.8,   nan,   3. ,   nan]), array([False, False, False,  True]))
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    # pa.array gives a chunked array for pandas' own strings.
    array = pc.utf8_trim_whitespace(pa.array(column.astype("str"), pa.string()))
    missing = pc.is_in(pc.utf8_lower(array), pa.array(MISSING))
    try:
        read = pc.cast(pc.if_else(missing, None, array), pa.float64())
        values = np.array(read.to_numpy(zero_copy_only=False), dtype=np.float64)
        return values, np.zeros(len(values), dtype=bool) | np.isinf(values)
    except pa.ArrowInvalid:
        pass
    cells = texts(column).astype("str")
    comma = cells.str.fullmatch(_DECIMAL_COMMA).fillna(False).to_numpy(bool)
    cells = cells.mask(comma, cells.str.replace(".", "").str.replace(",", "."))
    cells = cells.mask(
        cells.str.contains(r",\d{3}(?:,|\.|$)", na=False), cells.str.replace(",", "")
    )
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, copy=True)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    wrong = np.isnan(values) & texts(column).notna().to_numpy(bool)
    return values, wrong | infinite


def pairs(column: pd.Series) -> NDArray[np.float64]:
    """Read places that are written as a pair, such as ``(799, 251)``.

    Parameters
    ----------
    column : pandas.Series
        The texts.

    Returns
    -------
    ndarray of float, shape (n, 2)
        NaN where a cell is no pair.
    """
    found = column.astype("str").str.extract(_PAIR)
    return found.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)


def whole_number_in(column: pd.Series) -> NDArray[np.float64]:
    """Take the number out of labels such as ``Trial: 12``.

    Parameters
    ----------
    column : pandas.Series
        The labels.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where a label has none, or more than one.
    """
    found = column.astype("str").str.extract(r"^\D*(\d{1,9})(?:\.0+)?\D*$", flags=re.ASCII)[0]
    return pd.to_numeric(found, errors="coerce").to_numpy(np.float64)
