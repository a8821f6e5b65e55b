"""Keys and clicks: what people press, when, and what ends a wait for it."""

import math
import queue
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stimuli.frames import Screen

PANEL_KEY = "escape"
_LEFT_BUTTON = 1
# Nobody lets a key go and presses it again as fast; two frames, for the two halves of a repeat can
# be read in different ones.
_REPEAT_S = 0.04


class QuitError(Exception):
    """Someone ended the session, as by closing the window."""


class EscPressed(Exception):  # noqa: N818 -- no error: somebody wants the experimenter's panel
    """The experimenter pressed Esc."""


@dataclass(frozen=True)
class KeyPress:
    """A key and when it was pressed.

    Parameters
    ----------
    key : str
        PsychoPy's name of the key.
    time_s : float
        On the window's clock, in seconds.
    """

    key: str
    time_s: float


@dataclass(frozen=True)
class Click:
    """A click of the mouse's left button.

    Parameters
    ----------
    x_px, y_px : float
        Where, in screen pixels.
    time_s : float
        When, on the window's clock.
    """

    x_px: float
    y_px: float
    time_s: float


class Input:
    """The keys and clicks of one PsychoPy window.

    Parameters
    ----------
    parts : types.SimpleNamespace
        PsychoPy, as `experiment.psychopy_import` gives it.
    window : psychopy.visual.Window
        The window.
    screen : Screen
        Its screen.
    """

    def __init__(self, parts: Any, window: Any, screen: Screen) -> None:
        self._event = parts.event
        self._core = parts.core
        self._pyglet_window = window.winHandle
        self._input_screen = screen
        self._outside_keys: queue.SimpleQueue[KeyPress] = queue.SimpleQueue()
        self._keys: list[KeyPress] = []
        self._outside: list[KeyPress] = []
        self._clicks: list[Click] = []
        self._esc_is_a_key = False
        self._mouse = parts.event.Mouse(visible=False, win=window)
        self._released_s: dict[int, float] = {}
        self._pyglet_window.push_handlers(
            on_mouse_press=self._on_mouse_press,
            on_key_press=self._on_key_press,
            on_key_release=self._on_key_release,
        )

    def now_s(self) -> float:
        """Read the clock that also stamps the keys, in seconds."""
        return float(self._core.getTime())

    def press_key(self, key: str) -> None:
        """Press a key from outside, as a simulated participant does; any thread may call it.

        Parameters
        ----------
        key : str
            PsychoPy's name of the key.
        """
        self._outside_keys.put(KeyPress(key, self.now_s()))

    def forget_keys(self) -> None:
        """Drop what was pressed until now: no screen may be answered before it was seen."""
        self.read_keys()
        for waiting in (self._keys, self._outside, self._clicks):
            waiting.clear()

    def take_key(self, keys: Iterable[str]) -> KeyPress | None:
        """Give the first of some keys that was pressed, and forget it.

        Parameters
        ----------
        keys : iterable of str
            The keys that count.

        Returns
        -------
        KeyPress or None
            None where none of them was pressed.

        Raises
        ------
        QuitError
            If the window was closed.
        EscPressed
            If Esc was pressed.
        """
        self.read_keys()
        wanted = set(keys)
        found = next((press for press in self._keys if press.key in wanted), None)
        self._keys.clear()
        return found

    def take_outside_key(self, keys: Iterable[str]) -> KeyPress | None:
        """Give the first of some keys that a simulated participant pressed, and forget it.

        Parameters
        ----------
        keys : iterable of str
            The keys that count.

        Returns
        -------
        KeyPress or None
            None where none of them was pressed.
        """
        self.read_keys()
        wanted = set(keys)
        found = next((press for press in self._outside if press.key in wanted), None)
        self._outside.clear()
        return found

    def take_click(self) -> Click | None:
        """Give the first click of the left button, and forget it and those after it.

        Returns
        -------
        Click or None
            None where there was none.
        """
        self.read_keys()
        found = self._clicks[0] if self._clicks else None
        self._clicks.clear()
        return found

    @contextmanager
    def esc_as_key(self) -> Iterator[None]:
        """Let Esc be a key like others while the block runs, for screens that use it themselves."""
        before, self._esc_is_a_key = self._esc_is_a_key, True
        try:
            yield
        finally:
            self._esc_is_a_key = before

    def take_keys(self) -> list[KeyPress]:
        """Give all keys that were pressed, in their order, and forget them.

        Returns
        -------
        list of KeyPress
            Empty where none was pressed.

        Raises
        ------
        QuitError
            If the window was closed.
        EscPressed
            If Esc was pressed, outside of `esc_as_key`.
        """
        self.read_keys()
        found, self._keys = self._keys, []
        return found

    def wait_for_key(self, keys: Iterable[str], timeout_ms: float | None = None) -> KeyPress | None:
        """Wait until one of some keys is pressed.

        Parameters
        ----------
        keys : iterable of str
            The keys that count.
        timeout_ms : float, optional
            Go on after this time; by default wait for ever.

        Returns
        -------
        KeyPress or None
            None where the time was up.
        """
        keys = list(keys)
        self.forget_keys()
        end_s = None if timeout_ms is None else self.now_s() + timeout_ms / 1000
        while end_s is None or self.now_s() < end_s:
            press = self.take_key(keys)
            if press is not None:
                return press
            time.sleep(0.005)
        return None

    def read_keys(self) -> None:
        """Take the keys from PsychoPy, and leave what is going on if one of them says so.

        Raises
        ------
        QuitError
            If the window was closed.
        EscPressed
            If Esc was pressed, outside of `esc_as_key`.
        """
        # The digits of the key pad count as digits.
        pressed = [
            KeyPress(key.removeprefix("num_"), time_s)
            for key, time_s in self._event.getKeys(timeStamped=True)
        ]
        while not self._outside_keys.empty():
            pressed.append(self._outside_keys.get())
            self._outside.append(pressed[-1])
        self._keys += sorted(pressed, key=lambda press: press.time_s)
        if self._pyglet_window.has_exit:
            raise QuitError("the window was closed")
        if not self._esc_is_a_key and any(press.key == PANEL_KEY for press in pressed):
            self._keys.clear()
            raise EscPressed

    def _on_mouse_press(self, x: int, y: int, button: int, modifiers: int) -> None:
        """Note a click of the left button, when pyglet reports it; its y points upward."""
        if button == _LEFT_BUTTON:
            y_px = self._input_screen.height_px - 1 - y
            self._clicks.append(Click(float(x), float(y_px), self.now_s()))

    def _on_key_press(self, symbol: int, modifiers: int) -> bool:
        """Keep the repeats of a key that is held down from PsychoPy: true for such a press.

        X reports a repeat as a release and a press at the same time, and a key that is held down
        would answer one face after the other.
        """
        return self.now_s() - self._released_s.get(symbol, -math.inf) < _REPEAT_S

    def _on_key_release(self, symbol: int, modifiers: int) -> None:
        """Note when a key was let go."""
        self._released_s[symbol] = self.now_s()

    def pointer_px(self) -> tuple[float, float]:
        """Say where the mouse is.

        Returns
        -------
        tuple of float
            x and y in screen pixels.
        """
        x, y = self._mouse.getPos()
        centre_x_px, centre_y_px = self._input_screen.centre_px
        return float(x) + centre_x_px, centre_y_px - float(y)
