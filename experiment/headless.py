"""A screen where there is none: Xvfb, started for one session and ended with it."""

import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.errors import InputError

_START_SECONDS = 20.0


def needs_virtual_screen() -> bool:
    """Tell whether this is a Linux without a display.

    Returns
    -------
    bool
        False on Windows and macOS, and where DISPLAY names a screen.
    """
    return sys.platform.startswith("linux") and not os.environ.get("DISPLAY")


@contextmanager
def screen_for_session(width_px: int, height_px: int) -> Iterator[bool]:
    """Make sure that there is a screen while the block runs.

    Parameters
    ----------
    width_px, height_px : int
        Resolution of the virtual screen.

    Yields
    ------
    bool
        True where the screen is virtual: nobody sees it, and it has no refresh rate.

    Raises
    ------
    InputError
        If there is no display and Xvfb is not installed or does not start.
    """
    if not needs_virtual_screen():
        yield False
        return
    number = _start_xvfb(width_px, height_px)
    # The server ends with its last client: this one keeps it until the window is open. The
    # window's own connection lasts as long as this process, and however that ends, the server
    # ends with it; to end it earlier would end the process, too.
    with _first_client(number):
        os.environ["DISPLAY"] = f":{number}"
        try:
            yield True
        finally:
            del os.environ["DISPLAY"]


def _start_xvfb(width_px: int, height_px: int) -> str:
    """Start Xvfb on a display number that it finds free itself."""
    if shutil.which("Xvfb") is None:
        raise InputError(
            "A session needs a screen, but DISPLAY is not set and Xvfb is not installed. "
            "Sit at a screen, or install Xvfb (Debian and Ubuntu: apt-get install xvfb)."
        )
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(writer), "-terminate", "-nolisten", "tcp"),
            *("-screen", "0", f"{width_px}x{height_px}x24"),
        ],
        pass_fds=(writer,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C goes to the session alone, which still needs its screen to end well.
        start_new_session=True,
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        number = answers.readline().strip().decode()
    if not number:
        server.wait(timeout=_START_SECONDS)
        raise InputError(
            f"Xvfb must start, but it ended with status {server.returncode}. "
            "Try it by hand: Xvfb :99 -screen 0 1920x1080x24."
        )
    return number


def _first_client(number: str) -> socket.socket:
    """Connect to the X server as a client that draws nothing."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_START_SECONDS)
    connection.connect(str(Path("/tmp/.X11-unix") / f"X{number}"))
    # Byte order, protocol 11.0, no authorisation: the X11 connection set-up.
    connection.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
    connection.recv(8)
    return connection
