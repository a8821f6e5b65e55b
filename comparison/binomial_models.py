"""Binomial mixed models with crossed random terms, by Laplace's approximation.

The model is that of statsmodels' BinomialBayesMixedGLM: normal random effects on the logit, and a
normal prior on fixed effects. Its `fit_map` takes the joint mode of effects and variances, which
draws variances towards zero, and `fit_vb` understates uncertainty; here effects are integrated
out by Laplace's approximation and variances are at the maximum of what is left. Given these, the
joint mode of the effects draws logits towards zero (by 7 % with 20 people and 56 pictures), so
fixed effects are estimated by their mean, to first order. The tests hold the modes against
statsmodels' own gradient, the means against draws, and the estimates against simulated truth.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dtrtri
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
class _Data:
    """The answers, and which effects each of them has.

    `columns` has the cell of each answer and then its level of every term; `pairs` has a row for
    each answer, and a one for each pair of its columns, so that its transpose sums weights of
    answers into the matrix of cross products.
    """

    y: Floats
    columns: npt.NDArray[np.int64]
    pairs: sparse.csr_array
    term_of: npt.NDArray[np.int64]
    p: int

    def sums(self, values: Floats) -> Floats:
        """Sum values of answers, shape (n,), over the answers that have each effect."""
        each = np.repeat(values, self.columns.shape[1])
        size = self.p + len(self.term_of)
        return np.bincount(self.columns.ravel(), each, size).astype(np.float64)

    def products(self, weights: Floats) -> Floats:
        """Make the cross products of the effects' columns, each answer with its weight."""
        size = self.p + len(self.term_of)
        return np.asarray(self.pairs.T @ weights).reshape(size, size)


@dataclass(frozen=True)
class _Mode:
    """The most likely effects, given the standard deviations of the terms."""

    effects: Floats
    inverse: Floats
    criterion: float
    slope: Floats


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
    of the American Statistical Association, 88, section 2. Lindley (1980). Approximate Bayesian
    methods. Trabajos de Estadistica, 31, 223-237, for the mean.
    """
    y = np.asarray(right, dtype=np.float64)
    if np.ptp(y) == 0:
        raise InputError(
            f"A model of accuracy needs right and wrong answers, but all {len(y)} answers are "
            f"{'right' if y[0] else 'wrong'}. There is nothing to compare."
        )
    p, data = len(design.cells), _data(y, design)
    start = np.zeros(p + len(design.term_of))

    def by_logs(deviations: Floats) -> tuple[float, Floats]:
        mode = _mode(data, deviations, start)
        return mode.criterion, mode.slope * deviations

    deviations, converged = best_deviations(by_logs, len(design.terms))
    free = np.flatnonzero(deviations > 0)

    def model(parameters: Floats) -> tuple[Floats, Floats]:
        at = deviations.copy()
        at[free] = parameters
        mode = _mode(data, at, start)
        return mode.slope[free], mode.inverse[:p, :p]

    gradients, of_variances = variance_information(model, deviations[free])
    mode = _mode(data, deviations, start)
    beta, turn = _mean(data, deviations, mode)
    return Estimates(
        beta=beta,
        covariance=turn @ mode.inverse[:p, :p] @ turn.T,
        gradients=turn @ gradients.reshape(-1, p, p) @ turn.T,
        of_variances=of_variances,
        sd=dict(zip(design.terms, deviations.tolist(), strict=True)),
        df_most=float(len(y) - p),
        converged=converged,
        residuals=y - expit((_scales(data, deviations) * mode.effects)[data.columns].sum(axis=1)),
    )


def _data(y: Floats, design: Design) -> _Data:
    """List the effects of each answer."""
    matrix = sparse.csr_array(sparse.hstack([sparse.csr_array(design.fixed), design.random]))
    matrix.sort_indices()
    n, size = matrix.shape
    columns = matrix.indices.reshape(n, -1).astype(np.int64)
    both = (columns[:, :, None] * size + columns[:, None, :]).reshape(n, -1)
    ends = np.arange(n + 1) * both.shape[1]
    pairs = sparse.csr_array((np.ones(both.size), both.ravel(), ends), shape=(n, size**2))
    return _Data(y, columns, pairs, design.term_of, len(design.cells))


def _scales(data: _Data, deviations: Floats) -> Floats:
    """Give what each effect is multiplied by: fixed ones by 1, standard normal ones by their SD."""
    return np.concatenate([np.ones(data.p), deviations[data.term_of]])


def _precision(data: _Data) -> Floats:
    """Give the precision of each effect before any answer is seen."""
    return np.concatenate([np.full(data.p, PRIOR_SD**-2), np.ones(len(data.term_of))])


def _curvature(data: _Data, scales: Floats, effects: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute the share right of each answer, the cross products, and the Hessian's factor."""
    mean = expit((scales * effects)[data.columns].sum(axis=1))
    products = data.products(mean * (1 - mean))
    hessian = products * np.outer(scales, scales)
    hessian[np.diag_indices_from(hessian)] += _precision(data)
    factor = cholesky(hessian, lower=True, check_finite=False, overwrite_a=True)
    return mean, products, factor


