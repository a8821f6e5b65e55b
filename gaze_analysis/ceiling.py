"""Ceilings: how well the maps of some participants tell those of others.

No map can be expected to agree with people better than people agree with one another. Correlations
between average maps need only the products of the participants' maps with each other (their
Gram matrix, participants by participants), so a thousand random halves cost next to nothing.
Where there are more participants than halves, the sums of the halves are smaller than that matrix,
and take its place.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gaze_analysis.density import Map
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
    values = np.asarray(maps, dtype=np.float64)
    if values.ndim < 2:
        raise InputError(
            f"Maps must be an array of participants by points, but it has the shape "
            f"{values.shape}. Stack one map for each participant."
        )
    means = values.reshape(len(values), -1).mean(axis=1)
    own = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    gathered = BandedCeiling(means, own, rng, n_splits=n_splits)
    gathered.add([values], np.average(values, axis=0, weights=own))
    return gathered.result()


class BandedCeiling:
    """The inter-observer ceiling of maps that come band by band.

    Parameters
    ----------
    means : ndarray, shape (n_participants,)
        Mean of each participant's map over all points.
    weights : ndarray, shape (n_participants,)
        What each map counts in a mean map.
    rng : numpy.random.Generator
        Draws the halves.
    n_splits : int, default 1000
        Number of random halves.

    Examples
    --------
    >>> maps = np.random.default_rng(1).normal(size=(4, 6, 5))
    >>> draws = np.random.default_rng(1)
    >>> banded = BandedCeiling(maps.mean(axis=(1, 2)), np.ones(4), draws, n_splits=2)
    >>> for rows in (slice(0, 2), slice(2, 6)):
    ...     banded.add([maps[:3, rows], maps[3:, rows]], maps[:, rows].mean(axis=0))
    >>> whole = ceiling(maps, np.random.default_rng(1), n_splits=2)
    >>> round(banded.result().split_half_r - whole.split_half_r, 12)
    0.0
    """

    def __init__(
        self, means: Map, weights: Map, rng: np.random.Generator, *, n_splits: int = 1000
    ) -> None:
        n = len(means)
        self._means, self._weights, self._rng, self._n_splits = means, weights, rng, n_splits
        self._by_halves = n > max(n_splits, 1)
        if self._by_halves:
            self._halves = draw_halves(n, rng, n_splits=n_splits)
            self._of_halves = np.zeros((3, n_splits))
            self._of_people = np.zeros((2, n))
            self._of_total = 0.0
        else:
            self._gram = np.zeros((n, n))

    def add(self, blocks: Iterable[Map], mean: Map) -> None:
        """Take the maps in a band of the grid.

        Parameters
        ----------
        blocks : iterable of ndarray, each of shape (n_some, ...)
            Their values there, of some participants after the other, in their order.
        mean : ndarray
            The weighted mean map there.
        """
        if not self._by_halves:
            centred = self._centred(np.concatenate(list(blocks)), slice(None))
            self._gram += centred @ centred.T
            return
        total = self._weights.sum() * mean.ravel() - self._weights @ self._means
        first, start = np.zeros((self._n_splits, total.size)), 0
        for maps in blocks:
            own = slice(start, start + len(maps))
            centred, start = self._centred(maps, own), own.stop
            first += self._halves[:, own] @ centred
            self._of_people[0, own] += centred @ total
            self._of_people[1, own] += np.einsum("np,np->n", centred, centred)
        second = total - first
        pairs = ((first, second), (first, first), (second, second))
        self._of_halves += [np.einsum("hp,hp->h", a, b) for a, b in pairs]
        self._of_total += total @ total

    def _centred(self, maps: Map, own: slice) -> Map:
        """Centre and weight the maps of some participants."""
        flat = maps.reshape(len(maps), int(np.prod(maps.shape[1:])))
        centred: Map = (flat - self._means[own, None]) * self._weights[own, None]
        return centred

    def result(self) -> Ceiling:
        """Give the ceiling of all bands that were added.

        Returns
        -------
        Ceiling
            NaN in place of each correlation where there are fewer than two participants.
        """
        if not self._by_halves:
            return gram_ceiling(self._gram, self._rng, n_splits=self._n_splits)
        covariance, first, second = self._of_halves
        with_total, own = self._of_people
        others = self._of_total - 2 * with_total + own
        return _ceiling(
            covariance / np.sqrt(first * second), (with_total - own) / np.sqrt(own * others)
        )


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
    return _ceiling(split_half_r(gram, rng, n_splits=n_splits), leave_one_out_r(gram))


def _ceiling(halves: Map, ones: Map) -> Ceiling:
    """Summarise the correlations of halves, and of each participant with the others."""
    half = float(np.mean(halves))
    low, high = np.quantile(halves, [0.025, 0.975])
    return Ceiling(
        split_half_r=half,
        spearman_brown_r=spearman_brown(half),
        split_half_low=float(low),
        split_half_high=float(high),
        leave_one_out_r=float(np.mean(ones)),
        n_participants=len(ones),
    )


def draw_halves(n: int, rng: np.random.Generator, *, n_splits: int) -> Map:
    """Draw random halves of the participants.

    Parameters
    ----------
    n : int
        Number of participants; an odd one joins the second half.
    rng : numpy.random.Generator
        Draws the halves.
    n_splits : int
        Number of random halves.

    Returns
    -------
    ndarray, shape (n_splits, n)
        1 for who is in the first half, 0 for who is in the second.
    """
    half = np.tile(np.arange(n) < n // 2, (n_splits, 1))
    drawn: Map = rng.permuted(half, axis=1).astype(np.float64)
    return drawn


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
    first = draw_halves(len(gram), rng, n_splits=n_splits)
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


def _correlations(
    gram: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Correlate sums of maps, row by row: `first` and `second` say which maps each sum holds."""
    products = first @ gram
    covariance = np.sum(products * second, axis=1)
    variances = np.sum(products * first, axis=1) * np.sum((second @ gram) * second, axis=1)
    correlations: NDArray[np.float64] = covariance / np.sqrt(variances)
    return correlations
