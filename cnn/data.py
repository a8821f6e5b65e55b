"""Pictures with their labels, by split, and batches of changed pictures for training."""

import math
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
        settings split validation by picture, in two of training or validation and test.
    """
    manifest = read_manifest(study)[["image_id", "actor", "expression"]]
    labels = manifest.merge(read_splits(study)[["image_id", "split"]], on="image_id", how="inner")
    settings = study.settings.cnn
    labels = labels[labels["expression"].isin(settings.for_network(settings.model).expressions)]
    check_actors_apart(labels, by_picture=study.settings.stimuli.validation_by == "picture")
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


@dataclass(frozen=True)
class Changes:
    """How pictures are changed.

    Parameters
    ----------
    corners : ndarray, shape (n, 4)
        Where the centres of the new picture's first and last pixel lie in the old one: y and x
        of the first, y and x of the last, in pixels; x runs backwards in a mirrored picture.
    gains : ndarray, shape (n,)
        Factor of the grey levels.
    slopes : ndarray, shape (n,)
        Pixels by which a row is moved to the right for each row that it lies above the centre.
    """

    corners: NDArray[np.float64]
    gains: NDArray[np.float64]
    slopes: NDArray[np.float64]


def draw_changes(
    n: int, side_px: int, settings: CnnSettings, random: np.random.Generator
) -> Changes:
    """Draw how each training picture is moved, zoomed, mirrored, lit and sheared in one epoch.

    Parameters
    ----------
    n : int
        Number of pictures.
    side_px : int
        Side of the square pictures.
    settings : CnnSettings
        The greatest shift, zoom, shear and change of brightness, and whether to mirror.
    random : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Changes
        One for each picture.
    """
    centre = (side_px - 1) / 2
    shift = centre + random.uniform(-settings.shift, settings.shift, (n, 2)) * side_px
    half_y = half = centre / (1 + random.uniform(-settings.zoom, settings.zoom, n))
    gains = 1 + random.uniform(-settings.brightness, settings.brightness, n)
    mirrored = random.random(n) < 0.5 * settings.flip
    slopes = np.tan(np.radians(random.uniform(-settings.shear_deg, settings.shear_deg, n)))
    if settings.zoom_apart:
        half_y = centre / (1 + random.uniform(-settings.zoom, settings.zoom, n))
    half_x = np.where(mirrored, -half, half)
    y, x = shift.T
    return Changes(np.stack([y - half_y, x - half_x, y + half_y, x + half_x], 1), gains, slopes)


def margin_px(side_px: int, settings: CnnSettings) -> int:
    """Give how far changed pictures can reach beyond the border.

    Parameters
    ----------
    side_px : int
        Side of the square pictures.
    settings : CnnSettings
        The greatest shift and zoom.

    Returns
    -------
    int
        In pixels, rounded up.

    Examples
    --------
    >>> margin_px(101, CnnSettings(shift=0.1, zoom=0.5))
    62
    """
    beyond = settings.shift * side_px + (side_px - 1) / 2 * (1 / (1 - settings.zoom) - 1)
    # One more, so that rounding never leads out.
    return math.ceil(beyond) + 1


def with_margin(pictures: NDArray[np.uint8], margin: int) -> Any:
    """Repeat the border of pictures outwards, so that moved ones find something there.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    margin : int
        In pixels.

    Returns
    -------
    tensor of uint8, shape (n, side + 2 margin, side + 2 margin, 3)
        For `change_pictures`.
    """
    widths = ((0, 0), (margin, margin), (margin, margin), (0, 0))
    return import_tensorflow().constant(np.pad(pictures, widths, mode="edge"))


def change_pictures(
    padded: Any, margin: int, rows: Any, corners: Any, gains: Any, slopes: Any
) -> Any:
    """Move, zoom, mirror, light and shear some of the pictures.

    Parameters
    ----------
    padded : tensor of uint8, shape (m, side + 2 margin, side + 2 margin, 3)
        All pictures, as `with_margin` gives them.
    margin : int
        In pixels.
    rows : tensor of int, shape (n,)
        Which pictures.
    corners, gains : tensor of float, shape (n, 4) and (n,)
        As in `Changes`.
    slopes : tensor of float, shape (n,), or None
        As in `Changes`; None where no picture is sheared.

    Returns
    -------
    tensor of float32, shape (n, side, side, 3)
        Interpolated bilinearly, within 0 and 255.
    """
    tf = import_tensorflow()
    padded_px = padded.shape[1]
    side_px = padded_px - 2 * margin
    # TensorFlow counts from the first pixel's centre, 0, to the last one's, 1.
    boxes = tf.cast((corners + margin) / (padded_px - 1), tf.float32)
    rows = tf.cast(rows, tf.int32)
    moved = tf.image.crop_and_resize(padded, boxes, rows, (side_px, side_px))
    if slopes is not None:
        moved = _sheared(moved, tf.cast(slopes, tf.float32))
    return tf.clip_by_value(moved * tf.cast(gains, tf.float32)[:, None, None, None], 0.0, 255.0)


def _sheared(pictures: Any, slopes: Any) -> Any:
    """Shear pictures about their centre, with the border's pixels beyond the border."""
    tf = import_tensorflow()
    none, one = tf.zeros_like(slopes), tf.ones_like(slopes)
    centre = (pictures.shape[1] - 1) / 2
    # Eight numbers: where the new pixel (x, y) is taken from, x + slope (y - centre) and y.
    places = tf.transpose([one, slopes, -slopes * centre, none, one, none, none, none])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures, transforms=places, output_shape=pictures.shape[1:3], fill_value=0.0,
        interpolation="BILINEAR", fill_mode="NEAREST",
    )  # fmt: skip


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

    def prepare(rows: Any, places: Any, gains: Any, slopes: Any, named: Any) -> tuple[Any, Any]:
        sheared = slopes if settings.shear_deg else None
        changed = change_pictures(padded, margin, rows, places, gains, sheared)
        return preprocessing.apply(changed), named

    tf = import_tensorflow()
    rows = tf.data.Dataset.from_tensor_slices(
        (order, changes.corners, changes.gains, changes.slopes, labels[order])
    )
    # Not prefetched: on few cores the next batch only slows the step that runs beside it.
    return rows.batch(settings.batch_size).map(prepare)
