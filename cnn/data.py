"""Pictures with their labels, by split, and batches of changed pictures for training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.changes import change_pictures, draw_changes, margin_px
from cnn.preprocessing import Preprocessing
from stimuli.catalog import read_manifest, read_splits
from stimuli.expressions import EXPRESSIONS
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.folder import Study
from study.settings.cnn import CnnSettings

_APART = ("train", "validation", "test")


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures and what they show.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each picture, with ``image_id`` and ``expression``.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB, in the order of the table.
    expressions : tuple of str, default `EXPRESSIONS`
        What the outputs of the network that they are for stand for.
    """

    table: pd.DataFrame
    pictures: NDArray[np.uint8]
    expressions: tuple[str, ...] = EXPRESSIONS

    @property
    def labels(self) -> NDArray[np.int64]:
        """Index of each picture's expression in the network's expressions."""
        codes = {name: index for index, name in enumerate(self.expressions)}
        return np.array([codes[name] for name in self.table["expression"]], dtype=np.int64)


def read_labels(study: Study) -> pd.DataFrame:
    """Read which picture shows whom, with which expression, and what it is used for.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        ``image_id``, ``actor``, ``expression`` and ``split``, in the manifest's order, of the
        expressions that the study's network is to tell apart.

    Raises
    ------
    InputError
        If a table is missing, or an actor is in two of training, validation and test; where the
        settings split validation by picture, in two of training or validation and test. Where
        they split all by picture, or as the set does, actors may be anywhere.
    """
    manifest = read_manifest(study)[["image_id", "actor", "expression"]]
    labels = manifest.merge(read_splits(study)[["image_id", "split"]], on="image_id", how="inner")
    settings = study.settings.cnn
    labels = labels[labels["expression"].isin(settings.for_network(settings.model).expressions)]
    stimuli = study.settings.stimuli
    if stimuli.split_by not in ("picture", "set"):
        check_actors_apart(labels, by_picture=stimuli.validation_by == "picture")
    return labels.reset_index(drop=True)


def check_actors_apart(labels: pd.DataFrame, *, by_picture: bool = False) -> None:
    """Refuse splits in which an actor is on two sides.

    Parameters
    ----------
    labels : pandas.DataFrame
        With the columns ``actor`` and ``split``.
    by_picture : bool, default False
        Let training and validation share actors, as the settings ask for.

    Raises
    ------
    InputError
        If an actor is in two of training, validation and test: the network would know the
        face, and its accuracy on unseen people would be overstated.
    """
    used = labels[labels["split"].isin(_APART)]
    if by_picture:
        used = used.assign(split=used["split"].replace("validation", "train"))
    splits = used.groupby("actor")["split"].unique()
    shared = splits[splits.map(len) > 1]
    if len(shared):
        raise InputError(
            f"An actor must be in one split only, but {shared.index[0]} is in "
            f"{' and '.join(sorted(shared.iloc[0]))}. Make the splits anew: "
            "faceoff stimuli register."
        )


def load_split(
    study: Study,
    labels: pd.DataFrame,
    split: str,
    side_px: int,
    expressions: tuple[str, ...] = EXPRESSIONS,
) -> LabelledPictures:
    """Load the pictures of one split at the network's size.

    Parameters
    ----------
    study : Study
        The study.
    labels : pandas.DataFrame
        As `read_labels` gives it.
    split : str
        ``train``, ``validation``, ``test`` or ``unused``.
    side_px : int
        Side of the square pictures.
    expressions : tuple of str, default `EXPRESSIONS`
        What the outputs of the network that they are for stand for.

    Returns
    -------
    LabelledPictures
        In the order of the labels.

    Raises
    ------
    InputError
        If the split is empty.
    """
    table = labels[labels["split"] == split].reset_index(drop=True)
    if table.empty:
        raise InputError(
            f"The split {split!r} must hold pictures, but {study.splits_tsv} names none. "
            "Make the splits anew: faceoff stimuli register."
        )
    settings = study.settings.cnn
    resampling = settings.for_network(settings.model).resampling
    pictures = load_pictures(study, list(table["image_id"]), side_px, resampling)
    return LabelledPictures(table, pictures, expressions)


def training_batches(
    padded: Any,
    labels: NDArray[np.int64],
    settings: CnnSettings,
    preprocessing: Preprocessing,
    random: np.random.Generator,
) -> Any:
    """Give the batches of one epoch: every picture once, in a new order, changed a little.

    Parameters
    ----------
    padded : tensor of uint8, shape (n, side + 2 margin, side + 2 margin, 3)
        The training pictures, as `with_margin` gives them.
    labels : ndarray of int, shape (n,)
        Index of each picture's expression.
    settings : CnnSettings
        Side and batch size, and how much pictures are changed.
    preprocessing : Preprocessing
        What is done to pixels before the first layer.
    random : numpy.random.Generator
        Of this epoch alone: all numbers are drawn before the first batch, so that the number
        of threads changes nothing.

    Returns
    -------
    tf.data.Dataset
        Pairs of network input and labels.
    """
    n, margin = len(labels), margin_px(settings.input_px, settings)
    order = random.permutation(n)
    changes = draw_changes(n, settings.input_px, settings, random)

    def prepare(rows: Any, changed: Any, named: Any) -> tuple[Any, Any]:
        return preprocessing.apply(change_pictures(padded, margin, rows, changed)), named

    rows = import_tensorflow().data.Dataset.from_tensor_slices(
        (order, changes.wanted(settings), labels[order])
    )
    # Not prefetched: on few cores the next batch only slows the step that runs beside it.
    return rows.batch(settings.batch_size).map(prepare)
