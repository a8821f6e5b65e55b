import numpy as np
import pytest
import scipy.stats
from typer.testing import CliRunner

from cnn.cli import app
from cnn.map_correlation import between_classes, pearson, spearman
from cnn.methods import Explained, explain_pictures
from cnn.network import load_network
from cnn.sanity import (
    SANITY,
    check_method_on,
    randomised_networks,
    verdicts,
    with_noise,
)
from cnn.tests.tiny import tiny_study
from cnn.training import train
from study.tables import read_table


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
    assert (folder / "sanity_gradient.svg").stat().st_size > 1000
