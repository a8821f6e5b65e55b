"""A person in front of a session: keys and clicks from outside the process, eyes on its screen."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageGrab

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0


@contextmanager
def display(width_px: int = 1920, height_px: int = 1080) -> Iterator[str]:
    """Run an X server on a number that it finds free.

    Without ``-noreset`` it starts over whenever its last client leaves, and throws out whoever is
    coming in: each look at an empty screen would be such a client.
    """
    reader, writer = os.pipe()
    server = subprocess.Popen(
        [
            *("Xvfb", "-displayfd", str(writer), "-noreset"),
            *("-screen", "0", f"{width_px}x{height_px}x24"),
        ],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        number = answers.readline().strip().decode()
    try:
        yield f":{number}"
    finally:
        server.kill()
        server.wait()


class Seat:
    """A command that shows something on a display, and who sits in front of it."""

    def __init__(self, on: str, *arguments: str) -> None:
        self._on = on
        self._env = {**os.environ, "DISPLAY": on}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def press(self, key: str) -> None:
        """Press a key, as xdotool names it."""
        self._do("key", key)

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        """Hold a key down while the block runs."""
        self._do("keydown", key)
        try:
            yield
        finally:
            self._do("keyup", key)

    def move(self, x_px: float, y_px: float) -> None:
        """Move the pointer."""
        self._do("mousemove", str(round(x_px)), str(round(y_px)))

    def click(self, x_px: float, y_px: float) -> None:
        """Move the pointer and press the left button."""
        self._do("mousemove", str(round(x_px)), str(round(y_px)), "click", "1")

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._env, check=True, timeout=30)

    def look(self) -> NDArray[np.uint8]:
        """Take what is on the screen."""
        return np.asarray(ImageGrab.grab(xdisplay=self._on).convert("RGB"))

    def keep(self, path: Path) -> None:
        """Write what is on the screen into a file."""
        Image.fromarray(self.look()).save(path)

    def wait_for(self, what: str, is_there: Callable[[], bool]) -> None:
        """Wait until something is so."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            if is_there():
                return
            if self.process.poll() is not None:
                if is_there():  # it may have ended since it was looked for
                    return
                raise AssertionError(f"ended before {what}: {self.process.communicate()[1]}")
            time.sleep(0.02)
        raise AssertionError(f"no {what} within {PATIENCE_S:g} s")

    def wait_for_text(self) -> None:
        """Wait until a screen of text is there: grey, with a little that is dark."""
        self.wait_for("a screen of text", lambda: 0.002 < self._dark_share() < 0.2)

    def _dark_share(self) -> float:
        seen = self.look()
        background = (seen == 128).all(axis=2).mean()
        return float((seen < 60).all(axis=2).mean()) if background > 0.7 else 0.0

    def end(self) -> tuple[int, str]:
        """Wait for the end, and give the exit status and what was said."""
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said
