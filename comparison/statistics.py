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

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from comparison.resampling import Alternative, Draws, all_equal, bootstrap_interval, sign_flip_p

Floats = npt.NDArray[np.float64]
PERMUTATION, T_TEST, WILCOXON = "sign-flip permutation", "paired t", "Wilcoxon signed-rank"


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
