"""Map metrics: how alike two maps are over the same cells, whatever they are maps of.

All functions take maps flattened to their last axis, and several maps at once along the axes
before it. `prediction` is the map that is judged (relevance, say), `gaze` the density of where
people looked. Two conventions for maps without information:

- a constant map has the correlation 0 with everything;
- SIM, KL and the earth mover's distance need densities. The negative part of a signed map is cut
  off (shifting a map by its minimum instead would make any two of them alike); a map with nothing
  positive becomes the uniform density.
"""

import numpy as np
import numpy.typing as npt

from study.errors import InputError

Floats = npt.NDArray[np.float64]
# Keeps the logarithm finite; the value of the MIT/Tuebingen saliency benchmark.
KL_EPSILON = 2.2204e-16

# Every metric, and what its values are.
METRICS = {
    "CC": "Pearson's correlation over the cells",
    "SIM": "shared mass of the densities, 0..1",
    "KL": "divergence of gaze from the map, nats; less is better",
    "EMD": "earth mover's distance, per cent of the picture's width, on a coarser grid; less is "
    "better",
    "NSS": "mean z-score of the map at the fixations",
    "AUC": "area under the ROC curve of fixated against other cells (Judd)",
    "sAUC": "the same against the cells fixated on other pictures (shuffled)",
    "IG": "information gain over the centre map, bits for each fixation",
    "rho": "Spearman's rank correlation over the cells",
    "CC_tiles": "Pearson's correlation over the tiles of the perturbation",
    "rho_tiles": "Spearman's rank correlation over these tiles",
    "rho_regions": "Spearman's rank correlation over the face's regions, of the mean in each",
}
LESS_IS_BETTER = ("KL", "EMD")
CORRELATIONS = ("CC", "rho", "CC_tiles", "rho_tiles", "rho_regions")
OF_FIXATIONS = ("NSS", "AUC", "sAUC", "IG")


def as_density(values: npt.ArrayLike) -> Floats:
    """Turn maps into densities over their cells, by their positive part.

    Parameters
    ----------
    values : array_like, shape (..., n_cells)
        Maps of either sign.

    Returns
    -------
    numpy.ndarray, shape (..., n_cells)
        Non-negative, each map's sum is 1; uniform where a map has no positive value.

    Examples
    --------
    >>> as_density([-1.0, 1.0, 3.0])
    array([0.  , 0.25, 0.75])
    >>> as_density([-1.0, 0.0])
    array([0.5, 0.5])
    """
    positive = np.clip(np.asarray(values, dtype=np.float64), 0.0, None)
    total = positive.sum(axis=-1, keepdims=True)
    empty = total <= 0
    return np.where(empty, 1.0 / positive.shape[-1], positive / np.where(empty, 1.0, total))


def standardise(values: npt.ArrayLike) -> Floats:
    """Bring maps to mean 0 and standard deviation 1; constant maps to 0.

    Parameters
    ----------
    values : array_like, shape (..., n_cells)
        Maps.

    Returns
    -------
    numpy.ndarray, shape (..., n_cells)
        The z-scores, by the standard deviation over all cells (not over all but one).

    Examples
    --------
    >>> standardise([1.0, 3.0])
    array([-1.,  1.])
    >>> standardise([2.0, 2.0])
    array([0., 0.])
    """
    values = np.asarray(values, dtype=np.float64)
    centred = values - values.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True))
    # The deviation of a constant map is rounding: a share of its values, never zero for sure.
    flat = deviation <= 1e-12 * np.abs(values).max(axis=-1, keepdims=True)
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, deviation))


def cc(prediction: npt.ArrayLike, gaze: npt.ArrayLike) -> Floats:
    """Compute the correlation coefficient of maps.

    Parameters
    ----------
    prediction, gaze : array_like, shape (..., n_cells)
        Maps of either sign on the same cells.

    Returns
    -------
    numpy.ndarray, shape (...)
        Pearson's r over the cells, -1..1; 0 where a map is constant.

    References
    ----------
    Bylinskii et al. (2019), IEEE Transactions on Pattern Analysis and Machine Intelligence 41,
    eq. 3.

    Examples
    --------
    >>> round(float(cc([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])), 6)
    1.0
    """
    product = np.mean(standardise(prediction) * standardise(gaze), axis=-1)
    return np.clip(product, -1.0, 1.0)


def sim(prediction: npt.ArrayLike, gaze: npt.ArrayLike) -> Floats:
    """Compute the similarity of maps: the mass that their densities share.

    Parameters
    ----------
    prediction, gaze : array_like, shape (..., n_cells)
        Maps on the same cells; only their positive part counts.

    Returns
    -------
    numpy.ndarray, shape (...)
        0 (disjoint) to 1 (equal).

    References
    ----------
    Judd, Durand and Torralba (2012), MIT technical report 2012-001.

    Examples
    --------
    >>> float(sim([1.0, 1.0, 0.0], [0.0, 1.0, 1.0]))
    0.5
    """
    return np.minimum(as_density(prediction), as_density(gaze)).sum(axis=-1)


