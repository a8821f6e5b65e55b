"""The detector of the package I2MC, at rates that its filters allow, and with a seed."""

from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.detection.quiet import own_randomness, with_quiet_log, without_warnings
from gaze_analysis.detection.trace import EyeTrace, Interval, Stretch
from study.progress import say
from study.settings.gaze_events import I2mcSettings

_DOWNSAMPLES = (2, 5, 10)
# The order of the package's filter, which needs three times as many samples in a window.
_CHEBYSHEV = 8
_CLOCK_ERROR = 0.02


@with_quiet_log
def i2mc(trace: EyeTrace, settings: I2mcSettings) -> list[Interval]:
    """Find fixations by clustering gaze in a moving window.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye, cleaned of blinks.
    settings : I2mcSettings
        Section [gaze.events.i2mc].

    Returns
    -------
    list of Interval
        fixation alone: the method does not find saccades.

    References
    ----------
    Hessels, Niehorster, Kemner and Hooge (2017), Behavior Research Methods 49, 1802-1823; I2MC.
    """
    found: list[Interval] = []
    for stretch in trace.stretches:
        # A window must lie within the stretch, and hold enough gaze to be clustered.
        if trace.valid[stretch.part].sum() > 2 * stretch.n_samples(settings.window_ms):
            with without_warnings(), own_randomness():
                found += _i2mc_stretch(trace, stretch, settings)
    return found


def _i2mc_stretch(trace: EyeTrace, stretch: Stretch, settings: I2mcSettings) -> list[Interval]:
    """Run I2MC on one stretch."""
    from I2MC.I2MC import I2MC

    rate = nominal_rate(stretch.rate_hz)
    n_window = round(settings.window_ms / 1000.0 * rate)
    order = min(_CHEBYSHEV, (n_window - 1) // 3)
    options: dict[str, Any] = {
        "xres": trace.screen.width_px,
        "yres": trace.screen.height_px,
        "freq": rate,
        "missingx": np.nan,
        "missingy": np.nan,
        "windowtimeInterp": settings.max_interpolated_ms / 1000.0,
        "windowtime": settings.window_ms / 1000.0,
        "steptime": settings.step_ms / 1000.0,
        "downsamples": [n for n in _DOWNSAMPLES if rate % n == 0 and n_window // n >= 2],
        "downsampFilter": order >= 1,
        "chebyOrder": order,
        "cutoffstd": settings.cutoff_sd,
        "maxMergeDist": settings.merge_px,
        "maxMergeTime": settings.merge_ms,
        "minFixDur": settings.min_fixation_ms,
    }
    part = stretch.part
    gaze = np.column_stack([trace.x_px[part], trace.y_px[part]])
    gaze[~trace.valid[part]] = np.nan
    times = np.arange(len(gaze)) * stretch.interval_ms
    frame = pd.DataFrame({"time": times, "average_X": gaze[:, 0], "average_Y": gaze[:, 1]})
    fixations, *_ = I2MC(frame, options, logging=False)
    if not fixations:
        say(f"warning: I2MC gave up on {len(gaze)} samples at {rate:g} Hz: no fixations in them")
        return []
    return [
        Interval("fixation", int(first) + stretch.first, int(last) + 1 + stretch.first)
        for first, last in zip(fixations["start"], fixations["end"], strict=True)
    ]


def nominal_rate(rate_hz: float) -> float:
    """Give the rate that a tracker was set to, which the package's levels must divide.

    Parameters
    ----------
    rate_hz : float
        The rate of the stamps.

    Returns
    -------
    float
        The nearest multiple of 10 within 2 %, for clocks drift; else the nearest whole number.

    Examples
    --------
    >>> [nominal_rate(rate) for rate in (502.7, 249.9, 75.1)]
    [500.0, 250.0, 75.0]
    """
    tens = 10.0 * round(rate_hz / 10.0)
    return tens if abs(tens - rate_hz) <= _CLOCK_ERROR * rate_hz else float(round(rate_hz))
