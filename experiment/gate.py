"""The fixation gate: the face comes when the eye has rested on the target."""

import math
from dataclasses import dataclass

from experiment.trackers.protocol import Sample
from stimuli.frames import Screen
from study.settings.experiment import GateSettings

#: Whoever looks at gaze more rarely than this has not seen whether it stayed.
STALE_MS = 100.0


@dataclass(frozen=True)
class GateResult:
    """How a fixation gate was passed.

    Parameters
    ----------
    offset_deg : float
        Mean distance of gaze from the target while the eye rested there.
    attempts : int
        How often gaze came near the target, the last time included.
    """

    offset_deg: float
    attempts: int


class FixationGate:
    """Watch gaze until it has stayed near a target for long enough.

    Only the samples' own time stamps count: a sample that is seen twice is one sample, and a
    tracker whose newest sample grows old is as good as a missing eye. Missing samples stop the
    clock; when they last too long, the dwell begins anew.

    Parameters
    ----------
    target_px : tuple of float
        x and y of the target, in screen pixels.
    screen : Screen
        For degrees.
    settings : GateSettings
        Radius, dwell time, and how long gaze may be missing.

    Examples
    --------
    >>> screen = Screen(1920, 1080, 53.0, 29.8, 70.0)
    >>> gate = FixationGate((640.0, 540.0), screen, GateSettings(dwell_ms=300))
    >>> seen = [gate.see(Sample(t, 642.0, 540.0, 900.0)) for t in range(1000, 1320, 20)]
    >>> [result is not None for result in seen].index(True) * 20
    300
    """

    def __init__(
        self, target_px: tuple[float, float], screen: Screen, settings: GateSettings
    ) -> None:
        self._target_px = target_px
        self._screen = screen
        self._settings = settings
        self._last_ms = -math.inf
        self.attempts = 0
        self._dwell_ms = self._missing_ms = 0.0
        self._offsets_deg: list[float] = []

    def see(self, sample: Sample | None) -> GateResult | None:
        """Take the newest sample.

        Parameters
        ----------
        sample : Sample or None
            None where the tracker has none yet.

        Returns
        -------
        GateResult or None
            None as long as the gate is closed.
        """
        if sample is None or sample.time_ms <= self._last_ms:
            return None
        since_ms = sample.time_ms - self._last_ms
        self._last_ms = sample.time_ms
        distance_deg = self._distance_deg(sample)
        if since_ms > STALE_MS or distance_deg > self._settings.radius_deg:
            self._begin_anew()
        if math.isnan(distance_deg):
            self._miss(since_ms)
        elif distance_deg <= self._settings.radius_deg:
            self._stay(since_ms, distance_deg)
        if not self._offsets_deg or self._dwell_ms < self._settings.dwell_ms:
            return None
        return GateResult(sum(self._offsets_deg) / len(self._offsets_deg), self.attempts)

    def _distance_deg(self, sample: Sample) -> float:
        """Measure the visual angle between gaze and target; NaN for an eye that is not seen."""
        if not (math.isfinite(sample.x_px) and math.isfinite(sample.y_px)):
            return math.nan
        return float(self._screen.distance_deg(self._target_px, (sample.x_px, sample.y_px)))

    def _stay(self, since_ms: float, distance_deg: float) -> None:
        """Count a sample near the target: the first begins a dwell, one after a gap adds none."""
        if not self._offsets_deg:
            self.attempts += 1
        elif not self._missing_ms:
            self._dwell_ms += since_ms
        self._missing_ms = 0.0
        self._offsets_deg.append(distance_deg)

    def _miss(self, since_ms: float) -> None:
        """Count a missing sample; too many in a row end the dwell."""
        self._missing_ms += since_ms
        if self._missing_ms > self._settings.missing_ms:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Forget the dwell."""
        self._dwell_ms = self._missing_ms = 0.0
        self._offsets_deg = []
