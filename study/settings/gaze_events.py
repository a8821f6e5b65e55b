"""Settings of event detection, within the section [gaze.events] of study.toml."""

from typing import Literal

from pydantic import Field

from study.settings.base import Section


class BlinkSettings(Section):
    """Blinks, and what is done with the samples in and around them before detection."""

    source: Literal["file", "detected"] = Field(
        "file",
        description="file: the tracker's own where the recording has any events; detected: "
        "losses of the pupil, or of gaze where no pupil was recorded",
    )
    min_duration_ms: float = Field(
        20.0, ge=0, description="a shorter loss is no blink, and is bridged by a straight line"
    )
    pad_before_ms: float = Field(
        10.0, ge=0, description="before a blink, gaze is taken for lost this long"
    )
    pad_after_ms: float = Field(10.0, ge=0, description="and this long after it")
    merge_ms: float = Field(100.0, ge=0, description="blinks that are nearer become one")
    pupil: Literal["linear", "cubic", "none"] = Field(
        "linear", description="how the pupil is interpolated across padded blinks"
    )


class AdaptiveSettings(Section):
    """Adaptive velocity thresholds (Nyström and Holmqvist 2010), the default detector."""

    window_ms: float = Field(
        10.0, gt=0, description="length of the Savitzky-Golay filter that gives velocity"
    )
    peak_factor: float = Field(
        8.0, gt=0, description="a saccade's peak exceeds the noise by so many standard deviations"
    )
    onset_factor: float = Field(
        4.0, gt=0, description="and it lasts while velocity exceeds the noise by so many"
    )
    min_peak_velocity_deg_s: float = Field(
        30.0, ge=0, description="the peak threshold is never below this, however clean the signal"
    )
    max_velocity_deg_s: float = Field(
        1000.0, gt=0, description="no eye is faster: such samples are artefacts"
    )
    min_saccade_ms: float = Field(10.0, ge=0, description="shorter saccades are noise")
    max_pso_ms: float = Field(
        40.0, ge=0, description="post-saccadic oscillations end this long after a saccade; 0: none"
    )
    min_fixation_ms: float = Field(40.0, ge=0, description="shorter fixations are none")
    max_drift_deg: float = Field(
        1.25, ge=0,
        description="a fixation whose gaze moves on by more than this, and faster than "
        "max_drift_deg_s, is pursuit (or a drifting signal); 0: no such test",
    )  # fmt: skip
    max_drift_deg_s: float = Field(2.0, ge=0, description="the speed of that movement")


class IvtSettings(Section):
    """Velocity threshold (Salvucci and Goldberg 2000), by pymovements."""

    velocity_deg_s: float = Field(30.0, gt=0, description="slower samples are fixation")
    window_ms: float = Field(20.0, gt=0, description="length of the Savitzky-Golay filter")
    min_fixation_ms: float = Field(40.0, ge=0, description="shorter fixations are none")
    min_saccade_ms: float = Field(10.0, ge=0, description="shorter saccades are none")


class IdtSettings(Section):
    """Dispersion threshold (Salvucci and Goldberg 2000), by pymovements; no saccades."""

    dispersion_deg: float = Field(
        1.0, gt=0, description="width and height of a fixation together are smaller"
    )
    min_fixation_ms: float = Field(100.0, gt=0, description="shorter fixations are none")


class EngbertKlieglSettings(Section):
    """Elliptic velocity threshold (Engbert and Kliegl 2003), by pymovements."""

    factor: float = Field(
        6.0, gt=0, description="the threshold in median-based standard deviations of velocity"
    )
    min_saccade_ms: float = Field(12.0, ge=0, description="shorter saccades are noise")
    min_fixation_ms: float = Field(
        40.0, ge=0, description="shorter intervals between saccades are no fixations"
    )


class RemodnavSettings(Section):
    """REMoDNaV (Dar, Wagner and Hanke 2021), by the package remodnav."""

    noise_factor: float = Field(5.0, gt=0, description="thresholds above the noise, in MAD")
    start_velocity_deg_s: float = Field(300.0, gt=0, description="where adaptation starts")
    pursuit_velocity_deg_s: float = Field(2.0, gt=0, description="faster drifts are pursuit")
    max_velocity_deg_s: float = Field(1000.0, gt=0, description="faster samples are artefacts")
    savgol_ms: float = Field(19.0, gt=0, description="length of the Savitzky-Golay filter")
    median_filter_ms: float = Field(50.0, ge=0, description="length of the median filter")
    lowpass_hz: float = Field(4.0, gt=0, description="cutoff of the filter that finds pursuit")
    min_saccade_ms: float = Field(10.0, gt=0, description="shorter saccades are none")
    min_intersaccade_ms: float = Field(40.0, gt=0, description="between two saccades at least")
    max_pso_ms: float = Field(40.0, gt=0, description="longest post-saccadic oscillation")
    min_fixation_ms: float = Field(40.0, gt=0, description="shorter fixations are none")
    min_pursuit_ms: float = Field(40.0, gt=0, description="shorter pursuits are none")


class I2mcSettings(Section):
    """Two-means clustering (Hessels et al. 2017), by the package I2MC; no saccades."""

    window_ms: float = Field(200.0, gt=0, description="window of the clustering")
    step_ms: float = Field(20.0, gt=0, description="how far the window moves on")
    cutoff_sd: float = Field(
        2.0, gt=0, description="weights above the mean by so many deviations end a fixation"
    )
    max_interpolated_ms: float = Field(100.0, ge=0, description="shorter losses are bridged")
    merge_px: float = Field(30.0, ge=0, description="nearer fixations are one, if within merge_ms")
    merge_ms: float = Field(30.0, ge=0, description="longest gap between such fixations")
    min_fixation_ms: float = Field(40.0, ge=0, description="shorter fixations are none")


class EventSettings(Section):
    """Where fixations, saccades and blinks come from."""

    method: Literal[
        "auto", "eyelink", "adaptive", "ivt", "idt", "engbert-kliegl", "remodnav", "i2mc"
    ] = Field(
        "auto",
        description="eyelink: the recording's own events; auto: these where it has any, else "
        "adaptive; or a detector: adaptive, ivt, idt, engbert-kliegl, remodnav, i2mc",
    )
    blinks: BlinkSettings = BlinkSettings()
    adaptive: AdaptiveSettings = AdaptiveSettings()
    ivt: IvtSettings = IvtSettings()
    idt: IdtSettings = IdtSettings()
    engbert_kliegl: EngbertKlieglSettings = EngbertKlieglSettings()
    remodnav: RemodnavSettings = RemodnavSettings()
    i2mc: I2mcSettings = I2mcSettings()
