"""The detector of the package remodnav, which never meets a missing value here."""

import numpy as np

from gaze_analysis.detection.quiet import with_quiet_log, without_warnings
from gaze_analysis.detection.trace import EyeTrace, Interval, Stretch
from gaze_analysis.detection.velocity import fill_losses, window_samples
from study.settings.gaze_events import RemodnavSettings

_KINDS = {
    "FIXA": "fixation", "PURS": "pursuit", "SACC": "saccade", "ISAC": "saccade",
    "HPSO": "pso", "LPSO": "pso", "IHPS": "pso", "ILPS": "pso",
}  # fmt: skip
_POLYNOMIAL = 2


@with_quiet_log
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
            with without_warnings():
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
        savgol_polyord=_POLYNOMIAL,
        max_vel=settings.max_velocity_deg_s,
    )
    lost = ~trace.valid[stretch.part]
    for name in processed.dtype.names:
        processed[name][lost] = np.nan
    found = []
    for event in classifier(processed):
        first, end = (round(event[name] * rate) for name in ("start_time", "end_time"))
        if end > first:
            kind = _KINDS[event["label"]]
            found.append(Interval(kind, first + stretch.first, end + stretch.first))
    return found
