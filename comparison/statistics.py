"""Paired tests over pictures: permutation, t and Wilcoxon, intervals and effect sizes.

The unit is the picture: its two values belong together, and pictures are a sample. Conventions
where a number is not defined (it is then missing, never NaN by accident):

- one picture: no test, no interval, no standard deviation;
- two pictures: no interval;
- all differences equal and not zero: no t and no d_z; the permutation and the Wilcoxon test
  stand, and both ends of the interval are the difference;
- so many equal differences that some bootstrap samples do not vary: no interval for d_z;
- all differences zero: nothing speaks for a difference: t = 0, p = 1, effect sizes 0.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
PERMUTATION, T_TEST, WILCOXON = "sign-flip permutation", "paired t", "Wilcoxon signed-rank"
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


def d_z(differences: npt.ArrayLike, axis: int = -1) -> Floats:
    """Compute Cohen's d of paired values: mean of the differences over their deviation.

    Parameters
    ----------
    differences : array_like
        Differences.
    axis : int, default -1
        The axis of the pictures.

    Returns
    -------
    numpy.ndarray
        The effect size; infinite or missing where all differences are equal.

    References
    ----------
    Lakens (2013), Frontiers in Psychology 4:863, eq. 6.

    Examples
    --------
    >>> float(d_z([1.0, 2.0, 3.0]))
    2.0
    """
    d = np.asarray(differences, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(d.mean(axis=axis) / d.std(axis=axis, ddof=1))


def rank_biserial(differences: npt.ArrayLike) -> float:
    """Compute the matched-pairs rank-biserial correlation.

    Parameters
    ----------
    differences : array_like, shape (n,)
        Differences; zeros are left out.

    Returns
    -------
    float
        Favourable minus unfavourable share of the rank sum, -1..1; 0 where all are zero.

    References
    ----------
    Kerby (2014), Comprehensive Psychology 3:11.IT.3.1.

    Examples
    --------
    >>> rank_biserial([1.0, 2.0, -3.0])
    0.0
    """
    d = np.asarray(differences, dtype=np.float64)
    d = d[d != 0]
    if d.size == 0:
        return 0.0
    ranks = stats.rankdata(np.abs(d))
    return float(np.sum(ranks * np.sign(d)) / ranks.sum())


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


def paired_tests(
    a: npt.ArrayLike, b: npt.ArrayLike, draws: Draws, alternative: Alternative = "two-sided"
) -> list[dict[str, Any]]:
    """Compare two values of the same pictures by three tests.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        The values, picture by picture, finite.
    draws : Draws
        How resampling is done.
    alternative : {"two-sided", "greater", "less"}, default "two-sided"
        What p is of; "greater" expects a to exceed b. Intervals always have two sides.

    Returns
    -------
    list of dict
        One for each test, with n, mean_a, sd_a, mean_b, sd_b, estimate (mean of a - b),
        ci_low, ci_high, test, statistic, df, p, effect_size, effect_size_name,
        effect_ci_low, effect_ci_high.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    d = a - b
    low, high = bootstrap_interval(d, "mean", draws)
    shared = {
        "n": d.size,
        "mean_a": a.mean(),
        "sd_a": a.std(ddof=1) if d.size > 1 else np.nan,
        "mean_b": b.mean(),
        "sd_b": b.std(ddof=1) if d.size > 1 else np.nan,
        "estimate": d.mean(),
        "ci_low": low,
        "ci_high": high,
    }
    standardised = _standardised_effect(d, draws)
    return [
        shared | _permutation(d, draws, alternative) | standardised,
        shared | _t_test(d, alternative) | standardised,
        shared | _wilcoxon(d, alternative),
    ]


def _standardised_effect(d: Floats, draws: Draws) -> dict[str, Any]:
    """Give d_z and its interval, by the conventions for differences that do not vary."""
    effect = low = high = np.nan
    if not d.any():
        effect = 0.0 if d.size > 1 else np.nan
    elif d.size > 1 and not all_equal(d):
        effect = float(d_z(d))
        low, high = bootstrap_interval(d, "d_z", draws)
    return {
        "effect_size": effect,
        "effect_size_name": "d_z",
        "effect_ci_low": low,
        "effect_ci_high": high,
    }


def _permutation(d: Floats, draws: Draws, alternative: Alternative) -> dict[str, Any]:
    """Test the mean difference by sign flips."""
    p = sign_flip_p(d, draws, alternative) if d.size > 1 else np.nan
    return {"test": PERMUTATION, "statistic": d.mean(), "df": np.nan, "p": p}


def _t_test(d: Floats, alternative: Alternative) -> dict[str, Any]:
    """Test the mean difference by Student's t."""
    statistic = p = np.nan
    if d.size > 1 and not d.any():
        statistic, p = 0.0, 1.0
    elif d.size > 1 and not all_equal(d):
        result = stats.ttest_1samp(d, 0.0, alternative=alternative)
        statistic, p = float(result.statistic), float(result.pvalue)
    df = float(d.size - 1) if d.size > 1 else np.nan
    return {"test": T_TEST, "statistic": statistic, "df": df, "p": p}


def _wilcoxon(d: Floats, alternative: Alternative) -> dict[str, Any]:
    """Test the differences by Wilcoxon's signed ranks, zeros left out.

    Exact for up to 50 differences of distinct size, else by the normal approximation with its
    correction for ties.
    """
    statistic = p = effect = np.nan
    if d.size > 1 and not d.any():
        statistic, p, effect = 0.0, 1.0, 0.0
    elif d.size > 1:
        nonzero = d[d != 0]
        distinct = np.unique(np.abs(nonzero)).size == nonzero.size
        exact = distinct and nonzero.size <= 50
        method = "exact" if exact else "asymptotic"
        result = stats.wilcoxon(nonzero, method=method, alternative=alternative)
        # One-sided, SciPy gives the positive ranks' sum, which may be the greater one.
        total = nonzero.size * (nonzero.size + 1) / 2
        statistic = float(min(result.statistic, total - result.statistic))
        p, effect = float(result.pvalue), rank_biserial(d)
    return {
        "test": WILCOXON,
        "statistic": statistic,
        "df": np.nan,
        "p": p,
        "effect_size": effect,
        "effect_size_name": "r_rb",
        "effect_ci_low": np.nan,
        "effect_ci_high": np.nan,
    }
