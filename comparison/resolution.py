"""How smoothing and the grid change map metrics."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from comparison.common_maps import ComparedMaps, cells_by_picture, centre_map, on_grid, smooth
from comparison.figures import mean_interval
from comparison.judging import judge, prepare
from comparison.map_inputs import MapInputs
from comparison.map_metrics import METRICS, Floats
from comparison.tiles import cell_means
from gaze_analysis.controls import mean_of_others
from gaze_analysis.trial_maps import MapRule, picture_maps
from study.parallel import parallel_map
from study.settings.execution import ExecutionSettings

# Multiples of the gaze density's sigma; a density cannot be made with none.
SIGMA_FACTORS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
GRIDS = (4, 7, 14, 28, 56, 112)
SWEEPS = {
    "relevance smoothed": "the relevance is smoothed with this sigma, gaze with its own",
    "both smoothed": "the gaze density is made anew with this sigma, and relevance smoothed with "
    "it; controls of gaze are made of the new densities",
    "grid": "all maps are averaged over so many cells, each with the sigma that it has",
}
RESOLUTION_COLUMNS = {
    "sweep": "what varies: " + "; ".join(f"{name}: {what}" for name, what in SWEEPS.items()),
    "sigma_px": "standard deviation of the smoothing, px of the picture; in the sweep of grids "
    "that of the gaze density and of relevance_smooth",
    "sigma_ratio": "the same, as a multiple of the study's sigma",
    "cells_per_side": "cells in a row of the grid",
    "metric": "metric, as in metrics.tsv",
    "map": "the map that is judged, as in metrics.tsv",
    "n": "number of pictures",
    "mean": "mean over pictures",
    "ci_low": "lower end of its bootstrap percentile interval over pictures",
    "ci_high": "upper end of it",
}


@dataclass(frozen=True)
class Point:
    """One point of a sweep.

    Parameters
    ----------
    sweep : str
        One of `SWEEPS`.
    sigma_px : float
        Standard deviation of the smoothing, px.
    maps : ComparedMaps
        Gaze as it is at this point, on the grid of this point.
    relevance : dict of str to numpy.ndarray, shape (n_pictures, n_cells)
        What is judged, beside controls of gaze.
    """

    sweep: str
    sigma_px: float
    maps: ComparedMaps
    relevance: dict[str, Floats]


def resolution_table(
    read: MapInputs,
    maps: ComparedMaps,
    execution: ExecutionSettings,
    *,
    confidence: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """Judge relevance and two controls at several smoothings and on several grids.

    Parameters
    ----------
    read : MapInputs
        Maps and fixations.
    maps : ComparedMaps
        Gaze and relevance on the study's common grid.
    execution : ExecutionSettings
        Number of workers.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int, default 1
        Seed of the bootstrap over pictures.

    Returns
    -------
    pandas.DataFrame
        The columns of `RESOLUTION_COLUMNS`; metrics that a point has not are left out.
    """
    rows = []
    points = list(_points(read, maps))
    values_of = parallel_map(_judged, points, description="resolution", execution=execution)
    for point, judged in zip(points, values_of, strict=True):
        whole = [key for key, values in judged.items() if np.isfinite(values).all()]
        # All that every picture has is drawn at once, the rest by itself.
        for keys in (whole, *([key] for key in judged if key not in whole)):
            values = np.stack([judged[key] for key in keys], axis=1)
            values = values[np.isfinite(values).all(axis=1)]
            if values.size == 0:
                continue
            ends = mean_interval(values, confidence=confidence, seed=seed)
            for (name, metric), mean, low, high in zip(keys, *ends, strict=True):
                rows.append(
                    {
                        "sweep": point.sweep, "sigma_px": point.sigma_px,
                        "sigma_ratio": point.sigma_px / read.rule.sigma_px,
                        "cells_per_side": point.maps.cells_per_side,
                        "metric": metric, "map": name, "n": len(values),
                        "mean": mean, "ci_low": low, "ci_high": high,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(RESOLUTION_COLUMNS))


def _points(read: MapInputs, maps: ComparedMaps) -> Iterator[Point]:
    """Make the maps of each point of the sweeps."""
    side, sigma_px = maps.cells_per_side, read.rule.sigma_px
    for factor in SIGMA_FACTORS:
        blurred = _smoothed(maps.relevance, side, factor * maps.sigma_cells)
        own = {"relevance": blurred}
        yield Point("relevance smoothed", factor * sigma_px, maps, own)
        rule = replace(read.rule, sigma_px=factor * sigma_px)
        if rule.sigma_px >= rule.grid.step_px:
            gaze = gaze_density(read, rule, side)
            yield Point("both smoothed", rule.sigma_px, replace(maps, gaze=gaze), own)
    for grid in GRIDS:
        coarse = on_other_grid(read, maps, grid)
        judged = {"relevance": coarse.relevance, "relevance_smooth": coarse.relevance_smooth}
        yield Point("grid", sigma_px, coarse, judged)


def _smoothed(relevance: Floats, side: int, sigma_cells: float) -> Floats:
    """Smooth maps; not at all with a sigma of 0."""
    return smooth(relevance, side, sigma_cells) if sigma_cells > 0 else relevance


def gaze_density(read: MapInputs, rule: MapRule, side: int) -> Floats:
    """Make the gaze density of each picture by another rule, on a common grid.

    Parameters
    ----------
    read : MapInputs
        Fixations and pictures.
    rule : MapRule
        How to.
    side : int
        Cells in a row.

    Returns
    -------
    numpy.ndarray, shape (n_pictures, side ** 2)
        Means over the cells.
    """
    by_image = dict(list(read.fixations.groupby("image_id")))
    made = np.stack([picture_maps(by_image[name], rule).mean() for name in read.image_ids])
    edges = np.linspace(-0.5, rule.grid.width_px - 0.5, side + 1)
    return cell_means(made, rule.grid.y_px, rule.grid.x_px, edges).reshape(len(made), -1)


def on_other_grid(read: MapInputs, maps: ComparedMaps, side: int) -> ComparedMaps:
    """Bring the compared maps to another grid.

    Parameters
    ----------
    read : MapInputs
        Maps and fixations.
    maps : ComparedMaps
        Says what they are and how they are smoothed.
    side : int
        Cells in a row.

    Returns
    -------
    ComparedMaps
        On the new grid; without regions, whose cells depend on the grid.
    """
    picture_px, names = read.rule.grid.width_px, read.image_ids
    return replace(
        maps,
        gaze=on_grid(read.density, "density", names, picture_px, side),
        relevance=on_grid(read.relevance, "relevance", names, picture_px, side),
        fixated_cells=cells_by_picture(read.fixations, names, picture_px, side),
        cells_per_side=side,
        sigma_cells=read.rule.sigma_px * side / picture_px,
        regions=(None,) * len(names),
    )


def _judged(point: Point) -> dict[tuple[str, str], Floats]:
    """Judge the maps of a point: values by picture, for each map and metric."""
    maps, n = point.maps, len(point.maps.image_ids)
    centre = np.tile(centre_map(maps.cells_per_side, maps.centre_sigma), (n, 1))
    judged = point.relevance | {"centre": centre}
    if n > 1:
        judged["mean_gaze"] = mean_of_others(maps.gaze, np.zeros(n))
    stack = np.stack(list(judged.values()), axis=1)
    found = [
        judge(prepare(own, maps.tiles_per_side), reference)
        for own, reference in zip(stack, maps.references(), strict=True)
    ]
    return {
        (name, metric): np.array([row[metric][place] for row in found])
        for place, name in enumerate(judged)
        for metric in METRICS
        if metric in found[0]
    }
