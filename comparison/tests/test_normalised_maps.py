"""Warped maps: affine ones come out exact; means by fold and expression as by hand."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from comparison.normalised_maps import (
    SourceMaps,
    as_heatmaps,
    global_maps,
    smooth_maps,
    warp_map,
)
from stimuli.frames import Rect
from stimuli.normalised import (
    CANONICAL_LANDMARKS,
    HEIGHT_PX,
    NORMALISED,
    WIDTH_PX,
    mesh_points,
    normalised_places,
)

PICTURE = Rect(0, 0, 96, 96)
# The canonical face, stretched over the picture: the warp is the stretch's inverse.
STRETCH = np.array([PICTURE.width_px / WIDTH_PX, PICTURE.height_px / HEIGHT_PX])
FACE = (CANONICAL_LANDMARKS + 0.5) * STRETCH - 0.5
X, Y = np.meshgrid(np.arange(WIDTH_PX), np.arange(HEIGHT_PX))


def _axis(n: int) -> np.ndarray:
    return (np.arange(n) + 0.5) * PICTURE.width_px / n - 0.5


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.sampled_from([12, 24, 96]))
def test_a_ramp_on_a_stretched_face_comes_out_exact(ramp: list[float], cells: int) -> None:
    a, b, c = ramp
    axis = _axis(cells)
    values = a * axis + b * axis[:, None] + c
    places = normalised_places(mesh_points(FACE, PICTURE))
    warped = warp_map(values, axis, axis, places, PICTURE)
    x, y = (X + 0.5) * STRETCH[0] - 0.5, (Y + 0.5) * STRETCH[1] - 0.5
    clipped_x, clipped_y = (np.clip(at, axis[0], axis[-1]) for at in (x, y))
    np.testing.assert_allclose(warped, a * clipped_x + b * clipped_y + c, atol=1e-9)


def test_a_turned_face_is_read_where_it_is_and_nothing_lies_beyond() -> None:
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]) * 0.4
    points = mesh_points(CANONICAL_LANDMARKS, NORMALISED) @ turn.T + [40, -10]
    axis = _axis(96)
    warped = warp_map(axis + 2 * axis[:, None], axis, axis, normalised_places(points), PICTURE)
    x, y = np.moveaxis(np.stack([X, Y], axis=-1) @ turn.T + [40, -10], -1, 0)
    inside = (x > 0) & (y > 0) & (x < 95) & (y < 95)
    np.testing.assert_allclose(warped[inside], (x + 2 * y)[inside], atol=1e-9)
    beyond = (x < -0.5) | (y < -0.5) | (x > 95.5) | (y > 95.5)
    assert beyond.any()
    assert (warped[beyond] == 0).all()


def test_smoothing_keeps_the_mass_of_what_is_inside() -> None:
    values = np.zeros((1, 48, 48))
    values[0, 24, 24] = 1.0
    smoothed, _, _ = smooth_maps((values, _axis(48), _axis(48)), sigma_px=6.0)
    assert smoothed.sum() == pytest.approx(1.0, abs=1e-3)
    spread = np.sqrt((smoothed[0].sum(axis=0) * (_axis(48) - _axis(48)[24]) ** 2).sum())
    assert spread == pytest.approx(6.0, rel=0.02)


def _source(name: str, values: np.ndarray, folds: str, shown: str, **more: float) -> SourceMaps:
    """Give pictures A, B, C ... maps; what they show and their folds are letters."""
    names = tuple("ABCDEF"[: len(values)])
    expressions = tuple({"h": "happy", "s": "sad"}[letter] for letter in shown)
    axis = _axis(values.shape[-1])
    return SourceMaps(name, names, expressions, tuple(folds), lambda: (values, axis, axis), **more)


def _global(*sources: SourceMaps, **more: Any) -> xr.Dataset:
    return global_maps(sources, dict.fromkeys("ABCDEF", FACE), PICTURE, **more)


def _warped(values: np.ndarray) -> np.ndarray:
    places = normalised_places(mesh_points(FACE, PICTURE))
    return np.stack([warp_map(one, _axis(24), _axis(24), places, PICTURE) for one in values])


AXIS = _axis(24)
VALUES = np.random.default_rng(1).normal(size=(3, 24, 24))


def test_pictures_count_the_same_whatever_the_unit_of_their_maps() -> None:
    made = _global(_source("people", VALUES, "122", "hhs"))
    scaled = VALUES * np.array([1.0, 7.0, 1e-3])[:, None, None]
    other = _global(_source("people", scaled, "122", "hhs"))
    np.testing.assert_allclose(made["heat"], other["heat"], rtol=1e-5, atol=1e-6)
    positive = np.clip(VALUES, 0, None)
    warped = _warped(positive / positive.mean(axis=(1, 2), keepdims=True))
    np.testing.assert_allclose(made["heat"][0, 0, 0], warped[0], rtol=1e-5)
    np.testing.assert_allclose(made["heat"][0, 1, 0], warped[1], rtol=1e-5)
    np.testing.assert_allclose(made["pooled"][0, 0], (warped[0] + warped[1]) / 2, rtol=1e-5)
    assert np.isnan(made["heat"][0, 0, 1]).all()
    np.testing.assert_array_equal(made["n_pictures"], [[[1, 0], [1, 1]]])


def test_maps_as_they_are_keep_their_weight_and_empty_ones_count() -> None:
    values = VALUES * np.array([1.0, 7.0, 1.0])[:, None, None]
    values[2] = -1
    made = _global(_source("net", values, "121", "hhh"), equal=False)
    warped = _warped(np.clip(values, 0, None))
    np.testing.assert_allclose(made["pooled"][0, 0], warped.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(made["heat"][0, 0, 0], warped[0] / 2, rtol=1e-5)


def test_each_source_has_its_own_pictures_and_networks_are_pooled_by_picture() -> None:
    a = _source("a", VALUES, "112", "hsh")
    b = _source("b", VALUES[:1], "2", "h")
    people = _source("people", VALUES[:2] + 1, "12", "hs")
    made = _global(people, a, b, networks=["a", "b"], equal=False)
    warped = _warped(np.clip(VALUES, 0, None))
    np.testing.assert_allclose(
        made["over_networks"].sel(expression="happy"), (2 * warped[0] + warped[2]) / 3,
        rtol=1e-5, atol=1e-7,
    )  # fmt: skip
    assert made["n_pictures"].sel(source="b").to_numpy().tolist() == [[0, 0], [1, 0]]
    assert np.isnan(made["pooled"].sel(source="b", expression="sad")).all()
    assert "over_networks" not in _global(people, a, networks=["a"])


def test_smoothed_sources_are_smoothed_before_they_are_warped() -> None:
    made = _global(_source("net", VALUES, "111", "hhs", sigma_px=9.0))
    values, _, _ = smooth_maps((VALUES, _axis(24), _axis(24)), 9.0)
    plain = _global(_source("net", values, "111", "hhs"))
    np.testing.assert_allclose(made["heat"], plain["heat"], rtol=1e-6)


def test_maps_without_anything_positive_are_left_out_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = VALUES.copy()
    values[1] = -1
    made = _global(_source("people", values, "111", "hhs"))
    assert made["n_pictures"].to_numpy().tolist() == [[[1, 1]]]
    assert "nothing in the map is positive: 1 pictures of people" in capsys.readouterr().err


def test_folds_are_in_the_order_of_their_numbers() -> None:
    source = _source("people", VALUES, "112", "hhs")
    two = ("sad", "sad")
    many = SourceMaps("net", ("A", "B"), two, ("10", "9"), lambda: (VALUES[:2], AXIS, AXIS))
    assert _global(source, many)["fold"].to_numpy().tolist() == ["1", "2", "9", "10"]


def test_one_fold_has_no_pooled_map_of_its_own() -> None:
    heat = as_heatmaps(_global(_source("people", np.abs(VALUES), "111", "hhs")))
    assert heat.by_net is None
    assert heat.over_nets is None
    assert (heat.nets, heat.folds, heat.expressions) == (("people",), ("1",), ("happy", "sad"))
