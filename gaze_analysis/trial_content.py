"""What the messages of one trial say: its epoch, its picture and its variables."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from study.settings.gaze_recordings import TrialSettings

RECT = ("picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px")

_ENDS = (
    r"^TRIAL_RESULT\b",
    r"(?i)^((stop|end)_trial|trial[_ ](ok|end|stop|error|aborted))(?![_ ]?[a-z])",
)
_ONSETS = (r"^FACE_ON\b", r"^SYNCTIME\b", r"^DISPLAY ON\b", r"^!V\s+IMGLOAD\b")
_OFFSET = r"^FACE_OFF\b"
_VARIABLE = re.compile(r"(?:!?V\s+TRIAL_VAR\s+(\S+)\s*(.*)|var\s+(\S+)\s*(.*))", re.DOTALL)
_LABELS = re.compile(r"(?:!?V\s+)?TRIAL_VAR_LABELS\s+(.*)", re.DOTALL)
_DATA = re.compile(r"(?:!?V\s+)?TRIAL_VAR_DATA\s+(.*)", re.DOTALL)
_FACE = re.compile(r"FACE_ON\s+(\S+)")
_NUMBER = r"\s+(-?[\d.]+)"
_PICTURE = re.compile(
    rf"!V\s+IMGLOAD\s+(CENTER|TOP_LEFT)\s+(.+?){_NUMBER}{_NUMBER}(?:{_NUMBER}{_NUMBER})?\s*$"
)
_FILLING = re.compile(r"!V\s+IMGLOAD\s+FILL\s+(.+?)\s*$")
_DISPLAY = re.compile(rf"(?:DISPLAY|GAZE)_COORDS\s*=?{_NUMBER * 4}")

Found = list[tuple[int, re.Match[str]]]
Rect = tuple[float, float, float, float]


def search(pattern: str, texts: Sequence[str]) -> Found:
    """Find a pattern in messages.

    Parameters
    ----------
    pattern : str
        A regular expression.
    texts : sequence of str
        The messages.

    Returns
    -------
    list of tuple of int and Match
        The places of the messages that hold it, and the matches.

    Examples
    --------
    >>> [place for place, _ in search("^on", ["on 1", "off 1", "on 2"])]
    [0, 2]
    """
    compiled = re.compile(pattern)
    hits = ((index, compiled.search(text)) for index, text in enumerate(texts))
    return [(index, match) for index, match in hits if match is not None]


def named_groups(match: re.Match[str]) -> dict[str, str]:
    """Take the named groups of a match as trial variables, ``trial`` apart."""
    groups = {name: (value or "").strip() for name, value in match.groupdict().items()}
    return {f"var_{name}": value for name, value in groups.items() if name != "trial"}


def variable_labels(texts: Sequence[str]) -> list[str]:
    """Find the names that ``TRIAL_VAR_LABELS`` declares for all ``TRIAL_VAR_DATA`` lines.

    Examples
    --------
    >>> variable_labels(["TRIAL_VAR_LABELS side load"])
    ['side', 'load']
    """
    found = [match[1].split() for match in map(_LABELS.match, texts) if match is not None]
    return found[-1] if found else []


def display_rect(texts: Sequence[str]) -> Rect | None:
    """Find the display that a recording was made for.

    Examples
    --------
    >>> display_rect(["DISPLAY_COORDS = 0 0 1919 1079"])
    (0.0, 0.0, 1920.0, 1080.0)
    """
    for text in texts:
        if match := _DISPLAY.match(text):
            left, top, right, bottom = (float(value) for value in match.groups())
            return left, top, right - left + 1, bottom - top + 1
    return None


def trial_content(
    texts: Sequence[str],
    times: np.ndarray,
    bounds: tuple[float, float],
    recorded: np.ndarray,
    settings: TrialSettings,
    labels: Sequence[str] = (),
    display: Rect | None = None,
) -> dict[str, Any]:
    """Read a trial's messages.

    Parameters
    ----------
    texts : sequence of str
        Its messages.
    times : ndarray, shape (n_messages,)
        Their times in ms.
    bounds : tuple of float
        When the trial began, and when the next one began or the recording ended.
    recorded : ndarray, shape (n_blocks, 2)
        Start and end of the recording's blocks, in ms.
    settings : TrialSettings
        The patterns.
    labels : sequence of str, default ()
        Names of the values in ``TRIAL_VAR_DATA``.
    display : tuple of float, optional
        Left, top, width and height of the display, for pictures that fill it.

    Returns
    -------
    dict
        end_ms and end_message, the epoch with its messages (an onset of NaN where the user's
        pattern matches none), image_id and place of the picture where a message says them,
        ``var_NAME`` for each variable. An edge of the epoch that no message marks is moved to
        where the tracker recorded.
    """
    start_ms, next_ms = bounds
    end = _first(settings.end, _ENDS, texts)
    end_ms = float(times[end[0]]) if end else next_ms
    inside = recorded[(recorded[:, 1] > start_ms) & (recorded[:, 0] < end_ms)]
    if end is None:  # the block in which the next trial begins is that trial's
        inside = inside[(inside[:, 0] <= start_ms) | (inside[:, 1] <= next_ms)]
    edges = (start_ms, end_ms)
    if len(inside):
        edges = (max(start_ms, float(inside[0, 0])), min(end_ms, float(inside[-1, 1])))
    content = _epoch(texts, times, edges, settings)
    onset_ms = content["face_onset_ms"]
    return (
        {"end_ms": end_ms, "end_message": texts[end[0]] if end else ""}
        | content
        | (named_groups(end[1]) if end else {})
        | _picture(texts, times, start_ms if np.isnan(onset_ms) else onset_ms, display)
        | _named_picture(texts, settings)
        | _variables(texts, labels)
    )


def _epoch(
    texts: Sequence[str], times: np.ndarray, edges: tuple[float, float], settings: TrialSettings
) -> dict[str, Any]:
    """Find onset and offset of the picture; the trial's edges stand in for missing messages."""
    onset_ms, offset_ms = edges
    content: dict[str, Any] = {"onset_message": "", "offset_message": ""}
    onset = _first(settings.onset, _ONSETS, texts)
    if onset is not None:
        onset_ms = float(times[onset[0]])
        content |= {"onset_message": texts[onset[0]]} | named_groups(onset[1])
    elif settings.onset:
        return content | {"face_onset_ms": float("nan"), "face_offset_ms": float("nan")}
    for index, match in search(settings.offset or _OFFSET, texts):
        if times[index] > onset_ms:
            offset_ms = float(times[index])
            content |= {"offset_message": texts[index]} | named_groups(match)
            break
    return content | {"face_onset_ms": onset_ms, "face_offset_ms": max(offset_ms, onset_ms)}


