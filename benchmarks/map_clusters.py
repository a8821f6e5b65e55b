"""How often the cluster test of maps finds a difference that is not there, and one that is.

    python benchmarks/map_clusters.py [RUNS]

simulates RUNS studies (default 1000) of smooth maps for several numbers of units: without any
difference (the share with a significant cluster should be 5 %), and with a blob of one cell's
standard deviation times an effect size. Prints shares with their 95 % intervals (Wilson).
"""

import sys

import numpy as np
from scipy.ndimage import gaussian_filter
from statsmodels.stats.proportion import proportion_confint

from comparison.map_differences import cluster_test
from study.seeds import generator

SIDE, SIGMA_CELLS, PERMUTATIONS = 16, 2.0, 199
UNITS = (8, 16, 28)
EFFECTS = (0.0, 0.25, 0.5, 0.75, 1.0)


def rejects(n: int, effect: float, run: int) -> bool:
    """Simulate one study, and tell whether any cluster is significant."""
    rng = generator(1, "map clusters", n, str(effect), run)
    maps = gaussian_filter(rng.normal(size=(n, SIDE, SIDE)), (0, SIGMA_CELLS, SIGMA_CELLS))
    blob = np.zeros((SIDE, SIDE))
    blob[SIDE // 2, SIDE // 4] = 1.0
    blob = gaussian_filter(blob, SIGMA_CELLS)
    maps += effect * maps.std() * blob / blob.max()
    test = cluster_test(maps, n_permutations=PERMUTATIONS, seed=int(rng.integers(2**31)))
    return bool(test.significant.any())


def main() -> None:
    """Print the share of studies with a significant cluster."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for n in UNITS:
        for effect in EFFECTS:
            # Power needs fewer runs than the error rate.
            own = runs if effect == 0 else max(1, runs // 5)
            found = sum(rejects(n, effect, run) for run in range(own))
            low, high = proportion_confint(found, own, method="wilson")
            sys.stdout.write(
                f"{n:3} units, effect {effect:4.2f}: {found / own:.3f} "
                f"[{low:.3f}, {high:.3f}] of {own}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
