"""Settings of density maps and of fixation tables, within the section [gaze] of study.toml."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from study.settings.base import Section, check_file_name

_GROUPS = ("participant", "image", "expression", "trial")


class DensitySettings(Section):
    """How fixations become density maps, ceilings and controls."""

    bandwidth: Literal["given", "likelihood", "scott"] = Field(
        "given",
        description="what the kernel's width comes from: sigma (given), the width under which "
        "people's maps best foretell each other's fixations (likelihood), or Scott's rule (scott)",
    )
    sigma: float = Field(
        1.0,
        gt=0,
        description="standard deviation of the Gaussian kernel, in sigma_unit, where it is given",
    )
    sigma_unit: Literal["deg", "px", "percent"] = Field(
        "deg", description="deg of visual angle, px of the picture as shown, percent of its width"
    )
    weighting: Literal["duration", "count"] = Field(
        "duration", description="what a fixation counts: its duration, or one (count)"
    )
    participants: Literal["equal", "pooled"] = Field(
        "equal", description="each participant weighs the same, or each fixation does (pooled)"
    )
    edges: Literal["renormalised", "dropped", "reflected"] = Field(
        "renormalised",
        description="mass outside the picture is dropped and each map scaled to 1 (renormalised), "
        "or dropped, or mirrored back at the picture's border (reflected)",
    )
    grid_px: float = Field(
        2.0, gt=0, description="distance between the points at which a map is kept, picture px"
    )
    splits: int = Field(
        1000, ge=1, le=100_000, description="random halves for the inter-observer ceiling"
    )
    centre_sigma: float | None = Field(
        None,
        gt=0,
        description="standard deviation of the centre-bias control, in sigma_unit; without it, "
        "the Gaussian is fitted to all fixations",
    )


class TableColumns(Section):
    """The columns of a fixation table; empty where the table has no such column."""

    x: str = Field("x", min_length=1, description="horizontal position, in the picture's pixels")
    y: str = Field("y", min_length=1, description="vertical position, in the picture's pixels")
    onset: str = Field("", description="start of the fixation after the picture's onset, ms")
    duration: str = Field("", description="duration of the fixation, ms")
    participant: str = Field("", description="who looked")
    image: str = Field("", description="picture, by its name or its number in picture_map")
    expression: str = Field("", description="expression, by any name or code that faceoff knows")
    trial: str = Field("", description="number of the trial")


class TableSettings(Section):
    """Fixation tables made elsewhere; they are read where the picture's size is given."""

    picture_width_px: int | None = Field(
        None, gt=0, description="width of the picture in whose pixels the fixations are given"
    )
    picture_height_px: int | None = Field(None, gt=0, description="its height")
    px_per_deg: float | None = Field(
        None, gt=0, description="its pixels in a degree of visual angle, if sigma is in degrees"
    )
    file_name: str = Field(
        "",
        description="pattern of the file names, whose named groups participant, image, expression "
        "and trial stand in for columns",
    )
    picture_map: str = Field(
        "", description="table of picture numbers and names: a path, from the study folder on"
    )
    columns: TableColumns = TableColumns()

    @field_validator("file_name")
    @classmethod
    def _check_pattern(cls, pattern: str) -> str:
        """Refuse a wrong pattern."""
        return check_file_name(pattern, _GROUPS)

    @model_validator(mode="after")
    def _check_size(self) -> "TableSettings":
        """Refuse a picture with a width and no height."""
        if (self.picture_width_px is None) != (self.picture_height_px is None):
            raise ValueError("picture_width_px and picture_height_px must be given together")
        return self

    @property
    def in_use(self) -> bool:
        """Whether the study's fixations come from tables."""
        return self.picture_width_px is not None
