"""The clock and the recording of a tracker that has no computer of its own."""

import math
import time
from datetime import datetime
from pathlib import Path

from experiment.asc_writer import AscWriter
from experiment.gaze_trace import GazeTrace
from stimuli.frames import Screen


class AscRecording:
    """A session's ASC file and the clock that its times come from.

    Sample times follow from the clock at a block's start and end alone, so that no delay of the
    window can drop or double one.

    Parameters
    ----------
    path : Path
        The file, which must not exist when it is opened.
    screen : Screen
        What the gaze's coordinates refer to.
    recorder : str
        What records, for the file's header.
    """

    # A tracker that has been on for a while: its clock does not begin with the session.
    _CLOCK_START_MS = 600_000.0

    def __init__(self, path: Path, screen: Screen, recorder: str) -> None:
        self.path = path
        self.start_ms: int | None = None
        self._screen = screen
        self._recorder = recorder
        self._writer: AscWriter | None = None
        self._clock_start_s = time.perf_counter()

    @property
    def writer(self) -> AscWriter:
        """The file, which `open` has opened."""
        if self._writer is None:
            raise RuntimeError("the tracker must be connected first")
        return self._writer

    def open(self) -> None:
        """Open the file.

        Raises
        ------
        InputError
            If there is a recording of this name already.
        """
        self._writer = AscWriter(self.path, self._screen, datetime.now(), self._recorder)

    def now_ms(self) -> float:
        """Read the clock.

        Returns
        -------
        float
            Milliseconds.
        """
        return 1000 * (time.perf_counter() - self._clock_start_s) + self._CLOCK_START_MS

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
        """
        now_ms = self.now_ms()
        self.writer.message(int(now_ms), text)
        return now_ms

    def start(self) -> None:
        """Begin a block with the next millisecond."""
        self.start_ms = math.ceil(self.now_ms())
        self.writer.start_block(self.start_ms)

    def stop_ms(self) -> int:
        """Say where a block that ends now would end.

        Returns
        -------
        int
            One sample after its last; a block has at least one sample.
        """
        if self.start_ms is None:
            raise RuntimeError("no block is being recorded")
        return max(math.ceil(self.now_ms()), self.start_ms + 1)

    def end(self, trace: GazeTrace) -> None:
        """End the block and force it to the disk.

        Parameters
        ----------
        trace : GazeTrace
            Its samples and events.
        """
        self.writer.end_block(trace)
        self.writer.flush()
        self.start_ms = None

    def close(self) -> list[Path]:
        """Close the file; a second call does nothing.

        Returns
        -------
        list of Path
            The recording; nothing where it was never opened.
        """
        if self._writer is None:
            return []
        self._writer.close()
        return [self.path]
