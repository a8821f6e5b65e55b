"""Settings of the report: what it is called and how its figures look."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section


class ReportSettings(Section):
    """What a user may set in [report]."""

    columns: Literal[1, 2] = Field(
        2, description="columns of a journal that figures are as wide as: 1 is 8.5 cm, 2 is 17.5 cm"
    )
    figure_dpi: int = Field(150, ge=72, le=1200, description="resolution of the PNG figures")
    example_images: int = Field(
        2, ge=1, le=16, description="pictures of each expression in the gallery"
    )
    faces: Literal["show", "hide"] = Field(
        "show", description="hide leaves the faces out, for sets that may not be passed on"
    )
