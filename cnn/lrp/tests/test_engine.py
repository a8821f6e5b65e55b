import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.heads import without_softmax
from cnn.innvestigate_call import run_innvestigate
from cnn.lrp.composites import COMPOSITES
from cnn.lrp.engine import Lrp
from cnn.lrp.tests.networks import APPLICATIONS, application, awaken
from cnn.network import save_network
from cnn.preprocessing import CENTRED_RGB
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


@pytest.mark.parametrize(
    "method",
    [
        "lrp.sequential_preset_a_flat",
        "lrp.sequential_preset_a",
        "lrp.sequential_preset_b",
        "lrp.sequential_preset_b_flat",
        "lrp.epsilon",
    ],
)
def test_maps_are_those_of_innvestigate(vgg_like, pictures, tmp_path, method):
    save_network(
        tmp_path, vgg_like, name="vgg_like", expressions=EXPRESSIONS, preprocessing=CENTRED_RGB,
        seed=4,
    )  # fmt: skip
    targets = np.arange(5)
    theirs, _, logits = run_innvestigate(tmp_path, pictures, targets, method)
    inputs = CENTRED_RGB.apply(pictures.astype(np.float32))
    ours = Lrp(without_softmax(vgg_like), method).explain(inputs, targets)
    np.testing.assert_allclose(ours.logits, logits, rtol=1e-4)
    for mine, other in zip(ours.relevance.sum(axis=3), theirs, strict=True):
        assert np.abs(mine - other).max() < 1e-3 * np.abs(other).max()
        assert np.corrcoef(mine.ravel(), other.ravel())[0, 1] > 0.99999


@pytest.mark.parametrize("name", COMPOSITES)
def test_the_logit_is_accounted_for(vgg_like, pictures, name):
    inputs = CENTRED_RGB.apply(pictures.astype(np.float32))
    engine = Lrp(without_softmax(vgg_like), name, bounds=([-1.0] * 3, [1.0] * 3))
    found = engine.explain(inputs, np.zeros(5, int))
    moved = np.abs(found.relevance).sum(axis=(1, 2, 3)) + np.abs(found.logits)
    assert np.all(np.abs(found.residual) < 1e-4 * moved)


@pytest.mark.slow
@pytest.mark.parametrize("network", APPLICATIONS)
def test_networks_of_today_conserve_relevance(network):
    model, pictures = application(network, nested=True)
    targets = np.array([0, 3])
    for name in ("lrp.sequential_preset_a_flat", "lrp.epsilon_plus_flat"):
        found = Lrp(model, name).explain(pictures, targets)
        sums = found.relevance.sum(axis=(1, 2, 3)) + found.bias_share + found.stabiliser_share
        np.testing.assert_allclose(
            found.logits, model(pictures).numpy()[[0, 1], targets], rtol=1e-3
        )
        # Sums of signed parts grow beyond the logit in residual networks of the second kind;
        # what does not add up is rounding there.
        size = np.abs(found.logits) + 1e-4 * np.abs(found.bias_share)
        assert np.all(np.abs(sums - found.logits) < 1e-3 * size), name


@pytest.mark.parametrize("name", ["lrp.epsilon_alpha2_beta1", "lrp.w_square", "lrp.flat"])
def test_relevance_is_not_lost_where_an_output_has_contributions_of_one_sign(name):
    # Depthwise convolutions of a few inputs: many of their outputs have one sign only.
    model, pictures = application("MobileNetV2")
    found = Lrp(model, name).explain(pictures, np.array([0, 3]))
    assert np.all(np.abs(found.residual) < 1e-4 * np.abs(found.logits))


def test_relevance_beyond_all_numbers_is_refused():
    model, pictures = application("ResNet101V2")
    with pytest.raises(InputError, match=r"lrp\.epsilon it grows beyond all numbers in 2 of 2"):
        Lrp(model, "lrp.epsilon").explain(pictures, np.array([0, 3]))


def test_no_pictures_have_no_relevance(vgg_like, pictures):
    engine = Lrp(without_softmax(vgg_like), "lrp.z_plus")
    found = engine.explain(pictures[:0], np.array([], int))
    assert found.relevance.shape == (0, *pictures.shape[1:])
    assert found.logits.shape == found.residual.shape == (0,)


def test_two_scalings_of_the_same_pixels_have_bounds_of_their_own():
    layers = import_tensorflow().keras.layers
    pixels = layers.Input((8, 8, 3))
    parts = [
        layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(scale, shift)(pixels))
        for scale, shift in ((1 / 127.5, -1.0), (1 / 255, 0.0))
    ]
    model = import_tensorflow().keras.Model(
        pixels, layers.Dense(3)(layers.Flatten()(layers.Concatenate()(parts)))
    )
    engine = Lrp(model, "lrp.epsilon_gamma_box", bounds=([0.0] * 3, [255.0] * 3))
    bounds = [layer.bounds for layer in engine._linear.values() if layer.bounds is not None]
    ends = sorted((float(low[0]), float(high[0])) for low, high in bounds)
    np.testing.assert_allclose(ends, [(-1, 1), (0, 1)], atol=1e-6)


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
