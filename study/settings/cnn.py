"""Settings of the section [cnn] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class CnnSettings(Section):
    """What a user may set in [cnn]."""
