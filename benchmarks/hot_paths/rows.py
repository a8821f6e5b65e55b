"""Rows of the table: results that are compared first, then times that are taken in turn."""

import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FACEOFF, FLOOR = "faceoff", "floor"
NOT_INSTALLED = "not installed: `pip install 'faceoff[bench]'`"
NOT_SMALL = "left out of the small form: it needs an environment of its own"
Seconds = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Path:
    """A hot path: its name, the input, and what its floor is."""

    name: str
    given: str
    floor: str = ""


@dataclass(frozen=True)
class Row:
    """What one peer gave: how its results agree, and its times over ours."""

    path: Path
    peer: str
    results: str
    ours_s: float = np.nan
    ratios: tuple[float, ...] = ()
    floors: tuple[float, ...] = ()

    def cells(self) -> list[str]:
        """Write the cells of the row."""
        floors = quartiles(self.floors)
        return [
            self.path.name,
            self.path.given,
            f"{1000 * self.ours_s:.4g}" if np.isfinite(self.ours_s) else "",
            self.peer,
            self.results,
            quartiles(self.ratios),
            f"{floors} {self.path.floor}" if floors else "",
        ]


def measured(path: Path, results: Mapping[str, str], seconds: Seconds) -> list[Row]:
    """Make a row for each peer whose results were compared."""
    ours = np.array(seconds[FACEOFF])
    floors = tuple(ours / seconds[FLOOR]) if FLOOR in seconds else ()
    return [
        Row(path, peer, how, float(np.median(ours)), tuple(seconds[peer] / ours), floors)
        for peer, how in results.items()
    ]


def quartiles(values: Sequence[float]) -> str:
    """Write the median, and the quartiles around it."""
    if not len(values):
        return ""
    low, middle, high = (f"{value:.3g}" for value in np.quantile(values, (0.25, 0.5, 0.75)))
    return f"**{middle}** ({low} to {high})"


def timed_in_turn(works: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Time each work so many times, in turn, so that a busy machine is unfair to none."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - started)
    return taken


def apart(ours: Any, theirs: Any, limit: float, of: str) -> str:
    """Say how far results are apart, as a share of what is largest; over a limit they differ."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if ours.shape != theirs.shape:
        return f"differs: {theirs.shape} values in place of {ours.shape}"
    share = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    return f"{'agrees' if share <= limit else 'differs'}: by {share:.1e} of {of} at most"


def is_installed(module: str) -> bool:
    """Tell whether a peer is in this environment."""
    return importlib.util.find_spec(module) is not None
