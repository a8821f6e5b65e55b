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
    values = differences()
    columns, some = list(values.T), list(values.T[: args.columns])
    first_s = median(lambda: ours(columns, args.resamples), 1)
    own, other, third = (work(some, args.resamples) for work in (ours, scipy, pingouin_intervals))
    write = sys.stdout.write
    write(
        f"{PICTURES} pictures x {CONDITIONS} conditions x {STEPS} steps, {args.resamples} draws\n"
    )
    write(f"p: largest difference to SciPy {p_apart(own, other):.4f}\n")
    for name, ends in (("SciPy", other[:, 1:]), ("pingouin", third)):
        off = interval_apart(own, ends)
        write(f"interval: largest difference to {name} {off:.3f} of its width\n")
    all_s = median(lambda: ours(columns, args.resamples), args.repeats)
    floor_s = median(products(values, args.resamples), args.repeats)
    some_s = median(lambda: ours(some, args.resamples), args.repeats)
    write(
        f"{'faceoff, both':<28}{all_s:8.2f} s for {len(columns)} columns, "
        f"{all_s / floor_s:.1f} floors; "
        f"with the first draws {first_s:.2f} s\n"
    )
    for name, work in (("SciPy, both", scipy), ("pingouin, interval alone", pingouin_intervals)):
        seconds = median(lambda work=work: work(some, args.resamples), 1)  # type: ignore[misc]
        write(
            f"{name:<28}{seconds:8.2f} s for {len(some)} columns, "
            f"{seconds / some_s:.0f} x faceoff\n"
        )


def differences() -> Any:
    """Draw the differences of pictures: a column for each condition and step."""
    shifts = np.random.default_rng(1).normal(0, 0.15, CONDITIONS * STEPS)
    drawn = np.random.default_rng(2).gamma(2.0, size=(PICTURES, CONDITIONS * STEPS))
    return drawn - 2.0 + shifts


def ours(columns: list[Any], resamples: int) -> Any:
    """Compute p and interval of each column with faceoff."""
    draws = Draws(resamples, 0.95, 1)
    return np.array(
        [(sign_flip_p(d, draws), *bootstrap_interval(d, "mean", draws)) for d in columns]
    )


def our_intervals(columns: list[Any], resamples: int) -> Any:
    """Compute the intervals alone with faceoff."""
    draws = Draws(resamples, 0.95, 1)
    return np.array([bootstrap_interval(d, "mean", draws) for d in columns])


def scipy(columns: list[Any], resamples: int) -> Any:
    """Compute p and interval of each column with SciPy."""
    return np.array([(scipy_p(d, resamples), *scipy_interval(d, resamples)) for d in columns])


def pingouin_intervals(columns: list[Any], resamples: int) -> Any:
    """Compute the intervals with pingouin."""
    return np.array(
        [
            pingouin.compute_bootci(
                d, func="mean", method="bca", n_boot=resamples, decimals=6, seed=1
            )
            for d in columns
        ]
    )


def p_apart(own: Any, other: Any) -> float:
    """Give the largest difference of p."""
    return float(np.abs(own[:, 0] - other[:, 0]).max())


def interval_apart(own: Any, ends: Any) -> float:
    """Give the largest difference of an interval's end, as a share of the widest interval."""
    width = (ends[:, 1] - ends[:, 0]).max()
    return float(np.abs(own[:, -2:] - ends).max() / width)


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


def products(values: Any, resamples: int) -> Callable[[], Any]:
    """Give the matrix products that are the floor."""
    rng = np.random.default_rng(1)
    counts = rng.multinomial(PICTURES, np.full(PICTURES, 1 / PICTURES), resamples).astype(float)
    signs = rng.integers(0, 2, (resamples, PICTURES)) * 2.0 - 1.0
    return lambda: (counts @ values, signs @ values)


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
