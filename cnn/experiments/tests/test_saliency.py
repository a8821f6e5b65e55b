import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.backend import import_tensorflow, make_deterministic
from cnn.cli import app
from cnn.data import LabelledPictures
from cnn.experiments.picture_steps import saliency_step
from cnn.experiments.saliency import guided_pictures, saliency_maps
from cnn.experiments.tests.small import random_pictures
from cnn.network import Network
from cnn.preprocessing import CAFFE, TORCH
from cnn.tests.tiny import tiny_study
from cnn.training import train
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps
from study.provenance import run_step
from study.tables import read_table

pytestmark = pytest.mark.network
SIDE_PX = 8


def relu_network(preprocessing=TORCH):
    make_deterministic(2)
    layers = import_tensorflow().keras.layers
    x = inputs = layers.Input((SIDE_PX, SIDE_PX, 3))
    x = layers.Conv2D(4, 3, activation="relu", bias_initializer="random_normal")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(10, activation="relu")(x)
    model = import_tensorflow().keras.Model(inputs, layers.Dense(7, name="logits")(x))
    return Network("tiny", SIDE_PX, EXPRESSIONS, preprocessing, model)


def labelled(pictures):
    table = pd.DataFrame(
        {"image_id": [f"P{n}" for n in range(len(pictures))], "expression": EXPRESSIONS[0]}
    )
    return LabelledPictures(table, pictures)


def by_hand(network, inputs):
    """Forward and backward with plain loops in float64: the vanilla and the guided gradient."""
    kernel, bias, w1, b1, w2, b2 = (w.astype(np.float64) for w in network.model.get_weights())
    out = SIDE_PX - 2
    z0 = np.zeros((out, out, 4))
    for y in range(out):
        for x in range(out):
            part = inputs[y : y + 3, x : x + 3]
            z0[y, x] = np.einsum("yxc,yxco->o", part, kernel) + bias
    z1 = np.maximum(z0, 0).ravel() @ w1 + b1
    target = int((np.maximum(z1, 0) @ w2 + b2).argmax())
    results = []
    for guided in (False, True):
        g = w2[:, target] * (z1 > 0)
        g = np.maximum(g, 0) if guided else g
        g = (w1 @ g).reshape(z0.shape)
        g = (np.maximum(g, 0) if guided else g) * (z0 > 0)
        back = np.zeros_like(inputs)
        for y in range(out):
            for x in range(out):
                back[y : y + 3, x : x + 3] += np.einsum("o,yxco->yxc", g[y, x], kernel)
        results.append(back)
    return results


@pytest.mark.parametrize("preprocessing", [TORCH, CAFFE])
def test_maps_are_those_of_a_network_written_out(preprocessing):
    network, pictures = relu_network(preprocessing), random_pictures(3)
    maps, table = saliency_maps(network, labelled(pictures))
    assert list(table["predicted"]) == [
        EXPRESSIONS[label] for label in network.logits(pictures).argmax(axis=1)
    ]
    for n in range(3):
        inputs = preprocessing.apply(pictures[n].astype(np.float64))
        vanilla, guided = by_hand(network, inputs)
        if preprocessing is CAFFE:  # its first colour is blue
            guided = guided[..., ::-1]
        scale = np.abs(vanilla).max()
        np.testing.assert_allclose(
            maps["vanilla"][n], np.abs(vanilla).max(axis=-1), atol=1e-5 * scale
        )
        np.testing.assert_allclose(maps["guided"][n], guided, atol=1e-5 * np.abs(guided).max())


def test_the_four_pictures_are_those_of_the_published_formulas():
    values = np.random.default_rng(5).normal(size=(20, 20, 3)).astype(np.float32)
    made = guided_pictures(values)
    exact = values.astype(np.float64)
    size = np.abs(exact).sum(axis=2)
    cut = (size - size.min()) / (np.percentile(size, 99) - size.min())
    np.testing.assert_allclose(made["grey"], np.clip(cut, 0, 1), atol=1e-6)
    np.testing.assert_allclose(
        made["colour"], (exact - exact.min()) / (exact.max() - exact.min()), atol=1e-6
    )
    np.testing.assert_allclose(made["positive"], np.maximum(0, exact) / exact.max(), atol=1e-6)
    np.testing.assert_allclose(made["negative"], np.maximum(0, -exact) / -exact.min(), atol=1e-6)


def test_a_gradient_of_one_sign_has_a_black_other_side():
    made = guided_pictures(np.ones((4, 4, 3), np.float32))
    assert made["positive"].min() == 1
    assert made["negative"].max() == 0
    assert np.isfinite(made["grey"]).all()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = tiny_study(tmp_path_factory.mktemp("saliency") / "study")
    train(made, "small")
    return made


def test_the_command_writes_maps_table_and_figure(study):
    chosen = ["AF03HAS", "AF03SAS"]
    words = ["saliency", "--study", str(study.root)]
    done = CliRunner().invoke(app, [*words, "--image", chosen[0], "--image", chosen[1]])
    assert done.exit_code == 0, done.output
    folder = study.cnn_dir("small") / "experiments"
    table = read_table(folder / "saliency.tsv", what="x", columns={"image_id": str})
    assert list(table["image_id"]) == chosen
    maps = read_maps(folder / "saliency.nc", what="x")
    assert maps["guided"].shape == (2, 32, 32, 3)
    assert (folder / "saliency.svg").is_file()
    first = (folder / "saliency.nc").read_bytes()
    run_step(study, saliency_step(study, chosen), force=True)
    assert (folder / "saliency.nc").read_bytes() == first


def test_pictures_are_drawn_of_different_expressions(study):
    run_step(study, saliency_step(study, []), force=True)
    path = study.cnn_dir("small") / "experiments" / "saliency.tsv"
    table = read_table(path, what="x", columns={"expression": str})
    assert table["expression"].nunique() == len(table) == 4


def test_an_unknown_picture_is_named(study):
    with pytest.raises(InputError, match="must be among the test pictures, but 'AF03HAX'"):
        run_step(study, saliency_step(study, ["AF03HAX"]), force=True)
