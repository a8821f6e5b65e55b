"""Behaviour that other programs wrote: PsychoPy's wide CSV, OpenSesame's CSV, any other table.

A row of the result is a trial: what was shown, what was answered, and how fast.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.behaviour_sheet import Sheet
from gaze_analysis.trial_content import stem
from stimuli.expressions import expression_name
from study.errors import InputError, did_you_mean
from study.settings.gaze_behaviour import BehaviourSettings

TRUE, FALSE = ("1", "1.0", "true", "yes", "correct"), ("0", "0.0", "false", "no", "incorrect")
COLUMNS = ("row", "trial", "phase", "image_id", "expression", "response", "key", "correct", "rt_ms")
# Columns by the names that people give them, where the settings name none.
USUAL_NAMES = {
    "image": (
        "image_id", "image", "imagefile", "image_file", "image_name", "img", "imgfile", "picture",
        "picture_name", "stimulus", "stim", "stimfile", "stim_file", "face", "filename",
    ),
    "expression": ("expression", "emotion", "emotion_label", "facial_expression"),
    "response": ("response",),
    "correct": ("correct",),
}  # fmt: skip
_PICTURE_FILE = re.compile(r".+\.(png|jpe?g|bmp|tiff?|gif|webp)$", re.IGNORECASE)
_WHOSE = ("participant", "participant_id", "subject_nr", "session")
# OpenSesame's counter of its standard item for a trial.
_SEQUENCE = "count_trial_sequence"
_LOOP = re.compile(r"(.+)\.thisN$")
_PRACTICE = re.compile(r"pract|train|example", re.IGNORECASE)
_LIST = re.compile(r"\[(.*)\]", re.DOTALL)


def program_of(header: Sequence[str]) -> str:
    """Tell by a table's header which program wrote it.

    Parameters
    ----------
    header : sequence of str
        The names of its columns.

    Returns
    -------
    str
        ``psychopy``, ``opensesame``, ``faceoff`` or an empty text.

    Examples
    --------
    >>> program_of(["image", "trials.thisN", "key_resp.rt", "participant", "expName", ""])
    'psychopy'
    >>> program_of(["count_logger", "response_time", "subject_nr"])
    'opensesame'
    """
    names = {name.strip() for name in header}
    if any(_LOOP.fullmatch(name) for name in names) or {"participant", "psychopyVersion"} <= names:
        return "psychopy"
    if "subject_nr" in names and any(
        name == "response_time" or name.startswith(("count_", "opensesame_")) for name in names
    ):
        return "opensesame"
    if {"participant_id", "trial", "image_id", "response", "correct", "rt_ms"} <= names:
        return "faceoff"
    return ""


def is_behaviour(header: Sequence[str], settings: BehaviourSettings | None = None) -> bool:
    """Tell by a table's header whether it holds behaviour.

    Parameters
    ----------
    header : sequence of str
        The names of its columns.
    settings : BehaviourSettings, optional
        The section [gaze.behaviour]: a table that has all the columns it names is one, too.

    Returns
    -------
    bool
        Whether `read_behaviour` can read it.

    Examples
    --------
    >>> is_behaviour(["FixationIndex", "FixationPointX", "FixationPointY"])
    False
    """
    columns = settings.columns if settings else {}
    names = {name.strip() for name in header}
    told = set(columns) & {"trial", "image", "response", "correct", "rt"}
    return bool(program_of(header)) or (bool(told) and set(columns.values()) <= names)


def read_behaviour(sheet: Sheet, settings: BehaviourSettings) -> pd.DataFrame:
    """Find the trials in a table.

    Parameters
    ----------
    sheet : Sheet
        One participant's session.
    settings : BehaviourSettings
        The section [gaze.behaviour], which names columns that cannot be found.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row for each trial: row (line of the file), trial (its id as text;
        missing where the table has none), phase, image_id, expression, response (where
        answers are expressions) or key, correct, rt_ms; the other columns that hold anything
        as ``var_NAME``. In ``attrs``, ``trial_column`` is where the id comes from,
        ``trial_named`` whether the settings say so, and ``superseded`` lists line and id of
        rows that OpenSesame wrote once more later in the same trial.

    Raises
    ------
    InputError
        If a named column is missing, nothing tells which rows are trials, several columns
        could hold the answer, or a cell cannot be read.
    """
    columns = _find_columns(sheet, settings)
    trials = Sheet(sheet.name, sheet.frame[_trial_rows(sheet, columns)])
    if trials.frame.empty:
        raise InputError(
            f"A behaviour table must hold trials, but {sheet.name} has none among its "
            f"{len(sheet.frame)} lines. Name its columns in [gaze.behaviour]."
        )
    trials, superseded = _last_of_trials(trials)
    columns |= _answer_columns(trials, columns)
    ids = columns.get("trial") or _trial_column(trials)
    read = pd.DataFrame({"row": trials.frame.index})
    read["trial"] = _column(trials, ids, str) if ids else None
    read["phase"] = _phases(trials)
    read["image_id"] = _column(trials, columns.get("image"), stem)
    read["expression"] = _column(trials, columns.get("expression"), expression_name)
    answers = _answers(trials, columns.get("response"))
    read["response"], read["key"] = answers
    read["correct"] = _column(trials, columns.get("correct"), _truth)
    rt = _column(trials, columns.get("rt"), _number)
    scale = _rt_scale(sheet, columns.get("rt"), settings)
    read["rt_ms"] = [None if value is None else value * scale for value in rt]
    used = {*columns.values(), *_WHOSE, *([ids] if ids else [])}
    for name in trials.header:
        if name not in used and trials.known(name).any():
            read[f"var_{name}"] = _column(trials, name, str)
    read.attrs = {
        "trial_column": ids,
        "trial_named": "trial" in settings.columns,
        "superseded": superseded,
    }
    return read


def _find_columns(sheet: Sheet, settings: BehaviourSettings) -> dict[str, str]:
    """Find the columns by the settings, else by their usual names."""
    columns = dict(settings.columns)
    for meaning, name in columns.items():
        if name not in sheet.header:
            raise InputError(
                f"{sheet.name} must have the column {name!r}, but it has none."
                f"{did_you_mean(name, sheet.header)} Correct {meaning} in [gaze.behaviour]."
            )
    lower = {name.lower(): name for name in reversed(sheet.header)}
    for meaning in ("image", "expression"):
        found = [lower[name] for name in USUAL_NAMES[meaning] if name in lower]
        found = [name for name in found if sheet.known(name).any()]
        if meaning not in columns and found:
            columns[meaning] = found[0]
    if "image" not in columns:
        files = [name for name in sheet.header if _holds_pictures(sheet, name)]
        if len(files) == 1:
            columns["image"] = files[0]
    if program_of(sheet.header) == "faceoff":
        columns = {"trial": "trial", "rt": "rt_ms"} | columns
    return columns


def _holds_pictures(sheet: Sheet, column: str) -> bool:
    """Tell whether all cells of a column that hold something are names of pictures."""
    cells = sheet.frame.loc[sheet.known(column), column]
    return bool(len(cells)) and all(_PICTURE_FILE.fullmatch(cell) for cell in cells)


def _trial_rows(sheet: Sheet, columns: dict[str, str]) -> pd.Series:
    """Tell trials from rows of instructions, loops and questionnaires."""
    for meaning in ("trial", "image", "correct", "response"):
        if meaning in columns:
            return sheet.known(columns[meaning])
    loops = _loops(sheet)
    if loops:
        return pd.concat([sheet.known(name) for name in loops], axis=1).any(axis=1)
    return pd.Series(True, index=sheet.frame.index)


def _last_of_trials(trials: Sheet) -> tuple[Sheet, list[tuple[int, str]]]:
    """Keep the last of the rows that OpenSesame wrote in one trial, and list the others."""
    if _SEQUENCE not in trials.header or not trials.known(_SEQUENCE).all():
        return trials, []
    ids = trials.frame[_SEQUENCE]
    earlier = ids.duplicated(keep="last")
    lines = ids.index.to_numpy(int)[earlier.to_numpy(bool)].tolist()
    listed = list(zip(lines, [str(id_) for id_ in ids[earlier]], strict=True))
    return Sheet(trials.name, trials.frame[~earlier]), listed


def _loops(sheet: Sheet) -> list[str]:
    """List the columns in which PsychoPy counts the runs of its loops."""
    return [name for name in sheet.header if _LOOP.fullmatch(name) and sheet.known(name).any()]


def _trial_column(trials: Sheet) -> str | None:
    """Find a column that names each trial: a counter that no two rows share."""
    for name in (_SEQUENCE, *_loops(trials)):
        if name in trials.header and trials.known(name).all():
            return name if trials.frame[name].is_unique else None
    return None


def _answer_columns(trials: Sheet, columns: dict[str, str]) -> dict[str, str]:
    """Find answer, its truth and its time, which belong to one component in PsychoPy."""
    found: dict[str, str] = {}
    lower = {name.lower(): name for name in reversed(trials.header)}
    component = _component(trials, columns)
    if component:
        for meaning, ending in (("response", "keys"), ("correct", "corr"), ("rt", "rt")):
            if f"{component}.{ending}" in trials.header:
                found[meaning] = f"{component}.{ending}"
    else:
        for meaning in ("response", "correct"):
            named = [lower[name] for name in USUAL_NAMES[meaning] if name in lower]
            found |= {meaning: named[0]} if named else {}
        if "response_time" in lower and program_of(trials.header) == "opensesame":
            found["rt"] = lower["response_time"]
    return {meaning: name for meaning, name in found.items() if meaning not in columns}


def _component(trials: Sheet, columns: dict[str, str]) -> str:
    """Find PsychoPy's component that took the answers; more than one is for the user to choose."""
    if {"response", "correct"} & set(columns):
        named = columns.get("response") or columns["correct"]
        return named.rpartition(".")[0]
    answered = [
        name.removesuffix(".keys")
        for name in trials.header
        if name.endswith(".keys") and trials.known(name).any()
    ]
    judged = [name for name in answered if f"{name}.corr" in trials.header]
    candidates = judged or answered
    if len(candidates) > 1:
        raise InputError(
            f"A trial must have one answer, but {trials.name} has the components "
            f"{', '.join(candidates)}. Name the column of the answer in [gaze.behaviour] "
            f'response, such as "{candidates[0]}.keys".'
        )
    return candidates[0] if candidates else ""


