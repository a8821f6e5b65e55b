"""A whole session of the program on the stand-in for the EyeLink: a process of its own, for tests.

Argument: the study's folder, into which calls.json is written.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from experiment import session
from experiment.tests.eyelink_stand_in import StandIn, in_place_of_pylink
from experiment.window import Window
from participants.plans import plan_path, read_plan
from study.folder import open_study


class WatchedWindow(Window):
    """The session's window, which a thread finds to press keys in."""

    opened: "list[WatchedWindow]" = []  # noqa: RUF012 -- shared on purpose

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.opened.append(self)


def press_keys(answer: str, until: threading.Event) -> None:
    """Go on from each screen and answer each face."""
    while not until.wait(0.1):
        for window in WatchedWindow.opened:
            window.press_key("space")
            window.press_key(answer)


if __name__ == "__main__":
    study = open_study(Path(sys.argv[1]))
    link, until = StandIn(), threading.Event()
    link.on_setup = lambda: WatchedWindow.opened[0].press_key("escape")
    link.on_drift = lambda: WatchedWindow.opened[0].press_key("space")
    vars(session)["Window"] = WatchedWindow
    # A virtual screen has no refresh to wait for, which a real tracker's session insists on.
    vars(session)["check_screen"] = lambda *_: []
    answer = next(iter(read_plan(plan_path(study, "sub-001", "01")).keys.values()))
    threading.Thread(target=press_keys, args=(answer, until), daemon=True).start()
    with in_place_of_pylink(link):
        status = session.run_session(study, "sub-001", "01", session.Sitting("eyelink"))
    until.set()
    calls = [[name, *map(str, arguments)] for name, arguments in link.calls]
    (study.root / "calls.json").write_text(json.dumps({"status": status, "calls": calls}))
