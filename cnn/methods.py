"""Every method of explanation by its name, behind one function."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.arguments import Argument, resolve_arguments
from cnn.cam import grad_cam, grad_cam_guided, grad_cam_plus_plus
from cnn.covering import lime, occlusion
from cnn.gradients import gradient, input_t_gradient, integrated_gradients, smoothgrad
from cnn.innvestigate_call import run_innvestigate
from cnn.innvestigate_methods import ANALYZERS, check_analyzer
from cnn.lrp.composites import COMPOSITES
from cnn.lrp.engine import Lrp
from cnn.network import Network, save_network
from cnn.rectifiers import deconvnet, guided_backprop
from study.errors import InputError, did_you_mean

PREFIX = "innvestigate."

_LAYER = Argument("text", "name of the layer; empty for the last one before pooling", "")
_COVER = Argument(
    "number", "grey level that covers, 0 to 255, or each picture's mean colour", 127.5,
    low=0, high=255, words=("mean",),
)  # fmt: skip
_SEED = Argument("whole", "of what is drawn by chance, the same for every picture", 1, low=0)

# The other methods of our own, with their arguments.
_OTHERS: dict[str, tuple[Any, dict[str, Argument]]] = {
    "gradient": (gradient, {}),
    "input_t_gradient": (input_t_gradient, {}),
    "integrated_gradients": (
        integrated_gradients,
        {
            "steps": Argument("whole", "points on the line", 32, low=1),
            "baseline": Argument("number", "grey level where it starts", 127.5, low=0, high=255),
        },
    ),
    "smoothgrad": (
        smoothgrad,
        {
            "samples": Argument("whole", "noisy copies", 32, low=1),
            "noise": Argument(
                "number", "standard deviation as a share of the picture's range", 0.1, low=0
            ),
            "seed": _SEED,
        },
    ),
    "guided_backprop": (guided_backprop, {}),
    "deconvnet": (deconvnet, {}),
    "grad_cam": (
        grad_cam,
        {
            "layer": _LAYER,
            "signed": Argument("yes_no", "keep what speaks against the class", False),
        },
    ),
    "grad_cam_plus_plus": (grad_cam_plus_plus, {"layer": _LAYER}),
    "grad_cam_guided": (
        grad_cam_guided,
        {"layer": Argument("text", "the layer; by itself the last picture, pooled or not", "")},
    ),
    "occlusion": (
        occlusion,
        {
            "patch": Argument(
                "whole", "side of the patch in the network's px; by itself side / 7", low=1
            ),
            "stride": Argument("whole", "px from patch to patch; by itself patch / 4", low=1),
            "fill": _COVER,
        },
    ),
    "lime": (
        lime,
        {
            "segments": Argument("whole", "superpixels that SLIC is asked for", 30, low=2),
            "compactness": Argument("number", "of SLIC", 20.0, low=0, above=True),
            "samples": Argument("whole", "pictures with some superpixels covered", 1000, low=2),
            "fill": Argument(
                "whole", "grey level that covers, or each superpixel's mean colour", 0,
                low=0, high=255, words=("mean",),
            ),
            "kernel_width": Argument(
                "number", "how far from the whole picture samples count", 0.25, low=0, above=True
            ),
            "positive": Argument("yes_no", "leave out weights below 0", False),
            "probability": Argument("yes_no", "explain the probability, not the logit", False),
            "seed": _SEED,
        },
    ),
}  # fmt: skip
_MEANINGS = {
    "epsilon": "added to what is divided by",
    "gamma": "how much more positive weights count",
}
METHODS = (*COMPOSITES, *_OTHERS, *(PREFIX + name for name in ANALYZERS))


@dataclass(frozen=True)
class Explained:
    """Maps, and what they explain.

    Parameters
    ----------
    maps : ndarray of float32, shape (n, side, side)
        Signed, summed over colours, in the frame of the picture.
    targets : ndarray of int, shape (n,)
        Index in the network's expressions of what is explained.
    logits : ndarray of float32, shape (n,)
        The answer that is explained, before the softmax.
    bias_share : ndarray of float32, shape (n,)
        What biases took of the logit; NaN where the method does not tell.
    residual : ndarray of float32, shape (n,)
        What is in neither map, biases nor stabilisers; NaN where the method does not tell.
    """

    maps: NDArray[np.float32]
    targets: NDArray[np.int64]
    logits: NDArray[np.float32]
    bias_share: NDArray[np.float32]
    residual: NDArray[np.float32]


def explain_pictures(
    network: Network,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    method: str,
    arguments: Mapping[str, Any] | None = None,
) -> Explained:
    """Explain one logit of a network for each picture.

    Parameters
    ----------
    network : Network
        The network.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    targets : ndarray of int, shape (n,)
        Index in ``network.expressions``; -1 takes the one with the greatest logit.
    method : str
        One of `METHODS`; innvestigate's have their own names behind ``innvestigate.``.
    arguments : mapping, optional
        In place of the method's defaults.

    Returns
    -------
    Explained
        In the order of the pictures.

    Raises
    ------
    InputError
        If there is no such method or argument, or the method cannot explain this network.
    """
    given = resolve_method(method, arguments or {})
    if method.startswith(PREFIX):
        return _by_innvestigate(network, pictures, targets, method.removeprefix(PREFIX), given)
    logits = network.logits(pictures)
    targets = np.where(targets < 0, logits.argmax(axis=1), targets).astype(np.int64)
    inputs = np.asarray(network.prepare(pictures), np.float32)
    if method in COMPOSITES:
        ends = np.array([np.zeros(3), np.full(3, 255)], np.float32)
        bounds = np.sort(network.preprocessing.apply(ends), axis=0)
        engine = Lrp(network.model, method, bounds=(bounds[0], bounds[1]), **given)
        found = engine.explain(inputs, targets)
        maps = found.relevance.sum(axis=3)
        return Explained(maps, targets, found.logits, found.bias_share, found.residual)
    function = _OTHERS[method][0]
    # Superpixels are found in the picture itself.
    values = function(network, pictures if method == "lime" else inputs, targets, **given)
    maps = values.sum(axis=3) if values.ndim == 4 else values
    chosen = logits[np.arange(len(targets)), targets]
    return _without_shares(maps, targets, chosen)


def resolve_method(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse a method that there is not and arguments that it does not take, and fill in defaults.

    Parameters
    ----------
    method : str
        Its name.
    arguments : mapping
        Its arguments.

    Returns
    -------
    dict
        All its arguments that have a value.

    Raises
    ------
    InputError
        Naming what is known.
    """
    if method.startswith(PREFIX):
        return check_analyzer(method.removeprefix(PREFIX), arguments)
    if method not in METHODS:
        raise InputError(
            f"An explanation must be one of those known here, but it is {method!r}."
            f"{did_you_mean(method, METHODS)}"
        )
    return resolve_arguments(method, _declared(method), arguments)


