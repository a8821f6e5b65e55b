"""Which pictures an experiment takes, and a network's answers to numbers that are no picture."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.data import LabelledPictures, load_split
from cnn.network import Network
from study.errors import InputError, did_you_mean
from study.folder import Study
from study.progress import say

#: What ``split`` may be in an experiment on pictures that a network was or was not trained on.
SPLITS = ("train", "validation", "test")

Floats = NDArray[np.float32]


def experiments_dir(study: Study, model: str) -> Path:
    """Name the folder of the experiments on one network.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.

    Returns
    -------
    Path
        The folder.
    """
    return study.cnn_dir(model) / "experiments"


def known_pictures(
    study: Study, labels: pd.DataFrame, network: Network, split: str = "test"
) -> LabelledPictures:
    """Load pictures of a study that show what a network knows.

    Parameters
    ----------
    study : Study
        The study whose pictures they are.
    labels : pandas.DataFrame
        ``image_id``, ``expression`` and ``split``, as `cnn.data.read_labels` gives them.
    network : Network
        The network; pictures of expressions that it has no output for are left out, and said.
    split : str, default "test"
        ``train``, ``validation``, ``test``, or ``all`` of these.

    Returns
    -------
    LabelledPictures
        In the order of the labels, at the network's size.

    Raises
    ------
    InputError
        If there are no pictures of the split, or none that show what the network knows.
    """
    if split == "all":
        labels = labels[labels["split"].isin(SPLITS)].assign(split="all")
    chosen = labels[labels["split"] == split]
    known = chosen["expression"].isin(network.expressions)
    if len(chosen) and not known.any():
        shown = ", ".join(sorted(set(chosen["expression"])))
        raise InputError(
            f"The pictures must show expressions that the network {network.name!r} knows "
            f"({', '.join(network.expressions)}), but those of {study.root} show {shown}. "
            "Take another network or study."
        )
    if not known.all():
        left_out = ", ".join(sorted(set(chosen.loc[~known, "expression"])))
        say(
            f"{int((~known).sum())} pictures of {left_out} are left out: the network "
            f"{network.name} has no output for them"
        )
    loaded = load_split(study, chosen[known], split, network.input_px)
    return LabelledPictures(loaded.table, loaded.pictures, network.expressions)


def check_actors_known(table: pd.DataFrame, what: str) -> None:
    """Refuse pictures of which nobody knows who is shown, where people are the unit.

    Parameters
    ----------
    table : pandas.DataFrame
        With the columns ``image_id`` and ``actor``.
    what : str
        What needs to know it, such as ``"A comparison of people"``.

    Raises
    ------
    InputError
        If an actor is missing.
    """
    unknown = table.loc[table["actor"].isna(), "image_id"]
    if len(unknown):
        raise InputError(
            f"{what} needs to know who is shown, but the face set does not say it of "
            f"{unknown.iloc[0]}. Add a column actor to the set's table, and register it anew."
        )


def rows_of(pictures: LabelledPictures, images: Sequence[str]) -> list[int]:
    """Find pictures by their ids.

    Parameters
    ----------
    pictures : LabelledPictures
        Pictures and what they show.
    images : sequence of str
        Ids.

    Returns
    -------
    list of int
        Their rows, in the order of the ids.

    Raises
    ------
    InputError
        If one is not among the pictures.
    """
    names = list(pictures.table["image_id"])
    for name in images:
        if name not in names:
            raise InputError(
                f"A picture to show must be among the test pictures, but {name!r} is not."
                f"{did_you_mean(name, get_close_matches(name, names))} stimuli/splits.tsv has them."
            )
    return [names.index(name) for name in images]


def compiled_logits(network: Network) -> Callable[[Floats], Floats]:
    """Compile the way from a batch of a network's input to logits.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    callable
        From preprocessed pictures, shape (n, side, side, 3), to logits, shape (n, n_expressions).
    """
    tf = import_tensorflow()

    @tf.function(reduce_retracing=True)
    def answer(inputs: Any) -> Any:
        return network.model(inputs, training=False)

    return lambda inputs: answer(tf.constant(inputs, tf.float32)).numpy()