def _spread(data: _Data, scales: Floats, inverse: Floats) -> Floats:
    """Compute the variance of each answer's logit."""
    return np.asarray(data.pairs @ (inverse * np.outer(scales, scales)).ravel())


def _mean(data: _Data, deviations: Floats, mode: _Mode) -> tuple[Floats, Floats]:
    """Compute the mean of the fixed effects to first order, and its derivative by their mode.

    The mean lies off the mode by what the third derivatives of the loss make of the spread.
    The derivative is along the way on which other answers would move the mode. A cell in which all
    answers are the same keeps its mode: there the prior decides, and the first order is not enough.
    """
    scales, p = _scales(data, deviations), data.p

    def mean_at(effects: Floats) -> Floats:
        mean, _, factor = _curvature(data, scales, effects)
        half, _ = dtrtri(factor, lower=1)
        third = mean * (1 - mean) * (1 - 2 * mean)
        pull = scales * data.sums(third * _spread(data, scales, half.T @ half))
        shift = -cho_solve((factor, True), pull, check_finite=False) / 2
        return np.asarray(effects + shift)[:p]

    ways = mode.inverse[:, :p] @ np.linalg.inv(mode.inverse[:p, :p])
    size = 1e-3
    turn = [
        (mean_at(mode.effects + size * way) - mean_at(mode.effects - size * way)) / (2 * size)
        for way in ways.T
    ]
    right, answers = data.sums(data.y)[:p], data.sums(np.ones(len(data.y)))[:p]
    same = (right == 0) | (right == answers)
    mean = np.where(same, mode.effects[:p], mean_at(mode.effects))
    return mean, np.where(same[:, None], np.eye(p), np.column_stack(turn))


def _mode(data: _Data, deviations: Floats, start: Floats) -> _Mode:
    """Find the mode of fixed and (standard normal) random effects by Newton's method.

    `start` is where it begins, and becomes the mode, so that the next search is short.
    """
    scales, precision = _scales(data, deviations), _precision(data)

    def loss(effects: Floats) -> float:
        eta = (scales * effects)[data.columns].sum(axis=1)
        return float(np.sum(np.logaddexp(0.0, eta) - data.y * eta) + precision @ effects**2 / 2)

    effects, now = start.copy(), loss(start)
    for _ in range(_NEWTON_STEPS):
        mean, products, factor = _curvature(data, scales, effects)
        slope = scales * data.sums(mean - data.y) + precision * effects
        step = cho_solve((factor, True), slope, check_finite=False)
        if slope @ step < 1e-18 * max(1.0, now):
            break
        length = 1.0
        while loss(effects - length * step) > now and length > 1e-8:
            length /= 2
        effects = effects - length * step
        now = loss(effects)
    start[:] = effects
    half, _ = dtrtri(factor, lower=1)
    inverse = half.T @ half
    determinant = 2 * float(np.log(np.diag(factor)).sum())
    by_sd = _slope(data, scales, effects, mean, products, inverse)
    return _Mode(effects, inverse, 2 * now + determinant, by_sd)


def _slope(
    data: _Data,
    scales: Floats,
    effects: Floats,
    mean: Floats,
    products: Floats,
    inverse: Floats,
) -> Floats:
    """Compute the criterion's derivatives by the standard deviations, at the mode.

    The loss changes with a deviation alone, for it is level in the effects. The determinant
    changes with the deviation, and with the weights of the answers, which follow the effects.
    """
    weights = mean * (1 - mean)
    spread = _spread(data, scales, inverse)
    effect_of = np.concatenate([np.full(data.p, -1), data.term_of])
    residual = data.sums(mean - data.y)
    slopes = np.empty(data.columns.shape[1] - 1)
    for term in range(len(slopes)):
        own = effect_of == term
        moved = effects[data.columns[:, term + 1]]
        pull = scales * data.sums(weights * moved) + own * residual
        shift = moved - (scales * (inverse @ pull))[data.columns].sum(axis=1)
        direct = float(np.sum(products[own] * scales * inverse[own]))
        turned = float(spread @ (weights * (1 - 2 * mean) * shift))
        slopes[term] = 2 * float((mean - data.y) @ moved) + 2 * direct + turned
    return slopes


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
