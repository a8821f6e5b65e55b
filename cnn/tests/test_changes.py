import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from cnn.changes import change_pictures, draw_changes, margin_px, with_margin
from study.settings.cnn import CnnSettings

STILL = {"shift": 0.0, "zoom": 0.0, "brightness": 0.0, "flip": False}


def changed(pictures, settings, random):
    """Changed pictures, and what changed them."""
    side_px = pictures.shape[1]
    changes = draw_changes(len(pictures), side_px, settings, random)
    margin = margin_px(side_px, settings)
    padded = with_margin(pictures, margin)
    rows = np.arange(len(pictures))
    found = change_pictures(padded, margin, rows, changes.wanted(settings))
    return found.numpy(), changes


@pytest.mark.network
@pytest.mark.parametrize("more", [{}, {"zoom_apart": True}])
def test_changes_are_those_of_a_slow_interpolation(more):
    random = np.random.default_rng(4)
    pictures = random.integers(0, 256, (6, 20, 20, 3), dtype=np.uint8)
    settings = CnnSettings(shift=0.2, zoom=0.3, brightness=0.4, **more)
    found, changes = changed(pictures, settings, random)
    for picture, new, corners, gain in zip(
        pictures, found, changes.corners, changes.gains, strict=True
    ):
        y, x = np.linspace(corners[0], corners[2], 20), np.linspace(corners[1], corners[3], 20)
        places = np.meshgrid(y, x, indexing="ij")
        for channel in range(3):
            values = picture[..., channel].astype(float)
            expected = map_coordinates(values, places, order=1, mode="nearest")
            # In float32, a place is exact to a few millionths of a pixel.
            np.testing.assert_allclose(
                new[..., channel], np.clip(expected * gain, 0, 255), atol=0.01
            )


@pytest.mark.network
def test_shearing_is_that_of_a_slow_interpolation():
    random = np.random.default_rng(5)
    pictures = random.integers(0, 256, (6, 21, 21, 3), dtype=np.uint8)
    settings = CnnSettings(**STILL | {"shear_deg": 20.0})
    found, changes = changed(pictures, settings, random)
    slopes = changes.turns[:, 0, 1]
    assert np.abs(np.degrees(np.arctan(slopes))).max() <= 20
    y, x = np.mgrid[:21, :21].astype(float)
    for picture, new, slope in zip(pictures, found, slopes, strict=True):
        for channel in range(3):
            places = [y, x + slope * (y - 10)]
            expected = map_coordinates(picture[..., channel].astype(float), places, order=1,
                                       mode="nearest")  # fmt: skip
            np.testing.assert_allclose(new[..., channel], expected, atol=0.01)


def test_width_and_height_zoom_apart_where_asked_for():
    random = np.random.default_rng(6)
    settings = CnnSettings(zoom=0.2, zoom_apart=True, flip=False)
    corners = draw_changes(4000, 100, settings, random).corners
    sizes = (corners[:, 2:] - corners[:, :2]) / 99
    assert abs(np.corrcoef(sizes.T)[0, 1]) < 0.05
    together = draw_changes(10, 100, settings.model_copy(update={"zoom_apart": False}), random)
    sizes = together.corners[:, 2:] - together.corners[:, :2]
    np.testing.assert_allclose(sizes[:, 0], sizes[:, 1])


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.integers(16, 300), st.integers(0, 1000))
def test_changes_stay_within_the_margin_and_their_bounds(shift, zoom, side_px, seed):
    settings = CnnSettings(shift=shift, zoom=zoom)
    changes = draw_changes(20, side_px, settings, np.random.default_rng(seed))
    corners = changes.corners
    margin = margin_px(side_px, settings)
    assert corners.min() >= -margin and corners.max() <= side_px - 1 + margin
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    assert np.abs(centres - (side_px - 1) / 2).max() <= shift * side_px + 1e-9
    sizes = np.abs(corners[:, 2:] - corners[:, :2]) / (side_px - 1)
    assert sizes.min() >= 1 / (1 + zoom) - 1e-9 and sizes.max() <= 1 / (1 - zoom) + 1e-9
    assert np.abs(changes.gains - 1).max() <= settings.brightness


