"""The PsychoPy window: screens, frames and keys, in the screen pixels of the study."""

import queue
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiment.drawing import Drawing
from experiment.psychopy_import import psychopy_parts
from stimuli.frames import Screen
from study.errors import InputError
from study.settings.experiment import ExperimentSettings

PANEL_KEY = "escape"
_POLL_SECONDS = 0.002
_LEFT_BUTTON = 1
_DROPPED = 1.5  # refresh periods: a longer frame has missed one


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


@dataclass(frozen=True)
class FrameReport:
    """How the screen kept its pace while a face was on.

    Parameters
    ----------
    n_frames : int
        Frames shown.
    n_dropped : int
        Frames that lasted over one and a half refresh periods.
    max_interval_ms : float
        The longest frame.
    """

    n_frames: int
    n_dropped: int
    max_interval_ms: float


class Window:
    """A PsychoPy window that draws the session's screens and takes its keys.

    Parameters
    ----------
    screen : Screen
        The screen that the study's settings describe.
    refresh_hz : float
        Its refresh rate.
    settings : ExperimentSettings
        Colours and sizes.
    virtual : bool
        True on a screen that nobody sees.

    Raises
    ------
    InputError
        If the window does not get the size that the settings say.
    """

    def __init__(
        self, screen: Screen, refresh_hz: float, settings: ExperimentSettings, *, virtual: bool
    ) -> None:
        #: PsychoPy's parts, and its window, for those that draw more than `draw` does.
        self.psychopy = psychopy_parts()
        self.screen = screen
        self.settings = settings
        self.frame_s = 1 / refresh_hz
        self.last_flip_s = 0.0
        self._outside_keys: queue.SimpleQueue[KeyPress] = queue.SimpleQueue()
        self._keys: list[KeyPress] = []
        self._outside: list[KeyPress] = []
        self._clicks: list[Click] = []
        self._esc_is_a_key = False
        self.handle = self._open(virtual)
        self.draw = Drawing(self.psychopy, self.handle, screen, settings)
        self._mouse = self.psychopy.event.Mouse(visible=False, win=self.handle)
        self.handle.winHandle.push_handlers(on_mouse_press=self._on_mouse_press)
        #: Are called after each frame.
        self.watchers: list[Callable[[], None]] = []
        self.synchronised = not virtual and self._waits_for_refresh()

    def _open(self, virtual: bool) -> Any:
        """Open the window, with the screen's size and distance from the study."""
        parts, size = self.psychopy, (self.screen.width_px, self.screen.height_px)
        monitor = parts.monitors.Monitor(
            "faceoff", width=self.screen.width_cm, distance=self.screen.distance_cm, autoLog=False
        )
        monitor.setSizePix(size)
        window = parts.visual.Window(
            size=size,
            fullscr=not virtual,
            monitor=monitor,
            units="pix",
            colorSpace="rgb255",
            color=(self.settings.background,) * 3,
            allowGUI=False,
            waitBlanking=not virtual,
            checkTiming=False,
            autoLog=False,
        )
        window.mouseVisible = False
        window.refreshThreshold = _DROPPED * self.frame_s
        found = tuple(int(pixels) for pixels in window.size)
        if found != size:
            window.close()
            raise InputError(
                f"The window must have the {size[0]} x {size[1]} pixels of [screen] in study.toml, "
                f"but it has {found[0]} x {found[1]}. Set the screen's resolution and scaling "
                "(100 %), or correct the settings."
            )
        return window

    def _waits_for_refresh(self) -> bool:
        """Try whether the window waits for the screen: 20 frames in less than half their time."""
        started = self.now_s()
        for _ in range(20):
            self.handle.flip()
        return self.now_s() - started > 10 * self.frame_s

    # --- clock, frames -----------------------------------------------------------------------

    def now_s(self) -> float:
        """Read the clock that also stamps the keys, in seconds."""
        return float(self.psychopy.core.getTime())

    def flip(self, on_flip: Callable[[], object] | None = None) -> None:
        """Show what was drawn, at the screen's next refresh.

        Parameters
        ----------
        on_flip : callable, optional
            Is called as soon as the frame is on the screen.
        """
        if not self.synchronised:
            self._wait_until(self.last_flip_s + self.frame_s)
        if on_flip is not None:
            self.handle.callOnFlip(on_flip)
        self.handle.flip()
        self.last_flip_s = self.now_s()
        for watch in self.watchers:
            watch()
        self._read_keys()

    def hold(self, draw: Callable[[], None], duration_ms: float) -> None:
        """Keep a drawing on the screen, refreshed with each frame.

        Parameters
        ----------
        draw : callable
            Draws one frame.
        duration_ms : float
            From the frame that is on the screen now to the one that may replace it.
        """
        end_s = self.last_flip_s + duration_ms / 1000 - self.frame_s / 2
        while self.last_flip_s + self.frame_s < end_s:
            draw()
            self.flip()

    def count_frames(self) -> None:
        """Begin to measure frames: the next flip shows the first one that counts."""
        self.handle.frameIntervals = []
        self.handle.recordFrameIntervals = True

    def frames_counted(self) -> FrameReport:
        """End the measurement that `count_frames` began; the last flip ended the last frame.

        Returns
        -------
        FrameReport
            What was measured.
        """
        self.handle.recordFrameIntervals = False
        intervals_ms = 1000 * np.asarray(self.handle.frameIntervals, dtype=float)
        limit_ms = 1000 * _DROPPED * self.frame_s
        return FrameReport(
            len(intervals_ms),
            int(np.count_nonzero(intervals_ms > limit_ms)),
            float(intervals_ms.max(initial=0.0)),
        )

    # --- keys --------------------------------------------------------------------------------

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
        self._read_keys()
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
        self._read_keys()
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
        self._read_keys()
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
        self._read_keys()
        found = self._clicks[0] if self._clicks else None
        self._clicks.clear()
        return found

    def show_pointer(self, *, visible: bool) -> None:
        """Show the mouse pointer, or hide it.

        Parameters
        ----------
        visible : bool
            Whether it is to be seen.
        """
        self.handle.mouseVisible = visible

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
        self._read_keys()
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

    def _wait_until(self, time_s: float) -> None:
        """Wait, and stamp the keys that come meanwhile."""
        while (left_s := time_s - self.now_s()) > 0:
            time.sleep(min(left_s, _POLL_SECONDS))
            self._read_keys()

    def _read_keys(self) -> None:
        """Take the keys from PsychoPy, and leave what is going on if one of them says so."""
        # The digits of the key pad count as digits.
        pressed = [
            KeyPress(key.removeprefix("num_"), time_s)
            for key, time_s in self.psychopy.event.getKeys(timeStamped=True)
        ]
        while not self._outside_keys.empty():
            pressed.append(self._outside_keys.get())
            self._outside.append(pressed[-1])
        self._keys += sorted(pressed, key=lambda press: press.time_s)
        if self.handle.winHandle.has_exit:
            raise QuitError("the window was closed")
        if not self._esc_is_a_key and any(press.key == PANEL_KEY for press in pressed):
            self._keys.clear()
            raise EscPressed

    def _on_mouse_press(self, x: int, y: int, button: int, modifiers: int) -> None:
        """Note a click of the left button, when pyglet reports it; its y points upward."""
        if button == _LEFT_BUTTON:
            y_px = self.screen.height_px - 1 - y
            self._clicks.append(Click(float(x), float(y_px), self.now_s()))

    def show_text(self, text: str) -> None:
        """Show a screen of text.

        Parameters
        ----------
        text : str
            What is to be read.
        """
        self.draw_text(text)
        self.flip()

    def draw_text(self, text: str) -> None:
        """Draw a screen of text, to be shown by the next flip.

        Parameters
        ----------
        text : str
            What is to be read.
        """
        self.draw.text(text, *self.screen.centre_px, self.settings.text_height_px)

    def show_target(self, x_px: float, y_px: float) -> None:
        """Show the fixation target alone.

        Parameters
        ----------
        x_px, y_px : float
            Its centre, in screen pixels.
        """
        self.draw.target(x_px, y_px)
        self.flip()

    def hold_target(self, x_px: float, y_px: float, duration_ms: float) -> None:
        """Show the fixation target alone, for a time.

        Parameters
        ----------
        x_px, y_px : float
            Its centre, in screen pixels.
        duration_ms : float
            How long.
        """
        self.show_target(x_px, y_px)
        self.hold(lambda: self.draw.target(x_px, y_px), duration_ms)

    def pointer_px(self) -> tuple[float, float]:
        """Say where the mouse is.

        Returns
        -------
        tuple of float
            x and y in screen pixels.
        """
        x, y = self._mouse.getPos()
        centre_x_px, centre_y_px = self.screen.centre_px
        return float(x) + centre_x_px, centre_y_px - float(y)

    @property
    def is_closed(self) -> bool:
        """Whether somebody has closed the window."""
        return bool(self.handle._closed or self.handle.winHandle.has_exit)

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        self.handle.close()
