import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import map_coordinates

from cnn.backend import import_tensorflow
from cnn.data import (
    change_pictures,
    check_actors_apart,
    draw_changes,
    load_split,
    read_labels,
    training_batches,
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


@pytest.mark.network
def test_changes_are_those_of_a_slow_interpolation():
    random = np.random.default_rng(4)
    pictures = random.uniform(0, 255, (4, 20, 20, 3))
    settings = CnnSettings(shift=0.2, zoom=0.3, brightness=0.4)
    transforms, gains = draw_changes(4, 20, settings, random)
    found = change_pictures(pictures.astype(np.float32), transforms, gains).numpy()
    y, x = np.mgrid[:20, :20].astype(float)
    for picture, (a, b, c, d, e, f, _, _), gain, new in zip(
        pictures, transforms, gains, found, strict=True
    ):
        places = [d * x + e * y + f, a * x + b * y + c]
        for channel in range(3):
            expected = map_coordinates(picture[..., channel], places, order=1, mode="nearest")
            np.testing.assert_allclose(
                new[..., channel], np.clip(expected * gain, 0, 255), atol=0.05
            )


@pytest.mark.network
def test_mirroring_keeps_every_pixel():
    random = np.random.default_rng(5)
    pictures = random.integers(0, 256, (30, 9, 9, 3)).astype(np.float32)
    changes = draw_changes(30, 9, CnnSettings(**STILL | {"flip": True}), random)
    found = change_pictures(pictures, *changes).numpy()
    mirrored = changes[0][:, 0] < 0
    assert 5 < mirrored.sum() < 25
    np.testing.assert_array_equal(found[mirrored], pictures[mirrored, :, ::-1])
    np.testing.assert_array_equal(found[~mirrored], pictures[~mirrored])


@pytest.mark.network
def test_an_epoch_shows_every_picture_once():
    pictures = np.random.default_rng(6).integers(0, 256, (10, 8, 8, 3), dtype=np.uint8)
    settings = CnnSettings(batch_size=4, **STILL)
    tensor = import_tensorflow().constant(pictures)
    batches = training_batches(
        tensor, np.arange(10), settings, CENTRED_RGB, np.random.default_rng(7)
    )
    inputs, labels = zip(*batches, strict=True)
    assert [len(batch) for batch in labels] == [4, 4, 2]
    order = np.concatenate(labels)
    assert sorted(order) == list(range(10)) and list(order) != list(range(10))
    np.testing.assert_allclose(
        np.concatenate(inputs), CENTRED_RGB.apply(pictures[order].astype(float)), atol=1e-5
    )
