"""Checks of the screen in front of the participant: size, scaling, refresh rate, screen saver."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiment.checks import Check
from study.settings.screen import ScreenSettings

if TYPE_CHECKING:
    from experiment.window import Window

Size = tuple[int, int]

REFRESH_TOLERANCE = 0.01
_FULL_SCALE = 1.0
_WARM_UP_FRAMES = 10
# Frames this far from the median interval are dropped or late ones, and tell no rate.
_NEAR_MEDIAN = 0.25


@dataclass(frozen=True)
class WindowSizes:
    """The sizes that a window has for the system, for PsychoPy and for the graphics card.

    Parameters
    ----------
    framebuffer_px : tuple of int
        What is drawn into.
    window_px : tuple of int
        The window, in the system's points.
    screen_px : tuple of int
        The screen that it is on, as the system gives it.
    scale : float
        The system's scaling: 1.25 where Windows shows things at 125 %, 2 on a Retina screen.
    """

    framebuffer_px: Size
    window_px: Size
    screen_px: Size
    scale: float


def measure_sizes(window: "Window") -> WindowSizes:
    """Ask PsychoPy and the system for the sizes of an open window.

    Parameters
    ----------
    window : Window
        The session's window.

    Returns
    -------
    WindowSizes
        As they are.
    """
    handle = window.handle
    screen = handle.winHandle.screen
    framebuffer_px, window_px = _size(handle.frameBufferSize), _size(handle.clientSize)
    return WindowSizes(
        framebuffer_px,
        window_px,
        (int(screen.width), int(screen.height)),
        _windows_scale() or framebuffer_px[0] / window_px[0],
    )


def _size(pair: NDArray[np.int_]) -> Size:
    """Give width and height as whole numbers."""
    return int(pair[0]), int(pair[1])


def _windows_scale() -> float:
    """Ask Windows for its scaling; 0 on other systems, which scale the framebuffer."""
    if sys.platform != "win32":
        return 0.0
    import ctypes

    return float(ctypes.windll.shcore.GetScaleFactorForDevice(0)) / 100


def check_window(sizes: WindowSizes, screen: ScreenSettings) -> Check:
    """Compare the window with the screen of the settings.

    Parameters
    ----------
    sizes : WindowSizes
        What the window has.
    screen : ScreenSettings
        What study.toml says.

    Returns
    -------
    Check
        Failed where any of the three sizes is another one.
    """
    wanted = screen.width_px, screen.height_px
    found = {
        "the framebuffer": sizes.framebuffer_px,
        "the window": sizes.window_px,
        "the screen": sizes.screen_px,
    }
    odd = [f"{what} has {_times(size)}" for what, size in found.items() if size != wanted]
    if not odd:
        return Check("window", True, f"{_times(wanted)} px, as in [screen]")
    return Check(
        "window",
        False,
        f"Window and screen must have the {_times(wanted)} px of [screen] in study.toml, but "
        f"{', '.join(odd)}. Set the screen's resolution, and its scaling to 100 %, or correct "
        "the settings.",
    )


def _times(size: Size) -> str:
    """Write a size."""
    return f"{size[0]} x {size[1]}"


def check_scaling(scale: float) -> Check:
    """Check that the system shows a pixel as a pixel.

    Parameters
    ----------
    scale : float
        The system's scaling, 1 for 100 %.

    Returns
    -------
    Check
        Failed where it is not 100 %: sizes are wrong then, and Windows draws a frame late.
    """
    if scale == _FULL_SCALE:
        return Check("scaling", True, "100 %")
    return Check(
        "scaling",
        False,
        f"The system must show things at 100 %, but it scales to {scale:.0%}. Set the scaling in "
        "the system's display settings (Windows: Scale 100 %; macOS: a resolution without "
        "Retina), and log in again.",
    )


def frame_rate_hz(intervals_ms: NDArray[np.float64]) -> float:
    """Estimate a screen's refresh rate from intervals between frames, some of them dropped.

    Parameters
    ----------
    intervals_ms : ndarray of float, shape (n,)
        Intervals between flips.

    Returns
    -------
    float
        From the mean of the intervals within a quarter of their median.

    Examples
    --------
    >>> round(frame_rate_hz(np.array([10.0, 10.2, 9.8, 20.0, 10.0])))
    100
    """
    median_ms = np.median(intervals_ms)
    near = np.abs(intervals_ms - median_ms) <= _NEAR_MEDIAN * median_ms
    return 1000 / float(intervals_ms[near].mean())


def check_refresh(
    intervals_ms: NDArray[np.float64], refresh_hz: float, *, synchronised: bool, at_a_desk: bool
) -> Check:
    """Compare the measured refresh rate with the settings.

    Parameters
    ----------
    intervals_ms : ndarray of float, shape (n,)
        Intervals between flips over some seconds.
    refresh_hz : float
        What study.toml says.
    synchronised : bool
        Whether the window waits for the screen; where it does not, there is no rate to measure.
    at_a_desk : bool
        Whether the tracker is one for a desk, where no wrong onset spoils data.

    Returns
    -------
    Check
        Where the window does not wait, or the rate is off by over 1 %: failed for a real tracker,
        and only told at a desk.
    """
    refused = None if at_a_desk else False
    if not synchronised:
        return Check(
            "refresh rate",
            refused,
            "A window must wait for the screen's refresh, but this one does not, so that no "
            "onset is known to the frame. Use a screen with vertical synchronisation (VSync) "
            "switched on in the graphics driver.",
        )
    found_hz = frame_rate_hz(intervals_ms)
    n_dropped = int(np.count_nonzero(intervals_ms > 1.5 * 1000 / found_hz))
    measured = f"{found_hz:.2f} Hz, and {n_dropped} of {len(intervals_ms)} frames were dropped"
    if abs(found_hz / refresh_hz - 1) <= REFRESH_TOLERANCE:
        return Check("refresh rate", True, measured)
    return Check(
        "refresh rate",
        refused,
        f"The screen must refresh at the {refresh_hz:g} Hz of [screen] refresh_hz within 1 %, but "
        f"it was measured at {measured}. Set the rate in the system's display settings, or "
        "correct study.toml.",
    )


def measure_intervals(window: "Window", seconds: float = 2.0) -> NDArray[np.float64]:
    """Flip an empty window for some time and give the intervals between the frames.

    Parameters
    ----------
    window : Window
        The session's window.
    seconds : float, default 2
        How long.

    Returns
    -------
    ndarray of float, shape (n,)
        In milliseconds.
    """
    with window.esc_as_key():
        # The first frames after a pause are often long.
        # PsychoPy's own flip: that of the session waits for the rate which is to be measured.
        for _ in range(_WARM_UP_FRAMES):
            window.handle.flip()
        window.count_frames()
        end_s = window.now_s() + seconds
        while window.now_s() < end_s:
            window.handle.flip()
        window.frames_counted()
    intervals_ms: NDArray[np.float64] = np.array(window.handle.frameIntervals, dtype=float) * 1000.0
    return intervals_ms


def check_screen_saver(window: "Window") -> list[Check]:
    """Read whether an X server blanks the screen when nobody presses a key.

    On Windows and macOS PsychoPy keeps the screen awake itself, with each frame.

    Parameters
    ----------
    window : Window
        The session's window.

    Returns
    -------
    list of Check
        Empty where there is nothing to read. A screen saver that may come is told, but does not
        fail: keys and most desktops keep it away.
    """
    if not sys.platform.startswith("linux"):
        return []
    minutes = _x_saver_minutes(window)
    if minutes == 0:
        return [Check("screen saver", True, "that of the X server is off")]
    return [
        Check(
            "screen saver",
            None,
            f"The X server blanks the screen after {minutes:g} minutes without keys. Switch that "
            "off: xset s off -dpms.",
        )
    ]


def _x_saver_minutes(window: "Window") -> float:
    """Ask the X server after how long its screen saver comes; 0 where it is off."""
    import ctypes

    from pyglet.libs.x11 import xlib

    seconds, *others = (ctypes.c_int() for _ in range(4))
    answers = [ctypes.byref(value) for value in (seconds, *others)]
    xlib.XGetScreenSaver(window.handle.winHandle.display._display, *answers)
    return seconds.value / 60
