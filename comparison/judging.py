"""Judging maps: all metrics of many maps against where people looked on one picture."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from comparison.fixation_metrics import SortedMaps, log_density, roc_area, sort_maps, unfixated
from comparison.map_metrics import OF_FIXATIONS, Floats, as_density, divergence, standardise
from comparison.tiles import cell_means


@dataclass(frozen=True)
class Reference:
    """Where people looked on one picture, and what maps are judged against beside it.

    Parameters
    ----------
    density : numpy.ndarray, shape (n_cells,)
        Gaze density; its sum is 1.
    fixated_cells : numpy.ndarray of int, shape (n_fixations,)
        Cell of each fixation; where there is none, metrics of fixations are missing.
    elsewhere : numpy.ndarray, shape (n_cells,)
        Number of fixations on other pictures in each cell; where there is none, sAUC is missing.
    centre : numpy.ndarray, shape (n_cells,)
        The centre map, from which information gain counts.
    tiles_per_side : int
        Tiles in a row.
    regions : numpy.ndarray, shape (n_regions, n_cells), optional
        What each cell counts in the mean of each region, rows sum to 1; where there are fewer
        than three regions, their rank correlation is missing.
    """

    density: Floats
    fixated_cells: npt.NDArray[np.int64]
    elsewhere: Floats
    centre: Floats
    tiles_per_side: int
    regions: Floats | None = None


@dataclass(frozen=True)
class Predictions:
    """Maps that are judged, with what all metrics need of them.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_maps, n_cells)
        The maps, of either sign.
    z, density, log2_density, z_ranks, z_tiles, z_tile_ranks : numpy.ndarray
        Their z-scores, densities of their positive part, and z-scores of ranks and tiles.
    ordered : SortedMaps
        Their cells by value.
    """

    values: Floats
    z: Floats
    density: Floats
    log2_density: Floats
    z_ranks: Floats
    z_tiles: Floats
    z_tile_ranks: Floats
    ordered: SortedMaps


def tile_means(maps: Floats, tiles_per_side: int) -> Floats:
    """Average maps over the tiles of the perturbation.

    Parameters
    ----------
    maps : numpy.ndarray, shape (..., n_cells)
        Maps over a square grid.
    tiles_per_side : int
        Tiles in a row.

    Returns
    -------
    numpy.ndarray, shape (..., tiles_per_side ** 2)
        Means in reading order; a cell that two tiles share counts in each by its share.

    Examples
    --------
    >>> tile_means(np.arange(16.0), 2)
    array([ 2.5,  4.5, 10.5, 12.5])
    """
    side = round(maps.shape[-1] ** 0.5)
    centres = np.arange(side, dtype=np.float64)
    edges = np.linspace(-0.5, side - 0.5, tiles_per_side + 1)
    square = maps.reshape(*maps.shape[:-1], side, side)
    return cell_means(square, centres, centres, edges).reshape(*maps.shape[:-1], -1)


def prepare(values: npt.ArrayLike, tiles_per_side: int) -> Predictions:
    """Prepare maps for judging, once for all references.

    Parameters
    ----------
    values : array_like, shape (n_maps, n_cells)
        Maps of either sign over a square grid.
    tiles_per_side : int
        Tiles in a row.

    Returns
    -------
    Predictions
        The maps.
    """
    values = np.asarray(values, dtype=np.float64)
    ordered, tiles = sort_maps(values), tile_means(values, tiles_per_side)
    return Predictions(
        values=values,
        z=standardise(values),
        density=as_density(values),
        log2_density=log_density(values),
        z_ranks=standardise(ordered.ranks),
        z_tiles=standardise(tiles),
        z_tile_ranks=standardise(sort_maps(_level(tiles)).ranks),
        ordered=ordered,
    )


def judge(maps: Predictions, reference: Reference) -> dict[str, Floats]:
    """Judge maps by where people looked on a picture, in all metrics but EMD.

    Parameters
    ----------
    maps : Predictions
        The maps.
    reference : Reference
        Where people looked.

    Returns
    -------
    dict of str to numpy.ndarray, each of shape (n_maps,)
        By the names of `METRICS`. Missing: metrics of fixations where there is none, sAUC where
        there is no other picture, ranks of regions where there are fewer than three.
    """
    tiles = tile_means(reference.density, reference.tiles_per_side)
    return {
        "CC": _correlation(maps.z, standardise(reference.density)),
        "SIM": np.minimum(maps.density, reference.density).sum(axis=-1),
        "KL": divergence(maps.density, reference.density),
        "rho": _correlation(maps.z_ranks, _z_ranks(reference.density)),
        "CC_tiles": _correlation(maps.z_tiles, standardise(tiles)),
        "rho_tiles": _correlation(maps.z_tile_ranks, _z_ranks(_level(tiles))),
        "rho_regions": _region_correlation(maps, reference),
        **_by_fixations(maps, reference),
    }


def _correlation(z: Floats, reference_z: Floats) -> Floats:
    """Correlate standardised maps with a standardised one."""
    return np.clip(z @ reference_z / z.shape[-1], -1.0, 1.0)


def _z_ranks(values: Floats) -> Floats:
    """Rank and standardise."""
    return standardise(sort_maps(values).ranks)


def _level(means: Floats) -> Floats:
    """Make means that differ by rounding equal, so that they share their rank."""
    scale = np.abs(means).max(axis=-1, keepdims=True)
    return np.round(means / np.where(scale > 0, scale, 1.0), 12)


def _region_correlation(maps: Predictions, reference: Reference) -> Floats:
    """Correlate the ranks of the regions by their means."""
    if reference.regions is None or len(reference.regions) < 3:
        return np.full(len(maps.values), np.nan)
    means = _level(maps.values @ reference.regions.T)
    return _correlation(_z_ranks(means), _z_ranks(_level(reference.regions @ reference.density)))


def _by_fixations(maps: Predictions, reference: Reference) -> dict[str, Floats]:
    """Judge maps at the fixations themselves."""
    cells = reference.fixated_cells
    if cells.size == 0:
        return {name: np.full(len(maps.values), np.nan) for name in OF_FIXATIONS}
    baseline = log_density(reference.centre)[cells].mean()
    free = unfixated(cells, maps.values.shape[-1])
    alone = not reference.elsewhere.any()
    return {
        "NSS": maps.z[:, cells].mean(axis=-1),
        "AUC": roc_area(maps.ordered, cells, free),
        "sAUC": np.full(len(maps.values), np.nan)
        if alone
        else roc_area(maps.ordered, cells, reference.elsewhere),
        "IG": maps.log2_density[:, cells].mean(axis=-1) - baseline,
    }
