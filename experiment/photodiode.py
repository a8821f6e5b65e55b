"""A patch in a corner of the screen that a photodiode sees: white while something is on."""

from typing import Any, Literal

from stimuli.frames import Screen

Corner = Literal["top left", "top right", "bottom left", "bottom right"]
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def patch_centre(screen: Screen, side_px: int, corner: Corner) -> tuple[float, float]:
    """Place the patch flush with a corner, in PsychoPy's positions.

    Parameters
    ----------
    screen : Screen
        The screen.
    side_px : int
        Side of the patch, in pixels.
    corner : {"top left", "top right", "bottom left", "bottom right"}
        Which corner.

    Returns
    -------
    tuple of float
        x and y of its centre for PsychoPy's unit ``pix``: from the screen's middle, y up.

    Examples
    --------
    >>> patch_centre(Screen(1920, 1080, 53.0, 29.8, 70.0), 60, "bottom right")
    (930.0, -510.0)
    """
    right, up = 1 if "right" in corner else -1, 1 if "top" in corner else -1
    return right * (screen.width_px - side_px) / 2, up * (screen.height_px - side_px) / 2


class Photodiode:
    """The patch of one window; what is drawn appears with the window's next flip.

    Parameters
    ----------
    window_handle : psychopy.visual.Window
        PsychoPy's window.
    parts : types.SimpleNamespace
        PsychoPy, as `experiment.psychopy_import` gives it.
    screen : Screen
        Its screen.
    side_px : int
        Side of the patch, in pixels.
    corner : {"top left", "top right", "bottom left", "bottom right"}
        Where it is.
    """

    def __init__(
        self, window_handle: Any, parts: Any, screen: Screen, side_px: int, corner: Corner
    ) -> None:
        self._patches = {
            on: parts.visual.Rect(
                window_handle,
                width=side_px,
                height=side_px,
                pos=patch_centre(screen, side_px, corner),
                units="pix",
                colorSpace="rgb255",
                fillColor=colour,
                lineWidth=0,
                autoLog=False,
            )
            for on, colour in ((True, _WHITE), (False, _BLACK))
        }

    def draw(self, on: bool) -> None:
        """Draw the patch, white or black.

        Parameters
        ----------
        on : bool
            True for white.
        """
        self._patches[on].draw()
