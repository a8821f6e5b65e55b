import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.heads import without_softmax
from cnn.lrp.composites import COMPOSITES
from cnn.lrp.engine import Lrp
from cnn.lrp.tests.networks import APPLICATIONS, application, awaken
from cnn.network import save_network
from cnn.preprocessing import CENTRED_RGB
from cnn.tests.many_explanations import explain_by_many
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError


@pytest.fixture(scope="module")
def vgg_like():
    """Chain convolutions, maxima and dense layers, with biases; it ends in a softmax."""
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((32, 32, 3)),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(12, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(7),
        layers.Activation("softmax"),
    ])  # fmt: skip
    awaken(model, None, 5)
    return model


@pytest.fixture
def pictures():
    return np.random.default_rng(6).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_maps_are_those_of_innvestigate(vgg_like, pictures, tmp_path):
    save_network(
        tmp_path, vgg_like, name="vgg_like", expressions=EXPRESSIONS, preprocessing=CENTRED_RGB,
        seed=4,
    )  # fmt: skip
    targets = np.arange(5)
    inputs = CENTRED_RGB.apply(pictures.astype(np.float32))
    methods = [f"lrp.sequential_preset_{name}" for name in ("a_flat", "b_flat", "a")]
    found = explain_by_many(tmp_path, pictures, targets, [(method, {}) for method in methods])
    for method, (theirs, _, logits) in zip(methods, found, strict=True):
        ours = Lrp(without_softmax(vgg_like), method).explain(inputs, targets)
        np.testing.assert_allclose(ours.logits, logits, rtol=1e-4, err_msg=method)
        for mine, other in zip(ours.relevance.sum(axis=3), theirs, strict=True):
            assert np.abs(mine - other).max() < 1e-3 * np.abs(other).max(), method
            assert np.corrcoef(mine.ravel(), other.ravel())[0, 1] > 0.99999, method


@pytest.mark.parametrize("name", COMPOSITES)
def test_the_logit_is_accounted_for(vgg_like, pictures, name):
    inputs = CENTRED_RGB.apply(pictures.astype(np.float32))
    engine = Lrp(without_softmax(vgg_like), name, bounds=([-1.0] * 3, [1.0] * 3))
    found = engine.explain(inputs, np.zeros(5, int))
    moved = np.abs(found.relevance).sum(axis=(1, 2, 3)) + np.abs(found.logits)
    assert np.all(np.abs(found.residual) < 1e-4 * moved)


# Together they have every operation; the others are asked for fewer rules, for time's sake.
EVERY_OPERATION = ("VGG16", "ResNet50", "MobileNetV2", "MobileNetV3Small", "EfficientNetV2B0")
# Whose relevance neither grows nor is lost in any of the networks.
CONSERVING = (
    "lrp.sequential_preset_a_flat", "lrp.epsilon_plus_flat", "lrp.epsilon_plus", "lrp.z_plus",
)  # fmt: skip


@pytest.fixture
def uncompiled():
    """Run networks without compiling them, which takes longer than a few pictures do."""
    tf = import_tensorflow()
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("network", APPLICATIONS)
def test_networks_of_today_conserve_relevance(network):
    model, pictures = application(network, nested=True)
    targets = np.array([0, 3])
    want = model(pictures, training=False).numpy()[[0, 1], targets]
    bounds = tuple(find(pictures, axis=(0, 1, 2)) for find in (np.min, np.max))
    for name in COMPOSITES if network in EVERY_OPERATION else (*CONSERVING, "lrp.epsilon"):
        found = Lrp(model, name, bounds=bounds).explain(pictures, targets)
        np.testing.assert_allclose(found.logits, want, rtol=1e-3)
        assert np.abs(found.relevance).max() > 0, name
        size = np.abs(found.logits)
        if name not in CONSERVING:  # the rest is rounding of what is moved
            size = size + np.abs(found.bias_share) + np.abs(found.relevance).sum(axis=(1, 2, 3))
        assert np.all(np.abs(found.residual) < 1e-3 * size), name


@pytest.mark.slow
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("network", ["ResNet50", "ResNet101V2"])
def test_rule_0_is_gradient_times_input_in_networks_of_relu(network):
    # Shrikumar et al. (2016), arXiv:1605.01713; so a batch normalisation that could not be folded
    # (ResNet101V2 has one before each ReLU behind a sum) is a linear layer like the others.
    tf = import_tensorflow()
    model, pictures = application(network)
    inputs = tf.constant(pictures)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        logits = model(inputs, training=False)[:, 2]
    want = (tape.gradient(logits, inputs) * inputs).numpy()
    found = Lrp(model, "lrp.z").explain(pictures, np.array([2, 2])).relevance
    # Rounding is divided by small sums here and there.
    assert np.corrcoef(found.ravel(), want.ravel())[0, 1] > 0.999


