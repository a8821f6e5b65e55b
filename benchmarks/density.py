"""Speed of exact density maps against SciPy's kernel density estimate, in the same run.

    python benchmarks/density.py

Both evaluate 2000 fixations at each pixel of a KDEF picture (562 x 762). The fixations are
whitened, so that SciPy's kernel, which takes the data's own covariance, is the same round
Gaussian; the script checks that the two maps agree. Times are those of the fastest of several
runs, and the ratio of the two is what counts.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from gaze_analysis.density import Grid, kernel_sum

WIDTH_PX, HEIGHT_PX, N_FIXATIONS = 562, 762, 2000
SPREAD_PX, SIGMA_PX = 90.0, 20.0
RUNS, RUNS_OF_PEER = 9, 2


def fixations() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw fixations whose covariance is exactly round, and durations."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(2, N_FIXATIONS))
    durations = rng.gamma(4.0, 60.0, N_FIXATIONS)
    share = durations / durations.sum()
    points -= (points @ share)[:, None]
    covariance = np.cov(points, aweights=share)
    white = np.linalg.solve(np.linalg.cholesky(covariance), points)
    return white * SPREAD_PX + np.array([[WIDTH_PX / 2], [HEIGHT_PX / 2]]), durations


def fastest(function: Callable[[], NDArray[np.float64]], runs: int) -> tuple[float, NDArray]:
    """Time the fastest of several runs."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def main() -> None:
    """Print times, ratio and agreement."""
    points, durations = fixations()
    grid = Grid(WIDTH_PX, HEIGHT_PX)
    where = np.stack(np.meshgrid(grid.x_px, grid.y_px)).reshape(2, -1)

    def ours() -> NDArray[np.float64]:
        return kernel_sum(*points, grid, sigma_px=SIGMA_PX, weights=durations)

    def scipy() -> NDArray[np.float64]:
        kde = gaussian_kde(points, bw_method=SIGMA_PX / SPREAD_PX, weights=durations)
        return kde(where).reshape(grid.shape)

    own_s, own = fastest(ours, RUNS)
    peer_s, peer = fastest(scipy, RUNS_OF_PEER)
    own = own / durations.sum()
    difference = np.abs(own - peer).max() / peer.max()
    sys.stdout.write(
        f"{N_FIXATIONS} fixations on {WIDTH_PX} x {HEIGHT_PX} px, kernel of {SIGMA_PX:g} px\n"
        f"faceoff             {own_s * 1000:8.1f} ms\n"
        f"scipy gaussian_kde  {peer_s * 1000:8.1f} ms\n"
        f"ratio               {peer_s / own_s:8.0f}\n"
        f"largest difference  {difference:.1e} of the maximum\n"
    )


if __name__ == "__main__":
    main()
