"""What a trial leaves: its outcome, its row of trials.tsv, and what Data Viewer is told."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from experiment.recording import TRIAL_COLUMNS
from experiment.window import FrameReport
from participants.plans import Plan, PlannedTrial
from study.tables import MISSING


@dataclass(frozen=True)
class TrialOutcome:
    """What happened in a trial that was completed.

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
    start_offset_deg : float
        How far gaze was from the fixation target before the face; NaN where nothing told.
    gate_attempts : int
        How often gaze came near the target before the gate opened; 0 without a gate.
    confidence : int or None
        How sure the answer was.
    confidence_rt_ms : float or None
        From that question to its answer.
    """

    key: str | None
    response: str | None
    correct: bool | None
    rt_ms: float | None
    face_onset_ms: float
    face_offset_ms: float
    frames: FrameReport
    start_offset_deg: float = math.nan
    gate_attempts: int = 0
    confidence: int | None = None
    confidence_rt_ms: float | None = None


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
    variables: dict[str, str | int] = {
        "image_id": trial.image_id,
        "expression": trial.expression,
        "response": outcome.response or MISSING,
        "correct": correct,
        "rt_ms": MISSING if outcome.rt_ms is None else f"{outcome.rt_ms:.1f}",
        "phase": trial.phase,
        "block": trial.block,
    }
    if trial.condition:
        variables["condition"] = trial.condition
    if outcome.confidence is not None:
        variables["confidence"] = outcome.confidence
    return variables


@dataclass(frozen=True)
class Attempt:
    """Which trial is tried, by whom, and for the how manieth time.

    Parameters
    ----------
    plan : Plan
        The session's plan.
    trial : PlannedTrial
        The trial.
    actor : str
        Who is on the picture.
    attempt : int
        1 for the first time.
    part : int
        Number of the recording.
    """

    plan: Plan
    trial: PlannedTrial
    actor: str
    attempt: int
    part: int

    def done_row(self, outcome: TrialOutcome) -> dict[str, Any]:
        """Build the row of a trial that was completed.

        Parameters
        ----------
        outcome : TrialOutcome
            What happened.

        Returns
        -------
        dict
            One value for each column of trials.tsv; None or NaN where it is missing.
        """
        return self._row(
            outcome="done",
            response=outcome.response,
            key=outcome.key,
            correct=outcome.correct,
            rt_ms=outcome.rt_ms,
            face_onset_ms=outcome.face_onset_ms,
            face_offset_ms=outcome.face_offset_ms,
            n_frames=outcome.frames.n_frames,
            n_dropped=outcome.frames.n_dropped,
            max_frame_interval_ms=outcome.frames.max_interval_ms,
            drift_deg=outcome.start_offset_deg,
            gate_attempts=outcome.gate_attempts,
            confidence=outcome.confidence,
            confidence_rt_ms=outcome.confidence_rt_ms,
        )

    def marked_row(
        self, outcome: Literal["skipped", "interrupted"], face_onset_ms: float = math.nan
    ) -> dict[str, Any]:
        """Build the row of a trial that was not completed.

        Parameters
        ----------
        outcome : {"skipped", "interrupted"}
            What became of it.
        face_onset_ms : float, optional
            When the face came, where it did.

        Returns
        -------
        dict
            One value for each column of trials.tsv; None or NaN where it is missing.
        """
        return self._row(outcome=outcome, face_onset_ms=face_onset_ms)

    def _row(self, **found: Any) -> dict[str, Any]:
        """Join what was planned and what happened."""
        trial = self.trial
        planned = trial.model_dump(exclude={"practice_round"})
        return dict.fromkeys(TRIAL_COLUMNS) | {
            "participant_id": self.plan.participant_id,
            "session": self.plan.session,
            **planned,
            "actor": self.actor,
            "condition": trial.condition or None,
            "attempt": self.attempt,
            "part": self.part,
            **found,
        }
