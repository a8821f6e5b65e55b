"""Settings of the section [participants] of study.toml."""

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from study.settings.base import Section

# One word with a digit: whatever else, it is nobody's name.
_VERSION = re.compile(r"(?=.*\d)[A-Za-z0-9._-]+")


def is_version(text: str) -> bool:
    """Tell whether a text may stand for the version of a consent form.

    Parameters
    ----------
    text : str
        Such as ``2026-11-03`` or ``v2``.

    Returns
    -------
    bool
        Whether it is one word of letters, digits, points, hyphens and underscores, and has a
        digit, so that nobody's name is among them.

    Examples
    --------
    >>> is_version("v2"), is_version("Anna"), is_version("Anna B 2")
    (True, False, False)
    """
    return _VERSION.fullmatch(text) is not None


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
    counterbalance: Literal["williams", "latin"] = Field(
        "williams",
        description="how the conditions of [experiment.conditions] are ordered over blocks: "
        "williams (each as often after each other one) or latin (each as often in each place)",
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

    @field_validator("consent_version")
    @classmethod
    def _check_version(cls, version: str) -> str:
        """Refuse what is no version."""
        if version and not is_version(version):
            raise ValueError("it must be one word of letters, digits and .-_ that has a digit")
        return version

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        """Refuse a key that stands for two expressions."""
        if len(set(self.keys)) < len(self.keys):
            raise ValueError("each expression needs a key of its own")
        return self
