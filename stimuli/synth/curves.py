"""Smooth curves through a few points."""

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator


def smooth(points: np.ndarray, count: int, *, closed: bool = False) -> np.ndarray:
    """Draw a cubic spline through points.

    Parameters
    ----------
    points : numpy.ndarray
        Shape (n, 2), x and y in pixels.
    count : int
        Number of points of the curve.
    closed : bool
        Whether the curve returns to its first point (which is not repeated in `points`).

    Returns
    -------
    numpy.ndarray
        Shape (count, 2); equally spaced in the spline's chord-length parameter.

    Examples
    --------
    >>> smooth(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]), 5)[:, 0].round(3).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    points = np.asarray(points, dtype=float)
    if closed:
        points = np.vstack([points, points[:1]])
    chord = np.hypot(*np.diff(points, axis=0).T)
    # The square root of the chord (centripetal) keeps uneven spacing from overshooting.
    place = np.concatenate([[0.0], np.cumsum(np.sqrt(chord))])
    spline = CubicSpline(place, points, bc_type="periodic" if closed else "natural")
    curve: np.ndarray = spline(np.linspace(0.0, place[-1], count))
    return curve


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
