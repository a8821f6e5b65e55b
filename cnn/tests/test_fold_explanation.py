"""Explanations by fold: each test picture by the network that never saw its actor."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.data import load_split, read_labels
from cnn.explanation import explained
from cnn.folds import folds_tsv
from cnn.members import fold_dir, fold_labels
from cnn.network import read_network
from cnn.tests.tiny import tiny_study
from study.errors import InputError
from study.maps import read_maps

pytestmark = pytest.mark.network


def call(study, *arguments):
    return CliRunner().invoke(app, [*arguments, "--study", str(study.root)])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = tiny_study(tmp_path_factory.mktemp("study"), epochs=1)
    for arguments in (("train", "--folds", "3"), ("explain", "--folds")):
        done = call(made, *arguments)
        assert done.exit_code == 0, done.output
    return made


def test_each_test_picture_is_explained_by_the_network_of_its_fold(study):
    maps = read_maps(study.cnn_dir("small") / "relevance_folds.nc")
    labels, folds = read_labels(study), pd.read_csv(folds_tsv(study, "small"), sep="\t")
    test = labels[labels["split"] == "test"]
    assert maps["image"].to_numpy().tolist() == test["image_id"].tolist()
    assert (maps.attrs["by_fold"], maps.attrs["network"]) == (1, "small")
    image = test["image_id"].iloc[3]
    fold = int(folds.set_index("image_id").loc[image, "fold"])
    splits = fold_labels(study, folds, fold).set_index("image_id")["split"]
    assert splits[image] == "test"
    network = read_network(fold_dir(study, "small", fold))
    pictures = load_split(study, test[test["image_id"] == image], "test", network.input_px)
    alone = explained(study, network, pictures, maps.attrs["method"], {}, "true")
    found = maps["relevance"].sel(image=image)
    np.testing.assert_allclose(found, alone["relevance"][0], rtol=1e-4, atol=1e-5)
    sums = pd.read_csv(study.cnn_dir("small") / "relevance_folds.tsv", sep="\t")
    assert sums["image_id"].tolist() == test["image_id"].tolist()


def test_the_step_is_skipped_until_a_network_changes(study):
    assert "up to date" in call(study, "explain", "--folds").output


def test_missing_folds_name_their_command(tmp_path):
    study = tiny_study(tmp_path / "s")
    with pytest.raises(InputError, match="faceoff cnn train --folds 5"):
        raise call(study, "explain", "--folds").exception


def test_a_picture_in_no_fold_is_an_error(study):
    path = folds_tsv(study, "small")
    whole = path.read_bytes()
    test = read_labels(study).query("split == 'test'")["image_id"].iloc[0]
    folds = pd.read_csv(path, sep="\t")
    folds[folds["image_id"] != test].to_csv(path, sep="\t", index=False)
    with pytest.raises(InputError, match=f"{test} is in none"):
        raise call(study, "explain", "--folds").exception
    path.write_bytes(whole)
