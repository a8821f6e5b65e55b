"""Density maps: fixations on a square picture, each peer with the same round kernel."""

from collections.abc import Callable
from typing import Any

import density as script
import numpy as np
from scipy.stats import gaussian_kde

from gaze_analysis.density import Grid, kernel_sum
from hot_paths.rows import (
    FACEOFF,
    FLOOR,
    NOT_INSTALLED,
    Path,
    Row,
    apart,
    is_installed,
    measured,
    timed_in_turn,
)

PEERS = {
    "scipy gaussian_kde": "scipy",
    "seaborn, without drawing": "seaborn",
    "KDEpy FFTKDE": "KDEpy",
}
# FFTKDE deals each fixation out to the four points around it: an approximation by design.
LIMIT = 1e-9


def rows(small: bool) -> list[Row]:
    """Compare and time one map."""
    side_px = 128 if small else script.WIDTH_PX
    points, durations = script.fixations()
    points = points * (side_px / script.WIDTH_PX)
    points[1] -= (script.HEIGHT_PX - script.WIDTH_PX) / 2 * (side_px / script.WIDTH_PX)
    # seaborn and SciPy scale the kernel by the data's own, round covariance.
    spread_px = script.SPREAD_PX * (side_px / script.WIDTH_PX)
    path = Path(
        "density map",
        f"{points.shape[1]} fixations on {side_px} x {side_px} px",
        "products of kernels that are there",
    )
    grid = Grid(side_px, side_px)
    works: dict[str, Callable[[], Any]] = {
        FACEOFF: lambda: (
            kernel_sum(*points, grid, sigma_px=script.SIGMA_PX, weights=durations) / durations.sum()
        )
    }
    for name, module in PEERS.items():
        if is_installed(module):
            works[name] = peer(module, points, durations, spread_px, side_px)
    maps = {name: work() for name, work in works.items()}
    own = maps.pop(FACEOFF)
    results = {
        name: apart(own, other, LIMIT, "the largest density") for name, other in maps.items()
    }
    works[FLOOR] = products(points, durations, grid)
    absent = [Row(path, name, NOT_INSTALLED) for name in PEERS if name not in works]
    return measured(path, results, timed_in_turn(works, 1 if small else 3)) + absent


def peer(
    module: str, points: Any, durations: Any, spread_px: float, side_px: int
) -> Callable[[], Any]:
    """Give what a user would call in place of ours."""
    line = np.arange(side_px, dtype=float)
    width = script.SIGMA_PX / spread_px

    def scipy() -> Any:
        where = np.stack(np.meshgrid(line, line)).reshape(2, -1)
        return gaussian_kde(points, width, weights=durations)(where).reshape(side_px, -1)

    def seaborn() -> Any:
        from seaborn._statistics import KDE

        # A wide cut lets the clip alone bound the points.
        ends = (0, side_px - 1)
        kde = KDE(bw_method=width, gridsize=side_px, cut=1e3, clip=(ends, ends))
        return kde(*points, weights=durations)[0]

    def kdepy() -> Any:
        from KDEpy import FFTKDE

        # Its points must surround all fixations, so those of the picture are cut out.
        margin = int(np.ceil(max(-points.min(), points.max() - side_px, 0))) + 1
        wide = np.arange(-margin, side_px + margin, dtype=float)
        where = np.stack(np.meshgrid(wide, wide, indexing="ij")).reshape(2, -1).T
        kde = FFTKDE(kernel="gaussian", bw=script.SIGMA_PX).fit(points.T, weights=durations)
        inner = slice(margin, margin + side_px)
        return kde.evaluate(where).reshape(len(wide), -1)[inner, inner].T

    return {"scipy": scipy, "seaborn": seaborn, "KDEpy": kdepy}[module]


def products(points: Any, durations: Any, grid: Grid) -> Callable[[], Any]:
    """Give the matrix product that any exact map with this kernel needs."""

    def kernels(at: Any, where: Any) -> Any:
        return np.exp(-0.5 * ((where[:, None] - at) / script.SIGMA_PX) ** 2)

    across, down = kernels(points[0], grid.x_px), kernels(points[1], grid.y_px) * durations
    return lambda: down @ across.T
