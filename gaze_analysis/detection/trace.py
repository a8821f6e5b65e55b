"""The gaze of one eye, the stretches of it that have no gap, and events as ranges of samples."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.frames import Screen

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
# One lost row does not end a stretch, two do.
_GAP_INTERVALS = 2.5


class Interval(NamedTuple):
    """An event as a range of samples.

    Parameters
    ----------
    kind : str
        fixation, saccade, pso (post-saccadic oscillation), pursuit or blink.
    first, end : int
        Its first sample, and the first one after it.
    """

    kind: str
    first: int
    end: int


class Stretch(NamedTuple):
    """Samples that follow each other without a gap.

    Parameters
    ----------
    first, end : int
        The first sample, and the first one after the last.
    interval_ms : float
        Time between samples.
    """

    first: int
    end: int
    interval_ms: float

    @property
    def part(self) -> slice:
        """The samples, as an index."""
        return slice(self.first, self.end)

    @property
    def rate_hz(self) -> float:
        """Samples in a second."""
        return 1000.0 / self.interval_ms

    def n_samples(self, duration_ms: float) -> int:
        """Count the samples that stand for a time, at least one."""
        return max(1, round(duration_ms / self.interval_ms))


@dataclass(frozen=True)
class EyeTrace:
    """Gaze of one eye over a session, in the order of the files.

    Parameters
    ----------
    time_ms : ndarray, shape (n,)
        On the tracker's clock.
    x_px, y_px : ndarray, shape (n,)
        Gaze on the screen; NaN where it is lost.
    pupil : ndarray, shape (n,)
        Pupil in any unit; NaN where it is lost, or was not recorded.
    block, part : ndarray of int, shape (n,)
        Recording block within its file, and file of the session; events cross neither.
    screen : Screen
        Its size and distance.
    eye : str, default "unknown"
        left, right or unknown.
    """

    time_ms: Values
    x_px: Values
    y_px: Values
    pupil: Values
    block: NDArray[np.int64]
    part: NDArray[np.int64]
    screen: Screen
    eye: str = "unknown"

    @cached_property
    def points_deg(self) -> Values:
        """Gaze in degrees of visual angle, shape (n, 2); both NaN where either is."""
        points = self.screen.to_deg(np.column_stack([self.x_px, self.y_px]))
        points[~np.isfinite(points).all(axis=1)] = np.nan
        return points

    @cached_property
    def valid(self) -> Flags:
        """Which samples have gaze."""
        found: Flags = np.isfinite(self.x_px) & np.isfinite(self.y_px)
        return found

    @cached_property
    def stretches(self) -> list[Stretch]:
        """The stretches without a gap, each at its own rate."""
        changed = (np.diff(self.block) != 0) | (np.diff(self.part) != 0)
        found = []
        for first, end in _between(np.flatnonzero(changed) + 1, len(self.time_ms)):
            steps = np.diff(self.time_ms[first:end])
            if not (steps > 0).any():
                continue
            typical = float(np.median(steps[steps > 0]))
            gaps = (steps <= 0) | (steps > _GAP_INTERVALS * typical)
            # Whole milliseconds of 300 Hz are 3, 3 and 4: their mean is the interval.
            interval = float(np.mean(steps[~gaps & (steps < 1.5 * typical)]))
            for start, stop in _between(np.flatnonzero(gaps) + 1, end - first):
                found.append(Stretch(first + start, first + stop, interval))
        return found


def _between(cuts: NDArray[np.intp], n: int) -> list[tuple[int, int]]:
    """Cut a range at some places."""
    bounds = [0, *cuts.tolist(), n]
    return [(a, b) for a, b in pairwise(bounds) if b > a]


def runs(flags: Flags) -> NDArray[np.int64]:
    """Find the runs of true values.

    Parameters
    ----------
    flags : ndarray of bool, shape (n,)
        Any flags.

    Returns
    -------
    ndarray of int, shape (n_runs, 2)
        First place of each run, and the first one after it.

    Examples
    --------
    >>> runs(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return edges.reshape(-1, 2).astype(np.int64)


def eyes_of(samples: pd.DataFrame) -> list[str]:
    """List the eyes whose gaze in screen pixels a table of samples holds.

    Parameters
    ----------
    samples : pandas.DataFrame
        With columns such as ``x_left_px``.

    Returns
    -------
    list of str
        Of left, right and unknown.

    Examples
    --------
    >>> eyes_of(pd.DataFrame(columns=["time_ms", "x_right_px", "y_right_px"]))
    ['right']
    """
    return [eye for eye in ("left", "right", "unknown") if f"x_{eye}_px" in samples]


def eye_trace(samples: pd.DataFrame, eye: str, screen: Screen) -> EyeTrace:
    """Take one eye's gaze out of a table of samples.

    Parameters
    ----------
    samples : pandas.DataFrame
        time_ms, ``x_<eye>_px``, ``y_<eye>_px``; and pupil_<eye>, block and part where there are.
    eye : str
        left, right or unknown.
    screen : Screen
        Its size and distance.

    Returns
    -------
    EyeTrace
        With EyeLink's pupil of 0 as a lost pupil.
    """
    n = len(samples)

    def values(name: str) -> Values:
        if name not in samples:
            return np.full(n, np.nan)
        return samples[name].to_numpy(dtype=np.float64, na_value=np.nan)

    pupil = values(f"pupil_{eye}")
    return EyeTrace(
        time_ms=values("time_ms"),
        x_px=values(f"x_{eye}_px"),
        y_px=values(f"y_{eye}_px"),
        pupil=np.where(pupil > 0, pupil, np.nan),
        block=samples["block"].to_numpy(np.int64) if "block" in samples else np.zeros(n, np.int64),
        part=samples["part"].to_numpy(np.int64) if "part" in samples else np.ones(n, np.int64),
        screen=screen,
        eye=eye,
    )
