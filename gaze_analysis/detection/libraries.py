"""Published detectors through their libraries: pymovements, REMoDNaV and I2MC."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from gaze_analysis.detection.trace import EyeTrace, Flags, Interval, Stretch, Values, runs
from gaze_analysis.detection.velocity import fill_losses, velocity, window_samples
from study.settings.gaze_events import (
    EngbertKlieglSettings,
    I2mcSettings,
    IdtSettings,
    IvtSettings,
    RemodnavSettings,
)

Parameters = TypeVar("Parameters")
Detector = Callable[[EyeTrace, Parameters], list[Interval]]
_REMODNAV_KINDS = {
    "FIXA": "fixation", "PURS": "pursuit", "SACC": "saccade", "ISAC": "saccade",
    "HPSO": "pso", "LPSO": "pso", "IHPS": "pso", "ILPS": "pso",
}  # fmt: skip
_REMODNAV_POLYNOMIAL = 2
_I2MC_DOWNSAMPLES = (2, 5, 10)
# The order of I2MC's filter, which needs three times as many samples in a window.
_I2MC_CHEBYSHEV = 8
# Where gaze never moves in one direction, that ellipse has no area.
_EK_FLAT = 1e-9


def _with_quiet_log(method: Detector[Parameters]) -> Detector[Parameters]:
    """Leave logging as it was: two of the libraries set it up when they are imported."""

    @wraps(method)
    def quiet(trace: EyeTrace, settings: Parameters) -> list[Interval]:
        root, own = logging.getLogger(), logging.getLogger("remodnav")
        before = root.level, own.level, list(root.handlers)
        own.setLevel(logging.ERROR)
        try:
            return method(trace, settings)
        finally:
            root.setLevel(before[0])
            own.setLevel(before[1])
            root.handlers[:] = before[2]

    return quiet


@_with_quiet_log
def ivt(trace: EyeTrace, settings: IvtSettings) -> list[Interval]:
    """Find fixations as what is slower than a threshold, and saccades as what is not.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye, cleaned of blinks.
    settings : IvtSettings
        Section [gaze.events.ivt].

    Returns
    -------
    list of Interval
        fixation and saccade.

    References
    ----------
    Salvucci and Goldberg (2000), ETRA, 71-78; pymovements.events.ivt.
    """
    from pymovements.events import ivt as detect_ivt

    found: list[Interval] = []
    for stretch in trace.stretches:
        speeds = velocity(trace, stretch, settings.window_ms)
        if speeds is None:
            continue
        speeds[~trace.valid[stretch.part]] = np.nan
        events = detect_ivt(
            speeds,
            # pymovements measures from the first sample to the last.
            minimum_duration=stretch.n_samples(settings.min_fixation_ms) - 1,
            velocity_threshold=settings.velocity_deg_s,
        )
        found += _intervals(events, "fixation", stretch.first)
        fast = np.hypot(*speeds.T) >= settings.velocity_deg_s
        found += _long_runs("saccade", fast, stretch, settings.min_saccade_ms)
    return sorted(found, key=lambda event: event.first)


@_with_quiet_log
def idt(trace: EyeTrace, settings: IdtSettings) -> list[Interval]:
    """Find fixations as runs of samples that stay within a small field.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye, cleaned of blinks.
    settings : IdtSettings
        Section [gaze.events.idt].

    Returns
    -------
    list of Interval
        fixation alone: the method does not find saccades.

    References
    ----------
    Salvucci and Goldberg (2000), ETRA, 71-78; pymovements.events.idt.
    """
    from pymovements.events import idt as detect_idt

    found: list[Interval] = []
    for stretch in trace.stretches:
        shortest = max(2, stretch.n_samples(settings.min_fixation_ms))
        for first, end in (runs(trace.valid[stretch.part]) + stretch.first).tolist():
            if end - first >= shortest:
                events = detect_idt(
                    trace.points_deg[first:end],
                    minimum_duration=shortest,
                    dispersion_threshold=settings.dispersion_deg,
                )
                found += _intervals(events, "fixation", first)
    return found


@_with_quiet_log
def engbert_kliegl(trace: EyeTrace, settings: EngbertKlieglSettings) -> list[Interval]:
    """Find saccades by an elliptic threshold on velocity, and fixations between them.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye, cleaned of blinks.
    settings : EngbertKlieglSettings
        Section [gaze.events.engbert_kliegl].

    Returns
    -------
    list of Interval
        saccade; and fixation, the time between saccades and losses.

    References
    ----------
    Engbert and Kliegl (2003), Vision Research 43, 1035-1045;
    pymovements.events.microsaccades, with velocity over five samples.
    """
    from pymovements.events import microsaccades
    from pymovements.events.detection.microsaccades import compute_threshold

    found: list[Interval] = []
    for stretch in trace.stretches:
        valid = trace.valid[stretch.part]
        speeds = _velocity_of_five(trace.points_deg[stretch.part], stretch.interval_ms)
        if not np.isfinite(speeds).any():
            continue
        saccades = []
        if (compute_threshold(speeds) > _EK_FLAT).all():
            events = microsaccades(
                speeds,
                minimum_duration=stretch.n_samples(settings.min_saccade_ms) - 1,
                threshold_factor=settings.factor,
            )
            saccades = _intervals(events, "saccade", stretch.first)
        free = valid.copy()
        for _, first, end in saccades:
            free[first - stretch.first : end - stretch.first] = False
        found += saccades + _long_runs("fixation", free, stretch, settings.min_fixation_ms)
    return sorted(found, key=lambda event: event.first)


def _velocity_of_five(points_deg: Values, interval_ms: float) -> Values:
    """Compute Engbert and Kliegl's velocity: (x[2] + x[1] - x[-1] - x[-2]) / 6 intervals."""
    speeds = np.full_like(points_deg, np.nan)
    x = points_deg
    speeds[2:-2] = (x[4:] + x[3:-1] - x[1:-3] - x[:-4]) * 1000.0 / (6.0 * interval_ms)
    return speeds


