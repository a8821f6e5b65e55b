"""PyGaze as a library: configured from the study, on the session's window, its console caught."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

from experiment.window import Window
from stimuli.frames import Screen
from study.settings.experiment import ExperimentSettings


def configure_pygaze(
    screen: Screen, settings: ExperimentSettings, window: Window, *, tracker: str, log_stem: str
) -> None:
    """Import PyGaze's settings and give them the study's values.

    PyGaze reads a ``constants.py`` from wherever Python finds one, and copies its settings into
    default arguments while its modules are imported. So the one is kept from it, and this must
    be called before any other part of PyGaze is imported.

    Parameters
    ----------
    screen : Screen
        Resolution, size and distance.
    settings : ExperimentSettings
        The grey level of the screen.
    window : Window
        The session's window, on which PyGaze draws; it opens none of its own.
    tracker : str
        PyGaze's name of the tracker.
    log_stem : str
        The path of PyGaze's own files, to which it adds suffixes.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # PyGaze opens an audio device as soon as there is a tracker; this one is everywhere.
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    with _without_constants(), quiet_console(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pygaze
    values = {
        "DUMMYMODE": False,
        "TRACKERTYPE": tracker,
        "LOGFILE": log_stem,
        "LOGFILENAME": log_stem,
        "DISPTYPE": "psychopy",
        "DISPSIZE": (screen.width_px, screen.height_px),
        "SCREENSIZE": (screen.width_cm, screen.height_cm),
        "SCREENDIST": screen.distance_cm,
        "BGC": (settings.background,) * 3,
        "FGC": (20, 20, 20),
        "FULLSCREEN": False,
        "MOUSEVISIBLE": False,
        "EYELINKCALBEEP": False,
    }
    for name, value in values.items():
        setattr(pygaze.settings, name, value)
    pygaze.expdisplay = window.handle


@contextmanager
def _without_constants() -> Iterator[None]:
    """Let ``import constants`` find an empty module while the block runs."""
    before = sys.modules.get("constants")
    sys.modules["constants"] = ModuleType("constants")
    try:
        yield
    finally:
        del sys.modules["constants"]
        if before is not None:
            sys.modules["constants"] = before


@contextmanager
def quiet_console() -> Iterator[None]:
    """Drop what Python and C libraries print while the block runs.

    PyGaze prints its progress, pylink its version, and the libraries under them their warnings,
    past Python's own streams.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        try:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                yield
        finally:
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            os.close(kept[0])
            os.close(kept[1])


@contextmanager
def quiet_streams() -> Iterator[None]:
    """Drop what Python prints while the block runs: cheap enough for each message."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
    ):
        yield
