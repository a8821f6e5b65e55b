"""EyeLink recordings: one reader for every shape of ASC file, and for EDF."""

from gaze_analysis.eyelink.asc import read_asc
from gaze_analysis.eyelink.edf import read_edf
from gaze_analysis.eyelink.files import read_recording
from gaze_analysis.eyelink.recording import Recording

__all__ = ["Recording", "read_asc", "read_edf", "read_recording"]
