"""innvestigate's maps, as faceoff gets them, against the papers' formulas."""

import numpy as np
import pytest

from cnn.backend import import_tensorflow, make_deterministic
from cnn.network import read_network, save_network
from cnn.preprocessing import CENTRED_RGB
from cnn.tests.lrp_reference import alpha1_beta0_rule, epsilon_rule, explain, flat_rule
from cnn.tests.many_explanations import Job, explain_by_many
from stimuli.expressions import EXPRESSIONS

pytestmark = pytest.mark.network

SIDE_PX = 12
CONVOLUTIONS, DENSE = ("conv1", "conv2"), ("dense", "logits")
RULES = {
    "lrp.epsilon": dict.fromkeys((*CONVOLUTIONS, *DENSE), epsilon_rule(1e-7)),
    "lrp.sequential_preset_a": dict.fromkeys(CONVOLUTIONS, alpha1_beta0_rule)
    | dict.fromkeys(DENSE, epsilon_rule(0.1)),
    "lrp.sequential_preset_a_flat": {"conv1": flat_rule, "conv2": alpha1_beta0_rule}
    | dict.fromkeys(DENSE, epsilon_rule(0.1)),
}


@pytest.fixture(scope="module")
def network_dir(tmp_path_factory):
    """A small network with both ways to write a ReLU, and biases in the dense layers."""
    make_deterministic(5)
    layers = import_tensorflow().keras.layers
    model = import_tensorflow().keras.Sequential(
        [
            layers.Input((SIDE_PX, SIDE_PX, 3), name="picture"),
            layers.Conv2D(
                4, 5, strides=2, padding="same", use_bias=False, activation="relu", name="conv1"
            ),
            layers.Conv2D(5, 3, padding="same", use_bias=False, name="conv2"),
            layers.Activation("relu", name="relu2"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(6, activation="relu", bias_initializer="random_normal", name="dense"),
            layers.Dense(7, bias_initializer="random_normal", name="logits"),
            layers.Activation("softmax", name="probabilities"),
        ]
    )
    folder = tmp_path_factory.mktemp("network")
    save_network(
        folder,
        model,
        name="test",
        expressions=EXPRESSIONS,
        preprocessing=CENTRED_RGB,
        seed=5,
    )
    return folder


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(2).integers(0, 256, (3, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def explained(network_dir, pictures):
    """What innvestigate gives by each method."""
    jobs: list[Job] = [(method, {}) for method in RULES]
    found = explain_by_many(network_dir, pictures, np.array([0, 3, 6]), jobs)
    return dict(zip(RULES, found, strict=True))


@pytest.mark.parametrize("method", RULES)
def test_maps_are_those_of_the_formulas(network_dir, pictures, explained, method):
    maps, targets, logits = explained[method]
    network = read_network(network_dir)
    layers = [layer for layer in network.model.layers if type(layer).__name__ != "InputLayer"]
    assert targets.tolist() == [0, 3, 6]
    np.testing.assert_allclose(
        logits, network.logits(pictures)[[0, 1, 2], [0, 3, 6]], rtol=1e-4, atol=1e-6
    )
    for picture, target, found in zip(network.prepare(pictures), targets, maps, strict=True):
        expected = explain(layers, picture, int(target), RULES[method]).sum(axis=-1)
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max(), rtol=1e-3)
