"""Sessions on a stand-in for the EyeLink, in one window: a process of its own, for tests.

Argument: an empty folder, into which results.json and screenshots are written.
"""

import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import ImageGrab

from experiment import messages
from experiment.headless import screen_for_session
from experiment.tests.eyelink_stand_in import StandIn, custom_display, in_place_of_pylink
from experiment.tests.small_study import QUICK, make_small_study
from experiment.trackers.eyelink import EyelinkTracker, connection
from experiment.trackers.protocol import Eye, TrackerSetup
from experiment.window import Window
from participants.plans import plan_path, read_plan
from stimuli.frames import screen_from

KEYS_OF_SETUP = ("return", "c", "v", "escape")
SETTINGS = {
    "eyelink": {"ttl_port": "0x8", "commands": ["active_eye = RIGHT"]},
    "calibration": {"background": 60, "target_colour": (240, 240, 240), "target_size_deg": 1.0},
}


class Lab:
    """A study, a window, and a place for results."""

    def __init__(self, folder: Path, window: Window, study: Any) -> None:
        self.folder, self.window, self.study = folder, window, study
        self.plan = read_plan(plan_path(study, "sub-001", "01"))
        self.results: dict[str, Any] = {}

    def tracker(self, name: str, eye: Eye = "right") -> EyelinkTracker:
        folder = self.folder / name
        folder.mkdir()
        recording = folder / "sub-001_ses-01"
        return EyelinkTracker(TrackerSetup(self.study, self.plan, self.window, recording, eye))

    def connected(self, name: str, link: StandIn | None, eye: Eye = "right") -> EyelinkTracker:
        with in_place_of_pylink(link):
            tracker = self.tracker(name, eye)
            tracker.connect()
        # PyGaze and pylink look for the connection anew at each call.
        return tracker

    def shoot(self, name: str) -> None:
        """Keep what is on the screen."""
        ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(self.folder / f"{name}.png")


def run_trial(tracker: EyelinkTracker, lab: Lab, number: int) -> dict[str, Any]:
    """One trial in the order of the session."""
    trial = lab.plan.trials[number - 1]
    tracker.message(messages.trial_id(number))
    offset_deg = tracker.drift_check(trial.fixation_x_px, trial.fixation_y_px, lab.window)
    tracker.start()
    before_ms = tracker.message(messages.FIXATION_ON)
    time.sleep(0.02)
    sample = tracker.newest_sample()
    after_ms = tracker.message(messages.face_on(trial.image_id))
    tracker.message(messages.image_load(trial.image_id, trial.picture_rect))
    tracker.message(messages.FACE_OFF)
    for text in messages.trial_variables({f"name_{index}": index for index in range(7)}):
        tracker.message(text)
    tracker.stop()
    tracker.message(messages.trial_result(messages.TrialResult.OK))
    assert sample is not None
    return {
        "offset_deg": offset_deg,
        "sample": [sample.time_ms, sample.x_px, sample.y_px, sample.pupil],
        "between_ms": [before_ms, after_ms],
    }


