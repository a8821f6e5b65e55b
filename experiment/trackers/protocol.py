"""What a session asks of an eye tracker, whichever it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Sample:
    """One sample of gaze.

    Parameters
    ----------
    time_ms : float
        On the tracker's clock.
    x_px, y_px : float
        Screen pixels from the top left; NaN where the eye is not seen.
    pupil : float
        Pupil size in the tracker's unit; NaN where the eye is not seen or it is not measured.
    """

    time_ms: float
    x_px: float
    y_px: float
    pupil: float


class TargetScreen(Protocol):
    """The part of the window on which a tracker shows its calibration targets."""

    def show_target(self, x_px: float, y_px: float) -> None:
        """Show a target alone, at a place in screen pixels."""

    def hold_target(self, x_px: float, y_px: float, duration_ms: float) -> None:
        """Keep a target on the screen for a time."""


class Tracker(Protocol):
    """An eye tracker; the session calls its methods in this order.

    `connect`, `calibrate`, then for each trial `drift_check`, `start`, `message`s, `stop`, and at
    the end `save` and `close`. Times are those of the tracker's own clock, in milliseconds.
    """

    name: str
    simulates_participant: bool

    def connect(self) -> None:
        """Reach the tracker and open the recording's file."""

    def calibrate(self, screen: TargetScreen) -> None:
        """Calibrate and validate with targets on the screen."""

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Measure how far gaze is from a target, in degrees."""

    def start(self) -> None:
        """Begin to record samples."""

    def stop(self) -> None:
        """End recording; without a recording under way, do nothing."""

    def message(self, text: str) -> float:
        """Write a message into the recording, and give its time in milliseconds."""

    def newest_sample(self) -> Sample | None:
        """Give the latest sample, or None where there has been none."""

    def save(self) -> list[Path]:
        """Bring the whole recording to the session's folder, and name its files."""

    def close(self) -> None:
        """Let go of the tracker; a second call does nothing."""
