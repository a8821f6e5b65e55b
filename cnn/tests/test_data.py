import numpy as np
import pandas as pd
import pytest

from cnn.changes import margin_px, with_margin
from cnn.data import check_actors_apart, load_split, read_labels, training_batches
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