def whole_session(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    keys, shots = list(KEYS_OF_SETUP), iter(range(1000))
    last = [0.0]

    def press_and_shoot() -> None:
        if time.perf_counter() - last[0] > 0.2:
            last[0] = time.perf_counter()
            lab.shoot(f"setup_{next(shots):02d}")
            if keys and not link.is_busy:
                lab.window.press_key(keys.pop(0))

    link.on_setup = press_and_shoot

    def shoot_and_accept() -> None:
        lab.shoot("drift")
        lab.window.press_key("space")

    link.on_drift = shoot_and_accept
    tracker = lab.connected("whole", link)
    sources: dict[str, Any] = {"facts_at_first": tracker.facts()}
    with in_place_of_pylink(link):
        tracker.message(messages.display_coords(1920, 1080))
        accuracy = tracker.calibrate(lab.window)
        lab.shoot("after_setup")
        trials = [run_trial(tracker, lab, number) for number in (1, 2)]
        files = tracker.save()
        tracker.close()
        tracker.close()
    assert accuracy is not None
    return sources | {
        "accuracy": [accuracy.average_deg, accuracy.maximum_deg, accuracy.verdict],
        "trials": trials,
        "facts": tracker.facts(),
        "files": [path.name for path in files],
        "bytes": [path.stat().st_size for path in files],
        "left": sorted(path.name for path in (lab.folder / "whole").iterdir()),
        "calls": link.calls,
        "display_after": custom_display() is not None,
    }


def raised(action: Callable[[], Any]) -> str:
    """Name what an action raises, and what it says."""
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def recording(lab: Lab, name: str, link: StandIn) -> EyelinkTracker:
    tracker = lab.connected(name, link)
    tracker.start()
    time.sleep(0.02)
    assert tracker.newest_sample() is not None
    return tracker


def lost_link(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    tracker = recording(lab, "lost_link", link)
    link.connected = 0
    found: dict[str, Any] = {
        "sample": raised(tracker.newest_sample),
        "message": raised(lambda: tracker.message("FACE_OFF")),
        "calibrate": raised(lambda: tracker.calibrate(lab.window)),
        "save": raised(tracker.save),
        "close": raised(tracker.close),
    }
    return found | {"left": [path.name for path in (lab.folder / "lost_link").iterdir()]}


def stopped_recording(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    tracker = recording(lab, "stopped", link)
    link.stopped = 3
    found: dict[str, Any] = {"sample": raised(tracker.newest_sample)}
    found |= {"stop": raised(tracker.stop), "files": [path.name for path in tracker.save()]}
    tracker.close()
    return found


def stale_samples(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    tracker = recording(lab, "stale", link)
    link.stalls = True
    kept = tracker.newest_sample() is not None
    time.sleep(0.3)
    early = raised(tracker.newest_sample)
    time.sleep(0.3)
    late = raised(tracker.newest_sample)
    tracker.close()
    return {"kept": kept, "early": early, "late": late}


def missing_samples(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    tracker = recording(lab, "missing", link)
    link.gaze = (-32768.0, -32768.0, 0.0)
    time.sleep(0.01)
    sample = tracker.newest_sample()
    assert sample is not None
    tracker.close()
    return {"missing": [math.isnan(v) for v in (sample.x_px, sample.y_px, sample.pupil)]}


def refusals(lab: Lab) -> dict[str, str]:
    found = {}
    link = StandIn()
    link.replies["sample_rate"] = "500"
    found["rate read back"] = raised(lambda: lab.connected("rate", link))
    found["closed after refusal"] = str(link.connected)
    link = StandIn()
    link.rate_hz = 500
    tracker = lab.connected("rate2", link)
    found["rate recorded"] = raised(tracker.start)
    tracker.close()
    link = StandIn()
    link.eye = 0
    tracker = lab.connected("eye", link)
    found["eye"] = raised(tracker.start)
    tracker.close()
    link = StandIn()
    link.connected = -1
    found["simulated"] = raised(lambda: lab.connected("simulated", link))
    found["no answer"] = raised(lambda: lab.connected("none", None))
    link = StandIn()
    tracker = lab.connected("long", link)
    found["long message"] = raised(lambda: tracker.message("x" * 129))
    found["long was sent"] = str(("sendMessage", ("x" * 129,)) in link.calls)
    tracker.close()
    return found


def esc_in_drift_check(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    keys = ["escape", "space"]
    link.on_setup = lambda: lab.window.press_key("escape")
    link.on_drift = lambda: lab.window.press_key(keys.pop(0))
    tracker = lab.connected("esc", link)
    offset_deg = tracker.drift_check(640.0, 540.0, lab.window)
    tracker.close()
    names = [name for name, _ in link.calls if name.startswith("do")]
    return {"offset_deg": offset_deg, "calls": names}


def broken_off_face(lab: Lab) -> dict[str, Any]:
    link = StandIn()
    tracker = lab.connected("broken_off", link)
    for _ in range(2):
        tracker.start()
        tracker.message("FACE_ON AF01AFS")
        tracker.stop()
    tracker.close()
    sent = [arguments[0] for name, arguments in link.calls if name == "sendCommand"]
    return {"levels": [text[-1] for text in sent if text.startswith("*write_ioport")]}


def closed_window(lab: Lab) -> dict[str, str]:
    link = StandIn()
    handle = lab.window.handle.winHandle
    link.on_setup = lambda: setattr(handle, "has_exit", True)
    tracker = lab.connected("closed", link)
    found = {"calibrate": raised(lambda: tracker.calibrate(lab.window))}
    handle.has_exit = False
    tracker.close()
    return found


def keys_between(lab: Lab) -> dict[str, Any]:
    """What pylink asks for outside of Setup must not take the participant's keys."""
    tracker = lab.connected("keys", StandIn())
    lab.window.press_key("f")
    taken = custom_display().get_input_key()
    left = [press.key for press in lab.window.take_keys()]
    tracker.close()
    return {"taken": taken, "left": left}


def pylinks_own_dummy(lab: Lab) -> dict[str, Any]:
    """The same calls on pylink itself, which simulates a connection without a tracker."""
    import pylink

    link = pylink.EyeLink(None)
    pressed = iter(("return", "c", "v", "escape", "escape"))
    tracker = lab.tracker("dummy")
    slow = tracker._settings.model_copy(update={"sample_rate_hz": 250})
    tracker._settings = tracker._block._settings = slow
    before, connection.CONNECTED = connection.CONNECTED, -1
    stop = threading.Event()

    def press_keys() -> None:
        while not stop.wait(0.3):
            lab.window.press_key(next(pressed, "escape"))

    try:
        with in_place_of_pylink(link):
            tracker.connect()
            presser = threading.Thread(target=press_keys)
            presser.start()
            accuracy = tracker.calibrate(lab.window)
            stop.set()
            presser.join()
            drift = raised(lambda: tracker.drift_check(640.0, 540.0, lab.window))
            tracker.message("TRIALID 1")
            tracker.start()
            sample = tracker.newest_sample()
            tracker.message("FIXATION_ON")
            tracker.stop()
            files = tracker.save()
            tracker.close()
    finally:
        stop.set()
        connection.CONNECTED = before
    return {"accuracy": accuracy, "drift": drift, "sample": sample, "files": files}


def main(folder: Path) -> None:
    experiment = QUICK | SETTINGS
    study = make_small_study(folder / "study", experiment=experiment)
    screen = screen_from(study.settings.screen)
    with screen_for_session(screen.width_px, screen.height_px) as virtual:
        window = Window(screen, 60.0, study.settings.experiment, virtual=virtual)
        lab = Lab(folder, window, study)
        for scenario in (
            pylinks_own_dummy,
            whole_session,
            lost_link,
            stopped_recording,
            stale_samples,
            missing_samples,
            refusals,
            esc_in_drift_check,
            broken_off_face,
            closed_window,
            keys_between,
        ):
            lab.results[scenario.__name__] = scenario(lab)
        window.close()
    (folder / "results.json").write_text(json.dumps(lab.results), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
