"""Bootstrap and permutation of paired differences beside SciPy, pingouin and bare matrix products.

    python benchmarks/resampling.py [--resamples 10000] [--columns 8]

takes 112 pictures under 4 conditions at 17 steps. Results are compared on the first `--columns`
of the 68 columns, on which the peers, which are slower, are timed too; ours are timed on all. The
floor is the product of the drawn counts, and of the drawn signs, with all columns at once.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pingouin
from scipy import stats

from comparison.resampling import Draws, bootstrap_interval, sign_flip_p

PICTURES, CONDITIONS, STEPS = 112, 4, 17


def main() -> None:
    """Compare results, then print times and ratios."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    draws = Draws(args.resamples, 0.95, 1)
    shifts = np.random.default_rng(1).normal(0, 0.15, CONDITIONS * STEPS)
    values = np.random.default_rng(2).gamma(2.0, size=(PICTURES, CONDITIONS * STEPS)) - 2.0 + shifts
    columns = list(values.T)
    some = columns[: args.columns]

    def ours(chosen: list[Any]) -> list[tuple[float, float, float]]:
        return [(sign_flip_p(d, draws), *bootstrap_interval(d, "mean", draws)) for d in chosen]

    def scipy() -> list[tuple[float, float, float]]:
        return [(scipy_p(d, args.resamples), *scipy_interval(d, args.resamples)) for d in some]

    def pingouin_intervals() -> list[Any]:
        return [
            pingouin.compute_bootci(
                d, func="mean", method="bca", n_boot=args.resamples, decimals=6, seed=1
            )
            for d in some
        ]

    first_s = median(lambda: ours(columns), 1)
    own, other, third = np.array(ours(some)), np.array(scipy()), np.array(pingouin_intervals())
    width = (other[:, 2] - other[:, 1])[:, None]
    write = sys.stdout.write
    write(
        f"{PICTURES} pictures x {CONDITIONS} conditions x {STEPS} steps, {args.resamples} draws\n"
    )
    write(f"p: largest difference to SciPy {np.abs(own[:, 0] - other[:, 0]).max():.4f}\n")
    for name, ends in (("SciPy", other[:, 1:]), ("pingouin", third)):
        off = np.abs(own[:, 1:] - ends).max(axis=0) / width.max()
        write(f"interval: largest difference to {name} {off.max():.3f} of its width\n")
    all_s, floor_s = median(lambda: ours(columns), args.repeats), floor(values, args, args.repeats)
    some_s = median(lambda: ours(some), args.repeats)
    write(
        f"{'faceoff, both':<28}{all_s:8.2f} s for {len(columns)} columns, "
        f"{all_s / floor_s:.1f} floors; "
        f"with the first draws {first_s:.2f} s\n"
    )
    for name, work in (("SciPy, both", scipy), ("pingouin, interval alone", pingouin_intervals)):
        seconds = median(work, 1)
        write(
            f"{name:<28}{seconds:8.2f} s for {len(some)} columns, "
            f"{seconds / some_s:.0f} x faceoff\n"
        )


def scipy_p(d: Any, resamples: int) -> float:
    """Test by sign flips with SciPy."""
    result = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", vectorized=True, n_resamples=resamples, rng=1
    )
    return float(result.pvalue)


def scipy_interval(d: Any, resamples: int) -> tuple[float, float]:
    """Compute a BCa interval of the mean with SciPy."""
    interval = stats.bootstrap(
        (d,), np.mean, n_resamples=resamples, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    return float(interval.low), float(interval.high)


def floor(values: Any, args: argparse.Namespace, repeats: int) -> float:
    """Time the matrix products alone."""
    rng = np.random.default_rng(1)
    counts = rng.multinomial(PICTURES, np.full(PICTURES, 1 / PICTURES), args.resamples).astype(
        float
    )
    signs = rng.integers(0, 2, (args.resamples, PICTURES)) * 2.0 - 1.0
    return median(lambda: (counts @ values, signs @ values), repeats)


def median(work: Callable[[], Any], repeats: int) -> float:
    """Time some work, and give the median of the seconds."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
