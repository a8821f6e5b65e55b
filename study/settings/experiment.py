"""Settings of the section [experiment] of study.toml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from study.settings.base import Section
from study.settings.experiment_trackers import (
    CalibrationSettings,
    EyelinkSettings,
    PygazeSettings,
    ReplaySettings,
)

Milliseconds = Annotated[float, Field(ge=0)]


class GateSettings(Section):
    """The fixation gate: the face comes when the eye has rested on the target."""

    radius_deg: float = Field(1.5, gt=0, description="how far from the target gaze may be")
    dwell_ms: float = Field(300.0, gt=0, description="how long it must stay there")
    missing_ms: float = Field(
        50.0, ge=0, description="missing samples up to this long do not end a dwell"
    )
    patience_ms: float = Field(
        8000.0, gt=0, description="after this time the experimenter is asked what to do"
    )


class ConditionSettings(Section):
    """What is different in the blocks of a condition; what is left out is as everywhere."""

    face_ms: Milliseconds | None = None
    mask_ms: Milliseconds | None = None
    free_viewing: bool | None = None
    response_limit_ms: Milliseconds | None = None


class ExperimentSettings(Section):
    """How a session runs: its tracker, its times and what the participant reads."""

    tracker: str = Field(
        "",
        description="eyelink, mouse, simulated, replay, or another PyGaze tracker by its name "
        "(opengaze, tobii, smi ...); empty: say it with --tracker",
    )
    texts: str = Field(
        "english",
        description="what people read: english, german, or a text file in the study",
    )
    start: Literal["drift_check", "gate"] = Field(
        "drift_check", description="what precedes each face: drift_check or gate (fixation gate)"
    )
    fixation_ms: float = Field(700.0, ge=100, description="fixation target alone, before the face")
    face_ms: float = Field(
        0.0, ge=0, description="the face goes after this time; 0: it stays until the answer"
    )
    mask_ms: float = Field(
        0.0, ge=0, description="noise in place of the face after face_ms, for this time; 0: none"
    )
    free_viewing: bool = Field(
        False, description="answers count only once the face has gone (needs face_ms)"
    )
    answer: Literal["keys", "mouse"] = Field(
        "keys", description="answer by keys, or by a click on a label: keys or mouse"
    )
    response_limit_ms: float = Field(
        0.0, ge=0, description="time for the answer, from the face's onset; 0: no limit"
    )
    confidence_levels: int = Field(
        0, ge=0, le=9, description="ask after each answer how sure it is, from 1 to this; 0: no"
    )
    recording_lead_ms: float = Field(
        100.0, ge=0, description="recording runs this long before the fixation target"
    )
    recording_tail_ms: float = Field(
        100.0, ge=0, description="recording runs this long after the face has gone"
    )
    feedback_ms: float = Field(900.0, ge=0, description="right or wrong, after a practice trial")
    pause_ms: float = Field(200.0, ge=0, description="empty screen between two trials")
    screen_ms: float = Field(
        1500.0, ge=0, description="how long a simulated participant reads a screen of text"
    )
    show_labels: bool = Field(True, description="show keys and expressions under the face")
    background: int = Field(128, ge=0, le=255, description="grey level of the screen")
    text_height_px: int = Field(34, ge=8, description="size of the letters of instructions")
    label_height_px: int = Field(26, ge=8, description="size of the letters under the face")
    fixation_size_deg: float = Field(0.6, gt=0, description="diameter of the fixation target")
    photodiode_px: int = Field(
        0, ge=0, description="side of a patch that is white while a face is on; 0: none"
    )
    photodiode_corner: Literal["top left", "top right", "bottom left", "bottom right"] = Field(
        "bottom right", description="corner of the screen in which it is"
    )
    consent: bool = Field(False, description="ask for consent on the screen before the first trial")
    free_disk_mb: int = Field(
        1000, ge=0, description="room that the disk must have before a session, in megabytes"
    )
    conditions: dict[str, ConditionSettings] = Field(
        {},
        description="conditions of blocks, in an order that is counterbalanced over "
        "participants; each may set face_ms, mask_ms, free_viewing, response_limit_ms",
    )
    gate: GateSettings = GateSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    eyelink: EyelinkSettings = EyelinkSettings()
    replay: ReplaySettings = ReplaySettings()
    pygaze: PygazeSettings = PygazeSettings()

    @model_validator(mode="after")
    def _times_agree(self) -> Self:
        """Refuse times that contradict each other, in general and in each condition."""
        for name in ("", *self.conditions):
            own = self.in_condition(name)
            where = f" in the condition {name}" if name else ""
            if own.free_viewing and not own.face_ms:
                raise ValueError(f"free_viewing needs face_ms, the time of viewing{where}")
            if own.mask_ms and not own.face_ms:
                raise ValueError(f"mask_ms needs face_ms, after which the mask comes{where}")
            if own.response_limit_ms and own.response_limit_ms <= own.earliest_answer_ms:
                raise ValueError(f"response_limit_ms must leave time after the face{where}")
        return self

    @property
    def earliest_answer_ms(self) -> float:
        """From the face's onset to the first moment at which an answer counts."""
        return self.face_ms if self.free_viewing else 0.0

    def in_condition(self, name: str) -> "ExperimentSettings":
        """Give the settings as they are in the blocks of a condition.

        Parameters
        ----------
        name : str
            The condition; empty where a study has none.

        Returns
        -------
        ExperimentSettings
            The same but for what the condition sets.

        Examples
        --------
        >>> settings = ExperimentSettings(conditions={"brief": {"face_ms": 200}})
        >>> settings.in_condition("brief").face_ms, settings.in_condition("").face_ms
        (200.0, 0.0)
        """
        if not name:
            return self
        own = self.conditions[name].model_dump(exclude_none=True)
        return self.model_copy(update=own)
