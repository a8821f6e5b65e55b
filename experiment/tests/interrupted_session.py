"""Run a session that something ends in the midst of a trial: a process of its own, for tests.

Arguments: the study's folder, what happens, and in which trial it happens.
"""

import errno
import os
import signal
import sys
import threading
from pathlib import Path

from experiment.session import Sitting, run_session
from experiment.trackers import simulated
from experiment.trackers.protocol import Accuracy, TargetScreen, TrackerLostError
from experiment.trackers.simulated import SimulatedTracker
from study.folder import open_study


def interrupt(tracker: SimulatedTracker, how: str) -> None:
    """Do to the session what the test wants."""
    if how == "esc":
        tracker._window.press_key("escape")
        threading.Timer(1.0, tracker._window.press_key, ("q",)).start()
    elif how == "close":
        tracker._window.handle.winHandle.dispatch_event("on_close")
    elif how == "ctrl-c":
        os.kill(os.getpid(), signal.SIGINT)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "terminate":
        os.kill(os.getpid(), signal.SIGTERM)
    elif how == "lost tracker":
        raise TrackerLostError("The tracker must answer, but the cable is out. Plug it in.")
    elif how == "fault in facts":
        return
    elif how == "full disk":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    else:
        raise RuntimeError("a fault")


class InterruptedTracker(SimulatedTracker):
    """A simulated tracker during whose trial something happens when the face comes."""

    is_calibrated = False
    is_its_trial = False

    def calibrate(self, screen: TargetScreen, *, validate_only: bool = False) -> Accuracy:
        if sys.argv[2].endswith("calibration") and not self.is_calibrated:
            self.is_calibrated = True
            self._window.press_key("escape")
            key = "q" if sys.argv[2].startswith("quit") else "r"
            threading.Timer(1.0, self._window.press_key, (key,)).start()
        return super().calibrate(screen, validate_only=validate_only)

    def facts(self) -> dict[str, str | float]:
        if sys.argv[2] == "fault in facts" and self.is_its_trial:
            raise RuntimeError("the tracker does not answer")
        return super().facts()

    def message(self, text: str) -> float:
        time_ms = super().message(text)
        if text.startswith("TRIALID"):
            self.is_its_trial = text.split()[1] == sys.argv[3]
        elif text.startswith("FACE_ON") and self.is_its_trial:
            interrupt(self, sys.argv[2])
        return time_ms


if __name__ == "__main__":
    vars(simulated)["SimulatedTracker"] = InterruptedTracker
    study = open_study(Path(sys.argv[1]))
    status = run_session(study, "sub-001", "01", Sitting("simulated"))
    sys.exit(0 if status == "finished" else 1)
