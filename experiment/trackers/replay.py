"""The replay: a recorded file as the gaze of a new session."""

import math
from pathlib import Path

import numpy as np

from experiment.gaze_trace import SAMPLE_MS, GazeTrace
from experiment.trackers.asc_recording import AscRecording, no_gaze
from experiment.trackers.protocol import Accuracy, Sample, TargetScreen, TrackerSetup
from experiment.trackers.replay_source import read_recorded_gaze
from stimuli.frames import screen_from
from study.errors import InputError

_TARGET_MS = 300.0


class ReplayTracker:
    """Play the samples of a recorded file as gaze, while somebody at the keyboard answers.

    Trial n plays block n of the file, and the file begins anew after its last block. A block is
    played from its first sample on, each sample once; where the new block lasts longer, gaze is
    missing. Events are not replayed: the analysis detects them in the samples.

    Parameters
    ----------
    setup : TrackerSetup
        The study, whose settings name the file, the recording to be made, and the eye.

    Raises
    ------
    InputError
        If no file is named, or it cannot be replayed on this screen.
    """

    name = "replay"
    simulates_participant = False

    def __init__(self, setup: TrackerSetup) -> None:
        named = setup.study.settings.experiment.replay.recording
        if not named:
            raise InputError(
                "A replay needs a recording, but none is named. Name an ASC file in study.toml: "
                "[experiment.replay] recording."
            )
        self._file = setup.study.root / named
        screen = screen_from(setup.study.settings.screen)
        self._gaze = read_recorded_gaze(self._file, screen, setup.eye)
        path = setup.recording.with_suffix(".asc")
        self._recording = AscRecording(
            path, screen, "faceoff (replay)", self._gaze.eye, self._gaze.pupil
        )
        self._trial: int | None = None
        self._last_trial = 0

    def connect(self) -> None:
        """Open the recording."""
        self._recording.open()

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy | None:
        """Do nothing: the file's gaze is calibrated as it was.

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
        """Show the target for a moment; nothing is measured, as no gaze is played meanwhile.

        Parameters
        ----------
        x_px, y_px : float
            The target, in screen pixels.
        screen : TargetScreen
            Where it is shown.

        Returns
        -------
        float
            NaN.
        """
        screen.hold_target(x_px, y_px, _TARGET_MS)
        return math.nan

    def start(self) -> None:
        """Begin to play the trial's block; without a trial, no eye is seen."""
        self._recording.start(no_gaze if self._trial is None else self._played_gaze)

    def stop(self) -> None:
        """End the block."""
        self._recording.stop()

    def message(self, text: str) -> float:
        """Write a message; TRIALID chooses the block that is played.

        Parameters
        ----------
        text : str
            The message.

        Returns
        -------
        float
            Its time in milliseconds.
        """
        word, _, rest = text.partition(" ")
        if word == "TRIALID":
            self._trial = int(rest)
            self._last_trial = max(self._last_trial, self._trial)
        return self._recording.message(text)

    def newest_sample(self) -> Sample | None:
        """Give the latest sample.

        Returns
        -------
        Sample or None
            None where there has been none since recording began.
        """
        time_ms = self._recording.newest_ms()
        if time_ms is None or self._trial is None:
            return None
        seen = self._played_gaze(time_ms, time_ms + SAMPLE_MS, False)
        return Sample(time_ms, float(seen.x_px[0]), float(seen.y_px[0]), float(seen.pupil[0]))

    def save(self) -> list[Path]:
        """Close the recording.

        Returns
        -------
        list of Path
            The recording; nothing where the tracker was never connected.
        """
        return self._recording.close()

    def close(self) -> None:
        """Close the recording."""
        self._recording.close()

    def facts(self) -> dict[str, str | float]:
        """Say what records, and what it plays.

        Returns
        -------
        dict
            The model and the rate, the file, its blocks, and how often it began anew.
        """
        n_blocks = len(self._gaze.blocks)
        return {
            "model": "replay",
            "sample_rate_hz": 1000.0,
            "eye": self._gaze.eye,
            "replayed_recording": self._file.name,
            "n_replayed_blocks": n_blocks,
            "n_times_begun_anew": max(self._last_trial - 1, 0) // n_blocks,
        }

    def _played_gaze(self, first_ms: int, stop_ms: int, is_last: bool) -> GazeTrace:
        """Give a stretch of the trial's block; missing samples where it has ended."""
        if self._trial is None or self._recording.start_ms is None:
            raise RuntimeError("a block is played within a trial's recording")
        block = self._gaze.blocks[(self._trial - 1) % len(self._gaze.blocks)]
        time_ms = np.arange(first_ms, stop_ms)
        begin = min(first_ms - self._recording.start_ms, len(block))
        played = block[begin : begin + len(time_ms)]
        x_px, y_px, pupil = np.pad(
            played, ((0, len(time_ms) - len(played)), (0, 0)), constant_values=math.nan
        ).T
        return GazeTrace(time_ms, x_px, y_px, pupil, (), (), ())
