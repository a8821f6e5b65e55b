"""Settings of the section [participants] of study.toml."""

from typing import Self

from pydantic import Field, model_validator

from study.settings.base import Section


class ParticipantsSettings(Section):
    """How a session's plan is made: blocks, practice, keys and where the fixation target is."""

    blocks: int = Field(4, ge=1, description="blocks of a session, with a break between two")
    practice_trials: int = Field(
        7, ge=0, description="practice trials, with pictures of actors that are not tested"
    )
    practice_rounds: int = Field(
        2, ge=1, description="rounds of practice at the most, each with other pictures if it can"
    )
    practice_criterion: float = Field(
        0.6, ge=0, le=1,
        description="share of right answers in a round after which practice ends; 0: one round",
    )  # fmt: skip
    consent_version: str = Field(
        "", description="version of the consent form that is in use, such as 2026-11-03"
    )
    keys: list[str] = Field(
        ["1", "2", "3", "4", "5", "6", "7"],
        min_length=7,
        max_length=7,
        description="the answer keys, from left to right, as PsychoPy names them",
    )
    rotate_keys: bool = Field(
        True, description="the next participant's keys are moved on by one expression"
    )
    fixation_gap_deg: float = Field(
        2.0, ge=0, description="from the picture's edge to the fixation target left or right of it"
    )

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        """Refuse a key that stands for two expressions."""
        if len(set(self.keys)) < len(self.keys):
            raise ValueError("each expression needs a key of its own")
        return self
