"""Grad-CAM and Grad-CAM++ against their papers' formulas, with slopes by small differences."""

import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.methods import explain_pictures
from cnn.network import Network
from cnn.preprocessing import CENTRED_RGB
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network
SIDE = 16
TARGETS = np.array([0, 4, 6])


@pytest.fixture(scope="module")
def network():
    """Convolve twice and name; smooth, so that differences tell the gradient."""
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((SIDE, SIDE, 3)),
        layers.Conv2D(4, 3, activation="softplus", name="first"),
        layers.Conv2D(5, 3, strides=2, activation="softplus", name="second"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Flatten(),
        layers.Dense(7, name="logits"),
    ])  # fmt: skip
    return Network("smooth", SIDE, EXPRESSIONS, CENTRED_RGB, model)


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(8).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)


def activity_and_slopes(network, pictures, name):
    """What a layer gives, and how each logit changes with each number of it, by differences."""
    tf = import_tensorflow()
    body = network.model.layers
    place = [one.name for one in body].index(name) + 1
    activity = network.prepare(pictures)
    for one in body[:place]:
        activity = one(activity)
    activity = activity.numpy()

    def logit(values, target):
        values = tf.constant(values, tf.float32)
        for one in body[place:]:
            values = one(values)
        return values.numpy()[:, target].astype(float)

    slopes = np.empty(activity.shape)
    for n, target in enumerate(TARGETS):
        steps = 0.01 * np.eye(activity[n].size).reshape(-1, *activity[n].shape)
        change = logit(activity[n] + steps, target) - logit(activity[n] - steps, target)
        slopes[n] = change.reshape(activity[n].shape) / 0.02
    return activity.astype(float), slopes


def enlarged(maps):
    return import_tensorflow().image.resize(maps[..., None], (SIDE, SIDE)).numpy()[..., 0]


@pytest.mark.parametrize("layer", ["", "first"])
@pytest.mark.parametrize("signed", [False, True])
def test_grad_cam_is_that_of_its_paper(network, pictures, layer, signed):
    activity, slopes = activity_and_slopes(network, pictures, layer or "second")
    want = np.einsum("nijc,nc->nij", activity, slopes.mean(axis=(1, 2)))  # eq. 1 and 2
    want = enlarged(want if signed else np.maximum(want, 0))
    arguments = {"layer": layer, "signed": signed}
    maps = explain_pictures(network, pictures, TARGETS, "grad_cam", arguments).maps
    np.testing.assert_allclose(maps, want, atol=0.02 * np.abs(want).max() + 1e-6)


@pytest.mark.parametrize("layer", ["", "first"])
def test_grad_cam_plus_plus_is_that_of_its_paper(network, pictures, layer):
    activity, slopes = activity_and_slopes(network, pictures, layer or "second")
    wants = []
    for n in range(len(TARGETS)):
        logit = network.logits(pictures[n : n + 1])[0, TARGETS[n]].astype(float)
        shown = np.zeros(activity.shape[1:3])
        for channel in range(activity.shape[3]):
            a, first = activity[n, :, :, channel], np.exp(logit) * slopes[n, :, :, channel]
            second = np.exp(logit) * slopes[n, :, :, channel] ** 2
            third = np.exp(logit) * slopes[n, :, :, channel] ** 3
            weight = 0.0
            for place in np.ndindex(a.shape):
                below = 2 * second[place] + a.sum() * third[place]
                alpha = second[place] / below if below else 0.0
                weight += alpha * max(first[place], 0.0)
            shown += weight * a
        wants.append(np.maximum(shown, 0) / np.exp(logit))  # without the factor Y
    want = enlarged(np.array(wants))
    maps = explain_pictures(network, pictures, TARGETS, "grad_cam_plus_plus", {"layer": layer}).maps
    assert want.max() > 0
    np.testing.assert_allclose(maps, want, rtol=0.05, atol=0.02 * want.max())


