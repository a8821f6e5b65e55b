"""The PsychoPy window: screens, frames and keys, in the screen pixels of the study."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiment.drawing import Drawing
from experiment.keys import Input
from experiment.psychopy_import import psychopy_parts
from stimuli.frames import Screen
from study.errors import InputError
from study.settings.experiment import ExperimentSettings

_POLL_SECONDS = 0.002
_WARM_UP_FRAMES, _TRIED_FRAMES = 10, 60
_FLIP_MARGIN_S = 0.004  # what is left for the frame to be handed over
_DROPPED = 1.5  # refresh periods: a longer frame has missed one


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


class Window(Input):
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
        self._handed_s = 0.0
        self.handle = self._open(virtual)
        super().__init__(self.psychopy, self.handle, screen)
        self.draw = Drawing(self.psychopy, self.handle, screen, settings)
        #: Are called after each frame.
        self.watchers: list[Callable[[], object]] = []
        self.synchronised = False
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
        """Try whether the window waits for the screen, half the time of its frames at least."""
        # The first frames after a window opens are slow for other reasons.
        for _ in range(_WARM_UP_FRAMES):
            self.handle.flip()
        started = self.now_s()
        for _ in range(_TRIED_FRAMES):
            self.handle.flip()
        return self.now_s() - started > _TRIED_FRAMES * self.frame_s / 2

    def flip(self, on_flip: Callable[[], object] | None = None) -> None:
        """Show what was drawn, at the screen's next refresh.

        Parameters
        ----------
        on_flip : callable, optional
            Is called as soon as the frame is on the screen.
        """
        # Keys are stamped when they are read: between two frames they are read all the time.
        # A screen's refresh follows the last one; without one, frames begin at its rate.
        before_s = self.last_flip_s - _FLIP_MARGIN_S if self.synchronised else self._handed_s
        self._wait_until(before_s + self.frame_s)
        self._handed_s = self.now_s()
        if on_flip is not None:
            self.handle.callOnFlip(on_flip)
        self.handle.flip()
        self.last_flip_s = self.now_s()
        for watch in self.watchers:
            watch()
        self.read_keys()

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

    def _wait_until(self, time_s: float) -> None:
        """Wait, and stamp the keys that come meanwhile."""
        while (left_s := time_s - self.now_s()) > 0:
            time.sleep(min(left_s, _POLL_SECONDS))
            self.read_keys()

    def show_text(self, text: str) -> None:
        """Show a screen of text, and nothing of what was drawn before.

        Parameters
        ----------
        text : str
            What is to be read.
        """
        self.handle.clearBuffer()
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

    def show_pointer(self, *, visible: bool) -> None:
        """Show the mouse pointer, or hide it.

        Parameters
        ----------
        visible : bool
            Whether it is to be seen.
        """
        self.handle.mouseVisible = visible

    @property
    def is_closed(self) -> bool:
        """Whether somebody has closed the window."""
        return bool(self.handle._closed or self.handle.winHandle.has_exit)

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        self.handle.close()
