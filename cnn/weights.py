"""Weights that a training starts from: those of the registry, from Keras' cache or a file."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.errors import InputError

_ASK_FOR_RANDOM = 'or ask for random ones: [cnn] weights = "random"'


def keras_cache() -> Path:
    """Name the folder in which Keras keeps weights.

    Returns
    -------
    Path
        ``~/.keras/models``.
    """
    return Path.home() / ".keras" / "models"


def load_layers(model: Any, file: Path, names: Sequence[str]) -> None:
    """Load layers from a file of Keras weights, by their names.

    Parameters
    ----------
    model : keras.Model
        Its layers of these names get the weights.
    file : Path
        HDF5 in Keras' layout: weights alone, or a whole model.
    names : sequence of str
        The layers; each must be in the file, with arrays of the same shapes.

    Raises
    ------
    InputError
        If the file is missing, is no such file, or lacks a layer or has another shape of it;
        the model is then left as it was.
    """
    stored = _read_layers(file)
    found: dict[str, list[NDArray[Any]]] = {}
    for name in names:
        arrays = stored.get(name)
        if arrays is None:
            raise InputError(
                f"{file} must hold weights of the layers {', '.join(names)}, but there are none "
                f"of {name}; it has {', '.join(stored) or 'none'}. Take the file of this network, "
                f"{_ASK_FOR_RANDOM}."
            )
        wanted = [tuple(weight.shape) for weight in model.get_layer(name).weights]
        shapes = [array.shape for array in arrays]
        if shapes != wanted:
            raise InputError(
                f"The layer {name} must have weights of the shapes {wanted}, but those in {file} "
                f"have {shapes}. Take the file of this network, {_ASK_FOR_RANDOM}."
            )
        found[name] = arrays
    for name, arrays in found.items():
        model.get_layer(name).set_weights(arrays)


def _read_layers(file: Path) -> dict[str, list[NDArray[Any]]]:
    """Read every layer's arrays, in the order in which Keras wrote them."""
    import h5py

    if not file.is_file():
        raise InputError(
            f"The training starts from {file.name}, but it is not in the folder {file.parent}. "
            f"Put it there, name another file in [cnn] weights, {_ASK_FOR_RANDOM}."
        )
    try:
        with h5py.File(file) as opened:
            root = opened.get("model_weights", opened)
            layers = {}
            for name in _texts(root.attrs["layer_names"]):
                arrays = [
                    np.asarray(root[name][key]) for key in _texts(root[name].attrs["weight_names"])
                ]
                if arrays:
                    layers[name] = arrays
    except (OSError, KeyError) as error:
        raise InputError(
            f"{file} must hold Keras weights as HDF5, but it cannot be read so ({error}). "
            f"Take the file of this network, {_ASK_FOR_RANDOM}."
        ) from error
    return layers


def _texts(names: Any) -> list[str]:
    """Read names, which older versions of h5py give as bytes."""
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def load_imagenet(
    make: Callable[..., Any],
    name: str,
    shape: tuple[int, int, int],
    weights: str,
    *,
    pooled: bool = True,
) -> Any:
    """Make a network of keras.applications without its head.

    Parameters
    ----------
    make : callable
        Keras' function.
    name : str
        What the network is called, for messages.
    shape : tuple of int
        Of a picture: height, width, channels.
    weights : str
        ``own``: those of ImageNet, from Keras' cache, where Keras puts them once it has fetched
        them; ``random``; or a file in the layout of Keras' files without a top.
    pooled : bool, default True
        End in the mean of each channel, and not in a picture of channels.

    Returns
    -------
    keras.Model
        To one number for each channel, or to a picture of them.

    Raises
    ------
    InputError
        If the weights are neither in the cache nor to be had, or the file is of another layout.
    """
    pooling = "avg" if pooled else None
    options = {"include_top": False, "pooling": pooling, "input_shape": shape}
    if weights == "random":
        return make(weights=None, **options)
    if weights != "own":
        return _load_file(make, name, Path(weights), options)
    try:
        return make(weights="imagenet", **options)
    except Exception as error:  # Keras raises a bare Exception where it cannot fetch a file
        address = re.search(r"\S+/([\w.-]+\.h5)", str(error))
        if not address:
            raise
        raise InputError(
            f"The training of {name} starts from {address[1]}, but it is not in the folder "
            f"{keras_cache()} and could not be fetched from {address[0]}. Put it there, "
            f"{_ASK_FOR_RANDOM}."
        ) from error


def _load_file(make: Callable[..., Any], name: str, file: Path, options: dict[str, Any]) -> Any:
    """Make a network with the weights of a file."""
    _read_layers(file)
    try:
        return make(weights=str(file), **options)
    except (ValueError, OSError) as error:
        raise InputError(
            f"{file} must hold the weights of {name} without its top, but it does not fit "
            f"({error}). Take the file of this network, {_ASK_FOR_RANDOM}."
        ) from error
