"""Guided backpropagation and deconvnet against a backward pass written out in NumPy."""

import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.methods import explain_pictures
from cnn.network import Network
from cnn.preprocessing import CENTRED_RGB
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network
SIDE = 10
TARGETS = np.array([0, 4, 6])
KINDS = ("fused", "activation", "layer", "operator", "nested")


def network_with(relu, top=None):
    """Two convolutions, a maximum and a dense layer; ReLUs as Keras can write them."""
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(11)
    layers, tf = keras.layers, import_tensorflow()
    fused = "relu" if relu == "fused" else None

    def rectified(x):
        if relu in ("fused", "none"):
            return x
        if relu == "activation":
            return layers.Activation("relu")(x)
        if relu == "operator":
            return tf.nn.relu(x)
        if relu == "nested":
            inner = keras.Input(x.shape[1:])
            return keras.Model(inner, layers.ReLU()(inner))(x)
        if relu == "swish":
            return layers.Activation("swish")(x)
        return layers.ReLU(max_value=top)(x)

    bias = "random_normal"
    picture = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, activation=fused, bias_initializer=bias, name="one")(picture)
    x = layers.MaxPooling2D(2)(rectified(x))
    x = layers.Conv2D(5, 2, activation=fused, bias_initializer=bias, name="two")(x)
    x = layers.Flatten()(rectified(x))
    x = layers.Dense(9, activation=fused, bias_initializer=bias, name="three")(x)
    outputs = layers.Dense(7, name="logits")(rectified(x))
    return Network("plain", SIDE, EXPRESSIONS, CENTRED_RGB, keras.Model(picture, outputs))


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(8).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)


def convolve(x, kernel, bias):
    height, width = x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1
    result = np.empty((height, width, kernel.shape[3]))
    for row in range(height):
        for column in range(width):
            seen = x[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            result[row, column] = np.tensordot(seen, kernel, 3) + bias
    return result


def convolve_back(back, kernel, shape):
    result = np.zeros(shape)
    for row in range(back.shape[0]):
        for column in range(back.shape[1]):
            window = np.tensordot(kernel, back[row, column], (3, 0))
            result[row : row + kernel.shape[0], column : column + kernel.shape[1]] += window
    return result


def maximum_and_back(x):
    half = x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2]
    tiles = half.reshape(half.shape[0] // 2, 2, half.shape[1] // 2, 2, x.shape[2])
    highest = tiles.max(axis=(1, 3))

    def back(upstream):
        result = np.zeros_like(x)
        for row, column, channel in np.ndindex(highest.shape):
            tile = tiles[row, :, column, :, channel]
            switch = np.unravel_index(tile.argmax(), (2, 2))
            place = 2 * row + switch[0], 2 * column + switch[1], channel
            result[place] = upstream[row, column, channel]
        return result

    return highest, back


def by_hand(network, inputs, target, guided, top=np.inf):
    """Springenberg et al. (2015), fig. 1, in float64."""
    (k1, b1), (k2, b2), (k3, b3), (k4, _) = (
        [weight.astype(float) for weight in network.model.get_layer(name).get_weights()]
        for name in ("one", "two", "three", "logits")
    )

    def open_at(z, upstream):
        positive = np.maximum(upstream, 0)
        return positive * ((z > 0) & (z < top)) if guided else positive

    z1 = convolve(inputs, k1, b1)
    pooled, unpool = maximum_and_back(np.clip(z1, 0, top))
    z2 = convolve(pooled, k2, b2)
    z3 = np.clip(z2, 0, top).ravel() @ k3 + b3
    back = open_at(z3, k4[:, target])
    back = open_at(z2, (k3 @ back).reshape(z2.shape))
    back = open_at(z1, unpool(convolve_back(back, k2, pooled.shape)))
    return convolve_back(back, k1, inputs.shape).sum(axis=2)


@pytest.mark.parametrize("relu", KINDS)
@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_maps_are_those_of_a_backward_pass_by_hand(pictures, method, relu):
    network = network_with(relu)
    maps = explain_pictures(network, pictures, TARGETS, method).maps
    inputs = network.prepare(pictures).astype(float)
    for n, target in enumerate(TARGETS):
        want = by_hand(network, inputs[n], target, method == "guided_backprop")
        assert np.abs(want).max() > 1e-3
        np.testing.assert_allclose(maps[n], want, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_a_relu_that_ends_at_6_lets_nothing_back_above(pictures, method):
    network = network_with("layer", top=6.0)
    for name in ("one", "two"):  # so that many signals are over 6
        layer = network.model.get_layer(name)
        layer.set_weights([8 * weight for weight in layer.get_weights()])
    maps = explain_pictures(network, pictures, TARGETS, method).maps
    inputs = network.prepare(pictures).astype(float)
    wants = [by_hand(network, inputs[n], t, method == "guided_backprop", 6.0)
             for n, t in enumerate(TARGETS)]  # fmt: skip
    np.testing.assert_allclose(maps, wants, atol=1e-5 * np.abs(wants).max())
    unlike = by_hand(network, inputs[0], TARGETS[0], True)
    assert np.abs(unlike - wants[0]).max() > 1e-2 * np.abs(wants[0]).max()


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_networks_for_which_they_are_not_defined_are_refused(pictures, method):
    with pytest.raises(InputError, match=f"{method} is defined .* but 'activation.*' is a swish"):
        explain_pictures(network_with("swish"), pictures, TARGETS, method)
    with pytest.raises(InputError, match=f"{method} must have a ReLU .* 'plain' has none"):
        explain_pictures(network_with("none"), pictures, TARGETS, method)


def test_a_gate_is_no_relu(pictures):
    layers = import_tensorflow().keras.layers
    picture = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, activation="relu")(picture)
    gate = layers.Dense(4, activation="sigmoid", name="gate")(
        layers.GlobalAveragePooling2D(keepdims=True)(x)
    )
    outputs = layers.Dense(7)(layers.Flatten()(layers.Multiply()([x, gate])))
    model = import_tensorflow().keras.Model(picture, outputs)
    network = Network("gated", SIDE, EXPRESSIONS, CENTRED_RGB, model)
    with pytest.raises(InputError, match="'gate/activation' is a sigmoid"):
        explain_pictures(network, pictures, TARGETS, "guided_backprop")