def default_arguments(method: str) -> dict[str, Any]:
    """Give a method's defaults.

    Parameters
    ----------
    method : str
        One of `METHODS`.

    Returns
    -------
    dict
        Of the arguments that have one.

    Examples
    --------
    >>> default_arguments("grad_cam")
    {'layer': '', 'signed': False}
    """
    declared = _declared(method).items()
    return {name: given.default for name, given in declared if given.default is not None}


def _declared(method: str) -> dict[str, Argument]:
    """Give the arguments of a method."""
    if method.startswith(PREFIX):
        return ANALYZERS[method.removeprefix(PREFIX)][1]
    if method in _OTHERS:
        return _OTHERS[method][1]
    return {
        name: Argument("number", _MEANINGS.get(name, "of the rule of that name"), default, low=0)
        for name, default in COMPOSITES[method][1].items()
    }


def described_methods() -> list[str]:
    """Describe every method in a line, and each of its arguments in one below.

    Returns
    -------
    list of str
        Name, what it does, and its arguments.
    """
    described = [(name, what, _declared(name)) for name, (what, _) in COMPOSITES.items()]
    for name, (function, declared) in _OTHERS.items():
        summary = str(function.__doc__).splitlines()[0].rstrip(".")
        described.append((name, summary[0].lower() + summary[1:], declared))
    for name, (what, declared) in ANALYZERS.items():
        described.append((PREFIX + name, what, declared))
    return [
        "\n    ".join(
            [f"{name:<40} {what}", *(argument.described(key) for key, argument in declared.items())]
        )
        for name, what, declared in described
    ]


def _by_innvestigate(
    network: Network,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    method: str,
    arguments: Mapping[str, Any],
) -> Explained:
    """Hand a network to innvestigate's process as files."""
    with tempfile.TemporaryDirectory(prefix="faceoff-") as name:
        folder = Path(name)
        save_network(
            folder, network.model, name=network.name, expressions=network.expressions,
            preprocessing=network.preprocessing, seed=0,
        )  # fmt: skip
        return _without_shares(*run_innvestigate(folder, pictures, targets, method, arguments))


def _without_shares(
    maps: NDArray[np.float32], targets: NDArray[np.int64], logits: NDArray[np.float32]
) -> Explained:
    """Put maps together with shares that are not known."""
    unknown = np.full(len(maps), np.nan, np.float32)
    return Explained(maps.astype(np.float32), targets, logits, unknown, unknown)
