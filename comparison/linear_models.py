"""Linear mixed models with crossed random terms, by restricted maximum likelihood.

The criterion is that of lme4 (Bates et al., 2015): everything that depends on the data is a cross
product that is made once, so one evaluation costs one Cholesky factor of the random effects, and
its inverse gives the slope.
statsmodels' MixedLM finds the same estimates (see the tests), but it knows no degrees of
freedom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky
from scipy.linalg.lapack import dtrtri
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
    sides: Floats


@dataclass
class _Block:
    """Blocks of random effects that share no observation and have the same cross products."""

    term_of: npt.NDArray[np.int64]
    zz: Floats
    parts: list[_Part]

    def inverse_factor(self, relative: Floats) -> Floats:
        """Invert the Cholesky factor of a block, given the relative deviations of its effects."""
        matrix = self.zz * np.outer(relative, relative)
        matrix[np.diag_indices_from(matrix)] += 1.0
        factor = cholesky(matrix, lower=True, check_finite=False, overwrite_a=True)
        inverse, _ = dtrtri(factor, lower=1)
        return np.asarray(inverse)


@dataclass(frozen=True)
class _Products:
    """Cross products of the whole model."""

    blocks: Sequence[_Block]
    term_of: npt.NDArray[np.int64]
    xx: Floats
    xy: Floats
    yy: float
    df: int


@dataclass(frozen=True)
class _Solution:
    """What follows from the standard deviations relative to the residual's.

    `unit` is the covariance of the fixed effects over the residual variance, `effects` are the
    random effects over their standard deviations, `determinants` the log determinants of random
    and fixed effects together, `rss` the penalised sum of squares; the slopes of the last two are
    by the logs of the standard deviations.
    """

    beta: Floats
    unit: Floats
    effects: Floats
    determinants: float
    rss: float
    determinants_slope: Floats
    rss_slope: Floats


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
    Journal of Statistical Software, 67(1), eq. 39 to 42. The slope is that of Searle, Casella and
    McCulloch (1992). Variance Components, chapter 6.
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
    best = _solve(products, theta)
    sigma = float(np.sqrt(best.rss / products.df))
    at = np.append(theta[free], np.log(sigma))
    gradients, of_variances = variance_information(partial(_slope, products, theta, free), at)
    effects = theta[design.term_of] * best.effects
    fitted = design.fixed @ best.beta + design.random @ effects
    sd = dict(zip(design.terms, (theta * sigma * scale).tolist(), strict=True))
    return Estimates(
        beta=best.beta * scale + centre,
        covariance=best.unit * (sigma * scale) ** 2,
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
    sides = np.column_stack([z.T @ x, z.T @ y])
    blocks: list[_Block] = []
    for number in range(n_blocks):
        own = np.flatnonzero(block_of == number)
        cells = np.flatnonzero(sides[own, :-1].any(axis=0))
        part = _Part(own, cells, sides[np.ix_(own, np.append(cells, -1))])
        dense, term_of = zz[own][:, own].toarray(), design.term_of[own]
        # The contrasts of regions are as many blocks alike: one factor serves them all.
        for block in blocks:
            if np.array_equal(block.term_of, term_of) and np.array_equal(block.zz, dense):
                block.parts.append(part)
                break
        else:
            blocks.append(_Block(term_of, dense, [part]))
    df = len(y) - x.shape[1]
    return _Products(blocks, design.term_of, x.T @ x, x.T @ y, float(y @ y), df)


def _solve(products: _Products, theta: Floats) -> _Solution:
    """Solve for fixed and random effects, given the relative standard deviations."""
    log_random, yy = 0.0, products.yy
    xx, xy = products.xx.copy(), products.xy.copy()
    solved: list[tuple[_Part, Floats, Floats]] = []
    for block in products.blocks:
        relative = theta[block.term_of]
        inverse = block.inverse_factor(relative)
        log_random -= len(block.parts) * float(np.log(np.diag(inverse)).sum())
        shares = 1.0 - np.einsum("ij,ij->j", inverse, inverse)
        for part in block.parts:
            half = inverse @ (relative[:, None] * part.sides)
            products_of = half.T @ half
            xx[np.ix_(part.cells, part.cells)] -= products_of[:-1, :-1]
            xy[part.cells] -= products_of[:-1, -1]
            yy -= float(products_of[-1, -1])
            solved.append((part, shares, inverse.T @ half))
    log_fixed = float(np.linalg.slogdet(xx)[1]) / 2
    unit = np.linalg.inv(xx)
    beta = unit @ xy
    effects, slopes = np.empty((2, len(products.term_of)))
    for part, shares, side in solved:
        of_cells, own = side[:, :-1], unit[np.ix_(part.cells, part.cells)]
        effects[part.columns] = side[:, -1] - of_cells @ beta[part.cells]
        slopes[part.columns] = shares - np.einsum("ij,ij->i", of_cells @ own, of_cells)
    return _Solution(
        beta=beta,
        unit=unit,
        effects=effects,
        determinants=2 * (log_random + log_fixed),
        rss=max(float(yy - xy @ beta), 1e-300),
        determinants_slope=2 * _by_term(products, slopes, len(theta)),
        rss_slope=-2 * _by_term(products, effects**2, len(theta)),
    )


def _by_term(products: _Products, values: Floats, n_terms: int) -> Floats:
    """Sum what belongs to the effects of each term."""
    return np.bincount(products.term_of, values, n_terms).astype(np.float64)


def _profiled(products: _Products, theta: Floats) -> tuple[float, Floats]:
    """Compute the restricted criterion with the residual variance at its best, and its slope."""
    found, df = _solve(products, theta), products.df
    value = found.determinants + df * (1 + float(np.log(2 * np.pi * found.rss / df)))
    return value, found.determinants_slope + found.rss_slope * df / found.rss


def _slope(
    products: _Products, theta: Floats, free: npt.NDArray[np.int64], parameters: Floats
) -> tuple[Floats, Floats]:
    """Compute the slope of the restricted criterion and the fixed effects' covariance.

    Parameters are the relative standard deviations that are not zero, and the log of the
    residual's.
    """
    relative = theta.copy()
    relative[free] = parameters[:-1]
    found = _solve(products, relative)
    variance = float(np.exp(2 * parameters[-1]))
    by_logs = found.determinants_slope + found.rss_slope / variance
    by_residual = 2 * (products.df - found.rss / variance)
    return np.append(by_logs[free] / relative[free], by_residual), found.unit * variance
