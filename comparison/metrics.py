"""Which map is judged by which: relevance and its controls against where people looked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import gaussian_filter

from comparison.map_metrics import METRICS, as_density, cross_metrics
from comparison.tiles import cell_means
from gaze_analysis.controls import mean_of_others
from study.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]

# The maps that are judged, and what each stands for.
MAPS = {
    "relevance": "the network's relevance for this picture",
    "relevance_smooth": "the same, smoothed like the gaze density (matched bandwidth)",
    "uniform": "the same everywhere",
    "centre": "a Gaussian in the middle of the picture",
    "other_gaze": "gaze on another picture, mean over all others",
    "expression_gaze": "mean gaze on the other pictures of the same expression",
    "mean_gaze": "mean gaze on all other pictures",
    "other_relevance": "relevance for another picture, mean over all others",
    "people": "ceiling: gaze of another sample of the same size (Spearman-Brown)",
    "one_person": "ceiling: gaze of one person, predicted by the others",
}
METRIC_COLUMNS = {
    "image_id": "picture",
    "expression": "expression that it shows",
    "metric": "CC, SIM, KL (nats, of gaze from the map), NSS (z-scores) or AUC; more is better, "
    "but for KL. SIM and KL take the positive part of signed maps",
    "map": "the map that is judged: " + "; ".join(f"{name}: {what}" for name, what in MAPS.items()),
    "reference": "what it is judged by: gaze (on this picture) or other_gaze (on another "
    "picture, mean over all others)",
    "value": "value of the metric; missing where there is no other picture",
}


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
    """

    image_ids: tuple[str, ...]
    expressions: tuple[str, ...]
    gaze: Floats
    relevance: Floats
    fixated_cells: tuple[npt.NDArray[np.int64], ...]
    cells_per_side: int


