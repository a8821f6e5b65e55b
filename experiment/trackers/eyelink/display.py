"""The bridge between pylink and the window: what the EyeLink wants drawn, heard and read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import pylink

from experiment.trackers.eyelink.calibration_screen import SETUP_TEXT, CalibrationScreen
from experiment.trackers.eyelink.camera_image import CameraImage
from experiment.trackers.eyelink.keys import Modifiers, eyelink_key
from experiment.trackers.eyelink.sounds import Sounds
from study.progress import say

if TYPE_CHECKING:
    from experiment.window import Window

_RESULTS = {
    pylink.CAL_GOOD_BEEP: "Done. V validates, Enter accepts the result.",
    pylink.CAL_ERR_BEEP: "It failed or was broken off. C starts again.",
}


def _called_by_pylink(method: Callable[..., Any]) -> Callable[..., Any]:
    """Keep an exception until pylink has returned: its C code cannot pass one on."""

    @wraps(method)
    def kept(self: "EyelinkDisplay", *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except BaseException as error:  # also Ctrl-C, which is raised again by `in_use`
            self.failure = self.failure or error
            self.leave()
            return None

    return kept


class EyelinkDisplay(pylink.EyeLinkCustomDisplay):
    """Calibration, validation, drift check and camera image on the session's window.

    pylink calls its methods while it is in Setup or in a drift check, and now and then at other
    times, when they must neither draw nor take the participant's keys.

    Parameters
    ----------
    window : Window
        The session's window.
    screen : CalibrationScreen
        Draws on it.
    sounds : Sounds
        What is heard.
    """

    def __init__(self, window: "Window", screen: CalibrationScreen, sounds: Sounds) -> None:
        super().__init__()
        self.failure: BaseException | None = None
        self._window = window
        self._screen = screen
        self._sounds = sounds
        self._modifiers = Modifiers(window.handle)
        self._image = CameraImage()
        self._title = ""
        self._hint = ""
        self._link: Any = None
        self._in_use = False
        self._redraw: Callable[[], None] | None = None

    @contextmanager
    def in_use(
        self, link: Any, *, hint: str = "", redraw: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Let pylink draw and read keys while the block runs; raise what it could not.

        Parameters
        ----------
        link : pylink.EyeLink
            The connection, which is told to leave Setup if something fails.
        hint : str, default ""
            Stands above the list of keys.
        redraw : callable, optional
            Shows the target of a drift check, which stays wherever pylink would clear the screen.
        """
        self._link, self._hint, self._redraw = link, hint, redraw
        self.failure, self._in_use = None, True
        try:
            with self._window.esc_as_key():
                self._window.take_keys()
                if redraw is None:
                    self._screen.begin()
                with self._failures_first():
                    yield
                if redraw is None:
                    self._screen.end()
                # A key too many, such as a second Esc, is none of the session's.
                self._window.take_keys()
        finally:
            self._in_use = False

    @contextmanager
    def _failures_first(self) -> Iterator[None]:
        """Raise what was kept, rather than what pylink made of it."""
        try:
            yield
        except RuntimeError:
            if self.failure is None:
                raise
        if self.failure is not None:
            raise self.failure

    def leave(self) -> None:
        """Tell pylink to return from Setup or drift check."""
        if self._link is not None:
            self._link.exitCalibration()

    # --- Setup, targets ------------------------------------------------------------------------

    @_called_by_pylink
    def setup_cal_display(self) -> None:
        """Show the list of keys, or the target of a drift check."""
        self._show_setup()

    def _show_setup(self, state: str = "") -> None:
        """Show the list of keys, with what has just happened above it."""
        if self._redraw is not None:
            self._redraw()
        elif self._in_use:
            self._screen.show_text((state, self._hint, SETUP_TEXT))

    @_called_by_pylink
    def exit_cal_display(self) -> None:
        """Clear the screen after Setup."""
        self._clear()

    @_called_by_pylink
    def clear_cal_display(self) -> None:
        """Clear the screen."""
        self._clear()

    @_called_by_pylink
    def erase_cal_target(self) -> None:
        """Take the target away."""
        self._clear()

    def _clear(self) -> None:
        """Show the background, or the target of a drift check, which stays."""
        if self._redraw is not None and self._in_use:
            self._redraw()
        elif self._in_use:
            self._screen.clear()

    @_called_by_pylink
    def draw_cal_target(self, x: float, y: float) -> None:
        """Show a target, in screen pixels, and let it be heard."""
        if self._redraw is not None:
            self._redraw()
        elif self._in_use:
            self._screen.show_target(x, y)
            self._sounds.play(pylink.CAL_TARG_BEEP)

    @_called_by_pylink
    def play_beep(self, beepid: int) -> None:
        """Play a sound; after a calibration or validation, say how it ended."""
        # That of a target is played with the target, which pylink draws later.
        if not self._in_use or beepid in (pylink.CAL_TARG_BEEP, pylink.DC_TARG_BEEP):
            return
        self._sounds.play(beepid)
        if beepid in _RESULTS and self._redraw is None:
            self._show_setup(_RESULTS[beepid])

    @_called_by_pylink
    def record_abort_hide(self) -> None:
        """Hide the picture from the participant: the operator has stopped the recording."""
        self._window.handle.flip()

    @_called_by_pylink
    def alert_printf(self, msg: str) -> None:
        """Pass a warning of the tracker on to the experimenter."""
        say(f"EyeLink: {msg}")

    # --- camera image --------------------------------------------------------------------------

    @_called_by_pylink
    def setup_image_display(self, width: int, height: int) -> int:
        """Get ready for the camera's image."""
        self._window.handle.mouseVisible = True
        self._clear()
        return 1

    @_called_by_pylink
    def exit_image_display(self) -> None:
        """End the camera's image and show the list of keys again."""
        self._window.handle.mouseVisible = False
        self._show_setup()

    @_called_by_pylink
    def image_title(self, title: str) -> None:
        """Take what the tracker says about the image: eye, thresholds."""
        self._title = str(title)

    @_called_by_pylink
    def set_image_palette(self, red: Sequence[int], green: Sequence[int], blue: Any) -> None:
        """Take the colours of the image."""
        self._image.set_palette(red, green, blue)

    @_called_by_pylink
    def draw_image_line(self, width: int, line: int, totlines: int, buff: Sequence[int]) -> None:
        """Take a line of the image, and show it with its marks when it is whole."""
        if self._image.add_line(line, totlines, width, buff) and self._in_use:
            # pylink answers by calling draw_line and draw_lozenge.
            self.draw_cross_hair()
            self._screen.show_image(self._image, self._title)

    @_called_by_pylink
    def draw_line(self, x1: float, y1: float, x2: float, y2: float, colorindex: int) -> None:
        """Draw a line of a mark on the image."""
        self._image.draw_line(self._on_image(x1, y1), self._on_image(x2, y2), colorindex)

    @_called_by_pylink
    def draw_lozenge(
        self, x: float, y: float, width: float, height: float, colorindex: int
    ) -> None:
        """Draw a rounded mark on the image."""
        box = (*self._on_image(x, y), *self._on_image(x + width, y + height))
        self._image.draw_ellipse(box, colorindex)

    def _on_image(self, x: float, y: float) -> tuple[float, float]:
        """Turn pylink's pixels into those of the image: it may have announced another size."""
        width_px, height_px = self._image.size_px
        announced_width_px = getattr(self, "__imgwidth__", None) or width_px
        announced_height_px = getattr(self, "__imgheight__", None) or height_px
        return x * width_px / announced_width_px, y * height_px / announced_height_px

    # --- keys, mouse ---------------------------------------------------------------------------

    @_called_by_pylink
    def get_input_key(self) -> list[Any] | None:
        """Give the keys that were pressed; the window answers to the system meanwhile."""
        if not self._in_use or self.failure is not None:
            return None
        codes = (eyelink_key(press.key) for press in self._window.take_keys())
        bits = self._modifiers.bits()
        return [pylink.KeyInput(code, bits) for code in codes if code is not None]

    @_called_by_pylink
    def get_mouse_state(self) -> tuple[tuple[int, int], int]:
        """Say where the mouse is on the camera's image, and whether it is pressed."""
        return self._screen.pointer_on(self._image)
