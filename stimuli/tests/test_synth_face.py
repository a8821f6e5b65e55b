import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimuli.expressions import EXPRESSIONS
from stimuli.synth.conditions import (
    HEIGHT_PX,
    WIDTH_PX,
    Conditions,
    draw_conditions,
    place,
)
from stimuli.synth.expression import ACTION_UNITS, action_units, draw_style
from stimuli.synth.geometry import face, landmarks, moved
from stimuli.synth.identity import draw_identity
from stimuli.synth.raster import Window, blend, line_mask, polygon_mask, softened, spot

seeds = st.integers(0, 2**32 - 1)
REST = dict.fromkeys(ACTION_UNITS, 0.0)
STILL = Conditions(0, 0, 1, 0, 0, 0, 0, 1, 0.5, 1, 0, 0.7, 0)


def drawn_face(seed, expression):
    rng = np.random.default_rng(seed)
    identity = draw_identity(["female", "male"][seed % 2], rng)
    return identity, action_units(expression, draw_style(rng), rng)


def points_with(**units):
    identity = draw_identity("female", np.random.default_rng(3))
    return landmarks(face(identity, {**REST, **units}))


@given(seed=seeds, expression=st.sampled_from(EXPRESSIONS))
def test_action_units_stay_in_their_range_and_show_the_expression(seed, expression):
    _, units = drawn_face(seed, expression)
    assert set(units) == set(ACTION_UNITS)
    assert all(0 <= value <= 1.2 for value in units.values())
    leading = {
        "afraid": ("AU1", "AU5", "AU20"),
        "angry": ("AU4", "AU7"),
        "disgusted": ("AU9", "AU10"),
        "happy": ("AU12",),
        "neutral": (),
        "sad": ("AU1", "AU15"),
        "surprised": ("AU1", "AU2", "AU26"),
    }
    assert all(units[unit] > 0.2 for unit in leading[expression])
    if expression == "neutral":
        assert max(units.values()) < 0.35


@settings(deadline=None)
@given(seed=seeds, expression=st.sampled_from(EXPRESSIONS))
def test_every_face_is_in_order_and_inside_the_picture(seed, expression):
    identity, units = drawn_face(seed, expression)
    rng = np.random.default_rng(seed)
    conditions = draw_conditions(rng, rng)
    points = landmarks(moved(face(identity, units), lambda p: place(p, conditions)))
    assert points.shape == (68, 2)
    assert (points > 0).all()
    assert (points < [WIDTH_PX, HEIGHT_PX]).all()
    x, y = points.T
    assert (np.diff(x[[0, 3, 8, 13, 16]]) > 0).all()
    assert (np.diff(x[17:27]) > 0).all()
    assert (np.diff(y[27:31]) > 0).all()
    assert (np.diff(x[[36, 39, 42, 45]]) > 0).all()
    # Upper lids lie over lower lids, brows over lids, upper lips over lower lips.
    assert (y[[37, 38, 43, 44]] < y[[41, 40, 47, 46]]).all()
    assert (y[[18, 20, 23, 25]] < y[[37, 38, 43, 44]]).all()
    assert (y[[61, 62, 63]] <= y[[67, 66, 65]] + 1e-9).all()
    assert (y[[50, 51, 52]] < y[[58, 57, 56]]).all()
    assert y[8] > y[57] > y[51] > y[33] > y[27]


@settings(deadline=None)
@given(seed=seeds, expression=st.sampled_from(EXPRESSIONS))
def test_eyes_and_mouth_stand_at_kdefs_places(seed, expression):
    identity, units = drawn_face(seed, expression)
    rng = np.random.default_rng(seed)
    conditions = draw_conditions(rng, rng)
    points = landmarks(moved(face(identity, units), lambda p: place(p, conditions)))
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    assert abs((left + right)[0] / 2 - 281) < 23
    assert 342 < (left + right)[1] / 2 < 396
    assert 95 < np.hypot(*(right - left)) < 136
    assert 455 < points[[48, 54]].mean(axis=0)[1] < 565


