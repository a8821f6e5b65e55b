"""How a session ends from outside: signals, a lost display, and the peace that saving needs."""

import ctypes
import ctypes.util
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from experiment.keys import QuitError

#: What ends a program in good manners; Windows has the first one only.
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a request to end, as of a computer that shuts down, leave the session as Esc does."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise QuitError(f"the computer ended it ({signal.Signals(number).name})")

    with _handled(dict.fromkeys(_ENDING, leave)):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let nobody interrupt the saving of data."""
    with _handled(dict.fromkeys((signal.SIGINT, *_ENDING), signal.SIG_IGN)):
        yield


@contextmanager
def _handled(handlers: dict[signal.Signals, Any]) -> Iterator[None]:
    """Use other handlers of signals while the block runs."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# The handler must outlive the call that hands it over.
_kept: list[Any] = []


def when_display_is_lost(save: Callable[[], None]) -> None:
    """Save a session whose X server goes away, which ends the process without a word otherwise.

    Xlib calls its handler in the midst of drawing and ends the process when the handler returns,
    so that this is the last moment at which anything can be saved. Elsewhere than on X this does
    nothing: there a lost display is an exception as others.

    Parameters
    ----------
    save : callable
        Saves everything without touching the window, and does not return.
    """
    library = ctypes.util.find_library("X11") if sys.platform.startswith("linux") else None
    if library is None:
        return

    def handle(display: int) -> int:
        save()
        return 0

    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(handle)
    _kept[:] = [handler]
    ctypes.CDLL(library).XSetIOErrorHandler(handler)
