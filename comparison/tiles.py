"""Tiles: the scores of a map's tiles, and the order in which tiles are removed."""

import numpy as np
import numpy.typing as npt

from study.errors import InputError

Floats = npt.NDArray[np.float64]


def tile_edges(
    side_px: int, tiles_per_side: int, *, shifted: bool = False
) -> npt.NDArray[np.int64]:
    """Divide a picture's side into tiles of whole pixels.

    Parameters
    ----------
    side_px : int
        Length of the side, px.
    tiles_per_side : int
        Number of tiles along it.
    shifted : bool, default False
        Move the edges by half a tile; half tiles are left at both ends.

    Returns
    -------
    numpy.ndarray, shape (tiles_per_side + 1,), or one more where they are shifted
        Index of each tile's first pixel, and `side_px`. Where the side does not divide, the
        tiles differ by one pixel.

    Raises
    ------
    InputError
        If a tile would be narrower than a pixel.

    Examples
    --------
    >>> tile_edges(224, 4)
    array([  0,  56, 112, 168, 224])
    >>> tile_edges(224, 4, shifted=True)
    array([  0,  28,  84, 140, 196, 224])
    """
    if not 1 <= tiles_per_side <= side_px:
        raise InputError(
            f"A tile must be at least one pixel wide, but {tiles_per_side} tiles are asked for "
            f"on {side_px} px. Set comparison.grid lower."
        )
    if shifted:
        inner = (np.arange(tiles_per_side) + 0.5) * side_px / tiles_per_side
        return np.unique(np.round([0, *inner, side_px])).astype(np.int64)
    return np.round(np.linspace(0, side_px, tiles_per_side + 1)).astype(np.int64)


def cell_means(values: npt.NDArray, y_px: Floats, x_px: Floats, edges_px: Floats) -> Floats:
    """Average maps within the cells of a square grid, each point weighted by its area.

    A point of the map stands for the area around it, half way to its neighbours. So the mean
    over equal cells is the map's mean, whichever of the two grids is the finer one.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., n_y, n_x)
        One map or several on the same grid.
    y_px, x_px : numpy.ndarray, shape (n_y,) and (n_x,)
        Centres of the map's points in the picture frame, px, evenly spaced and rising.
    edges_px : numpy.ndarray, shape (n_cells + 1,)
        Edges of the cells along both axes in the picture frame, px, rising.

    Returns
    -------
    numpy.ndarray, shape (..., n_cells, n_cells)
        Mean of the map in each cell.

    Raises
    ------
    InputError
        If the map's points are not evenly spaced, or do not cover the cells.

    Examples
    --------
    >>> cell_means(np.arange(16.0).reshape(4, 4), np.arange(4.0), np.arange(4.0),
    ...            np.array([-0.5, 1.5, 3.5]))
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    rows, columns = _overlap_weights(y_px, edges_px), _overlap_weights(x_px, edges_px)
    return rows @ np.asarray(values, dtype=np.float64) @ columns.T


def _overlap_weights(centres_px: Floats, edges_px: Floats) -> Floats:
    """Give each point's share in each cell along one axis; every row sums to one."""
    centres = np.asarray(centres_px, dtype=np.float64)
    edges = np.asarray(edges_px, dtype=np.float64)
    spacing = np.diff(centres)
    if centres.size < 2 or not np.allclose(spacing, spacing[0], rtol=1e-6) or spacing[0] <= 0:
        raise InputError(
            f"A map's coordinates must rise in even steps, but they are {_shortly(centres)}. "
            "Make the map anew."
        )
    low, high = centres - spacing[0] / 2, centres + spacing[0] / 2
    overlap = np.minimum(high, edges[1:, None]) - np.maximum(low, edges[:-1, None])
    weights = np.clip(overlap, 0.0, None) / np.diff(edges)[:, None]
    # A tenth of a pixel at the rim is rounding; more is a map of another size.
    missing_px = (1.0 - weights.sum(axis=1)) * np.diff(edges)
    if missing_px.max() > 0.1:
        raise InputError(
            f"A map must cover the picture from {edges[0]:g} to {edges[-1]:g} px, but it goes "
            f"from {low[0]:g} to {high[-1]:g} px. Make it anew with the study's picture_px."
        )
    return weights / weights.sum(axis=1, keepdims=True)


def _shortly(values: Floats) -> str:
    """Write the first values of an array for a message."""
    return ", ".join(f"{value:g}" for value in values[:4]) + (" ..." if values.size > 4 else "")


def picture_edges_px(edges: npt.NDArray[np.int64], side_px: int, picture_px: int) -> Floats:
    """Carry edges on the network's input over to the picture frame.

    Parameters
    ----------
    edges : numpy.ndarray
        Edges as indices of first pixels, 0 to `side_px`.
    side_px : int
        Side of the network's input, px.
    picture_px : int
        Side of the picture as it was shown, px.

    Returns
    -------
    numpy.ndarray
        The same edges in the picture frame, where the picture goes from -0.5 to
        ``picture_px - 0.5``.

    Examples
    --------
    >>> picture_edges_px(np.array([0, 112, 224]), 224, 448)
    array([ -0.5, 223.5, 447.5])
    """
    return np.asarray(edges, dtype=np.float64) * (picture_px / side_px) - 0.5


