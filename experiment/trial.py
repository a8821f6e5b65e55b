"""One trial in the window: fixation target, face, answer, and how sure it is."""

from experiment import messages
from experiment.answers import Labels
from experiment.gate import FixationGate, GateResult
from experiment.keys import KeyPress
from experiment.machine import TrialMachine
from experiment.texts import Texts
from experiment.trackers.protocol import Tracker
from experiment.trial_record import TrialOutcome, trial_variables
from experiment.window import FrameReport, Window
from participants.plans import PlannedTrial
from study.settings.experiment import ExperimentSettings
from study.tables import MISSING


class GateClosedError(Exception):
    """The eye did not rest on the fixation target within the time that the settings give it."""


class TrialRunner:
    """Runs the trials of one part of a session.

    Parameters
    ----------
    tracker : Tracker
        Records gaze.
    window : Window
        Shows the screens.
    labels : Labels
        Takes the answers.
    texts : Texts
        What people read.
    settings : ExperimentSettings
        Times, as they are where a study has no conditions.
    """

    def __init__(
        self,
        tracker: Tracker,
        window: Window,
        labels: Labels,
        texts: Texts,
        settings: ExperimentSettings,
    ) -> None:
        self.machine = TrialMachine(tracker)
        self._tracker = tracker
        self._window = window
        self._labels = labels
        self._texts = texts
        self._session_settings = settings

    def run(self, trial: PlannedTrial, *, without_gate: bool = False) -> TrialOutcome:
        """Run one trial, from its identification to the end of its recording.

        Parameters
        ----------
        trial : PlannedTrial
            What to show.
        without_gate : bool, default False
            Let the face come after its time, whatever gaze does.

        Returns
        -------
        TrialOutcome
            What happened.

        Raises
        ------
        GateClosedError
            If the eye did not come to rest on the target.
        EscPressed
            If the experimenter wants the panel.
        QuitError
            If the window was closed.
        TrackerLostError
            If the tracker fails.
        """
        settings = self._session_settings.in_condition(trial.condition)
        machine, window = self.machine, self._window
        gated = settings.start == "gate" and not without_gate
        machine.identify(trial)
        if settings.start == "gate":
            machine.use_gate()
        else:
            machine.check_drift(window)
        self._show_fixation(trial, settings, gated=gated)
        press, onset_s, frames = _FacePhase(machine, window, self._labels, trial, settings).run()
        window.hold(lambda: window.draw.patch(lit=False), settings.recording_tail_ms)
        level, confidence_rt_ms = self._ask_confidence(settings.confidence_levels)
        response = self._labels.expression_of[press.key] if press else None
        outcome = TrialOutcome(
            key=press.key if press else None,
            response=response,
            correct=None if response is None else response == trial.expression,
            rt_ms=1000 * (press.time_s - onset_s) if press else None,
            face_onset_ms=machine.face_onset_ms,
            face_offset_ms=machine.face_offset_ms,
            frames=frames,
            start_offset_deg=machine.start_offset_deg,
            gate_attempts=machine.gate_attempts,
            confidence=level,
            confidence_rt_ms=confidence_rt_ms,
        )
        machine.finish(trial_variables(trial, outcome))
        return outcome

    def _show_fixation(
        self, trial: PlannedTrial, settings: ExperimentSettings, *, gated: bool
    ) -> None:
        """Start the recording and show the fixation target, for its time or until gaze rests."""
        machine, window = self.machine, self._window

        def draw() -> None:
            window.draw.target(trial.fixation_x_px, trial.fixation_y_px)
            window.draw.patch(lit=False)

        machine.record()
        window.flip()
        window.hold(lambda: window.draw.patch(lit=False), settings.recording_lead_ms)
        draw()
        window.flip(on_flip=machine.fixation_on)
        if gated:
            passed = self._wait_at_gate(trial, settings)
            machine.ready(passed.offset_deg, passed.attempts)
        else:
            window.hold(draw, settings.fixation_ms)
            machine.ready()

    def _wait_at_gate(self, trial: PlannedTrial, settings: ExperimentSettings) -> GateResult:
        """Show the target until gaze has rested on it, or the patience is over."""
        window = self._window
        target_px = trial.fixation_x_px, trial.fixation_y_px
        gate = FixationGate(target_px, window.screen, settings.gate)
        end_s = window.now_s() + settings.gate.patience_ms / 1000
        while window.now_s() < end_s:
            passed = gate.see(self._tracker.newest_sample())
            if passed is not None:
                return passed
            window.draw.target(*target_px)
            window.draw.patch(lit=False)
            window.flip()
        raise GateClosedError(
            f"Gaze must rest on the target, but did not for {settings.gate.dwell_ms:g} ms within "
            f"{settings.gate.patience_ms / 1000:g} s; it came near {gate.attempts} times."
        )

    def _ask_confidence(self, levels: int) -> tuple[int | None, float | None]:
        """Ask how sure the answer was; give the level and the time that its answer took."""
        if not levels:
            return None, None
        window = self._window
        keys = [str(level) for level in range(1, levels + 1)]
        window.draw_text(self._texts.screen("confidence", levels=levels))
        window.forget_keys()
        window.flip(on_flip=lambda: self._tracker.message(messages.confidence_on(levels)))
        asked_s = window.last_flip_s
        press = window.wait_for_key(keys)
        level = press.key if press else MISSING
        self._tracker.message(messages.confidence(level))
        window.flip()
        return (int(level), 1000 * (press.time_s - asked_s)) if press else (None, None)


