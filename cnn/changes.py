"""How training pictures are changed: moved, zoomed, turned, mirrored and lit differently."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.preprocessing import GREY
from study.settings.cnn import TrainingSettings


@dataclass(frozen=True)
class Changes:
    """How pictures are changed.

    Parameters
    ----------
    corners : ndarray, shape (n, 4)
        Where the centres of the new picture's first and last pixel lie in the old one: y and x
        of the first, y and x of the last, in pixels; x runs backwards in a mirrored picture, y
        in one that is turned upside down.
    gains : ndarray, shape (n,)
        Factor of the grey levels.
    turns : ndarray, shape (n, 2, 2)
        From a place in the new picture to that in the moved and zoomed one, each as x and y from
        the centre: sheared, then turned.
    contrasts, saturations : ndarray, shape (n,)
        Factor of the difference from the picture's mean grey level, and from the pixel's own.
    """

    corners: NDArray[np.float64]
    gains: NDArray[np.float64]
    turns: NDArray[np.float64]
    contrasts: NDArray[np.float64]
    saturations: NDArray[np.float64]

    def wanted(self, settings: TrainingSettings) -> dict[str, NDArray[np.float64]]:
        """Give what `change_pictures` is to do: a change that the settings leave out is left out.

        Parameters
        ----------
        settings : TrainingSettings
            Those from which the changes were drawn.

        Returns
        -------
        dict of str to ndarray
            By the names of the fields.
        """
        asked = {
            "turns": settings.shear_deg or settings.rotation_deg,
            "contrasts": settings.contrast,
            "saturations": settings.saturation,
        }
        optional = {name: getattr(self, name) for name, wanted in asked.items() if wanted}
        return {"corners": self.corners, "gains": self.gains, **optional}


def draw_changes(
    n: int, side_px: int, settings: TrainingSettings, random: np.random.Generator
) -> Changes:
    """Draw how each training picture is changed in one epoch.

    Parameters
    ----------
    n : int
        Number of pictures.
    side_px : int
        Side of the square pictures.
    settings : TrainingSettings
        The greatest shift, zoom, shear, rotation and change of brightness, contrast and
        saturation, and whether to mirror.
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
    angles = np.radians(random.uniform(-settings.rotation_deg, settings.rotation_deg, n))
    contrasts = 1 + random.uniform(-settings.contrast, settings.contrast, n)
    saturations = 1 + random.uniform(-settings.saturation, settings.saturation, n)
    upside_down = random.random(n) < 0.5 * settings.flip_vertical
    half_x = np.where(mirrored, -half, half)
    half_y = np.where(upside_down, -half_y, half_y)
    y, x = shift.T
    corners = np.stack([y - half_y, x - half_x, y + half_y, x + half_x], 1)
    return Changes(corners, gains, _turns(slopes, angles), contrasts, saturations)


def _turns(slopes: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the matrices that shear places by a slope and then turn them by an angle."""
    one, none = np.ones_like(slopes), np.zeros_like(slopes)
    sheared = np.stack([one, slopes, none, one], 1).reshape(-1, 2, 2)
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([cos, -sin, sin, cos], 1).reshape(-1, 2, 2) @ sheared


def margin_px(side_px: int, settings: TrainingSettings) -> int:
    """Give how far changed pictures can reach beyond the border.

    Parameters
    ----------
    side_px : int
        Side of the square pictures.
    settings : TrainingSettings
        The greatest shift and zoom.

    Returns
    -------
    int
        In pixels, rounded up.

    Examples
    --------
    >>> margin_px(101, TrainingSettings(shift=0.1, zoom=0.5))
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


def change_pictures(padded: Any, margin: int, rows: Any, changes: Mapping[str, Any]) -> Any:
    """Move, zoom, mirror, turn and light some of the pictures.

    Parameters
    ----------
    padded : tensor of uint8, shape (m, side + 2 margin, side + 2 margin, 3)
        All pictures, as `with_margin` gives them.
    margin : int
        In pixels.
    rows : tensor of int, shape (n,)
        Which pictures.
    changes : mapping of str to tensor
        As `Changes.wanted` gives them.

    Returns
    -------
    tensor of float32, shape (n, side, side, 3)
        Interpolated bilinearly, within 0 and 255. Brightness comes first, then contrast, then
        saturation, each cut at 0 and 255.
    """
    tf = import_tensorflow()
    padded_px = padded.shape[1]
    side_px = padded_px - 2 * margin
    # TensorFlow counts from the first pixel's centre, 0, to the last one's, 1.
    boxes = tf.cast((changes["corners"] + margin) / (padded_px - 1), tf.float32)
    rows = tf.cast(rows, tf.int32)
    changed = tf.image.crop_and_resize(padded, boxes, rows, (side_px, side_px))
    if "turns" in changes:
        changed = _turned(changed, tf.cast(changes["turns"], tf.float32))
    changed = _away_from(0.0, changed, changes["gains"])
    if "contrasts" in changes:
        mean = tf.reduce_mean(_grey(changed), axis=(1, 2, 3), keepdims=True)
        changed = _away_from(mean, changed, changes["contrasts"])
    if "saturations" in changes:
        changed = _away_from(_grey(changed), changed, changes["saturations"])
    return changed


def _grey(pictures: Any) -> Any:
    """Give the grey level of each pixel."""
    tf = import_tensorflow()
    return tf.reduce_sum(pictures * tf.constant(GREY), axis=-1, keepdims=True)


def _away_from(origin: Any, pictures: Any, factors: Any) -> Any:
    """Multiply the difference from a grey level, and cut what is no grey level."""
    tf = import_tensorflow()
    factors = tf.cast(factors, tf.float32)[:, None, None, None]
    return tf.clip_by_value(origin + (pictures - origin) * factors, 0.0, 255.0)


def _turned(pictures: Any, turns: Any) -> Any:
    """Shear and turn pictures about their centre, with the border's pixels beyond the border."""
    tf = import_tensorflow()
    centre = (pictures.shape[1] - 1) / 2
    none = tf.zeros_like(turns[:, 0, 0])
    off = centre - centre * tf.reduce_sum(turns, axis=2)
    # Eight numbers: where the new pixel (x, y) is taken from.
    places = tf.transpose([
        turns[:, 0, 0], turns[:, 0, 1], off[:, 0], turns[:, 1, 0], turns[:, 1, 1], off[:, 1],
        none, none,
    ])  # fmt: skip
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures, transforms=places, output_shape=pictures.shape[1:3], fill_value=0.0,
        interpolation="BILINEAR", fill_mode="NEAREST",
    )  # fmt: skip
