"""Exports of Tobii Studio and Tobii Pro Lab: samples, and fixations rebuilt from their rows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.reports.cells import find_columns, listed, simple, texts
from gaze_analysis.reports.part import (
    Part,
    Source,
    first_rows,
    skip_rows,
    trial_table,
    wrong_numbers,
)
from gaze_analysis.reports.tobii_events import rebuild_events
from study.errors import InputError

KINDS = {"tobii": "Tobii export"}
_UNITS = {"": 1.0, "ms": 1.0, "μs": 0.001, "us": 0.001}
_TIMES = {unit: (f"RecordingTimestamp{unit}", f"Recording timestamp [{unit}]") for unit in _UNITS}
_BREAK_MS = 1000.0  # rows further apart are of different stretches of the export


def _axes(left: str, *frames: str) -> tuple[str, ...]:
    """Spell a column's name for each frame of coordinates."""
    return tuple(f"{left} {frame}".strip() for frame in frames)


_SCREEN = ("ADCSpx", "DACS px", "")
_MEDIA = ("MCSpx", "MCS px")
_NAMES: dict[str, tuple[str, ...]] = {
    "participant": ("ParticipantName", "Participant name"),
    "recording": ("RecordingName", "Recording name"),
    "media": ("MediaName", "Presented Stimulus name", "Presented Media name",
              "Recording media name"),
    "segment": ("SegmentName",),
    "media_x": ("MediaPosX ADCSpx", "Presented Media position X DACS px", "MediaPosX"),
    "media_y": ("MediaPosY ADCSpx", "Presented Media position Y DACS px", "MediaPosY"),
    "media_width": ("Presented Media width px", "MediaWidth", "Presented Media width"),
    "media_height": ("Presented Media height px", "MediaHeight", "Presented Media height"),
    "file_width": ("Original Media width px", "Original Media width"),
    "resolution": ("RecordingResolution",),
    "screen_width": ("Recording resolution width px", "Recording resolution width"),
    "screen_height": ("Recording resolution height px", "Recording resolution height"),
    "gaze_index": ("GazePointIndex",),
    "sensor": ("Sensor",),
    "event_type": ("GazeEventType", "Eye movement type"),
    "event_index": ("Eye movement type index",),
    "event_ms": ("GazeEventDuration", "Gaze event duration ms", "Gaze event duration",
                 "Eye movement event duration", "Eye movement event duration ms"),
    "fixation": ("FixationIndex",),
    "saccade": ("SaccadeIndex",),
    "fixation_x": _axes("FixationPointX", *_SCREEN),
    "fixation_y": _axes("FixationPointY", *_SCREEN),
    "fixation_x_media": _axes("FixationPointX", *_MEDIA),
    "fixation_y_media": _axes("FixationPointY", *_MEDIA),
    "amplitude": ("SaccadicAmplitude",),
    "validity_left": ("ValidityLeft",),
    "validity_right": ("ValidityRight",),
    **{
        f"{axis}_{eye}{kind}": _axes(f"GazePoint{side}{axis.upper()}", *frames)
        for axis in "xy"
        for eye, side in (("left", "Left"), ("right", "Right"), ("unknown", ""))
        for kind, frames in (("", _SCREEN), ("_media", _MEDIA))
    },
    **{
        f"pupil_{eye}": (f"Pupil{eye}", f"Pupil diameter {eye} mm", f"Pupil diameter {eye}",
                         f"PupilDiameter{eye}")
        for eye in ("left", "right")
    },
}  # fmt: skip
_EVENT_TEXTS = ("StudioEvent", "StudioEventData", "Event", "Event value", "ExternalEvent",
                "ExternalEventValue", "KeyPressEvent", "MouseEvent")  # fmt: skip
_INVALID = ("2", "3", "4", "invalid")


def report_kind(header: Sequence[str]) -> str:
    """Tell by its columns whether a table is a Tobii export.

    Parameters
    ----------
    header : sequence of str
        The table's columns.

    Returns
    -------
    str
        ``tobii``, or empty.

    Examples
    --------
    >>> report_kind(["Recording timestamp [μs]", "Gaze point X [DACS px]"])
    'tobii'
    """
    names = {simple(name) for name in header}
    has_time = any(simple(name) in names for pair in _TIMES.values() for name in pair)
    marks = ("gazepoint", "gazeevent", "eyemovementtype", "fixationpoint", "fixationindex")
    return "tobii" if has_time and any(name.startswith(marks) for name in names) else ""


