import numpy as np
import pytest

from cnn.backend import import_tensorflow
from cnn.methods import METHODS, described_methods, explain_pictures, resolve_method
from cnn.network import Network
from cnn.preprocessing import CENTRED_RGB
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network
SIDE = 16


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
        layers.Flatten(),
        layers.Dense(7, name="logits"),
    ])  # fmt: skip
    return Network("smooth", SIDE, EXPRESSIONS, CENTRED_RGB, model)


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(8).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)


TARGETS = np.array([0, 4, 6])


def logits_of(network, inputs):
    return network.model(inputs.astype(np.float32)).numpy().astype(float)


def test_the_gradient_is_that_of_small_differences(network, pictures):
    maps = explain_pictures(network, pictures, TARGETS, "gradient").maps
    inputs = network.prepare(pictures).astype(float)
    step = 1e-2
    for n, (row, column) in enumerate([(3, 4), (8, 8), (15, 0)]):
        total = 0.0
        for colour in range(3):
            up, down = inputs.copy(), inputs.copy()
            up[n, row, column, colour] += step
            down[n, row, column, colour] -= step
            change = logits_of(network, up)[n] - logits_of(network, down)[n]
            total += change[TARGETS[n]] / (2 * step)
        assert maps[n, row, column] == pytest.approx(total, rel=0.02, abs=1e-4)


def test_input_times_gradient_is_both(network, pictures):
    keras_inputs = import_tensorflow().constant(network.prepare(pictures))
    tf = import_tensorflow()
    with tf.GradientTape() as tape:
        tape.watch(keras_inputs)
        chosen = tf.gather(network.model(keras_inputs), TARGETS, axis=1, batch_dims=1)
    want = (tape.gradient(chosen, keras_inputs) * keras_inputs).numpy().sum(axis=3)
    found = explain_pictures(network, pictures, TARGETS, "input_t_gradient")
    np.testing.assert_allclose(found.maps, want, rtol=1e-4, atol=1e-5)


def test_integrated_gradients_are_complete(network, pictures):
    found = explain_pictures(
        network, pictures, TARGETS, "integrated_gradients", {"steps": 64, "baseline": 0.0}
    )
    black = logits_of(network, np.full((1, SIDE, SIDE, 3), -1.0))[0, TARGETS]
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), found.logits - black, rtol=0.01)


def test_smoothgrad_without_noise_is_the_gradient_and_repeats_itself(network, pictures):
    plain = explain_pictures(network, pictures, TARGETS, "gradient").maps
    still = explain_pictures(network, pictures, TARGETS, "smoothgrad", {"samples": 2, "noise": 0.0})
    np.testing.assert_allclose(still.maps, plain, rtol=1e-4, atol=1e-6)
    noisy = explain_pictures(network, pictures, TARGETS, "smoothgrad").maps
    again = explain_pictures(network, pictures, TARGETS, "smoothgrad").maps
    np.testing.assert_array_equal(noisy, again)
    assert np.abs(noisy - plain).max() > 1e-4


def test_the_predicted_expression_is_explained_where_none_is_named(network, pictures):
    found = explain_pictures(network, pictures, np.full(3, -1), "gradient")
    logits = network.logits(pictures)
    assert found.targets.tolist() == logits.argmax(axis=1).tolist()
    np.testing.assert_allclose(found.logits, logits.max(axis=1))


def test_the_box_knows_the_range_of_pixels(network, pictures):
    found = explain_pictures(network, pictures, TARGETS, "lrp.epsilon_gamma_box")
    sums = found.maps.sum(axis=(1, 2)) + found.bias_share
    np.testing.assert_allclose(sums, found.logits, rtol=1e-3)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("gradien", {}, "Did you mean 'gradient'"),
        ("innvestigate.lrp.epsilo", {}, "Did you mean 'lrp.epsilon'"),
        ("gradient", {"steps": 3}, "takes the arguments none, but got 'steps'"),
        ("integrated_gradients", {"steps": 0}, "a whole number of 1 or greater, but it is 0"),
        ("integrated_gradients", {"steps": 2.5}, "a whole number of 1 or greater, but it is 2.5"),
        ("integrated_gradients", {"steps": "many"}, "or greater, but it is 'many'"),
        ("integrated_gradients", {"baseline": 256}, "a number from 0 to 255, but it is 256"),
        ("smoothgrad", {"noise": -0.1}, "a number of 0 or greater, but it is -0.1"),
        ("smoothgrad", {"noise": float("nan")}, "but it is nan"),
        ("grad_cam", {"signed": 2}, "must be 0 .no. or 1 .yes., but it is 2"),
        ("grad_cam", {"layer": 3}, "must be a text, but it is 3"),
        ("occlusion", {"fill": "median"}, "from 0 to 255, or 'mean', but it is 'median'"),
        ("lime", {"kernel_width": 0}, "a number over 0, but it is 0"),
        ("lime", {"segment": 3}, "takes the arguments segments, .* but got 'segment'"),
        ("lrp.epsilon", {"epsilon": -1}, "a number of 0 or greater, but it is -1"),
        ("guided_backprop", {}, "guided_backprop is defined .* 'first/activation' is a softplus"),
        ("innvestigate.lrp.epsilon", {"epsilon": 0}, "a number over 0, but it is 0"),
        ("innvestigate.gradient", {"postprocess": "root"}, "'none' or 'abs' or 'square'"),
        ("innvestigate.lrp.alpha_beta", {}, "must be given alpha or beta, but got neither"),
        ("innvestigate.lrp.alpha_beta", {"alpha": 2, "beta": 2}, "must be beta . 1"),
        ("innvestigate.lrp.sequential_preset_b_flat_until_idx", {}, "until_layer_idx .* left out"),
        ("innvestigate.deep_taylor.bounded", {"low": 1, "high": 0}, "must be under high"),
        ("innvestigate.lrp", {"rule": "Epsilo"}, "Did you mean 'Epsilon'"),
        ("innvestigate.lrp", {"rule": "Z", "until_layer_idx": 2}, "belong together"),
        ("innvestigate.lrp", {"rule": "Z,Flat", "input_layer_rule": "Flat"}, "into the list"),
        ("innvestigate.lrp.z", {"input_layer_rule": "1,-1"}, "the smaller one first"),
        ("innvestigate.lrp.z", {"input_layer_rule": "flat"}, "Did you mean 'Flat'"),
    ],
)
def test_bad_methods_get_one_message(network, pictures, method, arguments, message):
    with pytest.raises(InputError, match=message):
        explain_pictures(network, pictures, TARGETS, method, arguments)


def test_every_method_is_described():
    assert [line.split()[0] for line in described_methods()] == list(METHODS)


def test_arguments_are_read_in_the_forms_of_settings_and_command_line():
    given = resolve_method("grad_cam", {"signed": "true", "layer": "first"})
    assert given == {"layer": "first", "signed": True}
    assert resolve_method("smoothgrad", {"samples": 4.0})["samples"] == 4
    assert resolve_method("lrp.epsilon", {"epsilon": 1}) == {"epsilon": 1.0}
    assert resolve_method("innvestigate.lrp.alpha_beta", {"beta": 1})["beta"] == 1.0
    assert resolve_method("occlusion", {"fill": "mean"}) == {"fill": "mean"}


@pytest.mark.parametrize("method", METHODS)
def test_every_argument_says_what_it_means(method):
    described = next(text for text in described_methods() if text.split()[0] == method)
    first, *arguments = described.split("\n")
    assert len(first.split()) > 2
    for line in arguments:
        name, _, meaning = line.strip().partition(": ")
        assert name.partition(" = ")[2]
        assert len(meaning.split()) > 2
