"""The clock of a tracker that stamps its samples and sends them: what it shows now."""

from collections import deque

# The smallest delay of so many samples: 4 s at 150 Hz, in which no two clocks drift apart.
_SAMPLES = 600


class LiveClock:
    """Tell the tracker's time from the stamps of its samples and when they came in.

    A sample comes in a little after its stamp, and now and then much later; the smallest delay
    of the last few hundred samples is taken for the time that the way always needs. Where the
    tracker begins its clock anew, as OpenGaze does with each calibration, this clock goes on.

    Examples
    --------
    >>> clock = LiveClock()
    >>> [clock.stamp(5.0, 1003.0), clock.stamp(15.0, 1011.0), clock.stamp(2.0, 1031.0)]
    [5.0, 15.0, 35.0]
    >>> clock.at(1041.0)
    45.0
    """

    def __init__(self) -> None:
        self._delays_ms: deque[float] = deque(maxlen=_SAMPLES)
        self._shift_ms = 0.0
        self._last_stamp_ms = -float("inf")
        self._last_said_ms = -float("inf")
        self._last_came_ms = 0.0

    def stamp(self, stamp_ms: float, came_ms: float) -> float:
        """Take a sample's stamp.

        Parameters
        ----------
        stamp_ms : float
            As the tracker wrote it.
        came_ms : float
            When it came in, on this computer's clock.

        Returns
        -------
        float
            The sample's time; no earlier than that of the last sample.
        """
        if stamp_ms < self._last_stamp_ms:
            passed_ms = came_ms - self._last_came_ms
            self._shift_ms += self._last_stamp_ms + passed_ms - stamp_ms
            self._delays_ms.clear()
        self._last_stamp_ms, self._last_came_ms = stamp_ms, came_ms
        time_ms = stamp_ms + self._shift_ms
        self._delays_ms.append(came_ms - time_ms)
        return time_ms

    def at(self, now_ms: float) -> float:
        """Tell what the tracker's clock shows.

        Parameters
        ----------
        now_ms : float
            On this computer's clock.

        Returns
        -------
        float
            The tracker's time; it never goes back. There must have been a sample.
        """
        # `list` is one step of the interpreter: another thread may add to the delays.
        time_ms = now_ms - min(list(self._delays_ms))
        self._last_said_ms = max(self._last_said_ms, time_ms)
        return self._last_said_ms
