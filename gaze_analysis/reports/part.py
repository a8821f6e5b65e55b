"""What one report says of one session: its trials, and its rows on each trial's own time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.cells import numbers, pairs, simple, texts, whole_number_in
from gaze_analysis.reports.table import Table
from study.errors import InputError
from study.settings.gaze_reports import ReportSettings

# Variables under which experiments keep these things, for trials and for the pictures' places.
IMAGE_NAMES = ("image_id", "image", "picture", "stimulus", "img", "imgfile", "imagefile")
_TRIAL_COLUMNS = {"expression": "expression", "correct": "correct", "response": "response"}
_CONSTANT_IN = 0.9  # share of trials in which a variable of the trial must be constant


@dataclass(frozen=True)
class Source:
    """A session's rows of one report, and what is known about its columns.

    Parameters
    ----------
    table : Table
        The rows.
    kind : str
        Such as ``dv-fixations``.
    columns : dict of str to str
        Which of its columns holds what.
    file : str
        Name of the file that the rows came in.
    settings : ReportSettings
        The section [gaze.report].
    picture_names : mapping of str to str
        Names of pictures by their numbers, where the study has a picture map.
    """

    table: Table
    kind: str
    columns: dict[str, str]
    file: str
    settings: ReportSettings
    picture_names: Mapping[str, str] = field(default_factory=dict)

    def text(self, thing: str) -> pd.Series | None:
        """Give a column's texts, or None where the table has no such column."""
        column = self.columns.get(thing)
        return None if column is None else texts(self.table.cells[column])

    def number(self, thing: str) -> NDArray[np.float64]:
        """Give a column's numbers, all NaN where the table has no such column."""
        column = self.columns.get(thing)
        if column is None:
            return np.full(len(self.table.cells), np.nan)
        return numbers(self.table.cells[column])[0]

    def of_file_name(self, thing: str) -> str | None:
        """Give what the file's name says, by the pattern of the settings."""
        return name_parts(self.file, self.settings.file_name).get(thing)


@dataclass(frozen=True)
class Part:
    """One report of one session, ready to be put together with others.

    Parameters
    ----------
    source : Source
        Where it comes from.
    trials : pandas.DataFrame
        One row for each trial in the order of the rows: number (NaN where it has none),
        label, zero_ms (the tracker's time at which its own time is 0; NaN where unknown),
        onset_ms and end_ms on its own time, image_id and the picture's place.
    variables : pandas.DataFrame
        One text for each trial and trial variable; None where it has none.
    tables : dict of str to pandas.DataFrame
        samples, fixations, saccades, blinks, messages in the columns of a recording, with
        ``trial`` (row of `trials`) and times on the trial's own time.
    skipped : pandas.DataFrame
        Rows that cannot be used: line, reason, text.
    sample_ms : float, default nan
        Time between two samples, where the report shows it.
    notes : tuple of str
        What the user should know about how it was read.
    """

    source: Source
    trials: pd.DataFrame
    variables: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    skipped: pd.DataFrame
    sample_ms: float = float("nan")
    display: tuple[float, float, float, float] | None = None
    notes: tuple[str, ...] = ()


def name_parts(file: str, pattern: str) -> dict[str, str]:
    """Take the named groups of a pattern out of a file's name.

    Parameters
    ----------
    file : str
        The name.
    pattern : str
        A regular expression; empty for none.

    Returns
    -------
    dict of str to str
        What the groups hold.

    Raises
    ------
    InputError
        If the name does not match.

    Examples
    --------
    >>> name_parts("042.csv.gz", r"(?P<image>[0-9]+)[.].*")
    {'image': '042'}
    """
    if not pattern:
        return {}
    match = re.fullmatch(pattern, file)
    if match is None:
        raise InputError(
            f"The names of reports must match {pattern!r}, but {file!r} does not. "
            "Correct file_name in [gaze.report]."
        )
    return {key: value for key, value in match.groupdict().items() if value is not None}


