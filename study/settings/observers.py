"""Simulated observers: where they look, what they answer, and how their eyes move.

The defaults are plausible values of ours, in the range of what people do; they plant a known
truth and report no measurement. Fixation durations and the share of refixations are set so that
intervals between fixations and the size of saccades are near those of 20 people who looked at
faces (Cadoni et al. 2022, AVSS; `benchmarks/simulated_people.py`).
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from study.settings.base import Section

Region = Literal[
    "left_brow", "right_brow", "left_eye", "right_eye", "nose", "mouth",
    "left_cheek", "right_cheek", "forehead", "chin",
]  # fmt: skip
Expression = Literal["afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised"]
Share = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]


def _something_to_choose(weights: dict[str, float]) -> dict[str, float]:
    """Check that at least one weight is above zero."""
    if sum(weights.values()) <= 0:
        raise ValueError("at least one weight must be above 0")
    return weights


RegionWeights = Annotated[dict[Region, Share], AfterValidator(_something_to_choose)]
AnswerWeights = Annotated[dict[Expression, Share], AfterValidator(_something_to_choose)]


def _regions(brows: float, left: float, right: float, nose: float, mouth: float, cheeks: float,
             forehead: float, chin: float) -> dict[Region, float]:  # fmt: skip
    """Name the weights of the ten regions; brows and cheeks stand for each of their two."""
    return {
        "left_brow": brows, "right_brow": brows, "left_eye": left, "right_eye": right,
        "nose": nose, "mouth": mouth, "left_cheek": cheeks, "right_cheek": cheeks,
        "forehead": forehead, "chin": chin,
    }  # fmt: skip


class StrategySettings(Section):
    """Relative share of fixations on each region, for each expression shown."""

    afraid: RegionWeights = _regions(0.07, 0.24, 0.27, 0.14, 0.13, 0.03, 0.01, 0.01)
    angry: RegionWeights = _regions(0.14, 0.19, 0.20, 0.14, 0.11, 0.02, 0.03, 0.01)
    disgusted: RegionWeights = _regions(0.04, 0.12, 0.13, 0.29, 0.26, 0.04, 0.01, 0.03)
    happy: RegionWeights = _regions(0.02, 0.12, 0.13, 0.17, 0.41, 0.05, 0.01, 0.02)
    neutral: RegionWeights = _regions(0.05, 0.19, 0.21, 0.23, 0.17, 0.03, 0.02, 0.02)
    sad: RegionWeights = _regions(0.09, 0.21, 0.22, 0.14, 0.17, 0.02, 0.02, 0.02)
    surprised: RegionWeights = _regions(0.06, 0.19, 0.21, 0.13, 0.28, 0.02, 0.02, 0.01)


class AccuracySettings(Section):
    """Probability of the right answer of the average observer, for each expression shown."""

    afraid: Probability = 0.70
    angry: Probability = 0.84
    disgusted: Probability = 0.83
    happy: Probability = 0.97
    neutral: Probability = 0.92
    sad: Probability = 0.81
    surprised: Probability = 0.91


class ConfusionSettings(Section):
    """Relative share of each wrong answer, for each expression shown."""

    afraid: AnswerWeights = {"surprised": 0.70, "disgusted": 0.12, "sad": 0.12, "angry": 0.06}
    angry: AnswerWeights = {"disgusted": 0.50, "neutral": 0.20, "sad": 0.20, "afraid": 0.10}
    disgusted: AnswerWeights = {"angry": 0.60, "sad": 0.25, "afraid": 0.15}
    happy: AnswerWeights = {"neutral": 0.70, "surprised": 0.30}
    neutral: AnswerWeights = {"sad": 0.50, "angry": 0.30, "happy": 0.20}
    sad: AnswerWeights = {"neutral": 0.40, "afraid": 0.30, "disgusted": 0.30}
    surprised: AnswerWeights = {"afraid": 0.85, "happy": 0.15}


class ReactionTimeSettings(Section):
    """Mean reaction time of the average observer in ms, for each expression shown."""

    afraid: float = Field(2050, gt=300)
    angry: float = Field(1850, gt=300)
    disgusted: float = Field(1750, gt=300)
    happy: float = Field(1250, gt=300)
    neutral: float = Field(1550, gt=300)
    sad: float = Field(1900, gt=300)
    surprised: float = Field(1500, gt=300)


class DegradedSettings(Section):
    """How the average observer's accuracy falls with noise on the face, and with its occlusion."""

    noise_threshold: float = Field(
        0.3, gt=0,
        description="variance of noise (black 0, white 1) at which half is left of what accuracy "
        "is above chance",
    )  # fmt: skip
    noise_slope: float = Field(1.5, gt=0, description="exponent of the Weibull function of it")
    occlusion_threshold: float = Field(
        0.45, gt=0, description="the same of the share of the face's tiles that is removed"
    )
    occlusion_slope: float = Field(3.0, gt=0, description="exponent of the Weibull function of it")
    between_threshold: float = Field(
        0.2, ge=0, description="spread of both thresholds between observers, log units"
    )


