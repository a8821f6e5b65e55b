"""Map metrics: how well one map predicts where people look, in five numbers.

All functions take maps flattened to their last axis, and several maps at once along the axes
before it. `prediction` is the map that is judged (relevance, say), `gaze` the density of where
people looked. Two conventions for maps without information:

- a constant map has CC 0 and NSS 0 with everything, and AUC 0.5;
- SIM and KL need densities. The negative part of a signed map is cut off (shifting a map by its
  minimum instead would make any two of them alike); a map with nothing positive becomes the
  uniform density.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Keeps the logarithm finite; the value of the MIT/Tuebingen saliency benchmark.
KL_EPSILON = 2.2e-16


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
    return _divergence(as_density(prediction), as_density(gaze))


def _divergence(p: Floats, q: Floats) -> Floats:
    """Compute the divergence of the density q from the density p."""
    divergence = np.sum(q * np.log(KL_EPSILON + q / (p + KL_EPSILON)), axis=-1)
    return np.clip(divergence, 0.0, None)


def nss(prediction: npt.ArrayLike, fixated_cells: npt.NDArray[np.int64]) -> Floats:
    """Compute the normalised scanpath saliency.

    Parameters
    ----------
    prediction : array_like, shape (..., n_cells)
        Maps of either sign.
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation, at least one; each fixation counts.

    Returns
    -------
    numpy.ndarray, shape (...)
        Mean z-score of the map at the fixations; 0 by chance and for a constant map.

    References
    ----------
    Peters, Iyer, Itti and Koch (2005), Vision Research 45.

    Examples
    --------
    >>> float(nss([1.0, 3.0], np.array([1, 1])))
    1.0
    """
    return standardise(prediction)[..., fixated_cells].mean(axis=-1)


def auc_judd(prediction: npt.ArrayLike, fixated_cells: npt.NDArray[np.int64]) -> Floats:
    """Compute the area under the ROC curve of fixated against not fixated cells.

    The area is exact: the chance that the map is higher at a fixation than at a cell without
    one, where equal values count half. Neither thresholds nor the jitter of the usual code
    are needed against ties.

    Parameters
    ----------
    prediction : array_like, shape (..., n_cells)
        Maps of either sign.
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation, at least one; each fixation counts.

    Returns
    -------
    numpy.ndarray, shape (...)
        0..1; 0.5 by chance, for a constant map, and where every cell is fixated.

    References
    ----------
    Judd, Ehinger, Durand and Torralba (2009), ICCV, sect. 3.2 (which cells are compared);
    Hanley and McNeil (1982), Radiology 143 (the area as a chance).

    Examples
    --------
    >>> float(auc_judd([0.1, 0.2, 0.9], np.array([2])))
    1.0
    """
    values = np.asarray(prediction, dtype=np.float64)
    flat = values.reshape(-1, values.shape[-1])
    others = np.ones(values.shape[-1], dtype=bool)
    others[fixated_cells] = False
    if not others.any():
        return np.full(values.shape[:-1], 0.5)
    areas = np.empty(len(flat))
    for i, row in enumerate(flat):
        fixated, rest = row[fixated_cells], np.sort(row[others])
        below = np.searchsorted(rest, fixated, side="left")
        below_or_equal = np.searchsorted(rest, fixated, side="right")
        areas[i] = (below + below_or_equal).mean() / (2 * rest.size)
    return areas.reshape(values.shape[:-1])


METRICS = ("CC", "SIM", "KL", "NSS", "AUC")


def cross_metrics(
    predictions: npt.ArrayLike,
    gaze: npt.ArrayLike,
    fixated_cells: Sequence[npt.NDArray[np.int64]],
) -> dict[str, Floats]:
    """Judge each of several predictions by the gaze on each of several pictures.

    Parameters
    ----------
    predictions : array_like, shape (n_predictions, n_cells)
        The maps that are judged.
    gaze : array_like, shape (n_pictures, n_cells)
        Density of where people looked, for each picture.
    fixated_cells : sequence of numpy.ndarray
        For each picture the index of the cell of each fixation.

    Returns
    -------
    dict of str to numpy.ndarray, each of shape (n_predictions, n_pictures)
        By the names in `METRICS`. A higher value is a better prediction, but for KL.
    """
    z, p, q = standardise(predictions), as_density(predictions), as_density(gaze)
    columns: dict[str, list[Floats]] = {name: [] for name in METRICS}
    for on_picture, cells in zip(q, fixated_cells, strict=True):
        columns["CC"].append(np.clip(z @ standardise(on_picture) / z.shape[-1], -1.0, 1.0))
        columns["SIM"].append(np.minimum(p, on_picture).sum(axis=-1))
        columns["KL"].append(_divergence(p, on_picture))
        columns["NSS"].append(z[:, cells].mean(axis=-1))
        columns["AUC"].append(auc_judd(predictions, cells))
    return {name: np.stack(values, axis=-1) for name, values in columns.items()}
