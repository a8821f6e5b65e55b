"""One grid for all maps: gaze, relevance, and what each participant looked at, cell by cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter

from comparison.judging import Reference
from comparison.map_metrics import Floats, as_density
from comparison.tiles import cell_means
from gaze_analysis.trial_maps import MapRule, picture_maps
from stimuli.region_outlines import OTHER, Outlines, region_names

if TYPE_CHECKING:
    import xarray as xr

Cells = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ComparedMaps:
    """Gaze and relevance of the same pictures on one grid.

    Parameters
    ----------
    image_ids, expressions : tuple of str
        The pictures and what they show.
    gaze : numpy.ndarray, shape (n_pictures, n_cells)
        Gaze density, each sums to 1.
    relevance : numpy.ndarray, shape (n_pictures, n_cells)
        Signed relevance.
    fixated_cells : tuple of numpy.ndarray
        For each picture the cell of each fixation.
    cells_per_side : int
        Cells in a row of the grid; n_cells is its square.
    sigma_cells : float
        Standard deviation of the gaze density's kernel, in cells.
    centre_sigma : float
        Standard deviation of the centre map, as a share of the picture's width.
    tiles_per_side : int
        Tiles in a row of the perturbation.
    regions : tuple of numpy.ndarray or None
        For each picture what each cell counts in the mean of each of its regions.
    """

    image_ids: tuple[str, ...]
    expressions: tuple[str, ...]
    gaze: Floats
    relevance: Floats
    fixated_cells: tuple[Cells, ...]
    cells_per_side: int
    sigma_cells: float
    centre_sigma: float
    tiles_per_side: int
    regions: tuple[Floats | None, ...]

    @property
    def relevance_smooth(self) -> Floats:
        """Relevance, smoothed like the gaze density."""
        return smooth(self.relevance, self.cells_per_side, self.sigma_cells)

    def references(self) -> list[Reference]:
        """Give, for each picture, what maps are judged by."""
        n_cells = self.cells_per_side**2
        counts = np.stack([np.bincount(own, minlength=n_cells) for own in self.fixated_cells])
        elsewhere = (counts.sum(axis=0) - counts).astype(np.float64)
        centre = centre_map(self.cells_per_side, self.centre_sigma)
        return [
            Reference(density, own, others, centre, self.tiles_per_side, regions)
            for density, own, others, regions in zip(
                as_density(self.gaze), self.fixated_cells, elsewhere, self.regions, strict=True
            )
        ]


@dataclass(frozen=True)
class PeopleMaps:
    """What each participant looked at on one picture.

    Parameters
    ----------
    names : tuple of str
        The participants.
    maps : numpy.ndarray, shape (n_participants, n_cells)
        Density of each one's gaze; each sums to 1.
    weights : numpy.ndarray, shape (n_participants,)
        What each map counts in a mean map.
    fixated_cells : tuple of numpy.ndarray
        Cells of each one's fixations.
    """

    names: tuple[str, ...]
    maps: Floats
    weights: Floats
    fixated_cells: tuple[Cells, ...]

    def mean(self, counted: npt.ArrayLike) -> Floats:
        """Average some of the maps by their weights: ``counted`` is 1 for those, 0 for others."""
        weights = self.weights * np.asarray(counted, dtype=np.float64)
        return np.asarray(weights @ self.maps / weights.sum())


def fixated_cells(
    x_px: npt.ArrayLike, y_px: npt.ArrayLike, picture_px: float, cells_per_side: int
) -> Cells:
    """Find the cells of a grid over the picture that fixations fall into.

    Parameters
    ----------
    x_px, y_px : array_like, shape (n,)
        Fixations in the picture frame, px.
    picture_px : float
        Side of the picture, px; it goes from -0.5 to ``picture_px - 0.5``.
    cells_per_side : int
        Cells in a row.

    Returns
    -------
    numpy.ndarray, shape (m,)
        Index of the cell in reading order; fixations beside the picture have none.

    Examples
    --------
    >>> fixated_cells([0.0, 3.0, 9.0], [0.0, 3.0, 0.0], picture_px=4, cells_per_side=2)
    array([0, 3])
    """
    scale = cells_per_side / picture_px
    column = np.floor((np.asarray(x_px, dtype=np.float64) + 0.5) * scale)
    row = np.floor((np.asarray(y_px, dtype=np.float64) + 0.5) * scale)
    inside = (row >= 0) & (row < cells_per_side) & (column >= 0) & (column < cells_per_side)
    return (row[inside] * cells_per_side + column[inside]).astype(np.int64)


def on_grid(
    maps: "xr.Dataset", name: str, image_ids: Sequence[str], picture_px: float, side: int
) -> Floats:
    """Average maps over the cells of a square grid over the picture.

    Parameters
    ----------
    maps : xarray.Dataset
        Maps (image, y, x) on any grid.
    name : str
        The variable.
    image_ids : sequence of str
        The pictures.
    picture_px : float
        Side of the picture, px.
    side : int
        Cells in a row.

    Returns
    -------
    numpy.ndarray, shape (n_pictures, side ** 2)
        Means, weighted by area.
    """
    values = maps[name].sel(image=list(image_ids)).to_numpy()
    edges = np.linspace(-0.5, picture_px - 0.5, side + 1)
    cells = cell_means(values, maps["y"].to_numpy(), maps["x"].to_numpy(), edges)
    return cells.reshape(len(image_ids), -1)


def cells_by_picture(
    fixations: pd.DataFrame, image_ids: Sequence[str], picture_px: float, side: int
) -> tuple[Cells, ...]:
    """Find the fixated cells of each picture.

    Parameters
    ----------
    fixations : pandas.DataFrame
        image_id, x_px and y_px in the picture frame.
    image_ids : sequence of str
        The pictures.
    picture_px : float
        Side of the picture, px.
    side : int
        Cells in a row.

    Returns
    -------
    tuple of numpy.ndarray
        None for a picture that nobody fixated.
    """
    by_image, nobody = dict(list(fixations.groupby("image_id"))), fixations.iloc[:0]
    sheets = [by_image.get(image_id, nobody) for image_id in image_ids]
    return tuple(fixated_cells(own["x_px"], own["y_px"], picture_px, side) for own in sheets)


def people_maps(fixations: pd.DataFrame, rule: MapRule, side: int) -> PeopleMaps:
    """Make the map of each participant on one picture, on the common grid.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations on the picture: participant_id, x_px, y_px, duration_ms.
    rule : MapRule
        How the density maps were made.
    side : int
        Cells in a row of the common grid.

    Returns
    -------
    PeopleMaps
        Their mean is the picture's density map, averaged over the cells.
    """
    made, grid = picture_maps(fixations, rule), rule.grid
    edges = np.linspace(-0.5, grid.width_px - 0.5, side + 1)
    cells = cell_means(made.each(), grid.y_px, grid.x_px, edges).reshape(len(made.names), -1)
    own = dict(list(fixations.astype({"participant_id": str}).groupby("participant_id")))
    return PeopleMaps(
        names=tuple(made.names),
        maps=as_density(cells),
        # Where edges are dropped, a map counts by the mass that is left of it.
        weights=made.weights * cells.sum(axis=-1) / cells.sum(axis=-1).max(),
        fixated_cells=tuple(
            fixated_cells(own[name]["x_px"], own[name]["y_px"], grid.width_px, side)
            for name in made.names
        ),
    )


def centre_map(cells_per_side: int, sigma: float) -> Floats:
    """Draw a Gaussian in the middle of the picture.

    Parameters
    ----------
    cells_per_side : int
        Cells in a row.
    sigma : float
        Standard deviation, as a share of the picture's width.

    Returns
    -------
    numpy.ndarray, shape (cells_per_side ** 2,)
        A density.
    """
    offset = (np.arange(cells_per_side) + 0.5) / cells_per_side - 0.5
    line = np.exp(-(offset**2) / (2 * sigma**2))
    return as_density(np.outer(line, line).ravel())


def smooth(maps: Floats, cells_per_side: int, sigma_cells: float) -> Floats:
    """Smooth maps by a Gaussian; nothing lies beyond the picture's edges.

    Parameters
    ----------
    maps : numpy.ndarray, shape (n, cells_per_side ** 2)
        Maps of either sign.
    cells_per_side : int
        Cells in a row.
    sigma_cells : float
        Standard deviation, in cells.

    Returns
    -------
    numpy.ndarray, shape (n, cells_per_side ** 2)
        The smoothed maps.
    """
    square = maps.reshape(-1, cells_per_side, cells_per_side)
    blurred = gaussian_filter(square, sigma_cells, axes=(1, 2), mode="constant")
    return blurred.reshape(maps.shape)


def region_weights(
    outlines: Mapping[str, Outlines], image_ids: Sequence[str], picture_px: float, side: int
) -> tuple[Floats | None, ...]:
    """Tell what each cell counts in the mean of each region of a picture.

    Parameters
    ----------
    outlines : mapping of str to Outlines
        The regions of each picture, in the picture frame.
    image_ids : sequence of str
        The pictures.
    picture_px : float
        Side of the picture, px.
    side : int
        Cells in a row.

    Returns
    -------
    tuple of numpy.ndarray, shape (n_regions, side ** 2), or None
        Rows sum to 1; a cell belongs to the region of its middle. What lies beside all regions
        is none, and a region without a cell is left out. None for pictures without regions.
    """
    centres = (np.arange(side) + 0.5) * (picture_px / side) - 0.5
    x, y = np.meshgrid(centres, centres)
    points = np.column_stack([x.ravel(), y.ravel()])
    weights: list[Floats | None] = []
    for image_id in image_ids:
        if image_id not in outlines:
            weights.append(None)
            continue
        names = region_names(points, outlines[image_id])
        masks = [names == name for name in outlines[image_id].regions if name != OTHER]
        rows = [mask / mask.sum() for mask in masks if mask.any()]
        weights.append(np.stack(rows) if rows else None)
    return tuple(weights)