def number_trials(
    source: Source, times: NDArray[np.float64], own: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Give each row its trial.

    A trial is what its number (TRIAL_INDEX) or its label says; where the report has neither, a
    new one begins where time goes back, or where a variable changes that is constant in others.

    Parameters
    ----------
    source : Source
        The rows.
    times : ndarray of float, shape (n,)
        When each row's event begins.
    own : sequence of str
        Columns that are no variables of the user.

    Returns
    -------
    code : ndarray of int, shape (n,)
        Row of the trial in the order of appearance.
    number : ndarray of float, shape (n_trials,)
        Its own number; NaN where it has none.
    label : list of str
        Its name in the report.
    """
    label = source.text("trial")
    if label is None:
        label = source.text("trial_label")
    named = source.of_file_name("trial")
    if label is None and named is not None:
        label = pd.Series(named, index=source.table.cells.index, dtype="object")
    if label is None:
        code = _runs(source, times, own)
        n_trials = int(code.max()) + 1 if len(code) else 0
        return code, np.full(n_trials, np.nan), [str(i + 1) for i in range(n_trials)]
    filled = label.ffill().bfill().fillna("1")
    code, known = pd.factorize(filled)
    names = [str(name) for name in known]
    return code.astype(np.int64), whole_number_in(pd.Series(names, dtype="str")), names


def _runs(source: Source, times: NDArray[np.float64], own: Sequence[str]) -> NDArray[np.int64]:
    """Find where trials begin in a report that does not number them."""
    cells = source.table.cells
    filled = pd.Series(times).ffill().to_numpy(float)
    breaks = np.append(True, filled[1:] < filled[:-1])[: len(cells)]
    run = np.cumsum(breaks) - 1
    for name in cells.columns:
        if name in own or not len(cells):
            continue
        which = pd.factorize(cells[name])[0]
        changes = np.append(False, which[1:] != which[:-1])
        in_runs = np.bincount(run[changes & ~breaks], minlength=run[-1] + 1) > 0
        if in_runs.mean() <= 1 - _CONSTANT_IN:
            breaks = breaks | changes
    return np.cumsum(breaks).astype(np.int64) - 1


def first_rows(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the first row of each trial."""
    return np.unique(code, return_index=True)[1]


def trial_table(
    source: Source,
    code: NDArray[np.int64],
    number: NDArray[np.float64],
    label: list[str],
    own: Sequence[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe the trials of a report: pictures, places and variables.

    Parameters
    ----------
    source : Source
        The rows.
    code, number, label
        As `number_trials` gives them.
    own : sequence of str
        Columns that are no variables of the user.

    Returns
    -------
    trials, variables : pandas.DataFrame
        As in `Part`; the times are still missing.
    """
    variables = _variables(source, code, own)
    trials = pd.DataFrame({"number": number, "label": label})
    for name in ("zero_ms", "onset_ms", "end_ms"):
        trials[name] = np.nan
    image = source.text("image")
    if image is not None:
        named = image.groupby(code).first()
    else:
        known = {simple(name): name for name in variables.columns[::-1]}
        found = next((known[simple(n)] for n in IMAGE_NAMES if simple(n) in known), None)
        named = variables[found] if found else pd.Series(None, index=trials.index, dtype="object")
    if source.of_file_name("image") is not None:
        named = pd.Series(source.of_file_name("image"), index=trials.index, dtype="object")
    trials["image_id"] = [_image_id(source, name) for name in named]
    return trials.assign(**_places(source, code, len(trials))), variables


def _variables(source: Source, code: NDArray[np.int64], own: Sequence[str]) -> pd.DataFrame:
    """Collect the user's variables where they are constant within a trial."""
    cells = source.table.cells
    first = first_rows(code)
    values: dict[str, Any] = {}
    mapped = {source.columns[thing]: name for thing, name in _TRIAL_COLUMNS.items()
              if thing in source.columns}  # fmt: skip
    if "rt" in source.columns:
        mapped[source.columns["rt"]] = "rt_ms"
    for name in cells.columns:
        if name in own and name not in mapped:
            continue
        column = cells[name]
        which = pd.factorize(column)[0]
        varies = np.bincount(code[which != which[first][code]], minlength=len(first)) > 0
        shown = texts(column.iloc[first]).to_numpy(object, copy=True)
        shown[varies] = None
        values[mapped.get(name, "_".join(name.split()) or "row")] = shown
    return pd.DataFrame(values, index=range(len(first)))


def _image_id(source: Source, text: object) -> str | None:
    """Name a picture, through the picture map where there is one."""
    if not isinstance(text, str):
        return None
    if source.settings.picture_map:
        key = str(int(text)) if text.isdecimal() else text
        if key not in source.picture_names:
            raise InputError(
                f"A picture's number must be in {source.settings.picture_map}, but {text!r} of "
                f"{source.file} is not. Complete the map."
            )
        text = source.picture_names[key]
    name = PurePosixPath(PureWindowsPath(text).as_posix()).name
    stem = name.rsplit(".", 1)[0] if re.search(r"\.[A-Za-z]\w{1,3}$", name) else name
    return "_".join(stem.split())


def _places(source: Source, code: NDArray[np.int64], n_trials: int) -> dict[str, Any]:
    """Find where each trial's picture stood on the screen, as far as anything says it."""
    settings = source.settings
    xy = np.full((n_trials, 2), np.nan)
    first = first_rows(code)
    if settings.picture_place:
        if settings.picture_place not in source.table.cells:
            raise InputError(
                f"{source.file} must have the column {settings.picture_place!r}, but it has none. "
                "Correct picture_place in [gaze.report]."
            )
        xy = pairs(source.table.cells[settings.picture_place].iloc[first])
    if settings.picture_x_px is not None:
        xy[:] = settings.picture_x_px, settings.picture_y_px
    size = (settings.picture_width_px, settings.picture_height_px)
    at = settings.place_is
    if settings.position == "picture":
        xy[:], at = 0.0, "top_left"
    return {
        "picture_x_px": xy[:, 0],
        "picture_y_px": xy[:, 1],
        "picture_width_px": np.nan if size[0] is None else size[0],
        "picture_height_px": np.nan if size[1] is None else size[1],
        "place_is": at,
    }


def skip_rows(source: Source, reasons: NDArray[np.object_]) -> pd.DataFrame:
    """Note rows that cannot be used.

    Parameters
    ----------
    source : Source
        The rows.
    reasons : ndarray of object, shape (n,)
        Why, for each row; empty where it is used.

    Returns
    -------
    pandas.DataFrame
        line, reason, text; those that the table itself skipped among them.
    """
    rows = np.flatnonzero(reasons != "")
    cells = source.table.cells.iloc[rows]
    own = pd.DataFrame(
        {
            "line": source.table.line[rows],
            "reason": reasons[rows].astype(str),
            "text": ["\t".join(row) for row in cells.itertuples(index=False, name=None)],
        }
    )
    both = pd.concat([source.table.skipped, own], ignore_index=True)
    return both.astype({"line": "int64", "reason": "str", "text": "str"}).sort_values(
        "line", ignore_index=True, kind="stable"
    )


def wrong_numbers(source: Source, things: Sequence[str]) -> NDArray[np.object_]:
    """Say for each row which of some columns holds something that is no number; empty: none."""
    reasons = np.full(len(source.table.cells), "", dtype=object)
    for thing in things:
        column = source.columns.get(thing)
        if column is not None:
            wrong = numbers(source.table.cells[column])[1]
            reasons[wrong & (reasons == "")] = f"{column} is no number"
    return reasons
