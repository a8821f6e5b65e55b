"""How a screen keeps its pace: measures and figure of a run in which a patch was flashed."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiment.screen_checks import frame_rate_hz
from study.figures import BLUE, GREY, VERMILION, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]

FRAME_COLUMNS = {
    "frame": "Number of the frame, from 1.",
    "patch": "Whether the patch was white (true) or black (false).",
    "onset": "Whether the patch turned white with this frame.",
    "flip_ms": "When the flip returned, in milliseconds of the window's clock.",
    "interval_ms": "Since the flip before, in milliseconds.",
    "callback_ms": "When what was to be called at an onset was called, on the same clock.",
    "tracker_ms": "The time that the tracker gave the onset's message, on the tracker's clock.",
}
NOT_SYNCHRONISED = (
    "The window is not synchronised with a screen: these numbers say something about this "
    "computer's load, not about a laboratory's screen."
)
_DROPPED = 1.5
_MIN_ONSETS = 3


def onset_errors_ms(frames: pd.DataFrame) -> FloatArray:
    """Compare each onset with the one that was intended.

    Intended is the onset before it, and as many refresh periods later as there were frames: a
    dropped frame is one error, and not one in each onset after it.

    Parameters
    ----------
    frames : pandas.DataFrame
        The columns of `FRAME_COLUMNS`.

    Returns
    -------
    ndarray of float, shape (n_onsets - 1,)
        In milliseconds; positive where an onset came late.
    """
    onsets = frames[frames["onset"]]
    period_ms = 1000 / frame_rate_hz(_intervals_ms(frames))
    intended_ms = np.diff(onsets["frame"]) * period_ms
    return np.diff(onsets["flip_ms"]) - intended_ms


def callback_delays_ms(frames: pd.DataFrame) -> FloatArray:
    """Give how long after each flip the onset's message was sent.

    Parameters
    ----------
    frames : pandas.DataFrame
        The columns of `FRAME_COLUMNS`.

    Returns
    -------
    ndarray of float, shape (n_onsets,)
        In milliseconds.
    """
    onsets = frames[frames["onset"]]
    return (onsets["callback_ms"] - onsets["flip_ms"]).to_numpy(float)


def tracker_errors_ms(frames: pd.DataFrame) -> FloatArray:
    """Compare the tracker's times of the onsets with the window's, but for their offset and drift.

    Parameters
    ----------
    frames : pandas.DataFrame
        The columns of `FRAME_COLUMNS`.

    Returns
    -------
    ndarray of float, shape (n_onsets,)
        What remains of a straight line between the two clocks, in milliseconds; empty without a
        tracker.
    """
    onsets = frames[frames["onset"] & frames["tracker_ms"].notna()]
    if len(onsets) < _MIN_ONSETS:
        return np.empty(0)
    # From the first onset on, where a line through large numbers would lose digits.
    window_ms = (onsets["callback_ms"] - onsets["callback_ms"].iloc[0]).to_numpy(float)
    tracker_ms = (onsets["tracker_ms"] - onsets["tracker_ms"].iloc[0]).to_numpy(float)
    slope, offset = np.polyfit(window_ms, tracker_ms, 1)
    return tracker_ms - (slope * window_ms + offset)


def summarise(frames: pd.DataFrame) -> dict[str, float]:
    """Measure a run.

    Parameters
    ----------
    frames : pandas.DataFrame
        The columns of `FRAME_COLUMNS`, with at least three onsets.

    Returns
    -------
    dict of str to float
        Measures by names that end in their unit; those of a tracker only where there was one.
    """
    intervals_ms = _intervals_ms(frames)
    rate_hz = frame_rate_hz(intervals_ms)
    first, median, last = np.percentile(intervals_ms, [1, 50, 99])
    errors_ms, delays_ms = onset_errors_ms(frames), callback_delays_ms(frames)
    measures = {
        "frames": len(frames),
        "refresh_rate_hz": rate_hz,
        "interval_mean_ms": intervals_ms.mean(),
        "interval_sd_ms": intervals_ms.std(ddof=1),
        "interval_percentile_1_ms": first,
        "interval_median_ms": median,
        "interval_percentile_99_ms": last,
        "interval_longest_ms": intervals_ms.max(),
        "frames_dropped": int(np.count_nonzero(_dropped(intervals_ms))),
        "onsets": int(frames["onset"].sum()),
        "onset_error_mean_ms": errors_ms.mean(),
        "onset_error_sd_ms": errors_ms.std(ddof=1),
        "onset_error_largest_ms": np.abs(errors_ms).max(),
        "callback_delay_mean_ms": delays_ms.mean(),
        "callback_delay_longest_ms": delays_ms.max(),
    }
    tracker_ms = tracker_errors_ms(frames)
    if len(tracker_ms):
        measures["tracker_clock_sd_ms"] = tracker_ms.std(ddof=1)
        measures["tracker_clock_largest_ms"] = np.abs(tracker_ms).max()
    return {name: round(float(value), 4) for name, value in measures.items()}


def _intervals_ms(frames: pd.DataFrame) -> FloatArray:
    """Give the intervals; the first frame has none."""
    return frames["interval_ms"].dropna().to_numpy(float)


def _dropped(intervals_ms: FloatArray) -> NDArray[np.bool_]:
    """Tell which frames missed a refresh."""
    return intervals_ms > _DROPPED * 1000 / frame_rate_hz(intervals_ms)


def draw_timing(frames: pd.DataFrame, refresh_hz: float, *, synchronised: bool) -> "Figure":
    """Draw the intervals between frames, as a histogram and over time.

    Parameters
    ----------
    frames : pandas.DataFrame
        The columns of `FRAME_COLUMNS`.
    refresh_hz : float
        The rate of the settings.
    synchronised : bool
        Whether the window waited for the screen.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved.
    """
    figure = new_figure(height_cm=7.5)
    histogram, series = figure.subplots(1, 2, width_ratios=(1, 1.8))
    rows = frames[frames["interval_ms"].notna()]
    intervals_ms = rows["interval_ms"].to_numpy(float)
    seconds = (rows["flip_ms"] - frames["flip_ms"].iloc[0]).to_numpy(float) / 1000
    _draw_histogram(histogram, intervals_ms, refresh_hz)
    _draw_series(series, seconds, intervals_ms, refresh_hz)
    if not synchronised:
        figure.suptitle(NOT_SYNCHRONISED.replace(": ", ":\n"), color=VERMILION, fontsize=8)
    return figure


def _draw_histogram(axes: "Axes", intervals_ms: FloatArray, refresh_hz: float) -> None:
    """Draw how often which interval came; a logarithmic axis shows a single late frame."""
    axes.hist(intervals_ms, bins=60, color=BLUE, log=True)
    axes.axvline(1000 / refresh_hz, color=GREY, linestyle="--", linewidth=1)
    axes.set(xlabel="interval between frames (ms)", ylabel="frames", title="How long frames last")


def _draw_series(
    axes: "Axes", seconds: FloatArray, intervals_ms: FloatArray, refresh_hz: float
) -> None:
    """Draw the intervals over time, and mark the dropped frames."""
    dropped = _dropped(intervals_ms)
    axes.axhline(
        1000 / refresh_hz, color=GREY, linestyle="--", linewidth=1, label=f"{refresh_hz:g} Hz"
    )
    axes.plot(seconds[~dropped], intervals_ms[~dropped], ".", color=BLUE, markersize=2)
    label = f"dropped ({dropped.sum()} of {len(dropped)})"
    axes.plot(seconds[dropped], intervals_ms[dropped], "x", color=VERMILION, label=label)
    axes.set(xlabel="time (s)", ylabel="interval (ms)", title="When frames were late")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right")
