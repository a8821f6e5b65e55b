"""Explaining: which pixels speak for an expression, as maps in the picture's own frame."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.data import LabelledPictures, load_split, read_labels
from cnn.methods import PREFIX, Explained, default_arguments, explain_pictures, resolve_method
from cnn.network import Network, load_network
from cnn.placement import map_with_network
from cnn.relevance import relevance_dataset, write_relevance
from study.errors import InputError
from study.folder import Study
from study.provenance import sha256_of

if TYPE_CHECKING:
    import xarray as xr

# Pictures that a worker explains at once: a multiple of the methods' own batches, on which the
# last bits of maps hang.
_AT_ONCE = 16


def relevance_stem(method: str, arguments: Mapping[str, Any], target: str) -> str:
    """Name the files of an explanation that is not the study's own choice.

    Parameters
    ----------
    method : str
        One of `cnn.methods.METHODS`.
    arguments : mapping
        All its arguments that have a value.
    target : str
        ``true``, ``predicted``, or an expression's name.

    Returns
    -------
    str
        The method, what differs from its defaults, and the target unless it is ``true``.

    Examples
    --------
    >>> relevance_stem("grad_cam", {"layer": "conv4", "signed": False}, "predicted")
    'relevance_grad_cam_layer-conv4_target-predicted'
    """
    defaults = default_arguments(method)
    parts = [f"relevance_{method}"]
    for name, value in arguments.items():
        if value != defaults.get(name):
            text = int(value) if isinstance(value, bool) else value
            parts.append(f"{name}-{quote(str(text), safe=',')}")
    if target != "true":
        parts.append(f"target-{target}")
    return "_".join(parts)


def explain(
    study: Study,
    model: str,
    method: str,
    arguments: Mapping[str, Any],
    target: str,
    stem: str = "relevance",
) -> None:
    """Explain a network's answers to the test pictures, and write maps and their sums.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    method : str
        One of `cnn.methods.METHODS`.
    arguments : mapping
        The method's arguments, in place of its defaults.
    target : str
        Whose logit is explained: ``true`` is that of the expression shown, ``predicted`` of the
        one answered; or an expression's name.
    stem : str, default "relevance"
        Name of the files, without what comes after the dot.

    Raises
    ------
    InputError
        If the method or an argument is unknown, the network was not trained, or the method
        cannot explain it.
    """
    resolve_method(method, arguments)
    # Compiled functions give the same bits only if they are told so.
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    pictures = load_split(study, read_labels(study), "test", network.input_px)
    dataset = explained(study, network, pictures, method, arguments, target)
    folder = study.cnn_dir(model)
    # Maps beside the study's own are not made anew with the network: this tells their age.
    dataset.attrs |= {"network": model, "weights_sha256": sha256_of(folder / "weights.h5")}
    write_relevance(folder, stem, dataset, pictures.table)


def explained(
    study: Study,
    network: Network,
    pictures: LabelledPictures,
    method: str,
    arguments: Mapping[str, Any],
    target: str,
) -> "xr.Dataset":
    """Explain a network's answers to some pictures.

    Parameters
    ----------
    study : Study
        The study.
    network : Network
        The network.
    pictures : LabelledPictures
        At its size.
    method, arguments, target
        As `explain` takes them.

    Returns
    -------
    xarray.Dataset
        That of `relevance_dataset`; its attributes say what was asked.

    Raises
    ------
    InputError
        If the method or an argument is unknown, or the method cannot explain the network.
    """
    values = resolve_method(method, arguments)
    wanted = wanted_outputs(network, pictures, target)
    found = _explain(study, network, pictures.pictures, wanted, method, arguments)
    dataset = relevance_dataset(
        pictures, found, network.expressions, study.settings.stimuli.picture_px
    )
    dataset.attrs |= {
        "network": network.name,
        "method": method,
        "arguments": json.dumps(values, sort_keys=True),
        "target": target,
        "software": "innvestigate" if method.startswith(PREFIX) else "faceoff",
    }
    return dataset


def _explain(
    study: Study,
    network: Network,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    method: str,
    arguments: Mapping[str, Any],
) -> Explained:
    """Explain pictures here, or some at a time on the workers of the study's cluster."""
    if not study.settings.execution.scheduler:
        return explain_pictures(network, pictures, targets, method, arguments)
    starts = range(0, len(pictures), _AT_ONCE)
    parts = [slice(start, start + _AT_ONCE) for start in starts]
    work = [(pictures[part], targets[part], method, dict(arguments)) for part in parts]
    found = map_with_network(_explain_part, network, work, study=study, description="explanations")
    return Explained(**{
        field.name: np.concatenate([getattr(part, field.name) for part in found])
        for field in fields(Explained)
    })  # fmt: skip


def _explain_part(network: Network, work: tuple[Any, ...]) -> Explained:
    """Explain some pictures."""
    return explain_pictures(network, *work)


def wanted_outputs(network: Network, pictures: LabelledPictures, target: str) -> NDArray[np.int64]:
    """Give the output that is explained for each picture.

    Parameters
    ----------
    network : Network
        The network.
    pictures : LabelledPictures
        With the expression that each shows.
    target : str
        ``true``, ``predicted``, or an expression's name.

    Returns
    -------
    ndarray of int, shape (n,)
        Index in the network's expressions; -1 for the one that is predicted.

    Raises
    ------
    InputError
        If the network has no such output.
    """
    n = len(pictures.table)
    if target == "predicted":
        return np.full(n, -1)
    names = list(pictures.table["expression"]) if target == "true" else [target] * n
    missing = sorted(set(names) - set(network.expressions))
    if missing:
        raise InputError(
            f"An expression that is explained must be an output of the network, but "
            f"{network.name!r} has none for {', '.join(missing)}; it has "
            f"{', '.join(network.expressions)}. Choose another target."
        )
    return np.array([network.expressions.index(name) for name in names])
