"""Settings of the section [stimuli] of study.toml."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from study.settings.base import Section, check_file_name

Actor = Annotated[str, Field(pattern=r"^[FM](0[1-9]|[12]\d|3[0-5])$")]

THESIS_TEST_ACTORS = [
    "F09", "F05", "F17", "F04", "F16", "F25", "F15", "F30",
    "M04", "M06", "M33", "M12", "M27", "M32", "M24", "M26",
]  # fmt: skip


View = Literal[
    "full left profile", "half left profile", "straight", "half right profile", "full right profile"
]
Illumination = Literal["none", "equalised", "adaptive"]
Split = Literal["train", "validation", "test", "unused"]
# By the names that sets use, in small letters: folders, and FER2013's column Usage.
SET_SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "val": "validation", "validation": "validation",
    "publictest": "validation", "privatetest": "test", "test": "test", "testing": "test",
}  # fmt: skip
NAME_GROUPS = ("actor", "sex", "session", "ethnicity", "expression")


class StimuliSettings(Section):
    """Which faces are shown, what part of them, and which serve for what."""

    face_set: Literal["kdef", "folders"] = Field(
        "kdef",
        description="kdef: names of KDEF's form, or synthetic faces; folders: a folder for each "
        "expression, or a table pictures.tsv or .csv beside the pictures (RADIATE, FER2013, any)",
    )
    name_pattern: str = Field(
        "",
        description="with folders: regular expression for a picture's file name, with groups "
        "among actor, sex, session, ethnicity and expression, for what the folders do not say",
    )
    views: list[View] = Field(
        ["straight"],
        min_length=1,
        description="KDEF's views that are used; others than straight need the crop whole or fixed",
    )

    folder: str = Field(
        "stimuli/pictures",
        min_length=1,
        description="folder of the face set, from the study folder or absolute",
    )
    picture_px: int = Field(
        448, ge=64, description="width and height at which the crop is shown, in screen pixels"
    )
    crop: Literal["landmarks", "fixed", "whole"] = Field(
        "landmarks",
        description="landmarks: around the face, in KDEF the same for all; fixed: as given below; "
        "whole: the picture as it is, made square where it is not, without landmarks",
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
    illumination: Illumination = Field(
        "none",
        description="pictures are evened out before anybody sees them: equalised (histogram of "
        "grey levels made flat), or adaptive (the same in parts, CLAHE)",
    )
    darkest_luminance: float = Field(
        12.0, ge=0, le=255, description="pictures with a mean grey level below this are left out"
    )
    split_by: Literal["test_actors", "actor", "picture", "set"] = Field(
        "test_actors",
        description="what parts training, validation and test: the test actors below; actors "
        "drawn by split_parts; pictures drawn so from each expression, whoever they show; or the "
        "set's own folders",
    )
    split_parts: tuple[float, float, float] = Field(
        (0.8, 0.1, 0.1),
        description="parts of actors or pictures for training, validation and test; what is over "
        "goes to the test",
    )
    set_splits: dict[str, Split] = Field(
        SET_SPLITS,
        description="with the set's own split: what its names stand for here, in small letters",
    )
    validation_part: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="with the set's own split: part of each expression's training pictures that "
        "validates, where the set has none for that",
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

    @field_validator("name_pattern")
    @classmethod
    def _check_pattern(cls, pattern: str) -> str:
        """Refuse a pattern that does not compile, or names other groups."""
        return check_file_name(pattern, NAME_GROUPS)

    @field_validator("split_parts")
    @classmethod
    def _check_parts(cls, parts: tuple[float, float, float]) -> tuple[float, float, float]:
        """Refuse parts that are none."""
        if min(parts) < 0 or not 0 < sum(parts) <= 1 + 1e-9 or not parts[0]:
            raise ValueError(
                "parts must be 0 or greater, the first more than 0, and at most 1 together"
            )
        return parts

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Refuse what does not go together."""
        if self.views != ["straight"] and self.crop == "landmarks":
            raise ValueError("crop must be whole or fixed with other views than straight")
        if self.face_set == "folders" and self.split_by == "test_actors":
            raise ValueError(
                "split_by must be actor, picture or set with face_set = folders, for the test "
                "actors are KDEF's"
            )
        if self.face_set == "kdef" and self.split_by == "set":
            raise ValueError("split_by must be another one with face_set = kdef, which has none")
        return self
