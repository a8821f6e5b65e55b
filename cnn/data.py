"""Pictures with their labels, by split, and batches of changed pictures for training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
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
    """

    table: pd.DataFrame
    pictures: NDArray[np.uint8]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Index of each picture's expression in `EXPRESSIONS`."""
        codes = {name: index for index, name in enumerate(EXPRESSIONS)}
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
        ``image_id``, ``actor``, ``expression`` and ``split``, in the manifest's order.

    Raises
    ------
    InputError
        If a table is missing, or an actor is in two of training, validation and test.
    """
    manifest = read_manifest(study)[["image_id", "actor", "expression"]]
    labels = manifest.merge(read_splits(study)[["image_id", "split"]], on="image_id", how="inner")
    check_actors_apart(labels)
    return labels


def check_actors_apart(labels: pd.DataFrame) -> None:
    """Refuse splits in which an actor is on two sides.

    Parameters
    ----------
    labels : pandas.DataFrame
        With the columns ``actor`` and ``split``.

    Raises
    ------
    InputError
        If an actor is in two of training, validation and test: the network would know the
        face, and its accuracy on unseen people would be overstated.
    """
    used = labels[labels["split"].isin(_APART)]
    splits = used.groupby("actor")["split"].unique()
    shared = splits[splits.map(len) > 1]
    if len(shared):
        raise InputError(
            f"An actor must be in one split only, but {shared.index[0]} is in "
            f"{' and '.join(sorted(shared.iloc[0]))}. Make the splits anew: "
            "faceoff stimuli register."
        )


def load_split(study: Study, labels: pd.DataFrame, split: str, side_px: int) -> LabelledPictures:
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
    return LabelledPictures(table, load_pictures(study, list(table["image_id"]), side_px))


def draw_changes(
    n: int, side_px: int, settings: CnnSettings, random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw how each training picture is moved, zoomed, mirrored and lit in one epoch.

    Parameters
    ----------
    n : int
        Number of pictures.
    side_px : int
        Side of the square pictures.
    settings : CnnSettings
        The greatest shift, zoom and change of brightness, and whether to mirror.
    random : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    transforms : ndarray, shape (n, 8)
        From a pixel of the new picture to the place in the old one: row by row the projective
        matrix without its last 1.
    gains : ndarray, shape (n,)
        Factor of the grey levels.
    """
    shift = random.uniform(-settings.shift, settings.shift, (n, 2)) * side_px
    zoom = 1 + random.uniform(-settings.zoom, settings.zoom, n)
    gains = 1 + random.uniform(-settings.brightness, settings.brightness, n)
    sign = np.where(random.random(n) < 0.5 * settings.flip, -1.0, 1.0)
    centre = (side_px - 1) / 2
    transforms = np.zeros((n, 8))
    transforms[:, 0] = sign / zoom
    transforms[:, 2] = centre - sign * centre / zoom + shift[:, 0]
    transforms[:, 4] = 1 / zoom
    transforms[:, 5] = centre - centre / zoom + shift[:, 1]
    return transforms.astype(np.float32), gains.astype(np.float32)


def change_pictures(pictures: Any, transforms: Any, gains: Any) -> Any:
    """Move and light pictures; what comes in from outside repeats the border.

    Parameters
    ----------
    pictures : tensor of float, shape (n, height, width, 3)
        RGB in grey levels, 0 to 255.
    transforms, gains : tensor of float, shape (n, 8) and (n,)
        As `draw_changes` gives them.

    Returns
    -------
    tensor of float, shape (n, height, width, 3)
        Interpolated bilinearly, within 0 and 255.
    """
    tf = import_tensorflow()
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=transforms,
        output_shape=tf.shape(pictures)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return tf.clip_by_value(moved * gains[:, None, None, None], 0.0, 255.0)


def training_batches(
    pictures: Any,
    labels: NDArray[np.int64],
    settings: CnnSettings,
    preprocessing: Preprocessing,
    random: np.random.Generator,
) -> Any:
    """Give the batches of one epoch: every picture once, in a new order, changed a little.

    Parameters
    ----------
    pictures : tensor of uint8, shape (n, side, side, 3)
        The training pictures.
    labels : ndarray of int, shape (n,)
        Index of each picture's expression.
    settings : CnnSettings
        Batch size, and how much pictures are changed.
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
    tf = import_tensorflow()
    n, side_px = int(pictures.shape[0]), int(pictures.shape[1])
    order = random.permutation(n)
    transforms, gains = draw_changes(n, side_px, settings, random)

    def prepare(rows: Any, moves: Any, factors: Any, batch_labels: Any) -> tuple[Any, Any]:
        chosen = tf.cast(tf.gather(pictures, rows), tf.float32)
        return preprocessing.apply(change_pictures(chosen, moves, factors)), batch_labels

    rows = tf.data.Dataset.from_tensor_slices((order, transforms, gains, labels[order]))
    return rows.batch(settings.batch_size).map(prepare).prefetch(2)
