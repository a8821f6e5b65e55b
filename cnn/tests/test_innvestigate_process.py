"""What innvestigate may be asked, and what is refused by name."""

import json

import numpy as np
import pytest

from cnn.architectures import build
from cnn.backend import import_tensorflow
from cnn.heads import without_softmax
from cnn.innvestigate_call import run_innvestigate
from cnn.innvestigate_methods import ANALYZERS, check_analyzer
from cnn.innvestigate_process import check_for_method, check_layers
from cnn.methods import explain_pictures
from cnn.network import Network, save_network
from cnn.preprocessing import CENTRED_RGB
from cnn.tests.many_explanations import Job, explain_by_many
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

pytestmark = pytest.mark.network


def convolution(name="conv", **more):
    return import_tensorflow().keras.layers.Conv2D(4, 3, padding="same", name=name, **more)


def model_with(*middle):
    """A network with some layers before its dense head."""
    layers = import_tensorflow().keras.layers
    head = [layers.Flatten(), layers.Dense(7, name="logits")]
    return import_tensorflow().keras.Sequential([layers.Input((8, 8, 3)), *middle, *head])


def strange_layers():
    keras = import_tensorflow().keras
    layers = keras.layers
    nested = keras.Sequential([layers.Input((8, 8, 3)), convolution("inner")], name="odd")
    return {
        "batch_normalisation": [convolution(), layers.BatchNormalization(name="odd")],
        "relu_layer": [convolution(), layers.ReLU(name="odd")],
        "depthwise": [layers.DepthwiseConv2D(3, name="odd")],
        "separable": [layers.SeparableConv2D(4, 3, name="odd")],
        "rescaling": [layers.Rescaling(1 / 255, name="odd"), convolution()],
        "padding": [layers.ZeroPadding2D(name="odd"), convolution()],
        "padding_within": [convolution(), layers.ZeroPadding2D(name="odd"), convolution("more")],
        "normalization": [layers.Normalization(name="odd"), convolution()],
        "leaky_relu": [convolution(), layers.LeakyReLU(name="odd")],
        "relu_6": [convolution(), layers.ReLU(max_value=6, name="odd")],
        "pooling_first": [layers.MaxPooling2D(name="odd"), convolution()],
        "swish": [convolution(), layers.Activation("swish", name="odd")],
        "fused_tanh": [convolution("odd", activation="tanh")],
        "groups": [convolution(), convolution("odd", groups=2)],
        "nested": [nested],
    }


@pytest.mark.parametrize(
    "kind",
    [
        "batch_normalisation",
        "relu_layer",
        "depthwise",
        "separable",
        "rescaling",
        "padding",
        "padding_within",
        "normalization",
        "leaky_relu",
        "relu_6",
        "pooling_first",
        "swish",
        "fused_tanh",
        "groups",
        "nested",
    ],
)
def test_layers_that_would_be_explained_wrongly_are_named(kind):
    with pytest.raises(InputError, match=r"the layer 'odd' .* own engine: lrp.epsilon_plus_flat"):
        check_layers(model_with(*strange_layers()[kind]))


@pytest.mark.parametrize("kind", ["Add", "Multiply", "Concatenate"])
def test_branches_are_refused(kind):
    keras = import_tensorflow().keras
    picture = keras.Input((8, 8, 3), name="picture")
    one, other = convolution("one")(picture), convolution("other")(picture)
    joined = getattr(keras.layers, kind)(name="join")([one, other])
    outputs = keras.layers.Dense(7)(keras.layers.Flatten()(joined))
    with pytest.raises(InputError, match=r"'picture' feeds.*lrp.epsilon_plus_flat"):
        check_layers(keras.Model(picture, outputs))


def test_plain_networks_of_the_registry_are_accepted():
    check_layers(without_softmax(build("small", 64, 7)))
    check_layers(without_softmax(build("VGG16", 32, 7, "random")))


@pytest.mark.parametrize(
    ("name", "layer"),
    [("MobileNetV2", "a Rescaling|a BatchNormalization"), ("ResNet50", "conv1_pad")],
)
def test_other_networks_of_the_registry_are_refused_by_layer(name, layer):
    with pytest.raises(InputError, match=rf"the layer .*({layer}).* lrp\.epsilon_plus_flat"):
        check_layers(without_softmax(build(name, 32, 7, "random")))


def test_unknown_methods_are_refused():
    assert check_analyzer("lrp.z", {}) == {"input_layer_rule": "none"}
    with pytest.raises(InputError, match=r"Did you mean 'lrp.epsilon'\?"):
        check_analyzer("lrp.epsilonn", {})


