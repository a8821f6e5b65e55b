"""Settings of the section [gaze] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class GazeSettings(Section):
    """What a user may set in [gaze]."""
