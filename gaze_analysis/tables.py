"""Fixation tables made elsewhere: CSV, TSV, or a zip of them, read through a map of columns.

What a table does not say (who looked, at which picture) may stand in its file's name. Where
`[gaze.table]` in study.toml gives the picture's size, its pixels are the picture frame.
"""

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from stimuli.expressions import expression_name
from stimuli.frames import Rect
from study.errors import InputError, did_you_mean
from study.folder import check_participant_id
from study.settings.gaze_maps import TableSettings

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
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
_MISSING = ("", ".", "n/a", "na", "nan", "null")
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
    rows = [
        row
        for name, text in _tables(files)
        for row in _rows(name, text, settings, image_names or {})
    ]
    if not rows:
        raise InputError(
            "Fixation tables must hold at least one fixation, but those given hold none. "
            "Check the files."
        )
    frame = pd.DataFrame(rows)
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
    lines = _cells(path.name, path.read_bytes())
    names = {}
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) < 2:
            raise InputError(
                f"{path} must have a number and a name in each line, but line {number} has "
                f"{cells}. Complete it."
            )
        names[_picture_number(cells[0])] = PurePosixPath(cells[1]).stem
    return names


def _tables(files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield each table's file name and content."""
    for path in files:
        if not path.is_file():
            raise InputError(f"A fixation table must be a file, but {path} is none. Correct it.")
        if path.suffix.lower() != ".zip":
            yield path.name, path.read_bytes()
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                members = sorted(archive.namelist())
                for member in filter(_is_member, members):
                    yield PurePosixPath(member).name, archive.read(member)
        except zipfile.BadZipFile as error:
            raise InputError(
                f"{path} must be a zip archive, but {error}. Download or copy it again."
            ) from error


def _is_member(name: str) -> bool:
    """Tell whether an archive's member is a table; macOS adds shadows of files that are none."""
    path = PurePosixPath(name)
    return path.suffix.lower() in TABLE_SUFFIXES and "__MACOSX" not in path.parts


def _cells(name: str, content: bytes) -> list[list[str]]:
    """Split a table into lines of cells, at the separator of its header."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} must be a text in UTF-8, but {error}. Save it anew.") from error
    lines = text.splitlines()
    header = lines[0] if lines else ""
    separator = max("\t;,", key=header.count)
    return [[cell.strip() for cell in cells] for cells in csv.reader(lines, delimiter=separator)]


def _rows(
    name: str, content: bytes, settings: TableSettings, image_names: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Yield the fixations of one table."""
    lines = _cells(name, content)
    if not lines:
        raise InputError(f"{name} must be a table with a header, but it is empty. Remove it.")
    parts = _parts_of_name(name, settings.file_name)
    places = _places(name, lines[0], settings)
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cells):
            continue
        if len(cells) <= max(places.values()):
            raise InputError(
                f"{name} must have {len(lines[0])} cells in each line, but line {number} has "
                f"{len(cells)}. Complete or remove the line."
            )
        values = parts | {key: cells[place] for key, place in places.items()}
        try:
            yield _fixation(values, settings, image_names)
        except (InputError, ValueError) as error:
            raise InputError(f"{name}, line {number}: {error}") from error


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


def _places(name: str, header: list[str], settings: TableSettings) -> dict[str, int]:
    """Find the place of each column that the settings name."""
    places = {}
    for key, column in settings.columns.model_dump().items():
        if not column:
            continue
        if column not in header:
            raise InputError(
                f"{name} must have the column {column!r}, but it has none."
                f"{did_you_mean(column, header)} Correct {key} in [gaze.table.columns]."
            )
        places[key] = header.index(column)
    return places


def _fixation(
    values: Mapping[str, str], settings: TableSettings, image_names: Mapping[str, str]
) -> dict[str, object]:
    """Turn one line's texts into a fixation."""
    for key in ("participant", "image"):
        if not values.get(key):
            raise InputError(
                f"a fixation must have its {key}, but neither a column nor the file's name "
                f"gives it. Set columns.{key} or file_name in [gaze.table]."
            )
    image_id = _image_id(values["image"], settings, image_names)
    return {
        "participant_id": check_participant_id(values["participant"]),
        "session": "01",
        "trial": _number(values.get("trial", "")),
        "image_id": image_id,
        "expression": _expression(image_id, values.get("expression", "")),
        "correct": np.nan,
        "onset_ms": _number(values.get("onset", "")),
        "duration_ms": _number(values.get("duration", "")),
        "x_px": _number(values["x"]),
        "y_px": _number(values["y"]),
    }


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


def _expression(image_id: str, label: str) -> str:
    """Name the expression, and refuse one that a KDEF picture's own name contradicts."""
    kdef = _KDEF_NAME.fullmatch(image_id.upper())
    if not label and kdef is None:
        raise InputError(
            f"a fixation must have an expression, but there is none for {image_id!r}. "
            "Set columns.expression or a group of file_name in [gaze.table]."
        )
    named = expression_name(kdef.group(1)) if kdef else expression_name(label)
    if label and expression_name(label) != named:
        raise InputError(
            f"the expression must be that of the picture, but {image_id} shows {named} and the "
            f"table says {label!r}. Correct picture_map or the table."
        )
    return named


def _number(text: str) -> float:
    """Read a number with a decimal point or comma; a mark for missing gives NaN."""
    if text.lower() in _MISSING:
        return np.nan
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise InputError(f"a number must stand here, but it is {text!r}. Correct it.") from None


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
    reasons[~rect.contains(points)] = "off the picture"
    reasons[missing] = "no position"
    return pd.Series(reasons, index=frame.index, dtype=object)
