"""Density of gaze on a picture: the sum of Gaussian kernels, evaluated exactly.

The kernel is separable: at the point (x, y) of a grid, a fixation at (u, v) with weight w adds
w g(x - u) g(y - v). The whole map is therefore Gy @ diag(w) @ Gx.T, two small matrices in place
of one exponential for each pair of point and fixation; nothing is binned or cut off.

Edges: the part of a kernel that lies outside the picture is dropped, and the map is then
renormalised as a whole, so that its sum times the area of a grid cell is one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from study.errors import InputError

Map = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Regular points on a picture at which a map is evaluated, each the centre of a cell.

    Parameters
    ----------
    width_px, height_px : float
        Size of the picture, which spans -0.5 to width_px - 0.5.
    step_px : float, default 1
        Distance between the points; where it does not divide the size, the nearest that does.

    Examples
    --------
    >>> Grid(4, 2, step_px=2).x_px
    array([0.5, 2.5])
    """

    width_px: float
    height_px: float
    step_px: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = max(1, round(self.height_px / self.step_px))
        return rows, max(1, round(self.width_px / self.step_px))

    @property
    def x_px(self) -> Map:
        """Horizontal coordinates of the columns, in picture pixels."""
        columns = self.shape[1]
        return (np.arange(columns) + 0.5) * (self.width_px / columns) - 0.5

    @property
    def y_px(self) -> Map:
        """Vertical coordinates of the rows, in picture pixels, down."""
        rows = self.shape[0]
        return (np.arange(rows) + 0.5) * (self.height_px / rows) - 0.5

    @property
    def cell_area_px2(self) -> float:
        """Area that each point stands for, in square pixels."""
        rows, columns = self.shape
        return (self.width_px / columns) * (self.height_px / rows)


def density_map(
    x_px: ArrayLike,
    y_px: ArrayLike,
    grid: Grid,
    *,
    sigma_px: float,
    weights: ArrayLike | None = None,
) -> Map:
    """Evaluate the density of fixations on a picture.

    Parameters
    ----------
    x_px, y_px : array_like, shape (n_fixations,)
        Positions in picture pixels, of any numeric type; they may lie outside the picture.
    grid : Grid
        Where to evaluate it.
    sigma_px : float
        Standard deviation of the Gaussian kernel, in picture pixels, greater than 0.
    weights : array_like, shape (n_fixations,), optional
        What each fixation counts, 0 or greater, such as its duration. Defaults to one each.

    Returns
    -------
    ndarray, shape (rows, columns)
        Density per square pixel; its sum times ``grid.cell_area_px2`` is one.

    Raises
    ------
    InputError
        If there is no fixation, a value is missing or out of its range, or no fixation is near
        enough to the picture to leave mass on it.

    References
    ----------
    Silverman (1986), Density Estimation for Statistics and Data Analysis, eq. 4.1.

    Examples
    --------
    >>> grid = Grid(8, 8)
    >>> peak = density_map([2], [5], grid, sigma_px=1.0)
    >>> [int(index) for index in np.unravel_index(peak.argmax(), peak.shape)]
    [5, 2]
    >>> round(float(peak.sum() * grid.cell_area_px2), 12)
    1.0
    """
    values = kernel_sum(x_px, y_px, grid, sigma_px=sigma_px, weights=weights)
    mass = values.sum() * grid.cell_area_px2
    if not mass > 0:
        raise InputError(
            "A density map must have fixations with weight near the picture, but all "
            f"{values.size} grid points got none. Check the coordinates and the weights."
        )
    return values / mass


def kernel_sum(
    x_px: ArrayLike,
    y_px: ArrayLike,
    grid: Grid,
    *,
    sigma_px: float,
    weights: ArrayLike | None = None,
) -> Map:
    """Evaluate the weighted sum of Gaussian kernels, before any renormalisation.

    Parameters
    ----------
    x_px, y_px, grid, sigma_px, weights
        As in `density_map`.

    Returns
    -------
    ndarray, shape (rows, columns)
        Each kernel integrates to its weight over the whole plane, and to less over the picture.

    Raises
    ------
    InputError
        If there is no fixation, or a value is missing or out of its range.
    """
    x, y, w = _checked(x_px, y_px, weights)
    if not (np.isfinite(sigma_px) and sigma_px > 0):
        raise InputError(
            f"The kernel's width must be greater than 0, but it is {sigma_px}. "
            "Correct sigma in [gaze.density]."
        )
    across = _kernel(grid.x_px, x, sigma_px)
    down = _kernel(grid.y_px, y, sigma_px)
    values: Map = (down * w) @ across.T
    return values


def _kernel(points_px: Map, centres_px: Map, sigma_px: float) -> Map:
    """Evaluate the one-dimensional Gaussian of each centre at each point: (points, centres)."""
    z = (points_px[:, None] - centres_px) / sigma_px
    z *= z
    z *= -0.5
    np.exp(z, out=z)
    z *= 1.0 / (sigma_px * np.sqrt(2.0 * np.pi))
    return z


def _checked(x_px: ArrayLike, y_px: ArrayLike, weights: ArrayLike | None) -> tuple[Map, Map, Map]:
    """Bring positions and weights to float64, and refuse what no map can be made of."""
    x, y = (np.asarray(values, dtype=np.float64).ravel() for values in (x_px, y_px))
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if not x.size == y.size == w.size:
        raise InputError(
            "Fixations must have an x, a y and a weight each, but there are "
            f"{x.size}, {y.size} and {w.size}. Give as many of each."
        )
    if x.size == 0:
        raise InputError(
            "A density map must have at least one fixation, but there is none. "
            "Check which fixations are included."
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        missing = int((~(np.isfinite(x) & np.isfinite(y))).sum())
        raise InputError(
            f"Fixations must have finite coordinates, but {missing} of {x.size} have not. "
            "Exclude those."
        )
    if not (np.isfinite(w).all() and (w >= 0).all() and w.any()):
        raise InputError(
            "Weights must be 0 or greater and not all 0, but they run from "
            f"{w.min()} to {w.max()}. Check the durations."
        )
    return x, y, w
