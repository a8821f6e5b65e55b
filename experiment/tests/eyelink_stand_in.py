"""A stand-in for the EyeLink: it holds every call in order, and plays what a tracker would do.

It answers as SR Research's documentation of pylink says, and it has faults on demand.
"""
# ruff: noqa: N802 -- the names are pylink's

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pylink

TARGETS_PX = [(960, 540), (960, 92), (960, 988)]
VALIDATION = "VALIDATION HV9 R RIGHT GOOD ERROR 0.41 avg. 0.83 max  OFFSET 0.20 deg. 4.2,6.3 pix."
DRIFT = "DRIFTCORRECT R RIGHT at 640,540  OFFSET 0.45 deg.  12.3,-3.2 pix."
RECORDING = b"SR_RESEARCH_COMBINED_FILE"
_NOT_HELD = {"isConnected", "isRecording", "getNewestSample", "trackerTime", "readReply"}


class _Eye:
    def __init__(self, gaze: tuple[float, float], pupil: float) -> None:
        self._gaze, self._pupil = gaze, pupil

    def getGaze(self) -> tuple[float, float]:
        return self._gaze

    def getPupilSize(self) -> float:
        return self._pupil


class RawSample:
    """A sample with the methods of pylink's."""

    def __init__(self, time_ms: float, **eyes: tuple[float, float, float]) -> None:
        self._time_ms = time_ms
        self._eyes = {name: _Eye((x, y), pupil) for name, (x, y, pupil) in eyes.items()}

    def getTime(self) -> float:
        return self._time_ms

    def isLeftSample(self) -> int:
        return int("left" in self._eyes)

    def isRightSample(self) -> int:
        return int("right" in self._eyes)

    def getLeftEye(self) -> _Eye | None:
        return self._eyes.get("left")

    def getRightEye(self) -> _Eye | None:
        return self._eyes.get("right")


