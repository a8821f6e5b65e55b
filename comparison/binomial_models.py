"""Binomial mixed models with crossed random terms, by Laplace's approximation.

The model is that of statsmodels' BinomialBayesMixedGLM: normal random effects on the logit, and a
normal prior on fixed effects. Its `fit_map` takes the joint mode of effects and variances, which
draws variances towards zero, and `fit_vb` understates uncertainty; here effects are integrated
out by Laplace's approximation and variances are at the maximum of what is left. The tests hold
the modes against statsmodels' own gradient, and the estimates against simulated truth.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from comparison.crossed_design import Design
from comparison.estimates import Estimates, Floats
from comparison.variances import best_deviations, variance_information
from study.errors import InputError

PRIOR_SD = 5.0
"""Standard deviation of the prior of each cell's logit (mean 0).

It keeps a cell in which every answer is right from an infinite logit; a logit of 2 whose standard
error is 0.2 is moved by 0.003.
"""
_NEWTON_STEPS = 60


@dataclass(frozen=True)
class _Mode:
    """The most likely effects, given the standard deviations of the terms."""

    effects: Floats
    inverse: Floats
    criterion: float


def fit_binomial(right: npt.ArrayLike, design: Design) -> Estimates:
    """Fit a binomial mixed model with a logit link.

    Parameters
    ----------
    right : array_like of bool, shape (n,)
        Whether each answer is right.
    design : Design
        Cells and random terms.

    Returns
    -------
    Estimates
        Logits of the cells, for a participant and a picture whose effects are zero.

    Raises
    ------
    InputError
        If all answers are right, or all are wrong.

    References
    ----------
    Breslow and Clayton (1993). Approximate inference in generalized linear mixed models. Journal
    of the American Statistical Association, 88, section 2.
    """
    y = np.asarray(right, dtype=np.float64)
    if np.ptp(y) == 0:
        raise InputError(
            f"A model of accuracy needs right and wrong answers, but all {len(y)} answers are "
            f"{'right' if y[0] else 'wrong'}. There is nothing to compare."
        )
    p = len(design.cells)
    matrix = sparse.csr_array(sparse.hstack([sparse.csr_array(design.fixed), design.random]))
    start = np.zeros(matrix.shape[1])
    find = partial(_mode, y, matrix, design, start=start)
    deviations, converged = best_deviations(lambda sd: find(sd).criterion, len(design.terms))
    free = np.flatnonzero(deviations > 0)

    def model(parameters: Floats) -> tuple[float, Floats]:
        at = deviations.copy()
        at[free] = parameters
        mode = find(at)
        return mode.criterion, mode.inverse[:p, :p]

    gradients, of_variances = variance_information(model, deviations[free])
    mode = find(deviations)
    return Estimates(
        beta=mode.effects[:p],
        covariance=mode.inverse[:p, :p],
        gradients=gradients.reshape(-1, p, p),
        of_variances=of_variances,
        sd=dict(zip(design.terms, deviations.tolist(), strict=True)),
        df_most=float(len(y) - p),
        converged=converged,
        residuals=y - expit(matrix @ (_scales(design, deviations) * mode.effects)),
    )


def _scales(design: Design, deviations: Floats) -> Floats:
    """Give what each effect is multiplied by: fixed ones by 1, standard normal ones by their SD."""
    return np.concatenate([np.ones(len(design.cells)), deviations[design.term_of]])


def _mode(
    y: Floats, matrix: sparse.csr_array, design: Design, deviations: Floats, *, start: Floats
) -> _Mode:
    """Find the mode of fixed and (standard normal) random effects by Newton's method.

    `start` is where it begins, and becomes the mode, so that the next search is short.
    """
    scales = _scales(design, deviations)
    scaled = sparse.csr_array(matrix * scales[None, :])
    p = len(design.cells)
    precision = np.concatenate([np.full(p, PRIOR_SD**-2), np.ones(len(scales) - p)])

    def loss(effects: Floats) -> float:
        eta = scaled @ effects
        return float(np.sum(np.logaddexp(0.0, eta) - y * eta) + precision @ effects**2 / 2)

    effects, now = start.copy(), loss(start)
    for _ in range(_NEWTON_STEPS):
        mean = expit(scaled @ effects)
        slope = scaled.T @ (mean - y) + precision * effects
        curvature = (scaled.T @ (scaled * (mean * (1 - mean))[:, None])).toarray()
        curvature[np.diag_indices_from(curvature)] += precision
        factor = cho_factor(curvature, check_finite=False)
        step = cho_solve(factor, slope, check_finite=False)
        if slope @ step < 1e-18 * max(1.0, now):
            break
        length = 1.0
        while loss(effects - length * step) > now and length > 1e-8:
            length /= 2
        effects = effects - length * step
        now = loss(effects)
    start[:] = effects
    inverse = cho_solve(factor, np.eye(len(effects))[:, :p], check_finite=False)
    determinant = 2 * float(np.log(np.diag(factor[0])).sum())
    return _Mode(effects, inverse, 2 * now + determinant)


def average_share(logit: npt.ArrayLike, sd: float) -> Floats:
    """Average the share that belongs to a logit over normal random effects.

    Parameters
    ----------
    logit : array_like
        Of a participant and a picture without effects of their own.
    sd : float
        Standard deviation of all random effects together.

    Returns
    -------
    ndarray of float
        The share that is expected over participants and pictures, by Gauss-Hermite quadrature of
        30 points.

    Examples
    --------
    >>> average_share([0.0, 2.0], 1.0).round(3).tolist()
    [0.5, 0.845]
    """
    points, weights = np.polynomial.hermite_e.hermegauss(30)
    eta = np.asarray(logit, dtype=np.float64)[..., None] + sd * points
    return np.asarray(expit(eta) @ (weights / weights.sum()))
