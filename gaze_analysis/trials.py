"""Recordings cut into trials: where each begins, what was shown in it, when and where."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.trial_content import (
    RECT,
    display_rect,
    named_groups,
    search,
    trial_content,
    variable_labels,
)
from study.errors import InputError
from study.settings.gaze_recordings import TrialSettings

# What programs write at the start of a trial: Data Viewer's protocol, OpenSesame and others.
_STARTS = (
    r"(?:^|\s)TRIALID\b[\s:]*(?P<trial>.*)",
    r"(?i)^(?:start_trial|trial_start)[\s:_]*(?P<trial>\S*)",
)
_SYNCTIME = r"^SYNCTIME\b"
# What the tracker and its protocols write themselves says nothing about trials.
_TRACKERS_OWN = re.compile(
    r"!(CAL|MODE|CMD)|VALIDATE|DRIFTCORRECT|RECCFG|ELCL|GAZE_COORDS|DISPLAY_COORDS|THRESHOLDS|"
    r"PUPIL_DATA|CAMERA_|RETRACE|ENVIRONMENT|TRACKER_TIME|PRESCALER|!?V\s+TRIAL_VAR|var\s"
)
_NUMBERED = re.compile(r".*\d.*")
_N_SHOWN = 8


class UnmatchedPatternError(InputError):
    """A pattern of [gaze.trials] matches no message of a recording."""


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
        One row for each trial: part, trial (the whole number after TRIALID where all have one
        of their own, else the place in the session from 1), label, start_ms, end_ms, next_ms,
        face_onset_ms, face_offset_ms, the messages that mark start, end, onset and offset
        (empty where none does), image_id, the picture's place on the screen, ``repeated`` (broken
        off: the next row is the same trial again), and ``var_NAME`` for each trial variable.

    Raises
    ------
    UnmatchedPatternError
        If a pattern of the settings matches no message.
    """
    texts = messages["text"].tolist()
    _check_patterns(texts, settings)
    start = settings.start or _start_pattern(texts, blocks)
    parts = sorted(set(messages["part"].tolist()) | set(blocks["part"].tolist()))
    rows: list[dict[str, Any]] = []
    for part in parts:
        own = messages[messages["part"] == part]
        recording = _Recording(own, blocks[blocks["part"] == part], settings)
        found = recording.trials(start) if start else recording.blocks_as_trials()
        rows += [{"part": part} | row for row in found]
    frame = pd.DataFrame(rows, columns=_ordered(rows))
    frame["repeated"] = _repeated(frame["label"])
    frame["trial"] = _trial_numbers(frame["label"], frame["repeated"])
    return frame


def frequent_messages(texts: Iterable[str]) -> str:
    """Name the most frequent kinds of messages, as evidence of what a recording holds.

    Parameters
    ----------
    texts : iterable of str
        Messages; those of the tracker itself and trial variables are left out.

    Returns
    -------
    str
        An example of each kind, with its count.

    Examples
    --------
    >>> frequent_messages(["face 1 on", "face 2 on", "hello", "!MODE RECORD CR 1000 2 1 R"])
    "'face 1 on' (2 times), 'hello' (once)"
    """
    examples: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for text in texts:
        if not _TRACKERS_OWN.match(text):
            # Numbers, and words that hold some such as names of pictures, tell no kinds apart.
            first, *others = text.split() or [""]
            kind = re.sub(r"\d+", "#", " ".join([first, *(_NUMBERED.sub("#", w) for w in others)]))
            examples.setdefault(kind, text)
            counts[kind] += 1
    shown = [
        f"{examples[kind][:60]!r} ({'once' if count == 1 else f'{count} times'})"
        for kind, count in counts.most_common(_N_SHOWN)
    ]
    return ", ".join(shown) or "none but the tracker's own"


def _check_patterns(texts: list[str], settings: TrialSettings) -> None:
    """Refuse a pattern that matches nothing."""
    for name in ("start", "end", "onset", "offset", "picture"):
        pattern = getattr(settings, name)
        if pattern and not search(pattern, texts):
            raise UnmatchedPatternError(
                f"[gaze.trials] {name} must match messages, but {pattern!r} matches none of "
                f"{len(texts)} messages. The most frequent are {frequent_messages(texts)}. Correct "
                "the pattern in study.toml."
            )


def _start_pattern(texts: list[str], blocks: pd.DataFrame) -> str:
    """Find what begins trials in these messages; empty where only the blocks can tell."""
    for pattern in _STARTS:
        if search(pattern, texts):
            return pattern
    n_blocks = int((blocks["block"] > 0).sum())
    return _SYNCTIME if len(search(_SYNCTIME, texts)) > n_blocks else ""


