"""EyeLink recordings: one reader for every shape of ASC file."""

from gaze_analysis.eyelink.asc import read_asc
from gaze_analysis.eyelink.recording import Recording

__all__ = ["Recording", "read_asc"]
