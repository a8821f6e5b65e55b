"""What a session asks of an eye tracker, whichever it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from experiment.window import Window
    from participants.plans import Plan
    from study.folder import Study

Eye = Literal["left", "right", "both"]


class TrackerLostError(Exception):
    """The tracker does not answer any more, or has stopped recording.

    The message says what was expected, what came, and what the experimenter can do; the session
    marks the trial, saves what there is, and shows it.
    """


@dataclass(frozen=True)
class TrackerSetup:
    """What a tracker is told about the part of a session that it is to record.

    Parameters
    ----------
    study : Study
        The study.
    plan : Plan
        The session's plan.
    window : Window
        The session's window, open.
    recording : Path
        The recording to be made, without its suffix; there is no such file yet.
    eye : {"left", "right", "both"}
        Which eye is to be recorded.
    """

    study: "Study"
    plan: "Plan"
    window: "Window"
    recording: Path
    eye: Eye


@dataclass(frozen=True)
class Accuracy:
    """What a validation found.

    Parameters
    ----------
    average_deg, maximum_deg : float
        Mean and largest error of the targets; of two eyes the worse.
    verdict : str
        GOOD, FAIR or POOR, as the tracker says; ``n/a`` where it says nothing.
    """

    average_deg: float
    maximum_deg: float
    verdict: str


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

    `connect`, `calibrate`, then for each trial perhaps `drift_check`, `start`, `message`s and
    `newest_sample`s, `stop`, and at the end `save` and `close`. Times are those of the tracker's
    own clock, in milliseconds. Every method may raise `TrackerLostError`; `save` and `close` do
    what can still be done even then.
    """

    name: str
    simulates_participant: bool

    def connect(self) -> None:
        """Reach the tracker and open the recording's file."""

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy | None:
        """Calibrate and validate with targets on the screen; None where nothing was measured."""

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Measure how far gaze is from a target, in degrees."""

    def start(self) -> None:
        """Begin to record samples."""

    def stop(self) -> None:
        """End recording; without a recording under way, do nothing."""

    def message(self, text: str) -> float:
        """Write a message into the recording, and give its time in milliseconds."""

    def newest_sample(self) -> Sample | None:
        """Give the latest sample, or None where there has been none since recording began."""

    def save(self) -> list[Path]:
        """Bring the whole recording to the session's folder, and name its files."""

    def close(self) -> None:
        """Let go of the tracker; a second call does nothing."""

    def facts(self) -> dict[str, str | float]:
        """Say what session.json is to know: model, software, sample rate, name on the Host PC."""
