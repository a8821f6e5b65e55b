"""What stands beside the p of a paired test: Bayes factor, sensitivity, assumptions.

Conventions where a number is not defined (it is then missing): fewer than two pictures, or
differences that do not vary, have no Bayes factor; fewer than three, no check of assumptions.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.integrate import trapezoid
from scipy.optimize import brentq

Floats = npt.NDArray[np.float64]
# The scale of the effect sizes that are expected, the usual "medium" of Morey and Rouder.
PRIOR_SCALE = 0.707
POWER = 0.8
_LOG_G = np.linspace(-8.0, 60.0, 3401)


def jzs_bayes_factor(t: float, n: int, *, scale: float = PRIOR_SCALE) -> float:
    """Compute the JZS Bayes factor of a paired t test.

    Parameters
    ----------
    t : float
        Student's t of the differences.
    n : int
        Number of pairs, 2 or more.
    scale : float, default 0.707
        Scale r of the Cauchy prior of the effect size.

    Returns
    -------
    float
        BF10: how much more likely the data are under a difference (of any direction) than under
        none; missing where t is.

    References
    ----------
    Rouder, Speckman, Sun, Morey and Iverson (2009), Psychonomic Bulletin & Review 16, eq. 1, with
    g multiplied by the square of the scale. The example is theirs.

    Examples
    --------
    >>> round(1 / jzs_bayes_factor(2.03, 80, scale=1.0), 2)
    1.56
    """
    if not np.isfinite(t) or n < 2:
        return np.nan
    df = n - 1
    # Over log g, in which the integrand is smooth and its tails are exponential.
    wide = 1 + n * scale**2 * np.exp(_LOG_G)
    log_likelihood = -0.5 * np.log(wide) - (df + 1) / 2 * np.log1p(t**2 / (wide * df))
    log_prior = -0.5 * np.log(2 * np.pi) - _LOG_G / 2 - np.exp(-_LOG_G) / 2
    log_null = -(df + 1) / 2 * np.log1p(t**2 / df)
    height = log_likelihood + log_prior - log_null
    top = height.max()
    with np.errstate(under="ignore", over="ignore"):
        return float(trapezoid(np.exp(height - top), _LOG_G) * np.exp(top))


@lru_cache(maxsize=512)
def detectable_d_z(n: int, *, power: float = POWER, alpha: float = 0.05) -> float:
    """Find the smallest effect that a two-sided paired t test of n pairs finds with some power.

    It is known from n alone, and says what the study could have found; power at the effect that
    was observed would say no more than its p.

    Parameters
    ----------
    n : int
        Number of pairs.
    power : float, default 0.8
        Wanted power.
    alpha : float, default 0.05
        Level of the test.

    Returns
    -------
    float
        d_z; missing for fewer than two pairs.

    References
    ----------
    Cohen (1988), Statistical power analysis for the behavioral sciences, ch. 2; by the
    noncentral distribution of t squared.

    Examples
    --------
    >>> round(detectable_d_z(34), 2)
    0.5
    """
    if n < 2:
        return np.nan
    enough = 1.0
    while t_test_power(enough, n, alpha=alpha) < power:
        enough *= 2
    return float(brentq(lambda d: t_test_power(d, n, alpha=alpha) - power, 0.0, enough))


def t_test_power(effect: float, n: int, *, alpha: float = 0.05) -> float:
    """Compute the power of a two-sided paired t test.

    Parameters
    ----------
    effect : float
        The true d_z.
    n : int
        Number of pairs, 2 or more.
    alpha : float, default 0.05
        Level of the test.

    Returns
    -------
    float
        Probability of p < alpha, for normal differences.

    Examples
    --------
    >>> round(t_test_power(0.0, 20), 3)
    0.05
    """
    # The square of t: SciPy's noncentral F keeps its digits where its noncentral t does not,
    # except without any shift.
    shift = max(effect**2 * n, 1e-12)
    return float(stats.ncf.sf(stats.f.isf(alpha, 1, n - 1), 1, n - 1, shift))


def normality_p(differences: npt.ArrayLike) -> float:
    """Test whether differences may come from a normal distribution (Shapiro and Wilk).

    Parameters
    ----------
    differences : array_like, shape (n,)
        One for each picture.

    Returns
    -------
    float
        p; missing for fewer than three pictures, and where differences do not vary.

    References
    ----------
    Shapiro and Wilk (1965), Biometrika 52.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.size < 3 or np.ptp(d) <= 1e-12 * np.abs(d).max():
        return np.nan
    # Beyond 5000 the approximation of p is not known to hold.
    return float(stats.shapiro(d - d.mean()).pvalue) if d.size <= 5000 else np.nan


def symmetry_p(differences: npt.ArrayLike) -> float:
    """Test whether differences may come from a symmetric distribution, about any centre.

    Parameters
    ----------
    differences : array_like, shape (n,)
        One for each picture.

    Returns
    -------
    float
        Two-sided p of the distance between mean and median, in the normal approximation; missing
        for fewer than ten pictures, and where differences do not vary.

    References
    ----------
    Miao, Gel and Gastwirth (2006), in Random walk, sequential analysis and related topics,
    World Scientific: their statistic and its variance for the normal distribution.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.size < 10 or np.ptp(d) <= 1e-12 * np.abs(d).max():
        return np.nan
    median = np.median(d)
    spread = np.sqrt(np.pi / 2) * np.abs(d - median).mean()
    z = np.sqrt(d.size) * (d.mean() - median) / spread / np.sqrt(np.pi / 2 - 1)
    return float(2 * stats.norm.sf(abs(z)))
