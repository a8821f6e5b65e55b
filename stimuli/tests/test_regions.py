"""Polygons and masks of the face."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stimuli.regions import (
    REGIONS,
    points_in_polygon,
    region_masks,
    region_of,
    region_polygons,
)
from stimuli.tests.faces import face_points

CENTRES: dict[str, np.ndarray] = {
    "left_eye": np.mean(face_points()[36:42], axis=0),
    "right_eye": np.mean(face_points()[42:48], axis=0),
    "left_brow": face_points()[19],
    "right_brow": face_points()[24],
    "nose": face_points()[29],
    "mouth": np.mean(face_points()[48:60], axis=0),
    "left_cheek": face_points()[[3, 31]].mean(axis=0),
    "right_cheek": face_points()[[13, 35]].mean(axis=0),
    "forehead": face_points()[[19, 24]].mean(axis=0) - [0, 35],
    "chin": face_points()[[8, 57]].mean(axis=0),
}


def winding_inside(x: float, y: float, polygon: np.ndarray) -> bool:
    """Whether a point is within a polygon: the angles to its corners add up to a full turn."""
    total = 0.0
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        angle = math.atan2(y1 - y, x1 - x) - math.atan2(y0 - y, x0 - x)
        total += (angle + math.pi) % (2 * math.pi) - math.pi
    return abs(total) > math.pi


@settings(max_examples=60)
@given(
    angles=st.lists(st.floats(0, 2 * math.pi), min_size=3, max_size=9, unique=True),
    radii=hnp.arrays(float, 9, elements=st.floats(0.5, 2)),
    points=hnp.arrays(float, (20, 2), elements=st.floats(-2.2, 2.2)),
)
def test_points_in_polygon_agrees_with_the_winding_number(angles, radii, points):
    angles = np.sort(angles)
    corners = radii[: len(angles), None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    edge_distance = min_edge_distance(points, corners)
    clear = edge_distance > 1e-6  # on an edge the two conventions may differ
    expected = [winding_inside(x, y, corners) for x, y in points]
    np.testing.assert_array_equal(
        points_in_polygon(points, corners)[clear], np.array(expected)[clear]
    )


def min_edge_distance(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Distance of each point to the nearest edge."""
    distances = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = end - start
        length = max(float(along @ along), 1e-30)
        share = np.clip((points - start) @ along / length, 0, 1)
        distances.append(np.hypot(*(points - start - share[:, None] * along).T))
    return np.min(distances, axis=0)


def test_each_feature_lies_in_its_region():
    polygons = region_polygons(face_points())
    assert tuple(polygons) == REGIONS
    for name, centre in CENTRES.items():
        assert region_of(np.array([centre]), polygons)[0] == name
    assert list(region_of(np.array([[0, 0], [np.nan, 3]]), polygons)) == ["other", "other"]


@given(shift=st.tuples(st.floats(-300, 300), st.floats(-300, 300)), scale=st.floats(0.2, 5))
def test_regions_move_and_grow_with_the_face(shift, scale):
    before = region_polygons(face_points())
    after = region_polygons(face_points() * scale + shift)
    for name in REGIONS:
        np.testing.assert_allclose(after[name], before[name] * scale + shift, atol=1e-6)


@given(angle_deg=st.floats(-40, 40))
def test_regions_turn_with_the_head(angle_deg):
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn = np.array([[c, s], [-s, c]])
    before, after = region_polygons(face_points()), region_polygons(face_points() @ turn)
    for name in REGIONS:
        np.testing.assert_allclose(after[name], before[name] @ turn, atol=1e-6)


def test_a_symmetric_face_has_symmetric_regions():
    polygons = region_polygons(face_points(x=0))
    for part in ("brow", "eye", "cheek"):
        np.testing.assert_allclose(
            polygons[f"left_{part}"] * [-1, 1], polygons[f"right_{part}"], atol=1e-9
        )


def test_masks_are_disjoint_and_agree_with_region_of():
    points = face_points(x=112, y=90, unit=48)
    masks = region_masks(points, 224, 230)
    assert list(masks) == list(REGIONS)
    assert np.sum(list(masks.values()), axis=0).max() == 1
    y, x = np.mgrid[0:230, 0:224]
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    names = region_of(pixels, region_polygons(points)).reshape(230, 224)
    for name, mask in masks.items():
        assert mask.sum() > 50
        np.testing.assert_array_equal(mask, names == name)


def test_masks_of_a_face_beyond_the_border_are_cut():
    masks = region_masks(face_points(x=0, y=0, unit=60), 40, 50)
    assert masks["right_eye"].shape == (50, 40)
    assert masks["right_eye"].any()
    assert not masks["left_eye"].any()


@pytest.mark.parametrize("points", [np.zeros((67, 2)), np.full((68, 2), np.nan)])
def test_regions_need_all_68_points(points):
    with pytest.raises(ValueError, match="68 finite points"):
        region_polygons(points)
