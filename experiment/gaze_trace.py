"""A stretch of gaze: samples, and the events that a tracker's parser reports with them."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

#: Time between two samples at 1000 Hz.
SAMPLE_MS = 1

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Fixation:
    """A fixation as the parser reports it.

    Parameters
    ----------
    start_ms, end_ms : int
        Times of the first and the last sample.
    x_px, y_px : float
        Mean position of the samples, in screen pixels.
    pupil : float
        Mean pupil size of the samples.
    """

    start_ms: int
    end_ms: int
    x_px: float
    y_px: float
    pupil: float


@dataclass(frozen=True)
class Saccade:
    """A saccade as the parser reports it; one that holds a blink spans it.

    Parameters
    ----------
    start_ms, end_ms : int
        Times of the first and the last sample.
    x_start_px, y_start_px, x_end_px, y_end_px : float
        First and last position, in screen pixels.
    amplitude_deg : float
        Visual angle between them.
    peak_velocity_deg_s : float
        Highest velocity of the samples.
    """

    start_ms: int
    end_ms: int
    x_start_px: float
    y_start_px: float
    x_end_px: float
    y_end_px: float
    amplitude_deg: float
    peak_velocity_deg_s: float


@dataclass(frozen=True)
class Blink:
    """A stretch without gaze, within a saccade.

    Parameters
    ----------
    start_ms, end_ms : int
        Times of the first and the last sample.
    """

    start_ms: int
    end_ms: int


Event = TypeVar("Event", Fixation, Saccade, Blink)


def duration_ms(event: Fixation | Saccade | Blink) -> int:
    """Measure an event as EyeLink does: from its first sample to the end of its last one.

    Parameters
    ----------
    event : Fixation, Saccade or Blink
        The event.

    Returns
    -------
    int
        End minus start plus one sample.

    Examples
    --------
    >>> duration_ms(Blink(100, 149))
    50
    """
    return event.end_ms - event.start_ms + SAMPLE_MS


@dataclass(frozen=True)
class GazeTrace:
    """Samples at 1000 Hz without a gap, and their events in the order of time.

    Parameters
    ----------
    time_ms : ndarray of int, shape (n,)
        Time of each sample, each one more than the last.
    x_px, y_px : ndarray, shape (n,)
        Gaze in screen pixels, to a tenth; NaN where the eye is not seen.
    pupil : ndarray, shape (n,)
        Pupil size in whole units; NaN where the eye is not seen.
    fixations : tuple of Fixation
        Fixations.
    saccades : tuple of Saccade
        Saccades.
    blinks : tuple of Blink
        Blinks.
    """

    time_ms: IntArray
    x_px: FloatArray
    y_px: FloatArray
    pupil: FloatArray
    fixations: tuple[Fixation, ...]
    saccades: tuple[Saccade, ...]
    blinks: tuple[Blink, ...]

    def shifted(self, offset_ms: int) -> "GazeTrace":
        """Move the trace to another clock.

        Parameters
        ----------
        offset_ms : int
            What the other clock shows at this trace's 0.

        Returns
        -------
        GazeTrace
            The same gaze, every time moved.
        """
        return replace(
            self,
            time_ms=self.time_ms + offset_ms,
            fixations=_move(self.fixations, offset_ms),
            saccades=_move(self.saccades, offset_ms),
            blinks=_move(self.blinks, offset_ms),
        )


def _move(events: tuple[Event, ...], offset_ms: int) -> tuple[Event, ...]:
    """Add an offset to the times of events."""
    return tuple(
        replace(event, start_ms=event.start_ms + offset_ms, end_ms=event.end_ms + offset_ms)
        for event in events
    )
