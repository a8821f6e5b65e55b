"""Fixation tables made elsewhere, in the picture's pixels, read through a map of columns.

What a table does not say (who looked, at which picture) may stand in its file's name. Where
`[gaze.table]` in study.toml gives the picture's size, its pixels are the picture frame.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from gaze_analysis.reports.cells import numbers, texts
from gaze_analysis.reports.table import Columns
from gaze_analysis.reports.tabular import read_columns
from stimuli.expressions import expression_name
from stimuli.frames import Rect
from study.errors import InputError, did_you_mean
from study.folder import check_participant_id
from study.settings.gaze_maps import TableSettings

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".xls", ".xlsx", ".gz")
FIXATION_COLUMNS = {
    "participant_id": "Who looked",
    "session": "Label of the session",
    "trial": "Number of the trial in the session",
    "image_id": "The picture that was shown",
    "expression": "The expression that it shows",
    "correct": "Whether the answer was right; n/a where none was asked for",
    "index": "Place of the fixation in the trial, from 1 on",
    "onset_ms": "Start of the fixation after the picture's onset, in ms",
    "duration_ms": "Duration of the fixation, in ms",
    "x_px": "Horizontal position in the picture frame, in px, to the right",
    "y_px": "Vertical position in the picture frame, in px, down",
    "included": "Whether the fixation enters maps and statistics",
    "reason": "Why it does not",
}
_NUMBERS = ("trial", "onset", "duration", "x", "y")
_TEXTS = ("participant", "image", "expression")
_KDEF_NAME = re.compile(r"[AB][FM]\d\d([A-Z]{2})(S|HL|HR|FL|FR)")


def is_table(path: Path) -> bool:
    """Tell by its suffix whether a file is a table or a zip of tables.

    Examples
    --------
    >>> is_table(Path("Fixations.zip")), is_table(Path("sub-001.asc"))
    (True, False)
    """
    return path.suffix.lower() in (*TABLE_SUFFIXES, ".zip")


def read_fixation_tables(
    files: Iterable[Path], settings: TableSettings, image_names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read fixation tables into the form of ``fixations.tsv``.

    Parameters
    ----------
    files : iterable of Path
        Tables, or zips of them.
    settings : TableSettings
        The section [gaze.table].
    image_names : mapping of str to str, optional
        Picture numbers and names, as `read_picture_map` gives them.

    Returns
    -------
    pandas.DataFrame
        The columns of `FIXATION_COLUMNS`. Fixations off the picture, without a position or
        without a duration where the table has durations are not included, with the reason.

    Raises
    ------
    InputError
        If a column, a picture's name or a name's part is missing, or an expression is unknown.
    """
    cells: dict[str, list[str]] = {key: [] for key in (*_TEXTS, *_NUMBERS, "file")}
    line: list[int] = []
    for table in (table for path in files for table in _tables(path)):
        line += table.line
        for key, values in _of_table(table, settings).items():
            cells[key] += values
    if not line:
        raise InputError(
            "Fixation tables must hold at least one fixation, but those given hold none. "
            "Check the files."
        )
    frame = _fixations(pd.DataFrame(cells).assign(line=line), settings, image_names or {})
    frame = _numbered(frame)
    rect = Rect(0, 0, settings.picture_width_px or 0, settings.picture_height_px or 0)
    frame["reason"] = _reasons(frame, rect, has_duration=bool(settings.columns.duration))
    frame["included"] = frame["reason"].isna()
    return frame[list(FIXATION_COLUMNS)]


