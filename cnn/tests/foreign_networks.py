"""Networks as somebody else would have saved them."""

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from cnn.backend import import_tensorflow

SIDE_PX = 32
ORDER = "surprised,sad,neutral,happy,disgusted,angry,afraid"


def chain(*middle: Any, seed: int = 4) -> Any:
    """Make a network that takes grey levels, with the caller's layers in its middle."""
    keras = import_tensorflow().keras
    layers = keras.layers
    keras.utils.set_random_seed(seed)
    stack = [
        keras.Input((SIDE_PX, SIDE_PX, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(6, 3, strides=2, activation="relu"),
        layers.BatchNormalization(),
        *middle,
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(7, activation="softmax", bias_initializer="random_normal"),
    ]
    return keras.Sequential(stack)


def functional() -> Any:
    """Make a network around another one, with branches and with operations as layers."""
    tf = import_tensorflow()
    layers = tf.keras.layers
    tf.keras.utils.set_random_seed(5)
    inputs = tf.keras.Input((SIDE_PX, SIDE_PX, 3))
    x = (inputs - np.array([103.0, 116.0, 123.0], np.float32)) / 64.0
    x = layers.Conv2D(4, 3, strides=4, name="first")(x)
    gate = layers.Dense(4)(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Multiply()([x, tf.nn.relu6(gate + 3.0) * (1 / 6)])
    x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))])
    body = tf.keras.Model(inputs, x[:, 1:, 1:, :])
    body.trainable = False
    outside = tf.keras.Input((SIDE_PX, SIDE_PX, 3))
    pooled = layers.GlobalAveragePooling2D()(body(outside, training=False))
    return tf.keras.Model(outside, layers.Dense(7, activation="softmax")(pooled))


def saved(model: Any, path: Path) -> Path:
    """Save a network in the format that the name asks for; a name without suffix is a folder."""
    formats = {".h5": "h5", ".hdf5": "h5", ".keras": "keras"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras calls HDF5 legacy
        model.save(path, save_format=formats.get(path.suffix, "tf"))
    return path


def forged(path: Path, description: dict[str, Any], version: str = "2.14.0") -> Path:
    """Write a .keras file whose description was made by hand."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps(description))
        archive.writestr("model.weights.h5", b"")
    return path


def grey_levels(n: int = 3) -> np.ndarray:
    """Make pictures of noise."""
    shape = (n, SIDE_PX, SIDE_PX, 3)
    return np.random.default_rng(6).integers(0, 256, shape, dtype=np.uint8)
