"""Ceilings: how well the maps of some participants tell those of others.

No map can be expected to agree with people better than people agree with one another. Correlations
between average maps need only the products of the participants' maps with each other (their
Gram matrix, participants by participants), so a thousand random halves cost next to nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from study.errors import InputError


@dataclass(frozen=True)
class Ceiling:
    """Agreement between participants on one picture, or on one expression.

    Parameters
    ----------
    split_half_r : float
        Correlation between the mean maps of two halves of the participants, averaged over
        random halves; NaN for fewer than two participants.
    spearman_brown_r : float
        The same, stepped up to the full number of participants.
    split_half_low, split_half_high : float
        Between these lie 95 % of the random halves' correlations.
    leave_one_out_r : float
        Correlation between one participant's map and the mean map of the others, averaged.
    n_participants : int
        Whose maps there were.
    """

    split_half_r: float
    spearman_brown_r: float
    split_half_low: float
    split_half_high: float
    leave_one_out_r: float
    n_participants: int


def ceiling(
    maps: ArrayLike,
    rng: np.random.Generator,
    *,
    n_splits: int = 1000,
    weights: ArrayLike | None = None,
) -> Ceiling:
    """Compute the inter-observer ceiling of one set of maps.

    Parameters
    ----------
    maps : array_like, shape (n_participants, ...)
        One map for each participant, on the same grid.
    rng : numpy.random.Generator
        Draws the halves.
    n_splits : int, default 1000
        Number of random halves.
    weights : array_like, shape (n_participants,), optional
        What each map counts in a mean map. Defaults to one each.

    Returns
    -------
    Ceiling
        NaN in place of each correlation where there are fewer than two participants.

    References
    ----------
    Spearman (1910) and Brown (1910), British Journal of Psychology 3.

    Examples
    --------
    >>> same = np.tile(np.arange(4.0), (3, 1))
    >>> ceiling(same, np.random.default_rng(1), n_splits=5).leave_one_out_r
    1.0
    """
    return gram_ceiling(_gram(maps, weights), rng, n_splits=n_splits)


def gram_ceiling(
    gram: NDArray[np.float64], rng: np.random.Generator, *, n_splits: int = 1000
) -> Ceiling:
    """Compute the inter-observer ceiling from the products of maps.

    Parameters
    ----------
    gram : ndarray, shape (n_participants, n_participants)
        Products of the centred maps with one another.
    rng, n_splits
        As in `ceiling`.

    Returns
    -------
    Ceiling
        NaN in place of each correlation where there are fewer than two participants.
    """
    n = len(gram)
    if n < 2:
        return Ceiling(np.nan, np.nan, np.nan, np.nan, np.nan, n)
    halves = split_half_r(gram, rng, n_splits=n_splits)
    half = float(np.mean(halves))
    low, high = np.quantile(halves, [0.025, 0.975])
    return Ceiling(
        split_half_r=half,
        spearman_brown_r=spearman_brown(half),
        split_half_low=float(low),
        split_half_high=float(high),
        leave_one_out_r=float(np.mean(leave_one_out_r(gram))),
        n_participants=n,
    )


def split_half_r(
    gram: NDArray[np.float64], rng: np.random.Generator, *, n_splits: int = 1000
) -> NDArray[np.float64]:
    """Correlate the mean maps of random halves of the participants.

    Parameters
    ----------
    gram : ndarray, shape (n_participants, n_participants)
        Products of the centred maps with one another.
    rng : numpy.random.Generator
        Draws the halves; an odd participant joins the second half.
    n_splits : int, default 1000
        Number of random halves.

    Returns
    -------
    ndarray, shape (n_splits,)
        One correlation for each pair of halves.
    """
    n = len(gram)
    half = np.tile(np.arange(n) < n // 2, (n_splits, 1))
    first: NDArray[np.float64] = rng.permuted(half, axis=1).astype(np.float64)
    return _correlations(gram, first, 1.0 - first)


def leave_one_out_r(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate each participant's map with the mean map of the others.

    Parameters
    ----------
    gram : ndarray, shape (n_participants, n_participants)
        Products of the centred maps with one another.

    Returns
    -------
    ndarray, shape (n_participants,)
        One correlation for each participant.
    """
    one: NDArray[np.float64] = np.eye(len(gram))
    others: NDArray[np.float64] = 1.0 - one
    return _correlations(gram, one, others)


def spearman_brown(r: float) -> float:
    """Step the correlation of two halves up to that of the whole.

    Parameters
    ----------
    r : float
        Correlation between halves, greater than -1.

    Returns
    -------
    float
        2 r / (1 + r).

    Examples
    --------
    >>> spearman_brown(0.5)
    0.6666666666666666
    """
    return 2.0 * r / (1.0 + r)


def _gram(maps: ArrayLike, weights: ArrayLike | None) -> NDArray[np.float64]:
    """Multiply the centred, weighted maps with one another."""
    values = np.asarray(maps, dtype=np.float64)
    if values.ndim < 2:
        raise InputError(
            f"Maps must be an array of participants by points, but it has the shape "
            f"{values.shape}. Stack one map for each participant."
        )
    flat = values.reshape(len(values), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    if weights is not None:
        centred = centred * np.asarray(weights, dtype=np.float64)[:, None]
    gram: NDArray[np.float64] = centred @ centred.T
    return gram


def _correlations(
    gram: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Correlate sums of maps, row by row: `first` and `second` say which maps each sum holds."""
    products = first @ gram
    covariance = np.sum(products * second, axis=1)
    variances = np.sum(products * first, axis=1) * np.sum((second @ gram) * second, axis=1)
    correlations: NDArray[np.float64] = covariance / np.sqrt(variances)
    return correlations
