"""Fills: what the tiles of a picture show once they are removed, before any preprocessing."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import splu

from study.seeds import generator

Pixels = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

FILLS = {
    "uniform": "uniform noise over the whole range, for each pixel and channel (Bartnik, 2020)",
    "gaussian": "Gaussian noise around the middle grey with a deviation of a quarter of the "
    "range, cut off at its ends",
    "mean": "the picture's mean colour",
    "black": "black",
    "blur": "the picture itself, blurred by a Gaussian of a tenth of its side",
    "linear": "each pixel the weighted mean of its neighbours, with a little noise (noisy linear "
    "imputation of ROAD; Rong et al., 2022)",
    "inpaint": "smooth continuation of what is left (biharmonic; Damelin and Hoang, 2018)",
}
# These depend on what is left of the picture, and so on every step.
IMPUTING = ("linear", "inpaint")
_BLUR_SHARE = 0.1
# Of the range; Rong et al. add noise of this size to pictures between 0 and 1.
_IMPUTED_NOISE = 0.01
# Imputation works on pictures of this side at most: equations grow with the square.
_IMPUTED_SIDE_PX = 112


def cover(fill: str, picture: Pixels, seed: int, image_id: str) -> Pixels:
    """Make what the removed tiles of a picture show, where that does not depend on which.

    Parameters
    ----------
    fill : str
        One of `FILLS` that is not in `IMPUTING`.
    picture : numpy.ndarray of uint8, shape (height, width, 3)
        The intact picture.
    seed : int
        The study's seed.
    image_id : str
        The picture's name: noise is drawn once for a picture, the same for all conditions.

    Returns
    -------
    numpy.ndarray of uint8, shape (height, width, 3)
        A picture as large.

    References
    ----------
    Samek et al. (2017), IEEE Transactions on Neural Networks and Learning Systems 28, sect.
    III.B (uniform fill).

    Examples
    --------
    >>> cover("black", np.full((2, 2, 3), 9, np.uint8), 1, "A").max()
    0
    """
    rng = generator(seed, "perturbation noise", image_id)
    match fill:
        case "uniform":
            return rng.integers(0, 256, size=picture.shape, dtype=np.uint8)
        case "gaussian":
            return _as_pixels(rng.normal(127.5, 63.75, size=picture.shape))
        case "mean":
            return _as_pixels(np.broadcast_to(picture.mean(axis=(0, 1)), picture.shape))
        case "black":
            return np.zeros_like(picture)
    sigma = _BLUR_SHARE * picture.shape[0]
    return _as_pixels(
        gaussian_filter(picture.astype(np.float64), (sigma, sigma, 0), mode="nearest")
    )


def imputer(fill: str, picture: Pixels, seed: int, image_id: str) -> Callable[[Flags], Pixels]:
    """Make the function that fills what is missing of a picture from what is left.

    Parameters
    ----------
    fill : {"linear", "inpaint"}
        How.
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The intact picture.
    seed : int
        The study's seed.
    image_id : str
        The picture's name; its noise is the same for all conditions.

    Returns
    -------
    callable
        Takes which pixels are missing, bool of shape (side, side), and gives the whole picture;
        pixels that are not missing stay as they are. Where nothing is left, the picture's mean
        colour fills it. Pictures wider than 112 px are filled at a whole fraction of their size.
    """
    rng = generator(seed, "perturbation noise", image_id)
    noise = rng.normal(0.0, _IMPUTED_NOISE * 255, size=picture.shape)
    step = -(-picture.shape[0] // _IMPUTED_SIDE_PX)
    fill_in = _linear if fill == "linear" else _inpainted

    def filled(missing: Flags) -> Pixels:
        if missing.all():
            values = np.broadcast_to(picture.mean(axis=(0, 1)), picture.shape)
        else:
            values = _at_a_fraction(picture, missing, step, fill_in)
        if fill == "linear":
            values = values + noise
        return np.where(missing[..., None], _as_pixels(values), picture)

    return filled


def _at_a_fraction(
    picture: Pixels,
    missing: Flags,
    step: int,
    fill_in: Callable[[npt.NDArray, Flags], npt.NDArray],
) -> npt.NDArray:
    """Fill a smaller picture, whose pixels are the means of those that are left, and enlarge it."""
    if step == 1:
        return fill_in(picture.astype(np.float64), missing)
    left = ~missing[..., None]
    counts = _block_sums(left.astype(np.float64), step)
    sums = _block_sums(picture * left.astype(np.float64), step)
    small = fill_in(sums / np.maximum(counts, 1), counts[..., 0] == 0)
    height, width = missing.shape
    return small.repeat(step, axis=0).repeat(step, axis=1)[:height, :width]


def _block_sums(values: npt.NDArray, step: int) -> npt.NDArray:
    """Sum blocks of pixels; blocks at the rim may be smaller."""
    starts = [np.arange(0, length, step) for length in values.shape[:2]]
    rows = np.add.reduceat(values, starts[0], axis=0)
    return np.add.reduceat(rows, starts[1], axis=1)


def _linear(values: npt.NDArray, missing: Flags) -> npt.NDArray:
    """Solve that each missing pixel is the weighted mean of its neighbours.

    Neighbours beside count 1/6 and diagonal ones 1/12 (Rong et al., 2022, sect. 4.2); at the rim
    the weights of those that are there are brought to the sum 1.
    """
    height, width = missing.shape
    number = np.full((height + 2, width + 2), -1)
    number[1:-1, 1:-1] = np.arange(height * width).reshape(height, width)
    rows = np.flatnonzero(missing)
    if not len(rows):
        return values
    y, x = np.divmod(rows, width)
    steps = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    near = np.stack([number[y + 1 + dy, x + 1 + dx] for dy, dx in steps], axis=1)
    weights = np.where(near >= 0, [1 / 12 if dy and dx else 1 / 6 for dy, dx in steps], 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    place = np.repeat(np.arange(len(rows)), len(steps))
    there = near.ravel() >= 0
    shape = (len(rows), height * width)
    means = sparse.csr_matrix((weights.ravel()[there], (place[there], near.ravel()[there])), shape)
    known = values.reshape(height * width, -1)
    kept = np.where(missing.ravel()[:, None], 0.0, known)
    equations = sparse.identity(len(rows), format="csc") - means[:, rows].tocsc()
    solved = known.copy()
    solved[rows] = splu(equations).solve(np.asarray(means @ kept))
    return solved.reshape(values.shape)


def _inpainted(values: npt.NDArray, missing: Flags) -> npt.NDArray:
    """Continue a picture into what is missing."""
    from skimage.restoration import inpaint_biharmonic

    filled: npt.NDArray = inpaint_biharmonic(values / 255, missing, channel_axis=-1) * 255
    return filled


def _as_pixels(values: npt.NDArray) -> Pixels:
    """Round to grey levels, 0 to 255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
