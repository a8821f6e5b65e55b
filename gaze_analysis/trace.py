"""Gaze of one eye over one file: times, degrees, blocks and the sampling interval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.frames import Screen

Values = NDArray[np.float64]
# Head-referenced gaze is on a plane at this distance (EyeLink 1000 Plus User Manual, 4.4.2.2).
HREF_DISTANCE = 15000.0
# Whole stamps of a rate such as 300 Hz are 3 or 4 ms apart, which is still that rate.
_SAME_RATE = 0.25


@dataclass(frozen=True)
class Trace:
    """Gaze of one eye over one file, whose samples share a clock.

    Parameters
    ----------
    time_ms : ndarray, shape (n_samples,)
        Increasing, on the tracker's clock.
    points_deg : ndarray, shape (n_samples, 2)
        Horizontal and vertical position in degrees; NaN where gaze is lost.
    block : ndarray of int, shape (n_samples,)
        Which stretch of recording a sample belongs to.
    rate_hz : float
        Nominal sampling rate; NaN where nothing says it.
    block_rates_hz : mapping of int to float, optional
        Nominal sampling rates of blocks that have one of their own.
    """

    time_ms: Values
    points_deg: Values
    block: NDArray[np.int64]
    rate_hz: float
    block_rates_hz: Mapping[int, float] = field(default_factory=dict)

    @cached_property
    def valid(self) -> NDArray[np.bool_]:
        """Which samples have a position."""
        found: NDArray[np.bool_] = np.isfinite(self.points_deg).all(axis=1)
        return found

    @cached_property
    def follows(self) -> NDArray[np.bool_]:
        """Which samples follow the one before them without a gap."""
        found = np.zeros(len(self.time_ms), dtype=bool)
        for part in self.blocks():
            gaps = np.diff(self.time_ms[part], prepend=-np.inf)
            found[part] = gaps < 1.5 * self.interval_ms(part)
        return found

    def interval_ms(self, part: slice) -> float:
        """Give the time between samples of a part of one block.

        It is that of the nominal rate, unless the stamps say that this is not the rate; NaN
        where neither tells.
        """
        times = self.time_ms[part]
        block = int(self.block[part.start]) if len(times) else -1
        nominal = 1000.0 / self.block_rates_hz.get(block, self.rate_hz)
        measured = regular_interval_ms(times)
        # Few samples between gaps say nothing against the rate.
        if np.isnan(nominal) or len(times) >= 100:
            agrees = abs(measured / nominal - 1.0) <= _SAME_RATE
            return nominal if agrees else measured
        return nominal

    @cached_property
    def block_slices(self) -> dict[int, slice]:
        """The samples of each block."""
        return {int(self.block[found.start]): found for found in self.blocks()}

    @cached_property
    def block_intervals_ms(self) -> dict[int, float]:
        """The time between the samples of each block."""
        return {block: self.interval_ms(found) for block, found in self.block_slices.items()}

    def interval_at(self, first_ms: float, last_ms: float) -> float:
        """Give the time between samples in a stretch of time, by the block that it lies in."""
        place = min(self.part(first_ms, last_ms).start, len(self.time_ms) - 1)
        interval = self.block_intervals_ms[int(self.block[place])]
        return interval if interval > 0 else last_ms - first_ms

    def part(self, first_ms: float, last_ms: float) -> slice:
        """Find the samples from one time to another, both included."""
        first = np.searchsorted(self.time_ms, first_ms, side="left")
        last = np.searchsorted(self.time_ms, last_ms, side="right")
        return slice(int(first), int(last))

    def blocks(self) -> Iterator[slice]:
        """Yield each stretch of recording."""
        edges = np.flatnonzero(np.diff(self.block)) + 1
        bounds = [0, *edges.tolist(), len(self.block)]
        for start, end in pairwise(bounds):
            if end > start:
                yield slice(start, end)


def regular_interval_ms(times_ms: Values) -> float:
    """Measure the time between samples where none is missing.

    Parameters
    ----------
    times_ms : ndarray, shape (n_samples,)
        Stamps of samples, increasing.

    Returns
    -------
    float
        The mean of the intervals up to one and a half times their median; NaN for fewer than
        two samples.

    Examples
    --------
    >>> regular_interval_ms(np.array([0.0, 3, 7, 10, 110, 113, 117, 120]))
    3.33...
    """
    steps = np.diff(times_ms)
    steps = steps[steps > 0]
    if not len(steps):
        return float("nan")
    return float(steps[steps <= 1.5 * np.median(steps)].mean())


def trace_of(
    samples: pd.DataFrame,
    eye: str,
    screen: Screen,
    rate_hz: float,
    block_rates_hz: Mapping[int, float] | None = None,
) -> Trace:
    """Take the gaze of one eye out of the samples of one file.

    Parameters
    ----------
    samples : pandas.DataFrame
        time_ms, block, and ``x_<eye>_px`` and ``y_<eye>_px``, or the same in ``_href``;
        without these there is no gaze.
    eye : str
        ``left`` or ``right``.
    screen : Screen
        Its size and distance, for gaze in pixels.
    rate_hz : float
        Nominal sampling rate.
    block_rates_hz : mapping of int to float, optional
        Nominal sampling rates of blocks that have one of their own.

    Returns
    -------
    Trace
        The samples in the order of time.
    """
    kind = gaze_kind(samples, eye)
    rates = dict(block_rates_hz or {})
    if not kind:
        return Trace(np.empty(0), np.empty((0, 2)), np.empty(0, dtype=np.int64), rate_hz, rates)
    points = samples[[f"x_{eye}_{kind}", f"y_{eye}_{kind}"]].to_numpy(dtype=float)
    if kind == "px":
        degrees = screen.to_deg(points)
    else:
        degrees = np.degrees(np.arctan(points / HREF_DISTANCE))
    time = samples["time_ms"].to_numpy(dtype=float)
    block = samples["block"].to_numpy()
    if (np.diff(time) < 0).any():
        order = np.argsort(time, kind="stable")
        time, degrees, block = time[order], degrees[order], block[order]
    return Trace(time, degrees, block, rate_hz, rates)


def gaze_kind(samples: pd.DataFrame, eye: str) -> str:
    """Tell which kind of gaze a table of samples holds for an eye.

    Parameters
    ----------
    samples : pandas.DataFrame
        With columns such as ``x_left_px``.
    eye : str
        ``left`` or ``right``.

    Returns
    -------
    str
        ``px`` (screen pixels), ``href`` (head-referenced), or nothing.
    """
    kinds = ("px", "href")
    return next((kind for kind in kinds if f"x_{eye}_{kind}" in samples), "")
