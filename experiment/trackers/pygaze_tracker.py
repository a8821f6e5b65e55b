"""PyGaze's other trackers, by their PyGaze names: they send samples, which are recorded here."""

import math
import time
from collections import deque
from pathlib import Path

import numpy as np

from experiment.trackers.live_clock import LiveClock
from experiment.trackers.live_device import LiveDevice
from experiment.trackers.live_recording import EyeSample, LiveRecording, LiveSample, eyes_of
from experiment.trackers.live_validation import (
    calibration_targets,
    gaze_at,
    validation_of,
    worse_of,
)
from experiment.trackers.opengaze import OpengazeDevice
from experiment.trackers.protocol import (
    Accuracy,
    Sample,
    TargetScreen,
    TrackerLostError,
    TrackerSetup,
)
from experiment.trackers.pygaze_device import PygazeDevice
from stimuli.frames import screen_from
from study.errors import InputError
from study.progress import say

# An eye reaches a target within this time, and rests on it for that.
_SETTLE_MS, _MEASURE_MS = 500.0, 300.0
_FIRST_SAMPLE_MS = 5000.0
_STALE_MS = 500.0
_LATE_MS = 100.0
_WAIT_SECONDS = 0.002


class PygazeTracker:
    """A tracker that sends samples, recorded with its own times and at its own rate.

    There is a recording in the layout of EyeLink's ASC files, which the analysis reads, and
    beside it whatever the tracker writes itself.

    Parameters
    ----------
    name : str
        PyGaze's name of the tracker.
    setup : TrackerSetup
        What is to be recorded.

    Raises
    ------
    InputError
        If PyGaze cannot run this tracker.
    """

    simulates_participant = False

    def __init__(self, name: str, setup: TrackerSetup) -> None:
        self.name = name
        settings = setup.study.settings
        self._screen = screen_from(settings.screen)
        self._settings = settings.experiment
        self._eye = setup.eye
        stem = setup.recording.name
        self._device: LiveDevice
        if name == "opengaze":
            table = setup.recording.with_name(f"{stem}_opengaze.tsv")
            self._device = OpengazeDevice(self._screen, settings.experiment.pygaze, table)
        else:
            log_stem = setup.recording.with_name(f"{stem}_{name}")
            self._device = PygazeDevice(
                name, self._screen, settings.experiment, setup.window, log_stem
            )
        path = setup.recording.with_name(f"{stem}.asc")
        self._recording = LiveRecording(path, self._screen, f"faceoff ({name})", setup.eye)
        self._clock = LiveClock()
        self._recent: deque[LiveSample] = deque(maxlen=1000)
        self._came_ms = -math.inf
        self._unwritten = ""
        self._is_open = False

    def connect(self) -> None:
        """Reach the tracker, wait for its first sample, and open the recording."""
        if self._recording.path.exists():
            raise InputError(
                f"A recording needs a file of its own, but {self._recording.path} exists. "
                "Move it away, or record another session."
            )
        self._device.connect(self._take)
        self._wait_for_sample(_now_ms())
        if not self._recent:
            raise InputError(
                f"The tracker {self.name} must send samples, but none came in "
                f"{_FIRST_SAMPLE_MS / 1000:g} s. Look at its own program whether it sees an eye."
            )
        self._recording.open(self._device.model, self._device.rate_hz)
        self._is_open = True
        say(f"{self._device.model}: {self._device.limits}.")

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy | None:
        """Calibrate as the tracker does it, and validate from its samples.

        Parameters
        ----------
        screen : TargetScreen
            Where targets are shown.
        validate_only : bool, default False
            Leave the calibration as it is.

        Returns
        -------
        Accuracy or None
            Of the worse eye; None where no eye was seen at any target.
        """
        points_px = calibration_targets(self._settings.calibration.type, self._screen)
        if not validate_only:
            result = self._device.calibrate(points_px, screen)
            self._wait_for_sample(_now_ms())
            self.message(f"CALIBRATION {self.name} {result}")
        looks = [self._look_at(x_px, y_px, screen) for x_px, y_px in points_px.tolist()]
        found = []
        for eye in eyes_of(self._eye):
            seen_px = np.array([gaze_at(look, eye) for look in looks])
            one = validation_of(points_px, seen_px, self._screen)
            if one is not None:
                self._recording.validation(self._now(), one, eye)
                found.append(one)
        return worse_of(found)

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Show a target for a moment and measure how far gaze is off; nothing is corrected.

        Parameters
        ----------
        x_px, y_px : float
            The target, in screen pixels.
        screen : TargetScreen
            Where it is shown.

        Returns
        -------
        float
            Degrees between the mean of gaze and the target, of two eyes their mean; NaN where
            no eye was seen.
        """
        look = self._look_at(x_px, y_px, screen)
        places = []
        for eye in eyes_of(self._eye):
            seen_px = gaze_at(look, eye)
            if math.isfinite(seen_px[0]):
                offset_px = seen_px[0] - x_px, seen_px[1] - y_px
                self._recording.drift_check(self._now(), (x_px, y_px), offset_px, eye)
                places.append(seen_px)
        if not places:
            self.message("DRIFT_CHECK no eye was seen")
            return math.nan
        return float(self._screen.distance_deg([x_px, y_px], np.mean(places, axis=0)))

    def start(self) -> None:
        """Begin a block."""
        self._check()
        self._recording.start(self._now())

    def stop(self) -> None:
        """End the block, once the samples up to now have come in."""
        if not self._recording.is_recording:
            return
        end_ms = self._now()
        until_ms = _now_ms() + _LATE_MS
        while self._recent[-1].time_ms < end_ms and _now_ms() < until_ms:
            time.sleep(_WAIT_SECONDS)
        self._recording.stop(end_ms)

    def message(self, text: str) -> float:
        """Write a message into the recording and into the tracker's own file.

        Parameters
        ----------
        text : str
            The message.

        Returns
        -------
        float
            Its time in milliseconds.

        Raises
        ------
        TrackerLostError
            If the tracker sends nothing any more; the message is in the recording.
        """
        time_ms = self._now()
        try:
            self._recording.message(time_ms, text)
        except OSError as error:
            self._unwritten = str(error)
        self._check()
        self._device.mark(text)
        return time_ms

    def newest_sample(self) -> Sample | None:
        """Give the latest sample of the block.

        Returns
        -------
        Sample or None
            None outside of a block.

        Raises
        ------
        TrackerLostError
            If the tracker sends nothing any more.
        """
        if not self._recording.is_recording:
            return None
        self._check()
        return self._recent[-1].of(self._eye)

    def save(self) -> list[Path]:
        """Close the files.

        Returns
        -------
        list of Path
            The recording, and what the tracker itself has written.
        """
        self.close()
        return [self._recording.path, *self._device.files()] if self._is_open else []

    def close(self) -> None:
        """Let go of the tracker; a second call does nothing."""
        try:
            self._device.close()
        finally:
            if self._recording.is_recording:
                self._recording.stop(self._now())
            self._recording.close()

    def facts(self) -> dict[str, str | float]:
        """Say what records.

        Returns
        -------
        dict
            Model, rate, eye, and what the tracker says.
        """
        rate_hz = self._device.rate_hz
        return {
            "model": self._device.model,
            "sample_rate_hz": math.nan if rate_hz is None else rate_hz,
            "eye": self._eye,
            "limits": self._device.limits,
            **self._device.facts(),
        }

    def _take(self, stamp_ms: float, left: EyeSample, right: EyeSample) -> None:
        """Take a sample; the tracker calls it in a thread of its own."""
        came_ms = _now_ms()
        sample = LiveSample(self._clock.stamp(stamp_ms, came_ms), left, right)
        try:
            self._recording.add(sample)
        except OSError as error:
            self._unwritten = str(error)
        self._recent.append(sample)
        self._came_ms = came_ms

    def _now(self) -> float:
        """Read the tracker's clock."""
        return self._clock.at(_now_ms())

    def _look_at(self, x_px: float, y_px: float, screen: TargetScreen) -> list[LiveSample]:
        """Show a target, and give the samples of the time in which the eye rests on it."""
        screen.hold_target(x_px, y_px, _SETTLE_MS)
        self._check()
        start_ms = self._now()
        screen.hold_target(x_px, y_px, _MEASURE_MS)
        self._check()
        return [sample for sample in list(self._recent) if sample.time_ms > start_ms]

    def _wait_for_sample(self, since_ms: float) -> None:
        """Wait until a sample comes in, but not for ever."""
        while self._came_ms < since_ms and _now_ms() < since_ms + _FIRST_SAMPLE_MS:
            if self._device.lost:
                return
            time.sleep(_WAIT_SECONDS)

    def _check(self) -> None:
        """Say so if the tracker sends nothing any more, or nothing can be written."""
        if self._unwritten:
            raise TrackerLostError(
                f"The recording must be written to {self._recording.path}, but the computer says: "
                f"{self._unwritten}. Make room on the disk, or connect it again; what was written "
                "before is kept."
            )
        silent_ms = _now_ms() - self._came_ms
        evidence = self._device.lost
        if not evidence and silent_ms > _STALE_MS:
            evidence = f"the last one came {silent_ms:.0f} ms ago"
        if evidence:
            raise TrackerLostError(
                f"The tracker {self.name} must send samples, but {evidence}. Look at its cable "
                "and its own program; what was recorded is kept."
            )


def _now_ms() -> float:
    """Read this computer's clock, which never goes back."""
    return 1000 * time.perf_counter()
