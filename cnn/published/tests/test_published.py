"""Published networks: their parameters, and what can be done with them."""

import json

import numpy as np
import pandas as pd
import pytest

from cnn.architectures import ARCHITECTURES, build
from cnn.backend import make_deterministic
from cnn.data import LabelledPictures
from cnn.heads import without_softmax
from cnn.learning import fit
from cnn.methods import explain_pictures
from cnn.network import read_network, save_network
from cnn.preprocessing import RGB_255
from stimuli.expressions import EXPRESSIONS
from study.settings.cnn import CnnSettings

pytestmark = pytest.mark.network

SMALLEST = {
    "AlexNet": 32, "WeiNet": 16, "SongNet": 16, "SilNet": 16, "fer_5layer": 18, "CPCPCPFFF": 28,
    "CCPCCPCCPFF": 45, "fer_vgg16": 32, "fer_vgg16_origin": 32, "conv1": 16, "conv6": 64,
}  # fmt: skip


def n_parameters(name, input_px, n_classes):
    model = build(name, input_px, n_classes, "random")
    return model.count_params(), sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize(
    ("name", "input_px", "n_classes", "published"),
    [
        ("AlexNet", 224, 6, 88_718_726),
        ("WeiNet", 64, 6, 1_728_230),
        ("SongNet", 224, 6, 172_678),
        ("SilNet", 150, 6, 184_852_038),
        ("fer_5layer", 48, 7, 5_905_867),
        ("CPCPCPFFF", 48, 7, 60_779),
        ("CCPCCPCCPFF", 48, 7, 1_485_835),
        ("fer_vgg16", 48, 7, 14_887_623),
        ("fer_vgg16_origin", 48, 7, 14_735_879),
    ],
)
def test_parameters_are_the_published_ones(name, input_px, n_classes, published):
    assert n_parameters(name, input_px, n_classes)[0] == published


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("VGG16", 14.7), ("VGG19", 20.0), ("ResNet50", 23.6), ("MobileNetV3Large", 3.0),
        ("EfficientNetV2B0", 5.9), ("Xception", 20.9), ("InceptionV3", 21.8),
        ("ResNet101V2", 42.6),
    ],
)  # fmt: skip
def test_networks_of_keras_with_six_outputs_are_as_large_as_published(name, millions):
    assert round(n_parameters(name, 75, 6)[0] / 1e6, 1) == millions


def test_one_convolution_at_224_px_is_as_large_as_published():
    assert round(n_parameters("conv1", 224, 7)[0] / 1e6, 1) == 25.7


def test_resnet50_is_that_of_torchvision_but_for_the_biases_of_its_convolutions():
    model = build("ResNet50", 32, 7, "random")
    biases = sum(
        layer.filters
        for layer in model.layers
        if type(layer).__name__ == "Conv2D" and layer.use_bias
    )
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    # torchvision has no biases there, and counts no means and variances.
    assert trained - biases == 23_522_375


def test_all_but_the_first_four_blocks_of_the_origin_network_are_trained(tmp_path):
    model = build("fer_vgg16_origin", 48, 7, "random")
    for layer in model.layers:
        layer.trainable = layer.name[:6] not in ("block1", "block2", "block3", "block4")
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 7_099_399


@pytest.mark.parametrize("name", [name for name in SMALLEST if name != "SilNet"])
def test_it_is_saved_read_and_explained(tmp_path, name):
    """Relevance adds up to the logit less what biases took, and Grad-CAM finds a layer."""
    make_deterministic(1)
    side = SMALLEST[name]
    assert ARCHITECTURES[name].smallest_px <= side
    model = build(name, side, 6, "random")
    for layer in model.layers:  # biases that do something
        if getattr(layer, "use_bias", False) and layer.name != "logits":
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, np.random.default_rng(1).normal(0, 0.02, bias.shape)])
    save_network(
        tmp_path, model, name=name, expressions=EXPRESSIONS[:6], preprocessing=RGB_255, seed=1
    )
    network = read_network(tmp_path)
    pictures = np.random.default_rng(2).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    expected = without_softmax(model).predict_on_batch(RGB_255.apply(pictures.astype(np.float32)))
    np.testing.assert_allclose(network.logits(pictures), expected, atol=1e-5)
    targets = np.array([0, 1])
    found = explain_pictures(network, pictures, targets, "lrp.sequential_preset_a_flat")
    moved = np.abs(found.logits) + np.abs(found.bias_share) + np.abs(found.maps).sum(axis=(1, 2))
    assert np.all(np.abs(found.residual) < 1e-3 * moved)
    assert np.all(np.abs(found.maps).sum(axis=(1, 2)) > 0)
    # Where the last picture has one pixel, there is nothing to weigh before the last pooling.
    if name not in ("conv6", "CCPCCPCCPFF"):
        assert np.isfinite(explain_pictures(network, pictures, targets, "grad_cam").maps).all()
    stored = json.loads((tmp_path / "network.json").read_text())
    assert stored["parameters"] == model.count_params()


def test_large_weights_are_paid_for():
    """On black pictures nothing but its decay moves the first kernel: by 2 x 0.01 at each step."""
    make_deterministic(1)
    model = build("CPCPCPFFF", 28, 7, "random")
    before = model.layers[1].get_weights()[0]
    table = pd.DataFrame({"image_id": list(EXPRESSIONS), "expression": EXPRESSIONS})
    black = LabelledPictures(table, np.zeros((7, 28, 28, 3), np.uint8))
    settings = CnnSettings(
        input_px=28, epochs=3, batch_size=7, optimiser="sgd", learning_rate=1.0,
        schedule="constant", keep="last",
    )  # fmt: skip
    fit(model, black, black, settings, RGB_255, 1, lambda _: None)
    np.testing.assert_allclose(model.layers[1].get_weights()[0], before * 0.98**3, rtol=1e-5)
