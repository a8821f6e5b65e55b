"""Raster: polygons, lines and noise as soft masks, and their blending into a picture."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: columns x0 to x1 - 1, rows y0 to y1 - 1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the window in a picture (channels, rows, columns)."""
        return slice(None), slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y1 - self.y0, self.x1 - self.x0

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Give x (1, w) and y (h, 1) of the pixel centres."""
        x = np.arange(self.x0, self.x1, dtype=np.float32)[None, :]
        return x, np.arange(self.y0, self.y1, dtype=np.float32)[:, None]


def window_around(points: np.ndarray, margin_px: float, shape: tuple[int, ...]) -> Window:
    """Find the part of a picture that holds points and a margin.

    Parameters
    ----------
    points : numpy.ndarray
        Shape (n, 2), x and y.
    margin_px : float
        Room on every side.
    shape : tuple of int
        Shape of the picture; rows and columns come last.

    Returns
    -------
    Window
        At least one pixel large, inside the picture.
    """
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    x0 = int(np.clip(np.floor(left - margin_px), 0, shape[-1] - 1))
    y0 = int(np.clip(np.floor(top - margin_px), 0, shape[-2] - 1))
    x1 = int(np.clip(np.ceil(right + margin_px) + 1, x0 + 1, shape[-1]))
    y1 = int(np.clip(np.ceil(bottom + margin_px) + 1, y0 + 1, shape[-2]))
    return Window(x0, y0, x1, y1)


def polygon_mask(*polygons: np.ndarray, window: Window, soft_px: float = 0.0) -> np.ndarray:
    """Cover polygons with an anti-aliased mask.

    Parameters
    ----------
    *polygons : numpy.ndarray
        Shape (n, 2) each, pixels of the picture.
    window : Window
        Where the mask is wanted.
    soft_px : float
        Standard deviation of the edge's softness.

    Returns
    -------
    numpy.ndarray
        float32, shape of the window, 0 outside to 1 inside.

    Examples
    --------
    >>> square = np.array([[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]])
    >>> int(polygon_mask(square, window=Window(0, 0, 4, 4))[1:3, 1:3].sum())
    4
    """
    fine = 4 if soft_px < 0.7 else 2
    image = Image.new("L", (window.shape[1] * fine, window.shape[0] * fine))
    draw = ImageDraw.Draw(image)
    for points in polygons:
        finer = (np.asarray(points) - [window.x0, window.y0] + 0.5) * fine - 0.5
        draw.polygon([(x, y) for x, y in finer.tolist()], fill=255)
    return _reduced(image, fine, soft_px)


def line_mask(
    lines: list[tuple[np.ndarray, float, float]], window: Window, *, soft_px: float = 0.0
) -> np.ndarray:
    """Draw lines of any width and strength.

    Parameters
    ----------
    lines : list of tuple
        Points (n, 2), width in pixels, strength from 0 to 1; later lines lie over earlier ones.
    window : Window
        Where the mask is wanted.
    soft_px : float
        Standard deviation of the lines' softness.

    Returns
    -------
    numpy.ndarray
        float32, shape of the window, 0 to 1.
    """
    fine = 3 if soft_px < 0.6 else 2
    image = Image.new("L", (window.shape[1] * fine, window.shape[0] * fine))
    draw = ImageDraw.Draw(image)
    for points, width, strength in lines:
        finer = (points - [window.x0, window.y0] + 0.5) * fine - 0.5
        draw.line(
            [(x, y) for x, y in finer.tolist()],
            fill=round(255 * min(strength, 1.0)),
            width=max(1, round(width * fine)),
            joint="curve" if width > 2.5 else None,
        )
    return _reduced(image, fine, soft_px)


def _reduced(image: Image.Image, fine: int, soft_px: float) -> np.ndarray:
    """Average subpixels to pixels, and soften."""
    mask = np.asarray(image.reduce(fine), dtype=np.float32) / np.float32(255)
    return softened(mask, soft_px) if soft_px else mask


def softened(values: np.ndarray, sigma_px: float) -> np.ndarray:
    """Blur a map.

    Parameters
    ----------
    values : numpy.ndarray
        float32 map.
    sigma_px : float
        Standard deviation of the blur; below 1.2 the nearest of 0.71 and 1 is taken.

    Returns
    -------
    numpy.ndarray
        float32, same shape.
    """
    if sigma_px >= 1.2:
        return gaussian_filter(values, sigma_px, truncate=2.5)
    # One or two passes of 1-2-1 are much faster than a general filter.
    for _ in range(1 if sigma_px < 0.9 else 2):
        wide = np.pad(values, 1, mode="edge")
        down = wide[:-2] + 2 * wide[1:-1] + wide[2:]
        values = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) * np.float32(1 / 16)
    return values


def blend(canvas: np.ndarray, window: Window, mask: np.ndarray, colour: np.ndarray | float) -> None:
    """Lay a colour over a picture, in place.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), changed in place.
    window : Window
        Where the mask lies.
    mask : numpy.ndarray
        Opacity, shape of the window.
    colour : numpy.ndarray or float
        Anything that broadcasts to (3, rows, columns).
    """
    part = canvas[window.slices]
    part += mask * (np.asarray(colour, dtype=np.float32) - part)


def multiply(canvas: np.ndarray, window: Window, factor: np.ndarray) -> None:
    """Darken or lighten a picture, in place.

    Parameters
    ----------
    canvas : numpy.ndarray
        float32 (3, height, width), changed in place.
    window : Window
        Where the factor lies.
    factor : numpy.ndarray
        Shape of the window, or (3, rows, columns).
    """
    canvas[window.slices] *= factor


def doubled(values: np.ndarray) -> np.ndarray:
    """Resize a map to twice its size each way.

    Parameters
    ----------
    values : numpy.ndarray
        float32 map, shape (h, w).

    Returns
    -------
    numpy.ndarray
        float32, shape (2 h, 2 w), by linear interpolation.
    """
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    shape = (2 * values.shape[1], 2 * values.shape[0])
    return np.asarray(image.resize(shape, Image.Resampling.BILINEAR))


def resized(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize a map smoothly.

    Parameters
    ----------
    values : numpy.ndarray
        2-D map.
    shape : tuple of int
        Rows and columns wanted.

    Returns
    -------
    numpy.ndarray
        float32 of that shape, by cubic interpolation.
    """
    image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def spot(
    window: Window, at: np.ndarray, sigma_x: float, sigma_y: float, *, power: float = 2.0
) -> np.ndarray:
    """Make a soft spot.

    Parameters
    ----------
    window : Window
        Where it is wanted.
    at : numpy.ndarray
        Shape (2,), its centre.
    sigma_x, sigma_y : float
        Distance at which the spot has fallen to 1/e.
    power : float, default 2
        2 for a Gaussian, more for a flat top.

    Returns
    -------
    numpy.ndarray
        float32, shape of the window, 1 at the centre.
    """
    x, y = window.grid()
    along = bell(np.abs((x - np.float32(at[0])) / np.float32(sigma_x)) ** power)
    return along * bell(np.abs((y - np.float32(at[1])) / np.float32(sigma_y)) ** power)


def bell(square: np.ndarray) -> np.ndarray:
    """Give ``exp(-square)``, at least a billionth: numbers that are nearly nought are slow.

    Parameters
    ----------
    square : numpy.ndarray
        Squared distance in units of the bell's width.

    Returns
    -------
    numpy.ndarray
        Same shape, from 2e-9 to 1.
    """
    height: np.ndarray = np.exp(-np.minimum(square, 20))
    return height


def blotches(rng: np.random.Generator, shape: tuple[int, int], size_px: float) -> np.ndarray:
    """Draw smooth noise.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the numbers.
    shape : tuple of int
        Rows and columns.
    size_px : float
        Size of the blotches.

    Returns
    -------
    numpy.ndarray
        float32, mean about 0 and standard deviation about 0.7.
    """
    coarse = (int(shape[0] / size_px) + 3, int(shape[1] / size_px) + 3)
    return resized(rng.standard_normal(coarse, dtype=np.float32), shape)
