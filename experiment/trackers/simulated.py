"""The simulated tracker: an observer who looks and answers in the window, in real time."""

import math
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiment.calibration import CalibratedEye, simulate_drift_check, simulate_validation
from experiment.gaze_trace import FloatArray
from experiment.observers import (
    Response,
    SimulatedTrial,
    TrueFixation,
    draw_observer,
    draw_response,
    simulate_trial,
)
from experiment.trackers.asc_recording import AscRecording
from experiment.trackers.playback import played_indices, played_trace
from experiment.trackers.protocol import Accuracy, Sample, TargetScreen, TrackerSetup
from experiment.truth import write_truth
from participants.plans import PlannedTrial
from stimuli.catalog import picture_frame, picture_landmarks
from stimuli.frames import move_points, screen_from
from stimuli.regions import region_polygons
from study.seeds import generator

_TARGET_MS = 100.0
_DRIFT_CHECK_MS = 150.0
# The face may come, and go, this much later than the observer expects.
_LATE_FACE_MS = 50
_LATE_END_MS = 2000


@dataclass
class _Looking:
    """What the observer does in the trial under way.

    Parameters
    ----------
    trial : PlannedTrial
        The trial.
    response : Response
        The answer that will be given.
    gaze : SimulatedTrial
        Where the observer looks, in times from face onset.
    onset_ms, offset_ms : int or None
        When the face came and went on the tracker's clock; None as long as it did not.
    """

    trial: PlannedTrial
    response: Response
    gaze: SimulatedTrial
    onset_ms: int | None = None
    offset_ms: int | None = None


