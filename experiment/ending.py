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
        # A terminal that is closed asks more than once, which must not disturb the leaving.
        _handle(dict.fromkeys(_ENDING, signal.SIG_IGN))
        raise QuitError(f"the computer ended it ({signal.Signals(number).name})")

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING)}
    try:
        _handle(dict.fromkeys(_ENDING, leave))
        yield
    finally:
        _handle(before)


def ignore_signals() -> None:
    """Let nobody interrupt the saving of data, nor what follows within `ended_by_signals`."""
    _handle(dict.fromkeys((signal.SIGINT, *_ENDING), signal.SIG_IGN))


def _handle(handlers: dict[signal.Signals, Any]) -> None:
    """Use other handlers of signals."""
    for number, handler in handlers.items():
        # A handler that is not Python's is None, and cannot be put back.
        if handler is not None:
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
