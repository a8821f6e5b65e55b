"""Corrections of p values for their number: Holm's and Benjamini and Hochberg's."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def holm(p_values: npt.ArrayLike) -> Floats:
    """Correct p values for their number by Holm's method.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        The family; missing values are no part of it and stay missing.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Corrected p values.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    ascending = known[np.argsort(p[known], kind="stable")]
    # statsmodels' multipletests collects garbage at each call, which takes a tenth of a second.
    steps = p[ascending] * np.arange(len(ascending), 0, -1)
    corrected[ascending] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Correct p values so that the expected share of false discoveries is kept.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        The family; missing values are no part of it and stay missing.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Corrected p values.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03])
    array([0.03, 0.04, 0.04])
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        corrected[known] = false_discovery_control(p[known], method="bh")
    return corrected
