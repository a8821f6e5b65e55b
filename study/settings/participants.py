"""Settings of the section [participants] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class ParticipantsSettings(Section):
    """What a user may set in [participants]."""
