"""Warped maps: affine ones come out exact; means by fold and expression as by hand."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from comparison.normalised_maps import as_heatmaps, global_maps, smooth_maps, warp_map
from stimuli.frames import Rect
from stimuli.normalised import (
    CANONICAL_LANDMARKS,
    HEIGHT_PX,
    NORMALISED,
    WIDTH_PX,
    mesh_points,
    normalised_places,
)
from study.errors import InputError

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


def _global(values: np.ndarray, folds: list[str]) -> xr.Dataset:
    axis = _axis(values.shape[-1])
    sources = {"people": (values, axis, axis)}
    return global_maps(sources, [FACE] * 3, PICTURE, ["happy", "happy", "sad"], folds)


def test_pictures_count_the_same_whatever_the_unit_of_their_maps() -> None:
    values = np.random.default_rng(1).normal(size=(3, 24, 24))
    made = _global(values, ["1", "2", "2"])
    scaled = _global(values * np.array([1.0, 7.0, 1e-3])[:, None, None], ["1", "2", "2"])
    np.testing.assert_allclose(made["heat"], scaled["heat"], rtol=1e-5, atol=1e-6)
    places = normalised_places(mesh_points(FACE, PICTURE))
    positive = np.clip(values, 0, None)
    warped = [warp_map(p / p.mean(), _axis(24), _axis(24), places, PICTURE) for p in positive]
    np.testing.assert_allclose(made["heat"][0, 0, 0], warped[0], rtol=1e-5)
    np.testing.assert_allclose(made["heat"][0, 1, 0], warped[1], rtol=1e-5)
    np.testing.assert_allclose(made["pooled"][0, 0], (warped[0] + warped[1]) / 2, rtol=1e-5)
    assert np.isnan(made["heat"][0, 0, 1]).all()
    np.testing.assert_array_equal(made["n_pictures"], [[1, 0], [1, 1]])


def test_maps_without_anything_positive_are_refused() -> None:
    values = np.ones((3, 24, 24))
    values[1] = -1
    with pytest.raises(InputError, match="that of people of a picture that is happy is not"):
        _global(values, ["1", "1", "1"])


def test_one_fold_has_no_pooled_map_of_its_own() -> None:
    values = np.random.default_rng(2).gamma(1.0, size=(3, 24, 24))
    heat = as_heatmaps(_global(values, ["all"] * 3))
    assert heat.by_net is None
    assert (heat.nets, heat.folds, heat.expressions) == (("people",), ("all",), ("happy", "sad"))
    with pytest.raises(InputError, match="one of people is constant"):
        as_heatmaps(_global(np.ones((3, 24, 24)), ["all"] * 3))
