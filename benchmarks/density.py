"""Speed of exact density maps against SciPy's kernel density estimate, in the same run.

    python benchmarks/density.py

First one map: 2000 fixations at each pixel of a KDEF picture (562 x 762). The fixations are
whitened, so that SciPy's kernel, which takes the data's own covariance, is the same round
Gaussian; the script checks that the two maps agree. Then a study: 28 people on 112 pictures of
448 px, about nine fixations each, with all that `faceoff gaze density` computes: maps by picture,
by expression and by participant, ceilings of 1000 halves, controls, and the kernel's width by
likelihood. Times are those of the fastest of several runs, and ratios are what counts.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from gaze_analysis.bandwidth import likelihood_bandwidth
from gaze_analysis.controls import control_maps, control_table
from gaze_analysis.density import Grid, kernel_sum
from gaze_analysis.maps import study_maps
from gaze_analysis.trial_maps import MapRule, picture_maps
from stimuli.expressions import EXPRESSIONS

WIDTH_PX, HEIGHT_PX, N_FIXATIONS = 562, 762, 2000
SPREAD_PX, SIGMA_PX = 90.0, 20.0
RUNS, RUNS_OF_PEER = 9, 2

N_PEOPLE, N_PICTURES, FIXATIONS_OF_TRIAL, PICTURE_PX = 28, 112, 9, 448
STUDY_RULE = MapRule(Grid(PICTURE_PX, PICTURE_PX, 2.0), sigma_px=44.0)
STUDY_RUNS, PICTURES_OF_PEER = 3, 4

Result = TypeVar("Result")


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


def study_fixations() -> pd.DataFrame:
    """Draw the fixations of a study: people look at eyes, nose and mouth, each in their own way."""
    rng = np.random.default_rng(2)
    places = np.array([[160.0, 190.0], [288.0, 190.0], [224.0, 260.0], [224.0, 330.0]])
    habits = rng.dirichlet(np.ones(len(places)), N_PEOPLE)
    sheets = []
    for person, picture in np.ndindex(N_PEOPLE, N_PICTURES):
        n = max(1, rng.poisson(FIXATIONS_OF_TRIAL))
        where = rng.normal(places[rng.choice(len(places), n, p=habits[person])], 25.0)
        sheets.append(
            pd.DataFrame(where.clip(0, PICTURE_PX - 1), columns=["x_px", "y_px"]).assign(
                participant_id=f"sub-{person:03d}",
                image_id=f"P{picture:03d}",
                expression=EXPRESSIONS[picture % len(EXPRESSIONS)],
                duration_ms=rng.gamma(4.0, 60.0, n),
            )
        )
    return pd.concat(sheets, ignore_index=True)


def fastest(function: Callable[[], Result], runs: int) -> tuple[float, Result]:
    """Time the fastest of several runs."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def one_map() -> None:
    """Print times, ratio and agreement of one map."""
    points, durations = fixations()
    x, y = points
    grid = Grid(WIDTH_PX, HEIGHT_PX)
    where = np.stack(np.meshgrid(grid.x_px, grid.y_px)).reshape(2, -1)

    def ours() -> NDArray[np.float64]:
        return kernel_sum(x, y, grid, sigma_px=SIGMA_PX, weights=durations)

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


def one_study() -> None:
    """Print times of a study, and of SciPy for its pictures' maps alone."""
    table, rule = study_fixations(), STUDY_RULE
    pictures = [own for _, own in table.groupby("image_id")]
    where = np.stack(np.meshgrid(rule.grid.x_px, rule.grid.y_px)).reshape(2, -1)

    def scipy() -> None:
        for own in pictures[:PICTURES_OF_PEER]:
            gaussian_kde(own[["x_px", "y_px"]].T, weights=own["duration_ms"])(where)

    alone_s, _ = fastest(lambda: [picture_maps(own, rule).mean() for own in pictures], STUDY_RUNS)
    scipy_s = fastest(scipy, RUNS_OF_PEER)[0] / PICTURES_OF_PEER * N_PICTURES
    maps_s, made = fastest(lambda: study_maps(table, rule), STUDY_RUNS)

    def controls() -> pd.DataFrame:
        return control_table(made.maps, control_maps(made.maps, table, rule))

    controls_s, _ = fastest(controls, STUDY_RUNS)
    width_s, width = fastest(lambda: likelihood_bandwidth(table, rule), 1)
    rows, columns = rule.grid.shape
    sys.stdout.write(
        f"\nstudy of {N_PEOPLE} people on {N_PICTURES} pictures: {len(table)} fixations, maps of "
        f"{columns} x {rows} points\n"
        f"faceoff, the pictures' maps   {alone_s:7.2f} s\n"
        f"scipy, one map for each       {scipy_s:7.2f} s ({PICTURES_OF_PEER} of them timed)\n"
        f"ratio                         {scipy_s / alone_s:7.0f}\n"
        f"faceoff, all maps, ceilings   {maps_s:7.2f} s\n"
        f"faceoff, controls             {controls_s:7.2f} s\n"
        f"faceoff, width by likelihood  {width_s:7.2f} s ({len(width.candidates)} widths)\n"
    )


def main() -> None:
    """Time one map, then a study."""
    one_map()
    one_study()


if __name__ == "__main__":
    main()