def tile_scores(
    values: npt.NDArray, y_px: Floats, x_px: Floats, edges_px: Floats, *, score: str = "mean"
) -> Floats:
    """Score the tiles of maps.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., n_y, n_x)
        Maps.
    y_px, x_px : numpy.ndarray
        Centres of the map's points in the picture frame, px.
    edges_px : numpy.ndarray, shape (tiles_per_side + 1,)
        Edges of the tiles in the picture frame, px.
    score : {"mean", "positive", "absolute", "maximum"}, default "mean"
        The mean within each tile of the map as it is (negative values count as such), of its
        positive part, or of its size; or its largest value among the points whose centre lies
        in the tile.

    Returns
    -------
    numpy.ndarray, shape (..., tiles_per_side ** 2)
        Scores in reading order: left to right, then top to bottom.

    Raises
    ------
    InputError
        If a map holds values that are not finite, does not cover the picture, or is so coarse
        that a tile has no point of its own whose value could be the largest.
    """
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(
            "A map must hold finite numbers, but it holds missing or infinite ones. "
            "Make the map anew, or leave the picture out."
        )
    if score == "maximum":
        found = _cell_maxima(values, y_px, x_px, edges_px)
    else:
        counted = {"mean": values, "positive": np.maximum(values, 0), "absolute": np.abs(values)}
        found = cell_means(counted[score], y_px, x_px, edges_px)
    return found.reshape(*found.shape[:-2], -1)


def _cell_maxima(values: Floats, y_px: Floats, x_px: Floats, edges_px: Floats) -> Floats:
    """Find the largest value in each cell of a square grid."""
    for axis, centres in ((-2, y_px), (-1, x_px)):
        starts = np.searchsorted(np.asarray(centres, dtype=np.float64), edges_px[:-1])
        if (np.diff(np.append(starts, len(centres))) < 1).any():
            raise InputError(
                f"The largest value of a tile needs a point of the map in every tile, but "
                f"{len(centres)} points share {len(starts)} tiles. Set comparison.grid lower, or "
                'comparison.tile_score = "mean".'
            )
        values = np.maximum.reduceat(values, starts, axis=axis)
    return values


def tied_tiles(scores: Floats) -> npt.NDArray[np.bool_]:
    """Tell which tiles share their score with another one.

    Scores count as equal when they differ by less than 1e-12 of the largest absolute
    score: sums in another order differ by that much.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_tiles,)
        Score of each tile.

    Returns
    -------
    numpy.ndarray of bool, shape (n_tiles,)
        True where the map does not say which of several tiles comes first.

    Examples
    --------
    >>> tied_tiles(np.array([3.0, 1.0, 3.0, 2.0]))
    array([ True, False,  True, False])
    """
    levels = _levels(scores)
    return np.bincount(levels)[levels] > 1


def _levels(scores: Floats) -> npt.NDArray[np.int64]:
    """Count the distinct scores up, 0 for the lowest; scores equal up to rounding share one."""
    scores = np.asarray(scores, dtype=np.float64)
    ascending = np.argsort(scores, kind="stable")
    tolerance = 1e-12 * np.abs(scores).max(initial=0.0)
    rises = np.diff(scores[ascending], prepend=scores[ascending[:1]]) > tolerance
    levels = np.empty(scores.size, dtype=np.int64)
    levels[ascending] = np.cumsum(rises)
    return levels


def removal_order(scores: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Order tiles from the most relevant to the least; ties fall as the generator draws.

    A sort alone would break ties by position, so that a flat map would always lose the same
    corner of the picture first.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_tiles,)
        Score of each tile; the highest is removed first.
    rng : numpy.random.Generator
        Draws the order of tiles that share a score.

    Returns
    -------
    numpy.ndarray, shape (n_tiles,)
        Indices of the tiles, the first to be removed first.

    Examples
    --------
    >>> removal_order(np.array([0.1, -2.0, 0.7]), np.random.default_rng(1))
    array([2, 0, 1])
    """
    draw = rng.permutation(len(scores))
    return np.lexsort((draw, -_levels(scores)))


def removal_steps(order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Tell at which step each tile is removed.

    Parameters
    ----------
    order : numpy.ndarray, shape (n_tiles,)
        Indices of the tiles, the first to be removed first.

    Returns
    -------
    numpy.ndarray, shape (n_tiles,)
        Step of each tile, 1 to `n_tiles`.

    Examples
    --------
    >>> removal_steps(np.array([2, 0, 1]))
    array([2, 3, 1])
    """
    steps = np.empty(len(order), dtype=np.int64)
    steps[order] = np.arange(1, len(order) + 1)
    return steps