class StandIn:
    """The EyeLink; attributes in small letters are what a test may set."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple]] = []
        self.connected = 1
        self.rate_hz = 1000
        self.eye = 1
        self.stalls = False
        self.stopped = 0
        self.gaze = (640.5, 539.5, 812.0)
        self.replies: dict[str, str] = {}
        self.refuses: set[str] = set()
        self.on_setup: Any = None
        self.on_drift: Any = None
        self.is_busy = False
        self._leave = False
        self._answer = ""
        self._result = ""
        self._is_recording = False
        self._began_s = time.perf_counter()

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name[0].isupper() or name.islower() or name.startswith("_") or name in _NOT_HELD:
            return value

        def held(*arguments: Any) -> Any:
            self.calls.append((name, arguments))
            return value(*arguments)

        return held

    # connection

    def isConnected(self) -> int:
        return self.connected

    def getTrackerVersion(self) -> int:
        return 3

    def getTrackerVersionString(self) -> str:
        return "EYELINK CL 5.15"

    def setOfflineMode(self) -> None:
        self._is_recording = False

    def setPupilSizeDiameter(self, value: bool) -> None:
        self.sendCommand(f"pupil_size_diameter = {value}")

    def sendCommand(self, text: str) -> int:
        if text in self.refuses:
            return 1
        if "=" in text:
            name, value = (part.strip() for part in text.split("=", 1))
            self.replies.setdefault(f"told {name}", "")
            self.replies[f"told {name}"] = value
        return 0

    def readRequest(self, name: str) -> int:
        # A reply that a test has set is what the tracker took in place of what it was told.
        self._answer = self.replies.get(name, self.replies.get(f"told {name}", ""))
        return 0

    def readReply(self) -> str:
        return self._answer

    def getModeData(self) -> tuple[int, int, int, int, int]:
        return self.eye, self.rate_hz, 1, 2, 1

    def close(self) -> None:
        self.calls.append(("close", ()))
        self.connected = 0

    # calibration

    def exitCalibration(self) -> None:
        self._leave = True

    def getCalibrationMessage(self) -> str:
        return self._result

    def doTrackerSetup(self) -> None:
        self._leave = False
        display = custom_display()
        display.setup_cal_display()
        while not self._leave:
            for key in display.get_input_key() or []:
                self.is_busy = True
                self._press(display, key.__key__)
                self.is_busy = False
            if self.on_setup:
                self.on_setup()

    def _press(self, display: Any, key: int) -> None:
        if key == pylink.ESC_KEY:
            display.exit_cal_display()
            self._leave = True
        elif key in (ord("c"), ord("v")):
            for x_px, y_px in TARGETS_PX:
                display.clear_cal_display()
                display.draw_cal_target(x_px, y_px)
                display.play_beep(pylink.CAL_TARG_BEEP)
                self._wait(0.25)
            display.erase_cal_target()
            display.play_beep(pylink.CAL_GOOD_BEEP)
            self._result = VALIDATION if key == ord("v") else "calibration: GOOD"
        elif key == pylink.ENTER_KEY:
            self._show_camera(display)

    def _show_camera(self, display: Any) -> None:
        width, height = 384, 320
        display.request_cross_hair_draw = _draw_marks
        display.setup_image_display(width, height)
        display.set_image_palette(list(range(256)), list(range(256)), [0] * 256)
        display.image_title("Eye: RIGHT  Threshold: 95  CR: 230")
        for line in range(1, height + 1):
            dark = [40 if math.hypot(x - 192, line - 160) < 45 else 150 for x in range(width)]
            display.draw_image_line(width, line, height, dark)
        self._wait(0.5)
        display.exit_image_display()

    def _wait(self, seconds: float) -> None:
        """Wait; a test takes its screenshots meanwhile, in the same thread."""
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            if self.on_setup:
                self.on_setup()
            time.sleep(0.01)

    def doDriftCorrect(self, x: int, y: int, draw: int, allow_setup: int) -> int:
        self._leave = False
        display = custom_display()
        display.setup_cal_display()
        display.clear_cal_display()
        while not self._leave:
            for key in display.get_input_key() or []:
                if key.__key__ == ord(" "):
                    self._result = DRIFT
                    return 0
                if key.__key__ == pylink.ESC_KEY:
                    return 27
            if self.on_drift:
                self.on_drift()
        return 27

    # recording

    def openDataFile(self, name: str) -> int:
        return 0

    def startRecording(self, *what: int) -> int:
        self._is_recording = True
        return 0

    def waitForBlockStart(self, timeout_ms: int, samples: int, events: int) -> int:
        return int(not self.stalls)

    def stopRecording(self) -> None:
        self._is_recording = False

    def isRecording(self) -> int:
        return self.stopped

    def eyeAvailable(self) -> int:
        return self.eye

    def trackerTime(self) -> float:
        return 600_000 + 1000 * (time.perf_counter() - self._began_s)

    def sendMessage(self, text: str) -> int:
        if self.connected != 1:
            raise RuntimeError("Link terminated")
        return 0

    def getNewestSample(self) -> RawSample | None:
        if self.stalls or not self._is_recording:
            return None
        return RawSample(math.floor(self.trackerTime()), right=self.gaze)

    # files

    def closeDataFile(self) -> int:
        return 0

    def receiveDataFile(self, source: str, target: str) -> int:
        Path(target).write_bytes(RECORDING)
        return len(RECORDING)


def custom_display() -> Any:
    """The display that pylink was given."""
    return pylink.eyelink.customGraphics


def _draw_marks(display: Any) -> None:
    """What pylink asks for after an image: a cross hair on the pupil, and the search limits."""
    display.draw_line(150, 160, 234, 160, pylink.CR_HAIR_COLOR)
    display.draw_line(192, 118, 192, 202, pylink.CR_HAIR_COLOR)
    display.draw_lozenge(92, 60, 200, 200, pylink.SEARCH_LIMIT_BOX_COLOR)


@contextmanager
def in_place_of_pylink(link: Any) -> Iterator[list[str]]:
    """Let pylink find the stand-in, or nothing, at every address."""
    addresses: list[str] = []
    own, pylink.EyeLink = pylink.EyeLink, lambda address: _found(link, address, addresses)
    try:
        yield addresses
    finally:
        pylink.EyeLink = own
        pylink.constants.EYELINK = None


def _found(link: Any, address: str, addresses: list[str]) -> Any:
    addresses.append(address)
    if link is None:
        raise RuntimeError(f"Could not connect to tracker at {address}")
    pylink.constants.EYELINK = link
    return link
