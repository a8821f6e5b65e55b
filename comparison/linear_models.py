"""Linear mixed models with crossed random terms, by restricted maximum likelihood.

The criterion is that of lme4 (Bates et al., 2015): everything that depends on the data is a cross
product that is made once, so one evaluation costs one Cholesky factor of the random effects.
statsmodels' MixedLM finds the same estimates (see the tests), but it knows no degrees of
freedom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.sparse.csgraph import connected_components

from comparison.crossed_design import Design
from comparison.estimates import Estimates, Floats
from comparison.variances import best_deviations, variance_information
from study.errors import InputError


@dataclass(frozen=True)
class _Part:
    """One block of random effects: its columns, the cells it has, and its right-hand sides."""

    columns: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    zx: Floats
    zy: Floats


@dataclass
class _Block:
    """Blocks of random effects that share no observation and have the same cross products."""

    term_of: npt.NDArray[np.int64]
    zz: Floats
    parts: list[_Part]

    def factor(self, theta: Floats) -> tuple[Floats, Floats]:
        """Give the relative deviations of the effects and the Cholesky factor of a block."""
        relative = theta[self.term_of]
        matrix = self.zz * np.outer(relative, relative)
        matrix[np.diag_indices_from(matrix)] += 1.0
        return relative, cholesky(matrix, lower=True, check_finite=False)


@dataclass(frozen=True)
class _Products:
    """Cross products of the whole model."""

    blocks: Sequence[_Block]
    xx: Floats
    xy: Floats
    yy: float
    n: int


def fit_linear(values: npt.ArrayLike, design: Design) -> Estimates:
    """Fit a linear mixed model.

    Parameters
    ----------
    values : array_like, shape (n,)
        What was measured, finite.
    design : Design
        Cells and random terms.

    Returns
    -------
    Estimates
        Cell means, their covariance and what their tests need. Terms whose variance is estimated
        as zero (a singular fit) count as left out.

    Raises
    ------
    InputError
        If the values do not vary within cells, or there are no more of them than cells.

    References
    ----------
    Bates, Maechler, Bolker and Walker (2015). Fitting linear mixed-effects models using lme4.
    Journal of Statistical Software, 67(1), eq. 39 to 42.
    """
    y = np.asarray(values, dtype=np.float64)
    n, p = design.fixed.shape
    centre = y.mean()
    scale = float(np.sqrt(_within_cells(y, design)))
    if n <= p or scale <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise InputError(
            f"A mixed model needs values that vary within conditions, but the {n} values of "
            f"{p} conditions do not. There is nothing to test."
        )
    # On this scale the criterion's differences are well above rounding, whatever the unit.
    products = _products((y - centre) / scale, design)
    theta, converged = best_deviations(partial(_profiled, products), len(design.terms))
    free = np.flatnonzero(theta > 0)
    beta, unit, rss = _solve(products, theta)[2:5]
    sigma = float(np.sqrt(rss / (n - p)))
    at = np.append(theta[free], np.log(sigma))
    model = partial(_criterion, products, theta, free)
    gradients, of_variances = variance_information(model, at)
    effects = _random_effects(products, theta, beta, design)
    fitted = design.fixed @ beta + design.random @ effects
    sd = dict(zip(design.terms, (theta * sigma * scale).tolist(), strict=True))
    return Estimates(
        beta=beta * scale + centre,
        covariance=unit * (sigma * scale) ** 2,
        gradients=gradients * scale**2,
        of_variances=of_variances,
        sd=sd | {"residual": sigma * scale},
        df_most=float(n - p),
        converged=converged,
        residuals=y - centre - fitted * scale,
    )


def _within_cells(y: Floats, design: Design) -> float:
    """Compute the variance around the means of cells."""
    means = (design.fixed.T @ y) / design.fixed.sum(axis=0)
    return float(np.mean((y - design.fixed @ means) ** 2))


def _products(y: Floats, design: Design) -> _Products:
    """Make the cross products, in blocks of random effects that are tied together."""
    x, z = design.fixed, design.random
    zz = z.T @ z
    n_blocks, block_of = connected_components(zz, directed=False)
    zx, zy = z.T @ x, z.T @ y
    blocks: list[_Block] = []
    for number in range(n_blocks):
        own = np.flatnonzero(block_of == number)
        cells = np.flatnonzero(zx[own].any(axis=0))
        part = _Part(own, cells, zx[np.ix_(own, cells)], zy[own])
        dense, term_of = zz[own][:, own].toarray(), design.term_of[own]
        # The contrasts of regions are as many blocks alike: one factor serves them all.
        for block in blocks:
            if np.array_equal(block.term_of, term_of) and np.array_equal(block.zz, dense):
                block.parts.append(part)
                break
        else:
            blocks.append(_Block(term_of, dense, [part]))
    return _Products(blocks, x.T @ x, x.T @ y, float(y @ y), len(y))


def _solve(products: _Products, theta: Floats) -> tuple[float, float, Floats, Floats, float]:
    """Solve for the fixed effects, given the standard deviations relative to the residual's.

    Returns the log determinants of random and of fixed effects, the fixed effects, their
    covariance over the residual variance, and the penalised sum of squares.
    """
    log_random, yy = 0.0, products.yy
    xx, xy = products.xx.copy(), products.xy.copy()
    for block in products.blocks:
        relative, factor = block.factor(theta)
        log_random += len(block.parts) * float(np.log(np.diag(factor)).sum())
        sides = [np.column_stack([part.zx, part.zy]) for part in block.parts]
        right = np.hstack(sides) * relative[:, None]
        solved = solve_triangular(factor, right, lower=True, check_finite=False)
        ends = np.cumsum([side.shape[1] for side in sides])[:-1]
        for part, own in zip(block.parts, np.split(solved, ends, axis=1), strict=True):
            products_of = own.T @ own
            xx[np.ix_(part.cells, part.cells)] -= products_of[:-1, :-1]
            xy[part.cells] -= products_of[:-1, -1]
            yy -= float(products_of[-1, -1])
    log_fixed = float(np.linalg.slogdet(xx)[1]) / 2
    unit = np.linalg.inv(xx)
    beta = unit @ xy
    return log_random, log_fixed, beta, unit, max(float(yy - xy @ beta), 1e-300)


def _profiled(products: _Products, theta: Floats) -> float:
    """Compute the restricted criterion with the residual variance at its best."""
    log_random, log_fixed, beta, _, rss = _solve(products, theta)
    df = products.n - len(beta)
    return 2 * (log_random + log_fixed) + df * (1 + float(np.log(2 * np.pi * rss / df)))


def _criterion(
    products: _Products, theta: Floats, free: npt.NDArray[np.int64], parameters: Floats
) -> tuple[float, Floats]:
    """Compute the restricted criterion and the fixed effects' covariance.

    Parameters are the relative standard deviations that are not zero, and the log of the
    residual's.
    """
    relative = theta.copy()
    relative[free] = parameters[:-1]
    log_random, log_fixed, beta, unit, rss = _solve(products, relative)
    variance = float(np.exp(2 * parameters[-1]))
    df = products.n - len(beta)
    likelihood = df * float(np.log(2 * np.pi * variance)) + rss / variance
    return 2 * (log_random + log_fixed) + likelihood, unit * variance


def _random_effects(products: _Products, theta: Floats, beta: Floats, design: Design) -> Floats:
    """Predict every random effect."""
    effects = np.zeros(len(design.term_of))
    for block in products.blocks:
        relative, factor = block.factor(theta)
        for part in block.parts:
            right = relative * (part.zy - part.zx @ beta[part.cells])
            solved = cho_solve((factor, True), right, check_finite=False)
            effects[part.columns] = relative * solved
    return effects
