"""Noise on pictures: the same for people, who see it on the screen, and for networks."""

import numpy as np
import numpy.typing as npt

from study.errors import InputError

Pixels = npt.NDArray[np.uint8]


def add_gaussian_noise(
    picture: Pixels, variance: float, rng: np.random.Generator, *, noise_px: int | None = None
) -> Pixels:
    """Add Gaussian noise to every pixel and channel of a picture.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, shape (..., side, side, channels)
        One picture or several.
    variance : float
        Variance of the noise where black is 0 and white 1; 0 or greater. With 0 the picture
        comes back as it was, but `rng` is used up all the same: generators of one seed give the
        same noise at every variance, only stronger.
    rng : numpy.random.Generator
        Where the noise comes from.
    noise_px : int, optional
        Side of the grid on which the noise is drawn. By default `side`: each pixel has noise of
        its own. With fewer, each value covers a square of pixels, so that people see on a large
        picture the grain that a network sees on a small one.

    Returns
    -------
    numpy.ndarray of uint8, of the shape of `picture`
        Grey levels below black and above white are clipped, and all rounded.

    Raises
    ------
    InputError
        If the variance is negative or no number, the picture is not of grey levels 0 to 255, or
        the grid of the noise is finer than the picture or without a pixel.

    Examples
    --------
    >>> grey = np.full((64, 64, 3), 128, dtype=np.uint8)
    >>> noisy = add_gaussian_noise(grey, 0.01, np.random.default_rng(1))
    >>> float(np.std(noisy / 255).round(2))
    0.1
    """
    if not (np.isfinite(variance) and variance >= 0):
        raise InputError(
            f"The variance of noise must be 0 or greater, but it is {variance}. "
            "Choose for example 0.01: a standard deviation of a tenth from black to white."
        )
    if picture.dtype != np.uint8 or picture.ndim < 3 or picture.shape[-3] != picture.shape[-2]:
        raise InputError(
            "Noise goes on square pictures of grey levels from 0 to 255 (uint8), but the array is "
            f"{picture.dtype} of shape {picture.shape}. Add it before any preprocessing."
        )
    side = picture.shape[-2]
    grid = side if noise_px is None else noise_px
    if not 1 <= grid <= side:
        raise InputError(
            f"The grid of noise must have between 1 and {side} pixels, as the picture, but it has "
            f"{grid}. Choose a smaller network, or larger pictures: [stimuli] picture_px."
        )
    drawn = rng.standard_normal((*picture.shape[:-3], grid, grid, picture.shape[-1]))
    under = ((np.arange(side) + 0.5) * grid / side).astype(int)
    noise = drawn if grid == side else drawn[..., under, :, :][..., under, :]
    grey = picture + 255 * np.sqrt(variance) * noise
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
