"""Settings of the section [comparison] of study.toml."""

from pydantic import Field

from study.settings.base import Section


class ComparisonSettings(Section):
    """What a user may set in [comparison]."""
