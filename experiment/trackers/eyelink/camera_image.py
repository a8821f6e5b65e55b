"""The camera's image as the EyeLink sends it: line by line, in colours of a palette."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

_WHITE, _GREEN, _RED = (255, 255, 255), (0, 255, 0), (255, 0, 0)
#: By pylink's numbers of the marks: reflex, pupil, pupil's box, search limits, mouse, overlays.
_MARK_COLOURS = {1: _WHITE, 2: _WHITE, 3: _GREEN, 4: _RED, 5: _RED, 6: _GREEN, 7: _RED}


class CameraImage:
    """One image that grows by lines, and the marks upon it."""

    def __init__(self) -> None:
        self._palette = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
        self._indices = np.zeros((1, 1), dtype=np.uint8)
        self._picture: Image | None = None

    def set_palette(self, red: Sequence[int], green: Sequence[int], blue: Sequence[int]) -> None:
        """Take the colours of the images that follow.

        Parameters
        ----------
        red, green, blue : sequence of int
            One value for each index, 0 to 255.
        """
        colours = np.array([red, green, blue], dtype=np.int64).T
        self._palette = np.zeros((256, 3), dtype=np.uint8)
        self._palette[: len(colours)] = colours[:256]

    def add_line(self, line: int, n_lines: int, width_px: int, indices: Sequence[int]) -> bool:
        """Take one line.

        Parameters
        ----------
        line : int
            Its number, from 1 at the top.
        n_lines, width_px : int
            Size of the image.
        indices : sequence of int
            An index into the palette for each pixel.

        Returns
        -------
        bool
            Whether it was the last one, so that there is a whole picture now.
        """
        if self._indices.shape != (n_lines, width_px):
            self._indices = np.zeros((n_lines, width_px), dtype=np.uint8)
        values: NDArray[np.uint8] = np.frombuffer(bytes(indices), dtype=np.uint8)[:width_px]
        self._indices[line - 1, : len(values)] = values
        if line < n_lines:
            return False
        self._picture = _as_picture(self._palette[self._indices])
        return True

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the image, in its own pixels."""
        height_px, width_px = self._indices.shape
        return width_px, height_px

    def draw_line(self, start: tuple[float, float], end: tuple[float, float], mark: int) -> None:
        """Draw a line of a cross hair or a box.

        Parameters
        ----------
        start, end : tuple of float
            In pixels of the image.
        mark : int
            What it belongs to, by pylink's number.
        """
        if self._picture is not None:
            from PIL import ImageDraw

            ImageDraw.Draw(self._picture).line([start, end], fill=_MARK_COLOURS.get(mark, _WHITE))

    def draw_ellipse(self, box: tuple[float, float, float, float], mark: int) -> None:
        """Draw an ellipse, such as the limits within which the pupil is sought.

        Parameters
        ----------
        box : tuple of float
            Left, top, right, bottom, in pixels of the image.
        mark : int
            What it belongs to, by pylink's number.
        """
        if self._picture is not None and box[2] >= box[0] and box[3] >= box[1]:
            from PIL import ImageDraw

            ImageDraw.Draw(self._picture).ellipse(box, outline=_MARK_COLOURS.get(mark, _WHITE))

    def picture(self) -> "Image":
        """Give the latest whole image with its marks.

        Returns
        -------
        PIL.Image.Image
            In RGB; one black pixel before the first image.
        """
        return self._picture or _as_picture(np.zeros((1, 1, 3), dtype=np.uint8))


def _as_picture(pixels: NDArray[np.uint8]) -> "Image":
    """Turn pixels into a picture."""
    from PIL import Image

    return Image.fromarray(pixels)
