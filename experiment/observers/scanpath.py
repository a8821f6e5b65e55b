"""Where an observer looks and for how long: regions, landing points, durations, blinks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiment.gaze_trace import FloatArray
from experiment.observers.eye import saccade_duration_ms
from experiment.observers.observer import Eye
from stimuli.frames import Screen
from stimuli.regions import region_of

#: Name of the first station, before the eyes reach the face.
FIXATION_TARGET = "fixation_target"
SHORTEST_FIXATION_MS = 80
#: A landing point is at least this far from the last one, or no saccade would be needed.
SHORTEST_SACCADE_DEG = 0.5
LATENCY_CV = 0.2
#: Spread of saccade durations around the main sequence, log units.
SACCADE_SCATTER = 0.08
#: Candidates for the landing points of each region: around its middle, and anywhere in its box.
N_AROUND, N_ANYWHERE = 24, 16


@dataclass(frozen=True)
class BlinkTimes:
    """The three parts of a blink that takes the place of a plain saccade.

    Parameters
    ----------
    closing_ms, closed_ms, opening_ms : int
        Lid going down, eye not seen, lid going up.
    """

    closing_ms: int
    closed_ms: int
    opening_ms: int

    @property
    def total_ms(self) -> int:
        """The duration of the whole."""
        return self.closing_ms + self.closed_ms + self.opening_ms


@dataclass(frozen=True)
class Station:
    """A fixation as it is planned.

    Parameters
    ----------
    region : str
        The region it lies in, or `FIXATION_TARGET`.
    point_deg : ndarray, shape (2,)
        Where it begins, in degrees from the screen's centre.
    start_ms, end_ms : int
        Its first and last sample, from face onset.
    blink : BlinkTimes or None
        The blink between this fixation and the next, if there is one.
    """

    region: str
    point_deg: FloatArray
    start_ms: int
    end_ms: int
    blink: BlinkTimes | None = None


def draw_scanpath(
    eye: Eye,
    weights: Mapping[str, float],
    *,
    fixation_target_deg: FloatArray,
    polygons_px: Mapping[str, FloatArray],
    screen: Screen,
    start_ms: int,
    end_ms: int,
    generator: np.random.Generator,
) -> list[Station]:
    """Draw the fixations of one trial, from the fixation target into the face.

    Each fixation stays in the last one's region with the eye's probability of refixation; else
    its region is drawn from the weights. The shares of fixations that are found therefore have
    the weights as their expectation.

    Parameters
    ----------
    eye : Eye
        Durations and rates.
    weights : mapping of str to float
        Probability of each region.
    fixation_target_deg : ndarray, shape (2,)
        Where the eyes are until the face appears, in degrees from the screen's centre.
    polygons_px : mapping of str to ndarray, shape (n, 2)
        Outline of each region on the screen.
    screen : Screen
        For degrees.
    start_ms, end_ms : int
        First and last sample, from face onset.
    generator : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    list of Station
        In the order of time; the first begins at `start_ms`, the last ends at `end_ms`.
    """
    leave_ms = round(_gamma(generator, eye.latency_mean_ms, LATENCY_CV))
    stations: list[Station] = []
    region, point_deg, begin_ms = FIXATION_TARGET, fixation_target_deg, start_ms
    landings = _Landings(eye, weights, polygons_px, screen, generator)
    while True:
        next_region, next_point_deg = landings.draw(region, point_deg)
        blink = _draw_blink(eye, leave_ms - begin_ms, generator) if stations else None
        away_ms = blink.total_ms if blink else _saccade_ms(next_point_deg - point_deg, generator)
        arrive_ms = leave_ms + away_ms
        if arrive_ms + SHORTEST_FIXATION_MS > end_ms + 1:
            # No time for another fixation: the eye stays where it is.
            stations.append(Station(region, point_deg, begin_ms, end_ms))
            return stations
        stations.append(Station(region, point_deg, begin_ms, leave_ms - 1, blink))
        region, point_deg, begin_ms = next_region, next_point_deg, arrive_ms
        duration_ms = _log_normal(generator, eye.fixation_mean_ms, eye.fixation_cv)
        leave_ms = arrive_ms + max(round(duration_ms), SHORTEST_FIXATION_MS)


def _saccade_ms(way_deg: FloatArray, generator: np.random.Generator) -> int:
    """Draw the duration of a saccade around the main sequence."""
    scatter = generator.lognormal(0.0, SACCADE_SCATTER)
    return round(saccade_duration_ms(float(np.hypot(*way_deg))) * scatter)


def _gamma(generator: np.random.Generator, mean: float, variation: float) -> float:
    """Draw from the gamma distribution of this mean and coefficient of variation."""
    shape = 1.0 / variation**2
    return float(generator.gamma(shape, mean / shape))


def _log_normal(generator: np.random.Generator, mean: float, variation: float) -> float:
    """Draw from the log-normal distribution of this mean and coefficient of variation."""
    variance = np.log1p(variation**2)
    return float(generator.lognormal(np.log(mean) - variance / 2, np.sqrt(variance)))


def _draw_blink(eye: Eye, since_ms: int, generator: np.random.Generator) -> BlinkTimes | None:
    """Decide whether a blink ends a fixation that has lasted this long, and draw its parts."""
    if generator.random() >= -np.expm1(-eye.blink_rate_hz * since_ms / 1000.0):
        return None
    closing_ms, closed_ms, opening_ms = generator.integers([25, 80, 35], [46, 221, 71])
    return BlinkTimes(int(closing_ms), int(closed_ms), int(opening_ms))


class _Landings:
    """Landing points in one face, drawn region by region.

    Parameters
    ----------
    eye : Eye
        Spread of landing points, and probability of staying.
    weights : mapping of str to float
        Probability of each region.
    polygons_px : mapping of str to ndarray, shape (n, 2)
        Outline of each region on the screen.
    screen : Screen
        For degrees.
    generator : numpy.random.Generator
        Where the randomness comes from.
    """

    def __init__(
        self,
        eye: Eye,
        weights: Mapping[str, float],
        polygons_px: Mapping[str, FloatArray],
        screen: Screen,
        generator: np.random.Generator,
    ) -> None:
        self._regions = [name for name, weight in weights.items() if weight > 0]
        self._cumulated = np.cumsum([weights[name] for name in self._regions])
        self._polygons_px = dict(polygons_px)
        self._spread = eye.landing_spread
        self._refixation = eye.refixation
        self._screen = screen
        self._generator = generator
        # Asking for the regions of many points costs as much as of one: all regions at once.
        self._pools = self._draw_pools(self._regions)

    def draw(self, from_region: str, from_deg: FloatArray) -> tuple[str, FloatArray]:
        """Draw the next region and a point in it that is worth a saccade.

        Parameters
        ----------
        from_region : str
            The region in which the eye is, or none of them.
        from_deg : ndarray, shape (2,)
            Where the eye is, in degrees from the screen's centre.

        Returns
        -------
        region : str
            The region, or ``other`` where its outline has no inside.
        point_deg : ndarray, shape (2,)
            The point, in degrees from the screen's centre.
        """
        region = self._choose(from_region)
        point_deg = self._take(region, from_deg)
        if point_deg is None:
            self._pools |= self._draw_pools([region])
            point_deg = self._take(region, from_deg)
        if point_deg is not None:
            return region, point_deg
        pool = self._pools[region]
        if len(pool) > 0:  # a region so small that every point in it is near
            return region, pool[0]
        return "other", self._screen.to_deg(self._polygons_px[region].mean(axis=0))

    def _choose(self, from_region: str) -> str:
        """Stay in the region, or draw one from the weights."""
        stays, chance = self._generator.random(2)
        if from_region in self._pools and stays < self._refixation:
            return from_region
        place = np.searchsorted(self._cumulated, chance * self._cumulated[-1], side="right")
        return self._regions[int(place)]

    def _take(self, region: str, from_deg: FloatArray) -> FloatArray | None:
        """Take the first candidate that is far enough away, and no candidate twice."""
        pool = self._pools[region]
        far = np.flatnonzero(np.hypot(*(pool - from_deg).T) >= SHORTEST_SACCADE_DEG)
        if len(far) == 0:
            return None
        self._pools[region] = np.delete(pool, far[0], axis=0)
        taken: FloatArray = pool[far[0]]
        return taken

    def _draw_pools(self, regions: list[str]) -> dict[str, FloatArray]:
        """Draw candidates for landing points, and keep those within their region."""
        candidates_px = np.array([self._candidates_px(self._polygons_px[name]) for name in regions])
        found = region_of(candidates_px.reshape(-1, 2), self._polygons_px)
        inside = found.reshape(len(regions), -1) == np.array(regions, dtype=object)[:, None]
        candidates_deg = self._screen.to_deg(candidates_px)
        return {name: candidates_deg[row][inside[row]] for row, name in enumerate(regions)}

    def _candidates_px(self, polygon_px: FloatArray) -> FloatArray:
        """Draw points around the middle of a polygon, then anywhere in its box."""
        low, high = polygon_px.min(axis=0), polygon_px.max(axis=0)
        around = self._generator.normal(
            (low + high) / 2, self._spread * (high - low) / 2, size=(N_AROUND, 2)
        )
        anywhere = self._generator.uniform(low, high, size=(N_ANYWHERE, 2))
        return np.concatenate([around, anywhere])
