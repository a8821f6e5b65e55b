"""Behaviour joined to the trials of a recording, and what of both did not find each other."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from study.errors import InputError

UNMATCHED_COLUMNS = {
    "participant_id": "Who took part.",
    "session": "Label of the session.",
    "side": "recording: a trial of the recording; behaviour: a row of the behaviour table.",
    "trial": "Number of the trial in the recording, or its name in the behaviour table.",
    "row": "Line of the behaviour table.",
    "label": "The trial's name in the recording, or the picture of the row.",
    "reason": "Why it is not part of the analysis, or not as it should be.",
}
_FILLED = ("expression", "response", "key", "correct", "rt_ms", "phase")


class _Match(NamedTuple):
    """Which trials of a recording and which rows of a table belong together, and by what."""

    trials: list[int]
    rows: list[int]
    rule: str


def unmatched_rows(side: str, rows: Sequence[dict[str, Any]], reason: str) -> pd.DataFrame:
    """Make rows of the table of what did not match.

    Parameters
    ----------
    side : str
        ``recording`` or ``behaviour``.
    rows : sequence of dict
        trial, row and label, each where it is known.
    reason : str
        Why.

    Returns
    -------
    pandas.DataFrame
        The columns of `UNMATCHED_COLUMNS` without participant and session.
    """
    columns = list(UNMATCHED_COLUMNS)[2:]
    frame = pd.DataFrame(list(rows), columns=["trial", "row", "label"], dtype=object)
    return frame.assign(side=side, reason=reason)[columns]


def recording_rows(trials: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Make rows of the table of what did not match from trials of a recording."""
    rows = [
        {"trial": str(trial), "label": label}
        for trial, label in zip(trials["trial"], trials["label"], strict=True)
    ]
    return unmatched_rows("recording", rows, reason)


