"""Resampling of pictures: permutation by sign flips, and bootstrap intervals."""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
_EXACT_UP_TO = 13


@dataclass(frozen=True)
class Draws:
    """How resampling is done.

    Parameters
    ----------
    resamples : int, default 9999
        Number of permutations and of bootstrap samples.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int, default 1
        Draws follow from it; each test starts from it anew.
    """

    resamples: int = 9999
    confidence: float = 0.95
    seed: int = 1


def sign_flip_p(
    differences: npt.ArrayLike, draws: Draws, alternative: Alternative = "two-sided"
) -> float:
    """Test by permutation whether differences are symmetric around zero.

    Parameters
    ----------
    differences : array_like, shape (n,)
        One difference for each picture.
    draws : Draws
        Number of permutations. With up to 13 pictures all of them are made.
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
        What counts as extreme: a mean far from zero, a great one, or a small one.

    Returns
    -------
    float
        p: share of the sign patterns whose mean is at least as extreme; where they are drawn,
        the observed one is counted among them.

    References
    ----------
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9.

    Examples
    --------
    >>> sign_flip_p([1.0, 2.0, 3.0], Draws())
    0.25
    """
    d = np.asarray(differences, dtype=np.float64)
    exact = d.size <= _EXACT_UP_TO
    signs = _all_signs(d.size) if exact else _drawn_signs(d.size, draws.resamples, draws.seed)
    sums, observed = signs @ d, d.sum()
    if alternative == "two-sided":
        sums, observed = np.abs(sums), abs(observed)
    elif alternative == "less":
        sums, observed = -sums, -observed
    # Rounding must not part patterns that are equal in truth.
    extreme = int(np.count_nonzero(sums >= observed - 1e-12 * np.abs(d).sum()))
    return extreme / len(signs) if exact else (extreme + 1) / (len(signs) + 1)


@lru_cache(maxsize=8)
def _all_signs(n: int) -> Floats:
    """List every pattern of n signs."""
    return np.array(list(itertools.product((1.0, -1.0), repeat=n)))


@lru_cache(maxsize=8)
def _drawn_signs(n: int, resamples: int, seed: int) -> Floats:
    """Draw patterns of n signs."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, size=(resamples, n)) * 2.0 - 1.0


def bootstrap_interval(
    differences: npt.ArrayLike, statistic: Literal["mean", "d_z"], draws: Draws
) -> tuple[float, float]:
    """Compute a bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    differences : array_like, shape (n,)
        One difference for each picture; pictures are drawn with replacement.
    statistic : {"mean", "d_z"}
        What the interval is for.
    draws : Draws
        Number of bootstrap samples, confidence and seed.

    Returns
    -------
    low, high : float
        The interval; missing (NaN) with fewer than three pictures, or where so many
        differences are equal that bootstrap samples have no deviation. Both ends are the value
        itself where all differences are equal, for the mean.

    References
    ----------
    Efron (1987), Journal of the American Statistical Association 82, eq. 2.3 and 6.6.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.size < 3:
        return np.nan, np.nan
    if all_equal(d):
        return (float(d[0]),) * 2 if statistic == "mean" else (np.nan, np.nan)
    counts = _bootstrap_counts(d.size, draws.resamples, draws.seed)
    resampled = _of_samples(d, counts, statistic)
    left_one_out = _of_samples(d, 1.0 - np.eye(d.size), statistic)
    observed = _of_samples(d, np.ones((1, d.size)), statistic)[0]
    if not (np.isfinite(resampled).all() and np.isfinite(left_one_out).all()):
        return np.nan, np.nan
    below = np.mean(resampled < observed) + np.mean(resampled == observed) / 2
    gaps = left_one_out.mean() - left_one_out
    acceleration = np.sum(gaps**3) / (6 * np.sum(gaps**2) ** 1.5)
    bias = ndtri(below)
    z = bias + ndtri(np.array([1 - draws.confidence, 1 + draws.confidence]) / 2)
    shares = ndtr(bias + z / (1 - acceleration * z))
    if not np.isfinite(shares).all():
        return np.nan, np.nan
    low, high = np.quantile(resampled, shares)
    return float(low), float(high)


@lru_cache(maxsize=8)
def _bootstrap_counts(n: int, resamples: int, seed: int) -> Floats:
    """Draw how often each of n pictures is in each bootstrap sample."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def _of_samples(d: Floats, counts: Floats, statistic: str) -> Floats:
    """Compute a statistic of samples that are given by how often they hold each difference."""
    n = counts.sum(axis=1)
    centred = d - d.mean()
    mean = counts @ centred / n
    if statistic == "mean":
        return d.mean() + mean
    variance = (counts @ centred**2 / n - mean**2) * n / (n - 1)
    varies = variance > 1e-12 * np.max(centred**2)
    deviation = np.sqrt(np.where(varies, variance, 1.0))
    return np.where(varies, (d.mean() + mean) / deviation, np.nan)


def all_equal(d: Floats) -> bool:
    """Tell whether differences do not vary, up to rounding.

    Parameters
    ----------
    d : numpy.ndarray, shape (n,)
        Differences.

    Returns
    -------
    bool
        True also where there are none.
    """
    return bool(np.ptp(d) <= 1e-12 * np.abs(d).max(initial=0.0))
