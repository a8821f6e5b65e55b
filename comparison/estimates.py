"""What a mixed model estimates, and its tests: t and F with Satterthwaite's degrees of freedom."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """The fixed effects of a fitted model and how well they are known.

    Parameters
    ----------
    beta : ndarray of float, shape (p,)
        Fixed effects.
    covariance : ndarray of float, shape (p, p)
        Their covariance.
    gradients : ndarray of float, shape (v, p, p)
        Its derivatives by the v variance parameters that are not zero.
    of_variances : ndarray of float, shape (v, v)
        Covariance of these parameters.
    sd : dict of str to float
        Standard deviation of each random term, and of the residual where there is one.
    df_most : float
        The degrees of freedom if all variances were known but one residual: n - p.
    converged : bool
        Whether the variances are at an optimum.
    residuals : ndarray of float, shape (n,)
        Observed minus fitted, random effects among the fitted.
    """

    beta: Floats
    covariance: Floats
    gradients: Floats = field(repr=False)
    of_variances: Floats = field(repr=False)
    sd: dict[str, float]
    df_most: float
    converged: bool
    residuals: Floats = field(repr=False)

    @property
    def singular(self) -> list[str]:
        """Random terms whose variance is estimated as zero."""
        return [name for name, value in self.sd.items() if name != "residual" and value == 0]

    @property
    def total_sd(self) -> float:
        """Square root of the sum of all variances, by which effects are standardised."""
        return math.hypot(*self.sd.values())


def _degrees(found: Estimates, weights: Floats) -> float:
    """Compute Satterthwaite's degrees of freedom of one combination of fixed effects."""
    variance = float(weights @ found.covariance @ weights)
    gradient = np.einsum("vij,i,j->v", found.gradients, weights, weights)
    spread = float(gradient @ found.of_variances @ gradient)
    if spread <= 0 or 2 * variance**2 >= spread * found.df_most:
        return found.df_most
    return max(2 * variance**2 / spread, 1.0)


def t_test(
    found: Estimates, weights: npt.ArrayLike, confidence: float = 0.95, against: float = 0.0
) -> dict[str, Any]:
    """Test whether a combination of fixed effects is zero, or another number.

    Parameters
    ----------
    found : Estimates
        The fitted model.
    weights : array_like, shape (p,)
        Of the fixed effects.
    confidence : float, default 0.95
        Of the interval.
    against : float, default 0.0
        The number, which is taken off the estimate.

    Returns
    -------
    dict
        estimate, ci_low, ci_high, test, statistic, df1 (Satterthwaite's) and p.
    """
    row = np.asarray(weights, dtype=np.float64)
    estimate = float(row @ found.beta) - against
    error = float(np.sqrt(row @ found.covariance @ row))
    df = _degrees(found, row)
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * error
    statistic = estimate / error
    return {
        "estimate": estimate,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "test": "Satterthwaite t",
        "statistic": statistic,
        "df1": df,
        "p": float(2 * stats.t.sf(abs(statistic), df)),
    }


def f_test(found: Estimates, rows: npt.ArrayLike) -> dict[str, Any]:
    """Test whether several combinations of fixed effects are all zero.

    Parameters
    ----------
    found : Estimates
        The fitted model.
    rows : array_like, shape (r, p)
        Linearly independent combinations.

    Returns
    -------
    dict
        test, statistic, df1, df2 (Satterthwaite's) and p.

    References
    ----------
    Kuznetsova, Brockhoff and Christensen (2017), section 2; Fai and Cornelius (1996), Journal of
    Statistical Computation and Simulation, 54.
    """
    matrix = np.atleast_2d(np.asarray(rows, dtype=np.float64))
    values, vectors = np.linalg.eigh(matrix @ found.covariance @ matrix.T)
    turned = vectors.T @ matrix
    statistic = float(np.mean((turned @ found.beta) ** 2 / values))
    each = np.array([_degrees(found, row) for row in turned])
    df1 = len(matrix)
    if each.min() <= 2:
        df2 = 2.0
    elif np.ptp(each) < 1e-8 * each.max():
        df2 = float(each[0])
    else:
        expected = np.sum(each / (each - 2))
        df2 = float(2 * expected / (expected - df1))
    return {
        "test": "Satterthwaite F",
        "statistic": statistic,
        "df1": float(df1),
        "df2": df2,
        "p": float(stats.f.sf(statistic, df1, df2)),
    }


def partial_eta_squared(
    statistic: float, df1: float, df2: float, confidence: float = 0.90
) -> tuple[float, float, float]:
    """Turn an F value into the share of variance, with its interval.

    Parameters
    ----------
    statistic, df1, df2 : float
        F and its degrees of freedom.
    confidence : float, default 0.90
        Of the interval; 90 % agrees with the test at 5 %, for the share cannot be negative.

    Returns
    -------
    share, low, high : float
        Partial eta squared and the ends of its interval, 0..1.

    References
    ----------
    Steiger (2004). Beyond the F test. Psychological Methods, 9, 164-182, eq. 21 and 28.

    Examples
    --------
    >>> [round(value, 3) for value in partial_eta_squared(6.0, 2, 30)]
    [0.286, 0.056, 0.443]
    """
    from scipy.optimize import brentq

    share = statistic * df1 / (statistic * df1 + df2)
    ends = []
    for wanted in ((1 + confidence) / 2, (1 - confidence) / 2):

        def excess(noncentral: float, wanted: float = wanted) -> float:
            return float(stats.ncf.cdf(statistic, df1, df2, noncentral)) - wanted

        if stats.f.cdf(statistic, df1, df2) <= wanted:
            ends.append(0.0)
            continue
        top = statistic * df1 + 10.0
        while excess(top) > 0:
            top *= 2
        lowest = 1e-9
        noncentral = float(brentq(excess, lowest, top)) if excess(lowest) > 0 else 0.0
        ends.append(noncentral / (noncentral + df1 + df2 + 1))
    return share, ends[0], ends[1]
