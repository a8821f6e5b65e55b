"""Networks of today with batch normalisation and biases that do something."""

from typing import Any

import numpy as np

from cnn.backend import import_tensorflow

APPLICATIONS = {
    "VGG16": 64, "VGG19": 64, "ResNet50": 64, "ResNet101V2": 64, "InceptionV3": 96, "Xception": 96,
    "MobileNetV2": 64, "MobileNetV3Small": 64, "MobileNetV3Large": 64, "EfficientNetV2B0": 64,
}  # fmt: skip


def application(name: str, seed: int = 1, *, nested: bool = False) -> tuple[Any, Any]:
    """Make an awakened network with a head of seven logits, and two pictures for it."""
    keras = import_tensorflow().keras
    keras.utils.set_random_seed(seed)
    side = APPLICATIONS[name]
    body = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(side, side, 3)
    )
    inputs = keras.Input((side, side, 3)) if nested else body.input
    features = body(inputs) if nested else body.output
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    model = keras.Model(inputs, keras.layers.Dense(7)(pooled))
    pictures = np.random.default_rng(seed).uniform(-1, 1, (8, side, side, 3)).astype(np.float32)
    if name.startswith(("MobileNetV3", "EfficientNetV2")):
        pictures = (pictures + 1) * 127.5
    awaken(body, pictures, seed)
    awaken(model, pictures, seed)
    return model, pictures[:2]


def awaken(model: Any, pictures: Any, seed: int) -> None:
    """Give batch norm scales, shifts and statistics of pictures, and every layer biases."""
    random = np.random.default_rng(seed)
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    for layer in norms:
        layer.momentum = 0.0  # the statistics of one batch replace those there were
        if layer.scale:
            layer.gamma.assign(random.uniform(0.6, 1.4, layer.gamma.shape))
        if layer.center:
            layer.beta.assign(random.normal(0, 0.3, layer.beta.shape))
    for layer in model.layers:
        if getattr(layer, "use_bias", False):
            layer.bias.assign(random.normal(0, 0.05, layer.bias.shape))
    if norms:
        model(pictures, training=True)
    for layer in norms:
        layer.moving_mean.assign_add(random.normal(0, 0.05, layer.moving_mean.shape))
        spread = random.uniform(0.8, 1.25, layer.moving_variance.shape)
        layer.moving_variance.assign(layer.moving_variance * spread + 1e-3)
