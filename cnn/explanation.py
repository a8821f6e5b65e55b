"""Explaining: which pixels speak for an expression, as maps in the picture's own frame."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.data import LabelledPictures, load_split, read_labels
from cnn.methods import PREFIX, Explained, default_arguments, explain_pictures, resolve_method
from cnn.network import Network, load_network
from stimuli.frames import Rect, move_points
from study.errors import InputError
from study.folder import Study
from study.maps import write_maps
from study.progress import say
from study.provenance import sha256_of
from study.tables import write_table

if TYPE_CHECKING:
    import xarray as xr

RELEVANCE = {
    "image_id": "picture",
    "expression": "expression that the picture shows",
    "target": "expression whose logit is explained",
    "logit": "the network's answer for the target, before the softmax",
    "relevance_sum": "sum of the map over all pixels",
    "ratio": "relevance_sum / logit; 1 where the method conserves relevance",
    "bias_share": "what biases took of the logit; n/a where the method does not tell",
    "residual": "what of the logit is in neither map, biases nor stabilisers; n/a as above",
    "flagged": "whether the map is to be doubted",
    "doubt": "why: lost (the residual is over 1 % of the logit, or relevance is no number) or "
    "biases (they took more than the logit, and the map makes up for it); n/a where not flagged",
}

TOLERANCE = 0.01


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
    found = explain_pictures(network, pictures.pictures, wanted, method, arguments)
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


def write_relevance(folder: Path, stem: str, dataset: "xr.Dataset", table: pd.DataFrame) -> None:
    """Write maps and their sums, and say how well they add up.

    Parameters
    ----------
    folder : Path
        The network's folder.
    stem : str
        Name of the files, without what comes after the dot.
    dataset : xarray.Dataset
        That of `explained`.
    table : pandas.DataFrame
        Its pictures, with ``image_id`` and ``expression``.
    """
    write_maps(folder / f"{stem}.nc", dataset)
    sums = relevance_sums(dataset, table)
    write_table(folder / f"{stem}.tsv", sums, RELEVANCE)
    say(
        f"explain: {dataset.attrs['method']} of {len(sums)} pictures; relevance sum / logit has "
        f"the median {sums['ratio'].median():.3f} and lies within {sums['ratio'].min():.3f} and "
        f"{sums['ratio'].max():.3f}"
    )
    if sums["flagged"].any():
        names = ", ".join(sums.loc[sums["flagged"], "image_id"].head(5))
        say(
            f"warning: {int(sums['flagged'].sum())} of {len(sums)} maps are to be doubted: in "
            f"{(sums['doubt'] == 'lost').sum()} over {100 * TOLERANCE:g} % of the logit is lost, "
            f"in {(sums['doubt'] == 'biases').sum()} biases took more than the logit: {names}"
        )


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


def relevance_dataset(
    pictures: LabelledPictures,
    found: Explained,
    names: Sequence[str],
    picture_px: int,
) -> "xr.Dataset":
    """Put maps into a data set whose coordinates are pixels of the picture frame.

    Parameters
    ----------
    pictures : LabelledPictures
        What was explained.
    found : Explained
        Their maps.
    names : sequence of str
        What the network's outputs stand for.
    picture_px : int
        Side of the picture as it was shown.

    Returns
    -------
    xarray.Dataset
        ``relevance(image, y, x)`` with the target, logit and sum of each picture.
    """
    import xarray as xr

    maps, side = found.maps, found.maps.shape[1]
    grid = np.repeat(np.arange(side, dtype=float)[:, None], 2, axis=1)
    shown, seen = Rect(0, 0, picture_px, picture_px), Rect(0, 0, side, side)
    centres_px = move_points(grid, seen, shown)[:, 0]
    expressions = pictures.table["expression"].astype(object).to_numpy()
    targets = np.array([names[index] for index in found.targets], dtype=object)
    sums = maps.sum(axis=(1, 2), dtype=np.float64)
    pixels = {"units": "px", "long_name": "pixel of the picture as it was shown"}
    return xr.Dataset(
        {
            "relevance": (
                ("image", "y", "x"),
                maps,
                {"long_name": "signed relevance for the target's logit, summed over colours"},
            ),
            "target": ("image", targets, {"long_name": "expression whose logit is explained"}),
            "logit": ("image", found.logits, {"long_name": "answer before the softmax"}),
            "relevance_sum": ("image", sums, {"long_name": "sum of the map"}),
            "bias_share": ("image", found.bias_share, {"long_name": "what biases took"}),
            "residual": ("image", found.residual, {"long_name": "what is in neither"}),
        },
        coords={
            "image": pictures.table["image_id"].astype(object).to_numpy(),
            "y": ("y", centres_px, pixels),
            "x": ("x", centres_px, pixels),
            "expression_of_image": ("image", expressions),
        },
        attrs={"picture_width_px": picture_px, "picture_height_px": picture_px},
    )


def relevance_sums(dataset: "xr.Dataset", table: pd.DataFrame) -> pd.DataFrame:
    """Set each picture's sum of relevance against the logit that it explains.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `relevance_dataset` gives it.
    table : pandas.DataFrame
        The pictures, with ``image_id`` and ``expression``.

    Returns
    -------
    pandas.DataFrame
        One row for each picture, with the columns of `RELEVANCE`.
    """
    sums = table[["image_id", "expression"]].copy()
    sums["target"] = dataset["target"].to_numpy()
    # Six digits: more would differ from one processor to another.
    sums["logit"] = dataset["logit"].to_numpy().astype(float).round(6)
    sums["relevance_sum"] = dataset["relevance_sum"].to_numpy().round(6)
    sums["ratio"] = (sums["relevance_sum"] / sums["logit"]).round(6)
    for name in ("bias_share", "residual"):
        sums[name] = dataset[name].to_numpy().astype(float).round(6)
    sums["doubt"] = doubts(dataset)
    sums["flagged"] = sums["doubt"].notna()
    return sums[list(RELEVANCE)]


def doubts(dataset: "xr.Dataset") -> list[str | None]:
    """Say of each map why it is to be doubted.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `relevance_dataset` gives it.

    Returns
    -------
    list of str or None
        ``lost`` where over 1 % of the logit is in neither map, biases nor stabilisers, or the sum
        is no number; ``biases`` where biases took more than the whole logit, so that the map's sum
        has grown beyond it or turned round; None where there is no doubt, or the method does not
        tell what biases took.
    """
    size = np.abs(dataset["logit"].to_numpy())
    biases, residual = (dataset[name].to_numpy() for name in ("bias_share", "residual"))
    finite = np.isfinite(dataset["relevance_sum"].to_numpy())
    lost = ~finite | (np.abs(residual) > TOLERANCE * size)
    grown = np.abs(biases) > (1 + TOLERANCE) * size
    found = np.select([lost, grown], ["lost", "biases"], "")
    return [str(reason) or None for reason in found]
