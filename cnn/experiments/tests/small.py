"""Networks that nobody trained, in double numbers, and what belongs to them."""

import numpy as np

from cnn.backend import import_tensorflow, make_deterministic
from cnn.network import Network
from cnn.preprocessing import TORCH, Preprocessing
from stimuli.expressions import EXPRESSIONS

SIDE_PX = 8


def tiny_network(preprocessing: Preprocessing = TORCH, dtype: str = "float32") -> Network:
    """Build a network with a convolution and two dense layers, whose weights are random."""
    make_deterministic(1)
    keras = import_tensorflow().keras
    layers = keras.layers
    given = {"dtype": dtype}
    x = inputs = layers.Input((SIDE_PX, SIDE_PX, 3), dtype=dtype)
    x = layers.Conv2D(4, 3, activation="tanh", bias_initializer="random_normal", **given)(x)
    x = layers.Flatten(**given)(x)
    x = layers.Dense(10, activation="tanh", name="features", **given)(x)
    model = keras.Model(inputs, layers.Dense(7, name="logits", **given)(x))
    return Network("tiny", SIDE_PX, EXPRESSIONS, preprocessing, model)


def random_pictures(n: int, seed: int = 1) -> np.ndarray:
    """Draw pictures of noise."""
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