@_with_quiet_log
def remodnav(trace: EyeTrace, settings: RemodnavSettings) -> list[Interval]:
    """Find saccades, oscillations, fixations and pursuit by REMoDNaV.

    The package hands gaze with losses to a Savitzky-Golay filter, which recent versions of SciPy
    refuse. Here lines are drawn across losses before its preprocessing, and
    the losses are put back after it.

    Parameters
    ----------
    trace : EyeTrace
        Gaze of one eye, cleaned of blinks.
    settings : RemodnavSettings
        Section [gaze.events.remodnav].

    Returns
    -------
    list of Interval
        fixation, pursuit, saccade and pso.

    References
    ----------
    Dar, Wagner and Hanke (2021), Behavior Research Methods 53, 399-414; remodnav.clf.
    """
    found: list[Interval] = []
    for stretch in trace.stretches:
        width = window_samples(settings.savgol_ms, stretch.interval_ms)
        valid = trace.valid[stretch.part]
        if len(valid) > max(width, stretch.n_samples(settings.median_filter_ms)) and valid.any():
            with _without_warnings():
                found += _remodnav_stretch(trace, stretch, settings, width)
    return sorted(found, key=lambda event: event.first)


def _remodnav_stretch(
    trace: EyeTrace, stretch: Stretch, settings: RemodnavSettings, width: int
) -> list[Interval]:
    """Run REMoDNaV on one stretch."""
    from remodnav.clf import EyegazeClassifier

    rate = stretch.rate_hz

    def seconds(duration_ms: float) -> float:
        # The package rounds down, and fails on events without samples.
        return (stretch.n_samples(duration_ms) + 0.01) / rate

    classifier = EyegazeClassifier(
        px2deg=1.0,
        sampling_rate=rate,
        pursuit_velthresh=settings.pursuit_velocity_deg_s,
        noise_factor=settings.noise_factor,
        velthresh_startvelocity=settings.start_velocity_deg_s,
        min_intersaccade_duration=seconds(settings.min_intersaccade_ms),
        min_saccade_duration=seconds(settings.min_saccade_ms),
        max_pso_duration=seconds(settings.max_pso_ms),
        min_fixation_duration=seconds(settings.min_fixation_ms),
        min_pursuit_duration=seconds(settings.min_pursuit_ms),
        lowpass_cutoff_freq=settings.lowpass_hz,
    )
    filled = fill_losses(trace.points_deg[stretch.part])
    data = np.rec.fromarrays(list(filled.T), dtype=[("x", np.float64), ("y", np.float64)])
    processed = classifier.preproc(
        data,
        dilate_nan=0,
        median_filter_length=settings.median_filter_ms / 1000.0,
        savgol_length=(width + 0.01) / rate,
        savgol_polyord=_REMODNAV_POLYNOMIAL,
        max_vel=settings.max_velocity_deg_s,
    )
    lost = ~trace.valid[stretch.part]
    for name in processed.dtype.names:
        processed[name][lost] = np.nan
    found = []
    for event in classifier(processed):
        first, end = (round(event[name] * rate) for name in ("start_time", "end_time"))
        if end > first:
            kind = _REMODNAV_KINDS[event["label"]]
            found.append(Interval(kind, first + stretch.first, end + stretch.first))
    return found


