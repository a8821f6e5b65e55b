"""Settings of the section [gaze] of study.toml."""

from study.settings.base import Section
from study.settings.gaze_maps import DensitySettings, TableSettings


class GazeSettings(Section):
    """What a user may set in [gaze]."""

    density: DensitySettings = DensitySettings()
    table: TableSettings = TableSettings()
