"""Settings of the section [experiment] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class ExperimentSettings(Section):
    """What a user may set in [experiment]."""
