import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from typer.testing import CliRunner

from cnn.cli import app
from cnn.data import LabelledPictures, load_split, read_labels
from cnn.map_correlation import between_classes, pearson, spearman
from cnn.methods import Explained, explain_pictures
from cnn.network import load_network
from cnn.sanity import (
    SANITY,
    check_method_on,
    label_rows,
    randomised_networks,
    with_noise,
)
from cnn.sanity_results import verdicts
from cnn.shuffled_labels import FITTED, shuffled, train_on_shuffled_labels
from cnn.tests.tiny import tiny_study
from cnn.training import train
from stimuli.catalog import SPLIT_COLUMNS
from study.tables import read_table, write_table


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = tiny_study(tmp_path_factory.mktemp("sanity") / "study", epochs=8)
    train(made, "small")
    return made


@pytest.fixture(scope="module")
def network(study):
    return load_network(study, "small")


@pytest.fixture
def pictures():
    return np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def test_correlations_are_those_of_scipy_picture_by_picture():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 4, 28, 28)).round(1)  # rounded, so that there are ties
    ranks = [scipy.stats.spearmanr(a, b, axis=None)[0] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(spearman(first, second), ranks, atol=1e-12)

    def tiles(one):
        return [one[i : i + 2, j : j + 2].mean() for i in range(0, 28, 2) for j in range(0, 28, 2)]

    r = [np.corrcoef(tiles(a), tiles(b))[0, 1] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(pearson(first, second), r, atol=1e-12)


def test_a_constant_map_has_no_correlation():
    maps = np.random.default_rng(0).normal(size=(2, 28, 28))
    maps[1] = 3.0
    assert np.isfinite(spearman(maps, maps)).tolist() == [True, False]


def test_between_classes_takes_every_pair():
    maps = list(np.random.default_rng(0).normal(size=(3, 2, 28, 28)))
    pairs = [abs(pearson(maps[i], maps[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(between_classes(maps), np.mean(pairs, axis=0))


def test_layers_are_made_random_from_the_logits_down(network):
    before = network.model.get_weights()
    made = list(randomised_networks(network, seed=3))
    assert [name for name, _ in made] == ["logits", "dense", "conv4", "conv3", "conv2", "conv1"]
    trained = {layer.name: layer.get_weights() for layer in network.model.layers}
    for n_random, (_, changed) in enumerate(made, start=1):
        for place, (name, _) in enumerate(made):
            now = changed.model.get_layer(name).get_weights()
            same = all(np.array_equal(a, b) for a, b in zip(now, trained[name], strict=True))
            assert same == (place >= n_random)
            for a, b in zip(now, trained[name], strict=True):
                np.testing.assert_array_equal(np.sort(a, axis=None), np.sort(b, axis=None))
    assert all(
        np.array_equal(a, b) for a, b in zip(network.model.get_weights(), before, strict=True)
    )


def test_noise_has_the_size_that_was_asked_for():
    grey = np.full((1, 64, 64, 3), 128, np.uint8)
    noisy = with_noise(grey, 4.0, np.random.default_rng(0))
    assert noisy.dtype == np.uint8
    assert noisy.astype(float).std() == pytest.approx(4.0, rel=0.03)


def test_a_method_blind_to_class_and_weights_is_found_out(network, pictures):
    def edges(network, seen, wanted):
        maps = np.abs(np.diff(seen.mean(axis=3), axis=1, append=0)).astype(np.float32)
        none = np.full(len(seen), np.nan, np.float32)
        return Explained(maps, wanted, np.ones(len(seen), np.float32), none, none)

    table = check_method_on(network, pictures, np.zeros(3, int), edges, seed=1)
    assert list(table.columns) == list(SANITY)
    weights = table[table["check"] == "weights"]
    np.testing.assert_allclose(weights["mean"], 1)
    said = " ".join(verdicts(table, "edges"))
    assert "hardly depend on what the network learnt" in said
    assert "cannot speak of classes" in said


def test_the_gradient_passes(network, pictures):
    def gradient(network, seen, wanted):
        return explain_pictures(network, seen, wanted, "gradient")

    said = " ".join(
        verdicts(check_method_on(network, pictures, np.zeros(3, int), gradient, 1), "g")
    )
    assert "come from what the network learnt" in said
    assert "tells classes apart" in said


def test_z_plus_everywhere_gives_every_class_the_same_map(network, pictures):
    def z_plus(network, seen, wanted):
        return explain_pictures(network, seen, wanted, "lrp.z_plus")

    table = check_method_on(network, pictures, np.zeros(3, int), z_plus, seed=1)
    assert table.loc[table["check"] == "classes", "mean"].item() > 0.95


def test_the_command_writes_table_and_figure(study):
    said = CliRunner().invoke(
        app, ["sanity", "--study", str(study.root), "--method", "gradient", "--pictures", "1"]
    )
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small")
    columns = {"check": str, "measure": str, "mean": float, "n": int}
    table = read_table(folder / "sanity_gradient.tsv", what="The checks", columns=columns)
    assert set(table["n"]) == {7}
    assert "labels" not in set(table["check"])
    assert (folder / "sanity_gradient.svg").stat().st_size > 1000


def without_twins(study):
    """Leave one session to train on: in the tiny study a twin differs by noise alone."""
    splits = read_table(study.splits_tsv, what="Splits")
    twins = splits["image_id"].str.startswith("B")
    write_table(study.splits_tsv, splits.assign(split=splits["split"].mask(twins, "unused")),
                SPLIT_COLUMNS)  # fmt: skip
    return study


def test_labels_are_shuffled_among_the_pictures():
    names = np.repeat(["sad", "happy", "angry"], 20)
    table = pd.DataFrame({"image_id": np.arange(60).astype(str), "expression": names})
    pictures = LabelledPictures(table, np.arange(60, dtype=np.uint8)[:, None, None, None])
    mixed = shuffled(pictures, ("happy", "sad"), seed=1)
    again = shuffled(pictures, ("happy", "sad"), seed=1)
    known = table[table["expression"] != "angry"]
    assert list(mixed.table["image_id"]) == list(known["image_id"])
    assert mixed.pictures[:, 0, 0, 0].astype(str).tolist() == list(known["image_id"])
    assert mixed.table["expression"].value_counts().to_dict() == {"sad": 20, "happy": 20}
    kept = (mixed.table["expression"].to_numpy() == known["expression"].to_numpy()).mean()
    assert 0.2 < kept < 0.8
    assert mixed.labels.tolist() == [
        ("happy", "sad").index(name) for name in mixed.table["expression"]
    ]
    assert mixed.table.equals(again.table)
    assert not mixed.table.equals(shuffled(pictures, ("happy", "sad"), seed=2).table)


def test_shuffled_labels_are_learnt_by_heart_and_forgotten_by_the_network_itself(tmp_path):
    study = without_twins(tiny_study(tmp_path / "study", epochs=24))
    train(study, "small")
    network = load_network(study, "small")
    # Outputs in another order, as an adopted network can have them.
    network = replace(network, expressions=network.expressions[::-1])
    before = network.model.get_weights()
    network.model.get_layer("conv1").trainable = False
    other, accuracy = train_on_shuffled_labels(study, network)
    assert accuracy >= FITTED
    pictures = shuffled(
        load_split(study, read_labels(study), "train", 32), network.expressions, seed=1
    )
    assert study.settings.study.seed == 1
    named = other.logits(pictures.pictures).argmax(axis=1)
    assert (named == pictures.labels).mean() == pytest.approx(accuracy)
    for own, kept in zip(network.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, kept)
    learnt = {layer.name: layer.get_weights() for layer in other.model.layers}
    np.testing.assert_array_equal(learnt["conv1"][0], before[0])
    assert np.abs(learnt["conv2"][0] - before[1]).max() > 0.01
    same, _ = train_on_shuffled_labels(study, network)
    for first, second in zip(other.model.get_weights(), same.model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_labels_row_tells_methods_apart(network, pictures):
    def edges(network, seen, wanted):
        maps = np.abs(np.diff(seen.mean(axis=3), axis=1, append=0)).astype(np.float32)
        none = np.full(len(seen), np.nan, np.float32)
        return Explained(maps, wanted, np.ones(len(seen), np.float32), none, none)

    def gradient(network, seen, wanted):
        return explain_pictures(network, seen, wanted, "gradient")

    *_, (_, other) = randomised_networks(network, seed=2)
    targets = np.zeros(3, int)
    for method, fitted, said in (
        (edges, 1.0, "they hardly depend on what the pictures are said to show"),
        (gradient, 1.0, "they depend on what the pictures are said to show"),
        (gradient, 0.5, "names 50 % as told.*it did not learn them"),
    ):
        rows = label_rows(network, other, fitted, pictures, targets, method)
        assert list(rows.columns) == list(SANITY)
        by_measure = rows.set_index("measure")["mean"]
        own, others = (method(one, pictures, targets).maps for one in (network, other))
        assert by_measure["spearman"] == pytest.approx(abs(spearman(own, others)).mean(), abs=1e-6)
        table = pd.concat([check_method_on(network, pictures, targets, method, 1), rows])
        assert re.search(said, verdicts(table, "m")[-1])


def test_the_command_trains_on_shuffled_labels(tmp_path):
    study = tiny_study(tmp_path / "study", epochs=1)
    train(study, "small")
    run = ["sanity", "--study", str(study.root), "--method", "gradient", "--pictures", "1"]
    said = CliRunner().invoke(app, [*run, "--labels"])
    assert said.exit_code == 0, said.output
    columns = {"check": str, "measure": str, "mean": float, "n": int}
    stem = study.cnn_dir("small") / "sanity_gradient"
    table = read_table(stem.with_name(stem.name + ".tsv"), what="The checks", columns=columns)
    rows = table[table["check"] == "labels"]
    assert list(rows["measure"]) == [
        "training_accuracy", "spearman", "spearman_absolute", "pearson",
    ]  # fmt: skip
    drawing = stem.with_name(stem.name + ".svg").read_text(encoding="utf-8")
    assert "shuffled labels" in drawing