def tobii_columns(source: Source) -> tuple[dict[str, str], float]:
    """Find an export's columns, and the unit of its time stamps.

    Parameters
    ----------
    source : Source
        The rows.

    Returns
    -------
    columns : dict of str to str
        Which column holds what.
    to_ms : float
        Milliseconds in a unit of its time stamps.

    Raises
    ------
    InputError
        If there is no position at all.
    """
    header, chosen = source.table.header, source.settings.columns
    found = find_columns(header, _NAMES)
    for unit, names in _TIMES.items():
        time = find_columns(header, {"time": names})
        if time:
            to_ms = _UNITS[unit]
            break
    columns = found | time
    if chosen.participant in header:
        columns["participant"] = chosen.participant
    if chosen.image in header:
        columns["media"] = chosen.image
    for thing in ("expression", "correct", "response", "rt"):
        if getattr(chosen, thing) in header:
            columns[thing] = getattr(chosen, thing)
    if not any(thing.startswith(("x_", "fixation_x")) for thing in columns):
        raise InputError(
            f"{source.file} must have gaze or fixation points (GazePointX (ADCSpx) or Gaze point X "
            f"[DACS px]), but its columns are {listed(header)}. Export it with them."
        )
    return columns, to_ms


def read_report(source: Source) -> Part:
    """Read one recording's rows of a Tobii export.

    Parameters
    ----------
    source : Source
        The rows; its columns are found here.

    Returns
    -------
    Part
        Each run of rows with one picture is a trial; positions are screen pixels. Both eyes,
        and ``unknown``, which is Tobii's average of both, on which its fixations rest.
    """
    columns, to_ms = tobii_columns(source)
    source = replace(source, columns=columns)
    time = source.number("time") * to_ms
    places = ("x_", "y_", "fixation_x", "fixation_y")
    reasons = wrong_numbers(source, ["time", *(c for c in columns if c.startswith(places))])
    reasons[np.isnan(time) & (reasons == "")] = f"no {columns['time']}"
    is_sample = _is_sample(source) & (reasons == "")
    words = _event_words(source)
    told = words.notna().to_numpy(bool) & (reasons == "")
    reasons[~is_sample & ~told & (reasons == "")] = "neither gaze nor event"
    stretch, code, shown = _stretches(source, time, is_sample)
    interval = _interval(time[is_sample])
    trials, variables = _trials(source, code, shown, is_sample, time, interval)
    own_time = time - trials["zero_ms"].to_numpy()[code]
    samples = _samples(source, trials, code, own_time)
    tables = {"samples": samples[is_sample].reset_index(drop=True)}
    points = [_point(source, f"fixation_{axis}", trials, code) for axis in "xy"]
    rows = np.flatnonzero(is_sample)
    tables |= rebuild_events(source, samples, points, time, stretch, rows, interval)
    messages = pd.DataFrame(
        {"line": source.table.line, "trial": code, "time_ms": own_time, "text": words}
    )
    tables["messages"] = messages[told].reset_index(drop=True)
    return Part(source, trials, variables, tables, skip_rows(source, reasons), interval,
                display=_display(source))  # fmt: skip


def _is_sample(source: Source) -> NDArray[np.bool_]:
    """Tell rows of gaze from rows of the mouse, the keyboard and the program."""
    if (index := source.text("gaze_index")) is not None:
        return index.notna().to_numpy(bool)
    if (sensor := source.text("sensor")) is not None:
        return sensor.str.lower().eq("eye tracker").to_numpy(bool)
    things = [c for c in source.columns if c.startswith(("x_", "pupil_", "validity_"))]
    columns = [words for words in map(source.text, [*things, "event_type"]) if words is not None]
    return np.any([words.notna().to_numpy(bool) for words in columns], axis=0)


def _event_words(source: Source) -> pd.Series:
    """Put the texts of a row's events together; None where it has none."""
    found = find_columns(source.table.header, {name: (name,) for name in _EVENT_TEXTS})
    rows = pd.Series("", index=source.table.cells.index, dtype="object")
    for name in found.values():
        rows = rows + " " + texts(source.table.cells[name]).fillna("")
    rows = rows.str.strip()
    return rows.mask(rows == "", None)