@pytest.mark.network
def test_mirroring_keeps_every_pixel():
    random = np.random.default_rng(5)
    pictures = random.integers(0, 256, (30, 9, 9, 3), dtype=np.uint8)
    found, changes = changed(pictures, CnnSettings(**STILL | {"flip": True}), random)
    mirrored = changes.corners[:, 1] > changes.corners[:, 3]
    assert 5 < mirrored.sum() < 25
    np.testing.assert_allclose(found[mirrored], pictures[mirrored, :, ::-1], atol=1e-3)
    np.testing.assert_allclose(found[~mirrored], pictures[~mirrored], atol=1e-3)


@pytest.mark.network
def test_turning_is_that_of_a_slow_interpolation():
    random = np.random.default_rng(8)
    pictures = random.integers(0, 256, (6, 21, 21, 3), dtype=np.uint8)
    settings = CnnSettings(**STILL | {"rotation_deg": 30.0, "shear_deg": 10.0})
    found, changes = changed(pictures, settings, random)
    y, x = np.mgrid[:21, :21] - 10.0
    for picture, new, turn in zip(pictures, found, changes.turns, strict=True):
        assert np.linalg.det(turn) == pytest.approx(1)
        assert np.abs(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))) <= 30
        for channel in range(3):
            places = [10 + turn[1, 0] * x + turn[1, 1] * y, 10 + turn[0, 0] * x + turn[0, 1] * y]
            expected = map_coordinates(picture[..., channel].astype(float), places, order=1,
                                       mode="nearest")  # fmt: skip
            np.testing.assert_allclose(new[..., channel], expected, atol=0.02)


@pytest.mark.network
def test_colours_are_changed_as_by_hand():
    random = np.random.default_rng(9)
    pictures = random.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    settings = CnnSettings(**STILL | {"brightness": 0.2, "contrast": 0.5, "saturation": 0.5})
    found, changes = changed(pictures, settings, random)
    for n in range(5):
        exact = np.clip(pictures[n].astype(float) * changes.gains[n], 0, 255)
        grey = 0.299 * exact[..., 0] + 0.587 * exact[..., 1] + 0.114 * exact[..., 2]
        exact = np.clip(grey.mean() + (exact - grey.mean()) * changes.contrasts[n], 0, 255)
        grey = 0.299 * exact[..., 0] + 0.587 * exact[..., 1] + 0.114 * exact[..., 2]
        exact = grey[..., None] + (exact - grey[..., None]) * changes.saturations[n]
        np.testing.assert_allclose(found[n], np.clip(exact, 0, 255), atol=1e-3)
    assert np.ptp(changes.contrasts) > 0.1
    assert np.ptp(changes.saturations) > 0.1


@pytest.mark.network
def test_some_pictures_are_turned_upside_down():
    random = np.random.default_rng(5)
    pictures = random.integers(0, 256, (30, 9, 9, 3), dtype=np.uint8)
    found, changes = changed(pictures, CnnSettings(**STILL | {"flip_vertical": True}), random)
    turned = changes.corners[:, 0] > changes.corners[:, 2]
    assert 5 < turned.sum() < 25
    np.testing.assert_allclose(found[turned], pictures[turned, ::-1], atol=1e-3)
    np.testing.assert_allclose(found[~turned], pictures[~turned], atol=1e-3)


def test_new_kinds_of_change_leave_the_others_as_they_were_drawn():
    plain = draw_changes(9, 32, CnnSettings(), np.random.default_rng(1))
    more = CnnSettings(rotation_deg=10, contrast=0.1, saturation=0.1)
    other = draw_changes(9, 32, more, np.random.default_rng(1))
    np.testing.assert_array_equal(plain.corners, other.corners)
    np.testing.assert_array_equal(plain.gains, other.gains)
    assert set(plain.wanted(CnnSettings())) == {"corners", "gains"}