def read_picture_map(path: Path) -> dict[str, str]:
    """Read which number means which picture.

    Parameters
    ----------
    path : Path
        A table with a header and two columns: number, and file name or image id.

    Returns
    -------
    dict of str to str
        Image ids (names without their suffix) by number, without leading zeros.

    Raises
    ------
    InputError
        If the file is missing or a line has not two cells.
    """
    if not path.is_file():
        raise InputError(
            f"The picture map must be a table, but there is no file {path}. "
            "Correct picture_map in [gaze.table]."
        )
    table = next(read_columns(path))
    columns = list(table.columns.values())
    if len(columns) < 2 or table.odd:
        line = table.odd[0][0] if table.odd else 2
        raise InputError(
            f"{path} must have a number and a name in each line, but line {line} has not. "
            "Complete it."
        )
    return {
        _picture_number(key.strip()): PurePosixPath(name.strip()).stem
        for key, name in zip(*columns[:2], strict=True)
    }


def _tables(path: Path) -> Iterator[Columns]:
    """Read the tables of a file; one that has rows of another width is refused."""
    if not path.is_file():
        raise InputError(f"A fixation table must be a file, but {path} is none. Correct it.")
    for table in read_columns(path):
        for line, n_cells in table.odd[:1]:
            raise InputError(
                f"{table.name} must have {len(table.columns)} cells in each line, but line {line} "
                f"has {n_cells}. Complete or remove the line."
            )
        yield table


def _of_table(table: Columns, settings: TableSettings) -> dict[str, list[str]]:
    """Take what the settings name out of a table and its name; empty texts for what is not."""
    parts = _parts_of_name(table.name, settings.file_name)
    places = _places(table.name, list(table.columns), settings)
    n_rows = len(table.line)
    found = {"file": [table.name] * n_rows}
    for key in (*_TEXTS, *_NUMBERS):
        column = places.get(key)
        found[key] = table.columns[column] if column else [parts.get(key, "")] * n_rows
    return found


def _parts_of_name(name: str, pattern: str) -> dict[str, str]:
    """Take the named groups out of a file's name."""
    if not pattern:
        return {}
    match = re.fullmatch(pattern, name)
    if match is None:
        raise InputError(
            f"The names of fixation tables must match {pattern!r}, but {name!r} does not. "
            "Correct file_name in [gaze.table]."
        )
    return {key: value for key, value in match.groupdict().items() if value is not None}


def _places(name: str, header: list[str], settings: TableSettings) -> dict[str, str]:
    """Find each column that the settings name."""
    places = {}
    for key, column in settings.columns.model_dump().items():
        if not column:
            continue
        if column not in header:
            raise InputError(
                f"{name} must have the column {column!r}, but it has none."
                f"{did_you_mean(column, header)} Correct {key} in [gaze.table.columns]."
            )
        places[key] = column
    return places


def _fixations(
    cells: pd.DataFrame, settings: TableSettings, image_names: Mapping[str, str]
) -> pd.DataFrame:
    """Turn all tables' texts into fixations."""
    text = {key: texts(cells[key]) for key in _TEXTS}
    for key in ("participant", "image"):
        message = (
            f"a fixation must have its {key}, but neither a column nor the file's name gives it. "
            f"Set columns.{key} or file_name in [gaze.table]."
        )
        _refuse(cells, text[key].isna().to_numpy(bool), message)
    frame = pd.DataFrame({"session": "01", "correct": np.nan}, index=cells.index)
    for key in _NUMBERS:
        values, wrong = _numbers_by_file(cells[key], cells["file"])
        _refuse(cells, wrong, "a number must stand here, but it is {!r}. Correct it.", key)
        frame[_RESULTS.get(key, key)] = values
    frame["participant_id"] = _by_value(cells, text["participant"], check_participant_id)
    frame["image_id"] = _by_value(
        cells, text["image"], lambda name: _image_id(name, settings, image_names)
    )
    shown = frame["image_id"] + "\t" + text["expression"].fillna("")
    wanted = (
        bool(settings.columns.expression)
        or "expression" in re.compile(settings.file_name).groupindex
    )
    frame["expression"] = _by_value(
        cells, shown, lambda both: _expression(*both.split("\t", maxsplit=1), wanted=wanted)
    ).replace("", np.nan)
    return frame


