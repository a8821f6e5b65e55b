"""One call for every detector: from the gaze of an eye to its fixations, saccades and blinks."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.detection.adaptive import adaptive
from gaze_analysis.detection.blinks import blinks_from_table, clean, find_blinks, merge_blinks
from gaze_analysis.detection.by_i2mc import i2mc
from gaze_analysis.detection.by_pymovements import engbert_kliegl, idt, ivt
from gaze_analysis.detection.by_remodnav import remodnav
from gaze_analysis.detection.trace import EyeTrace, Interval
from gaze_analysis.detection.velocity import velocity
from study.errors import InputError, did_you_mean
from study.settings.gaze_events import EventSettings

METHODS: dict[str, Callable[[EyeTrace, Any], list[Interval]]] = {
    "adaptive": adaptive,
    "ivt": ivt,
    "idt": idt,
    "engbert-kliegl": engbert_kliegl,
    "remodnav": remodnav,
    "i2mc": i2mc,
}
DEFAULT_METHOD = "adaptive"
EVENT_COLUMNS = (
    "event", "eye", "onset_ms", "offset_ms", "duration_ms", "x_px", "y_px", "x_end_px", "y_end_px",
    "amplitude_deg", "peak_velocity_deg_s", "pupil", "block", "part",
)  # fmt: skip
_MEASURES = (
    "x_px",
    "y_px",
    "x_end_px",
    "y_end_px",
    "amplitude_deg",
    "peak_velocity_deg_s",
    "pupil",
)
# Speeds of events are measured alike, whatever found them.
_SPEED_WINDOW_MS = 10.0


def detect(
    trace: EyeTrace,
    settings: EventSettings,
    *,
    method: str = DEFAULT_METHOD,
    blinks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Find the events in the gaze of one eye.

    Parameters
    ----------
    trace : EyeTrace
        Gaze as it was recorded.
    settings : EventSettings
        Section [gaze.events]: blinks, and the parameters of the methods.
    method : str, default "adaptive"
        One of `METHODS`.
    blinks : pandas.DataFrame, optional
        The tracker's own blinks of this eye: onset_ms, offset_ms and part. By default they are
        found in losses of the pupil.

    Returns
    -------
    pandas.DataFrame
        The columns of `EVENT_COLUMNS`, in the order of onset: event (fixation, saccade, blink;
        pso and pursuit where the method has them), ``offset_ms`` the stamp of the last sample,
        duration_ms offset - onset + one sample. Positions are means (fixation, pursuit) or
        the first and last sample (saccade, pso).

    Raises
    ------
    InputError
        If the method is not known.

    Examples
    --------
    >>> from gaze_analysis.detection import EyeTrace
    >>> from stimuli.frames import Screen
    >>> n = 600
    >>> x_px = np.where(np.arange(n) < 300, 500.0, 700.0)
    >>> whole, ones = np.zeros(n, int), np.ones(n)
    >>> screen = Screen(1920, 1080, 53.0, 29.8, 70.0)
    >>> trace = EyeTrace(np.arange(n) * 1.0, x_px, ones * 400, ones * 900, whole, whole + 1, screen)
    >>> detect(trace, EventSettings())[["event", "onset_ms", "duration_ms", "x_px"]].round(1)
          event  onset_ms  duration_ms   x_px
    0  fixation       0.0        295.0  500.0
    1   saccade     295.0         10.0  500.0
    2  fixation     305.0        295.0  700.0
    """
    cleaned, found = detect_intervals(trace, settings, method=method, blinks=blinks)
    return event_table(cleaned, found)


def detect_intervals(
    trace: EyeTrace,
    settings: EventSettings,
    *,
    method: str = DEFAULT_METHOD,
    blinks: pd.DataFrame | None = None,
) -> tuple[EyeTrace, list[Interval]]:
    """Find events as ranges of samples.

    Parameters
    ----------
    trace, settings, method, blinks
        As in `detect`.

    Returns
    -------
    cleaned : EyeTrace
        Gaze without blinks, and the pupil interpolated across them.
    intervals : list of Interval
        In the order of onset.
    """
    if method not in METHODS:
        raise InputError(
            f"A detector must be one of {', '.join(METHODS)}, but it is {method!r}."
            f"{did_you_mean(method, METHODS)}"
        )
    if blinks is None:
        own = find_blinks(trace, settings.blinks)
    else:
        own = merge_blinks(trace, blinks_from_table(trace, blinks), settings.blinks.merge_ms)
    cleaned = clean(trace, own, settings.blinks)
    found = METHODS[method](cleaned, getattr(settings, method.replace("-", "_")))
    return cleaned, sorted([*own, *found], key=lambda event: (event.first, event.end))


def event_table(trace: EyeTrace, intervals: list[Interval]) -> pd.DataFrame:
    """Describe events by their times, places and speeds.

    Parameters
    ----------
    trace : EyeTrace
        The gaze, cleaned of blinks.
    intervals : list of Interval
        Its events.

    Returns
    -------
    pandas.DataFrame
        The columns of `EVENT_COLUMNS`.
    """
    kind = np.array([event.kind for event in intervals], dtype=object)
    first = np.array([event.first for event in intervals], dtype=np.int64)
    last = np.array([event.end for event in intervals], dtype=np.int64) - 1
    still = np.isin(kind, ["fixation", "pursuit"])
    moving = np.isin(kind, ["saccade", "pso"])
    gaze = np.column_stack([trace.x_px, trace.y_px, trace.pupil])
    means = np.full((len(intervals), 3), np.nan)
    for row in np.flatnonzero(still):
        values = gaze[first[row] : last[row] + 1]
        known = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            means[row] = np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)
    begin, finish = gaze[first, :2], gaze[last, :2]
    place = np.where(moving[:, np.newaxis], begin, means[:, :2])
    finish[~moving] = np.nan
    speed, interval_ms = _speeds_and_intervals(trace)
    peaks = [
        speed[a : b + 1].max() if m else np.nan for a, b, m in zip(first, last, moving, strict=True)
    ]
    onset, offset = trace.time_ms[first], trace.time_ms[last]
    table = pd.DataFrame(
        {
            "event": pd.Series(kind, dtype="str"),
            "eye": pd.Series([trace.eye] * len(intervals), dtype="str"),
            "onset_ms": onset,
            "offset_ms": offset,
            "duration_ms": np.round(offset - onset + interval_ms[first], 6),
            "x_px": place[:, 0],
            "y_px": place[:, 1],
            "x_end_px": finish[:, 0],
            "y_end_px": finish[:, 1],
            "amplitude_deg": trace.screen.distance_deg(begin, finish),
            "peak_velocity_deg_s": np.array(peaks, dtype=np.float64),
            "pupil": means[:, 2],
            "block": trace.block[first].astype(np.int32),
            "part": trace.part[first].astype(np.int32),
        },
        columns=list(EVENT_COLUMNS),
    )
    # More digits than any tracker resolves.
    return table.round(dict.fromkeys(_MEASURES, 3))


def _speeds_and_intervals(trace: EyeTrace) -> tuple[np.ndarray, np.ndarray]:
    """Give each sample's speed in degrees per second, and its time to the next one."""
    speed = np.full(len(trace.time_ms), np.nan)
    interval_ms = np.zeros(len(trace.time_ms))
    for stretch in trace.stretches:
        interval_ms[stretch.part] = stretch.interval_ms
        speeds = velocity(trace, stretch, _SPEED_WINDOW_MS)
        if speeds is not None:
            speed[stretch.part] = np.hypot(*speeds.T)
    return speed, interval_ms
