"""PsychoPy as a library: its preferences kept out of the home folder, its console kept quiet."""

import atexit
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

from study.errors import InputError


@functools.cache
def psychopy_parts() -> SimpleNamespace:
    """Import PsychoPy and give the parts of it that a session uses.

    PsychoPy writes preferences and adds plug-in folders of the home folder to the import path
    while it is imported. A session must not depend on what lies there, so it gets an empty
    folder of its own instead.

    Returns
    -------
    types.SimpleNamespace
        ``visual``, ``event``, ``core``, ``monitors`` and ``logging``.

    Raises
    ------
    InputError
        If the display that DISPLAY names cannot be reached.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    with _home_at(_empty_folder()), _display_must_answer():
        from psychopy import core, event, logging, monitors, visual
    logging.console.setLevel(logging.CRITICAL)
    return SimpleNamespace(
        core=core, event=event, logging=logging, monitors=monitors, visual=visual
    )


def psychopy_gui() -> ModuleType:
    """Import PsychoPy's dialogs, which need neither its window nor OpenGL.

    Returns
    -------
    module
        ``psychopy.gui``.
    """
    with _home_at(_empty_folder()):
        from psychopy import gui, logging
    logging.console.setLevel(logging.CRITICAL)
    return gui


@contextmanager
def _display_must_answer() -> Iterator[None]:
    """Say in one message that there is no display: PsychoPy opens it while it is imported."""
    try:
        yield
    except Exception as error:
        # The class is in a module that only exists under X11.
        if type(error).__name__ != "NoSuchDisplayException":
            raise
        raise InputError(
            f"A session needs a screen, but the display {os.environ.get('DISPLAY')} that DISPLAY "
            "names does not answer. Start it at the computer itself, or correct DISPLAY; without "
            "DISPLAY, the window opens in Xvfb."
        ) from error


def _empty_folder() -> str:
    """Make a folder that goes when this process ends."""
    folder = tempfile.mkdtemp(prefix="faceoff-psychopy-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextmanager
def _home_at(folder: str) -> Iterator[None]:
    """Let programs take a folder for the user's home while the block runs."""
    name = "APPDATA" if sys.platform == "win32" else "HOME"
    before = os.environ.get(name)
    os.environ[name] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
