"""A tracker whose clock moves only when it is told to, for sessions without a window."""

from pathlib import Path

from experiment.asc_writer import AscWriter
from experiment.calibration import CalibratedEye, simulate_drift_check, simulate_validation
from experiment.observers import Eye, Observer, SimulatedTrial
from experiment.trackers.protocol import Accuracy, Sample, TargetScreen
from stimuli.frames import Screen
from study.seeds import generator

#: What the tracker's clock shows when a session begins, and how long the steps take.
CLOCK_START_MS = 300_000
CALIBRATION_MS, VALIDATION_MS, DRIFT_CHECK_MS, SCREEN_OF_TEXT_MS = 25_000, 15_000, 400, 5_000


class NoScreen:
    """The screen of a session without a window: its targets are for nobody to see."""

    def show_target(self, x_px: float, y_px: float) -> None:
        """Show nothing."""

    def hold_target(self, x_px: float, y_px: float, duration_ms: float) -> None:
        """Show nothing, and do not wait."""


class VirtualTracker:
    """A tracker whose clock moves only when it is told to, and which sees a simulated eye.

    Parameters
    ----------
    recording : AscWriter
        Where messages and gaze go.
    observer : Observer
        Whose eye it sees.
    screen : Screen
        The screen.
    seed : int
        Where the randomness of calibration and drift checks comes from.
    session : str
        The session's label.
    """

    name = "simulated"
    simulates_participant = True

    def __init__(
        self, recording: AscWriter, observer: Observer, screen: Screen, seed: int, session: str
    ) -> None:
        self._recording = recording
        self._screen = screen
        names = observer.participant_id, session
        self._errors = generator(seed, "calibration", *names)
        self._eye = CalibratedEye(observer.eye, generator(seed, "calibration drift", *names))
        self._seen: SimulatedTrial | None = None
        self.now_ms = CLOCK_START_MS

    def wait(self, duration_ms: float) -> None:
        """Move the clock on.

        Parameters
        ----------
        duration_ms : float
            How far; it is rounded to whole milliseconds.
        """
        self.now_ms += round(duration_ms)

    def eye(self) -> Eye:
        """Give the observer's eye with the calibration's offset of this moment.

        Returns
        -------
        Eye
            The eye.
        """
        return self._eye.at(self.now_ms)

    def see(self, simulated: SimulatedTrial) -> None:
        """Take what the eye will have done by the end of this recording.

        Parameters
        ----------
        simulated : SimulatedTrial
            Gaze from the recording's start, with times from face onset.
        """
        self._seen = simulated

    def connect(self) -> None:
        """Do nothing: the recording is open."""

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy:
        """Calibrate and validate."""
        if not validate_only:
            self._eye.calibrate(self.now_ms)
        found = simulate_validation(self.eye(), self._screen, self._errors)
        if not validate_only:
            self.wait(CALIBRATION_MS)
            self._recording.calibration(self.now_ms, found)
        self.wait(VALIDATION_MS)
        self._recording.validation(self.now_ms, found)
        return Accuracy(found.average_deg, found.maximum_deg, found.verdict)

    def drift_check(self, x_px: float, y_px: float, screen: TargetScreen) -> float:
        """Measure how far gaze is from a target, in degrees."""
        offset_px = simulate_drift_check(self.eye(), self._errors, self._screen)
        self.wait(DRIFT_CHECK_MS)
        self._recording.drift_check(self.now_ms, (x_px, y_px), offset_px)
        return self._distance_deg(x_px, y_px, offset_px)

    def offset_deg(self, x_px: float, y_px: float) -> float:
        """Tell how far gaze is from a target while it is recorded, as a fixation gate sees it."""
        offset_px = simulate_drift_check(self.eye(), self._errors, self._screen)
        return self._distance_deg(x_px, y_px, offset_px)

    def _distance_deg(self, x_px: float, y_px: float, offset_px: tuple[float, float]) -> float:
        """Measure the visual angle between a target and where gaze is seen."""
        seen_px = [x_px + offset_px[0], y_px + offset_px[1]]
        return float(self._screen.distance_deg([x_px, y_px], seen_px))

    def start(self) -> None:
        """Begin to record samples."""
        self._recording.start_block(self.now_ms)

    def stop(self) -> None:
        """End recording with what the eye did."""
        if self._seen is None:
            raise RuntimeError("a recording ends with the gaze that was simulated for it")
        trace = self._seen.trace
        self._recording.end_block(trace.shifted(self.now_ms - 1 - int(trace.time_ms[-1])))
        self._seen = None

    def message(self, text: str) -> float:
        """Write a message into the recording, and give its time in milliseconds."""
        self._recording.message(self.now_ms, text)
        return float(self.now_ms)

    def newest_sample(self) -> Sample | None:
        """Give no sample: nobody watches."""
        return None

    def save(self) -> list[Path]:
        """Do nothing: the recording is where it belongs."""
        return []

    def close(self) -> None:
        """Do nothing: whoever opened the recording closes it."""

    def facts(self) -> dict[str, str | float]:
        """Say what records."""
        return {"model": "simulated observer", "sample_rate_hz": 1000.0}
