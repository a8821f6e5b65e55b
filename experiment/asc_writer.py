"""The recording of a session, written as EyeLink's own converter writes it, block by block."""

import os
from datetime import datetime
from pathlib import Path
from types import TracebackType

import numpy as np

from experiment import asc_lines
from experiment.calibration import Validation
from experiment.gaze_trace import SAMPLE_MS, Blink, Fixation, GazeTrace, Saccade
from experiment.messages import check_length
from stimuli.frames import Screen
from study.errors import InputError

# Order of lines at one time: events that ended one sample earlier, messages, events that begin.
_ENDS, _MESSAGES, _STARTS = range(3)


class AscWriter:
    """A growing ASC file of one eye at 1000 Hz.

    Messages go into the file as they come; within a recording block they wait for the block's
    samples, among which they stand in the order of time.

    Parameters
    ----------
    path : Path
        The file, which must not exist.
    screen : Screen
        What the gaze's coordinates refer to.
    recorded : datetime
        When the recording began, for the header.
    recorder : str
        What recorded, for the header.

    Raises
    ------
    InputError
        If there is such a file: recordings are never overwritten.
    """

    def __init__(self, path: Path, screen: Screen, recorded: datetime, recorder: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = path.open("xb")
        except FileExistsError as error:
            raise InputError(
                f"A recording needs a file of its own, but {path} exists. "
                "Move it away, or record another session."
            ) from error
        self._screen = screen
        self._block_start_ms: int | None = None
        self._waiting: list[tuple[int, str]] = []
        self._write(asc_lines.header(recorded, recorder))

    def message(self, time_ms: int, text: str) -> None:
        """Write a message.

        Parameters
        ----------
        time_ms : int
            Time on the tracker's clock.
        text : str
            One line of at most 128 characters.
        """
        self._write_or_wait(time_ms, asc_lines.message(time_ms, check_length(text)))

    def calibration(self, time_ms: int, validation: Validation) -> None:
        """Write a calibration with its targets.

        Parameters
        ----------
        time_ms : int
            Time on the tracker's clock.
        validation : Validation
            Its targets are the calibration's.
        """
        lines = asc_lines.calibration(time_ms, validation.points_px, self._screen)
        self._write_or_wait(time_ms, lines)

    def validation(self, time_ms: int, validation: Validation) -> None:
        """Write a validation.

        Parameters
        ----------
        time_ms : int
            Time on the tracker's clock.
        validation : Validation
            Targets and errors.
        """
        self._write_or_wait(time_ms, asc_lines.validation(time_ms, validation))

    def drift_check(
        self, time_ms: int, target_px: tuple[float, float], offset_px: tuple[float, float]
    ) -> None:
        """Write a drift check.

        Parameters
        ----------
        time_ms : int
            Time on the tracker's clock.
        target_px : tuple of float
            The target on the screen.
        offset_px : tuple of float
            Measured gaze minus target.
        """
        line = asc_lines.drift_check(time_ms, target_px, offset_px, self._screen)
        self._write_or_wait(time_ms, line)

    def start_block(self, time_ms: int) -> None:
        """Begin a recording block.

        Parameters
        ----------
        time_ms : int
            Time of its first sample on the tracker's clock.
        """
        if self._block_start_ms is not None:
            raise ValueError(f"a block began at {self._block_start_ms} ms and has not ended")
        self._write(asc_lines.block_start(time_ms, self._screen))
        self._block_start_ms = time_ms

    def end_block(self, trace: GazeTrace) -> None:
        """End a recording block with what was recorded in it.

        Parameters
        ----------
        trace : GazeTrace
            Samples and events on the tracker's clock, from the block's first sample on.
        """
        if self._block_start_ms is None or trace.time_ms[0] != self._block_start_ms:
            raise ValueError(
                f"a block's samples must begin with it, at {self._block_start_ms} ms, but begin "
                f"at {trace.time_ms[0]} ms"
            )
        end_ms = int(trace.time_ms[-1]) + SAMPLE_MS
        within = [item for item in self._waiting if item[0] <= end_ms]
        self._file.write(_merge(trace, within))
        self._write(asc_lines.block_end(end_ms, self._screen))
        for _, line in sorted(item for item in self._waiting if item[0] > end_ms):
            self._write(line)
        self._block_start_ms = None
        self._waiting = []

    def flush(self) -> None:
        """Force what has been written to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; messages of a block that never ended are kept."""
        if self._file.closed:
            return
        for _, line in self._waiting:
            self._write(line)
        self._waiting = []
        self._file.close()

    def __enter__(self) -> "AscWriter":
        """Use the writer for the length of a block of code."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _write_or_wait(self, time_ms: int, lines: str) -> None:
        """Write at once between blocks; within one, wait for its samples."""
        if self._block_start_ms is None:
            self._write(lines)
        else:
            self._waiting.append((time_ms, lines))

    def _write(self, lines: str) -> None:
        """Write lines as they are."""
        self._file.write(lines.encode("utf-8"))


def _merge(trace: GazeTrace, messages: list[tuple[int, str]]) -> bytes:
    """Put samples, events and messages of a block into the order of time."""
    lines, starts = asc_lines.sample_lines(trace)
    first_ms = int(trace.time_ms[0])
    # A blink lies within a saccade: it begins after it and ends before it.
    events: list[Fixation | Saccade | Blink]
    events = [*trace.fixations, *trace.saccades, *trace.blinks]
    between = [(time_ms - first_ms, _MESSAGES, line) for time_ms, line in messages]
    between += [(e.start_ms - first_ms, _STARTS, asc_lines.event_start(e)) for e in events]
    between += [(e.end_ms - first_ms + SAMPLE_MS, _ENDS, asc_lines.event_end(e)) for e in events]
    between.sort(key=lambda item: item[:2])
    pieces, written = [], 0
    for place, _, line in between:
        place = int(np.clip(place, 0, len(trace.time_ms)))
        pieces += [lines[starts[written] : starts[place]], line.encode("utf-8")]
        written = place
    return b"".join([*pieces, lines[starts[written] :]])
