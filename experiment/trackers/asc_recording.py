"""The recording of a tracker that has no computer of its own: its clock, its thread, its file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event, RLock, Thread

import numpy as np

from experiment import asc_samples
from experiment.asc_lines import OneEye, PupilSize
from experiment.asc_writer import AscWriter
from experiment.calibration import Validation
from experiment.gaze_trace import SAMPLE_MS, GazeTrace
from experiment.trackers.protocol import Eye, TrackerLostError
from stimuli.frames import Screen

#: Gives the gaze of a block between two times of the clock: the first sample, one after the last,
#: and whether the block ends with it. Is called in the recording's thread, stretch after stretch.
GazeSource = Callable[[int, int, bool], GazeTrace]

_WRITE_EVERY_S = 0.04
_SYNC_EVERY_S = 1.0
# A tracker that has been on for a while: its clock does not begin with the session.
_CLOCK_START_MS = 600_000.0


def one_eye(eye: Eye) -> OneEye:
    """Choose the eye that a recording of one eye holds.

    Parameters
    ----------
    eye : {"left", "right", "both"}
        What is to be recorded.

    Returns
    -------
    {"left", "right"}
        Of both eyes the right one.

    Examples
    --------
    >>> one_eye("both")
    'right'
    """
    return "left" if eye == "left" else "right"


def no_gaze(first_ms: int, stop_ms: int, is_last: bool) -> GazeTrace:
    """Give samples in which no eye is seen.

    Parameters
    ----------
    first_ms, stop_ms : int
        The first sample, and one after the last.
    is_last : bool
        Not used: there is no event that could end.

    Returns
    -------
    GazeTrace
        Missing samples.
    """
    time_ms = np.arange(first_ms, stop_ms)
    missing = np.full(len(time_ms), np.nan)
    return GazeTrace(time_ms, missing, missing, missing, (), (), ())


def clock_s() -> float:
    """Read the computer's clock.

    Returns
    -------
    float
        Seconds; it never goes back.
    """
    return time.perf_counter()


class AscRecording:
    """A session's ASC file, which a thread writes while a block is being recorded.

    Which samples there are follows from the clock alone: one for each millisecond from a block's
    start to its end, however late the window or the thread is. The thread writes those that have
    passed, with their messages, 25 times a second, and forces them to the disk once a second.

    Parameters
    ----------
    path : Path
        The file, which must not exist when it is opened.
    screen : Screen
        What the gaze's coordinates refer to.
    recorder : str
        What records, for the file's header.
    eye : {"left", "right"}
        The eye that is recorded.
    pupil : {"area", "diameter"}, default "area"
        What pupil sizes are.
    """

    def __init__(
        self,
        path: Path,
        screen: Screen,
        recorder: str,
        eye: OneEye,
        pupil: PupilSize = "area",
    ) -> None:
        self.path = path
        self.eye = eye
        #: The first sample of the block under way.
        self.start_ms: int | None = None
        #: Holds the recording still: what is read and said meanwhile belongs to one moment.
        self.lock = RLock()
        self._about = screen, recorder, pupil
        self._writer: AscWriter | None = None
        self._thread: Thread | None = None
        self._is_over = Event()
        self._error: Exception | None = None
        self._clock_start_s = clock_s()

    def open(self) -> None:
        """Open the file.

        Raises
        ------
        InputError
            If there is a recording of this name already.
        TrackerLostError
            If it cannot be written.
        """
        screen, recorder, pupil = self._about
        with self._told():
            self._writer = AscWriter(self.path, screen, datetime.now(), recorder, self.eye, pupil)
        asc_samples.prepare()

    def now_ms(self) -> float:
        """Read the clock.

        Returns
        -------
        float
            Milliseconds.
        """
        return 1000 * (clock_s() - self._clock_start_s) + _CLOCK_START_MS

    def newest_ms(self) -> int | None:
        """Say which sample is the latest that has passed.

        Returns
        -------
        int or None
            Its time; None where there has been none since the block began, or no block is.

        Raises
        ------
        TrackerLostError
            If the recording cannot be written any more.
        """
        self.check()
        newest_ms = int(self.now_ms()) - SAMPLE_MS
        return newest_ms if self.start_ms is not None and newest_ms >= self.start_ms else None

    def message(self, text: str) -> float:
        """Write a message at the millisecond that is running.

        Parameters
        ----------
        text : str
            The message.

        Returns
        -------
        float
            The exact time.

        Raises
        ------
        TrackerLostError
            If the recording cannot be written any more.
        """
        with self.lock, self._told():
            now_ms = self.now_ms()
            self._ready().message(int(now_ms), text)
        self.check()
        return now_ms

    def calibration(self, found: Validation, *, validate_only: bool) -> None:
        """Write a validation, and the calibration before it.

        Parameters
        ----------
        found : Validation
            Its targets are the calibration's, too.
        validate_only : bool
            Whether there was no calibration.

        Raises
        ------
        TrackerLostError
            If the recording cannot be written any more.
        """
        with self.lock, self._told():
            writer, now_ms = self._ready(), int(self.now_ms())
            if not validate_only:
                writer.calibration(now_ms, found)
            writer.validation(now_ms, found)

    def drift_check(self, target_px: tuple[float, float], offset_px: tuple[float, float]) -> None:
        """Write a drift check.

        Parameters
        ----------
        target_px : tuple of float
            The target on the screen.
        offset_px : tuple of float
            Measured gaze minus target.

        Raises
        ------
        TrackerLostError
            If the recording cannot be written any more.
        """
        with self.lock, self._told():
            self._ready().drift_check(int(self.now_ms()), target_px, offset_px)

    def start(self, gaze: GazeSource) -> None:
        """Begin a block with the millisecond that is running.

        Parameters
        ----------
        gaze : callable
            Gives the block's gaze.

        Raises
        ------
        TrackerLostError
            If the recording cannot be written any more.
        """
        with self._told():
            writer, start_ms = self._ready(), int(self.now_ms())
            writer.start_block(start_ms)
        self._is_over.clear()
        self._thread = Thread(target=self._record, args=(gaze, start_ms), daemon=True)
        self.start_ms = start_ms
        self._thread.start()

    def stop(self) -> None:
        """End the block and force it to the disk; without one under way, do nothing.

        Raises
        ------
        TrackerLostError
            If the recording could not be written to its end; what was written before is kept.
        """
        if self._thread is None:
            return
        self._is_over.set()
        self._thread.join()
        self._thread = self.start_ms = None
        try:
            self.check()
        finally:
            self._error = None

    def check(self) -> None:
        """Tell what the thread ran into.

        Raises
        ------
        TrackerLostError
            If the recording cannot be written any more.
        """
        if self._error is not None:
            with self._told():
                raise self._error

    def close(self) -> list[Path]:
        """Close the file, after the end of a block that is under way; a second call does nothing.

        Returns
        -------
        list of Path
            The recording; nothing where it was never opened.

        Raises
        ------
        TrackerLostError
            If it could not be written to its end; what was written before is kept.
        """
        if self._writer is None:
            return []
        with self._told():
            try:
                self.stop()
            finally:
                self._writer.close()
        return [self.path]

    def _ready(self) -> AscWriter:
        """Give the file; a block that a full disk cut off ends as soon as there is room."""
        if self._writer is None:
            raise RuntimeError("the tracker must be connected first")
        if self._thread is None:
            self._writer.break_off()
        return self._writer

    def _record(self, gaze: GazeSource, start_ms: int) -> None:
        """Write a block while it is recorded: what the thread does."""
        try:
            self._record_until_over(gaze, start_ms)
        except Exception as error:
            # Whatever it is, the session's thread is told.
            self._error = error

    def _record_until_over(self, gaze: GazeSource, next_ms: int) -> None:
        """Write the gaze that has passed, again and again, until the block is over."""
        writer, synced_s, is_over = self._ready(), time.monotonic(), False
        while not is_over:
            is_over = self._is_over.wait(_WRITE_EVERY_S)
            stop_ms = self._passed_ms()
            # The end is at least one sample later, so that there is one at which events end.
            while is_over and stop_ms == next_ms:
                time.sleep(0.0005)
                stop_ms = self._passed_ms()
            if is_over:
                writer.end_block(gaze(next_ms, stop_ms, True))
            elif stop_ms > next_ms:
                writer.add(gaze(next_ms, stop_ms, False))
            next_ms = stop_ms
            if is_over or time.monotonic() - synced_s > _SYNC_EVERY_S:
                writer.flush()
                synced_s = time.monotonic()

    def _passed_ms(self) -> int:
        """Give the millisecond that is running; each message before it has been said."""
        with self.lock:
            return int(self.now_ms())

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell the experimenter what to do when the disk takes no more."""
        try:
            yield
        except OSError as error:
            raise TrackerLostError(
                f"The recording must be written to {self.path}, but the computer says: "
                f"{error.strerror or error}. Make room on the disk, or connect it again; what was "
                "written before is kept."
            ) from error