def fixated_cells(
    x_px: npt.ArrayLike, y_px: npt.ArrayLike, picture_px: int, cells_per_side: int
) -> npt.NDArray[np.int64]:
    """Find the cells of a grid over the picture that fixations fall into.

    Parameters
    ----------
    x_px, y_px : array_like, shape (n,)
        Fixations in the picture frame, px.
    picture_px : int
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


def common_maps(
    used: pd.DataFrame,
    density: "xr.Dataset",
    relevance: "xr.Dataset",
    fixations: pd.DataFrame,
    picture_px: int,
    side: int,
) -> ComparedMaps:
    """Bring gaze and relevance to one grid over the picture.

    Parameters
    ----------
    used : pandas.DataFrame
        image_id and expression of the pictures.
    density, relevance : xarray.Dataset
        The maps, on any grids.
    fixations : pandas.DataFrame
        image_id, x_px and y_px in the picture frame.
    picture_px : int
        Side of the picture, px.
    side : int
        Cells in a row of the common grid.

    Returns
    -------
    ComparedMaps
        Means over the cells, weighted by area.
    """
    image_ids, edges = list(used["image_id"]), np.linspace(-0.5, picture_px - 0.5, side + 1)

    def on_grid(maps: "xr.Dataset", name: str) -> Floats:
        values = maps[name].sel(image=image_ids).to_numpy()
        cells = cell_means(values, maps["y"].to_numpy(), maps["x"].to_numpy(), edges)
        return cells.reshape(len(image_ids), -1)

    by_image = dict(list(fixations.groupby("image_id")))
    nobody = fixations.iloc[:0]
    sheets = [by_image.get(image_id, nobody) for image_id in image_ids]
    return ComparedMaps(
        image_ids=tuple(image_ids),
        expressions=tuple(used["expression"]),
        gaze=on_grid(density, "density"),
        relevance=on_grid(relevance, "relevance"),
        fixated_cells=tuple(
            fixated_cells(sheet["x_px"], sheet["y_px"], picture_px, side) for sheet in sheets
        ),
        cells_per_side=side,
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


def metrics_table(maps: ComparedMaps, *, sigma_cells: float, centre_sigma: float) -> pd.DataFrame:
    """Judge relevance and all controls by the gaze on each picture.

    Parameters
    ----------
    maps : ComparedMaps
        Gaze and relevance.
    sigma_cells : float
        Standard deviation of the gaze density's kernel, in cells.
    centre_sigma : float
        Standard deviation of the centre map, as a share of the picture's width.

    Returns
    -------
    pandas.DataFrame
        The columns of `METRIC_COLUMNS`, without the ceilings.

    Raises
    ------
    InputError
        If a picture has no fixation.
    """
    for image_id, cells in zip(maps.image_ids, maps.fixated_cells, strict=True):
        if cells.size == 0:
            raise InputError(
                f"A picture with a density map must have fixations on it, but {image_id} has "
                "none in fixations.tsv. Make both anew: faceoff gaze density --force."
            )
    values = _own_maps(maps, sigma_cells=sigma_cells, centre_sigma=centre_sigma)
    from_gaze = cross_metrics(maps.gaze, maps.gaze, maps.fixated_cells)
    from_relevance = cross_metrics(maps.relevance, maps.gaze, maps.fixated_cells)
    for metric in METRICS:
        by_relevance = from_relevance[metric]
        values["other_gaze", "gaze", metric] = _mean_off_diagonal(from_gaze[metric])
        values["relevance", "gaze", metric] = np.diagonal(by_relevance).copy()
        values["other_relevance", "gaze", metric] = _mean_off_diagonal(by_relevance)
        values["relevance", "other_gaze", metric] = _mean_off_diagonal(by_relevance.T)
    return _tidy(maps, values)


def _own_maps(
    maps: ComparedMaps, *, sigma_cells: float, centre_sigma: float
) -> dict[tuple[str, str, str], Floats]:
    """Judge the maps of which each picture has one."""
    n_pictures, n_cells = maps.gaze.shape
    judged = {
        "relevance_smooth": smooth(maps.relevance, maps.cells_per_side, sigma_cells),
        "uniform": np.ones((n_pictures, n_cells)),
        "centre": np.tile(centre_map(maps.cells_per_side, centre_sigma), (n_pictures, 1)),
        "expression_gaze": mean_of_others(maps.gaze, maps.expressions),
        "mean_gaze": mean_of_others(maps.gaze, np.zeros(n_pictures)),
    }
    values = {
        (name, "gaze", metric): np.full(n_pictures, np.nan) for name in judged for metric in METRICS
    }
    for i in range(n_pictures):
        names = [name for name, stack in judged.items() if np.isfinite(stack[i]).all()]
        stack = np.stack([judged[name][i] for name in names])
        scores = cross_metrics(stack, maps.gaze[i : i + 1], maps.fixated_cells[i : i + 1])
        for metric, column in scores.items():
            for name, value in zip(names, column[:, 0], strict=True):
                values[name, "gaze", metric][i] = value
    return values


def _mean_off_diagonal(matrix: Floats) -> Floats:
    """Average each column without its diagonal; missing where there is nothing else."""
    n = len(matrix)
    if n < 2:
        return np.full(n, np.nan)
    return (matrix.sum(axis=0) - np.diagonal(matrix)) / (n - 1)


def _tidy(maps: ComparedMaps, values: dict[tuple[str, str, str], Floats]) -> pd.DataFrame:
    """Put the values in one row each, picture by picture."""
    rows = [
        {
            "image_id": image_id,
            "expression": expression,
            "metric": metric,
            "map": name,
            "reference": reference,
            "value": float(column[i]),
        }
        for i, (image_id, expression) in enumerate(
            zip(maps.image_ids, maps.expressions, strict=True)
        )
        for (name, reference, metric), column in sorted(
            values.items(), key=lambda item: (METRICS.index(item[0][2]), item[0][1])
        )
    ]
    return pd.DataFrame(rows, columns=list(METRIC_COLUMNS))


def ceiling_rows(ceilings: pd.DataFrame, image_ids: tuple[str, ...]) -> pd.DataFrame:
    """Bring the inter-observer ceilings of pictures to the form of the metrics.

    Parameters
    ----------
    ceilings : pandas.DataFrame
        level, image_id, expression, spearman_brown_r, leave_one_out_r.
    image_ids : tuple of str
        The pictures that are compared.

    Returns
    -------
    pandas.DataFrame
        The columns of `METRIC_COLUMNS`: the CC that people reach with each other. Missing
        for pictures that fewer than two people looked at.
    """
    chosen = ceilings[ceilings["image_id"].isin(image_ids) & (ceilings["level"] == "image")]
    sheets = [
        pd.DataFrame(
            {
                "image_id": chosen["image_id"],
                "expression": chosen["expression"],
                "metric": "CC",
                "map": name,
                "reference": "gaze",
                "value": chosen[column],
            }
        )
        for name, column in (("people", "spearman_brown_r"), ("one_person", "leave_one_out_r"))
    ]
    return pd.concat(sheets, ignore_index=True)
