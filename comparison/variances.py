"""Variance parameters of mixed models: their best values, and how well these are known.

A model is known here by its criterion, minus twice the (restricted) log likelihood as a function
of the standard deviations of its random terms, and by the slope of it.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
# Logs of standard deviations between which they are sought.
_LOG_BOUNDS = (-7.0, 5.0)
# A term without which the criterion is no more than this above its minimum has no variance.
_NEGLIGIBLE = 1e-6


def best_deviations(
    criterion: Callable[[Floats], tuple[float, Floats]], n_terms: int
) -> tuple[Floats, bool]:
    """Find the standard deviations at which a criterion is least.

    Parameters
    ----------
    criterion : callable
        From standard deviations, shape (n_terms,), none negative, on a scale on which values
        near 1 are large, to the criterion and its derivatives by their logs, shape (n_terms,).
    n_terms : int
        Number of random terms.

    Returns
    -------
    deviations : ndarray of float, shape (n_terms,)
        The best ones; exactly 0 for terms that are not needed.
    converged : bool
        Whether the criterion is level there.
    """

    def at_logs(logs: Floats) -> tuple[float, Floats]:
        return criterion(np.exp(logs))

    start = np.full(n_terms, np.log(0.5))
    for _ in range(n_terms + 1):
        best = minimize(
            at_logs,
            start,
            method="L-BFGS-B",
            jac=True,
            bounds=[_LOG_BOUNDS] * n_terms,
            options={"ftol": 1e-13, "gtol": 1e-5, "maxiter": 200},
        )
        found = _without_idle_terms(criterion, np.exp(best.x), float(best.fun))
        # Near zero the criterion is flat: a term that strayed there is brought back if it helps.
        lowest = criterion(found)[0]
        lost = np.array(
            [
                value == 0 and criterion(_replaced(found, place, 0.05))[0] < lowest
                for place, value in enumerate(found)
            ]
        )
        if not lost.any():
            break
        start = np.log(np.where(lost, 0.1, np.maximum(found, 0.01)))
    slope = np.abs(best.jac[found > 0]).max(initial=0.0)
    return found, bool(slope < 0.01 and not lost.any())


def _replaced(values: Floats, place: int, value: float) -> Floats:
    """Copy values with one of them replaced."""
    copy = values.copy()
    copy[place] = value
    return copy


def _without_idle_terms(
    criterion: Callable[[Floats], tuple[float, Floats]], deviations: Floats, least: float
) -> Floats:
    """Set terms to zero that the criterion can do without."""
    for place in range(len(deviations)):
        without = _replaced(deviations, place, 0.0)
        if criterion(without)[0] <= least + _NEGLIGIBLE:
            deviations = without
    return deviations


def variance_information(
    model: Callable[[Floats], tuple[Floats, Floats]], at: Floats
) -> tuple[Floats, Floats]:
    """Tell how well variance parameters are known, and what the covariance owes to each.

    Parameters
    ----------
    model : callable
        From parameters, shape (v,), to the derivatives of minus twice the log likelihood by them,
        shape (v,), and the covariance of the fixed effects, shape (p, p).
    at : ndarray of float, shape (v,)
        The parameters at the optimum, none of them zero.

    Returns
    -------
    gradients : ndarray of float, shape (v, p, p)
        Derivatives of the covariance of the fixed effects.
    of_variances : ndarray of float, shape (v, v)
        Covariance of the parameters: twice the inverse of the Hessian, by central differences.

    References
    ----------
    Kuznetsova, Brockhoff and Christensen (2017). lmerTest package: tests in linear mixed effects
    models. Journal of Statistical Software, 82(13), section 2.
    """
    v = len(at)
    gradients, hessian = [], np.empty((v, v))
    for place, size in enumerate(1e-3 * np.maximum(np.abs(at), 0.05)):
        step = _replaced(np.zeros(v), place, size)
        up, down = model(at + step), model(at - step)
        gradients.append((up[1] - down[1]) / (2 * size))
        hessian[place] = (up[0] - down[0]) / (2 * size)
    return np.array(gradients), 2.0 * np.linalg.pinv((hessian + hessian.T) / 2, hermitian=True)
