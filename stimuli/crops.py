"""Crops: the square part of every picture that is shown, one for the whole set."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stimuli.frames import Rect
from study.errors import InputError
from study.settings.stimuli import StimuliSettings


def common_crop(
    landmarks: Mapping[str, NDArray[np.float64]],
    width_px: int,
    height_px: int,
    settings: StimuliSettings,
) -> Rect:
    """Find the one square in which every picture of a set is shown.

    KDEF put eyes and mouth of all its pictures at the same place, so that one square does for
    all of them, and a picture's crop depends on no detector that may fail.

    Parameters
    ----------
    landmarks : mapping of str to ndarray, shape (68, 2)
        The iBUG points of each picture, in pixels of the picture file.
    width_px, height_px : int
        Size of the picture files.
    settings : StimuliSettings
        How the crop is found, and its size.

    Returns
    -------
    Rect
        In whole pixels of the picture file, within the picture.

    Raises
    ------
    InputError
        If a fixed crop does not lie within the pictures.
    """
    if settings.crop == "fixed":
        return _fixed_crop(width_px, height_px, settings)
    return square_around(
        np.median(list(landmarks.values()), axis=0), width_px, height_px, settings.crop_factor
    )


def square_around(landmarks: ArrayLike, width_px: int, height_px: int, factor: float) -> Rect:
    """Lay a square around a face: its centre is half-way between eyes and mouth.

    Parameters
    ----------
    landmarks : array_like, shape (68, 2)
        The iBUG points, in pixels.
    width_px, height_px : int
        Size of the picture, which the square does not leave.
    factor : float
        Side of the square as a multiple of the distance from the eyes to the mouth.

    Returns
    -------
    Rect
        In whole pixels.

    Examples
    --------
    >>> face = np.full((68, 2), 100.0)
    >>> face[36:48, 1], face[48:, 1] = 80.0, 120.0
    >>> square_around(face, 200, 200, 2.5)
    Rect(x_px=50, y_px=50, width_px=100, height_px=100)
    """
    points = np.asarray(landmarks, dtype=float)
    eyes = (points[36:42].mean(axis=0) + points[42:48].mean(axis=0)) / 2
    mouth = points[48:60].mean(axis=0)
    side = min(round(factor * float(np.hypot(*(mouth - eyes)))), width_px, height_px)
    first = np.rint((eyes + mouth) / 2 + 0.5 - side / 2)
    x_px, y_px = np.clip(first, 0, [width_px - side, height_px - side]).astype(int).tolist()
    return Rect(x_px, y_px, side, side)


def _fixed_crop(width_px: int, height_px: int, settings: StimuliSettings) -> Rect:
    """Take the crop from the settings."""
    side = settings.crop_side_px
    if settings.crop_x_px + side > width_px or settings.crop_y_px + side > height_px:
        raise InputError(
            f"A fixed crop must lie within the pictures of {width_px} x {height_px} px, but it "
            f"goes up to ({settings.crop_x_px + side}, {settings.crop_y_px + side}) px. "
            "Correct crop_x_px, crop_y_px or crop_side_px in [stimuli]."
        )
    return Rect(settings.crop_x_px, settings.crop_y_px, side, side)
