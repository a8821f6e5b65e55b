"""Settings of recordings, trials and exclusions, within the section [gaze] of study.toml."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from study.settings.base import Section


class TrialSettings(Section):
    """How recordings are cut into trials: regular expressions, searched in the messages."""

    start: str = Field(
        "",
        description="begins a trial; its group 'trial' is the trial's name, and named groups of "
        "all these patterns become columns of trials.tsv; empty: TRIALID, start_trial, SYNCTIME "
        "where there are more of them than blocks, or each block",
    )
    end: str = Field(
        "", description="ends a trial; empty: TRIAL_RESULT and the like, or the next trial"
    )
    onset: str = Field(
        "",
        description="the picture appears, and a trial without this message has no epoch; empty: "
        "FACE_ON, SYNCTIME, DISPLAY ON, !V IMGLOAD, or the trial's start",
    )
    offset: str = Field(
        "",
        description="the picture goes: the first such message after the onset, so that "
        "'FACE_OFF|RESPONSE' takes what comes first; empty: FACE_OFF, or the trial's end",
    )
    picture: str = Field(
        "",
        description="names the picture, by the group 'image' or the whole match; empty: "
        "FACE_ON, !V IMGLOAD, or a trial variable such as image",
    )
    picture_x_px: float | None = Field(
        None, description="left pixel of the picture where no message says where it stood"
    )
    picture_y_px: float | None = Field(None, description="its top pixel")
    picture_width_px: float | None = Field(
        None, gt=0, description="its width on the screen; give all four or none"
    )
    picture_height_px: float | None = Field(None, gt=0, description="its height")

    @property
    def picture_place(self) -> tuple[float, float, float, float] | None:
        """Where pictures stand if no message says so: left, top, width, height."""
        x_px, y_px = self.picture_x_px, self.picture_y_px
        width_px, height_px = self.picture_width_px, self.picture_height_px
        if x_px is None or y_px is None or width_px is None or height_px is None:
            return None
        return x_px, y_px, width_px, height_px

    @model_validator(mode="after")
    def _check_place(self) -> "TrialSettings":
        """Refuse half a place."""
        names = ("picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px")
        given = [name for name in names if getattr(self, name) is not None]
        if given and len(given) < len(names):
            raise ValueError(f"{', '.join(names)} must be given together")
        return self

    @field_validator("start", "end", "onset", "offset", "picture")
    @classmethod
    def _check_pattern(cls, pattern: str) -> str:
        """Refuse what is no regular expression."""
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"it must be a regular expression ({error})") from error
        return pattern


class ExclusionSettings(Section):
    """Which people, trials and fixations are left out of maps and statistics."""

    practice: bool = Field(True, description="leave out practice trials")
    wrong_answers: bool = Field(True, description="leave out trials without the right answer")
    begun_before_onset: bool = Field(
        True, description="leave out the fixation that was going on when the picture appeared"
    )
    first_on_target: bool = Field(
        False, description="leave out the first fixation if it still is on the fixation target"
    )
    target_radius_deg: float = Field(
        1.5, gt=0, description="how near the target (by default the screen's centre) that is"
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