def kl(prediction: npt.ArrayLike, gaze: npt.ArrayLike) -> Floats:
    """Compute the divergence of a prediction from the density of gaze.

    Parameters
    ----------
    prediction, gaze : array_like, shape (..., n_cells)
        Maps on the same cells; only their positive part counts.

    Returns
    -------
    numpy.ndarray, shape (...)
        Kullback-Leibler divergence of gaze from the prediction in nats, 0 or greater. Where
        people looked and the prediction is exactly 0 it is large but finite (up to 36 nats).

    References
    ----------
    Bylinskii et al. (2019), eq. 5, with the constant of the MIT/Tuebingen benchmark.

    Examples
    --------
    >>> round(float(kl([1.0, 1.0], [1.0, 0.0])), 4)
    0.6931
    """
    return divergence(as_density(prediction), as_density(gaze))


def divergence(p: Floats, q: Floats) -> Floats:
    """Compute the divergence of a density from another.

    Parameters
    ----------
    p, q : numpy.ndarray, shape (..., n_cells)
        Densities over the cells.

    Returns
    -------
    numpy.ndarray, shape (...)
        Of q from p, in nats, as `kl` says.
    """
    nats = np.sum(q * np.log(KL_EPSILON + q / (p + KL_EPSILON)), axis=-1)
    return np.clip(nats, 0.0, None)


def rank_correlation(prediction: npt.ArrayLike, gaze: npt.ArrayLike) -> Floats:
    """Compute Spearman's correlation of maps: that of their ranks over the cells.

    Parameters
    ----------
    prediction, gaze : array_like, shape (..., n_cells)
        Maps of either sign on the same cells.

    Returns
    -------
    numpy.ndarray, shape (...)
        -1..1; equal values have the mean of their ranks; 0 where a map is constant.

    References
    ----------
    Spearman (1904), American Journal of Psychology 15.

    Examples
    --------
    >>> round(float(rank_correlation([0.0, 1.0, 9.0], [1.0, 3.0, 5.0])), 6)
    1.0
    """
    from scipy.stats import rankdata

    return cc(rankdata(prediction, axis=-1), rankdata(gaze, axis=-1))


def emd(prediction: npt.ArrayLike, gaze: npt.ArrayLike, cells_per_side: int) -> float:
    """Compute the earth mover's distance of two maps, exactly.

    It is the least work that turns one density into the other: mass times the straight distance
    between the centres of cells. What both densities share stays where it is (the distance is a
    metric), so that the linear programme has only the differences to move.

    Parameters
    ----------
    prediction, gaze : array_like, shape (cells_per_side ** 2,)
        Maps on the same square grid; only their positive part counts.
    cells_per_side : int
        Cells in a row. The work grows with the fourth power: 10 ms at 8, 100 ms at 14.

    Returns
    -------
    float
        Distance in per cent of the picture's width, 0 or greater, to seven digits: mass is
        divided into 1e9 quanta.

    Raises
    ------
    InputError
        If the maps do not have so many cells.

    References
    ----------
    Rubner, Tomasi and Guibas (2000), International Journal of Computer Vision 40, eq. 5.

    Examples
    --------
    >>> emd([1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], cells_per_side=2)
    50.0
    """
    from scipy.optimize import linprog
    from scipy.sparse import eye, kron, vstack

    densities = as_density(prediction), as_density(gaze)
    if any(density.shape != (cells_per_side**2,) for density in densities):
        raise InputError(
            f"Both maps must have {cells_per_side} x {cells_per_side} cells, but they have the "
            f"shapes {densities[0].shape} and {densities[1].shape}. Bring them to one grid."
        )
    surplus = _quanta(densities[0]) - _quanta(densities[1])
    sources, sinks = np.flatnonzero(surplus > 0), np.flatnonzero(surplus < 0)
    if not sources.size:
        return 0.0
    row, column = np.divmod(np.arange(cells_per_side**2), cells_per_side)
    distance = np.hypot(row[sources, None] - row[sinks], column[sources, None] - column[sinks])
    leaving = kron(eye(sources.size), np.ones((1, sinks.size)))
    arriving = kron(np.ones((1, sources.size)), eye(sinks.size))
    solved = linprog(
        distance.ravel(),
        A_eq=vstack([leaving, arriving], format="csc"),
        b_eq=np.concatenate([surplus[sources], -surplus[sinks]]),
        method="highs-ds",
    )
    if solved.status != 0:  # pragma: no cover
        raise RuntimeError(f"the linear programme was not solved: {solved.message}")
    return float(100 * solved.fun / (_QUANTA * cells_per_side))


# Whole numbers leave the programme no rounding by which what is sent could not arrive.
_QUANTA = 10**9


def _quanta(density: Floats) -> Floats:
    """Divide a density's mass into whole quanta; the densest cell takes what rounding leaves."""
    quanta = np.round(density * _QUANTA)
    quanta[np.argmax(density)] += _QUANTA - quanta.sum()
    return np.asarray(quanta, dtype=np.float64)