def _column(trials: Sheet, name: str | None, parse: Callable[[str], Any]) -> list[Any]:
    """Parse a column; all missing where there is none."""
    return trials.value(name, parse) if name else [None] * len(trials.frame)


def _phases(trials: Sheet) -> list[str]:
    """Tell practice from what counts, by a column that says so or by a loop's name."""
    frame = trials.frame
    practice = np.zeros(len(frame), dtype=bool)
    if "phase" in frame:
        practice |= frame["phase"].str.contains(_PRACTICE).to_numpy(bool)
    if "practice" in frame:
        practice |= frame["practice"].str.lower().isin(TRUE).to_numpy(bool)
    loops = _loops(trials)
    others = [name for name in loops if not _PRACTICE.search(name)]
    for name in set(loops) - set(others):
        practice |= trials.known(name).to_numpy(bool)
    return ["practice" if flag else "main" for flag in practice]


def _answers(trials: Sheet, name: str | None) -> tuple[list[Any], list[Any]]:
    """Sort answers: expressions, where any is the name of one, or else keys."""
    texts = _column(trials, name, _single)
    if name and any(text and is_expression(text) for text in texts):
        return _column(trials, name, lambda cell: expression_name(_single(cell))), texts
    return [None] * len(texts), texts


def is_expression(text: str) -> bool:
    """Tell whether a text names an expression, in any way that faceoff knows.

    Examples
    --------
    >>> is_expression("Happiness"), is_expression("left")
    (True, False)
    """
    try:
        return bool(expression_name(text))
    except InputError:
        return False


