"""Run a whole session in a window with an OpenGaze server: a process of its own, for tests.

Arguments: the folder of a study that is made here, a picture of a target, and the face
at which the server ends (0: never).
"""

import itertools
import sys
import threading
from pathlib import Path

from experiment import session
from experiment.tests.opengaze_server import OpengazeServer
from experiment.tests.small_study import QUICK, make_small_study
from experiment.trackers import pygaze_tracker
from experiment.trackers.protocol import TrackerSetup
from experiment.trackers.pygaze_tracker import PygazeTracker
from experiment.window import Window

FACE_PX = 800.0, 480.0
TOP_PX = 100.0  # only a target of the calibration is so high


class Participant(threading.Thread):
    """Somebody who looks at each target, presses the keys, and looks at faces in one place."""

    def __init__(self, server: OpengazeServer, window: Window, picture: Path) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._window = window
        self._show_target = window.show_target
        self._picture: Path | None = picture
        vars(window)["show_target"] = self.look_at_target

    def look_at_target(self, x_px: float, y_px: float) -> None:
        self._server.look_at(x_px + 10, y_px)
        if self._picture is not None and y_px < TOP_PX:
            self._window.draw.target(x_px, y_px)
            self._window.handle._getFrame(buffer="back").convert("RGB").save(self._picture)
            self._picture = None
        self._show_target(x_px, y_px)

    def run(self) -> None:
        for key in itertools.cycle(("space", "1")):
            threading.Event().wait(0.3)
            self._window.press_key(key)


class WatchedTracker(PygazeTracker):
    """A tracker with a participant before it."""

    def __init__(self, name: str, setup: TrackerSetup) -> None:
        super().__init__(name, setup)
        self.n_faces = 0
        Participant(server, setup.window, Path(sys.argv[2])).start()

    def message(self, text: str) -> float:
        time_ms = super().message(text)
        if text.startswith("FACE_ON"):
            self.n_faces += 1
            server.look_at(*FACE_PX)
            if self.n_faces == int(sys.argv[3]):
                server.end()
        return time_ms


if __name__ == "__main__":
    with OpengazeServer(rate_hz=60.0) as server:
        server.speed = 4.0
        study = make_small_study(
            Path(sys.argv[1]),
            participants={"practice_criterion": 0.0},
            experiment=QUICK | {"pygaze": {"port": server.port}, "calibration": {"type": "HV3"}},
        )
        vars(pygaze_tracker)["PygazeTracker"] = WatchedTracker
        # Server and session share a process here, and on a busy computer wait for each other.
        vars(pygaze_tracker)["_STALE_MS"] = 10_000.0
        # A virtual screen has no refresh to wait for, which a real tracker's session insists on.
        vars(session)["check_screen"] = lambda *_: []
        status = session.run_session(study, "sub-001", "01", session.Sitting("opengaze"))
    sys.exit(0 if status == "finished" else 1)
