"""Fixations, saccades and blinks out of gaze: one interface to several detectors."""

from gaze_analysis.detection.blinks import clean, find_blinks
from gaze_analysis.detection.detect import (
    DEFAULT_METHOD,
    EVENT_COLUMNS,
    METHODS,
    detect,
    detect_intervals,
)
from gaze_analysis.detection.trace import EyeTrace, Interval, eye_trace, eyes_of

__all__ = [
    "DEFAULT_METHOD",
    "EVENT_COLUMNS",
    "METHODS",
    "EyeTrace",
    "Interval",
    "clean",
    "detect",
    "detect_intervals",
    "eye_trace",
    "eyes_of",
    "find_blinks",
]