class _FacePhase:
    """What is on the screen from the face's onset until the answer: face, mask, or neither.

    Parameters
    ----------
    machine : TrialMachine
        Writes the messages.
    window : Window
        Shows the screens.
    labels : Labels
        Takes the answer.
    trial : PlannedTrial
        The trial.
    settings : ExperimentSettings
        Times, as the trial's condition has them.
    """

    def __init__(
        self,
        machine: TrialMachine,
        window: Window,
        labels: Labels,
        trial: PlannedTrial,
        settings: ExperimentSettings,
    ) -> None:
        self._machine = machine
        self._window = window
        self._labels = labels
        self._trial = trial
        self._settings = settings
        self._onset_s = 0.0
        self._shown = ""
        self._frames: FrameReport | None = None

    def run(self) -> tuple[KeyPress | None, float, FrameReport]:
        """Show the face until the answer or the time is up.

        Returns
        -------
        press : KeyPress or None
            The answer.
        onset_s : float
            The face's onset on the window's clock.
        frames : FrameReport
            How the screen kept its pace while the face was on.
        """
        window, labels = self._window, self._labels
        self._draw("face")
        window.forget_keys()
        window.count_frames()
        window.flip(on_flip=self._begin)
        window.show_pointer(visible=labels.by_mouse)
        press = self._wait_for_answer()
        window.show_pointer(visible=False)
        key = press.key if press else None
        self._machine.answer(key or MISSING, labels.expression_of[key] if key else MISSING)
        self._show("blank")
        if self._frames is None:
            raise RuntimeError("the face must have gone by now")
        return press, self._onset_s, self._frames

    def _begin(self) -> None:
        """Note the face's onset, on its flip."""
        self._onset_s = self._window.now_s()
        self._shown = "face"
        self._machine.face_on()

    def _since_ms(self) -> float:
        """Measure the time since the face's onset."""
        return 1000 * (self._window.now_s() - self._onset_s)

    def _middle_of_next_ms(self) -> float:
        """Give the time, after the face's onset, at which the next frame will be half over.

        A frame shows what is due then, so that each picture stays for the number of frames that
        is nearest to its time.
        """
        window = self._window
        return 1000 * (window.last_flip_s + 1.5 * window.frame_s - self._onset_s)

    def _wait_for_answer(self) -> KeyPress | None:
        """Refresh the screen with each frame until there is an answer or the time is up."""
        settings, picture = self._settings, self._trial.picture_rect
        while True:
            press = self._labels.take(self._window, picture)
            since_ms = self._since_ms()
            if press and 1000 * (press.time_s - self._onset_s) >= settings.earliest_answer_ms:
                return press
            if settings.response_limit_ms and since_ms >= settings.response_limit_ms:
                return None
            self._show(self._due(self._middle_of_next_ms()))

    def _due(self, since_ms: float) -> str:
        """Say what is to be seen at a time after the face's onset."""
        settings = self._settings
        if not settings.face_ms or since_ms < settings.face_ms:
            return "face"
        return "mask" if since_ms < settings.face_ms + settings.mask_ms else "blank"

    def _show(self, wanted: str) -> None:
        """Show the next frame, and say so where it changes what is on."""
        changes = wanted != self._shown
        had_face = self._shown == "face"
        self._draw(wanted)
        self._window.flip(on_flip=(lambda: self._machine.change(wanted)) if changes else None)
        self._shown = wanted
        if changes and had_face:
            self._frames = self._window.frames_counted()

    def _draw(self, wanted: str) -> None:
        """Draw the face or the mask, the labels where an answer is awaited, and the patch."""
        draw, picture = self._window.draw, self._trial.picture_rect
        answered = self._machine.is_answered
        if wanted == "face":
            draw.picture(self._trial.image_id, picture)
        elif wanted == "mask":
            draw.picture(mask_name(self._trial.image_id), picture)
        viewing_only = wanted == "face" and self._settings.free_viewing
        asks = not answered and not viewing_only
        if asks and (self._settings.show_labels or self._labels.by_mouse):
            self._labels.draw(self._window, picture)
        draw.patch(lit=wanted == "face")


def mask_name(image_id: str) -> str:
    """Name the mask of a picture among the loaded pictures.

    Parameters
    ----------
    image_id : str
        The picture.

    Returns
    -------
    str
        No picture's id.
    """
    return f"{image_id} mask"
