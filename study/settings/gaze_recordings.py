"""Settings of recordings, trials and exclusions, within the section [gaze] of study.toml."""

import re
from typing import Literal

from pydantic import Field, field_validator

from study.settings.base import Section


class TrialSettings(Section):
    """How recordings are cut into trials: regular expressions, searched in the messages."""

    start: str = Field(
        "",
        description="begins a trial; named groups become columns of trials.tsv, the group "
        "'trial' its number; empty: TRIALID, start_trial, or each block",
    )
    end: str = Field(
        "", description="ends a trial; empty: TRIAL_RESULT and the like, or the next trial"
    )
    onset: str = Field(
        "", description="the picture appears; empty: FACE_ON, SYNCTIME, !V IMGLOAD, or the start"
    )
    offset: str = Field("", description="the picture goes; empty: FACE_OFF, or the trial's end")

    @field_validator("start", "end", "onset", "offset")
    @classmethod
    def _check_pattern(cls, pattern: str) -> str:
        """Refuse what is no regular expression."""
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"it must be a regular expression ({error})") from error
        return pattern


class ExclusionSettings(Section):
    """Which fixations are left out of maps and statistics."""

    practice: bool = Field(True, description="leave out practice trials")
    wrong_answers: bool = Field(True, description="leave out trials without the right answer")
    begun_before_onset: bool = Field(
        True, description="leave out the fixation that was going on when the picture appeared"
    )
    off_picture: bool = Field(True, description="leave out fixations beside the picture")
    near_blinks: bool = Field(True, description="leave out fixations that touch a blink")
    blink_margin_ms: float = Field(0.0, ge=0, description="how near a blink still touches")
    min_duration_ms: float = Field(
        50.0, ge=0, description="leave out shorter fixations (as clipped to the picture's time)"
    )
    max_duration_ms: float = Field(0.0, ge=0, description="leave out longer ones; 0: keep all")
    at_edges: Literal["clip", "drop"] = Field(
        "clip", description="fixations that go on when the picture goes: clipped, or left out"
    )
    max_trial_loss: float = Field(
        0.5, ge=0, le=1, description="leave out trials that lack a larger share of their samples"
    )
    max_participant_loss: float = Field(
        1.0, ge=0, le=1, description="leave out participants whose trials lack a larger share"
    )
    max_error_deg: float = Field(
        0.0, ge=0,
        description="leave out participants whose mean validation error is larger; 0: keep all",
    )  # fmt: skip
    min_correct: float = Field(
        0.0, ge=0, le=1, description="leave out participants with a smaller share of right answers"
    )
    min_trials: int = Field(
        0, ge=0, description="leave out participants with fewer trials that are kept"
    )
