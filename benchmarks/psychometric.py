"""Whether thresholds of noise come out as planted, and how often their intervals hold them.

    python benchmarks/psychometric.py [RUNS]

simulates RUNS noise studies (default 400) for several numbers of people, who differ in threshold
(log-normal, 0.2 log units) and in accuracy (0.35 logits), and of faces; fits both functions to
Weibull observers, and prints the pooled threshold over the planted one, the share of 95 %
intervals that hold it (95 % interval by Wilson), and the share of significant misfits.
"""

import sys

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from statsmodels.stats.proportion import proportion_confint

from comparison.noise_study import parse_variances
from comparison.psychometric import SHAPES, Shape, fit_p_value, fit_psychometric, resampled_fits
from comparison.psychometric_tables import GUESS
from study.seeds import generator

LEVELS = np.array(parse_variances("0,0.01,0.05,0.1,0.2,0.5,1"))
THRESHOLD, SLOPE = 0.3, 1.5
DESIGNS = ((14, 63), (28, 112), (56, 112))
RESAMPLES = 200
Counts = npt.NDArray[np.float64]


def simulate(n_people: int, n_faces: int, run: int) -> tuple[Counts, Counts]:
    """Count right answers and answers of each person at each level."""
    rng = generator(1, "psychometric", n_people, n_faces, run)
    thresholds = THRESHOLD * np.exp(rng.normal(0, 0.2, n_people))
    intact = expit(rng.normal(1.8, 0.35, n_people))
    left = 2.0 ** -((LEVELS / thresholds[:, None]) ** SLOPE)
    # Lists hold each level as often, to within one.
    base, more = divmod(n_faces, len(LEVELS))
    asked = base + (np.arange(len(LEVELS)) < more)
    asked = np.stack([rng.permutation(asked) for _ in range(n_people)])
    share = GUESS + (intact[:, None] - GUESS) * left
    return rng.binomial(asked, share).astype(float), asked.astype(float)


def judge(n_people: int, n_faces: int, shape: Shape, run: int) -> tuple[float, bool, bool]:
    """Fit one study: threshold over the planted one, whether it is held, whether it misfits."""
    right, asked = simulate(n_people, n_faces, run)
    rng = generator(2, "psychometric", n_people, n_faces, run)
    total = asked.sum(axis=0)
    pooled = fit_psychometric(
        LEVELS, right.sum(axis=0)[None], total[None], guess=GUESS, shape=shape
    )
    fits = resampled_fits(LEVELS, right, asked, rng, guess=GUESS, shape=shape, resamples=RESAMPLES)
    low, high = np.quantile([fit.threshold for fit in fits], [0.025, 0.975], method="inverted_cdf")
    p_fit = fit_p_value(pooled[0], LEVELS, total, rng, resamples=99)
    return pooled[0].threshold / THRESHOLD, bool(low <= THRESHOLD <= high), p_fit < 0.05


def main() -> None:
    """Print what comes out of each design."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for n_people, n_faces in DESIGNS:
        for shape in SHAPES:
            found = [judge(n_people, n_faces, shape, run) for run in range(runs)]
            ratios, held, misfits = map(np.array, zip(*found, strict=True))
            low, high = proportion_confint(held.sum(), runs, method="wilson")
            middle = np.quantile(ratios, [0.5, 0.05, 0.95])
            sys.stdout.write(
                f"{n_people:3} people, {n_faces} faces, {shape:8}: threshold over planted "
                f"{middle[0]:.3f} ({middle[1]:.2f} to {middle[2]:.2f}), held {held.mean():.3f} "
                f"[{low:.3f}, {high:.3f}], misfits {misfits.mean():.3f}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
