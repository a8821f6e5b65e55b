"""Density of gaze on a picture: the sum of Gaussian kernels, evaluated exactly.

The kernel is separable: at the point (x, y) of a grid, a fixation at (u, v) with weight w adds
w g(x - u) g(y - v). The whole map is therefore Gy @ diag(w) @ Gx.T, two small matrices in place
of one exponential for each pair of point and fixation; nothing is binned or cut off.

Edges: what becomes of the part of a kernel that lies outside the picture is a rule, `EDGES`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from study.errors import InputError

Map = NDArray[np.float64]
Edges = Literal["renormalised", "dropped", "reflected"]

# What becomes of the mass outside the picture.
EDGES: dict[Edges, str] = {
    "renormalised": "mass outside the picture is dropped, and each map renormalised to 1",
    "dropped": "mass outside the picture is dropped, and each map integrates to what is left",
    "reflected": "mass outside the picture is mirrored back at its border; each map has all of it",
}
# A mirrored source this many kernels farther (in squares) than any fixation is below rounding:
# exp(-80 / 2) = 4e-18.
_NEGLIGIBLE = 80.0


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
    edges: Edges = "renormalised",
) -> Map:
    """Evaluate the density of fixations on a picture.

    Parameters
    ----------
    x_px, y_px : array_like, shape (n_fixations,)
        Positions in picture pixels, of any numeric type; they may lie outside the picture,
        but for reflected edges.
    grid : Grid
        Where to evaluate it.
    sigma_px : float
        Standard deviation of the Gaussian kernel, in picture pixels, greater than 0.
    weights : array_like, shape (n_fixations,), optional
        What each fixation counts, 0 or greater, such as its duration. Defaults to one each.
    edges : {"renormalised", "dropped", "reflected"}, default "renormalised"
        What becomes of the mass outside the picture, as `EDGES` says.

    Returns
    -------
    ndarray, shape (rows, columns)
        Density per square pixel. Its sum times ``grid.cell_area_px2`` is one where edges are
        renormalised, the mass on the picture where they are dropped, and one within the
        error of the sum (under 1e-8 for a kernel no narrower than the grid's step) where they
        are reflected.

    Raises
    ------
    InputError
        If there is no fixation, a value is missing or out of its range, or no fixation is near
        enough to the picture to leave mass on it.

    References
    ----------
    Silverman (1986), Density Estimation for Statistics and Data Analysis, eq. 4.1; section 2.10
    on edges.

    Examples
    --------
    >>> grid = Grid(8, 8)
    >>> peak = density_map([2], [5], grid, sigma_px=1.0)
    >>> [int(index) for index in np.unravel_index(peak.argmax(), peak.shape)]
    [5, 2]
    >>> round(float(peak.sum() * grid.cell_area_px2), 12)
    1.0
    >>> corner = density_map([-0.5], [-0.5], grid, sigma_px=1.0, edges="dropped")
    >>> round(float(corner.sum() * grid.cell_area_px2), 2)
    0.25
    """
    x, y, w = _checked(x_px, y_px, weights)
    values = kernel_sum(x, y, grid, sigma_px=sigma_px, weights=w, reflected=edges == "reflected")
    mass = values.sum() * grid.cell_area_px2
    if not mass > 0:
        raise InputError(
            "A density map must have fixations with weight near the picture, but all "
            f"{values.size} grid points got none. Check the coordinates and the weights."
        )
    return values / (mass if edges == "renormalised" else w.sum())


def kernel_sum(
    x_px: ArrayLike,
    y_px: ArrayLike,
    grid: Grid,
    *,
    sigma_px: float,
    weights: ArrayLike | None = None,
    reflected: bool = False,
) -> Map:
    """Evaluate the weighted sum of Gaussian kernels, before any renormalisation.

    Parameters
    ----------
    x_px, y_px, grid, sigma_px, weights
        As in `density_map`.
    reflected : bool, default False
        Mirror the kernels at the picture's border.

    Returns
    -------
    ndarray, shape (rows, columns)
        Each kernel integrates to its weight over the whole plane, and to less over the picture,
        or to its weight over the picture where it is reflected.

    Raises
    ------
    InputError
        If there is no fixation, or a value is missing or out of its range.
    """
    x, y, w = _checked(x_px, y_px, weights)
    across, down = kernel_factors(x, y, grid, sigma_px=sigma_px, reflected=reflected)
    values: Map = (down * w) @ across.T
    return values


def kernel_factors(
    x_px: Map, y_px: Map, grid: Grid, *, sigma_px: float, reflected: bool = False
) -> tuple[Map, Map]:
    """Evaluate the two factors of each fixation's kernel on the axes of a grid.

    Parameters
    ----------
    x_px, y_px, grid, sigma_px, reflected
        As in `kernel_sum`.

    Returns
    -------
    across : ndarray, shape (columns, n_fixations)
        The kernels along x, per pixel.
    down : ndarray, shape (rows, n_fixations)
        The kernels along y; the product of a column of each is a kernel on the grid.

    Raises
    ------
    InputError
        If sigma is not positive, or a fixation to reflect lies outside the picture.
    """
    if not (np.isfinite(sigma_px) and sigma_px > 0):
        raise InputError(
            f"The kernel's width must be greater than 0, but it is {sigma_px}. "
            "Correct sigma in [gaze.density]."
        )
    width, height = (grid.width_px, grid.height_px) if reflected else (None, None)
    return (
        axis_kernel(grid.x_px, x_px, sigma_px, reflect_px=width),
        axis_kernel(grid.y_px, y_px, sigma_px, reflect_px=height),
    )


def axis_kernel(
    points_px: Map, centres_px: Map, sigma_px: float, *, reflect_px: float | None = None
) -> Map:
    """Evaluate the one-dimensional Gaussian of each centre at each point.

    Parameters
    ----------
    points_px : ndarray, shape (n_points,)
        Where, along one axis of the picture.
    centres_px : ndarray, shape (n_centres,)
        The Gaussians' means.
    sigma_px : float
        Their standard deviation.
    reflect_px : float, optional
        Length of the picture's side, -0.5 to ``reflect_px - 0.5``, at whose ends the Gaussians
        are mirrored: the sum over all images of each centre, that is (method of images).

    Returns
    -------
    ndarray, shape (n_points, n_centres)
        Density per pixel.

    Raises
    ------
    InputError
        If a centre to reflect lies outside the picture.
    """
    offsets = points_px[:, None] - centres_px
    own = _gaussian(offsets, sigma_px)
    if reflect_px is None:
        return own
    _check_inside(centres_px, reflect_px)
    mirrored = points_px[:, None] + centres_px + 1.0  # as far as the image beyond -0.5
    far_px = float(np.sqrt(np.abs(offsets).max() ** 2 + _NEGLIGIBLE * sigma_px**2))
    turns = int(far_px / (2 * reflect_px)) + 2
    for turn in range(-turns, turns + 1):
        for distances in (mirrored,) if turn == 0 else (mirrored, offsets):
            image = distances - 2 * turn * reflect_px
            if np.abs(image).min() < far_px:
                own += _gaussian(image, sigma_px)
    return own


def _gaussian(offsets_px: Map, sigma_px: float) -> Map:
    """Evaluate the Gaussian density at distances from its mean."""
    z = offsets_px / sigma_px
    z *= z
    z *= -0.5
    np.exp(z, out=z)
    z *= 1.0 / (sigma_px * np.sqrt(2.0 * np.pi))
    return z


def _check_inside(centres_px: Map, length_px: float) -> None:
    """Refuse to mirror what lies outside the picture."""
    outside = int(((centres_px < -0.5) | (centres_px > length_px - 0.5)).sum())
    if outside:
        raise InputError(
            f"Reflected edges need fixations on the picture, but {outside} of {centres_px.size} "
            "lie beside it. Leave those out (off_picture in [gaze.exclude]), or set edges = "
            '"dropped" in [gaze.density].'
        )


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
