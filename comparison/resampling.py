"""Resampling of pictures: permutation by sign flips, and bootstrap intervals."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]
Draw = Callable[[np.random.Generator, int, int], Floats]
_EXACT_UP_TO = 13
# Numbers in memory at once: 32 MB.
_BLOCK = 2**22


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
    blocks = [_all_signs(d.size)] if exact else _blocks(_signs, d.size, draws)
    sums, observed = np.concatenate([signs @ d for signs in blocks]), d.sum()
    if alternative == "two-sided":
        sums, observed = np.abs(sums), abs(observed)
    elif alternative == "less":
        sums, observed = -sums, -observed
    # Rounding must not part patterns that are equal in truth.
    extreme = int(np.count_nonzero(sums >= observed - 1e-12 * np.abs(d).sum()))
    return extreme / len(sums) if exact else (extreme + 1) / (len(sums) + 1)


@lru_cache(maxsize=8)
def _all_signs(n: int) -> Floats:
    """List every pattern of n signs."""
    return np.array(list(itertools.product((1.0, -1.0), repeat=n)))


def _signs(rng: np.random.Generator, n: int, rows: int) -> Floats:
    """Draw patterns of n signs."""
    return rng.integers(0, 2, size=(rows, n)) * 2.0 - 1.0


def _counts(rng: np.random.Generator, n: int, rows: int) -> Floats:
    """Draw how often each of n pictures is in each bootstrap sample."""
    return rng.multinomial(n, np.full(n, 1 / n), size=rows).astype(np.float64)


def _blocks(draw: Draw, n: int, draws: Draws) -> Iterator[Floats]:
    """Draw resamples block by block, so that memory does not grow with pictures or resamples.

    What fits into one block is kept for the next test. The blocks' size changes no number.
    """
    rows = max(1, _BLOCK // max(n, 1))
    if draws.resamples <= rows:
        yield _one_block(draw, n, draws.resamples, draws.seed)
        return
    rng = np.random.default_rng(draws.seed)
    for start in range(0, draws.resamples, rows):
        yield draw(rng, n, min(rows, draws.resamples - start))


@lru_cache(maxsize=8)
def _one_block(draw: Draw, n: int, resamples: int, seed: int) -> Floats:
    """Draw all resamples at once."""
    return draw(np.random.default_rng(seed), n, resamples)


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
    blocks = _blocks(_counts, d.size, draws)
    centred = d - d.mean()
    powers = np.stack([centred, centred**2], axis=1)
    sums = np.concatenate([counts @ powers for counts in blocks])
    total = powers.sum(axis=0)
    resampled = _of_samples(d, sums, d.size, statistic)
    left_one_out = _of_samples(d, total - powers, d.size - 1, statistic)
    observed = _of_samples(d, total[None], d.size, statistic)[0]
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


def _of_samples(d: Floats, sums: Floats, n: int, statistic: str) -> Floats:
    """Compute a statistic of samples of n differences from their sums of powers 1 and 2.

    The sums are of differences from the mean of d, which keeps what rounding would take.
    """
    mean = sums[:, 0] / n
    if statistic == "mean":
        return d.mean() + mean
    variance = (sums[:, 1] / n - mean**2) * n / (n - 1)
    varies = variance > 1e-12 * np.max((d - d.mean()) ** 2)
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
