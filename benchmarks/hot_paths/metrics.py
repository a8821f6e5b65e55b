"""Map metrics: ours beside pysaliency's, on smooth maps and the fixations of many pictures."""

from typing import Any

import map_metrics
import numpy as np
from scipy.ndimage import gaussian_filter

from hot_paths.rows import FACEOFF, NOT_SMALL, Path, Row, apart, measured, timed_in_turn

NAMES = "CC, SIM, KL, NSS, AUC, sAUC, IG"
SIDE, PICTURES, FIXATIONS = 112, 28, 60
LIMIT = 1e-9


def rows(small: bool) -> list[Row]:
    """Compare each metric of each map, and time all of them."""
    path = Path(
        "map metrics", f"{NAMES}: 3 maps of each of {PICTURES} pictures, {SIDE} x {SIDE} cells"
    )
    if small:
        return [Row(path, "pysaliency", NOT_SMALL)]
    maps, fixations = drawn_maps(), drawn_fixations()
    own = map_metrics.our_values(maps, fixations)
    theirs, seconds = map_metrics.ask_peer(maps, fixations, 3)
    columns = [np.concatenate([values[name] for name in theirs]) for values in (own, theirs)]
    results = {"pysaliency": apart(*columns, LIMIT, "the largest value")}
    taken = timed_in_turn({FACEOFF: lambda: map_metrics.our_values(maps, fixations)}, 3)
    return measured(path, results, taken | {"pysaliency": seconds})


def drawn_maps() -> dict[str, Any]:
    """Draw smooth maps, maps of few levels, and maps that are zero on most cells."""
    noise = np.random.default_rng(1).normal(size=(2, PICTURES, SIDE, SIDE))
    waves, gaze = gaussian_filter(noise, (0, 0, 6, 6))
    waves, gaze = waves / waves.std(), gaze / gaze.std()
    return {
        "smooth": waves - waves.min(),
        "steps": np.floor(2 * (waves - waves.min())),
        "sparse": np.clip(waves - 1, 0, None),
        "gaze": np.exp(gaze),
    }


def drawn_fixations() -> list[Any]:
    """Draw column and row of the fixations on each picture, more of them near its middle."""
    rng = np.random.default_rng(2)
    drawn = rng.normal(SIDE / 2, SIDE / 6, (PICTURES, 2, FIXATIONS))
    return list(drawn.clip(0, SIDE - 1).astype(int))
