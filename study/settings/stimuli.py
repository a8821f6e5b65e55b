"""Settings of the section [stimuli] of study.toml."""

from typing import Annotated, Literal

from pydantic import Field

from study.settings.base import Section

Actor = Annotated[str, Field(pattern=r"^[FM](0[1-9]|[12]\d|3[0-5])$")]

THESIS_TEST_ACTORS = [
    "F09", "F05", "F17", "F04", "F16", "F25", "F15", "F30",
    "M04", "M06", "M33", "M12", "M27", "M32", "M24", "M26",
]  # fmt: skip


class StimuliSettings(Section):
    """Which faces are shown, what part of them, and which serve for what."""

    folder: str = Field(
        "stimuli/pictures",
        min_length=1,
        description="folder of the face set, from the study folder or absolute",
    )
    picture_px: int = Field(
        448, ge=64, description="width and height at which the crop is shown, in screen pixels"
    )
    crop: Literal["landmarks", "fixed"] = Field(
        "landmarks", description="landmarks: from the set's median face; fixed: as given below"
    )
    crop_factor: float = Field(
        2.9,
        ge=1,
        le=10,
        description="side of the crop as a multiple of the distance from eyes to mouth",
    )
    crop_x_px: int = Field(70, ge=0, description="fixed crop: its left pixel in the picture file")
    crop_y_px: int = Field(160, ge=0, description="fixed crop: its top pixel in the picture file")
    crop_side_px: int = Field(420, ge=32, description="fixed crop: its width and height")
    landmark_model: str = Field(
        "",
        description="MediaPipe face landmarker (.task file) for the landmarks of real pictures; "
        "empty: the model inside the package mediapipe",
    )
    darkest_luminance: float = Field(
        12.0, ge=0, le=255, description="pictures with a mean grey level below this are left out"
    )
    test_actors: list[Actor] = Field(
        THESIS_TEST_ACTORS, description="actors of the test pictures; by default Bartnik's (2020)"
    )
    test_session: Literal["A", "B", "both"] = Field(
        "A", description="session of the test pictures; the other one's go unused"
    )
    validation_by: Literal["actor", "picture"] = Field(
        "actor",
        description="actor: validation has actors of its own; picture: a fifth of the pictures "
        "that are not tested, whoever they show, as in Bartnik (2020)",
    )
    validation_actors: int = Field(
        10, ge=0, description="number of the other actors drawn for validation, half of each sex"
    )
