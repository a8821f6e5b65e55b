"""Files that hold several recordings, one after the other: told by a clock that goes back."""

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from gaze_analysis.eyelink.recording import Recording

# Stamps of neighbouring blocks may overlap by a few samples; another recording is further away.
_BACK_MS = 1000.0


def split_at_clock(recording: Recording) -> list[Recording]:
    """Take the recordings of one file apart, each with a clock that goes on throughout.

    Together, times would mean two things: events of one would lie in trials of the other.

    Parameters
    ----------
    recording : Recording
        What the file holds.

    Returns
    -------
    list of Recording
        The recording itself; or, where the clock goes back by more than a second, the pieces
        between, each with the lines of its own (``info["n_lines"]`` are those as well).
    """
    begins = _first_lines(recording)
    if not begins:
        return [recording]
    bounds = [1, *begins, int(recording.info["n_lines"]) + 1]
    return [_lines_between(recording, first, end) for first, end in pairwise(bounds)]


def _lines_between(recording: Recording, first: int, end: int) -> Recording:
    """Take what stands in some lines of a file."""
    tables = {}
    for field in fields(recording):
        table = getattr(recording, field.name)
        if isinstance(table, pd.DataFrame):
            # Block 0, what stands before any START, is said to be in line 0.
            lines = table["line"].clip(lower=1)
            tables[field.name] = table[(lines >= first) & (lines < end)].reset_index(drop=True)
    return replace(recording, **tables, info=recording.info | {"n_lines": end - first})


def _first_lines(recording: Recording) -> list[int]:
    """Find the lines at which another recording begins: its messages stand before its samples."""
    stamps = _stamps(recording)
    time_ms, lines = stamps["stamp_ms"].to_numpy(), stamps["line"].to_numpy()
    messages = recording.messages
    begins = []
    for i in np.flatnonzero(np.diff(time_ms) < -_BACK_MS).tolist():
        between = messages["line"].between(lines[i], lines[i + 1])
        late = messages.loc[between & (messages["stamp_ms"] < time_ms[i] - _BACK_MS), "line"]
        blocks = recording.blocks["line"]
        starts = blocks[blocks.between(lines[i] + 1, lines[i + 1])]
        begins.append(int(min([*late.head(1), *starts.head(1), lines[i + 1]])))
    return begins


def _stamps(recording: Recording) -> pd.DataFrame:
    """List stamps in the file's order: of samples, else of the ends of events."""
    if len(recording.samples):
        return recording.samples[["line", "time_ms"]].rename(columns={"time_ms": "stamp_ms"})
    ends = pd.concat([recording.fixations, recording.saccades, recording.blinks])
    stamps = ends[["line", "offset_ms"]].rename(columns={"offset_ms": "stamp_ms"})
    return stamps.sort_values("line", ignore_index=True)
