import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from cnn.data import (
    change_pictures,
    check_actors_apart,
    draw_changes,
    load_split,
    margin_px,
    read_labels,
    training_batches,
    with_margin,
)
from cnn.preprocessing import CENTRED_RGB
from cnn.tests.tiny import tiny_study
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.settings.cnn import CnnSettings

STILL = {"shift": 0.0, "zoom": 0.0, "brightness": 0.0, "flip": False}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return tiny_study(tmp_path_factory.mktemp("study"))


def test_no_actor_and_no_twin_picture_crosses(study):
    labels = read_labels(study)
    splits = ("train", "validation", "test")
    actors = [set(labels.loc[labels["split"] == split, "actor"]) for split in splits]
    assert [len(names) for names in actors] == [3, 1, 1]
    assert len(set.union(*actors)) == 5
    assert set(labels.loc[labels["split"] == "unused", "image_id"].str[0]) == {"B"}


def test_an_actor_on_two_sides_is_refused():
    labels = pd.DataFrame(
        {"actor": ["F01", "F02", "F02"], "split": ["train", "validation", "test"]}
    )
    with pytest.raises(InputError, match="F02 is in test and validation"):
        check_actors_apart(labels)
    labels["split"] = ["train", "test", "unused"]
    check_actors_apart(labels)


def test_validation_by_picture_may_share_actors_with_the_training_but_not_with_the_test():
    labels = pd.DataFrame(
        {"actor": ["F01", "F01", "F02"], "split": ["train", "validation", "test"]}
    )
    check_actors_apart(labels, by_picture=True)
    labels["actor"] = ["F01", "F02", "F02"]
    with pytest.raises(InputError, match="F02 is in test and train"):
        check_actors_apart(labels, by_picture=True)


def test_labels_are_those_of_the_pictures(study):
    test = load_split(study, read_labels(study), "test", 32)
    assert [EXPRESSIONS[index] for index in test.labels] == list(test.table["expression"])
    np.testing.assert_array_equal(
        test.pictures, load_pictures(study, list(test.table["image_id"]), 32)
    )
    # The bar of the tiny study is lower for each expression.
    brightest_row = test.pictures[:, :, 12:20].mean(axis=(2, 3)).argmax(axis=1)
    assert (np.diff(brightest_row[np.argsort(test.labels)]) > 0).all()


def test_an_empty_split_is_refused(study):
    with pytest.raises(InputError, match="'holdout' must hold pictures"):
        load_split(study, read_labels(study), "holdout", 32)


def changed(pictures, settings, random):
    """Changed pictures, and what changed them."""
    side_px = pictures.shape[1]
    changes = draw_changes(len(pictures), side_px, settings, random)
    margin = margin_px(side_px, settings)
    padded = with_margin(pictures, margin)
    rows = np.arange(len(pictures))
    slopes = changes.slopes if settings.shear_deg else None
    found = change_pictures(padded, margin, rows, changes.corners, changes.gains, slopes)
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
    assert np.abs(np.degrees(np.arctan(changes.slopes))).max() <= 20
    y, x = np.mgrid[:21, :21].astype(float)
    for picture, new, slope in zip(pictures, found, changes.slopes, strict=True):
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
def test_an_epoch_shows_every_picture_once():
    pictures = np.random.default_rng(6).integers(0, 256, (10, 16, 16, 3), dtype=np.uint8)
    settings = CnnSettings(batch_size=4, input_px=16, **STILL)
    padded = with_margin(pictures, margin_px(16, settings))
    random = np.random.default_rng(7)
    batches = training_batches(padded, np.arange(10), settings, CENTRED_RGB, random)
    inputs, labels = zip(*batches, strict=True)
    assert [len(batch) for batch in labels] == [4, 4, 2]
    order = np.concatenate(labels)
    assert sorted(order) == list(range(10))
    assert list(order) != list(range(10))
    np.testing.assert_allclose(
        np.concatenate(inputs), CENTRED_RGB.apply(pictures[order].astype(float)), atol=1e-4
    )
