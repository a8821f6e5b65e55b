"""What a session draws, in the screen pixels of the study: faces, fixation target, text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiment.photodiode import Photodiode
from stimuli.frames import Rect, Screen
from study.settings.experiment import ExperimentSettings

DARK = (20, 20, 20)


class Drawing:
    """The stimuli of one PsychoPy window; what is drawn appears with the window's next flip.

    Parameters
    ----------
    parts : types.SimpleNamespace
        PsychoPy, as `experiment.psychopy_import` gives it.
    window : psychopy.visual.Window
        The window.
    screen : Screen
        Its screen.
    settings : ExperimentSettings
        Colours and sizes.
    """

    def __init__(
        self, parts: Any, window: Any, screen: Screen, settings: ExperimentSettings
    ) -> None:
        self._psychopy = parts
        self._window = window
        self._screen = screen
        self._settings = settings
        self._texts: dict[tuple[str, float, float, int], Any] = {}
        self._pictures: dict[str, Any] = {}
        self._frames: dict[Rect, Any] = {}
        side_px, corner = settings.photodiode_px, settings.photodiode_corner
        self._patch = Photodiode(window, parts, screen, side_px, corner) if side_px else None
        self._target = self._make_target()

    def _make_target(self) -> list[Any]:
        """Build the fixation target: disc, cross and dot, which hold the eye best.

        Thaler, Schütz, Goodale and Gegenfurtner (2013), Vision Research 76, 31-42.
        """
        visual = self._psychopy.visual
        size = self._settings.fixation_size_deg * self._screen.px_per_deg
        common = {"units": "pix", "colorSpace": "rgb255", "lineWidth": 0, "autoLog": False}
        disc = {"edges": 64, **common}
        ground = (self._settings.background,) * 3
        thin = size / 3
        return [
            visual.Circle(self._window, radius=size / 2, fillColor=DARK, **disc),
            visual.Rect(self._window, width=size, height=thin, fillColor=ground, **common),
            visual.Rect(self._window, width=thin, height=size, fillColor=ground, **common),
            visual.Circle(self._window, radius=thin / 2, fillColor=DARK, **disc),
        ]

    def position(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Turn a screen pixel into PsychoPy's position, from the centre and upward.

        Parameters
        ----------
        x_px, y_px : float
            Origin at the top left pixel's centre, y down.

        Returns
        -------
        tuple of float
            x and y for PsychoPy's unit ``pix``.
        """
        centre_x_px, centre_y_px = self._screen.centre_px
        return x_px - centre_x_px, centre_y_px - y_px

    def load_pictures(self, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
        """Put pictures on the graphics card, so that none is loaded while time counts.

        Parameters
        ----------
        pictures : mapping of str to ndarray of uint8, shape (height, width, 3)
            Pictures by their names, at the size at which they are shown; those that were loaded
            before are dropped.
        """
        from PIL import Image

        self._pictures = {}
        for name, picture in pictures.items():
            height_px, width_px = picture.shape[:2]
            stimulus = self._psychopy.visual.ImageStim(
                self._window,
                image=Image.fromarray(picture),
                size=(width_px, height_px),
                units="pix",
                interpolate=False,
                autoLog=False,
            )
            stimulus.draw()
            self._pictures[name] = stimulus
        self._window.clearBuffer()

    def picture(self, name: str, place: Rect) -> None:
        """Draw a loaded picture.

        Parameters
        ----------
        name : str
            The picture's name.
        place : Rect
            Where it stands, in screen pixels.
        """
        stimulus = self._pictures[name]
        stimulus.pos = self._middle(place)
        stimulus.draw()

    def frame(self, place: Rect) -> None:
        """Draw the outline of a rectangle, such as that of a label to be clicked.

        Parameters
        ----------
        place : Rect
            Where it is, in screen pixels.
        """
        stimulus = self._frames.get(place)
        if stimulus is None:
            stimulus = self._frames[place] = self._psychopy.visual.Rect(
                self._window,
                width=place.width_px,
                height=place.height_px,
                pos=self._middle(place),
                lineColor=DARK,
                lineWidth=2,
                fillColor=None,
                colorSpace="rgb255",
                units="pix",
                autoLog=False,
            )
        stimulus.draw()

    def patch(self, *, lit: bool) -> None:
        """Draw the patch for a photodiode, where the settings want one.

        Parameters
        ----------
        lit : bool
            White, or black.
        """
        if self._patch is not None:
            self._patch.draw(lit)

    def _middle(self, place: Rect) -> tuple[float, float]:
        """Give the middle of a rectangle as PsychoPy has it."""
        return self.position(
            place.x_px + (place.width_px - 1) / 2, place.y_px + (place.height_px - 1) / 2
        )

    def target(self, x_px: float, y_px: float) -> None:
        """Draw the fixation target.

        Parameters
        ----------
        x_px, y_px : float
            Its centre, in screen pixels.
        """
        for part in self._target:
            part.pos = self.position(x_px, y_px)
            part.draw()

    def text(self, text: str, x_px: float, y_px: float, height_px: int) -> None:
        """Draw text around a point.

        Parameters
        ----------
        text : str
            One or more lines.
        x_px, y_px : float
            Its centre, in screen pixels.
        height_px : int
            Height of the letters.
        """
        stimulus = self._texts.get((text, x_px, y_px, height_px))
        if stimulus is None:
            stimulus = self._psychopy.visual.TextStim(
                self._window,
                text=text,
                pos=self.position(x_px, y_px),
                font="Noto Sans",
                fontFiles=[str(_font_file(self._psychopy))],
                height=height_px,
                wrapWidth=0.8 * self._screen.width_px,
                colorSpace="rgb255",
                color=DARK,
                units="pix",
                autoLog=False,
            )
            self._texts[text, x_px, y_px, height_px] = stimulus
        stimulus.draw()


def _font_file(parts: Any) -> Path:
    """Find the font that PsychoPy brings along, so that every computer shows the same letters."""
    return Path(parts.visual.__file__).parents[1] / "assets" / "fonts" / "NotoSans-Regular.ttf"
