import json

import numpy as np
import pytest

from cnn.architectures import architecture, build
from cnn.backend import import_tensorflow, make_deterministic
from cnn.heads import without_softmax
from cnn.network import read_network, save_network, softmax
from cnn.preprocessing import CENTRED_RGB, Preprocessing
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network


def stack(*head):
    """A model with a head of the caller's choice."""
    layers = import_tensorflow().keras.layers
    body = [layers.Input((4, 4, 3)), layers.Flatten(), layers.Dense(5, activation="relu")]
    return import_tensorflow().keras.Sequential([*body, *head])


def heads():
    layers = import_tensorflow().keras.layers
    return {
        "fused": [layers.Dense(7, activation="softmax")],
        "activation": [layers.Dense(7), layers.Activation("softmax")],
        "layer": [layers.Dense(7), layers.Softmax()],
        "pooled": [layers.Reshape((1, 1, 5)), layers.Conv2D(7, 1), layers.GlobalAveragePooling2D(),
                   layers.Activation("softmax")],
        "pooled convolution": [layers.Reshape((1, 1, 5)), layers.Conv2D(7, 1), layers.Flatten(),
                               layers.Softmax()],
        "nested": [within(layers.Dense(6, activation="relu"), layers.Dense(7), layers.Softmax())],
        "nested twice": [within(within(layers.Dense(7, activation="softmax")))],
        "operation": [layers.Dense(7), within(import_tensorflow().nn.softmax, width=7)],
    }  # fmt: skip


def within(*layers, width=5):
    """A model of layers or functions, to be part of another one."""
    keras = import_tensorflow().keras
    inputs = outputs = keras.Input((width,))
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    "kind",
    [
        "fused", "activation", "layer", "pooled", "pooled convolution", "nested", "nested twice",
        "operation",
    ],
)  # fmt: skip
def test_softmax_is_cut_off_and_nothing_else(kind):
    make_deterministic(1)
    model = stack(*heads()[kind])
    inputs = np.random.default_rng(1).normal(0, 30, (6, 4, 4, 3)).astype(np.float32)
    logits = without_softmax(model).predict_on_batch(inputs)
    # Logits are no probabilities, and their softmax is what the whole network says.
    assert np.abs(logits.sum(axis=1) - 1).min() > 0.01
    np.testing.assert_allclose(softmax(logits), model.predict_on_batch(inputs), atol=1e-6)
    assert logits.min() < 0


def test_cutting_leaves_the_network_as_it_is():
    make_deterministic(1)
    model = stack(*heads()["nested"])
    inputs = np.random.default_rng(1).normal(size=(2, 4, 4, 3)).astype(np.float32)
    before = model.predict_on_batch(inputs)
    logits = without_softmax(model)
    assert without_softmax(logits) is logits
    np.testing.assert_array_equal(model.predict_on_batch(inputs), before)


def test_a_softmax_over_other_axes_is_no_head():
    layers = import_tensorflow().keras.layers
    head = [layers.Dense(7), layers.Softmax(name="head"), layers.Flatten(name="last")]
    with pytest.raises(InputError, match="last layer is 'last'"):
        without_softmax(stack(*head))


def test_network_of_logits_stays_as_it_is():
    model = stack(import_tensorflow().keras.layers.Dense(7, name="logits"))
    assert without_softmax(model) is model


def test_another_head_is_refused():
    model = stack(import_tensorflow().keras.layers.Dense(7, activation="sigmoid", name="head"))
    with pytest.raises(InputError, match="last layer is 'head' \\(Dense sigmoid\\)"):
        without_softmax(model)


@pytest.fixture
def saved(tmp_path):
    make_deterministic(2)
    model = build("small", 32, 7)
    preprocessing = Preprocessing("bgr", (10.0, 20.0, 30.0), (0.5,) * 3)
    save_network(
        tmp_path,
        model,
        name="small",
        expressions=EXPRESSIONS,
        preprocessing=preprocessing,
        seed=2,
    )
    return tmp_path, model


def test_network_comes_back_with_its_preprocessing(saved):
    folder, model = saved
    network = read_network(folder)
    pictures = np.random.default_rng(3).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    by_hand = (pictures[..., [2, 1, 0]].astype(float) - [10, 20, 30]) / 2
    np.testing.assert_allclose(network.prepare(pictures), by_hand)
    np.testing.assert_allclose(
        network.probabilities(pictures),
        model.predict_on_batch(by_hand.astype(np.float32)),
        atol=1e-6,
    )
    stored = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    assert stored["parameters"] == model.count_params()
    assert stored["frozen_layers"] == []
    assert network.expressions == EXPRESSIONS


def test_answers_do_not_depend_on_the_batch(saved):
    network = read_network(saved[0])
    pictures = np.random.default_rng(3).integers(0, 256, (70, 32, 32, 3), dtype=np.uint8)
    together = network.logits(pictures)
    assert together.shape == (70, 7)
    np.testing.assert_allclose(together[65:66], network.logits(pictures[65:66]), atol=1e-4)
    assert network.logits(pictures[:0]).shape == (0, 7)


@pytest.mark.parametrize("edges", [(0, 8, 16, 24, 32), (0, 4, 12, 20, 28, 32), (0, 11, 21, 32)])
def test_covered_pictures_are_those_put_together_by_hand(saved, edges):
    network = read_network(saved[0])
    random = np.random.default_rng(4)
    picture, cover = random.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    line = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    tiles = line[:, None] * (len(edges) - 1) + line
    covered = random.random((70, tiles.max() + 1)) < 0.5
    by_hand = np.where(covered[:, tiles, None], cover, picture)
    answers = network.covered_logits(picture, cover, covered, tiles)
    np.testing.assert_allclose(answers, network.logits(by_hand), atol=1e-4)
    assert np.ptp(answers, axis=0).min() > 1e-3


@pytest.mark.parametrize(
    "pictures",
    [np.zeros((1, 31, 32, 3), np.uint8), np.zeros((1, 32, 32, 3), np.float32)],
    ids=["size", "kind"],
)
def test_wrong_pictures_are_refused(saved, pictures):
    with pytest.raises(InputError, match="32 x 32 px, but got"):
        read_network(saved[0]).logits(pictures)


def test_missing_and_damaged_networks_are_refused(saved):
    folder, _ = saved
    (folder / "weights.h5").write_bytes(b"no weights")
    with pytest.raises(InputError, match="Train it anew"):
        read_network(folder)
    (folder / "weights.h5").unlink()
    with pytest.raises(InputError, match="Train it first"):
        read_network(folder)


def test_unknown_and_too_small_networks_are_refused():
    with pytest.raises(InputError, match="Did you mean 'small'"):
        architecture("smal")
    with pytest.raises(InputError, match=r"at least 32 px, but cnn\.input_px is 16"):
        build("small", 16, 7)


def test_missing_tensorflow_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorflow", None)
    with pytest.raises(InputError, match=r"pip install 'faceoff\[cnn\]'"):
        import_tensorflow()


def test_preprocessing_survives_json():
    stored = json.loads(json.dumps(CENTRED_RGB.as_json()))
    assert Preprocessing.from_json(stored) == CENTRED_RGB
