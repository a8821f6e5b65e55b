"""Settings of the section [gaze] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section
from study.settings.gaze_behaviour import BehaviourSettings
from study.settings.gaze_events import EventSettings
from study.settings.gaze_maps import DensitySettings, TableSettings
from study.settings.gaze_recordings import ExclusionSettings, TrialSettings
from study.settings.gaze_regions import RegionSettings
from study.settings.gaze_reports import ReportSettings


class GazeSettings(Section):
    """What a user may set in [gaze]."""

    eye: Literal["best", "left", "right"] = Field(
        "best", description="which eye of two is analysed; best: the smaller validation error"
    )
    modes: list[Literal["real", "pilot", "test"]] = Field(
        ["real"], description="sessions of which modes are analysed"
    )
    trials: TrialSettings = TrialSettings()
    behaviour: BehaviourSettings = BehaviourSettings()
    events: EventSettings = EventSettings()
    exclude: ExclusionSettings = ExclusionSettings()
    regions: RegionSettings = RegionSettings()
    density: DensitySettings = DensitySettings()
    table: TableSettings = TableSettings()
    report: ReportSettings = ReportSettings()