def _first(
    own: str, defaults: tuple[str, ...], texts: Sequence[str]
) -> tuple[int, re.Match[str]] | None:
    """Find the first message of the user's pattern, or of the first default that has any."""
    patterns = (own,) if own else defaults
    return next((hits[0] for hits in (search(p, texts) for p in patterns) if hits), None)


def _variables(texts: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Read the trial's variables; what is said last counts."""
    variables: dict[str, str] = {}
    for text in texts:
        if match := _VARIABLE.match(text):
            name, value = (match[1], match[2]) if match[1] else (match[3], match[4])
            variables[f"var_{name}"] = value.strip()
        elif match := _DATA.match(text):
            values = match[1].split()
            variables |= {f"var_{name}": value for name, value in zip(labels, values, strict=False)}
    return variables


def _named_picture(texts: Sequence[str], settings: TrialSettings) -> dict[str, str]:
    """Take the picture's name by the user's pattern."""
    found = search(settings.picture, texts) if settings.picture else []
    if not found:
        return {}
    match = found[0][1]
    return {"image_id": stem(match.groupdict().get("image") or match[0])}


def _picture(
    texts: Sequence[str], times: np.ndarray, onset_ms: float, display: Rect | None
) -> dict[str, Any]:
    """Find which picture was shown where: of several, the one loaded nearest to the onset."""
    found: list[tuple[float, dict[str, Any]]] = []
    for text, time in zip(texts, times.tolist(), strict=True):
        if match := _PICTURE.match(text):
            x, y, width, height = (float(value or "nan") for value in match.groups()[2:])
            if match[1] == "CENTER":
                x, y = x - width / 2, y - height / 2
            rect = dict(zip(RECT, (x, y, width, height), strict=True))
            found.append((abs(time - onset_ms), {"image_id": stem(match[2])} | rect))
        elif match := _FILLING.match(text):
            rect = dict(zip(RECT, display, strict=True)) if display else {}
            found.append((abs(time - onset_ms), {"image_id": stem(match[1])} | rect))
    picture = min(found, key=lambda item: item[0])[1] if found else {}
    faces = [match[1] for match in map(_FACE.match, texts) if match is not None]
    return picture | ({"image_id": stem(faces[0])} if faces else {})


def stem(file: str) -> str:
    r"""Take a picture's name from its path, written on any system.

    Examples
    --------
    >>> stem(r"C:\faces\AF02HAS.JPG"), stem("../img/face 1.png")
    ('AF02HAS', 'face 1')
    """
    name = file.strip().replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] if "." in name else name
