"""How alike two maps of a picture are: correlations of pixels, of ranks and of tiles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_TILES = 14


def spearman(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Correlate the ranks of the pixels of two maps of each picture.

    Parameters
    ----------
    first, second : ndarray, shape (n, side, side)
        Maps.

    Returns
    -------
    ndarray of float, shape (n,)
        From -1 to 1; NaN where a map is constant.
    """
    from scipy.stats import rankdata

    def ranks(maps: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(rankdata(maps.reshape(len(maps), -1), axis=1))

    return correlation(ranks(first), ranks(second))


def pearson(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Correlate the tile means of two maps of each picture.

    Parameters
    ----------
    first, second : ndarray, shape (n, side, side)
        Maps of at least 14 x 14.

    Returns
    -------
    ndarray of float, shape (n,)
        From -1 to 1; NaN where a map is constant.
    """
    return correlation(*(_tile_means(maps).reshape(len(maps), -1) for maps in (first, second)))


def correlation(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Correlate row by row.

    Parameters
    ----------
    first, second : ndarray, shape (n, m)
        Values.

    Returns
    -------
    ndarray of float, shape (n,)
        Pearson's r; NaN where a row is constant.

    Examples
    --------
    >>> correlation(np.array([[0, 1, 2]]), np.array([[4, 2, 0]])).round(6)
    array([-1.])
    """
    first, second = (x - x.mean(axis=1, keepdims=True, dtype=np.float64) for x in (first, second))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    products = (first * second).sum(axis=1)
    return np.divide(products, norms, out=np.full(len(norms), np.nan), where=norms > 0)


def between_classes(by_class: list[NDArray[Any]]) -> NDArray[np.float64]:
    """Correlate the maps of every two classes, and take the mean size for each picture.

    A negative logit turns a map round, which tells nothing of where: signs are left out.

    Parameters
    ----------
    by_class : list of ndarray, shape (n, side, side)
        The maps of each class.

    Returns
    -------
    ndarray of float, shape (n,)
        Mean of Pearson's r, without its sign, over all pairs of classes.
    """
    pairs = [
        np.abs(pearson(first, second))
        for place, first in enumerate(by_class)
        for second in by_class[place + 1 :]
    ]
    return np.mean(pairs, axis=0)


def _tile_means(maps: NDArray[Any]) -> NDArray[np.float64]:
    """Average maps over 14 x 14 tiles; where the side does not divide, tiles differ by a pixel."""
    side = maps.shape[1]
    starts = np.arange(_TILES) * side // _TILES
    sizes = np.diff([*starts, side]).astype(float)
    sums = np.add.reduceat(np.add.reduceat(maps.astype(np.float64), starts, 1), starts, 2)
    return np.asarray(sums / (sizes[:, None] * sizes))
