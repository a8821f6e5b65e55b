"""Draws the patch in a window and saves what is on the screen: `... STUDY CORNER`."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from experiment.photodiode import Photodiode
from experiment.station import station_window
from study.folder import open_study


def draw(folder: Path, corner: Any) -> None:
    """Save the window with the patch on, and with it off."""
    with station_window(open_study(folder)) as window:
        patch = Photodiode(window.handle, window.psychopy, window.screen, 61, corner)
        shown = {}
        for name, on in (("on", True), ("off", False)):
            patch.draw(on)
            shown[name] = np.asarray(window.handle._getFrame(buffer="back").convert("L"))
            window.flip()
        np.savez(folder / "patch.npz", **shown)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), sys.argv[2])
