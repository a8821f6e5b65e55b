"""What innvestigate may be asked, and what is refused by name."""

import numpy as np
import pytest

from cnn.architectures import ARCHITECTURES, build
from cnn.backend import import_tensorflow
from cnn.heads import without_softmax
from cnn.innvestigate_call import run_innvestigate
from cnn.innvestigate_process import check_layers, check_method
from cnn.network import save_network
from cnn.preprocessing import CENTRED_RGB
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
        "pooling_first",
        "swish",
        "fused_tanh",
        "groups",
        "nested",
    ],
)
def test_layers_that_would_be_explained_wrongly_are_named(kind):
    with pytest.raises(InputError, match="the layer 'odd' "):
        check_layers(model_with(*strange_layers()[kind]))


def test_branches_are_refused():
    keras = import_tensorflow().keras
    picture = keras.Input((8, 8, 3))
    one, other = convolution("one")(picture), convolution("other")(picture)
    joined = keras.layers.Add(name="join")([one, other])
    outputs = keras.layers.Dense(7)(keras.layers.Flatten()(joined))
    with pytest.raises(InputError, match="feeds several branches"):
        check_layers(keras.Model(picture, outputs))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_registered_networks_are_accepted(name):
    check_layers(without_softmax(build(name, 64, 7)))


def test_unknown_methods_are_refused():
    check_method("lrp.epsilon")
    with pytest.raises(InputError, match=r"Did you mean 'lrp.epsilon'\?"):
        check_method("lrp.epsilonn")


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
    (tmp_path / "innvestigate.py").write_text("raise RuntimeError('broken install')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pictures = np.zeros((1, 8, 8, 3), np.uint8)
    with pytest.raises(InputError, match="status 1: RuntimeError: broken install"):
        run_innvestigate(folder, pictures, np.array([0]), "lrp.epsilon")
