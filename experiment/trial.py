"""One trial in the window: fixation target, face, answer, and the row that it leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from experiment.machine import TrialMachine
from experiment.window import FrameReport, KeyPress, Window
from participants.plans import PlannedTrial
from stimuli.frames import Rect
from study.settings.experiment import ExperimentSettings
from study.tables import MISSING


@dataclass(frozen=True)
class TrialOutcome:
    """What happened in a trial.

    Parameters
    ----------
    key, response : str or None
        The key and the expression it stands for; None where the time was up.
    correct : bool or None
        Whether the expression was the picture's.
    rt_ms : float or None
        From the face's onset to the key press.
    face_onset_ms, face_offset_ms : float
        On the tracker's clock.
    frames : FrameReport
        How the screen kept its pace while the face was on.
    """

    key: str | None
    response: str | None
    correct: bool | None
    rt_ms: float | None
    face_onset_ms: float
    face_offset_ms: float
    frames: FrameReport


class Labels:
    """The row of keys and expressions that stands under the face.

    Parameters
    ----------
    keys : mapping of str to str
        Key by expression, in the order of the keyboard, as in the plan.
    names : mapping of str to str
        What the participant reads for each expression.
    """

    def __init__(self, keys: Mapping[str, str], names: Mapping[str, str]) -> None:
        self.expression_of = {key: expression for expression, key in keys.items()}
        self.texts = [f"{key}  {names[expression]}" for expression, key in keys.items()]

    def draw(self, window: Window, picture: Rect) -> None:
        """Draw the row.

        Parameters
        ----------
        window : Window
            Where to draw.
        picture : Rect
            The face, under which the row is centred.
        """
        height_px = window.settings.label_height_px
        step_px = min(7.5 * height_px, window.screen.width_px / len(self.texts))
        y_px = min(
            picture.y_px + picture.height_px + 2.5 * height_px,
            window.screen.height_px - 1.5 * height_px,
        )
        left_px = picture.x_px + picture.width_px / 2 - step_px * (len(self.texts) - 1) / 2
        for index, text in enumerate(self.texts):
            window.draw.text(text, left_px + index * step_px, y_px, height_px)


def run_trial(
    machine: TrialMachine,
    window: Window,
    trial: PlannedTrial,
    labels: Labels,
    settings: ExperimentSettings,
) -> TrialOutcome:
    """Run one trial, from its identification to the end of its recording.

    Parameters
    ----------
    machine : TrialMachine
        Enforces the order and writes the messages.
    window : Window
        Shows the screens.
    trial : PlannedTrial
        What to show.
    labels : Labels
        The keys and what they stand for.
    settings : ExperimentSettings
        Times.

    Returns
    -------
    TrialOutcome
        What happened.

    Raises
    ------
    QuitError
        If Esc was pressed or the window was closed.
    """
    machine.identify(trial)
    machine.check_drift(window)
    _show_fixation(machine, window, trial, settings)
    outcome_key, rt_ms, frames = _show_face(machine, window, trial, labels, settings)
    response = labels.expression_of[outcome_key] if outcome_key else None
    outcome = TrialOutcome(
        key=outcome_key,
        response=response,
        correct=None if response is None else response == trial.expression,
        rt_ms=rt_ms,
        face_onset_ms=machine.face_onset_ms,
        face_offset_ms=machine.face_offset_ms,
        frames=frames,
    )
    window.hold(_nothing, settings.recording_tail_ms)
    machine.finish(trial_variables(trial, outcome))
    return outcome


def _show_fixation(
    machine: TrialMachine, window: Window, trial: PlannedTrial, settings: ExperimentSettings
) -> None:
    """Start the recording and show the fixation target for its time."""

    def draw() -> None:
        window.draw.target(trial.fixation_x_px, trial.fixation_y_px)

    machine.record()
    window.flip()
    window.hold(_nothing, settings.recording_lead_ms)
    draw()
    window.flip(on_flip=machine.fixation_on)
    window.hold(draw, settings.fixation_ms)


def _show_face(
    machine: TrialMachine,
    window: Window,
    trial: PlannedTrial,
    labels: Labels,
    settings: ExperimentSettings,
) -> tuple[str | None, float | None, FrameReport]:
    """Show the face until it is answered; give the key, the time it took, and the frames."""
    picture = trial.picture_rect
    onset_s = 0.0

    def draw() -> None:
        window.draw.face(trial.image_id, picture)
        if settings.show_labels:
            labels.draw(window, picture)

    def begin() -> None:
        nonlocal onset_s
        onset_s = window.now_s()
        machine.face_on()

    draw()
    window.forget_keys()
    window.count_frames()
    window.flip(on_flip=begin)
    press = _wait_for_answer(window, draw, labels, onset_s, settings.response_limit_ms)
    key = press.key if press else None
    machine.answer(key or MISSING, labels.expression_of[key] if key else MISSING)
    window.flip(on_flip=machine.face_off)
    rt_ms = 1000 * (press.time_s - onset_s) if press else None
    return key, rt_ms, window.frames_counted()


def _wait_for_answer(
    window: Window,
    draw: Callable[[], None],
    labels: Labels,
    onset_s: float,
    limit_ms: float,
) -> KeyPress | None:
    """Refresh the face with each frame until a key of the plan is pressed or the time is up."""
    while (press := window.take_key(labels.expression_of)) is None:
        if limit_ms and 1000 * (window.now_s() - onset_s) >= limit_ms:
            return None
        draw()
        window.flip()
    return press


def _nothing() -> None:
    """Draw an empty screen."""


def trial_variables(trial: PlannedTrial, outcome: TrialOutcome) -> dict[str, str | int]:
    """Collect what Data Viewer is told about a trial.

    Parameters
    ----------
    trial : PlannedTrial
        What was planned.
    outcome : TrialOutcome
        What happened.

    Returns
    -------
    dict of str to str or int
        Name and value.
    """
    correct = MISSING if outcome.correct is None else str(outcome.correct).lower()
    return {
        "image_id": trial.image_id,
        "expression": trial.expression,
        "response": outcome.response or MISSING,
        "correct": correct,
        "rt_ms": MISSING if outcome.rt_ms is None else f"{outcome.rt_ms:.1f}",
        "phase": trial.phase,
        "block": trial.block,
    }


def trial_row(
    participant_id: str, session: str, actor: str, trial: PlannedTrial, outcome: TrialOutcome
) -> dict[str, Any]:
    """Build the row of trials.tsv.

    Parameters
    ----------
    participant_id, session, actor : str
        Who took part, in which session, and who is on the picture.
    trial : PlannedTrial
        What was planned.
    outcome : TrialOutcome
        What happened.

    Returns
    -------
    dict
        One value for each column; None where it is missing.
    """
    return {
        "participant_id": participant_id,
        "session": session,
        "trial": trial.trial,
        "block": trial.block,
        "phase": trial.phase,
        "image_id": trial.image_id,
        "actor": actor,
        "expression": trial.expression,
        "response": outcome.response,
        "key": outcome.key,
        "correct": outcome.correct,
        "rt_ms": outcome.rt_ms,
        "face_onset_ms": outcome.face_onset_ms,
        "face_offset_ms": outcome.face_offset_ms,
        "n_frames": outcome.frames.n_frames,
        "n_dropped": outcome.frames.n_dropped,
        "max_frame_interval_ms": outcome.frames.max_interval_ms,
        "fixation_x_px": trial.fixation_x_px,
        "fixation_y_px": trial.fixation_y_px,
        "picture_x_px": trial.picture_x_px,
        "picture_y_px": trial.picture_y_px,
        "picture_width_px": trial.picture_width_px,
        "picture_height_px": trial.picture_height_px,
    }
