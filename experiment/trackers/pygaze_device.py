"""Trackers that are reached through PyGaze's own classes and their makers' software."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from experiment.gaze_trace import FloatArray
from experiment.pygaze_import import configure_pygaze, quiet_streams
from experiment.trackers.live_device import TakeSample
from experiment.trackers.live_recording import EyeSample
from experiment.trackers.protocol import TargetScreen, TrackerLostError
from experiment.trackers.pygaze_samples import (
    read_alea,
    read_eyelogic,
    read_eyetribe,
    read_smi,
    tobii_sample,
)
from stimuli.frames import Screen
from study.errors import InputError
from study.progress import say

if TYPE_CHECKING:
    from experiment.window import Window
    from study.settings.experiment import ExperimentSettings

_POLL_SECONDS = 0.001

#: Gives the newest sample of a PyGaze tracker: stamp in milliseconds, left eye, right eye.
ReadSample = Callable[[Any], tuple[float, EyeSample, EyeSample] | None]


@dataclass(frozen=True)
class PygazeKind:
    """What is known about one of PyGaze's trackers.

    Parameters
    ----------
    needs : str
        The software that it needs, and how to get it.
    limits : str
        What cannot be had.
    read : callable, optional
        Reads its newest sample; None where it calls us with each one.
    calibration : dict, default {}
        What PyGaze's calibration of it is told.
    """

    needs: str
    limits: str
    read: ReadSample | None = None
    calibration: dict[str, bool] = field(default_factory=dict)


KINDS = {
    "tobii": PygazeKind(
        "the Tobii Pro SDK: pip install tobii-research (Python 3.10, or the version that Tobii "
        "names for it)",
        "the validation is faceoff's, not PyGaze's, which counts gaze from before a target came",
        calibration={"validate": False},
    ),
    "smi": PygazeKind(
        "SMI's iView X SDK for Windows (iViewXAPI.dll), which SMI no longer sells",
        "the IDF file stays on the iView X computer",
        read_smi,
    ),
    "eyetribe": PygazeKind(
        "the EyeTribe server on this computer (port 6555), whose maker has closed",
        "PyGaze polls the server and may miss samples",
        read_eyetribe,
    ),
    "eyelogic": PygazeKind(
        "EyeLogic's server and API for Windows (eyelogicsolutions.com)",
        "its calibration is shown by EyeLogic's server",
        read_eyelogic,
    ),
    "alea": PygazeKind(
        "Alea's IntelliGaze with its API for Windows, and an API key from Alea",
        "the sampling rate is not told; its calibration is shown by IntelliGaze",
        read_alea,
    ),
}
_EVERYWHERE = (
    "untested with the tracker itself; no camera image here; events are found by the analysis; "
    "messages are stamped by this computer's clock, fitted to the tracker's"
)


class PygazeDevice:
    """A tracker behind PyGaze's class for it.

    Parameters
    ----------
    name : str
        PyGaze's name of the tracker.
    screen : Screen
        What the gaze refers to.
    settings : ExperimentSettings
        The experiment's settings.
    window : Window
        The session's window, in which PyGaze draws.
    log_stem : Path
        The path of PyGaze's own files, without their suffixes.

    Raises
    ------
    InputError
        If PyGaze cannot run this tracker.
    """

    def __init__(
        self,
        name: str,
        screen: Screen,
        settings: "ExperimentSettings",
        window: "Window",
        log_stem: Path,
    ) -> None:
        if name not in KINDS:
            raise InputError(
                f"A tracker must run under Python 3, but {name} needs Tobii's SDK for Python 2, "
                "and PyGaze's class for it has not been brought to Python 3. Use tobii with the "
                "Tobii Pro SDK, or record with Tobii's software and import its export."
            )
        self.lost = ""
        self.model = f"{name} through PyGaze"
        self.rate_hz: float | None = None
        self.limits = f"{KINDS[name].limits}; {_EVERYWHERE}"
        self._name = name
        self._kind = KINDS[name]
        self._screen = screen
        self._settings = settings
        self._window = window
        self._log_stem = log_stem
        self._tracker: Any = None
        self._over = Event()
        self._thread: Thread | None = None

    def connect(self, take: TakeSample) -> None:
        """Let PyGaze reach the tracker, and let it send.

        Parameters
        ----------
        take : callable
            Takes the samples.

        Raises
        ------
        InputError
            If the maker's software is missing, the tracker does not answer, or there are files.
        """
        earlier = self.files()
        if earlier:
            raise InputError(
                f"A recording needs files of its own, but {earlier[0]} exists. "
                "Move it away, or record another session."
            )
        self._log_stem.parent.mkdir(parents=True, exist_ok=True)
        self._tracker = self._make_tracker()
        self.rate_hz = _rate_hz(self._tracker)
        if self._kind.read is None:
            self._take_each(take)
        else:
            self._thread = Thread(target=self._poll, args=(self._kind.read, take), daemon=True)
            self._thread.start()
        with quiet_streams():
            self._tracker.start_recording()

    def calibrate(self, points_px: FloatArray, screen: TargetScreen) -> str:
        """Run PyGaze's own calibration of this tracker.

        Parameters
        ----------
        points_px : ndarray, shape (n, 2)
            Not used: PyGaze has targets of its own.
        screen : TargetScreen
            Not used: PyGaze draws in the session's window.

        Returns
        -------
        str
            Whether it went well.

        Raises
        ------
        TrackerLostError
            If it was broken off by an error.
        """
        with quiet_streams(), self._window.esc_as_key():
            try:
                self._tracker.stop_recording()
                went_well = bool(self._tracker.calibrate(**self._kind.calibration))
                self._tracker.start_recording()
            except Exception as error:  # PyGaze raises nothing more special
                raise TrackerLostError(
                    f"The tracker {self._name} must be calibrated, but PyGaze says: {error}. Look "
                    "at the tracker, and calibrate again."
                ) from error
        return "done" if went_well else "failed or broken off"

    def mark(self, text: str) -> None:
        """Put a message into the tracker's own file.

        Parameters
        ----------
        text : str
            The message.
        """
        with quiet_streams():
            self._tracker.log(text)

    def files(self) -> list[Path]:
        """List PyGaze's own files.

        Returns
        -------
        list of Path
            Those that there are.
        """
        return sorted(self._log_stem.parent.glob(f"{self._log_stem.name}*"))

    def close(self) -> None:
        """Let PyGaze close its files and the connection."""
        tracker, self._tracker = self._tracker, None
        if tracker is None:
            return
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)
        for end in (tracker.stop_recording, tracker.close):
            try:
                with quiet_streams():
                    end()
            except Exception as error:  # of a tracker that is gone: the other part is done, too
                say(f"{self.model}: {error}")

    def facts(self) -> dict[str, str | float]:
        """Say which PyGaze it is.

        Returns
        -------
        dict
            Its version.
        """
        import pygaze

        return {"software": f"PyGaze {pygaze.__version__}"}

    def _make_tracker(self) -> Any:
        """Make PyGaze's tracker, and say what is missing where it cannot."""
        configure_pygaze(
            self._screen,
            self._settings,
            self._window,
            tracker=self._name,
            log_stem=str(self._log_stem),
        )
        import pygaze

        serial_number = self._settings.pygaze.serial_number
        if serial_number:
            pygaze.settings.TRACKERSERIALNUMBER = serial_number
        pygaze.settings.ALEAKEY = self._settings.pygaze.alea_key
        # PyGaze 0.7.6 misspells the default of this one, and cannot be imported without it.
        pygaze.settings.ALEAANIMATEDCALIBRATION = False
        try:
            with quiet_streams():
                from pygaze.eyetracker import EyeTracker

                display = _display_on(self._screen)
                stem = str(self._log_stem)
                tracker = EyeTracker(display, trackertype=self._name, logfile=stem)
        except Exception as error:  # a missing module or library, or PyGaze's bare Exception
            for path in self.files():  # begun by this attempt: there were none before
                path.unlink()
            raise InputError(
                f"The tracker {self._name} needs {self._kind.needs}, but PyGaze says: {error}. "
                "Install it, connect the tracker, and try again."
            ) from error
        if self._name == "tobii" and not getattr(tracker, "eyetracker", None):
            which = f" with the serial number {serial_number}" if serial_number else ""
            raise InputError(
                f"A Tobii tracker{which} must be connected, but the Tobii Pro SDK finds none. "
                "Look at its cable and at Tobii's Eye Tracker Manager."
            )
        return tracker

    def _take_each(self, take: TakeSample) -> None:
        """Let PyGaze's Tobii class pass each sample on, when the SDK calls it."""
        own = self._tracker._on_gaze_data
        size = self._screen.width_px, self._screen.height_px

        def both(gaze_data: dict[str, Any]) -> None:
            own(gaze_data)
            take(*tobii_sample(gaze_data, size))

        self._tracker._on_gaze_data = both

    def _poll(self, read: ReadSample, take: TakeSample) -> None:
        """Pass samples on whose stamp is new, until the end: what the thread does."""
        last_ms = -math.inf
        while not self._over.wait(_POLL_SECONDS):
            try:
                found = read(self._tracker)
            except Exception as error:  # of a maker's library, of any kind
                self.lost = f"PyGaze says: {error}"
                return
            if found is not None and found[0] != last_ms:
                last_ms = found[0]
                take(*found)


def _rate_hz(tracker: Any) -> float | None:
    """Ask for the sampling rate, where the tracker knows it."""
    if hasattr(tracker, "eyetracker"):
        return float(tracker.eyetracker.get_gaze_output_frequency())
    rate_hz = getattr(tracker, "sampleRate", None) or getattr(tracker, "samplerate", None)
    # PyGaze writes 60 Hz for each Alea, without asking.
    return float(rate_hz) if rate_hz and not hasattr(tracker, "alea") else None


def _display_on(screen: Screen) -> Any:
    """Make PyGaze's display on the session's window: its own constructor opens another one."""
    from pygaze._display.psychopydisplay import PsychoPyDisplay

    display = PsychoPyDisplay.__new__(PsychoPyDisplay)
    display.dispsize = (screen.width_px, screen.height_px)
    return display
