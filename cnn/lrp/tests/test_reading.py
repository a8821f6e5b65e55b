import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.lrp.forward import run
from cnn.lrp.reading import canonical_graph
from cnn.lrp.tests.networks import application, awaken
from study.errors import InputError


@pytest.mark.parametrize(
    ("name", "nested"),
    [("ResNet50", True), ("MobileNetV3Small", False), ("EfficientNetV2B0", True)],
)
def test_the_list_of_operations_computes_what_the_network_computes(name, nested):
    model, pictures = application(name, nested=nested)
    graph = canonical_graph(model)
    want = model(pictures, training=False).numpy()
    np.testing.assert_allclose(
        run(graph, pictures)[-1], want, rtol=0, atol=1e-4 * np.abs(want).max()
    )
    # One scale and shift can be left: at the pixels, in front of a padded convolution.
    assert sum(node.kind == "affine" for node in graph.nodes) <= 1


def small_chain(*layers):
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((12, 12, 3)), *layers])
    pictures = np.random.default_rng(0).normal(size=(8, 12, 12, 3)).astype(np.float32)
    awaken(model, pictures, 3)
    return model, pictures


@pytest.mark.parametrize("order", ["behind", "before", "before padding", "depthwise", "dense"])
def test_batch_normalisation_is_folded_away(order):
    layers = import_tensorflow().keras.layers
    conv, norm = layers.Conv2D(4, 3), layers.BatchNormalization()
    first = layers.Conv2D(5, 3, activation="relu")
    chains = {
        "behind": [conv, norm],
        "before": [first, norm, conv],
        "before padding": [first, norm, layers.ZeroPadding2D(1), conv],
        "depthwise": [layers.DepthwiseConv2D(3, depth_multiplier=2), norm],
        "dense": [layers.Flatten(), layers.Dense(4), norm],
    }
    head = [] if order == "dense" else [layers.Flatten(), layers.Dense(2)]
    model, pictures = small_chain(*chains[order], *head)
    graph = canonical_graph(model)
    want = model(pictures).numpy()
    np.testing.assert_allclose(run(graph, pictures)[-1], want, rtol=1e-4, atol=1e-4)
    assert "affine" not in {node.kind for node in graph.nodes}


def test_an_unknown_layer_is_named():
    layers = import_tensorflow().keras.layers
    model, _ = small_chain(layers.Conv2D(4, 3), layers.LayerNormalization(name="odd_one"))
    said = (
        "'odd_one' is a LayerNormalization. It would need a rule that takes the spread .* constant"
    )
    with pytest.raises(InputError, match=said):
        canonical_graph(model)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("UpSampling2D", "weights of the interpolation"),
        ("Softmax", "attention weights as constant"),
        ("PReLU", "an entry among the activations"),
        ("Cropping2D", "put where the layer took its values from"),
    ],
)
def test_the_rule_that_is_missing_is_named(kind, rule):
    layers = import_tensorflow().keras.layers
    model, _ = small_chain(layers.Conv2D(4, 3), getattr(layers, kind)(name="odd_one"))
    with pytest.raises(InputError, match=f"'odd_one' is a {kind}. It would need .*{rule}"):
        canonical_graph(model)


def test_a_layer_of_own_code_and_an_odd_operation_are_named():
    tf = import_tensorflow()
    layers = tf.keras.layers

    class Squares(layers.Layer):  # type: ignore[name-defined]
        def call(self, inputs):
            return inputs * inputs

    for odd, said in (
        (Squares(name="odd_one"), "'odd_one' is a Squares. It would need a converter in"),
        (lambda x: tf.reduce_max(x, axis=3), "'math.reduce_max'. It would need a converter in"),
        (layers.Activation(layers.PReLU(), name="odd_one"), "'odd_one/activation' is a 'PReLU'"),
    ):
        inputs = tf.keras.Input((8, 8, 3))
        model = tf.keras.Model(inputs, layers.Dense(2)(layers.Flatten()(odd(inputs))))
        with pytest.raises(InputError, match=said):
            canonical_graph(model)


def test_changes_of_training_pictures_are_left_out():
    layers = import_tensorflow().keras.layers
    changes = layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomContrast(0.2)
    model, pictures = small_chain(*changes, layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2))
    graph = canonical_graph(model)
    want = model(pictures, training=False)
    np.testing.assert_allclose(run(graph, pictures)[-1], want, rtol=1e-4, atol=1e-4)


def test_a_softmax_is_refused():
    layers = import_tensorflow().keras.layers
    model, _ = small_chain(layers.Flatten(), layers.Dense(3, activation="softmax"))
    with pytest.raises(InputError, match="a softmax must be cut off"):
        canonical_graph(model)


def test_a_product_without_a_gate_is_refused():
    keras = import_tensorflow().keras
    inputs = keras.Input((8, 8, 3))
    branches = [keras.layers.Conv2D(4, 3)(inputs) for _ in range(2)]
    product = keras.layers.Multiply(name="odd_product")(branches)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(product)))
    with pytest.raises(InputError, match="'odd_product' has 0"):
        canonical_graph(model)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("constant first", lambda x: 1.0 - x),
        ("by place", lambda x: x * np.arange(64, dtype=np.float32).reshape(8, 8, 1)),
        ("difference", lambda x: x - x[:, :, :, ::-1]),
    ],
)
def test_an_operator_of_another_kind_is_refused(name, operation):
    keras = import_tensorflow().keras
    inputs = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(operation(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(flat))
    with pytest.raises(InputError, match="must know every operation"):
        canonical_graph(model)


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: (x - 3.0) / 2.0,
        lambda x: x * np.array([1.0, -2.0, 0.5], np.float32) + 1.0,
        lambda x: 2.0 * x,
    ],
)
def test_an_operator_with_a_constant_is_a_scale_and_a_shift(operation):
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3))
    conv = keras.layers.Conv2D(4, 3)(operation(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(conv)))
    pictures = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    graph = canonical_graph(model)
    np.testing.assert_allclose(run(graph, pictures)[-1], model(pictures), rtol=1e-4, atol=1e-5)
    assert "affine" not in {node.kind for node in graph.nodes}