@pytest.mark.parametrize("method", ["deep_taylor", "deep_taylor.bounded"])
def test_deep_taylor_needs_the_relu_within_each_layer(method):
    relu = import_tensorflow().keras.layers.Activation("relu")
    check_for_method(model_with(convolution(activation="relu")), method, {})
    check_for_method(model_with(convolution(), relu), "lrp.z", {})
    with pytest.raises(InputError, match=r"'conv' has none.*lrp.epsilon_plus_flat"):
        check_for_method(model_with(convolution(), relu), method, {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rule": "Z,Z,Z"}, "it has 3 and the network 2: logits, conv"),
        ({"rule": "Z", "until_layer_idx": 3}, "it is 3; they are 0 conv, 1 flatten.*, 2 logits"),
    ],
)
def test_arguments_that_do_not_fit_the_network_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        check_for_method(model_with(convolution()), "lrp", arguments)


def save(folder, model):
    save_network(
        folder,
        model,
        name="test",
        expressions=EXPRESSIONS,
        preprocessing=CENTRED_RGB,
        seed=1,
    )
    return folder


def test_the_process_refuses_by_name(tmp_path):
    normalised = import_tensorflow().keras.layers.BatchNormalization(name="bn_1")
    folder = save(tmp_path, model_with(convolution(), normalised))
    pictures = np.zeros((1, 8, 8, 3), np.uint8)
    with pytest.raises(InputError, match="the layer 'bn_1' is a BatchNormalization"):
        run_innvestigate(folder, pictures, np.array([0]), "lrp.epsilon")


def test_a_process_that_breaks_says_why(tmp_path, monkeypatch):
    folder = save(tmp_path / "network", model_with(convolution(activation="relu")))
    (tmp_path / "tensorflow.py").write_text("raise RuntimeError('broken install')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pictures = np.zeros((1, 8, 8, 3), np.uint8)
    with pytest.raises(InputError, match="status 1: RuntimeError: broken install"):
        run_innvestigate(folder, pictures, np.array([0]), "lrp.epsilon")


OTHERS: list[Job] = [
    ("gradient", {"postprocess": "abs"}),
    ("random", {"stddev": 0}),
    ("smoothgrad", {"noise_scale": 0.1, "augment_by_n": 40}),
    ("smoothgrad", {"noise_scale": 0.1, "augment_by_n": 40, "seed": 2}),
    ("smoothgrad", {"noise_scale": 0}),
    ("integrated_gradients", {"steps": 200, "reference_inputs": 1}),
    ("lrp", {"rule": "Epsilon,Epsilon,Alpha1Beta0,Flat"}),
    ("lrp.epsilon", {"epsilon": 0.1}),
    ("lrp.epsilon", {"input_layer_rule": "-1,1"}),
    ("lrp.epsilon", {"input_layer_rule": "pixels"}),
    ("lrp.alpha_beta", {"alpha": 2}),
    ("lrp.alpha_beta", {"beta": 1}),
    ("lrp.sequential_preset_a_flat", {"epsilon": 1e-7}),
    ("lrp.sequential_preset_b_flat_until_idx", {"until_layer_idx": 3}),
    ("lrp", {"rule": "Epsilon,Epsilon,Flat,Flat"}),
    ("lrp.sequential_preset_b_flat_until_idx", {"until_layer_idx": 3, "epsilon": 1e-7}),
    ("deep_taylor.bounded", {"low": -1, "high": 1}),
    ("deep_taylor.bounded", {"low": -3, "high": 1}),
]
NEEDED: dict[str, dict[str, str | int]] = {
    "lrp": {"rule": "Z"},
    "lrp.alpha_beta": {"alpha": 1},
    "lrp.sequential_preset_b_flat_until_idx": {"until_layer_idx": 0},
}


@pytest.fixture(scope="module")
def plain():
    """A network that innvestigate treats rightly, with Keras' default names, and its pictures."""
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((12, 12, 3)),
        layers.Conv2D(4, 3, activation="relu", bias_initializer="random_normal"),
        layers.MaxPooling2D(),
        layers.Conv2D(5, 2, activation="relu", bias_initializer="random_normal"),
        layers.Flatten(),
        layers.Dense(9, activation="relu", bias_initializer="random_normal"),
        layers.Dense(7),
    ])  # fmt: skip
    pictures = np.random.default_rng(8).integers(0, 256, (4, 12, 12, 3), dtype=np.uint8)
    return Network("test", 12, EXPRESSIONS, CENTRED_RGB, model), pictures


@pytest.fixture(scope="module")
def many_dir(plain, tmp_path_factory):
    network, _ = plain
    return save(tmp_path_factory.mktemp("many"), network.model)


@pytest.fixture(scope="module")
def many(plain, many_dir):
    """Maps of every analyzer, and of some with other arguments, for the predicted class."""
    _, pictures = plain
    jobs: list[Job] = [(name, NEEDED.get(name, {})) for name in ANALYZERS]
    jobs += OTHERS
    found = explain_by_many(many_dir, pictures, np.full(4, -1), jobs)
    return {
        (name, json.dumps(arguments)): maps
        for (name, arguments), (maps, _, _) in zip(jobs, found, strict=True)
    }


def of(many, name, arguments=None):
    return many[name, json.dumps(NEEDED.get(name, {}) if arguments is None else arguments)]


def close(one, other, share=1e-3):
    np.testing.assert_allclose(one, other, atol=share * np.abs(other).max())


