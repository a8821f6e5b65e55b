"""The convolutions of a network: their weights, and what they make of a picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.network import Network
from study.errors import InputError, did_you_mean

Floats = NDArray[np.float32]


def convolutions(network: Network) -> list[Any]:
    """List the convolutions of a network, from the picture on.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    list of keras.layers.Layer
        Its plain convolutions.

    Raises
    ------
    InputError
        If it has none outside of models within it.
    """
    kind = import_tensorflow().keras.layers.Conv2D
    found = [layer for layer in network.model.layers if type(layer) is kind]
    if not found:
        raise InputError(
            f"Filters and feature maps are those of convolutions, but the network {network.name!r} "
            "has none, or only within a model that is one of its layers. Take another network."
        )
    return found


def named_convolution(network: Network, name: str) -> Any:
    """Find a convolution by its name.

    Parameters
    ----------
    network : Network
        The network.
    name : str
        The layer's name; empty for the first convolution.

    Returns
    -------
    keras.layers.Layer
        The layer.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    found = convolutions(network)
    names = [layer.name for layer in found]
    if name and name not in names:
        raise InputError(
            f"A layer must be a convolution of {network.name}, but {name!r} is none."
            f"{did_you_mean(name, names)}"
        )
    return found[names.index(name)] if name else found[0]


def feature_maps(network: Network, inputs: Floats, layer: Any) -> Floats:
    """Compute what a layer makes of pictures.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    layer : keras.layers.Layer
        One of the network's own layers.

    Returns
    -------
    ndarray of float32, shape (n, rows, columns, channels)
        After the layer's own activation.
    """
    model = import_tensorflow().keras.Model(network.model.inputs, layer.output)
    maps: Floats = model(inputs, training=False).numpy()
    return maps


def stretched(values: NDArray[np.floating[Any]]) -> Floats:
    """Stretch values to 0 and 1, from the least to the greatest; even ones are 0.

    Parameters
    ----------
    values : ndarray of float
        Any numbers.

    Returns
    -------
    ndarray of float32
        Of the same shape.

    Examples
    --------
    >>> stretched(np.array([1.0, 2.0, 3.0]))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros_like(values, np.float32)
    return ((values - low) / (high - low)).astype(np.float32)


def strip(maps: Floats, most_in_row: int = 32) -> NDArray[np.uint8]:
    """Lay the channels of a layer side by side, each in a contrast of its own.

    Parameters
    ----------
    maps : ndarray of float32, shape (rows, columns, channels)
        What the layer makes of one picture.
    most_in_row : int, default 32
        Channels side by side; more go on in the next row.

    Returns
    -------
    ndarray of uint8, shape (rows x lines, columns x most_in_row)
        A channel's mean is 128 and its standard deviation 64, cut at 0 and 255; a channel that is
        even is 128. What is over in the last line is white.

    Examples
    --------
    >>> strip(np.stack([np.eye(2), np.ones((2, 2))], axis=2).astype(np.float32))
    array([[192,  64, 128, 128],
           [ 64, 192, 128, 128]], dtype=uint8)
    """
    rows, columns, channels = maps.shape
    mean, deviation = maps.mean(axis=(0, 1)), maps.std(axis=(0, 1))
    standardised = (maps - mean) / np.where(deviation > 0, deviation, 1.0)
    grey = (64.0 * standardised + 128.0).clip(0, 255).round().astype(np.uint8)
    wide = min(channels, most_in_row)
    lines = -(-channels // wide)
    whole = np.full((rows * lines, columns * wide), 255, np.uint8)
    for channel in range(channels):
        line, place = divmod(channel, wide)
        part = np.s_[line * rows : (line + 1) * rows, place * columns : (place + 1) * columns]
        whole[part] = grey[..., channel]
    return whole
