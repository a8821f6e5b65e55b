"""Bootstrap intervals and permutation tests: ours beside SciPy, pingouin and matrix products."""

from collections.abc import Callable
from typing import Any

import numpy as np
import resampling as script

from comparison.resampling import _one_block
from hot_paths.rows import FACEOFF, FLOOR, Path, Row, measured, timed_in_turn

# Draws are random, and a seed means another thing to each. Times the root of the number of draws:
# four deviations of the difference of p = .5 (SciPy doubles the smaller side), and of a BCa
# interval's end as a share of its width.
P_LIMIT, INTERVAL_LIMIT = 4.5, 5.4


def rows(small: bool) -> list[Row]:
    """Compare and time both tests, and the interval alone for the peer that has no other."""
    resamples = 1000 if small else 10_000
    values = script.differences()[:, :8] if small else script.differences()
    columns = list(values.T)
    shape = f"{values.shape[0]} pictures x {values.shape[1]} columns, {resamples} draws"
    both = Path("bootstrap and permutation", shape, "matrix products")
    alone = Path("bootstrap alone", shape)
    own, other, third = (
        work(columns, resamples) for work in (script.ours, script.scipy, script.pingouin_intervals)
    )
    results = {
        "SciPy": agreement(
            resamples, script.interval_apart(own, other[:, 1:]), script.p_apart(own, other)
        )
    }
    of_alone = {"pingouin": agreement(resamples, script.interval_apart(own, third))}
    repeats = 2 if small else 5

    def timed(ours: Callable[..., Any], name: str, peer: Callable[..., Any]) -> Any:
        works = {FACEOFF: lambda: anew(ours, columns, resamples)}
        works[name] = lambda: peer(columns, resamples)
        if ours is script.ours:
            works[FLOOR] = script.products(values, resamples)
        return timed_in_turn(works, repeats)

    return [
        *measured(both, results, timed(script.ours, "SciPy", script.scipy)),
        *measured(
            alone,
            of_alone,
            timed(script.our_intervals, "pingouin", script.pingouin_intervals),
        ),
    ]


def agreement(resamples: int, width: float, p: float = 0.0) -> str:
    """Say how far results are apart, and whether random draws explain that."""
    root = np.sqrt(resamples)
    how = "agrees" if p * root <= P_LIMIT and width * root <= INTERVAL_LIMIT else "differs"
    of_p = f"p by {p:.4f}, " if p else ""
    return f"{how}: {of_p}intervals by {width:.3f} of their width at most"


def anew(work: Callable[..., Any], columns: list[Any], resamples: int) -> Any:
    """Test with draws of its own: those of the run before are forgotten."""
    _one_block.cache_clear()
    return work(columns, resamples)
