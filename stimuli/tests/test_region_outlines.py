"""Outlines: nearest region within reach, margins, ellipses and Voronoi cells."""

import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stimuli.region_outlines import (
    FEATURES,
    Outlines,
    area_shares,
    distance_to_polygon,
    ellipse,
    ellipse_around,
    face_outlines,
    rectangle,
    region_grid,
    region_names,
)
from stimuli.regions import REGIONS, points_in_polygon, region_of, region_polygons
from stimuli.tests.faces import face_points
from study.settings.gaze_regions import RegionName, RegionSettings

WIDTH, HEIGHT = 562, 762


def wanted(**changes: Any) -> RegionSettings:
    return RegionSettings(**changes)


def some_points(n: int = 4000, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform([0, 0], [WIDTH, HEIGHT], (n, 2))


def slow_distance(x: float, y: float, polygon: np.ndarray) -> float:
    """Distance to an outline, over many points along its edges; 0 inside by the winding number."""
    turned, nearest = 0.0, math.inf
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        angle = math.atan2(y1 - y, x1 - x) - math.atan2(y0 - y, x0 - x)
        turned += (angle + math.pi) % (2 * math.pi) - math.pi
        for share in np.linspace(0, 1, 200):
            nearest = min(
                nearest, math.hypot(x0 + share * (x1 - x0) - x, y0 + share * (y1 - y0) - y)
            )
    return 0.0 if abs(turned) > math.pi else nearest


def slow_name(away: np.ndarray, outlines: Outlines) -> str:
    """The definition, outline by outline."""
    for of_areas in (False, True):
        best, name = math.inf, ""
        for region, distance in zip(outlines.names, away, strict=True):
            if (region in outlines.areas) == of_areas and distance < best:
                best, name = distance, region
        if best <= outlines.reach_px:
            return name
    return "other"


def test_the_settings_know_the_same_regions_as_the_polygons() -> None:
    assert get_args(RegionName) == REGIONS
    assert tuple(RegionSettings().regions) == REGIONS


def test_without_a_margin_regions_are_the_polygons() -> None:
    points = some_points()
    expected = region_of(points, region_polygons(face_points()))
    np.testing.assert_array_equal(
        region_names(points, face_outlines(face_points(), wanted())), expected
    )


@pytest.mark.parametrize("shape", ["polygon", "ellipse", "voronoi"])
def test_names_agree_with_the_definition(shape: str) -> None:
    outlines = face_outlines(face_points(), wanted(shape=shape, margin_deg=0.7, radius_deg=2), 30)
    points = some_points(40, seed=2)
    away = np.array([[slow_distance(x, y, p) for p in outlines.polygons] for x, y in points])
    # Within the slow way's own error of a border the two may differ.
    near_reach = (np.abs(away - outlines.reach_px) < 0.5).any(axis=1)
    gaps = np.diff(np.sort(away, axis=1)[:, :2], axis=1)[:, 0]
    clear = ~near_reach & ((gaps > 0.5) | (np.sort(away, axis=1)[:, 1] == 0))
    expected = [slow_name(row, outlines) for row in away]
    assert clear.sum() > 25
    np.testing.assert_array_equal(region_names(points, outlines)[clear], np.array(expected)[clear])


@settings(max_examples=40)
@given(
    angles=st.lists(st.floats(0, 6.28), min_size=3, max_size=8, unique=True),
    points=hnp.arrays(float, (8, 2), elements=st.floats(-3, 3)),
)
def test_distances_agree_with_a_walk_along_the_outline(
    angles: list[float], points: np.ndarray
) -> None:
    polygon = np.stack([np.cos(np.sort(angles)), np.sin(np.sort(angles))], axis=1)
    found = distance_to_polygon(points, polygon)
    expected = [slow_distance(x, y, polygon) for x, y in points]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_missing_points_belong_to_no_region() -> None:
    for shape in ("polygon", "voronoi"):
        outlines = face_outlines(face_points(), wanted(shape=shape, margin_deg=1, radius_deg=0))
        assert list(region_names([[np.nan, 3], [4, np.nan]], outlines)) == ["other", "other"]
    assert len(region_names(np.empty((0, 2)), outlines)) == 0


@given(margins=st.tuples(st.floats(0, 2), st.floats(0, 2)))
@settings(max_examples=20)
def test_features_and_the_whole_face_grow_with_the_margin(margins: tuple[float, float]) -> None:
    points = some_points(1500)
    small, large = (
        region_names(points, face_outlines(face_points(), wanted(margin_deg=m), 30))
        for m in sorted(margins)
    )
    for name in FEATURES:
        assert set(np.flatnonzero(small == name)) <= set(np.flatnonzero(large == name))
    assert (large == "other").sum() <= (small == "other").sum()


def test_a_margin_reaches_as_far_as_it_says() -> None:
    outlines = face_outlines(face_points(), wanted(regions=["mouth"], margin_deg=0.5), 40)
    points = some_points()
    away = distance_to_polygon(points, region_polygons(face_points())["mouth"])
    np.testing.assert_array_equal(region_names(points, outlines) == "mouth", away <= 20)


def test_a_margin_never_takes_what_lies_in_another_feature() -> None:
    drawn = region_polygons(face_points())
    points = some_points()
    names = region_names(points, face_outlines(face_points(), wanted(margin_deg=3), 40))
    in_nose = points_in_polygon(points, drawn["nose"])
    assert set(names[in_nose]) == {"nose"}


def test_a_voronoi_cell_holds_what_is_nearest_to_its_centre_within_the_radius() -> None:
    chosen = ["left_eye", "right_eye", "nose", "mouth"]
    limited = face_outlines(
        face_points(), wanted(shape="voronoi", regions=chosen, radius_deg=1.5), 40
    )
    points = some_points()
    centres = np.concatenate(limited.polygons)
    away = np.linalg.norm(points[:, None] - centres, axis=-1)
    expected = np.array(limited.names, dtype=object)[away.argmin(axis=1)]
    everywhere = face_outlines(
        face_points(), wanted(shape="voronoi", regions=chosen, radius_deg=0), 40
    )
    np.testing.assert_array_equal(region_names(points, everywhere), expected)
    expected[away.min(axis=1) > 60] = "other"
    np.testing.assert_array_equal(region_names(points, limited), expected)
    assert distance_to_polygon(centres[:1], region_polygons(face_points())["left_eye"]) == 0


@given(
    centre=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    half=st.tuples(st.floats(5, 20), st.floats(1, 4)),
    turn=st.floats(0, math.pi),
)
def test_the_ellipse_around_an_ellipse_is_itself(
    centre: tuple[float, float], half: tuple[float, float], turn: float
) -> None:
    angles = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    c, s = math.cos(turn), math.sin(turn)
    corners = np.stack([half[0] * np.cos(angles), half[1] * np.sin(angles)], axis=1)
    drawn = ellipse_around(corners @ [[c, s], [-s, c]] + centre)
    back = (drawn - centre) @ np.array([[c, s], [-s, c]]).T / half
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, rtol=1e-4)