def test_a_scale_and_shift_that_cannot_be_folded_takes_the_rule_of_a_convolution():
    layers = import_tensorflow().keras.layers
    found = []
    for kind in (layers.BatchNormalization, lambda: layers.DepthwiseConv2D(1)):
        inputs = layers.Input((8, 8, 3))
        parts = [layers.Conv2D(4, 3)(inputs) for _ in range(2)]
        norm = kind()
        rectified = layers.ReLU()(norm(layers.Add()(parts)))
        flat = layers.Flatten()(rectified)
        model = import_tensorflow().keras.Model(inputs, layers.Dense(3)(flat))
        random = np.random.default_rng(1)
        for layer in model.layers:
            if layer is not norm:
                layer.set_weights([random.normal(size=w.shape) for w in layer.get_weights()])
        scale, shift = random.normal(size=(2, 4))
        if isinstance(norm, layers.BatchNormalization):
            norm.epsilon = 0.0
            norm.set_weights([scale, shift, np.zeros(4), np.ones(4)])
        else:
            norm.set_weights([scale.reshape(1, 1, 4, 1), shift])
        pictures = np.random.default_rng(2).normal(size=(2, 8, 8, 3)).astype(np.float32)
        found.append([
            Lrp(model, name).explain(pictures, np.array([0, 2])).relevance
            for name in ("lrp.z", "lrp.gamma", "lrp.epsilon_alpha2_beta1", "lrp.w_square")
        ])  # fmt: skip
    for ours, want in zip(*found, strict=True):
        np.testing.assert_allclose(ours, want, atol=1e-4 * np.abs(want).max())


@pytest.mark.parametrize(
    ("name", "even"), [("lrp.flat", True), ("lrp.w_square", True), ("lrp.z", False)]
)
def test_sums_are_shared_evenly_where_values_play_no_part(name, even):
    layers = import_tensorflow().keras.layers
    inputs = layers.Input((1, 1, 2))
    parts = [layers.Conv2D(1, 1, use_bias=False, name=part)(inputs) for part in "ab"]
    model = import_tensorflow().keras.Model(inputs, layers.Flatten()(layers.Add()(parts)))
    # One part sees the first channel, the other the second.
    model.get_layer("a").set_weights([np.array([3.0, 0.0]).reshape(1, 1, 2, 1)])
    model.get_layer("b").set_weights([np.array([0.0, -1.0]).reshape(1, 1, 2, 1)])
    found = Lrp(model, name).explain(np.ones((1, 1, 1, 2), np.float32), np.array([0]))
    np.testing.assert_allclose(found.relevance.ravel(), [1, 1] if even else [3, -1], atol=1e-5)


def test_the_epsilon_of_a_preset_is_that_of_dense_layers_alone():
    layers = import_tensorflow().keras.layers
    inputs = layers.Input((4, 4, 1))
    doubled = layers.Add()([inputs, inputs])
    mean = layers.GlobalAveragePooling2D()(doubled)
    model = import_tensorflow().keras.Model(inputs, mean)
    pictures = np.full((1, 4, 4, 1), 0.05, np.float32)
    found = Lrp(model, "lrp.sequential_preset_a").explain(pictures, np.array([0]))
    np.testing.assert_allclose(found.relevance.sum(), 0.1, rtol=1e-3)


@pytest.fixture(scope="module")
def mobile():
    """Depthwise convolutions of a few inputs: many of their outputs have one sign only."""
    return application("MobileNetV2")


@pytest.mark.parametrize("name", ["lrp.epsilon_alpha2_beta1", "lrp.w_square", "lrp.flat"])
def test_relevance_is_not_lost_where_an_output_has_contributions_of_one_sign(mobile, name):
    model, pictures = mobile
    found = Lrp(model, name).explain(pictures, np.array([0, 3]))
    assert np.all(np.abs(found.residual) < 1e-4 * np.abs(found.logits))


def test_relevance_beyond_all_numbers_is_refused():
    # Counting the whole bias on both sides, as innvestigate does, what speaks against each output
    # all but cancels out: x 2 - x + x (1 + 2^-20).
    layers = import_tensorflow().keras.layers
    model = import_tensorflow().keras.Sequential([
        layers.Input((1, 1, 2)),
        *[layers.Conv2D(2, 1, activation="relu") for _ in range(8)],
        layers.Flatten(), layers.Dense(3),
    ])  # fmt: skip
    value = np.float32(1)
    for layer in model.layers[:8]:
        bias = value * np.float32(1 + 2**-20)
        layer.set_weights([np.array([[2.0, 2.0], [-1.0, -1.0]])[None, None], np.full(2, bias)])
        value = value + bias
    ones = np.ones((2, 1, 1, 2), np.float32)
    assert np.isfinite(model(ones)).all()
    said = r"lrp\.sequential_preset_b it grows beyond all numbers in 2 of 2"
    with pytest.raises(InputError, match=said):
        Lrp(model, "lrp.sequential_preset_b").explain(ones, np.array([0, 1]))


