"""Detectors by pymovements: velocity and dispersion thresholds, Engbert and Kliegl's saccades."""

from typing import Any

import numpy as np

from gaze_analysis.detection.quiet import with_quiet_log
from gaze_analysis.detection.trace import EyeTrace, Flags, Interval, Stretch, Values, runs
from gaze_analysis.detection.velocity import velocity
from study.settings.gaze_events import EngbertKlieglSettings, IdtSettings, IvtSettings

# Where gaze never moves in one direction, that ellipse has no area.
_EK_FLAT = 1e-9


@with_quiet_log
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


@with_quiet_log
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

    # It measures one window after the other: twice as fast where a coordinate lies together.
    points_deg = np.asfortranarray(trace.points_deg)
    found: list[Interval] = []
    for stretch in trace.stretches:
        shortest = max(2, stretch.n_samples(settings.min_fixation_ms))
        for first, end in (runs(trace.valid[stretch.part]) + stretch.first).tolist():
            if end - first >= shortest:
                events = detect_idt(
                    points_deg[first:end],
                    minimum_duration=shortest,
                    dispersion_threshold=settings.dispersion_deg,
                )
                found += _intervals(events, "fixation", first)
    return found


@with_quiet_log
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
