"""What trackers that send samples have in common, whether through PyGaze or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from experiment.gaze_trace import FloatArray
from experiment.trackers.live_recording import EyeSample
from experiment.trackers.protocol import TargetScreen

#: Takes a sample: its stamp in milliseconds, and the two eyes. May be called in any thread.
TakeSample = Callable[[float, EyeSample, EyeSample], None]


class LiveDevice(Protocol):
    """A tracker that sends samples, from `connect` to `close`, but for its calibration."""

    #: What it is, for the recording's header.
    model: str
    #: Samples in a second; None where it does not say.
    rate_hz: float | None
    #: What it and its library cannot give, in a sentence.
    limits: str

    @property
    def lost(self) -> str:
        """Why it sends nothing any more; empty as long as it is there."""

    def connect(self, take: TakeSample) -> None:
        """Reach the tracker and let it send."""

    def calibrate(self, points_px: FloatArray, screen: TargetScreen) -> str:
        """Calibrate with targets on the screen, and say in a line how it went."""

    def mark(self, text: str) -> None:
        """Put a message into the tracker's own file."""

    def files(self) -> list[Path]:
        """List the tracker's own files."""

    def close(self) -> None:
        """Let go of the tracker; a second call does nothing."""

    def facts(self) -> dict[str, str | float]:
        """Say what session.json is to know besides model and rate."""
