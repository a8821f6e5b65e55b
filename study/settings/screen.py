"""The screen in front of the participant: pixels, centimetres and the distance to the eyes."""

from pydantic import Field

from study.settings.base import Section


class ScreenSettings(Section):
    """Size and distance, from which degrees of visual angle follow."""

    width_px: int = Field(1920, gt=0, description="horizontal resolution")
    height_px: int = Field(1080, gt=0, description="vertical resolution")
    width_cm: float = Field(53.0, gt=0, description="width of the visible area, measured")
    height_cm: float = Field(29.8, gt=0, description="height of the visible area, measured")
    distance_cm: float = Field(70.0, gt=0, description="from the eyes to the screen's centre")
    refresh_hz: float = Field(60.0, gt=0, description="refresh rate")