@pytest.mark.parametrize(
    ("unit", "point", "axis", "sign"),
    [
        ("AU1", 22, "y", -1),
        ("AU2", 25, "y", -1),
        ("AU4", 22, "y", 1),
        ("AU4", 22, "x", -1),
        ("AU5", 43, "y", -1),
        ("AU6", 47, "y", -1),
        ("AU7", 47, "y", -1),
        ("AU9", 35, "y", -1),
        ("AU10", 52, "y", -1),
        ("AU12", 54, "y", -1),
        ("AU12", 54, "x", 1),
        ("AU15", 54, "y", 1),
        ("AU17", 57, "y", -1),
        ("AU20", 54, "x", 1),
        ("AU23", 54, "x", -1),
        ("AU26", 8, "y", 1),
        ("AU27", 8, "y", 1),
        ("AU43", 43, "y", 1),
    ],
)
def test_an_action_unit_moves_what_facs_says(unit, point, axis, sign):
    # Points of the viewer's right side; x grows outward, y grows downward.
    shift = points_with(**{unit: 1.0})[point] - points_with()[point]
    assert sign * shift["xy".index(axis)] > 1.0


def test_parted_lips_open_and_a_dropped_jaw_opens_more():
    def gap(points):
        return points[66, 1] - points[62, 1]

    closed, parted = gap(points_with()), gap(points_with(AU25=1.0))
    dropped = gap(points_with(AU25=1.0, AU26=1.0))
    assert closed < 2 < parted < dropped


def test_brows_know_nothing_of_the_mouth():
    rest, smile = points_with(), points_with(AU12=1.0, AU25=1.0)
    np.testing.assert_array_equal(rest[17:27], smile[17:27])


@given(roll=st.floats(-0.06, 0.06), scale=st.floats(0.9, 1.1))
def test_a_rolled_head_keeps_its_shape(roll, scale):
    tilted = Conditions(3, -2, scale, roll, 0, 0, 0, 1, 0.5, 1, 0, 0.7, 0)
    points = points_with()
    before = np.linalg.norm(points[None] - points[:, None], axis=2)
    after = place(points, tilted)
    np.testing.assert_allclose(
        np.linalg.norm(after[None] - after[:, None], axis=2), scale * before, atol=1e-9
    )


def test_a_turned_head_moves_the_nose_most():
    turned = Conditions(0, 0, 1, 0, 0.05, 0, 0, 1, 0.5, 1, 0, 0.7, 0)
    points = points_with()
    shift = place(points, turned)[:, 0] - place(points, STILL)[:, 0]
    assert shift.argmax() in (29, 30, 33)
    assert shift[30] > shift[36] > shift[0] >= 0


@given(radius=st.floats(5, 25), corners=st.integers(3, 12), at=st.floats(30.0, 34.0))
def test_a_polygons_mask_has_the_polygons_area(radius, corners, at):
    angle = 2 * np.pi * np.arange(corners) / corners
    points = np.column_stack([at + radius * np.cos(angle), 32 + radius * np.sin(angle)])
    area = 0.5 * corners * radius**2 * np.sin(2 * np.pi / corners)
    edge = 2 * corners * radius * np.sin(np.pi / corners)
    mask = polygon_mask(points, window=Window(0, 0, 64, 64))
    assert abs(mask.sum() - area) < 0.2 * edge + 1
    assert mask.min() == 0


def test_a_blurred_point_has_the_variance_of_a_gaussian():
    point = np.zeros((41, 41), dtype=np.float32)
    point[20, 20] = 1
    away = np.arange(41) - 20
    for sigma, variance in ((0.7, 0.5), (1.0, 1.0), (2.0, 4.0)):
        blurred = softened(point, sigma)
        np.testing.assert_allclose(blurred, blurred.T, atol=1e-7)
        assert abs(blurred.sum() - 1) < 1e-5
        assert abs((blurred.sum(axis=0) * away**2).sum() - variance) < 0.15 * variance


def test_lines_spots_and_blending_lie_where_they_should():
    window = Window(10, 20, 40, 50)
    line = line_mask([(np.array([[12.0, 30.0], [38.0, 30.0]]), 2.0, 1.0)], window)
    assert line[10].mean() > 0.5 > line[14].max()
    peak = np.unravel_index(spot(window, np.array([25.0, 33.0]), 4, 4).argmax(), window.shape)
    assert peak == (13, 15)
    canvas = np.zeros((3, 60, 60), dtype=np.float32)
    blend(canvas, window, np.full(window.shape, 0.5, np.float32), 1.0)
    assert canvas[:, 20:50, 10:40].min() == canvas.max() == 0.5
    assert canvas.sum() == 0.5 * 3 * 30 * 30