def join_behaviour(
    found: pd.DataFrame, table: pd.DataFrame, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each trial of a recording its row of a behaviour table.

    By the trial's id where both sides have one, else by the picture where none was shown twice,
    else by order where there are as many rows as trials.

    Parameters
    ----------
    found : pandas.DataFrame
        The recording's trials, as `find_trials` gives them.
    table : pandas.DataFrame
        The rows, as `read_behaviour` gives them.
    name : str
        What the table is called in messages.

    Returns
    -------
    trials : pandas.DataFrame
        `found` with what the table says, and ``behaviour_row``.
    unmatched : pandas.DataFrame
        What stays alone, without participant and session.

    Raises
    ------
    InputError
        If trials and rows that belong together have different pictures, or the user's column
        of ids has nothing in common with the recording.
    """
    repeated = [{"trial": id_, "row": line} for line, id_ in table.attrs.get("superseded", [])]
    unmatched = [unmatched_rows("behaviour", repeated, "written again in the same trial")]
    images = _comparable_images(found, table)
    match = _by_id(found, table, name) or _by_image(*images) or _by_order(found, table)
    check_images(
        [
            (found["trial"].iloc[trial], images[1][row], images[0][trial])
            for trial, row in zip(match.trials, match.rows, strict=True)
        ],
        f"{name}, {match.rule}",
        "Name the column that holds the recording's trial in [gaze.behaviour] trial.",
    )
    alone = np.setdiff1d(np.arange(len(found)), match.trials)
    rows_alone = np.setdiff1d(np.arange(len(table)), match.rows)
    unmatched.append(recording_rows(found.iloc[alone], f"no row of {name}: {match.rule}"))
    lines = table.iloc[rows_alone]
    cells = zip(lines["trial"], lines["row"], lines["image_id"], strict=True)
    rows = [{"trial": id_, "row": line, "label": image} for id_, line, image in cells]
    unmatched.append(unmatched_rows("behaviour", rows, f"no trial of the recording: {match.rule}"))
    return _filled(found, table, match), pd.concat(unmatched, ignore_index=True)


def _filled(found: pd.DataFrame, table: pd.DataFrame, match: _Match) -> pd.DataFrame:
    """Put what the table says beside the trials."""
    trials = found.reset_index(drop=True)
    own = table.iloc[match.rows].set_axis(pd.Index(match.trials), axis=0).reindex(trials.index)
    for column in _FILLED:
        # What the table does not have may still be a variable of the recording.
        if column not in trials or table[column].notna().any():
            trials[column] = own[column].astype(object)
    # The experiment knows what it showed; the recording may name a file of another kind.
    trials["image_id"] = own["image_id"].astype(object).fillna(trials["image_id"])
    trials["behaviour_row"] = own["row"]
    trials["answer_known"] = bool(trials[["response", "key", "correct"]].notna().any(axis=None))
    for column in table.columns:
        if column.startswith("var_") and column not in trials:
            trials[column] = own[column]
    return trials


def _by_id(found: pd.DataFrame, table: pd.DataFrame, name: str) -> _Match | None:
    """Match by the trial's name, wherever the recording says it."""
    ids = [_normal(value) for value in table["trial"]]
    if None in ids or len(set(ids)) < len(ids):
        if table.attrs.get("trial_named"):
            raise InputError(
                f"[gaze.behaviour] trial must name each trial, but in {name} the column "
                f"{table.attrs['trial_column']!r} has missing or equal cells. Name another one."
            )
        return None
    for source in _id_columns(found, table.attrs.get("trial_column")):
        own = [_normal(value) for value in found[source]]
        known = [value for value in own if value is not None]
        if len(set(known)) < len(known):
            continue
        if _belong_together(set(known), set(ids), table.attrs.get("trial_named", False)):
            place = {value: row for row, value in enumerate(ids)}
            trials = [i for i, value in enumerate(own) if value in place]
            rule = f"joined by {table.attrs['trial_column']} and {source.removeprefix('var_')}"
            return _Match(trials, [place[own[i]] for i in trials], rule)
    if table.attrs.get("trial_named"):
        raise InputError(
            f"[gaze.behaviour] trial must name trials as the recording does, but {name} has "
            f"{ids[:3]} and the recording {found['label'].tolist()[:3]}. Name another column, "
            "or none to join by picture or order."
        )
    return None


def _id_columns(found: pd.DataFrame, column: str | None) -> list[str]:
    """List where a recording may say the id: under the same name, after TRIALID, elsewhere."""
    likely = [str(name) for name in found if re.match(r"var_.*trial", str(name), re.IGNORECASE)]
    names = [f"var_{column}", "label", *likely, "trial"]
    return [name for name in dict.fromkeys(names) if name in found]


def _belong_together(recorded: set[str | None], rows: set[str | None], named: bool) -> bool:
    """Tell whether two sets of ids mean the same trials.

    Counters from 0 and from 1 have most numbers in common and mean different trials: unless the
    user named the column, one set must be part of the other, and both begin alike.
    """
    common = recorded & rows
    if named or not common:
        return bool(common)
    numbers = [[int(value) for value in ids if value and value.isdecimal()]
               for ids in (recorded, rows)]  # fmt: skip
    if len(numbers[0]) < len(recorded) or len(numbers[1]) < len(rows):
        return True
    return min(numbers[0]) == min(numbers[1]) and (recorded <= rows or rows <= recorded)


def _normal(value: object) -> str | None:
    """Write an id so that 003, 3 and 3.0 are the same."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    text = str(value).strip()
    match = re.fullmatch(r"0*(\d+)(?:\.0*)?", text)
    return match[1] if match else text or None


def _comparable_images(
    found: pd.DataFrame, table: pd.DataFrame
) -> tuple[list[str | None], list[str | None]]:
    """Give the pictures' names of both sides; none where they are names of different things."""
    sides = [[_name(value) for value in frame["image_id"]] for frame in (found, table)]
    if not set(sides[0]) & set(sides[1]) - {None}:
        return [None] * len(found), [None] * len(table)
    return sides[0], sides[1]


def _name(value: object) -> str | None:
    """Write a picture's name in lower case; none where it is missing."""
    return value.lower() if isinstance(value, str) and value else None


def _by_image(recorded: list[str | None], shown: list[str | None]) -> _Match | None:
    """Match by the picture, where each is known and shown once."""
    for side in (recorded, shown):
        if None in side or len(set(side)) < len(side) or not side:
            return None
    place = {image: row for row, image in enumerate(shown)}
    trials = [i for i, image in enumerate(recorded) if image in place]
    return _Match(trials, [place[recorded[i]] for i in trials], "joined by picture")


def _by_order(found: pd.DataFrame, table: pd.DataFrame) -> _Match:
    """Match by order: all rows, or those that are no practice, must be as many as the trials."""
    rows = np.arange(len(table))
    main = rows[table["phase"].to_numpy() == "main"]
    for chosen, what in ((rows, "rows"), (main, "rows that are no practice")):
        if len(chosen) == len(found):
            return _Match(list(range(len(found))), chosen.tolist(), f"joined by order of {what}")
    rule = f"{len(found)} trials and {len(table)} rows have no id or picture that tells them apart"
    return _Match([], [], rule)


def check_images(
    pairs: Sequence[tuple[Any, str | None, str | None]], name: str, remedy: str
) -> None:
    """Refuse trials that were joined to rows of other pictures.

    Parameters
    ----------
    pairs : sequence of tuple
        Trial, picture in the table and picture in the recording; a missing one proves nothing.
    name : str
        What the table is called in the message.
    remedy : str
        What the user can do.

    Raises
    ------
    InputError
        If two pictures differ.
    """
    for trial, shown, recorded in pairs:
        names = _name(shown), _name(recorded)
        if None not in names and names[0] != names[1]:
            raise InputError(
                f"Trials and rows that belong together must show the same picture, but trial "
                f"{trial} shows {recorded!r} in the recording and {shown!r} in {name}. {remedy}"
            )
