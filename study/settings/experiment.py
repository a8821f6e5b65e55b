"""Settings of the section [experiment] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class ExperimentSettings(Section):
    """How a session runs: its tracker, its times and what the participant reads."""

    tracker: str = Field("", description="simulated or mouse; empty: say it with --tracker")
    texts: str = Field(
        "english", description="what the participant reads: english, or a text file in the study"
    )
    fixation_ms: float = Field(700.0, ge=100, description="fixation target alone, before the face")
    response_limit_ms: float = Field(
        0.0, ge=0, description="the face goes after this time without an answer; 0: it stays"
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
