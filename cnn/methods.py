"""Every method of explanation by its name, behind one function."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.gradients import (
    grad_cam,
    gradient,
    input_t_gradient,
    integrated_gradients,
    smoothgrad,
)
from cnn.innvestigate_call import run_innvestigate
from cnn.innvestigate_process import METHODS as INNVESTIGATE
from cnn.innvestigate_process import check_method
from cnn.lrp.composites import COMPOSITES
from cnn.lrp.engine import Lrp
from cnn.network import Network, save_network
from study.errors import InputError, did_you_mean

PREFIX = "innvestigate."

# The other methods of our own, with their arguments.
_OTHERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "gradient": (gradient, {}),
    "input_t_gradient": (input_t_gradient, {}),
    "integrated_gradients": (integrated_gradients, {"steps": 32, "baseline": 127.5}),
    "smoothgrad": (smoothgrad, {"samples": 32, "noise": 0.1, "seed": 1}),
    "grad_cam": (grad_cam, {"layer": "", "signed": False}),
}
METHODS = (*COMPOSITES, *_OTHERS, *(PREFIX + name for name in INNVESTIGATE))


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
    check_explanation(method, arguments or {})
    if method.startswith(PREFIX):
        return _by_innvestigate(network, pictures, targets, method.removeprefix(PREFIX))
    logits = network.logits(pictures)
    targets = np.where(targets < 0, logits.argmax(axis=1), targets).astype(np.int64)
    inputs = np.asarray(network.prepare(pictures), np.float32)
    if method in COMPOSITES:
        ends = np.array([np.zeros(3), np.full(3, 255)], np.float32)
        bounds = np.sort(network.preprocessing.apply(ends), axis=0)
        engine = Lrp(network.model, method, bounds=(bounds[0], bounds[1]), **dict(arguments or {}))
        found = engine.explain(inputs, targets)
        maps = found.relevance.sum(axis=3)
        return Explained(maps, targets, found.logits, found.bias_share, found.residual)
    function, defaults = _OTHERS[method]
    values = partial(function, network, inputs, targets, **{**defaults, **(arguments or {})})()
    maps = values.sum(axis=3) if values.ndim == 4 else values
    chosen = logits[np.arange(len(targets)), targets]
    return _without_shares(maps, targets, chosen)


def check_explanation(method: str, arguments: Mapping[str, Any]) -> None:
    """Refuse a method that there is not, and arguments that it does not take.

    Parameters
    ----------
    method : str
        Its name.
    arguments : mapping
        Its arguments.

    Raises
    ------
    InputError
        Naming what is known. Arguments of composites are checked where they are used.
    """
    if method.startswith(PREFIX):
        check_method(method.removeprefix(PREFIX))
        defaults: Mapping[str, Any] = {}
    elif method in _OTHERS:
        defaults = _OTHERS[method][1]
    elif method in COMPOSITES:
        defaults = COMPOSITES[method][1]
    else:
        raise InputError(
            f"An explanation must be one of those known here, but it is {method!r}."
            f"{did_you_mean(method, METHODS)}"
        )
    for name, value in arguments.items():
        if name not in defaults:
            raise InputError(
                f"{method} takes the arguments {', '.join(defaults) or 'none'}, but got {name!r}. "
                "Leave it out."
            )
        if isinstance(value, str) != isinstance(defaults[name], str) or (
            name in ("steps", "samples") and (not isinstance(value, int) or value < 1)
        ):
            raise InputError(
                f"The argument {name} of {method} must be like {defaults[name]!r}, but it is "
                f"{value!r}. Correct it."
            )


def described_methods() -> list[str]:
    """Describe every method in a line.

    Returns
    -------
    list of str
        Name, what it does, and its arguments.
    """
    lines = []
    for name, (what, defaults) in COMPOSITES.items():
        lines.append((name, what, defaults))
    for name, (function, defaults) in _OTHERS.items():
        summary = str(function.__doc__).splitlines()[0].rstrip(".")
        lines.append((name, summary[0].lower() + summary[1:], defaults))
    lines += [(PREFIX + name, "innvestigate's own", {}) for name in INNVESTIGATE]
    return [
        f"{name:<38} {what}" + "".join(f"; {key} = {value!r}" for key, value in defaults.items())
        for name, what, defaults in lines
    ]


def _by_innvestigate(
    network: Network, pictures: NDArray[np.uint8], targets: NDArray[np.int64], method: str
) -> Explained:
    """Hand a network to innvestigate's process as files."""
    with tempfile.TemporaryDirectory(prefix="faceoff-") as name:
        folder = Path(name)
        save_network(
            folder, network.model, name=network.name, expressions=network.expressions,
            preprocessing=network.preprocessing, seed=0,
        )  # fmt: skip
        return _without_shares(*run_innvestigate(folder, pictures, targets, method))


def _without_shares(
    maps: NDArray[np.float32], targets: NDArray[np.int64], logits: NDArray[np.float32]
) -> Explained:
    """Put maps together with shares that are not known."""
    unknown = np.full(len(maps), np.nan, np.float32)
    return Explained(maps.astype(np.float32), targets, logits, unknown, unknown)
