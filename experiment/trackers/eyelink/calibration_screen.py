"""What the participant and the experimenter see during calibration, in the session's window."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiment.trackers.eyelink.camera_image import CameraImage
from study.settings.experiment_trackers import CalibrationSettings

if TYPE_CHECKING:
    from experiment.window import Window

_DARK, _LIGHT = (20, 20, 20), (235, 235, 235)
#: Shares of the screen's height.
_IMAGE_HEIGHT, _TEXT_HEIGHT = 0.6, 0.028

SETUP_TEXT = """Camera Setup

Enter: camera image (there, arrow keys and A set camera and thresholds)
C: calibrate
V: validate
Space: accept the target
Backspace: back to the target before
Esc: break off a calibration; go on with the session"""


class CalibrationScreen:
    """Targets, texts and camera image on the window, in the colours of the calibration.

    Parameters
    ----------
    window : Window
        The session's window.
    settings : CalibrationSettings
        Colours and sizes.
    """

    def __init__(self, window: "Window", settings: CalibrationSettings) -> None:
        self._window = window
        ground = settings.background
        self._ground = window.settings.background if ground is None else ground
        self._text_colour = _DARK if self._ground > 100 else _LIGHT
        visual, px_per_deg = window.psychopy.visual, window.screen.px_per_deg
        common: dict[str, Any] = {
            "units": "pix", "colorSpace": "rgb255", "lineWidth": 0, "edges": 64, "autoLog": False,
        }  # fmt: skip
        sizes = (
            (settings.target_size_deg, settings.target_colour),
            (settings.target_hole_deg, (self._ground,) * 3),
        )
        self._target = [
            visual.Circle(window.handle, radius=deg * px_per_deg / 2, fillColor=colour, **common)
            for deg, colour in sizes
            if deg
        ]
        self._image = visual.ImageStim(window.handle, units="pix", interpolate=False, autoLog=False)
        self._text = visual.TextStim(
            window.handle,
            height=_TEXT_HEIGHT * window.screen.height_px,
            wrapWidth=0.8 * window.screen.width_px,
            color=self._text_colour,
            colorSpace="rgb255",
            units="pix",
            autoLog=False,
        )

    def begin(self) -> None:
        """Take the calibration's background."""
        self._set_ground(self._ground)

    def end(self) -> None:
        """Give the session's background back, and an empty screen."""
        self._window.handle.mouseVisible = False
        self._set_ground(self._window.settings.background)

    def _set_ground(self, level: int) -> None:
        """Change the background; a new colour is seen from the second frame on."""
        self._window.handle.color = (level,) * 3
        for _ in range(2):
            self._window.flip()

    def clear(self) -> None:
        """Show the background alone."""
        self._window.flip()

    def show_target(self, x_px: float, y_px: float) -> None:
        """Show a calibration target.

        Parameters
        ----------
        x_px, y_px : float
            Its centre, in screen pixels.
        """
        for part in self._target:
            part.pos = self._window.draw.position(x_px, y_px)
            part.draw()
        self._window.flip()

    def show_text(self, lines: Sequence[str]) -> None:
        """Show paragraphs in the middle of the screen.

        Parameters
        ----------
        lines : sequence of str
            The paragraphs; empty ones are left out.
        """
        self._text.text = "\n\n".join(line for line in lines if line)
        self._text.pos = (0, 0)
        self._text.draw()
        self._window.flip()

    def show_image(self, image: CameraImage, title: str) -> None:
        """Show the camera's image, enlarged, with its title below.

        Parameters
        ----------
        image : CameraImage
            The image.
        title : str
            What the tracker says about it.
        """
        left_px, top_px, width_px, height_px = self.image_place(image)
        self._image.image = image.picture()
        self._image.size = (width_px, height_px)
        centre_px = left_px + (width_px - 1) / 2, top_px + (height_px - 1) / 2
        self._image.pos = self._window.draw.position(*centre_px)
        self._image.draw()
        self._text.text = title
        below_px = top_px + height_px + 2 * _TEXT_HEIGHT * self._window.screen.height_px
        self._text.pos = self._window.draw.position(centre_px[0], below_px)
        self._text.draw()
        self._window.flip()

    def image_place(self, image: CameraImage) -> tuple[float, float, float, float]:
        """Say where on the screen an image is shown.

        Parameters
        ----------
        image : CameraImage
            The image.

        Returns
        -------
        tuple of float
            Left, top, width and height, in screen pixels.
        """
        screen = self._window.screen
        width_px, height_px = image.size_px
        scale = max(1, round(_IMAGE_HEIGHT * screen.height_px / height_px))
        while scale > 1 and width_px * scale > screen.width_px:
            scale -= 1
        shown = width_px * scale, height_px * scale
        return (
            (screen.width_px - shown[0]) // 2,
            (screen.height_px - shown[1]) // 2,
            *shown,
        )

    def pointer_on(self, image: CameraImage) -> tuple[tuple[int, int], int]:
        """Say where the mouse is on the camera's image, for choosing the pupil by a click.

        Parameters
        ----------
        image : CameraImage
            The image.

        Returns
        -------
        tuple of (tuple of int, int)
            x and y in the image's pixels, and 1 while the left button is held, else 0.
        """
        left_px, top_px, width_px, height_px = self.image_place(image)
        x_px, y_px = self._window.pointer_px()
        own_width_px, own_height_px = image.size_px
        place = (
            round(min(max((x_px - left_px) / width_px, 0), 1) * (own_width_px - 1)),
            round(min(max((y_px - top_px) / height_px, 0), 1) * (own_height_px - 1)),
        )
        pressed = self._window.psychopy.event.mouseButtons[0]
        return place, int(bool(pressed))