class SimulatedTracker:
    """An observer with a planted strategy, seen by a tracker at 1000 Hz.

    The observer sees what the messages say, looks where the strategy leads, and presses a key in
    the window when the answer is ready.

    Parameters
    ----------
    setup : TrackerSetup
        The study with its seed, observers, pictures and screen, the session's plan, and the
        window in which the observer presses keys.
    """

    name = "simulated"
    simulates_participant = True

    def __init__(self, setup: TrackerSetup) -> None:
        settings = setup.study.settings
        self._study = setup.study
        self._plan = setup.plan
        self._window = setup.window
        self._screen = screen_from(settings.screen)
        self._observer = draw_observer(
            settings.observers, setup.plan.participant_id, settings.study.seed
        )
        self._regions_px = self._regions_on_screen()
        self._errors = self._generator("calibration")
        self._eye = CalibratedEye(self._observer.eye, self._generator("calibration drift"))
        path = setup.recording.with_suffix(".asc")
        self._recording = AscRecording(path, self._screen, "faceoff (simulated observer)")
        self._looking: _Looking | None = None
        self._key_timer: threading.Timer | None = None
        self._truth: list[tuple[int, TrueFixation]] = []

    def connect(self) -> None:
        """Open the recording."""
        self._recording.open()

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy:
        """Show the targets and write what a calibration and a validation of this eye give.

        Parameters
        ----------
        screen : TargetScreen
            Where targets are shown.
        validate_only : bool, default False
            Leave the calibration as it is.

        Returns
        -------
        Accuracy
            What the validation found.
        """
        if not validate_only:
            self._eye.calibrate(self._recording.now_ms())
        eye = self._eye.at(self._recording.now_ms())
        found = simulate_validation(eye, self._screen, self._errors)
        writer = self._recording.writer
        for write in (writer.calibration, writer.validation)[validate_only:]:
            for x_px, y_px in found.points_px.tolist():
                screen.hold_target(x_px, y_px, _TARGET_MS)
            write(int(self._recording.now_ms()), found)
        writer.flush()
        return Accuracy(found.average_deg, found.maximum_deg, found.verdict)

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
        now_ms = int(self._recording.now_ms())
        offset_px = simulate_drift_check(self._eye.at(now_ms), self._errors, self._screen)
        self._recording.writer.drift_check(now_ms, (x_px, y_px), offset_px)
        seen_px = [x_px + offset_px[0], y_px + offset_px[1]]
        return float(self._screen.distance_deg([x_px, y_px], seen_px))

    def start(self) -> None:
        """Begin a block."""
        self._recording.start()

    def stop(self) -> None:
        """End the block and write its samples to the disk."""
        self._keep_still()
        if self._recording.start_ms is None or self._looking is None:
            return
        trace = played_trace(
            self._looking.gaze.trace,
            self._screen,
            start_ms=self._recording.start_ms,
            onset_ms=self._looking.onset_ms,
            stop_ms=self._recording.stop_ms(),
        )
        self._recording.end(trace)
        self._truth += _seen_fixations(self._looking)

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
        now_ms = self._recording.message(text)
        word, _, rest = text.partition(" ")
        if word == "TRIALID":
            self._looking = self._decide(int(rest))
        elif word == "FACE_ON" and self._looking is not None:
            self._looking.onset_ms = int(now_ms)
            self._press_in_time(self._looking.response)
        elif word == "FACE_OFF" and self._looking is not None:
            self._looking.offset_ms = int(now_ms)
        return now_ms

    def newest_sample(self) -> Sample | None:
        """Give the sample of this millisecond.

        Returns
        -------
        Sample or None
            None where nothing is recorded.
        """
        start_ms = self._recording.start_ms
        if start_ms is None or self._looking is None:
            return None
        now_ms = max(int(self._recording.now_ms()), start_ms)
        trace, onset_ms = self._looking.gaze.trace, self._looking.onset_ms
        index = int(played_indices(trace, now_ms, start_ms=start_ms, onset_ms=onset_ms))
        x_px, y_px, pupil = trace.x_px[index], trace.y_px[index], trace.pupil[index]
        return Sample(now_ms, float(x_px), float(y_px), float(pupil))

    def save(self) -> list[Path]:
        """Close the recording and write the planted truth beside it.

        Returns
        -------
        list of Path
            The recording; nothing where the tracker was never connected.
        """
        files = self._recording.close()
        if files:
            folder = self._recording.path.parent
            images = [trial.image_id for trial in self._plan.trials]
            write_truth(folder, self._plan.session, self._observer, self._truth, images)
        return files

    def close(self) -> None:
        """Let the observer go."""
        self._keep_still()
        self._recording.close()

    def facts(self) -> dict[str, str | float]:
        """Say what records.

        Returns
        -------
        dict
            The model and the rate.
        """
        return {"model": "simulated observer", "sample_rate_hz": 1000.0}

    def _regions_on_screen(self) -> dict[str, dict[str, FloatArray]]:
        """Put the regions of all pictures of the plan where the pictures will stand."""
        shown = {trial.image_id: trial.picture_rect for trial in self._plan.trials}
        frame = picture_frame(self._study)
        landmarks = picture_landmarks(self._study, list(shown))
        return {
            image_id: region_polygons(move_points(landmarks[image_id], frame, rect))
            for image_id, rect in shown.items()
        }

    def _generator(self, use: str, *names: int) -> np.random.Generator:
        """Make the random stream of one use in this session, as sessions without a window do."""
        who = self._plan.participant_id, self._plan.session
        return generator(self._study.settings.study.seed, use, *who, *names)

    def _decide(self, number: int) -> _Looking:
        """Decide before the trial where the observer will look and what the answer will be."""
        trial = next(trial for trial in self._plan.trials if trial.trial == number)
        settings = self._study.settings.experiment
        observer = self._observer.facing(trial.image_id, trial.expression)
        response = draw_response(observer, trial.expression, self._generator("answer", number))
        lead_ms = settings.recording_lead_ms + settings.fixation_ms + _LATE_FACE_MS
        gaze = simulate_trial(
            replace(observer, eye=self._eye.at(self._recording.now_ms())),
            trial,
            self._regions_px[trial.image_id],
            self._screen,
            self._generator("gaze", number),
            lead_ms=round(lead_ms),
            face_ms=math.ceil(response.rt_ms) + _LATE_END_MS,
            tail_ms=0,
        )
        return _Looking(trial, response, gaze)

    def _press_in_time(self, response: Response) -> None:
        """Press the key of an answer when it is ready."""
        key = self._plan.keys[response.expression]
        self._key_timer = threading.Timer(response.rt_ms / 1000, self._window.press_key, (key,))
        self._key_timer.daemon = True
        self._key_timer.start()

    def _keep_still(self) -> None:
        """Press no key any more."""
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None


def _seen_fixations(looking: _Looking) -> list[tuple[int, TrueFixation]]:
    """List the true fixations of a completed trial, the last one cut where the face went."""
    if looking.onset_ms is None or looking.offset_ms is None:
        return []
    face_ms = looking.offset_ms - looking.onset_ms
    return [
        (
            looking.trial.trial,
            replace(fixation, duration_ms=min(fixation.duration_ms, face_ms - fixation.onset_ms)),
        )
        for fixation in looking.gaze.fixations
        if fixation.onset_ms < face_ms
    ]
