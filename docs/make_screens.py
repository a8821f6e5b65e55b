"""Make the pictures of docs/session.md: each screen of a session, on synthetic faces.

    python docs/make_screens.py

It needs Linux with Xvfb and xdotool, and writes docs/screens/*.png. The screens of Camera Setup
are drawn by a stand-in for the EyeLink, and so are the eye and the numbers on them.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiment.tests.seat import CHECKOUT, Seat, display
from experiment.tests.test_seat import Participant
from participants.plans import read_plan
from study.folder import Study, create_study, open_study

SCREENS = Path(__file__).parent / "screens"
SETTINGS = {
    "stimuli": {"folder": "stimuli/pictures"},
    "participants": {"practice_trials": 2, "practice_criterion": 0.0, "consent_version": "2026-11"},
    "experiment": {
        "consent": True,
        "start": "gate",
        "confidence_levels": 5,
        "photodiode_px": 60,
        "gate": {"patience_ms": 3000.0},
    },
}


def make_study(folder: Path) -> Study:
    """Make a study of synthetic faces with one participant."""
    create_study(folder, SETTINGS)
    for words in (
        ("stimuli", "synth", "--actors", "20"),
        ("stimuli", "register"),
        ("participants", "add", "001"),
        ("participants", "plan", "001"),
    ):
        command = [sys.executable, "-m", "faceoff", *words, "--study", str(folder)]
        subprocess.run(command, cwd=CHECKOUT, check=True)
    return open_study(folder)


def keep(seat: Seat, name: str) -> None:
    """Write what is on the screen, at half its size."""
    time.sleep(0.4)
    save(Image.fromarray(seat.look()), name)


def save(picture: Image.Image, name: str) -> None:
    """Write a picture small."""
    small = picture.convert("RGB").resize((960, 540), Image.Resampling.LANCZOS)
    small.quantize(128).save(SCREENS / f"{name}.png", optimize=True)


def shoot_session(study: Study, on: str) -> None:
    """Go through the beginning of a session and keep each of its screens."""
    plan = read_plan(study.session_dir("sub-001", "01") / "plan.json")
    words = ("-m", "experiment", "run", "sub-001", "--tracker", "mouse")
    with Seat(on, *words, "--study", str(study.root)) as seat:
        person = Participant(study, seat)
        seat.wait_for_text()
        keep(seat, "consent")
        person.press_until("y", lambda: person.logged("part begins"))
        keep(seat, "instruction")
        seat.press("space")
        keep(seat, "practice")
        first = plan.trials[0]
        seat.move(100, 100)
        person.press_until("space", lambda: person.said("FIXATION_ON") == 1)
        keep(seat, "target")
        person.seat.wait_for("the panel", lambda: seat.process.poll() is None and is_text(seat))
        keep(seat, "gate")
        person.press_until("g", lambda: person.said("FACE_ON") == 1)
        keep(seat, "face")
        person.press_until(plan.keys[first.expression], lambda: person.said("CONFIDENCE_ON") == 1)
        keep(seat, "confidence")
        seat.press("4")
        time.sleep(0.3)
        save(Image.fromarray(seat.look()), "feedback")
        seat.wait_for("the next trial", lambda: person.said("TRIALID") == 3)
        seat.press("Escape")
        keep(seat, "panel")
        person.press_until("q", lambda: seat.process.poll() is not None)


def is_text(seat: Seat) -> bool:
    """Tell whether there is a screen with several lines of text."""
    dark = (seat.look() < 60).all(axis=2)
    return bool(dark.mean() > 0.003)


def shoot_setup(folder: Path) -> None:
    """Keep the screens of Camera Setup, of those that the stand-in's session leaves."""
    command = [sys.executable, "-m", "experiment.tests.eyelink_sessions", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True)
    kept: set[str] = set()
    for path in sorted(folder.glob("setup_*.png")):
        name = kind_of_setup(np.asarray(Image.open(path).convert("RGB"), dtype=int))
        if name and name not in kept:
            kept.add(name)
            save(Image.open(path), name)


def kind_of_setup(picture: NDArray[np.int_]) -> str:
    """Tell camera, target and menu of Camera Setup apart; empty for others."""
    light = (picture > 200).all(axis=2)
    if (np.ptp(picture, axis=2) > 60).mean() > 0.02:
        return "camera"
    if light.sum() > 0 and np.ptp(np.nonzero(light)[0]) < 60:
        return "calibration"
    return "setup" if light.sum() > 1000 else ""


if __name__ == "__main__":
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        study = make_study(Path(temporary) / "study")
        with display() as on:
            shoot_session(study, on)
        (Path(temporary) / "setup").mkdir()
        shoot_setup(Path(temporary) / "setup")
