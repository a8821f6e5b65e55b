"""Whether a recording's clock goes on throughout, as times of trials and events need it to."""

from pathlib import Path

import numpy as np
import pandas as pd

from gaze_analysis.eyelink.recording import Recording
from study.errors import InputError

# Stamps of neighbouring blocks may overlap by a few samples; another recording is further away.
_BACK_MS = 1000.0


def check_clock(recording: Recording, path: Path) -> None:
    """Refuse a file that holds several recordings one after the other.

    Times would mean two things in it: events of one recording would lie in trials of the other.

    Parameters
    ----------
    recording : Recording
        What the file holds.
    path : Path
        The file, for the message.

    Raises
    ------
    InputError
        If the clock goes back by more than a second.
    """
    stamps = _stamps(recording)
    time_ms = stamps["stamp_ms"].to_numpy()
    back = np.flatnonzero(np.diff(time_ms) < -_BACK_MS)
    if not len(back):
        return
    i = int(back[0])
    before, line = time_ms[i], int(stamps["line"].iloc[i + 1])
    messages = recording.messages
    between = messages["line"].between(int(stamps["line"].iloc[i]), line)
    late = messages.loc[between & (messages["stamp_ms"] < before - _BACK_MS), "line"]
    line = int(min(late.min(), line)) if len(late) else line
    raise InputError(
        f"A recording must have one clock, but in {path} it goes back from {before:.0f} to "
        f"{time_ms[i + 1]:.0f} ms: a second recording begins before line {line}. Cut the file "
        "there, and name the pieces sub-ID_ses-LABEL_part-1.asc and sub-ID_ses-LABEL_part-2.asc."
    )


def _stamps(recording: Recording) -> pd.DataFrame:
    """List stamps in the file's order: of samples, else of the ends of events."""
    if len(recording.samples):
        return recording.samples[["line", "time_ms"]].rename(columns={"time_ms": "stamp_ms"})
    ends = pd.concat([recording.fixations, recording.saccades, recording.blinks])
    stamps = ends[["line", "offset_ms"]].rename(columns={"offset_ms": "stamp_ms"})
    return stamps.sort_values("line", ignore_index=True)
