"""Fixation metrics: how well a map tells the very cells that people fixated.

All functions take maps flattened to their last axis, and several maps at once along the axes
before it. A constant map has NSS 0 and AUC 0.5.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from comparison.map_metrics import Floats, as_density, standardise
from gaze_analysis.likelihood import UNIFORM_SHARE

Cells = npt.NDArray[np.int64]


def nss(prediction: npt.ArrayLike, fixated_cells: Cells) -> Floats:
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


@dataclass(frozen=True)
class SortedMaps:
    """The cells of maps in the order of their values, from which every ROC curve follows.

    Parameters
    ----------
    order : numpy.ndarray of int, shape (..., n_cells)
        Cells from the lowest value to the highest.
    n_below, n_up_to : numpy.ndarray of int, shape (..., n_cells)
        For each cell the number of cells that are lower, and of those that are not higher.
    """

    order: Cells
    n_below: Cells
    n_up_to: Cells

    @property
    def ranks(self) -> Floats:
        """Rank of each cell, 1 for the lowest; equal values have the mean of their ranks."""
        return (self.n_below + self.n_up_to + 1) / 2


def sort_maps(values: npt.ArrayLike) -> SortedMaps:
    """Sort the cells of maps by their values.

    Parameters
    ----------
    values : array_like, shape (..., n_cells)
        Maps.

    Returns
    -------
    SortedMaps
        Equal values are next to each other, in any order.

    Examples
    --------
    >>> sort_maps([5.0, 7.0, 5.0]).ranks
    array([1.5, 3. , 1.5])
    """
    values = np.asarray(values, dtype=np.float64)
    # One sort serves all three: ranks from SciPy would sort twice more.
    order = np.argsort(values, axis=-1, kind="stable")
    rising, n = np.take_along_axis(values, order, axis=-1), values.shape[-1]
    differs = np.ones((*values.shape[:-1], n + 1), dtype=bool)
    differs[..., 1:-1] = rising[..., 1:] != rising[..., :-1]
    places = np.arange(n)
    first = np.maximum.accumulate(np.where(differs[..., :-1], places, 0), axis=-1)
    last = np.where(differs[..., 1:], places + 1, n)[..., ::-1]
    n_below, n_up_to = np.empty_like(order), np.empty_like(order)
    np.put_along_axis(n_below, order, first, axis=-1)
    np.put_along_axis(n_up_to, order, np.minimum.accumulate(last, axis=-1)[..., ::-1], axis=-1)
    return SortedMaps(order, n_below, n_up_to)


def roc_area(maps: SortedMaps, fixated_cells: Cells, negatives: npt.ArrayLike) -> Floats:
    """Compute the exact area under the ROC curve of fixated against other cells.

    It is the chance that the map is higher at a fixation than at a negative, where equal values
    count half. Neither thresholds nor the jitter of the usual code are needed against ties.

    Parameters
    ----------
    maps : SortedMaps
        The maps that are judged.
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation; each fixation counts.
    negatives : array_like, shape (n_cells,)
        What each cell counts as a negative, 0 or greater.

    Returns
    -------
    numpy.ndarray, shape (...)
        0..1; 0.5 where there is no negative.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143.
    """
    counts = np.asarray(negatives, dtype=np.float64)
    total = counts.sum()
    if not total > 0:
        return np.full(maps.order.shape[:-1], 0.5)
    rising = np.cumsum(counts[maps.order], axis=-1)
    rising = np.concatenate([np.zeros((*rising.shape[:-1], 1)), rising], axis=-1)
    below = np.take_along_axis(rising, maps.n_below[..., fixated_cells], axis=-1)
    up_to = np.take_along_axis(rising, maps.n_up_to[..., fixated_cells], axis=-1)
    return np.asarray((below + up_to).mean(axis=-1) / (2 * total))


def unfixated(fixated_cells: Cells, n_cells: int) -> Floats:
    """Mark the cells that nobody fixated.

    Parameters
    ----------
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation.
    n_cells : int
        Number of cells.

    Returns
    -------
    numpy.ndarray, shape (n_cells,)
        1 where there is no fixation, else 0.

    Examples
    --------
    >>> unfixated(np.array([2, 2]), 4)
    array([1., 1., 0., 1.])
    """
    free = np.ones(n_cells)
    free[fixated_cells] = 0.0
    return free


def auc_judd(prediction: npt.ArrayLike, fixated_cells: Cells) -> Floats:
    """Compute the area under the ROC curve of fixated against not fixated cells.

    Parameters
    ----------
    prediction : array_like, shape (..., n_cells)
        Maps of either sign.
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation, at least one; each fixation counts.

    Returns
    -------
    numpy.ndarray, shape (...)
        0..1, exact (see `roc_area`); 0.5 by chance, for a constant map, and where every cell is
        fixated.

    References
    ----------
    Judd, Ehinger, Durand and Torralba (2009), ICCV, sect. 3.2 (which cells are compared).

    Examples
    --------
    >>> float(auc_judd([0.1, 0.2, 0.9], np.array([2])))
    1.0
    """
    maps = sort_maps(prediction)
    return roc_area(maps, fixated_cells, unfixated(fixated_cells, maps.order.shape[-1]))


def auc_shuffled(prediction: npt.ArrayLike, fixated_cells: Cells, elsewhere: Cells) -> Floats:
    """Compute the shuffled AUC: fixations on this picture against those on other pictures.

    What people look at on every picture (its middle; on aligned faces the eyes) gains nothing
    here. On aligned faces even good maps have values near 0.5.

    Parameters
    ----------
    prediction : array_like, shape (..., n_cells)
        Maps of either sign.
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation on this picture, at least one.
    elsewhere : numpy.ndarray, shape (n,)
        Index of the cell of each fixation on the other pictures.

    Returns
    -------
    numpy.ndarray, shape (...)
        0..1; 0.5 by chance, for a constant map, and where there is no other picture.

    References
    ----------
    Tatler, Baddeley and Gilchrist (2005), Vision Research 45; Zhang, Tong, Marks, Shan and
    Cottrell (2008), Journal of Vision 8(7):32.

    Examples
    --------
    >>> float(auc_shuffled([0.1, 0.2, 0.9], np.array([2]), np.array([1, 2])))
    0.75
    """
    maps = sort_maps(prediction)
    return roc_area(maps, fixated_cells, np.bincount(elsewhere, minlength=maps.order.shape[-1]))


def information_gain(
    prediction: npt.ArrayLike, baseline: npt.ArrayLike, fixated_cells: Cells
) -> Floats:
    """Compute how much better a map foretells fixations than a baseline does.

    Both maps become densities by their positive part and are mixed with 1 % of the uniform map,
    as people's are where a kernel is chosen by likelihood: no fixation on a cell that the map
    holds impossible decides alone.

    Parameters
    ----------
    prediction : array_like, shape (..., n_cells)
        Maps that are judged.
    baseline : array_like, shape (n_cells,)
        Map that needs no look at the picture.
    fixated_cells : numpy.ndarray, shape (n_fixations,)
        Index of the cell of each fixation, at least one; each fixation counts.

    Returns
    -------
    numpy.ndarray, shape (...)
        Bits for each fixation; 0 for the baseline itself.

    References
    ----------
    Kümmerer, Wallis and Bethge (2015), PNAS 112:16054.

    Examples
    --------
    >>> round(float(information_gain([0.0, 1.0], [1.0, 1.0], np.array([1]))), 3)
    0.993
    """
    gain = log_density(prediction)[..., fixated_cells] - log_density(baseline)[fixated_cells]
    return np.asarray(gain.mean(axis=-1))


def log_density(values: npt.ArrayLike) -> Floats:
    """Give the logarithm of densities that hold no cell impossible.

    Parameters
    ----------
    values : array_like, shape (..., n_cells)
        Maps; only their positive part counts.

    Returns
    -------
    numpy.ndarray, shape (..., n_cells)
        log2 of the density, mixed with 1 % of the uniform one.
    """
    density = as_density(values)
    return np.asarray(np.log2((1 - UNIFORM_SHARE) * density + UNIFORM_SHARE / density.shape[-1]))
