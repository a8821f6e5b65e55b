"""Frames: what goes from one to another comes back, and degrees are those of the arctangent."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimuli.frames import Rect, Screen, move_points

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
pixels = st.floats(-5000, 5000)
sizes = st.floats(0.5, 5000)
rects = st.builds(Rect, pixels, pixels, sizes, sizes)


@given(rects, rects, pixels, pixels)
def test_points_come_back(source: Rect, target: Rect, x_px: float, y_px: float) -> None:
    there = move_points([x_px, y_px], source, target)
    back = move_points(there, target, source)
    scale = max(1.0, source.width_px / target.width_px, source.height_px / target.height_px)
    np.testing.assert_allclose(back, [x_px, y_px], atol=1e-6 * scale)


@given(rects, rects)
def test_corners_meet_corners(source: Rect, target: Rect) -> None:
    corner = [source.x_px - 0.5 + source.width_px, source.y_px - 0.5 + source.height_px]
    expected = [target.x_px - 0.5 + target.width_px, target.y_px - 0.5 + target.height_px]
    np.testing.assert_allclose(move_points(corner, source, target), expected, atol=1e-6)


@given(pixels, pixels)
def test_degrees_come_back(x_px: float, y_px: float) -> None:
    np.testing.assert_allclose(SCREEN.to_px(SCREEN.to_deg([x_px, y_px])), [x_px, y_px], atol=1e-6)


def test_degrees_by_hand() -> None:
    ten_px_cm = 10 * 53.0 / 1920
    expected = math.degrees(math.atan(ten_px_cm / 70.0))
    centre = np.array(SCREEN.centre_px)
    assert SCREEN.to_deg(centre + np.array([10, 0]))[0] == pytest.approx(expected, rel=1e-12)
    assert SCREEN.distance_deg(centre, centre + np.array([10, 0])) == pytest.approx(
        expected, rel=1e-9
    )
    assert SCREEN.px_per_deg == pytest.approx(44.27, abs=0.01)


def test_distance_by_the_cosine_rule() -> None:
    a, b = np.array([100.0, 900.0]), np.array([1500.0, 50.0])
    rays = [
        np.array([(p[0] - 959.5) * 53.0 / 1920, (p[1] - 539.5) * 29.8 / 1080, 70.0]) for p in (a, b)
    ]
    cosine = rays[0] @ rays[1] / np.linalg.norm(rays[0]) / np.linalg.norm(rays[1])
    assert SCREEN.distance_deg(a, b) == pytest.approx(math.degrees(math.acos(cosine)), rel=1e-9)


def test_a_width_is_the_angle_between_its_edges() -> None:
    x_px, y_px = SCREEN.centre_px
    edges = [[x_px - 200, y_px], [x_px + 200, y_px]]
    assert SCREEN.width_deg(400) == pytest.approx(float(SCREEN.distance_deg(*edges)))


def test_the_edges_belong_to_the_picture() -> None:
    picture = Rect(0, 0, 4, 4)
    points = [[-0.5, 0], [3.49, 0], [3.5, 0], [0, -0.51], [np.nan, 0]]
    assert picture.contains(points).tolist() == [True, True, False, False, False]


def test_a_rectangle_has_an_area() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Rect(0, 0, 0, 1)
