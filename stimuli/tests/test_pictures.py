"""Crops of pictures at the size at which they are shown."""

import numpy as np
import pytest
from PIL import Image

from stimuli.frames import Rect, move_points
from stimuli.pictures import crop_picture, load_picture, load_pictures
from stimuli.register import register_pictures
from stimuli.tests.faces import make_study, write_face_set
from study.errors import InputError


@pytest.fixture
def noise(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (80, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return tmp_path / "noise.png", pixels


def test_at_its_own_size_a_crop_is_the_pixels_themselves(noise):
    path, pixels = noise
    np.testing.assert_array_equal(crop_picture(path, Rect(7, 11, 40, 40), 40), pixels[11:51, 7:47])


def test_shrinking_averages_instead_of_picking_pixels(tmp_path):
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(tmp_path / "board.png")
    small = crop_picture(tmp_path / "board.png", Rect(0, 0, 64, 64), 16)
    assert np.abs(small.astype(float) - 127.5).max() < 8


@pytest.mark.parametrize("side_px", [20, 40, 95])
def test_a_spot_is_where_the_frames_say(tmp_path, side_px):
    # A smooth spot, so that resizing keeps its centre of mass.
    y, x = np.mgrid[0:120, 0:120]
    spot = 255 * np.exp(-((x - 64.3) ** 2 + (y - 51.8) ** 2) / (2 * 5.0**2))
    Image.fromarray(spot.astype(np.uint8)).save(tmp_path / "spot.png")
    crop = Rect(30, 20, 70, 70)
    shown = crop_picture(tmp_path / "spot.png", crop, side_px)[..., 0].astype(float)
    yy, xx = np.mgrid[0:side_px, 0:side_px]
    found = np.array([(shown * xx).sum(), (shown * yy).sum()]) / shown.sum()
    expected = move_points([64.3, 51.8], crop, Rect(0, 0, side_px, side_px))
    np.testing.assert_allclose(found, expected, atol=0.15)


def test_pictures_come_in_the_order_asked_for(tmp_path):
    study = make_study(tmp_path / "s")
    write_face_set(study.pictures_dir, ["F01", "F02", "M01"])
    register_pictures(study)
    wanted = ["BM01SUS", "AF01AFS", "BM01SUS"]
    pictures = load_pictures(study, wanted, 32)
    assert pictures.shape == (3, 32, 32, 3)
    assert pictures.dtype == np.uint8
    for place, image_id in enumerate(wanted):
        np.testing.assert_array_equal(pictures[place], load_picture(study, image_id, 32))
    assert (pictures[0] != pictures[1]).any()
    assert load_pictures(study, [], 32).shape == (0, 32, 32, 3)
    with pytest.raises(InputError, match="must have a crop"):
        load_picture(study, "AF35AFS", 32)
    (study.pictures_dir / "AF01/AF01AFS.JPG").unlink()
    with pytest.raises(InputError, match="there is no such file"):
        load_picture(study, "AF01AFS", 32)


def test_unreadable_and_too_small_pictures_are_refused(noise, tmp_path):
    path, _ = noise
    with pytest.raises(InputError, match=r"up to \(70, 70\) px, but it is 60 x 80"):
        crop_picture(path, Rect(0, 0, 70, 70), 16)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="must be a readable picture"):
        crop_picture(tmp_path / "bad.jpg", Rect(0, 0, 10, 10), 16)


def test_the_nearest_pixel_is_taken_as_it_is(tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    small = crop_picture(tmp_path / "noise.png", Rect(0, 0, 60, 60), 20, "nearest")
    np.testing.assert_array_equal(small, pixels[1::3, 1::3])