@_with_quiet_log
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
            with _without_warnings(), _own_randomness():
                found += _i2mc_stretch(trace, stretch, settings)
    return found


def _i2mc_stretch(trace: EyeTrace, stretch: Stretch, settings: I2mcSettings) -> list[Interval]:
    """Run I2MC on one stretch."""
    from I2MC.I2MC import I2MC

    # A clock that drifts gives rates such as 499.93 Hz, which nothing divides.
    rate = float(round(stretch.rate_hz))
    n_window = round(settings.window_ms / 1000.0 * rate)
    order = min(_I2MC_CHEBYSHEV, (n_window - 1) // 3)
    options: dict[str, Any] = {
        "xres": trace.screen.width_px,
        "yres": trace.screen.height_px,
        "freq": rate,
        "missingx": np.nan,
        "missingy": np.nan,
        "windowtimeInterp": settings.max_interpolated_ms / 1000.0,
        "windowtime": settings.window_ms / 1000.0,
        "steptime": settings.step_ms / 1000.0,
        "downsamples": [n for n in _I2MC_DOWNSAMPLES if rate % n == 0 and n_window // n >= 2],
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
        return []
    return [
        Interval("fixation", int(first) + stretch.first, int(last) + 1 + stretch.first)
        for first, last in zip(fixations["start"], fixations["end"], strict=True)
    ]


def _intervals(events: Any, kind: str, first: int) -> list[Interval]:
    """Take the ranges out of pymovements' events, which count samples."""
    onsets, offsets = (events.frame[name].to_list() for name in ("onset", "offset"))
    return [
        Interval(kind, first + int(onset), first + int(offset) + 1)
        for onset, offset in zip(onsets, offsets, strict=True)
    ]


def _long_runs(kind: str, flags: Flags, stretch: Stretch, shortest_ms: float) -> list[Interval]:
    """Make events of runs that are long enough."""
    shortest = stretch.n_samples(shortest_ms)
    return [
        Interval(kind, first + stretch.first, end + stretch.first)
        for first, end in runs(flags).tolist()
        if end - first >= shortest
    ]


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep a library's warnings about windows without gaze from the user."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Give a library that draws from NumPy's shared generator the same numbers every time."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


METHODS: dict[str, Callable[[EyeTrace, Any], list[Interval]]] = {
    "ivt": ivt,
    "idt": idt,
    "engbert-kliegl": engbert_kliegl,
    "remodnav": remodnav,
    "i2mc": i2mc,
}
