"""The session: PsychoPy window, trackers, trial machine, messages, simulated observers.

PsychoPy is imported when a window opens, not before.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "draw_observer": "experiment.observers",
    "run_session": "experiment.session",
    "simulate_sample": "experiment.simulate",
    "simulate_trial": "experiment.observers",
}

__all__ = ["draw_observer", "run_session", "simulate_sample", "simulate_trial"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'experiment' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
