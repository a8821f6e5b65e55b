"""The EyeLink: connection, recording, calibration display and files."""

from experiment.trackers.eyelink.tracker import EyelinkTracker

__all__ = ["EyelinkTracker"]