_RESULTS = {"onset": "onset_ms", "duration": "duration_ms", "x": "x_px", "y": "y_px"}


def _numbers_by_file(column: pd.Series, file: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Read numbers; whether decimals have commas, each file decides for itself."""
    if not column.str.contains(",", regex=False).any():
        return numbers(column)
    values, wrong = np.full(len(column), np.nan), np.zeros(len(column), dtype=bool)
    for rows in file.groupby(file, sort=False).indices.values():
        values[rows], wrong[rows] = numbers(column.iloc[rows])
    return values, wrong


def _refuse(cells: pd.DataFrame, wrong: np.ndarray, message: str, key: str = "") -> None:
    """Name the first row that is wrong, if any is."""
    if wrong.any():
        row = int(np.argmax(wrong))
        words = message.format(cells[key][row]) if key else message
        raise InputError(f"{cells['file'][row]}, line {cells['line'][row]}: {words}")


def _by_value(cells: pd.DataFrame, column: pd.Series, function: Callable[[str], str]) -> pd.Series:
    """Apply a function to each different value once; its errors name the first row."""
    results = {}
    first = column.drop_duplicates()
    for row, value in zip(first.index.tolist(), first, strict=True):
        try:
            results[value] = function(value)
        except InputError as error:
            raise InputError(f"{cells['file'][row]}, line {cells['line'][row]}: {error}") from error
    return column.map(results)


def _image_id(text: str, settings: TableSettings, image_names: Mapping[str, str]) -> str:
    """Name the picture, through the picture map where there is one."""
    if not settings.picture_map:
        return PurePosixPath(text).stem
    key = _picture_number(text)
    if key not in image_names:
        raise InputError(
            f"a picture's number must be in {settings.picture_map}, but {text!r} is not. "
            "Complete the map."
        )
    return image_names[key]


def _picture_number(text: str) -> str:
    """Write a number without leading zeros; other keys stay as they are."""
    return str(int(text)) if text.isdecimal() else text


def _expression(image_id: str, label: str, *, wanted: bool) -> str:
    """Name the expression, and refuse one that a KDEF picture's own name contradicts.

    Pictures need not show one: where the settings name no place for it, it is empty.
    """
    kdef = _KDEF_NAME.fullmatch(image_id.upper())
    if not label and kdef is None:
        if not wanted:
            return ""
        raise InputError(
            f"a fixation must have an expression, but there is none for {image_id!r}. "
            "Complete the table, or take expression out of columns and file_name in [gaze.table]."
        )
    named = expression_name(kdef.group(1)) if kdef else expression_name(label)
    if label and expression_name(label) != named:
        raise InputError(
            f"the expression must be that of the picture, but {image_id} shows {named} and the "
            f"table says {label!r}. Correct picture_map or the table."
        )
    return named


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Order the fixations, and number trials where the table does not, and fixations in them."""
    missing = frame["trial"].isna()
    seen = frame.groupby("participant_id")["image_id"].transform(lambda ids: ids.factorize()[0] + 1)
    frame["trial"] = frame["trial"].where(~missing, seen).astype(int)
    keys = ["participant_id", "session", "trial"]
    frame = frame.sort_values([*keys, "onset_ms"], kind="stable", ignore_index=True)
    frame["index"] = frame.groupby(keys).cumcount() + 1
    return frame


def _reasons(frame: pd.DataFrame, rect: Rect, *, has_duration: bool) -> pd.Series:
    """Say why a fixation cannot be used; missing where it can."""
    points = frame[["x_px", "y_px"]].to_numpy(dtype=float)
    missing = np.isnan(points).any(axis=1)
    reasons = np.full(len(frame), None, dtype=object)
    if has_duration:
        reasons[~(frame["duration_ms"].to_numpy() > 0)] = "no duration"
    reasons[~rect.contains(points)] = "off picture"
    reasons[missing] = "no position"
    return pd.Series(reasons, index=frame.index, dtype=object)
