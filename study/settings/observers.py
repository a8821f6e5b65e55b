"""Settings of the section [observers] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class ObserversSettings(Section):
    """What a user may set in [observers]."""
