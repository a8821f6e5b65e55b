"""Columns of BIDS eye tracking tables, and those of samples, events and messages they stand for."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

# Coordinate system and unit of each kind of gaze data, by the ending of our columns.
SYSTEMS = {"px": "gaze-on-screen", "href": "eye-in-head", "raw": "custom"}
UNITS = {"px": "pixel", "href": "arbitrary", "raw": "arbitrary"}
FIRST_COLUMNS = ("timestamp", "x_coordinate", "y_coordinate", "pupil_size")
# Column of an event: ours, what it is, its unit. The first ones are always written, the others
# where a recording has them.
EVENT_COLUMNS = {
    "onset": ("onset_ms", "First sample of the event, or time of the message.", "ms"),
    "duration": ("duration_s", "Last sample - first sample + one sample.", "s"),
    "trial_type": ("event", "fixation, saccade or blink, as the tracker found it.", ""),
    "message": ("text", "Message, without the offset that its onset is corrected by.", ""),
    "block": ("block", "Number of the recording block; 0 before the first one.", ""),
    "offset": ("offset_ms", "Last sample of the event.", "ms"),
    "x_coordinate": ("x_px", "Mean (fixation) or first (saccade) position.", "pixel"),
    "y_coordinate": ("y_px", "Mean (fixation) or first (saccade) position.", "pixel"),
    "x_end": ("x_end_px", "Last position of a saccade.", "pixel"),
    "y_end": ("y_end_px", "Last position of a saccade.", "pixel"),
    "amplitude": ("amplitude_deg", "Amplitude of a saccade.", "deg"),
    "peak_velocity": ("peak_velocity_deg_s", "Peak velocity of a saccade.", "deg/s"),
    "pupil_size": ("pupil", "Mean pupil {pupil} of a fixation.", "arbitrary"),
    "resolution_x": ("resolution_x_px_deg", "Pixels in a degree, horizontally.", "pixel/deg"),
    "resolution_y": ("resolution_y_px_deg", "Pixels in a degree, vertically.", "pixel/deg"),
    "x_href": ("x_href", "Mean or first position, head-referenced.", "arbitrary"),
    "y_href": ("y_href", "Mean or first position, head-referenced.", "arbitrary"),
    "x_end_href": ("x_end_href", "Last position of a saccade, head-referenced.", "arbitrary"),
    "y_end_href": ("y_end_href", "Last position of a saccade, head-referenced.", "arbitrary"),
    "amplitude_href": ("amplitude_href", "Amplitude from head-referenced data.", "deg"),
    "peak_velocity_href": (
        "peak_velocity_href", "Peak velocity from head-referenced data.", "deg/s",
    ),
    "pupil_size_href": ("pupil_href", "Mean pupil {pupil}, of head-referenced data.", "arbitrary"),
    "message_stamp": ("stamp_ms", "Time stamp of the message before its correction.", "ms"),
    "message_offset": ("message_offset_ms", "What the message's stamp is too late by.", "ms"),
}  # fmt: skip
_ALWAYS = (*list(EVENT_COLUMNS)[:6], "x_coordinate", "y_coordinate", "pupil_size")
# Further columns of samples by our names, without the eye.
_EXTRAS = {
    "velocity_x_deg_s": ("Horizontal velocity, as the tracker computed it.", "deg/s"),
    "velocity_y_deg_s": ("Vertical velocity, as the tracker computed it.", "deg/s"),
    "resolution_x_px_deg": ("Pixels in a degree, horizontally.", "pixel/deg"),
    "resolution_y_px_deg": ("Pixels in a degree, vertically.", "pixel/deg"),
    "input": ("State of the tracker's input port.", ""),
    "buttons": ("State of the tracker's buttons.", ""),
    "flags": (
        "Sample interpolated (I), corneal reflection missing (C) or recovering (R); three signs "
        "of one eye, five of two (I, left C R, right C R).",
        "",
    ),
    "target_x": ("Head target in the camera's picture, horizontally.", "arbitrary"),
    "target_y": ("Head target in the camera's picture, vertically.", "arbitrary"),
    "target_distance_mm": ("Distance of the head target from the camera.", "mm"),
    "target_flags": ("The tracker's warnings about the head target.", ""),
    "block": ("Number of the recording block; n/a where the recording paused.", ""),
}
_OF_AN_EYE = ("velocity_x_deg_s", "velocity_y_deg_s")
_NOT_WRITTEN = ("time_ms", "line", "part")
# Said of the column of messages, so that a reader knows how to get the text back.
ESCAPED = {"Escaping": "JSON"}


def sample_columns(names: Iterable[str], eye: str, unit: str) -> dict[str, str]:
    """Name the columns of one eye's samples as BIDS does.

    Parameters
    ----------
    names : iterable of str
        Columns of the samples.
    eye : str
        left, right or unknown.
    unit : str
        px, href or raw.

    Returns
    -------
    dict of str to str
        Our column for each one of BIDS; the first four are `FIRST_COLUMNS`.

    Examples
    --------
    >>> names = ["time_ms", "x_left_px", "y_left_px", "pupil_left", "flags", "x_right_px", "line"]
    >>> list(sample_columns(names, "left", "px"))
    ['timestamp', 'x_coordinate', 'y_coordinate', 'pupil_size', 'flags']
    """
    own = ("time_ms", f"x_{eye}_{unit}", f"y_{eye}_{unit}", f"pupil_{eye}")
    columns = dict(zip(FIRST_COLUMNS, own, strict=True))
    for name in names:
        words = name.split("_")
        eyes = [word for word in words if word in ("left", "right", "unknown")]
        if name in _NOT_WRITTEN or (eyes and name.startswith(("x_", "y_", "pupil_"))):
            continue
        if not eyes:
            columns[name] = name
        elif eyes == [eye]:
            columns["_".join(word for word in words if word != eye)] = name
    return columns


def sample_name(column: str, eye: str, unit: str) -> str:
    """Name one of BIDS's columns as ours; the inverse of `sample_columns`.

    Parameters
    ----------
    column : str
        A column of a physio file.
    eye, unit : str
        What the file holds.

    Returns
    -------
    str
        Our name. A column that we don't write is taken for one of the eye.

    Examples
    --------
    >>> [sample_name(name, "left", "px") for name in ("x_coordinate", "flags", "gaze_confidence")]
    ['x_left_px', 'flags', 'gaze_confidence_left']
    """
    own = {
        "timestamp": "time_ms",
        "x_coordinate": f"x_{eye}_{unit}",
        "y_coordinate": f"y_{eye}_{unit}",
        "pupil_size": f"pupil_{eye}",
    }
    if column in own:
        return own[column]
    if column in _OF_AN_EYE:
        return column.replace("_deg_s", f"_{eye}_deg_s")
    shared = column in _EXTRAS or column.startswith("extra_")
    return column if shared else f"{column}_{eye}"


def describe_samples(columns: Iterable[str], unit: str, pupil: str) -> dict[str, dict[str, str]]:
    """Describe the columns of samples.

    Parameters
    ----------
    columns : iterable of str
        BIDS's names.
    unit : str
        px, href or raw.
    pupil : str
        area or diameter.

    Returns
    -------
    dict of str to dict
        Description and Units of each column.
    """
    place = {"px": "gaze position", "href": "head-referenced angle", "raw": "camera position"}
    origin = {"px": ", from the {side}", "href": "", "raw": ""}[unit]
    described = {
        "timestamp": ("Time of the tracker's clock.", "ms"),
        "x_coordinate": (
            f"Horizontal {place[unit]}{origin.format(side='left')}.", UNITS[unit],
        ),
        "y_coordinate": (f"Vertical {place[unit]}{origin.format(side='top')}.", UNITS[unit]),
        "pupil_size": (
            f"Pupil {pupil} in the tracker's own units; 0 where none was found.", "arbitrary",
        ),
        **_EXTRAS,
    }  # fmt: skip
    unknown = ("A column that the recording does not name.", "")
    return {name: _described(*described.get(name, unknown)) for name in columns}


def event_table(raw: pd.DataFrame, messages: pd.DataFrame) -> pd.DataFrame:
    """Put events and messages into one table, in the order of their onset.

    Parameters
    ----------
    raw : pandas.DataFrame
        Events of one eye, as the import leaves them.
    messages : pandas.DataFrame
        Messages.

    Returns
    -------
    pandas.DataFrame
        BIDS's columns: those that are always there, and those that are not empty.
    """
    texts = messages[["block", "time_ms", "text"]].rename(columns={"time_ms": "onset_ms"})
    corrected = messages["offset_ms"].notna() & (messages["offset_ms"] != 0)
    texts["stamp_ms"] = messages["stamp_ms"].where(corrected)
    texts["message_offset_ms"] = messages["offset_ms"]
    both = pd.concat([raw, texts], ignore_index=True).sort_values("onset_ms", kind="stable")
    both["duration_s"] = (both["duration_ms"] / 1000.0).round(6)
    columns = {}
    for name, (ours, _, _) in EVENT_COLUMNS.items():
        if ours in both and (name in _ALWAYS or both[ours].notna().any()):
            columns[name] = both[ours]
    return pd.DataFrame(columns)


def describe_events(columns: Iterable[str], pupil: str) -> dict[str, dict[str, str]]:
    """Describe the columns of events.

    Parameters
    ----------
    columns : iterable of str
        BIDS's names.
    pupil : str
        area or diameter.

    Returns
    -------
    dict of str to dict
        Description and Units of each column.
    """
    facts = {}
    for name in columns:
        _, text, unit = EVENT_COLUMNS[name]
        facts[name] = _described(text.format(pupil=pupil), unit)
    facts["message"] = facts["message"] | ESCAPED
    return facts


def split_events(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell events from messages again; the inverse of `event_table`.

    Parameters
    ----------
    table : pandas.DataFrame
        BIDS's columns, times in milliseconds (column ``duration``: seconds).

    Returns
    -------
    events, messages : pandas.DataFrame
        With our columns; those of BIDS that we don't write keep their name.
    """
    ours = {name: own for name, (own, _, _) in EVENT_COLUMNS.items() if name in table}
    both = table.rename(columns=ours)
    for name in ("duration_s", "event", "text"):
        if name not in both:
            both[name] = np.nan
    is_message = both["event"].isna()
    texts = both[is_message]
    offset = texts.get("message_offset_ms", pd.Series(np.nan, texts.index))
    messages = pd.DataFrame(
        {
            "time_ms": texts["onset_ms"],
            "stamp_ms": texts.get("stamp_ms", texts["onset_ms"]).fillna(texts["onset_ms"]),
            "offset_ms": offset,
            "text": texts["text"].fillna("").astype("str"),
        }
    )
    if "block" in texts:
        messages.insert(0, "block", texts["block"].astype("int32"))
    events = both[~is_message].drop(
        columns=["text", "stamp_ms", "message_offset_ms"], errors="ignore"
    )
    events.insert(1, "duration_ms", (events.pop("duration_s") * 1000.0).round(3))
    if "block" in events:
        events["block"] = events["block"].astype("int32")
    return events.reset_index(drop=True), messages.reset_index(drop=True)


def _described(text: str, unit: str) -> dict[str, str]:
    return {"Description": text} | ({"Units": unit} if unit else {})