def test_no_pictures_have_no_relevance(vgg_like, pictures):
    engine = Lrp(without_softmax(vgg_like), "lrp.z_plus")
    found = engine.explain(pictures[:0], np.array([], int))
    assert found.relevance.shape == (0, *pictures.shape[1:])
    assert found.logits.shape == found.residual.shape == (0,)


def test_two_scalings_of_the_same_pixels_have_bounds_of_their_own():
    layers = import_tensorflow().keras.layers
    pixels = layers.Input((8, 8, 3))
    # Padding keeps the shifts from being folded into the convolutions.
    parts = [
        layers.Conv2D(4, 3, padding="same")(layers.Rescaling(scale, shift)(pixels))
        for scale, shift in ((1 / 127.5, -1.0), (1 / 255, 0.5))
    ]
    model = import_tensorflow().keras.Model(
        pixels, layers.Dense(3)(layers.Flatten()(layers.Concatenate()(parts)))
    )
    engine = Lrp(model, "lrp.epsilon_gamma_box", bounds=([0.0] * 3, [255.0] * 3))
    bounds = [layer.bounds for layer in engine._linear.values() if layer.bounds is not None]
    ends = sorted((float(low[0]), float(high[0])) for low, high in bounds)
    np.testing.assert_allclose(ends, [(-1, 1), (0.5, 1.5)], atol=1e-6)


def test_gates_take_no_relevance_and_signals_all():
    model, pictures = application("MobileNetV3Small")
    found = Lrp(model, "lrp.epsilon").explain(pictures, np.array([0, 1]))
    moved = np.abs(found.relevance).sum(axis=(1, 2, 3)) + np.abs(found.logits)
    assert np.all(np.abs(found.residual) < 1e-3 * moved)


def test_a_batch_gives_what_single_pictures_give(vgg_like, pictures):
    inputs = CENTRED_RGB.apply(pictures.astype(np.float32))
    engine = Lrp(without_softmax(vgg_like), "lrp.epsilon_plus_flat")
    together = engine.explain(inputs, np.arange(5)).relevance
    for n in range(5):
        alone = engine.explain(inputs[n : n + 1], np.array([n])).relevance[0]
        np.testing.assert_allclose(together[n], alone, atol=1e-4 * np.abs(alone).max())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("lrp.epsilon_pluss", {}, "lrp.epsilon_plus"),
        ("lrp.epsilon", {"gamma": 0.1}, "takes the arguments epsilon, but got 'gamma'"),
        ("lrp.epsilon", {"epsilon": -1}, "a number of 0 or greater, but it is -1"),
        ("lrp.epsilon_gamma_box", {}, "but has no bounds"),
    ],
)
def test_what_a_composite_lacks_is_said(vgg_like, name, arguments, message):
    with pytest.raises(InputError, match=message):
        Lrp(without_softmax(vgg_like), name, **arguments)


@pytest.mark.parametrize("target", [-1, 7])
def test_a_target_that_is_no_logit_is_refused(vgg_like, target):
    engine = Lrp(without_softmax(vgg_like), "lrp.epsilon")
    with pytest.raises(InputError, match=f"from 0 to 6, but one is {target}"):
        engine.explain(np.zeros((1, 32, 32, 3), np.float32), np.array([target]))


@pytest.mark.parametrize("name", ["lrp.epsilon_gamma_box", "lrp.epsilon_plus_flat", "lrp.w_square"])
def test_scaled_pixels_within_a_margin_are_explained_as_those_scaled_before(name):
    layers = import_tensorflow().keras.layers
    models = []
    for scaling in ([layers.Rescaling(1 / 127.5, -1.0)], []):
        model = import_tensorflow().keras.Sequential([
            layers.Input((12, 12, 3)), *scaling, layers.ZeroPadding2D(2),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.Flatten(), layers.Dense(3),
        ])  # fmt: skip
        awaken(model, None, 1)
        models.append(model)
    models[1].set_weights(models[0].get_weights())
    x = np.random.default_rng(0).uniform(0, 255, (2, 12, 12, 3)).astype(np.float32)
    inside = Lrp(models[0], name, bounds=([0.0] * 3, [255.0] * 3)).explain(x, np.array([0, 1]))
    before = Lrp(models[1], name, bounds=([-1.0] * 3, [1.0] * 3))
    want = before.explain(x / 127.5 - 1, np.array([0, 1])).relevance
    np.testing.assert_allclose(inside.relevance, want, atol=1e-4 * np.abs(want).max())
