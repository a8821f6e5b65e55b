"""The simulated tracker: an observer who looks and answers in the window, in real time."""

import math
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from experiment.asc_writer import AscWriter
from experiment.calibration import simulate_drift_check, simulate_validation
from experiment.observers import (
    Observer,
    Response,
    SimulatedTrial,
    TrueFixation,
    draw_observer,
    draw_response,
    simulate_trial,
)
from experiment.recording import recording_name
from experiment.trackers.playback import played_indices, played_trace
from experiment.trackers.protocol import Sample, TargetScreen
from experiment.window import Window
from participants.plans import Plan
from stimuli.catalog import picture_frame, picture_landmarks
from stimuli.frames import move_points, screen_from
from stimuli.regions import region_polygons
from study.folder import Study
from study.seeds import generator

# A tracker that has been on for a while: its clock does not begin with the session.
_CLOCK_OFFSET_MS = 600_000.0
_TARGET_MS = 100.0
_DRIFT_CHECK_MS = 150.0
# The face may come, and go, this much later than the observer expects.
_LATE_FACE_MS = 50
_LATE_END_MS = 2000


class SimulatedTracker:
    """An observer with a planted strategy, seen by a tracker at 1000 Hz.

    Sample times follow from the clock alone, so that no delay of the window drops or doubles
    one. The answer comes as a key press in the window, when the observer has decided.

    Parameters
    ----------
    study : Study
        The study: its seed, its observers and its screen.
    plan : Plan
        The session's plan.
    window : Window
        Where the observer presses keys.
    """

    name = "simulated"
    simulates_participant = True

    def __init__(self, study: Study, plan: Plan, window: Window) -> None:
        self._study = study
        self._plan = plan
        self._window = window
        self._screen = screen_from(study.settings.screen)
        settings = study.settings
        self.observer: Observer = draw_observer(
            settings.observers, plan.participant_id, settings.study.seed
        )
        folder = study.session_dir(plan.participant_id, plan.session)
        self._path = folder / f"{recording_name(plan.participant_id, plan.session)}.asc"
        self._writer: AscWriter | None = None
        self._trials = {trial.trial: trial for trial in plan.trials}
        self._trial = 0
        self._response: Response | None = None
        self._looking: SimulatedTrial | None = None
        self._start_ms: int | None = None
        self._onset_ms: int | None = None
        self._offset_ms: float | None = None
        self._key_timer: threading.Timer | None = None
        self._truth: list[tuple[int, TrueFixation]] = []

    def connect(self) -> None:
        """Start the clock and open the recording."""
        self._clock_start = time.perf_counter()
        self._writer = AscWriter(
            self._path, self._screen, datetime.now(), "faceoff (simulated observer)"
        )

    def calibrate(self, screen: TargetScreen) -> None:
        """Show the targets and write what a calibration and a validation of this eye give.

        Parameters
        ----------
        screen : TargetScreen
            Where targets are shown.
        """
        found = simulate_validation(self.observer.eye, self._screen, self._generator("calibration"))
        for write in (self._open_writer.calibration, self._open_writer.validation):
            for x_px, y_px in found.points_px:
                screen.hold_target(float(x_px), float(y_px), _TARGET_MS)
            write(int(self._now_ms()), found)
        self._open_writer.flush()

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Look at the target for a moment and write how far off gaze is.

        Parameters
        ----------
        x_px, y_px : float
            The target, in screen pixels.
        screen : TargetScreen
            Where it is shown.

        Returns
        -------
        float
            Degrees between gaze and target.
        """
        screen.hold_target(x_px, y_px, _DRIFT_CHECK_MS)
        random = self._generator("drift check", self._trial)
        offset_px = simulate_drift_check(self.observer.eye, random, self._screen)
        self._open_writer.drift_check(int(self._now_ms()), (x_px, y_px), offset_px)
        gaze_px = [x_px + offset_px[0], y_px + offset_px[1]]
        return float(self._screen.distance_deg([x_px, y_px], gaze_px))

    def start(self) -> None:
        """Begin a block."""
        self._start_ms = math.ceil(self._now_ms())
        self._onset_ms = self._offset_ms = None
        self._open_writer.start_block(self._start_ms)

    def stop(self) -> None:
        """End the block and write its samples to the disk."""
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None
        if self._start_ms is None or self._looking is None:
            return
        stop_ms = max(math.ceil(self._now_ms()), self._start_ms + 1)
        self._open_writer.end_block(
            played_trace(
                self._looking.trace,
                self._screen,
                start_ms=self._start_ms,
                onset_ms=self._onset_ms,
                stop_ms=stop_ms,
            )
        )
        self._open_writer.flush()
        self._keep_truth()
        self._start_ms = None

    def message(self, text: str) -> float:
        """Write a message; the observer sees from it what is on the screen.

        Parameters
        ----------
        text : str
            The message.

        Returns
        -------
        float
            Its time in milliseconds.
        """
        now_ms = self._now_ms()
        self._open_writer.message(int(now_ms), text)
        word, _, rest = text.partition(" ")
        if word == "TRIALID":
            self._imagine(int(rest))
        elif word == "FACE_ON":
            self._see_face(now_ms)
        elif word == "FACE_OFF":
            self._offset_ms = now_ms
        return now_ms

    def newest_sample(self) -> Sample | None:
        """Give the sample of this millisecond, or None where nothing is recorded.

        Returns
        -------
        Sample or None
            The sample.
        """
        if self._start_ms is None or self._looking is None:
            return None
        now_ms = max(int(self._now_ms()), self._start_ms)
        trace = self._looking.trace
        index = played_indices(
            trace, now_ms, start_ms=self._start_ms, onset_ms=self._onset_ms
        ).item()
        x_px, y_px, pupil = trace.x_px[index], trace.y_px[index], trace.pupil[index]
        return Sample(now_ms, float(x_px), float(y_px), float(pupil))

    def save(self) -> list[Path]:
        """Close the recording and write the planted truth beside it.

        Returns
        -------
        list of Path
            The recording; none where the tracker was never connected.
        """
        if self._writer is None:
            return []
        self._writer.close()
        return [self._path]

    def close(self) -> None:
        """Let the observer go."""
        if self._key_timer is not None:
            self._key_timer.cancel()
        if self._writer is not None:
            self._writer.close()

    @property
    def _open_writer(self) -> AscWriter:
        """The recording that `connect` opened."""
        if self._writer is None:
            raise RuntimeError("the tracker must be connected first")
        return self._writer

    def _now_ms(self) -> float:
        """Read the tracker's clock."""
        return 1000 * (time.perf_counter() - self._clock_start) + _CLOCK_OFFSET_MS

    def _generator(self, *names: str | int):
        """Make the random stream of one use in this session."""
        plan = self._plan
        return generator(
            self._study.settings.study.seed, "window", plan.participant_id, plan.session, *names
        )

    def _imagine(self, number: int) -> None:
        """Decide before the trial where the observer will look and what the answer will be."""
        trial, settings = self._trials[number], self._study.settings.experiment
        self._trial = number
        random = self._generator("trial", number)
        landmarks = picture_landmarks(self._study, [trial.image_id])[trial.image_id]
        on_screen = move_points(landmarks, picture_frame(self._study), trial.picture_rect)
        self._response = draw_response(self.observer, trial.expression, random)
        lead_ms = settings.recording_lead_ms + settings.fixation_ms + _LATE_FACE_MS
        self._looking = simulate_trial(
            self.observer,
            trial,
            region_polygons(on_screen),
            self._screen,
            random,
            lead_ms=round(lead_ms),
            face_ms=round(self._response.rt_ms) + _LATE_END_MS,
            tail_ms=0,
        )

    def _see_face(self, time_ms: float) -> None:
        """Begin to look at the face, and press the key when the answer is ready."""
        self._onset_ms = round(time_ms)
        if self._response is None:
            return
        key = self._plan.keys[self._response.expression]
        self._key_timer = threading.Timer(
            self._response.rt_ms / 1000, self._window.press_key, (key,)
        )
        self._key_timer.daemon = True
        self._key_timer.start()

    def _keep_truth(self) -> None:
        """Remember the true fixations, cut where the face went."""
        if self._looking is None or self._onset_ms is None or self._offset_ms is None:
            return
        face_ms = math.floor(self._offset_ms - self._onset_ms)
        for fixation in self._looking.fixations:
            if fixation.onset_ms < face_ms:
                duration_ms = min(fixation.duration_ms, face_ms - fixation.onset_ms)
                self._truth.append((self._trial, replace(fixation, duration_ms=duration_ms)))
