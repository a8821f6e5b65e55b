"""Filters, feature maps, galleries and ensembles."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.cam import grad_cam_guided
from cnn.cli import app
from cnn.data import load_split, read_labels
from cnn.ensemble import together
from cnn.network import load_network
from cnn.tests.tiny import tiny_study
from cnn.training import train
from cnn.visual.layers import feature_maps, named_convolution, strip
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = tiny_study(
        tmp_path_factory.mktemp("visual") / "study",
        networks={"first": {"architecture": "small"}, "second": {"architecture": "conv1"}},
        model="first",
    )
    for name in ("first", "second"):
        train(made, name)
    run(made, "evaluate", "--all")
    return made


def run(study: Study, *words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--study", str(study.root)])
    if done.exception:
        raise done.exception
    return done.output


def test_feature_maps_are_those_of_a_convolution_by_hand(study):
    network = load_network(study, "second")
    pictures = load_split(study, read_labels(study), "test", 32).pictures[:1]
    layer = named_convolution(network, "")
    found = feature_maps(network, network.prepare(pictures), layer)[0]
    kernel, bias = (values.astype(float) for values in layer.get_weights())
    padded = np.pad(network.prepare(pictures)[0].astype(float), ((2, 2), (2, 2), (0, 0)))
    for y, x in ((0, 0), (5, 9), (31, 31)):
        part = padded[y : y + 5, x : x + 5]
        expected = np.maximum(np.einsum("yxc,yxco->o", part, kernel) + bias, 0)
        np.testing.assert_allclose(found[y, x], expected, rtol=1e-4, atol=1e-5)


def test_a_strip_has_each_channel_at_its_place_in_its_own_contrast():
    maps = np.random.default_rng(1).normal(3, 5, (4, 5, 7)).astype(np.float32)
    whole = strip(maps, most_in_row=3)
    assert whole.shape == (12, 15)
    for channel in range(7):
        line, place = divmod(channel, 3)
        part = whole[line * 4 : line * 4 + 4, place * 5 : place * 5 + 5].astype(float)
        own = maps[..., channel].astype(float)
        expected = np.clip((own - own.mean()) / own.std() * 64 + 128, 0, 255)
        np.testing.assert_allclose(part, expected, atol=0.51)
    assert (whole[8:, 5:] == 255).all()


def test_guided_grad_cam_is_that_of_its_formula(study):
    """Written out from the activity and finite differences of the probability."""
    network = load_network(study, "second")
    pictures = load_split(study, read_labels(study), "test", 32).pictures[:1]
    inputs = network.prepare(pictures)
    pool = next(layer for layer in network.model.layers if "pool" in layer.name)
    activity = feature_maps(network, inputs, pool)[0].astype(float)
    flat, dense, logits = network.model.layers[-3:]
    assert "flatten" in flat.name
    w1, b1, w2, b2 = (w.astype(float) for w in (*dense.get_weights(), *logits.get_weights()))

    def probability(values):
        answer = np.maximum(values.ravel() @ w1 + b1, 0) @ w2 + b2
        powers = np.exp(answer - answer.max())
        return powers[2] / powers.sum()

    slopes = np.zeros_like(activity)
    for place in np.ndindex(activity.shape):
        moved = activity.copy()
        moved[place] += 1e-4
        slopes[place] = (probability(moved) - probability(activity)) / 1e-4
    guided = np.where((activity > 0) & (slopes > 0), slopes, 0)
    expected = (guided.mean(axis=(0, 1)) * activity).sum(axis=2)
    found = grad_cam_guided(network, inputs, np.array([2]), layer="")[0]
    # Of four pixels that the map was enlarged to, the means are those of the map within it.
    inner = found.reshape(16, 2, 16, 2).mean(axis=(1, 3))[1:-1, 1:-1]
    scale = np.abs(expected).max()
    smoothed = expected[1:-1, 1:-1]
    assert np.corrcoef(inner.ravel(), smoothed.ravel())[0, 1] > 0.95
    assert found.max() == pytest.approx(expected.max(), abs=0.2 * scale)
    assert inner.min() >= -1e-6 or expected.min() < 0


def test_the_commands_draw_what_they_say(study):
    run(study, "filters")
    run(study, "filters", "--layer", "conv2", "--most", "3")
    run(study, "features", "--layer", "conv1", "--layer", "conv3")
    run(study, "gallery", "--right", "2", "--wrong", "20")
    folder = study.cnn_dir("first") / "visual"
    names = ("filters", "filters_conv2", "features", "gallery", "gallery_grid")
    assert all((folder / f"{name}.{end}").is_file() for name in names for end in ("svg", "png"))
    table = pd.read_csv(folder / "gallery.tsv", sep="\t")
    right = table["expression"] == table["predicted"]
    shown = table["figure"] == "gallery"
    assert right[shown].sum() <= 2
    assert (table["figure"] == "grid").sum() == 7
    first = (folder / "gallery.svg").read_bytes()
    run(study, "gallery", "--right", "2", "--wrong", "20", "--force")
    assert (folder / "gallery.svg").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("filters", "--layer", "conv9"), "must be a convolution of first, but 'conv9' is none"),
        (("features", "--image", "AF99"), "must be one of the study's, but 'AF99' is none"),
        (("gallery", "--image", "AF99"), "must be among the test pictures, but 'AF99'"),
        (("ensemble", "--model", "first"), "needs two networks or more"),
        (("ensemble", "--model", "first", "--model", "first"), "each once"),
        (("ensemble", "--model", "first", "--model", "second", "--name", "first"), "of its own"),
        (("ensemble", "--model", "first", "--model", "third"), "The answers of third"),
    ],
)
def test_what_is_not_there_is_named(study, words, said):
    with pytest.raises(InputError, match=said):
        run(study, *words)


def test_an_ensemble_answers_by_the_mean_of_the_probabilities(study):
    run(study, "ensemble", "--model", "first", "--model", "second")
    names = [f"p_{name}" for name in EXPRESSIONS]
    tables = {
        model: pd.read_csv(study.cnn_dir(model) / "predictions.tsv", sep="\t")
        for model in ("first", "second", "ensemble")
    }
    mean = (tables["first"][names] + tables["second"][names]) / 2
    np.testing.assert_allclose(tables["ensemble"][names], mean, atol=1e-6)
    best = [EXPRESSIONS[row] for row in mean.to_numpy().argmax(axis=1)]
    assert list(tables["ensemble"]["predicted"]) == best
    evaluation = pd.read_csv(study.cnn_dir("ensemble") / "evaluation.tsv", sep="\t")
    scores = evaluation.set_index("metric")["value"]
    test = tables["ensemble"][tables["ensemble"]["split"] == "test"]
    assert scores["accuracy"] == pytest.approx((test["predicted"] == test["expression"]).mean())
    # Two of seven outputs are wrong where the answer is wrong and above one half.
    hot = np.eye(7)[[EXPRESSIONS.index(name) for name in test["expression"]]]
    binary = ((test[names].to_numpy() > 0.5) == hot).mean()
    assert scores["binary_accuracy"] == pytest.approx(binary)
    assert scores["binary_accuracy_constant"] == pytest.approx(6 / 7)


def test_networks_that_answered_to_other_pictures_are_no_ensemble(study):
    table = pd.read_csv(study.cnn_dir("first") / "predictions.tsv", sep="\t")
    with pytest.raises(InputError, match="the same pictures, but a and b"):
        together({"a": table, "b": table.iloc[1:]})
    with pytest.raises(InputError, match="the same expressions apart, but a and b"):
        together({"a": table, "b": table.assign(p_happy=np.nan)})
