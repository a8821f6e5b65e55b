"""The recording of a session, written as EyeLink's own converter writes it, stretch by stretch."""

import os
from collections import deque
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from experiment import asc_lines, asc_samples
from experiment.asc_lines import Event, OneEye, PupilSize
from experiment.calibration import Validation
from experiment.gaze_trace import SAMPLE_MS, GazeTrace
from experiment.messages import check_length
from stimuli.frames import Screen
from study.errors import InputError

# Order of lines at one time: events that ended one sample earlier, messages, events that begin.
_ENDS, _MESSAGES, _STARTS = range(3)


class AscWriter:
    """A growing ASC file of one eye at 1000 Hz.

    Messages go into the file as they come; within a recording block they wait for the block's
    samples, among which they stand in the order of time. Each write is of whole lines, so that
    a file that is cut off by a full disk or a killed program can be read up to there. Within a
    block one thread may give messages while another one gives gaze.

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
    eye : {"left", "right"}, default "right"
        The eye that is recorded.
    pupil : {"area", "diameter"}, default "area"
        What pupil sizes are.

    Raises
    ------
    InputError
        If there is such a file: recordings are never overwritten.
    """

    def __init__(
        self,
        path: Path,
        screen: Screen,
        recorded: datetime,
        recorder: str,
        eye: OneEye = "right",
        pupil: PupilSize = "area",
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError as error:
            raise InputError(
                f"A recording needs a file of its own, but {path} exists. "
                "Move it away, or record another session."
            ) from error
        self._screen = screen
        self._eye, self._pupil = eye, pupil
        # The next sample that a block under way needs.
        self._next_ms: int | None = None
        self._waiting: deque[tuple[int, str]] = deque()
        self._write(asc_lines.header(recorded, recorder).encode("utf-8"))

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
        lines = asc_lines.calibration(time_ms, validation.points_px, self._screen, self._eye)
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
        self._write_or_wait(time_ms, asc_lines.validation(time_ms, validation, self._eye))

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
        line = asc_lines.drift_check(time_ms, target_px, offset_px, self._screen, self._eye)
        self._write_or_wait(time_ms, line)

    def start_block(self, time_ms: int) -> None:
        """Begin a recording block.

        Parameters
        ----------
        time_ms : int
            Time of its first sample on the tracker's clock.
        """
        if self._next_ms is not None:
            raise ValueError("a block must end before the next one begins")
        lines = asc_lines.block_start(time_ms, self._screen, self._eye, self._pupil)
        self._write(lines.encode("utf-8"))
        self._next_ms = time_ms

    def add(self, stretch: GazeTrace) -> None:
        """Write the next stretch of a block, with the messages whose time lies before its end.

        Parameters
        ----------
        stretch : GazeTrace
            Samples on the tracker's clock, one or more, from the block's start or the last
            stretch on. Its events are all that overlap with it; one that ends later is under way.
        """
        first_ms, stop_ms = int(stretch.time_ms[0]), int(stretch.time_ms[-1]) + SAMPLE_MS
        if first_ms != self._next_ms:
            raise ValueError(
                f"the next sample must be that of {self._next_ms} ms, but is that of {first_ms} ms"
            )
        messages = []
        while self._waiting and self._waiting[0][0] < stop_ms:
            messages.append(self._waiting.popleft())
        try:
            self._write(_merge(stretch, messages, self._eye))
        except OSError:
            self._waiting.extendleft(reversed(messages))
            raise
        self._next_ms = stop_ms

    def end_block(self, last: GazeTrace) -> None:
        """End a recording block.

        Parameters
        ----------
        last : GazeTrace
            Its last stretch, or all of it, at whose end all events end.
        """
        self.add(last)
        self.break_off()

    def break_off(self) -> None:
        """End a block with the samples that it has; without one under way, do nothing."""
        if self._next_ms is None:
            return
        waiting = sorted(self._waiting, key=lambda item: item[0])
        before = [line for time_ms, line in waiting if time_ms <= self._next_ms]
        end = asc_lines.block_end(self._next_ms, self._screen)
        after = [line for time_ms, line in waiting if time_ms > self._next_ms]
        self._write("".join([*before, end, *after]).encode("utf-8"))
        self._next_ms = None
        self._waiting.clear()

    def flush(self) -> None:
        """Force what has been written to the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, after the end of a block if there is room for it."""
        if not self._file.closed:
            with suppress(OSError):
                self.break_off()
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
        if self._next_ms is None:
            self._write(lines.encode("utf-8"))
        else:
            self._waiting.append((time_ms, lines))

    def _write(self, lines: bytes) -> None:
        """Write whole lines at once, or none of them."""
        begin, written = self._file.tell(), 0
        try:
            while written < len(lines):
                written += self._file.write(lines[written:])
        except OSError:
            self._file.truncate(begin)
            self._file.seek(begin)
            raise


def _merge(trace: GazeTrace, messages: list[tuple[int, str]], eye: OneEye) -> bytes:
    """Put samples, events and messages of a stretch into the order of time."""
    lines, starts = asc_samples.sample_lines(trace)
    first_ms, last_ms = int(trace.time_ms[0]), int(trace.time_ms[-1])
    # A blink lies within a saccade: it begins after it and ends before it.
    events: list[Event] = [*trace.fixations, *trace.saccades, *trace.blinks]
    between = [(time_ms, _MESSAGES, line) for time_ms, line in messages]
    between += [
        (event.start_ms, _STARTS, asc_lines.event_start(event, eye))
        for event in events
        if event.start_ms >= first_ms
    ]
    between += [
        (event.end_ms + SAMPLE_MS, _ENDS, asc_lines.event_end(event, eye))
        for event in events
        if event.end_ms <= last_ms
    ]
    between.sort(key=lambda item: item[:2])
    pieces, written = [], 0
    for time_ms, _, line in between:
        place = min(max(time_ms - first_ms, 0), len(trace.time_ms))
        pieces += [lines[starts[written] : starts[place]], line.encode("utf-8")]
        written = place
    return b"".join([*pieces, lines[starts[written] :]])
