"""Where people look: recordings to trials, fixations, quality and density maps."""

from importlib import import_module
from typing import Any

_HOMES = {
    "Recording": "gaze_analysis.eyelink",
    "read_asc": "gaze_analysis.eyelink",
    "read_edf": "gaze_analysis.eyelink",
    "read_recording": "gaze_analysis.eyelink",
    "read_bids": "gaze_analysis.bids_reading",
    "find_trials": "gaze_analysis.trials",
    "detect": "gaze_analysis.detection",
    "trial_fixations": "gaze_analysis.fixations",
    "density_map": "gaze_analysis.density",
    "session_quality": "gaze_analysis.session_quality",
    "read_fixation_tables": "gaze_analysis.tables",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that the package itself loads at once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
