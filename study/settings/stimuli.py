"""Settings of the section [stimuli] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class StimuliSettings(Section):
    """What a user may set in [stimuli]."""
