"""Settings of reports and exports of other programs, within the section [gaze] of study.toml."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from study.settings.base import Section, check_file_name

_GROUPS = ("participant", "session", "image", "trial")


class ReportColumns(Section):
    """Columns of a report; empty: the names that Data Viewer or Tobii give them."""

    participant: str = Field("", description="who looked")
    session: str = Field("", description="label of the session")
    trial: str = Field("", description="number of the trial")
    image: str = Field("", description="picture, by its name or its number in picture_map")
    expression: str = Field("", description="expression, by any name or code that faceoff knows")
    correct: str = Field("", description="whether the answer was right")
    response: str = Field("", description="the answer")
    rt: str = Field("", description="reaction time, ms")
    eye: str = Field("", description="left or right, where one column says so")
    time: str = Field("", description="time of a sample; a table that has it is one of samples")
    x: str = Field("", description="horizontal position of a fixation, or of both eyes' average")
    y: str = Field("", description="vertical position")
    x_left: str = Field("", description="horizontal position of the left eye, of a sample")
    y_left: str = Field("", description="vertical position of the left eye")
    x_right: str = Field("", description="horizontal position of the right eye, of a sample")
    y_right: str = Field("", description="vertical position of the right eye")
    pupil: str = Field("", description="pupil of a fixation, or of both eyes' average")
    pupil_left: str = Field("", description="pupil of the left eye, of a sample")
    pupil_right: str = Field("", description="pupil of the right eye, of a sample")
    onset: str = Field("", description="start of a fixation; such a table is one of fixations")
    offset: str = Field("", description="end of a fixation")
    duration: str = Field("", description="duration of a fixation")


class ReportSettings(Section):
    """Reports of Data Viewer and Tobii, and other tables of samples or fixations."""

    time_unit: Literal["ms", "s", "us"] = Field(
        "ms", description="unit of the times of a table that is neither Data Viewer's nor Tobii's"
    )
    times_from: Literal["trial", "recording"] = Field(
        "trial", description="where its times count from: each trial's start, or the recording's"
    )
    position: Literal["screen", "picture"] = Field(
        "screen", description="in which pixels its x and y are: the screen's, or the picture's"
    )
    file_name: str = Field(
        "",
        description="pattern of the file names, whose named groups participant, session, image and "
        "trial stand in for columns",
    )
    picture_map: str = Field(
        "", description="table of picture numbers and names: a path, from the study folder on"
    )
    picture_place: str = Field(
        "", description="column that says where the picture stood on the screen, as (x, y) in px"
    )
    place_is: Literal["center", "top_left"] = Field(
        "center", description="which point of the picture that column or picture_x_px means"
    )
    picture_x_px: float | None = Field(
        None, description="where all pictures stood, screen px; empty: as the report says"
    )
    picture_y_px: float | None = Field(None, description="the same vertically")
    picture_width_px: float | None = Field(
        None, gt=0, description="width of the picture on the screen; empty: as the report says"
    )
    picture_height_px: float | None = Field(None, gt=0, description="its height")
    columns: ReportColumns = ReportColumns()

    @field_validator("file_name")
    @classmethod
    def _check_pattern(cls, pattern: str) -> str:
        """Refuse a wrong pattern."""
        return check_file_name(pattern, _GROUPS)

    @model_validator(mode="after")
    def _check_place(self) -> "ReportSettings":
        """Refuse half a place or half a size."""
        if (self.picture_width_px is None) != (self.picture_height_px is None):
            raise ValueError("picture_width_px and picture_height_px must be given together")
        if (self.picture_x_px is None) != (self.picture_y_px is None):
            raise ValueError("picture_x_px and picture_y_px must be given together")
        return self

    @property
    def in_use(self) -> bool:
        """Whether the columns are those of a table of samples or fixations."""
        named = self.columns
        return bool((named.x or named.x_left or named.x_right) and (named.time or named.onset))