def _ordered(rows: list[dict[str, Any]]) -> list[str]:
    """Give the fixed columns, then the variables in the order of their first appearance."""
    fixed = [
        "part", "trial", "label", "start_ms", "end_ms", "next_ms", "face_onset_ms",
        "face_offset_ms", "start_message", "end_message", "onset_message", "offset_message",
        "image_id", *RECT,
    ]  # fmt: skip
    more = dict.fromkeys(name for row in rows for name in row if name not in fixed)
    return [*fixed, *more]


class _Recording:
    """The messages and blocks of one file, which are cut into trials."""

    def __init__(
        self, messages: pd.DataFrame, blocks: pd.DataFrame, settings: TrialSettings
    ) -> None:
        self._texts = messages["text"].tolist()
        self._times = messages["time_ms"].to_numpy(float)
        self._settings = settings
        self._names = blocks["block"].tolist()
        self._recorded = self._block_times(messages, blocks)
        self._labels = variable_labels(self._texts)
        self._display = display_rect(self._texts)

    def _block_times(self, messages: pd.DataFrame, blocks: pd.DataFrame) -> np.ndarray:
        """Give start and end of each block; the last message where a block has no end."""
        starts = blocks["start_ms"].fillna(blocks["first_sample_ms"])
        ends = blocks[["end_ms", "last_sample_ms"]].astype(float).max(axis=1)
        last = messages.groupby("block")["time_ms"].max()
        return np.column_stack([starts, ends.fillna(blocks["block"].map(last))]).astype(float)

    def trials(self, start: str) -> list[dict[str, Any]]:
        """Cut at the messages that begin a trial."""
        found = search(start, self._texts)
        stops = [*(index for index, _ in found), len(self._texts)][1:]
        return [
            {"label": (match.groupdict().get("trial") or "").strip() or None}
            | {"start_message": self._texts[index]}
            | named_groups(match)
            | self._row(slice(index, stop), self._times[index], self._time_at(stop))
            for (index, match), stop in zip(found, stops, strict=True)
        ]

    def blocks_as_trials(self) -> list[dict[str, Any]]:
        """Take each recording block as a trial, where no message begins one."""
        rows = []
        for name, (start, end) in zip(self._names, self._recorded.tolist(), strict=True):
            if start <= end:
                inside = np.flatnonzero((self._times >= start) & (self._times <= end))
                row = {"label": str(name), "start_message": ""}
                rows.append(row | self._row(inside, start, end))
        return rows

    def _row(self, chosen: slice | np.ndarray, start_ms: float, next_ms: float) -> dict[str, Any]:
        """Describe one trial by its messages."""
        places = np.arange(len(self._texts))[chosen]
        texts = [self._texts[place] for place in places]
        bounds = (float(start_ms), max(float(start_ms), float(next_ms)))
        return {"start_ms": bounds[0], "next_ms": bounds[1]} | trial_content(
            texts, self._times[places], bounds, self._recorded, self._settings,
            self._labels, self._display,
        )  # fmt: skip

    def _time_at(self, place: int) -> float:
        """Give the time of a message, or the end of all that the file holds."""
        if place < len(self._texts):
            return float(self._times[place])
        return float(np.nanmax(np.concatenate([self._recorded[:, 1], self._times])))


def _repeated(labels: pd.Series) -> np.ndarray:
    """Tell which trials were broken off and done again at once.

    Numbers that come twice in a row mean that, but only if they name trials: if each of them
    is found nowhere else, and most of them once.
    """
    names = labels.where(_numbers(labels).notna()).tolist()
    again = np.array([a is not None and a == b for a, b in _successive(names)], dtype=bool)
    kept = labels[~again]
    if kept.duplicated().any() or kept.isna().any() or again.sum() >= len(kept):
        again[:] = False
    return again


def _successive(names: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    """Pair each name with the next one; the last one with none."""
    clean = [name if isinstance(name, str) else None for name in names]
    return zip_longest(clean, clean[1:])


def _numbers(labels: pd.Series) -> pd.Series:
    """Take the number with which a label begins."""
    return labels.astype("str").str.extract(r"^(\d{1,9})\b", expand=False)


def _trial_numbers(labels: pd.Series, repeated: pd.Series) -> pd.Series:
    """Give each trial the number in its label where all have one of their own, else its place."""
    first = _numbers(labels)
    if len(labels) and first.notna().all() and not first[~repeated].duplicated().any():
        return first.astype("int64")
    # A broken-off trial has the place of the one that counts, which follows it.
    places = np.cumsum(~repeated.to_numpy(bool)) + repeated.to_numpy(bool)
    return pd.Series(places, index=labels.index, dtype="int64")