@pytest.mark.slow
def test_there_is_every_analyzer_of_innvestigate(many, many_dir):
    assert set(ANALYZERS) == set(json.loads((many_dir / "analyzers.json").read_text("utf-8")))


@pytest.mark.slow
def test_every_analyzer_gives_maps(many):
    for maps in many.values():
        assert maps.shape == (4, 12, 12)
        assert np.isfinite(maps).all()
        assert np.ptp(maps) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "ours", "our_arguments"),
    [
        ("gradient", {}, "gradient", {}),
        ("gradient.baseline", {}, "gradient", {}),
        ("input_t_gradient", {}, "input_t_gradient", {}),
        ("smoothgrad", {"noise_scale": 0}, "gradient", {}),
        ("lrp.z", {}, "lrp.z", {}),
        ("lrp.epsilon", {}, "lrp.epsilon", {}),
        ("lrp.epsilon", {"epsilon": 0.1}, "lrp.epsilon", {"epsilon": 0.1}),
        ("lrp.sequential_preset_a_flat", {}, "lrp.sequential_preset_a_flat", {}),
        ("lrp.sequential_preset_b", {}, "lrp.sequential_preset_b", {}),
    ],
)
def test_analyzers_agree_with_our_own_methods(plain, many, name, arguments, ours, our_arguments):
    network, pictures = plain
    found = explain_pictures(network, pictures, np.full(4, -1), ours, our_arguments)
    close(of(many, name, arguments), found.maps)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_rectified_gradients_agree_but_for_where_they_start(plain, many, method):
    network, pictures = plain
    found = explain_pictures(network, pictures, np.full(4, -1), method)
    assert found.logits.min() > 0
    close(of(many, method), found.maps * found.logits[:, None, None])


@pytest.mark.slow
def test_arguments_do_what_they_say(plain, many):
    network, pictures = plain
    inputs = network.prepare(pictures).sum(axis=3)
    close(of(many, "input"), inputs)
    close(of(many, "random", {"stddev": 0}), inputs)
    assert np.std(of(many, "random") - inputs) == pytest.approx(3**0.5, rel=0.2)
    assert of(many, "gradient", {"postprocess": "abs"}).min() >= 0
    close(of(many, "lrp.alpha_beta", {"alpha": 2}), of(many, "lrp.alpha_2_beta_1"))
    close(of(many, "lrp.alpha_beta", {"beta": 1}), of(many, "lrp.alpha_2_beta_1"))
    close(of(many, "lrp"), of(many, "lrp.z"))
    # The list goes from the logits back, and layers are counted with the input as 0.
    close(
        of(many, "lrp", {"rule": "Epsilon,Epsilon,Alpha1Beta0,Flat"}),
        of(many, "lrp.sequential_preset_a_flat", {"epsilon": 1e-7}),
    )
    until = {"until_layer_idx": 3, "epsilon": 1e-7}
    close(
        of(many, "lrp", {"rule": "Epsilon,Epsilon,Flat,Flat"}),
        of(many, "lrp.sequential_preset_b_flat_until_idx", until),
    )
    close(
        of(many, "lrp.sequential_preset_b_flat_until_idx"),
        of(many, "lrp.sequential_preset_b_flat"),
    )
    bounds = {"low": -1, "high": 1}
    close(of(many, "deep_taylor.bounded", bounds), of(many, "deep_taylor.bounded"))
    other = of(many, "deep_taylor.bounded", {"low": -3, "high": 1})
    assert np.abs(other - of(many, "deep_taylor.bounded")).max() > 0.01 * np.abs(other).max()
    by_name = of(many, "lrp.epsilon", {"input_layer_rule": "pixels"})
    close(of(many, "lrp.epsilon", {"input_layer_rule": "-1,1"}), by_name)


@pytest.mark.slow
def test_integrated_gradients_start_where_they_are_told(plain, many):
    network, pictures = plain
    white = network.logits(np.full((1, 12, 12, 3), 255, np.uint8))
    logits = network.logits(pictures)
    maps = of(many, "integrated_gradients", {"steps": 200, "reference_inputs": 1})
    want = logits.max(axis=1) - white[0, logits.argmax(axis=1)]
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), want, atol=0.02 * np.abs(want).max())


@pytest.mark.slow
def test_noise_hangs_on_the_seed_alone_and_the_greatest_logit_is_explained(plain, many, tmp_path):
    network, pictures = plain
    arguments = {"noise_scale": 0.1, "augment_by_n": 40}
    folder = save(tmp_path, network.model)
    again, targets, logits = run_innvestigate(
        folder, pictures, np.full(4, -1), "smoothgrad", arguments
    )
    answers = network.logits(pictures)
    np.testing.assert_array_equal(targets, answers.argmax(axis=1))
    np.testing.assert_allclose(logits, answers.max(axis=1), rtol=1e-4)
    first = of(many, "smoothgrad", arguments)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - of(many, "smoothgrad", arguments | {"seed": 2})).max() > 0
