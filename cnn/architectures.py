"""The registry of networks: what each is called, what it is made of, what its input must be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnn.backend import import_tensorflow
from cnn.preprocessing import CENTRED_RGB, Preprocessing
from study.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Architecture:
    """A kind of network that can be trained.

    Parameters
    ----------
    description : str
        One line for the user.
    preprocessing : Preprocessing
        What is done to pictures before it sees them.
    smallest_px : int
        The smallest side of a square input.
    build : callable
        Makes the untrained Keras model for a side in pixels and a number of classes; its
        output is the probability of each class.
    """

    description: str
    preprocessing: Preprocessing
    smallest_px: int
    build: Callable[[int, int], Any]


def small(input_px: int, n_classes: int) -> Any:
    """Build a small convolutional network that trains within two minutes on two cores.

    Four convolutions, each followed by a maximum over 2 x 2, then two dense layers. The
    convolutions have no bias: relevance is then conserved in them exactly, whichever way a
    toolbox treats biases.

    Parameters
    ----------
    input_px : int
        Side of the square input, at least 32.
    n_classes : int
        Number of outputs.

    Returns
    -------
    keras.Model
        From ``(n, input_px, input_px, 3)`` to probabilities ``(n, n_classes)``.
    """
    layers = import_tensorflow().keras.layers
    keras = import_tensorflow().keras
    stack = [
        layers.Input((input_px, input_px, 3), name="picture"),
        layers.Conv2D(
            16, 5, strides=2, padding="same", use_bias=False, activation="relu", name="conv1"
        ),
        layers.MaxPooling2D(2, name="pool1"),
    ]
    for index, filters in enumerate((32, 48, 64), start=2):
        stack += [
            layers.Conv2D(
                filters, 3, padding="same", use_bias=False, activation="relu", name=f"conv{index}"
            ),
            layers.MaxPooling2D(2, name=f"pool{index}"),
        ]
    stack += [
        layers.Flatten(name="flatten"),
        layers.Dropout(0.4, name="dropout"),
        layers.Dense(64, activation="relu", name="dense"),
        layers.Dense(n_classes, name="logits"),
        layers.Activation("softmax", name="probabilities"),
    ]
    return keras.Sequential(stack, name="small")


ARCHITECTURES = {
    "small": Architecture(
        "four convolutions and two dense layers, for the demo and for quick looks",
        CENTRED_RGB,
        32,
        small,
    ),
}


def architecture(name: str) -> Architecture:
    """Look a network up by its name.

    Parameters
    ----------
    name : str
        A key of `ARCHITECTURES`.

    Returns
    -------
    Architecture
        How it is built and fed.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> architecture("small").smallest_px
    32
    """
    if name not in ARCHITECTURES:
        raise InputError(
            f"A network must be one of those in the registry, but it is {name!r}."
            f"{did_you_mean(name, ARCHITECTURES)}"
        )
    return ARCHITECTURES[name]


def build(name: str, input_px: int, n_classes: int) -> Any:
    """Build an untrained network.

    Parameters
    ----------
    name : str
        A key of `ARCHITECTURES`.
    input_px : int
        Side of the square input.
    n_classes : int
        Number of outputs.

    Returns
    -------
    keras.Model
        With probabilities as its output.

    Raises
    ------
    InputError
        If there is no network of that name, or the input is too small for it.
    """
    chosen = architecture(name)
    if input_px < chosen.smallest_px:
        raise InputError(
            f"The network {name!r} needs pictures of at least {chosen.smallest_px} px, "
            f"but cnn.input_px is {input_px}. Raise it in study.toml."
        )
    return chosen.build(input_px, n_classes)