def test_ellipses_lie_on_the_features_and_leave_the_areas() -> None:
    outlines = face_outlines(face_points(), wanted(shape="ellipse"))
    drawn = region_polygons(face_points())
    for name, polygon in zip(outlines.names, outlines.polygons, strict=True):
        if name not in FEATURES:
            np.testing.assert_array_equal(polygon, drawn[name])
            continue
        points = some_points(20_000)
        both = [points_in_polygon(points, p) for p in (polygon, drawn[name])]
        assert (both[0] & both[1]).sum() / (both[0] | both[1]).sum() > 0.7


def test_merged_sides_have_one_name() -> None:
    apart = face_outlines(face_points(), wanted())
    merged = face_outlines(face_points(), wanted(merge_sides=True))
    assert merged.regions == ("eyes", "brows", "mouth", "nose", "chin", "cheeks", "forehead")
    points = some_points()
    one, two = region_names(points, apart), region_names(points, merged)
    for name in ("eye", "brow", "cheek"):
        np.testing.assert_array_equal(
            np.isin(one, [f"left_{name}", f"right_{name}"]), two == f"{name}s"
        )


def test_of_regions_that_overlap_the_first_is_meant() -> None:
    first, second = rectangle(0, 0, 10, 10), rectangle(5, 0, 15, 10)
    outlines = Outlines(("a", "b"), (first, second))
    assert list(region_names([[7, 5], [12, 5], [20, 5]], outlines)) == ["a", "b", "other"]


def test_area_shares_add_to_one() -> None:
    outlines = Outlines(
        ("box", "disc"), (rectangle(-0.5, -0.5, 49.5, 49.5), ellipse(50, 50, 90, 90))
    )
    shares = area_shares(outlines, 100, 100, n_across=500)
    assert shares["box"] == 0.25
    assert shares["disc"] == pytest.approx(math.pi * 0.04, rel=0.01)
    assert sum(shares.values()) == pytest.approx(1)
    assert region_grid(outlines, 100, 50, 40).shape == (20, 40)


def test_a_face_needs_all_its_landmarks() -> None:
    with pytest.raises(ValueError, match="68 finite points"):
        face_outlines(np.zeros((5, 2)), wanted())
