"""Who takes part: the register, counterbalancing and the plans of sessions."""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "counterbalance": ("latin_square", "williams_design"),
    "order": ("arrange", "constrained_order", "spread"),
    "plans": (
        "Plan",
        "PlannedTrial",
        "make_plan",
        "plan_path",
        "read_plan",
        "session_label",
        "write_plan",
    ),
    "register": (
        "add_participant",
        "add_participants",
        "participant_number",
        "read_participants",
        "record_consent",
    ),
    "sessions": ("SessionState", "session_states"),
}
_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts at once."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'participants' has no attribute {name!r}")
    return getattr(import_module(f"participants.{_MODULE_OF[name]}"), name)
