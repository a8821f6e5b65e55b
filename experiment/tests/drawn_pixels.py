"""Draw a face and a target in a window and keep the pixels: a process of its own, for tests.

Argument: the study's folder, into which face.npz is written.
"""

import sys
from pathlib import Path

import numpy as np

from experiment.headless import screen_for_session
from experiment.preparation import prepare_session
from experiment.window import Window
from stimuli.frames import Rect, screen_from
from study.folder import open_study

if __name__ == "__main__":
    study = open_study(Path(sys.argv[1]))
    prepared = prepare_session(study, "sub-001", "01")
    screen = screen_from(study.settings.screen)
    with screen_for_session(screen.width_px, screen.height_px) as virtual:
        window = Window(screen, 60.0, study.settings.experiment, virtual=virtual)
        window.draw.load_pictures(prepared.pictures)
        ((image_id, picture),) = prepared.pictures.items()
        window.draw.picture(image_id, Rect(301, 77, 448, 448))
        shown = np.asarray(window.handle._getFrame(buffer="back").convert("RGB"))
        window.flip()
        window.draw.target(640, 200)
        target = np.asarray(window.handle._getFrame(buffer="back").convert("RGB"))
        np.savez(study.root / "face.npz", shown=shown, target=target, picture=picture)
        window.close()