def test_large_logits_do_not_overflow(network, pictures):
    layer = network.model.get_layer("logits")
    before = layer.get_weights()
    try:
        layer.set_weights([before[0], before[1] + 500])
        maps = explain_pictures(network, pictures, TARGETS, "grad_cam_plus_plus").maps
    finally:
        layer.set_weights(before)
    assert np.isfinite(maps).all()


def nested(network, depth):
    """Put all but the head into a model within a model."""
    keras = import_tensorflow().keras
    body = keras.Model(network.model.inputs, network.model.get_layer("pool").output, name="body")
    for level in range(depth - 1):
        picture = keras.Input((SIDE, SIDE, 3))
        body = keras.Model(picture, body(picture), name=f"around{level}")
    picture = keras.Input((SIDE, SIDE, 3))
    head = network.model.get_layer("logits")
    outputs = head(keras.layers.Flatten()(body(picture)))
    model = keras.Model(picture, outputs)
    return Network("nested", SIDE, EXPRESSIONS, CENTRED_RGB, model)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("method", ["grad_cam", "grad_cam_plus_plus"])
@pytest.mark.parametrize("layer", ["", "first", "path"])
def test_models_within_models_are_looked_into(network, pictures, depth, method, layer):
    within = nested(network, depth)
    name = {"path": "body/first" if depth == 1 else "around0/body/first"}.get(layer, layer)
    flat = {"layer": "first" if layer else ""}
    found = explain_pictures(within, pictures, TARGETS, method, {"layer": name}).maps
    want = explain_pictures(network, pictures, TARGETS, method, flat).maps
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-6)
    # The layer is as it was.
    assert "call" not in vars(network.model.get_layer("first"))


def test_the_last_picture_is_behind_a_sum_and_before_the_pool(pictures):
    keras = import_tensorflow().keras
    layers = keras.layers
    picture = keras.Input((SIDE, SIDE, 3))
    one = layers.Conv2D(4, 3, padding="same", name="one")(picture)
    two = layers.Conv2D(4, 3, padding="same", name="two")(one)
    end = layers.ReLU(name="end")(layers.BatchNormalization()(layers.Add()([one, two])))
    narrow = layers.GlobalAveragePooling2D(keepdims=True)(end)
    narrow = layers.Conv2D(6, 1, activation="relu", name="one_pixel")(narrow)
    outputs = layers.Dense(7)(layers.Flatten()(layers.Dropout(0.2)(narrow)))
    network = Network("sum", SIDE, EXPRESSIONS, CENTRED_RGB, keras.Model(picture, outputs))
    by_itself = explain_pictures(network, pictures, TARGETS, "grad_cam", {"signed": True}).maps
    named = {"signed": True, "layer": "end"}
    np.testing.assert_array_equal(
        by_itself, explain_pictures(network, pictures, TARGETS, "grad_cam", named).maps
    )
    assert np.ptp(by_itself, axis=(1, 2)).min() > 0


@pytest.mark.parametrize("method", ["grad_cam", "grad_cam_plus_plus"])
def test_layers_that_give_no_picture_are_refused(network, pictures, method):
    for name in ("logits", "no_such"):
        with pytest.raises(InputError, match=f"has no '{name}' .* it has first, second"):
            explain_pictures(network, pictures, TARGETS, method, {"layer": name})


def test_two_layers_of_one_name_need_their_paths(network, pictures):
    keras = import_tensorflow().keras
    layers = keras.layers

    def part(name, channels):
        inner = keras.Input((SIDE, SIDE, channels))
        return keras.Model(
            inner, layers.Conv2D(3, 3, padding="same", name="conv")(inner), name=name
        )

    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 3)),
            part("a", 3),
            part("b", 3),
            layers.Flatten(),
            layers.Dense(7),
        ]
    )
    twice = Network("twice", SIDE, EXPRESSIONS, CENTRED_RGB, model)
    with pytest.raises(InputError, match="2 are called 'conv': a/conv, b/conv"):
        explain_pictures(twice, pictures, TARGETS, "grad_cam", {"layer": "conv"})
    explain_pictures(twice, pictures, TARGETS, "grad_cam", {"layer": "a/conv"})
