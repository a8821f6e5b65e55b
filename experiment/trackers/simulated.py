"""The simulated tracker: an observer who looks and answers in the window, in real time."""

import math
import threading
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiment.calibration import CalibratedEye, simulate_drift_check, simulate_validation
from experiment.face_regions import regions_on_screen
from experiment.gaze_trace import GazeTrace
from experiment.observers import (
    Response,
    SimulatedTrial,
    TrueFixation,
    answer_time_ms,
    draw_confidence,
    draw_observer,
    draw_response,
    simulate_trial,
)
from experiment.observers.parser import LOSS_MARGIN_MS
from experiment.trackers.asc_recording import AscRecording, no_gaze, one_eye
from experiment.trackers.playback import played_indices, played_trace
from experiment.trackers.protocol import Accuracy, Sample, TargetScreen, TrackerSetup
from experiment.truth import read_true_fixations, write_truth
from participants.plans import PlannedTrial
from stimuli.degraded import read_degradations
from stimuli.frames import screen_from
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
    attempt : int
        1 for the first time that the trial is run.
    response : Response
        The answer that will be given.
    answer_ms : float
        When it will be given, from face onset.
    gaze : SimulatedTrial
        Where the observer looks, in times from face onset.
    onset_ms, offset_ms : int or None
        When the face came and went on the tracker's clock; None as long as it did not.
    """

    trial: PlannedTrial
    attempt: int
    response: Response
    answer_ms: float
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
        self._regions_px = regions_on_screen(self._study, self._plan.trials)
        self._degradations = read_degradations(self._study)
        self._errors = self._generator("calibration")
        self._eye = CalibratedEye(self._observer.eye, self._generator("calibration drift"))
        path = setup.recording.with_suffix(".asc")
        eye = one_eye(setup.eye)
        self._recording = AscRecording(path, self._screen, "faceoff (simulated observer)", eye)
        self._looking: _Looking | None = None
        self._attempts: Counter[int] = Counter()
        self._key_timer: threading.Timer | None = None
        self._truth: dict[int, list[TrueFixation]] = {}

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
        for x_px, y_px in found.points_px.tolist() * (1 if validate_only else 2):
            screen.hold_target(x_px, y_px, _TARGET_MS)
        self._recording.calibration(found, validate_only=validate_only)
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
        eye = self._eye.at(self._recording.now_ms())
        offset_px = simulate_drift_check(eye, self._errors, self._screen)
        self._recording.drift_check((x_px, y_px), offset_px)
        seen_px = [x_px + offset_px[0], y_px + offset_px[1]]
        return float(self._screen.distance_deg([x_px, y_px], seen_px))

    def start(self) -> None:
        """Begin a block; the eye rests on the target until the face comes."""
        if self._looking is None:
            self._recording.start(no_gaze)
            return
        self._looking = replace(self._looking, onset_ms=None, offset_ms=None)
        self._recording.start(self._seen_gaze)

    def stop(self) -> None:
        """End the block."""
        self._keep_still()
        if self._recording.start_ms is None:
            return
        self._recording.stop()
        if self._looking is not None:
            self._truth[self._looking.trial.trial] = _seen_fixations(self._looking)

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
        word, _, rest = text.partition(" ")
        with self._recording.lock:
            now_ms = self._recording.message(text)
            if word == "FACE_ON" and self._looking is not None:
                self._looking.onset_ms = int(now_ms)
            elif word == "FACE_OFF" and self._looking is not None:
                self._looking.offset_ms = int(now_ms)
        if word in ("TRIALID", "RESPONSE"):
            self._keep_still()
        if word == "TRIALID":
            self._looking = self._decide(int(rest))
        elif word == "FACE_ON" and self._looking is not None:
            key = self._plan.keys[self._looking.response.expression]
            self._press_in(self._looking.answer_ms, key)
        elif word == "CONFIDENCE_ON" and self._looking is not None:
            self._say_confidence(self._looking, int(rest))
        return now_ms

    def newest_sample(self) -> Sample | None:
        """Give the latest sample.

        Returns
        -------
        Sample or None
            None where there has been none since recording began.
        """
        time_ms, start_ms = self._recording.newest_ms(), self._recording.start_ms
        if time_ms is None or start_ms is None or self._looking is None:
            return None
        trace, onset_ms = self._looking.gaze.trace, self._looking.onset_ms
        index = int(played_indices(trace, time_ms, start_ms=start_ms, onset_ms=onset_ms))
        x_px, y_px, pupil = trace.x_px[index], trace.y_px[index], trace.pupil[index]
        return Sample(time_ms, float(x_px), float(y_px), float(pupil))

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
            seen = read_true_fixations(folder) | self._truth
            truth = [(trial, one) for trial, found in seen.items() for one in found]
            images = [trial.image_id for trial in self._plan.trials]
            write_truth(
                folder, self._plan.session, self._observer, truth, images, self._degradations
            )
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
        return {
            "model": "simulated observer",
            "sample_rate_hz": 1000.0,
            "eye": self._recording.eye,
        }

    def _generator(self, use: str, *names: int) -> np.random.Generator:
        """Make the random stream of one use in this session, as sessions without a window do."""
        who = self._plan.participant_id, self._plan.session
        return generator(self._study.settings.study.seed, use, *who, *names)

    def _of_trial(self, use: str, number: int, attempt: int) -> np.random.Generator:
        """Make the random stream of one use in a trial; each further attempt has its own."""
        return self._generator(use, number, *([attempt] if attempt > 1 else []))

    def _decide(self, number: int) -> _Looking:
        """Decide before the trial where the observer will look and what the answer will be."""
        trial = next(trial for trial in self._plan.trials if trial.trial == number)
        settings = self._study.settings.experiment.in_condition(trial.condition)
        self._attempts[number] += 1
        attempt = self._attempts[number]
        observer = self._observer.facing(
            trial.image_id, trial.expression, self._degradations.get(trial.image_id)
        )
        response = draw_response(
            observer, trial.expression, self._of_trial("answer", number, attempt)
        )
        answer_ms = answer_time_ms(response, settings)
        lead_ms = round(settings.recording_lead_ms + settings.fixation_ms + _LATE_FACE_MS)
        gaze = simulate_trial(
            replace(observer, eye=self._eye.at(self._recording.now_ms())),
            trial,
            self._regions_px[trial.image_id],
            self._screen,
            self._of_trial("gaze", number, attempt),
            lead_ms=lead_ms,
            face_ms=math.ceil(answer_ms) + _LATE_END_MS,
            tail_ms=0,
            # The wait for the face is played to and fro: a loss in it has no time of its own.
            seen_ms=lead_ms + LOSS_MARGIN_MS,
        )
        return _Looking(trial, attempt, response, answer_ms, gaze)

    def _seen_gaze(self, first_ms: int, stop_ms: int, is_last: bool) -> GazeTrace:
        """Give a stretch of what the tracker sees of the trial."""
        if self._looking is None or self._recording.start_ms is None:
            raise RuntimeError("gaze is seen within a trial's recording")
        return played_trace(
            self._looking.gaze.trace,
            self._screen,
            start_ms=self._recording.start_ms,
            onset_ms=self._looking.onset_ms,
            first_ms=first_ms,
            stop_ms=stop_ms,
            is_last=is_last,
        )

    def _say_confidence(self, looking: _Looking, n_levels: int) -> None:
        """Decide how sure the answer was, and press the key of that level."""
        random = self._of_trial("confidence", looking.trial.trial, looking.attempt)
        confidence = draw_confidence(looking.response.correct, n_levels, random)
        self._press_in(confidence.rt_ms, str(confidence.level))

    def _press_in(self, time_ms: float, key: str) -> None:
        """Press a key after a time."""
        self._keep_still()
        self._key_timer = threading.Timer(time_ms / 1000, self._window.press_key, (key,))
        self._key_timer.daemon = True
        self._key_timer.start()

    def _keep_still(self) -> None:
        """Press no key any more."""
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None


def _seen_fixations(looking: _Looking) -> list[TrueFixation]:
    """List the true fixations of a completed trial, the last one cut where the face went."""
    if looking.onset_ms is None or looking.offset_ms is None:
        return []
    face_ms = looking.offset_ms - looking.onset_ms
    return [
        replace(fixation, duration_ms=min(fixation.duration_ms, face_ms - fixation.onset_ms))
        for fixation in looking.gaze.fixations
        if fixation.onset_ms < face_ms
    ]
