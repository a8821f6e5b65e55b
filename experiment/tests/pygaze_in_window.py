"""Try PyGaze's trackers in a window: a process of its own, for tests. Prints what happened as JSON.

Argument: the folder of a study that is made here. There is a ``constants.py`` in the working
directory that would send PyGaze into its dummy mode, and a stand-in for the Tobii Pro SDK that
sends 60 samples a second.
"""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from types import ModuleType, SimpleNamespace
from typing import Any

from experiment.headless import screen_for_session
from experiment.tests.small_study import make_small_study
from experiment.trackers import PYGAZE, make_tracker
from experiment.trackers.protocol import Accuracy, Sample, Tracker, TrackerSetup
from experiment.window import Window
from participants.plans import plan_path, read_plan
from stimuli.frames import screen_from
from study.errors import InputError

STAMPS = "device_time_stamp", "system_time_stamp"
ORIGIN = {
    "validity": 1,
    "in_trackbox_coordinate_system": (0.5, 0.5, 0.5),
    "in_user_coordinate_system": (0.0, 0.0, 650.0),
}


class StandInCalibration:
    """What PyGaze asks of a calibration of the Tobii Pro SDK: it always succeeds."""

    def __init__(self, tracker: "StandInTracker") -> None:
        self._points: list[tuple[float, float]] = []

    def enter_calibration_mode(self) -> None:
        pass

    def leave_calibration_mode(self) -> None:
        pass

    def collect_data(self, x: float, y: float) -> str:
        self._points.append((x, y))
        return "success"

    def compute_and_apply(self) -> SimpleNamespace:
        points = [
            SimpleNamespace(position_on_display_area=point, calibration_samples=[])
            for point in self._points
        ]
        return SimpleNamespace(status="success", calibration_points=points)


class StandInTracker:
    """What PyGaze asks of a tracker of the Tobii Pro SDK."""

    serial_number = "TPFC2-010202222222"

    def __init__(self) -> None:
        self.left_seen = True
        self._over = Event()
        self._thread: Thread | None = None

    def get_gaze_output_frequency(self) -> float:
        return 60.0

    def subscribe_to(self, what: str, callback: Callable, as_dictionary: bool) -> None:
        assert as_dictionary
        self._over.clear()
        self._thread = Thread(target=self._send, args=(callback,), daemon=True)
        self._thread.start()

    def unsubscribe_from(self, what: str) -> None:
        self._over.set()

    def _send(self, callback: Callable) -> None:
        # A tracker measures by its own clock: on a busy computer samples come late, not fewer.
        due_us = stamp_us()
        while not self._over.wait(max(0.0, (due_us - stamp_us()) / 1e6)):
            data: dict[str, Any] = dict.fromkeys(STAMPS, due_us)
            for eye, x, seen in (("left", 0.25, self.left_seen), ("right", 0.75, True)):
                data[f"{eye}_gaze_point_validity"] = int(seen)
                data[f"{eye}_gaze_point_on_display_area"] = (x, 0.5) if seen else (math.nan,) * 2
                data[f"{eye}_pupil_validity"] = int(seen)
                data[f"{eye}_pupil_diameter"] = 3.5 if seen else math.nan
                data |= {f"{eye}_gaze_origin_{name}": value for name, value in ORIGIN.items()}
            callback(data)
            due_us += 1_000_000 // 60


def stamp_us() -> int:
    return int(time.monotonic() * 1e6)


def stand_in() -> tuple[ModuleType, list[StandInTracker]]:
    module, found = ModuleType("tobii_research"), [StandInTracker()]
    vars(module).update(
        find_all_eyetrackers=lambda: found,
        get_system_time_stamp=stamp_us,
        EYETRACKER_GAZE_DATA="gaze",
        ScreenBasedCalibration=StandInCalibration,
        CALIBRATION_STATUS_SUCCESS="success",
    )
    return module, found


def newest(tracker: Tracker) -> Sample:
    sample = tracker.newest_sample()
    assert sample is not None
    return sample


def calibrated(tracker: Tracker, window: Window) -> Accuracy:
    accuracy = tracker.calibrate(window)
    assert accuracy is not None
    return accuracy


@contextmanager
def pressing_space(window: Window) -> Iterator[None]:
    """Press the space bar, as PsychoPy's own keyboard has it, twice a second."""
    over = Event()

    def press() -> None:
        while not over.wait(0.5):
            window.psychopy.event._onPygletKey("space", 0, emulated=True)

    thread = Thread(target=press, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def main(root: Path) -> dict[str, Any]:
    study = make_small_study(root / "study", experiment={"calibration": {"type": "HV3"}})
    os.chdir(root)
    Path("constants.py").write_text("DUMMYMODE = True\nDISPTYPE = 'pygame'\n", encoding="utf-8")
    sys.path.insert(0, str(root))
    screen = screen_from(study.settings.screen)
    plan = read_plan(plan_path(study, "sub-001", "01"))
    recording = study.session_dir("sub-001", "01") / "sub-001_ses-01"
    told: dict[str, Any] = {"errors": {}}
    with screen_for_session(screen.width_px, screen.height_px) as virtual:
        window = Window(screen, 60.0, study.settings.experiment, virtual=virtual)
        setup = TrackerSetup(study, plan, window, recording, "both")
        for name in PYGAZE:
            try:
                make_tracker(name, setup).connect()
            except InputError as error:
                told["errors"][name] = str(error)
        module, found = stand_in()
        sys.modules["tobii_research"] = module
        told["windows"] = len(window.psychopy.visual.window.openWindows)
        kept = found.pop()
        try:
            make_tracker("tobii", setup).connect()
        except InputError as error:
            told["none"] = str(error)
        found.append(kept)
        tracker = make_tracker("tobii", setup)
        tracker.connect()
        with pressing_space(window):
            told["accuracy"] = asdict(calibrated(tracker, window))
        told["at_trial"] = tracker.message("TRIALID 1")
        tracker.start()
        time.sleep(0.5)
        told["both"] = asdict(newest(tracker))
        kept.left_seen = False
        time.sleep(0.5)
        told["right"] = asdict(newest(tracker))
        tracker.stop()
        told["drift_deg"] = tracker.drift_check(960.0, 539.5, window)
        told["at_end"] = tracker.message("TRIAL_RESULT 0")
        told["files"] = [path.name for path in tracker.save()]
        tracker.close()
        told["facts"] = tracker.facts()
        told["windows_after"] = len(window.psychopy.visual.window.openWindows)
        window.close()
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
