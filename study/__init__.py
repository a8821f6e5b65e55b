"""The ground that faceoff stands on: the study folder, its settings, tables, provenance."""

from typing import TYPE_CHECKING, Any

from study.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from study.folder import Study, create_study, open_study

__all__ = ["InputError", "Study", "create_study", "did_you_mean", "open_study"]


def __getattr__(name: str) -> Any:
    """Load the study folder when it is first used: its settings take a while to import."""
    if name in __all__:
        from study import folder

        return getattr(folder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
