"""Networks as a list of layers, in the letters in which studies print them."""

from collections.abc import Sequence
from typing import Any

from cnn.backend import import_tensorflow


def convolution(channels: int, size: int, **more: Any) -> Any:
    """Make a convolution with ReLU and bias that keeps the picture's size.

    Parameters
    ----------
    channels : int
        Number of filters.
    size : int
        Side of a filter, px.
    **more
        What differs, such as ``strides=4`` or ``padding="valid"``.

    Returns
    -------
    keras.layers.Layer
        The layer.
    """
    given = {"padding": "same", "activation": "relu"} | more
    return import_tensorflow().keras.layers.Conv2D(channels, size, **given)


def maximum(size: int, stride: int, padding: str = "same") -> Any:
    """Make a maximum over square parts of the picture.

    Parameters
    ----------
    size : int
        Side of a part, px.
    stride : int
        Distance of the parts, px.
    padding : {"same", "valid"}, default "same"
        Whether parts reach over the picture's border.

    Returns
    -------
    keras.layers.Layer
        The layer.
    """
    return import_tensorflow().keras.layers.MaxPooling2D(size, stride, padding=padding)


def dense(width: int, **more: Any) -> Any:
    """Make a dense layer with ReLU.

    Parameters
    ----------
    width : int
        Number of outputs.
    **more
        What differs.

    Returns
    -------
    keras.layers.Layer
        The layer.
    """
    return import_tensorflow().keras.layers.Dense(width, **({"activation": "relu"} | more))


def dropout(rate: float) -> Any:
    """Make a dropout.

    Parameters
    ----------
    rate : float
        Part of the numbers that are set to 0 in training, 0 to 1.

    Returns
    -------
    keras.layers.Layer
        The layer.
    """
    return import_tensorflow().keras.layers.Dropout(rate)


def stacked(name: str, input_px: int, n_classes: int, layers: Sequence[Any]) -> Any:
    """Put layers on top of each other, with a softmax at the end.

    Parameters
    ----------
    name : str
        The network's name.
    input_px : int
        Side of the square input.
    n_classes : int
        Number of outputs.
    layers : sequence of keras.layers.Layer
        From the picture to what the last dense layer takes.

    Returns
    -------
    keras.Model
        From ``(n, input_px, input_px, 3)`` to probabilities ``(n, n_classes)``.
    """
    picture = import_tensorflow().keras.layers.Input((input_px, input_px, 3), name="picture")
    return on_top(picture, picture, layers, n_classes, name)


def on_top(inputs: Any, tensor: Any, layers: Sequence[Any], n_classes: int, name: str) -> Any:
    """Put layers and a softmax on what a network makes of its input.

    Parameters
    ----------
    inputs : keras tensor
        The input.
    tensor : keras tensor
        What the first layer takes.
    layers : sequence of keras.layers.Layer
        Each is called after its kind and place, so that the same network has the same names.
    n_classes : int
        Number of outputs.
    name : str
        Of the whole.

    Returns
    -------
    keras.Model
        From the input to probabilities ``(n, n_classes)``.
    """
    keras = import_tensorflow().keras
    for place, layer in enumerate(layers, start=1):
        called = f"{type(layer).__name__.lower()}_{place}"
        tensor = type(layer).from_config(layer.get_config() | {"name": called})(tensor)
    logits = keras.layers.Dense(n_classes, name="logits")(tensor)
    probabilities = keras.layers.Activation("softmax", name="probabilities")(logits)
    return keras.Model(inputs, probabilities, name=name)