class ObserversSettings(Section):
    """Simulated observers: planted strategies, answers and eye movements."""

    fixation_mean_ms: float = Field(300, gt=100, description="mean fixation duration")
    fixation_cv: float = Field(
        0.55, gt=0, le=1, description="standard deviation of fixation durations over their mean"
    )
    latency_mean_ms: float = Field(
        210, gt=100, description="mean time from face onset to the first saccade"
    )
    landing_spread: float = Field(
        0.34, gt=0, le=1,
        description="spread of landing points within a region, over the region's half extent",
    )  # fmt: skip
    refixation: float = Field(
        0.15, ge=0, le=0.9,
        description="probability that the next fixation stays in the same region, beside that "
        "of choosing it anew",
    )  # fmt: skip
    noise_rms_s2s_deg: float = Field(
        0.02, gt=0, lt=1, description="measurement noise, root mean square sample to sample"
    )
    tremor_deg: float = Field(0.004, ge=0, description="amplitude of the eye's tremor")
    drift_deg_per_sqrt_s: float = Field(
        0.12, ge=0, description="drift within fixations, as the diffusion of a random walk"
    )
    calibration_error_deg: float = Field(
        0.18, ge=0, description="spread of the calibration's offset between sessions, per axis"
    )
    calibration_drift_deg: float = Field(
        0.04, ge=0, lt=1,
        description="wandering of the calibration's offset until the next calibration: its "
        "spread after one minute, per axis; it grows with the square root of time",
    )  # fmt: skip
    loss_share: float = Field(
        0.006, ge=0, le=0.5, description="mean share of samples that are lost besides blinks"
    )
    loss_mean_ms: float = Field(200, ge=20, description="mean duration of such a loss")
    blink_rate_hz: float = Field(
        0.12, ge=0, le=2, description="blinks in a second of looking at the face"
    )
    pupil_area: float = Field(1100, gt=100, lt=5000, description="mean pupil size, arbitrary units")
    rt_spread: float = Field(
        0.28, gt=0, lt=1, description="standard deviation of reaction times over their mean"
    )
    rt_error_factor: float = Field(
        1.15, gt=0, description="mean reaction time of wrong answers over that of right ones"
    )
    between_strategy: float = Field(
        0.25, ge=0, description="spread of region weights between observers, log units"
    )
    between_accuracy: float = Field(
        0.35, ge=0, description="spread of accuracy between observers, logits"
    )
    between_speed: float = Field(
        0.15, ge=0, description="spread of reaction times between observers, log units"
    )
    between_eye: float = Field(
        0.12, ge=0,
        description="spread of fixation duration, noise, blinks and pupil between observers, "
        "log units",
    )  # fmt: skip
    between_loss: float = Field(
        0.8, ge=0, description="spread of the share of lost samples between observers, log units"
    )
    between_picture_strategy: float = Field(
        0.15, ge=0,
        description="spread of region weights between pictures of an expression, log units",
    )  # fmt: skip
    between_picture_accuracy: float = Field(
        0.5, ge=0, description="spread of difficulty between pictures of an expression, logits"
    )
    between_picture_speed: float = Field(
        0.08, ge=0,
        description="spread of reaction times between pictures of an expression, log units",
    )  # fmt: skip
    strategy: StrategySettings = StrategySettings()
    accuracy: AccuracySettings = AccuracySettings()
    confusions: ConfusionSettings = ConfusionSettings()
    rt_mean_ms: ReactionTimeSettings = ReactionTimeSettings()
    degraded: DegradedSettings = DegradedSettings()
