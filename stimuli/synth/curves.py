"""Smooth curves through a few points."""

from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator


def xy(x: float, y: float) -> np.ndarray:
    """Make a shift from its two parts.

    Parameters
    ----------
    x, y : float
        To the viewer's right, and down, in pixels.

    Returns
    -------
    numpy.ndarray
        Shape (2,).
    """
    return np.array([x, y])


def smooth(points: np.ndarray, count: int, *, closed: bool = False) -> np.ndarray:
    """Draw a cubic spline through points.

    Parameters
    ----------
    points : numpy.ndarray
        Shape (n, 2), x and y in pixels; best about equally far from each other.
    count : int
        Number of points of the curve.
    closed : bool
        Whether the curve returns to its first point (which is not repeated in `points`).

    Returns
    -------
    numpy.ndarray
        Shape (count, 2); equally spaced in the spline's parameter.

    Examples
    --------
    >>> smooth(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]), 5)[:, 0].round(3).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    curve: np.ndarray = _weights(len(points), count, closed) @ np.asarray(points, dtype=float)
    return curve


@lru_cache(maxsize=64)
def _weights(n_points: int, count: int, closed: bool) -> np.ndarray:
    """Share of each point in each place of a spline, which is linear in its points."""
    alone = np.eye(n_points)
    if closed:
        alone = np.vstack([alone, alone[:1]])
    spline = CubicSpline(np.arange(len(alone)), alone, bc_type="periodic" if closed else "natural")
    weights: np.ndarray = spline(np.linspace(0.0, len(alone) - 1, count))
    return weights


def across(knots_x: np.ndarray, knots_y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Interpolate a height over x without overshoot.

    Parameters
    ----------
    knots_x, knots_y : numpy.ndarray
        Shape (n,), knots with increasing x.
    x : numpy.ndarray
        Where the height is wanted.

    Returns
    -------
    numpy.ndarray
        Same shape as `x`.

    References
    ----------
    Fritsch and Butland (1984), monotone piecewise cubic interpolation.
    """
    heights: np.ndarray = PchipInterpolator(knots_x, knots_y)(x)
    return heights