def _stretches(
    source: Source, time: NDArray[np.float64], is_sample: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Cut rows where the export leaves something out, and where the picture changes.

    Gives the stretch and the run of each row, and whether a picture was on.
    """
    known = pd.Series(time).ffill().bfill().to_numpy(float)
    steps = np.diff(known, prepend=known[:1])
    stretch = np.cumsum((steps > _BREAK_MS) | (steps < 0)).astype(np.int64)
    media, segment = source.text("media"), source.text("segment")
    if media is None:
        return stretch, stretch, np.ones(len(time), dtype=bool)
    # Rows of the program may lack the picture's name in the midst of it.
    name = media.fillna("").where(is_sample | media.notna()).ffill().bfill().fillna("")
    run = name if segment is None else name + "\t" + segment.fillna("")
    values = run.to_numpy(object)
    changes = np.append(False, values[1:] != values[:-1])[: len(values)]
    changes |= np.diff(stretch, prepend=stretch[:1]) > 0
    return stretch, np.cumsum(changes).astype(np.int64), (name != "").to_numpy(bool)


def _trials(
    source: Source,
    code: NDArray[np.int64],
    shown: NDArray[np.bool_],
    is_sample: NDArray[np.bool_],
    time: NDArray[np.float64],
    interval: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe each run of rows; only those with a picture are trials."""
    first = first_rows(code)
    answers = {source.columns.get(c) for c in ("expression", "correct", "response", "rt")}
    own = [name for name in source.table.header if name not in answers]
    columns = dict(source.columns)
    if "media" in columns:
        columns["image"] = columns.pop("media")
    named = replace(source, columns=columns)
    unnumbered = np.full(len(first), np.nan)
    trials, variables = trial_table(named, code, unnumbered, [""] * len(first), own)
    if "image" not in columns and source.of_file_name("image") is None:
        # One picture in each file, which only the file's name tells.
        trials["image_id"] = "_".join(source.file.split(".")[0].split())
    # A row that is no sample does not lengthen a trial, unless there is nothing else.
    sampled = pd.Series(np.where(is_sample, time, np.nan)).groupby(code).agg(["min", "max"])
    bounds = sampled.fillna(pd.Series(time).groupby(code).agg(["min", "max"]))
    trials["is_trial"] = shown[first]
    trials["zero_ms"] = bounds["min"].to_numpy(float)
    trials["onset_ms"] = 0.0
    trials["end_ms"] = (bounds["max"] - bounds["min"]).to_numpy(float) + np.nan_to_num(interval)
    return _with_media(source, trials, first), variables


def _with_media(source: Source, trials: pd.DataFrame, first: NDArray[np.int64]) -> pd.DataFrame:
    """Say where pictures stood, as far as the export does and the settings do not."""
    told = {name: source.number(name)[first] for name in _NAMES if name.startswith("media_")}
    for size in ("width", "height"):
        missing = pd.Series(told[f"media_{size}"], index=trials.index)
        trials[f"picture_{size}_px"] = trials[f"picture_{size}_px"].fillna(missing)
    if trials["picture_x_px"].notna().any():
        return trials
    x, y = told["media_x"], told["media_y"]
    if not any(thing in source.columns for thing in ("x_unknown", "x_left", "x_right", "media_x")):
        x = y = np.zeros(len(trials))  # all positions are the picture's own: it is the screen
    return trials.assign(picture_x_px=x, picture_y_px=y, place_is="top_left")


def _point(
    source: Source, thing: str, trials: pd.DataFrame, code: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give positions (``x_left``, ``fixation_y``) in screen pixels.

    Where the export has them in the picture's own pixels only, they are carried to the screen.
    """
    if thing in source.columns:
        return source.number(thing)
    axis = "x" if "x" in thing.split("_") else "y"
    begin = trials[f"picture_{axis}_px"].to_numpy(float)[code]
    scale = trials["picture_width_px"].to_numpy(float)[code] / source.number("file_width")
    return source.number(f"{thing}_media") * np.where(np.isnan(scale), 1.0, scale) + begin


def _samples(
    source: Source, trials: pd.DataFrame, code: NDArray[np.int64], time: NDArray[np.float64]
) -> pd.DataFrame:
    """Make the samples of both eyes and of their average, for all rows."""
    frame = pd.DataFrame({"time_ms": time, "line": source.table.line, "trial": code})
    for eye in ("left", "right", "unknown"):
        names = (f"x_{eye}", f"x_{eye}_media", f"pupil_{eye}")
        if eye != "unknown" and not any(name in source.columns for name in names):
            continue
        words = source.text(f"validity_{eye}")
        lost = False if words is None else words.str.lower().isin(_INVALID).to_numpy(bool)
        for axis in "xy":
            point = _point(source, f"{axis}_{eye}", trials, code)
            frame[f"{axis}_{eye}_px"] = np.where(lost, np.nan, point)
        frame[f"pupil_{eye}"] = np.where(lost, np.nan, source.number(f"pupil_{eye}"))
    for field in ("x_{}_px", "y_{}_px", "pupil_{}"):
        average = field.format("unknown")
        eyes = [field.format(e) for e in ("left", "right") if field.format(e) in frame]
        if frame[average].isna().all() and eyes:
            frame[average] = frame[eyes].mean(axis=1)
    return frame


def _interval(time: NDArray[np.float64]) -> float:
    """Measure the time between samples; stamps are rounded, so it is the mean without gaps."""
    steps = np.diff(time)
    steps = steps[steps > 0]
    if not len(steps):
        return float("nan")
    return float(np.mean(steps[steps < 1.5 * np.median(steps) + 1.0]))


def _display(source: Source) -> tuple[float, float, float, float] | None:
    """Give the first and last pixel of the screen."""
    words = source.text("resolution")
    if words is not None:
        found = words.astype("str").str.extract(r"(\d+)\s*[xX]\s*(\d+)").dropna()
        sizes = found.to_numpy(float)
    else:
        both = [source.number(f"screen_{size}") for size in ("width", "height")]
        sizes = np.column_stack(both)
        sizes = sizes[~np.isnan(sizes).any(axis=1)]
    if not len(sizes):
        return None
    return 0.0, 0.0, float(sizes[0, 0]) - 1, float(sizes[0, 1]) - 1
