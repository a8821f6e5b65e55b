import numpy as np
import pytest
from typer.testing import CliRunner

from cnn.backend import import_tensorflow
from cnn.cli import app
from cnn.experiments.tests.small import random_pictures, tiny_network
from cnn.experiments.tsne import SEPARATION, TSNE, map_features, network_features
from cnn.heads import before_logits, without_softmax
from cnn.tests.tiny import tiny_study
from cnn.training import train
from study.errors import InputError
from study.tables import read_table

pytestmark = pytest.mark.network


def slow_silhouette(points, labels):
    values = []
    for point, label in zip(points, labels, strict=True):
        distances = np.sqrt(((points - point) ** 2).sum(axis=1))
        means = {
            other: distances[labels == other].sum() / ((labels == other).sum() - (other == label))
            for other in set(labels)
        }
        inside = means.pop(label)
        values.append((min(means.values()) - inside) / max(inside, min(means.values())))
    return np.mean(values)


def clusters():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 12)
    return (random.normal(size=(36, 5)) + 8 * labels[:, None]).astype(np.float32), labels


def test_classes_that_are_apart_stay_apart():
    features, labels = clusters()
    maps, separation = map_features({"logits": features}, labels, [5, 10], seed=1)
    assert list(separation.columns) == list(SEPARATION)
    assert separation["silhouette"].iloc[0] == pytest.approx(
        slow_silhouette(features.astype(float), labels), abs=1e-5
    )
    assert (separation.loc[separation["dimensions"] == 2, "silhouette"] > 0.5).all()
    assert {key: found.shape for key, found in maps.items()} == {
        ("logits", n, p): (36, n) for n in (2, 3) for p in (5, 10)
    }
    for found in maps.values():
        np.testing.assert_allclose(found.min(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(found.max(axis=0), 1)
    again, _ = map_features({"logits": features}, labels, [10], seed=1)
    np.testing.assert_array_equal(again["logits", 2, 10], maps["logits", 2, 10])


@pytest.mark.parametrize("perplexity", [36, 0.5])
def test_a_perplexity_that_cannot_be_is_named(perplexity):
    with pytest.raises(InputError, match=f"{perplexity} of 36 pictures is not.*--split all"):
        map_features({"logits": clusters()[0]}, clusters()[1], [5, perplexity], seed=1)


def test_features_are_what_the_layer_of_the_logits_takes():
    network, pictures = tiny_network(), random_pictures(70)
    found = network_features(network, pictures)
    np.testing.assert_allclose(found["logits"], network.logits(pictures), atol=1e-5)
    assert found["penultimate"].shape == (70, 10)
    weights, bias = network.model.get_layer("logits").get_weights()
    np.testing.assert_allclose(found["penultimate"] @ weights + bias, found["logits"], atol=1e-5)


def test_layers_without_weights_at_the_end_are_passed_over():
    layers = import_tensorflow().keras.layers
    keras = import_tensorflow().keras
    x = inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(7, 3, name="last")(layers.Conv2D(5, 3, name="first")(x))
    model = keras.Model(inputs, layers.Softmax()(layers.GlobalAveragePooling2D()(x)))
    assert before_logits(without_softmax(model)).shape[1:] == (6, 6, 5)
    nested = keras.Model(inputs, model(inputs))
    with pytest.raises(InputError, match="must go into one layer that makes its logits"):
        before_logits(nested)
    flat = keras.Model(inputs, layers.Flatten()(inputs))
    with pytest.raises(InputError, match="must go into one layer"):
        before_logits(flat)


def test_the_command(tmp_path):
    study = tiny_study(tmp_path / "study", epochs=1)
    train(study, "small")
    run = ["tsne", "--study", str(study.root), "--perplexities", "5,9", "--split", "all"]
    said = CliRunner().invoke(app, run)
    assert said.exit_code == 0, said.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "tsne.tsv", what="Maps")
    assert list(table.columns) == list(TSNE)
    assert len(table) == 63 * 2 * 2 * 2
    assert set(table["split"]) == {"train", "validation", "test"}
    assert table["z"].isna().sum() == len(table) / 2
    assert (folder / "tsne_penultimate_3d.svg").stat().st_size > 1000
    wrong = CliRunner().invoke(app, ["tsne", "--study", str(study.root)])
    assert "of 7 pictures is not" in str(wrong.exception)
