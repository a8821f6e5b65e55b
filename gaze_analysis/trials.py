"""Recordings cut into trials: where each begins, what was shown in it, when and where."""

import re
from typing import Any

import numpy as np
import pandas as pd

from study.settings.gaze_recordings import TrialSettings

# What programs write at the start of a trial: Data Viewer's protocol, OpenSesame.
_STARTS = (r"(?:^|\s)TRIALID\s*(?P<trial>.*)", r"^start_trial\s*(?P<trial>\S*)")
_ENDS = r"^(TRIAL_RESULT|stop_trial|end_trial|TRIAL[_ ](OK|END|ERROR|ABORTED)|END_TRIAL)"
_ONSETS = (r"^FACE_ON\b", r"^SYNCTIME\b", r"^!V\s+IMGLOAD\b")
_OFFSET = r"^FACE_OFF\b"
_VARIABLE = re.compile(r"(?:!V\s+TRIAL_VAR\s+(\S+)\s*(.*)|var\s+(\S+)\s*(.*))", re.DOTALL)
_FACE = re.compile(r"FACE_ON\s+(\S+)")
_NUMBER = r"\s+(-?[\d.]+)"
_PICTURE = re.compile(
    rf"!V\s+IMGLOAD\s+(CENTER|TOP_LEFT)\s+(\S+){_NUMBER}{_NUMBER}(?:{_NUMBER}{_NUMBER})?"
)
_FILLING = re.compile(r"!V\s+IMGLOAD\s+FILL\s+(\S+)")
_RECT = ("picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px")


def find_trials(
    messages: pd.DataFrame, blocks: pd.DataFrame, settings: TrialSettings
) -> pd.DataFrame:
    """Find the trials of one session in its recordings' messages.

    Parameters
    ----------
    messages : pandas.DataFrame
        part, block, time_ms and text of all messages, in the order of the recording.
    blocks : pandas.DataFrame
        part, block, start_ms, end_ms, first_sample_ms, last_sample_ms of its blocks.
    settings : TrialSettings
        What begins and ends a trial and its picture.

    Returns
    -------
    pandas.DataFrame
        One row for each trial: part, trial (the whole number after TRIALID, or the place
        in the session from 1 where there is none), label, start_ms, end_ms, next_ms,
        face_onset_ms, face_offset_ms, onset_message (empty where the trial's start stands
        for the onset), image_id, the picture's place on the screen, and ``var_NAME`` for each
        trial variable.
    """
    rows: list[dict[str, Any]] = []
    for part in sorted(messages["part"].unique().tolist()):
        own = messages[messages["part"] == part].reset_index(drop=True)
        rows += _trials_of_part(part, own, blocks[blocks["part"] == part], settings)
    if not rows:
        rows = [
            row
            for part in sorted(blocks["part"].unique().tolist())
            for row in _trials_of_blocks(part, blocks[blocks["part"] == part])
        ]
    frame = pd.DataFrame(rows, columns=_ordered(rows))
    frame["trial"] = _trial_numbers(frame["label"])
    return frame


def _ordered(rows: list[dict[str, Any]]) -> list[str]:
    """Give the fixed columns, then the variables in the order of their first appearance."""
    fixed = [
        "part", "trial", "label", "start_ms", "end_ms", "next_ms", "face_onset_ms",
        "face_offset_ms", "onset_message", "image_id", *_RECT,
    ]  # fmt: skip
    more = dict.fromkeys(name for row in rows for name in row if name not in fixed)
    return [*fixed, *more]


def _trials_of_part(
    part: int, messages: pd.DataFrame, blocks: pd.DataFrame, settings: TrialSettings
) -> list[dict[str, Any]]:
    """Cut the messages of one file at the lines that begin a trial."""
    texts = messages["text"].tolist()
    times = messages["time_ms"].to_numpy(float)
    patterns = [settings.start] if settings.start else list(_STARTS)
    found = next((hits for hits in (_search(p, texts) for p in patterns) if hits), [])
    if not found:
        return _trials_of_blocks(part, blocks, texts, times, settings)
    last_ms = _last_time(blocks, times)
    rows = []
    for place, (index, match) in enumerate(found):
        stop = found[place + 1][0] if place + 1 < len(found) else len(texts)
        next_ms = times[stop] if stop < len(texts) else last_ms
        row = {"part": part, "label": None} | _named_groups(match)
        row |= {"start_ms": times[index], "next_ms": max(next_ms, times[index])}
        row |= _trial_content(texts[index:stop], times[index:stop], row, settings)
        rows.append(row)
    return rows


