"""The mouse in place of gaze, for trying an experiment at a desk."""

import math
from collections import deque
from pathlib import Path

import numpy as np

from experiment.gaze_trace import GazeTrace
from experiment.trackers.asc_recording import AscRecording, one_eye
from experiment.trackers.protocol import Accuracy, Sample, TargetScreen, TrackerSetup
from stimuli.frames import screen_from

_TARGET_MS = 300.0


class MouseTracker:
    """Record where the mouse is: a new place with each frame, held at 1000 Hz in between.

    The recording has samples but no events, and a pupil size of 0: a mouse has neither. Only the
    window's thread may ask for the mouse; the recording's thread takes the latest place it knows.

    Parameters
    ----------
    setup : TrackerSetup
        The recording's file, and the window in which the mouse is.
    """

    name = "mouse"
    simulates_participant = False

    def __init__(self, setup: TrackerSetup) -> None:
        self._screen = screen_from(setup.study.settings.screen)
        self._window = setup.window
        path = setup.recording.with_suffix(".asc")
        self._recording = AscRecording(path, self._screen, "faceoff (mouse)", one_eye(setup.eye))
        self._seen: deque[tuple[float, float, float]] = deque()

    def connect(self) -> None:
        """Open the recording, and follow the mouse from now on."""
        self._recording.open()
        self._window.watchers.append(self._look)

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy | None:
        """Do nothing: a mouse needs no calibration, and none is pretended.

        Parameters
        ----------
        screen : TargetScreen
            Not used.
        validate_only : bool, default False
            Not used.

        Returns
        -------
        None
            Nothing is measured.
        """
        return None

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Show the target for a moment and write how far off the mouse is.

        Parameters
        ----------
        x_px, y_px : float
            The target, in screen pixels.
        screen : TargetScreen
            Where it is shown.

        Returns
        -------
        float
            Degrees between mouse and target.
        """
        screen.hold_target(x_px, y_px, _TARGET_MS)
        mouse_px = self._window.pointer_px()
        offset_px = mouse_px[0] - x_px, mouse_px[1] - y_px
        self._recording.drift_check((x_px, y_px), offset_px)
        return float(self._screen.distance_deg([x_px, y_px], mouse_px))

    def start(self) -> None:
        """Begin a block."""
        self._look()
        self._recording.start(self._held_gaze)

    def stop(self) -> None:
        """End the block."""
        self._recording.stop()

    def message(self, text: str) -> float:
        """Write a message.

        Parameters
        ----------
        text : str
            The message.

        Returns
        -------
        float
            Its time in milliseconds.
        """
        return self._recording.message(text)

    def newest_sample(self) -> Sample | None:
        """Give the mouse's latest place, or None where it was never seen.

        Returns
        -------
        Sample or None
            The place; without a pupil.
        """
        self._recording.check()
        return Sample(*self._seen[-1], math.nan) if self._seen else None

    def save(self) -> list[Path]:
        """Close the recording.

        Returns
        -------
        list of Path
            The recording; nothing where the tracker was never connected.
        """
        return self._recording.close()

    def close(self) -> None:
        """Stop following the mouse."""
        if self._look in self._window.watchers:
            self._window.watchers.remove(self._look)
        self._recording.close()

    def facts(self) -> dict[str, str | float]:
        """Say what records.

        Returns
        -------
        dict
            The model and the rate.
        """
        return {"model": "mouse", "sample_rate_hz": 1000.0, "eye": self._recording.eye}

    def _look(self) -> None:
        """Remember where the mouse is now; between blocks, only that."""
        x_px, y_px = self._window.pointer_px()
        with self._recording.lock:
            if self._recording.start_ms is None:
                self._seen.clear()
            self._seen.append((self._recording.now_ms(), x_px, y_px))

    def _held_gaze(self, first_ms: int, stop_ms: int, is_last: bool) -> GazeTrace:
        """Give at each millisecond of a stretch the latest place that was known."""
        with self._recording.lock:
            seen = np.array(self._seen)
            while len(self._seen) > 1 and self._seen[1][0] < stop_ms:
                self._seen.popleft()
        time_ms = np.arange(first_ms, stop_ms)
        latest = np.maximum(np.searchsorted(seen[:, 0], time_ms, side="right") - 1, 0)
        x_px, y_px = seen[latest, 1].round(1), seen[latest, 2].round(1)
        no_pupil = np.zeros(len(time_ms))
        return GazeTrace(time_ms, x_px, y_px, no_pupil, (), (), ())
