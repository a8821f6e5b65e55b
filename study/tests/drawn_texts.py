"""Which texts of a figure are cut off by its edge, or stand on one another."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

Corners = npt.NDArray[np.float64]
# Boxes have room for letters such as g and Å, whether there are any or not.
_SPARE_PT = 0.75


def drawn_texts(figure: Figure) -> dict[Text, Corners]:
    """Draw a figure and give its texts' boxes: four corners in points, turned as the text is.

    Texts that are not drawn, such as the labels of ticks beyond the axes, are not among them.
    """
    drawn: list[Text] = []
    original = Text.draw

    def draw(text, renderer, *more, **options):
        if text.get_visible() and text.get_text().strip():
            drawn.append(text)
        return original(text, renderer, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", draw)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    renderer = canvas.get_renderer()
    return {text: _corners(text, renderer, 72 / figure.dpi) for text in drawn}


def cut_off(figure: Figure, texts: dict[Text, Corners]) -> list[str]:
    """Name the texts that are not wholly on the canvas."""
    size = 72 * figure.get_size_inches()
    inside = {text: (box >= 0).all() and (box <= size).all() for text, box in texts.items()}
    return [text.get_text() for text, whole in inside.items() if not whole]


def overlaps(texts: dict[Text, Corners]) -> list[tuple[str, str]]:
    """Name the pairs of texts of which one stands on the other."""
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in combinations(texts.items(), 2)
        if not _apart(a, b)
    ]


def _corners(text: Text, renderer: RendererBase, scale: float) -> Corners:
    """Give the corners of a text's box; turned text has the middle of the box around it."""
    around = Text.get_window_extent(text, renderer)
    middle = np.array([around.x0 + around.x1, around.y0 + around.y1]) / 2
    angle = text.get_rotation()
    text.set_rotation(0)
    level = Text.get_window_extent(text, renderer)
    text.set_rotation(angle)
    half = np.array([level.width, level.height]) / 2 - _SPARE_PT / scale
    turn = np.deg2rad(angle)
    along, up = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return scale * np.array([middle + a * half[0] * along + b * half[1] * up for a, b in signs])


def _apart(a: Corners, b: Corners) -> bool:
    """Tell whether a line parallel to a side of one of two rectangles parts them."""
    for box in (a, b):
        for side in (box[1] - box[0], box[2] - box[1]):
            first, second = a @ side, b @ side
            if first.max() < second.min() or second.max() < first.min():
                return True
    return False