def _trials_of_blocks(
    part: int,
    blocks: pd.DataFrame,
    texts: list[str] | None = None,
    times: np.ndarray | None = None,
    settings: TrialSettings | None = None,
) -> list[dict[str, Any]]:
    """Take each recording block as a trial, where no message begins one."""
    rows = []
    starts = blocks["start_ms"].fillna(blocks["first_sample_ms"]).to_numpy(float)
    ends = blocks["end_ms"].fillna(blocks["last_sample_ms"]).to_numpy(float)
    for label, start, end in zip(blocks["block"], starts.tolist(), ends.tolist(), strict=True):
        if not start <= end:
            continue
        row: dict[str, Any] = {"part": part, "label": str(label)}
        row |= {"start_ms": start, "next_ms": end}
        if texts is not None and times is not None and settings is not None:
            inside = (times >= start) & (times <= end)
            own = [text for text, keep in zip(texts, inside, strict=True) if keep]
            row |= _trial_content(own, times[inside], row, settings)
        else:
            row |= {"end_ms": end, "face_onset_ms": start, "face_offset_ms": end}
        rows.append(row)
    return rows


def _search(pattern: str, texts: list[str]) -> list[tuple[int, re.Match[str]]]:
    """Find a pattern in messages: their places, and the matches."""
    compiled = re.compile(pattern)
    hits = ((index, compiled.search(text)) for index, text in enumerate(texts))
    return [(index, match) for index, match in hits if match is not None]


def _last_time(blocks: pd.DataFrame, times: np.ndarray) -> float:
    """Give the end of what a file holds."""
    ends = blocks[["end_ms", "last_sample_ms"]].to_numpy(float)
    return float(np.nanmax(np.concatenate([ends.ravel(), times])))


def _named_groups(match: re.Match[str]) -> dict[str, Any]:
    """Take what the start of a trial says: its label, and the user's own groups."""
    groups = {name: (value or "").strip() for name, value in match.groupdict().items()}
    label = groups.pop("trial", None) or None
    return {"label": label} | {f"var_{name}": value for name, value in groups.items()}


def _trial_content(
    texts: list[str], times: np.ndarray, row: dict[str, Any], settings: TrialSettings
) -> dict[str, Any]:
    """Read a trial's messages: its end, its epoch, its picture and its variables."""
    ends = _search(settings.end or _ENDS, texts)
    end_ms = float(times[ends[0][0]]) if ends else row["next_ms"]
    patterns = [settings.onset] if settings.onset else list(_ONSETS)
    onsets = next((hits for hits in (_search(p, texts) for p in patterns) if hits), [])
    onset_ms = float(times[onsets[0][0]]) if onsets else row["start_ms"]
    offsets = [i for i, _ in _search(settings.offset or _OFFSET, texts) if times[i] > onset_ms]
    offset_ms = float(times[offsets[0]]) if offsets else end_ms
    content: dict[str, Any] = {
        "end_ms": end_ms,
        "face_onset_ms": onset_ms,
        "face_offset_ms": max(offset_ms, onset_ms),
        "onset_message": texts[onsets[0][0]] if onsets else "",
    }
    content |= _picture(texts, times, onset_ms)
    for text in texts:
        match = _VARIABLE.match(text)
        if match is not None:
            name, value = (match[1], match[2]) if match[1] else (match[3], match[4])
            content[f"var_{name}"] = value.strip()
    return content


def _picture(texts: list[str], times: np.ndarray, onset_ms: float) -> dict[str, Any]:
    """Find which picture was shown where: of several, the one loaded nearest to the onset."""
    found: list[tuple[float, dict[str, Any]]] = []
    for text, time in zip(texts, times.tolist(), strict=True):
        if match := _PICTURE.match(text):
            x, y, width, height = (float(value or "nan") for value in match.groups()[2:])
            if match[1] == "CENTER":
                x, y = x - width / 2, y - height / 2
            rect = dict(zip(_RECT, (x, y, width, height), strict=True))
            found.append((abs(time - onset_ms), {"image_id": _stem(match[2])} | rect))
        elif match := _FILLING.match(text):
            found.append((abs(time - onset_ms), {"image_id": _stem(match[1])}))
    picture = min(found, key=lambda item: item[0])[1] if found else {}
    faces = [match[1] for match in map(_FACE.match, texts) if match is not None]
    return picture | ({"image_id": _stem(faces[0])} if faces else {})


def _stem(file: str) -> str:
    """Take a picture's name from its path, written on any system."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] if "." in name else name


def _trial_numbers(labels: pd.Series) -> pd.Series:
    """Give each trial the number in its label where all have one, else its place."""
    first = labels.astype("str").str.extract(r"^(\d{1,9})\b", expand=False)
    if len(labels) and first.notna().all():
        return first.astype("int64")
    return pd.Series(np.arange(1, len(labels) + 1), index=labels.index, dtype="int64")