def _single(cell: str) -> str:
    """Take the answer out of PsychoPy's list of one; several answers are none."""
    match = _LIST.fullmatch(cell)
    items = [item.strip(" '\"") for item in match[1].split(",")] if match else [cell]
    if len(items) != 1:
        raise InputError(f"a trial must have one answer, but it is {cell!r}.")
    return items[0]


def _truth(cell: str) -> bool:
    """Read true or false."""
    word = cell.lower().replace(",", ".")
    if word not in (*TRUE, *FALSE):
        raise InputError(f"it must be 1 or 0, true or false, but it is {cell!r}.")
    return word in TRUE


def _number(cell: str) -> float:
    """Read a number with a decimal point or comma."""
    try:
        return float(_single(cell).replace(",", "."))
    except ValueError:
        raise InputError(f"it must be a number, but it is {cell!r}.") from None


def _rt_scale(sheet: Sheet, column: str | None, settings: BehaviourSettings) -> float:
    """Give the milliseconds in the unit of response times."""
    if column is None:
        return 1.0
    own = {"psychopy": "s", "opensesame": "ms", "faceoff": "ms"}.get(program_of(sheet.header))
    unit = settings.rt_unit or own
    if unit is None:
        raise InputError(
            f"Response times need a unit, but {sheet.name} is of no known program and rt_unit in "
            '[gaze.behaviour] is empty. Set it to "s" or "ms".'
        )
    return 1000.0 if unit == "s" else 1.0
