"""Positives: drawn from what each fold's network predicts, and explained for that."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cli import app
from cnn.data import load_split
from cnn.explanation import explained
from cnn.members import fold_dir
from cnn.network import read_network
from cnn.positives import draw_positives, folds_predictions_tsv
from cnn.tests.tiny import tiny_study
from study.errors import InputError
from study.maps import read_maps
from study.settings.cnn import TrainingSettings

NAMES = ["small", "other"]


def call(study, *arguments):
    return CliRunner().invoke(app, [*arguments, "--study", str(study.root)])


def answers(n=60):
    random = np.random.default_rng(1)
    return pd.DataFrame({
        "image_id": [f"P{place:03d}" for place in range(n)],
        "member": random.integers(1, 4, n),
        "predicted": random.choice(["happy", "sad"], n),
    })  # fmt: skip


def test_so_many_of_each_fold_and_class_are_drawn_once():
    table = answers()
    drawn = draw_positives(table, 4, 7, "small")
    there = table.groupby(["member", "predicted"]).size()
    counts = drawn.groupby(["member", "predicted"]).size()
    pd.testing.assert_series_equal(counts, there.clip(upper=4))
    assert drawn["image_id"].is_unique
    assert len(draw_positives(table, 1000, 7, "small")) == len(table)


def test_the_draw_hangs_on_seed_and_network_and_not_on_the_order_of_rows():
    table = answers()
    ids = set(draw_positives(table, 4, 7, "small")["image_id"])
    shuffled = table.sample(frac=1, random_state=1)
    assert set(draw_positives(shuffled, 4, 7, "small")["image_id"]) == ids
    assert set(draw_positives(table, 4, 8, "small")["image_id"]) != ids
    assert set(draw_positives(table, 4, 7, "other")["image_id"]) != ids


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    tables = {name: TrainingSettings(architecture="small").model_dump(exclude_unset=True)
              for name in NAMES}  # fmt: skip
    made = tiny_study(
        tmp_path_factory.mktemp("study"), epochs=1, networks=tables, resampling="nearest"
    )
    lime = ("--method", "lime", "--argument", "samples=40", "--argument", "positive=1",
            "--argument", "probability=1")  # fmt: skip
    for arguments in (
        ("train", "--all", "--folds", "3"),
        ("explain", "--all", "--folds", "--positives", "2", *lime),
    ):
        done = call(made, *arguments)
        assert done.exit_code == 0, done.output
    return made


STEM = "positives_lime_samples-40_positive-1_probability-1"


@pytest.mark.network
@pytest.mark.parametrize("name", NAMES)
def test_maps_are_those_of_each_fold_for_its_prediction(study, name):
    maps = read_maps(study.cnn_dir(name) / f"{STEM}.nc")
    predictions = pd.read_csv(folds_predictions_tsv(study, name), sep="\t").set_index("image_id")
    ids = maps["image"].to_numpy().tolist()
    own = predictions.loc[ids]
    assert own["member"].tolist() == maps["fold_of_image"].to_numpy().tolist()
    assert own["predicted"].tolist() == maps["target"].to_numpy().tolist()
    assert own.groupby(["member", "predicted"]).size().max() <= 2
    network = read_network(fold_dir(study, name, int(own["member"].iloc[0])))
    labels = own.iloc[:1].reset_index().assign(split="test")
    pictures = load_split(study, labels, "test", network.input_px)
    arguments = {"samples": 40, "positive": 1, "probability": 1}
    alone = explained(study, network, pictures, "lime", arguments, own["predicted"].iloc[0])
    np.testing.assert_allclose(maps["relevance"][0], alone["relevance"][0], rtol=1e-3, atol=1e-6)
    assert float(maps["relevance"].min()) >= 0
    sums = pd.read_csv(study.cnn_dir(name) / f"{STEM}.tsv", sep="\t")
    assert sums["target"].tolist() == own["predicted"].tolist()


@pytest.mark.network
def test_another_number_is_another_result(study):
    arguments = ("explain", "--model", "small", "--folds", "--method", "gradient", "--positives")
    assert call(study, *arguments, "2").exit_code == 0
    assert "up to date" in call(study, *arguments, "2").output
    assert "up to date" not in call(study, *arguments, "1").output
    assert read_maps(study.cnn_dir("small") / "positives_gradient.nc").attrs["positives"] == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [(("--positives", "3"), "--folds is missing"),
     (("--folds", "--positives", "3", "--target", "true"), "--target was given")],
)  # fmt: skip
def test_positives_go_with_folds_and_with_no_target(tmp_path, given, told):
    study = tiny_study(tmp_path / "s")
    with pytest.raises(InputError, match=told):
        raise call(study, "explain", *given).exception
