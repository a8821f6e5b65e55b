"""Figures: what they show is what they were given."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from gaze_analysis.plots import density_figure, density_levels, draw_scanpath, scanpath_figure

FRAME: Any = {"width_px": 40, "height_px": 30}


def axes_of(figure: Figure) -> list[Any]:
    """List the panels of a figure."""
    return figure.axes


@pytest.fixture
def path():
    return pd.DataFrame(
        {
            "x_px": [10.0, 30.0, 20.0],
            "y_px": [5.0, 25.0, 15.0],
            "duration_ms": [400.0, 100.0, 200.0],
            "index": [2, 1, 3],
        }
    )


def test_a_density_lies_over_its_picture_in_the_picture_frame():
    density = np.zeros((15, 20))
    density[3, 4] = 1.0
    picture = np.full((60, 80, 3), 200, np.uint8)
    axes, bar = axes_of(density_figure(density, picture=picture, title="AF01HAS", **FRAME))
    assert bar.get_ylabel() == "density of gaze (px$^{-2}$)"
    assert bar.get_ylim() == (0, 1)
    below, above = axes.images
    assert list(below.get_extent()) == list(above.get_extent()) == [-0.5, 39.5, 29.5, -0.5]
    np.testing.assert_array_equal(above.get_array(), density)
    assert above.get_alpha()[3, 4] > 0 == above.get_alpha()[0, 0]
    assert axes.get_ylim() == (29.5, -0.5)
    assert axes.get_title() == "AF01HAS"


def test_a_density_without_a_picture_is_opaque():
    axes, _ = axes_of(density_figure(np.ones((3, 4)), **FRAME))
    assert axes.images[0].get_alpha() == 1


def test_contours_enclose_their_share_of_gaze():
    y, x = np.mgrid[-40:40.0, -40:40.0] + 0.5
    density = np.exp(-(x**2 + y**2) / (2 * 9.0**2))
    density /= density.sum()
    figure = density_figure(density, width_px=80, height_px=80, contours=(0.9, 0.5))
    (lines,) = [item for item in axes_of(figure)[0].collections if item.get_paths()]
    radii = [np.hypot(*(path.vertices - 39.5).T).mean() for path in lines.get_paths()]
    # A share p of a round Gaussian lies within sigma sqrt(-2 ln(1 - p)).
    np.testing.assert_allclose(radii, 9 * np.sqrt(-2 * np.log([0.1, 0.5])), rtol=0.02)
    held = [density[density >= level].sum() for level in density_levels(density, (0.9, 0.5))]
    np.testing.assert_allclose(held, [0.9, 0.5], atol=0.01)


def test_circles_of_a_scanpath_have_the_area_of_the_duration(path):
    (axes,) = axes_of(scanpath_figure(path, picture=np.zeros((3, 4), np.uint8), **FRAME))
    (circles,) = axes.collections
    np.testing.assert_array_equal(circles.get_offsets()[:, 0], [30, 10, 20])
    sizes = circles.get_sizes()
    np.testing.assert_allclose(sizes / sizes[0], [1, 4, 2])
    assert [text.get_text() for text in axes.texts] == ["1", "2", "3"]


def test_a_scanpath_without_durations_has_equal_circles(path):
    axes: Any = Figure().add_subplot()
    draw_scanpath(axes, path.assign(duration_ms=np.nan), **FRAME)
    assert len(np.unique(axes.collections[0].get_sizes())) == 1
