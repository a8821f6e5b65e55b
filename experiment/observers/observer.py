"""One simulated observer: everything about a person that is planted, drawn once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from experiment.observers.picture import PictureSpread
from experiment.observers.tolerance import Tolerance, degraded_accuracy, draw_tolerances
from stimuli.degraded import Degradation
from stimuli.expressions import EXPRESSIONS
from study.seeds import generator
from study.settings.observers import ObserversSettings

#: Share of the mean reaction time that is the exponential part of the ex-Gaussian.
TAU_SHARE = 0.22
#: The Gaussian part is at least this wide, however small the spread that is asked for.
MINIMUM_SIGMA_MS = 30.0
#: Nobody whose eye is seen less than this would be recorded.
LARGEST_LOSS = 0.6


@dataclass(frozen=True)
class ReactionTime:
    """Parameters of an ex-Gaussian: a normal variable plus an exponential one.

    Parameters
    ----------
    mu_ms, sigma_ms : float
        Mean and standard deviation of the normal part.
    tau_ms : float
        Mean of the exponential part.
    """

    mu_ms: float
    sigma_ms: float
    tau_ms: float

    @property
    def mean_ms(self) -> float:
        """The mean of the whole."""
        return self.mu_ms + self.tau_ms

    def scaled(self, factor: float) -> "ReactionTime":
        """Give times that are longer by a factor, with the same shape."""
        return ReactionTime(self.mu_ms * factor, self.sigma_ms * factor, self.tau_ms * factor)


@dataclass(frozen=True)
class Eye:
    """How an observer's right eye moves, and how well the tracker sees it.

    Parameters
    ----------
    fixation_mean_ms, fixation_cv : float
        Mean of the log-normal distribution of fixation durations, and its standard deviation
        over it.
    latency_mean_ms : float
        Mean time from face onset to the first saccade.
    landing_spread : float
        Spread of landing points within a region, over the region's half extent.
    refixation : float
        Probability that the next fixation stays in the region, beside choosing it anew.
    noise_rms_s2s_deg : float
        Measurement noise, root mean square from sample to sample.
    tremor_deg : float
        Amplitude of the tremor.
    drift_deg_per_sqrt_s : float
        Spread of the random walk within a fixation after one second, per axis.
    offset_x_deg, offset_y_deg : float
        What the calibration is off by.
    calibration_drift_deg : float
        Spread of the offset's random walk after one minute, per axis.
    loss_share : float
        Share of the samples that are lost besides blinks, below 1.
    loss_mean_ms : float
        Mean duration of such a loss.
    blink_rate_hz : float
        Blinks in a second.
    pupil_area : float
        Mean pupil size.
    """

    fixation_mean_ms: float
    fixation_cv: float
    latency_mean_ms: float
    landing_spread: float
    refixation: float
    noise_rms_s2s_deg: float
    tremor_deg: float
    drift_deg_per_sqrt_s: float
    offset_x_deg: float
    offset_y_deg: float
    calibration_drift_deg: float
    loss_share: float
    loss_mean_ms: float
    blink_rate_hz: float
    pupil_area: float


@dataclass(frozen=True)
class Observer:
    """A simulated observer with everything that is planted.

    Parameters
    ----------
    participant_id : str
        Who it is.
    strategy : mapping of str to mapping of str to float
        For each expression shown, the probability of each region for each fixation.
    accuracy : mapping of str to float
        Probability of the right answer, for each expression shown.
    confusions : mapping of str to mapping of str to float
        Probability of each wrong answer when the answer is wrong, for each expression shown.
    reaction_time : mapping of str to ReactionTime
        For right answers, for each expression shown.
    rt_error_factor : float
        How much longer wrong answers take.
    eye : Eye
        The eye's movements and the tracker's errors.
    pictures : PictureSpread
        How the pictures differ that this observer sees.
    tolerances : mapping of str to Tolerance
        How accuracy falls with noise and with occlusion.
    """

    participant_id: str
    strategy: Mapping[str, Mapping[str, float]]
    accuracy: Mapping[str, float]
    confusions: Mapping[str, Mapping[str, float]]
    reaction_time: Mapping[str, ReactionTime]
    rt_error_factor: float
    eye: Eye
    pictures: PictureSpread
    tolerances: Mapping[str, Tolerance]

    def facing(
        self, image_id: str, shown: str, degradation: Degradation | None = None
    ) -> "Observer":
        """Give the observer in front of one picture: their own ways, moved by the picture's.

        Parameters
        ----------
        image_id : str
            The picture.
        shown : str
            The expression on it.
        degradation : Degradation, optional
            What was done to the face. By default nothing.

        Returns
        -------
        Observer
            With the strategy, the accuracy and the reaction times that hold for this picture.

        Examples
        --------
        >>> observer = draw_observer(ObserversSettings(), "sub-001", seed=1)
        >>> facing = observer.facing("AF01HAS", "happy")
        >>> round(sum(facing.strategy["happy"].values()), 9), facing.strategy["sad"] is (
        ...     observer.strategy["sad"]
        ... )
        (1.0, True)
        """
        # A face that is hard is so at every level of degradation.
        effect = self.pictures.draw(degradation.face if degradation else image_id)
        weights = {
            region: weight * float(np.exp(effect.strategy[region]))
            for region, weight in self.strategy[shown].items()
        }
        intact = _shift_logit(self.accuracy[shown], effect.accuracy_logits)
        accuracy = degraded_accuracy(self.tolerances, intact, degradation)
        slower = self.reaction_time[shown].scaled(float(np.exp(effect.speed_log)))
        return replace(
            self,
            strategy={**self.strategy, shown: _shares(weights)},
            accuracy={**self.accuracy, shown: accuracy},
            reaction_time={**self.reaction_time, shown: slower},
        )

    def as_json(self) -> dict[str, Any]:
        """Give everything planted, as it is kept in truth.json.

        Returns
        -------
        dict
            Numbers, texts and dictionaries of them.
        """
        return asdict(self)


def draw_observer(settings: ObserversSettings, participant_id: str, seed: int) -> Observer:
    """Draw one observer from the population that the settings describe.

    Parameters
    ----------
    settings : ObserversSettings
        The section [observers]: the average observer and the spread between observers.
    participant_id : str
        Who it is; another id gives another, independent observer.
    seed : int
        The study's seed.

    Returns
    -------
    Observer
        The same one for the same arguments.

    Examples
    --------
    >>> observer = draw_observer(ObserversSettings(), "sub-001", seed=1)
    >>> round(sum(observer.strategy["happy"].values()), 9)
    1.0
    """
    speed = float(np.exp(_normal(settings.between_speed, seed, "speed", participant_id)))
    skill = _normal(settings.between_accuracy, seed, "accuracy", participant_id)
    rt_mean_ms = settings.rt_mean_ms.model_dump()
    return Observer(
        participant_id=participant_id,
        strategy={
            shown: _personal_weights(settings, shown, participant_id, seed) for shown in EXPRESSIONS
        },
        accuracy={
            shown: _shift_logit(value, skill)
            for shown, value in settings.accuracy.model_dump().items()
        },
        confusions={
            shown: _shares({name: share for name, share in weights.items() if name != shown})
            for shown, weights in settings.confusions.model_dump().items()
        },
        reaction_time={
            shown: _reaction_time(rt_mean_ms[shown] * speed, settings.rt_spread)
            for shown in EXPRESSIONS
        },
        rt_error_factor=settings.rt_error_factor,
        eye=_draw_eye(settings, participant_id, seed),
        pictures=PictureSpread(
            seed,
            settings.between_picture_strategy,
            settings.between_picture_accuracy,
            settings.between_picture_speed,
        ),
        tolerances=draw_tolerances(settings.degraded, participant_id, seed),
    )


def _normal(spread: float, seed: int, name: str, participant_id: str) -> float:
    """Draw one random effect of an observer from its own stream."""
    return float(generator(seed, "observer", name, participant_id).normal(0.0, spread))


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    """Scale weights to a sum of 1."""
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _personal_weights(
    settings: ObserversSettings, shown: str, participant_id: str, seed: int
) -> dict[str, float]:
    """Vary the average observer's region weights by a log-normal factor for each region.

    An observer prefers the same regions whatever is shown: half of the variance is common to
    all expressions.
    """
    average = _shares(getattr(settings.strategy, shown))
    shape = len(average)
    common = generator(seed, "observer", "regions", participant_id).normal(size=shape)
    own = generator(seed, "observer", "regions", participant_id, shown).normal(size=shape)
    factors = np.exp(settings.between_strategy * (common + own) / np.sqrt(2.0))
    return _shares(
        {
            region: weight * float(factor)
            for (region, weight), factor in zip(average.items(), factors, strict=True)
        }
    )


def _shift_logit(probability: float, shift: float) -> float:
    """Move a probability on the logit scale; certainty stays certain."""
    if probability in (0.0, 1.0):
        return probability
    return float(1.0 / (1.0 + np.exp(-(np.log(probability / (1.0 - probability)) + shift))))


def _reaction_time(mean_ms: float, spread: float) -> ReactionTime:
    """Choose the ex-Gaussian that has this mean and this spread over the mean."""
    tau_ms = min(TAU_SHARE, 0.9 * spread) * mean_ms
    variance = (spread * mean_ms) ** 2 - tau_ms**2
    sigma_ms = max(float(np.sqrt(variance)), MINIMUM_SIGMA_MS)
    return ReactionTime(mean_ms - tau_ms, sigma_ms, tau_ms)


def _draw_eye(settings: ObserversSettings, participant_id: str, seed: int) -> Eye:
    """Draw the eye of one observer."""
    stream = generator(seed, "observer", "eye", participant_id)
    factors = np.exp(stream.normal(0.0, settings.between_eye, size=4))
    offset_deg = stream.normal(0.0, settings.calibration_error_deg, size=2)
    # The mean of a log-normal variable is above 1 by half its variance: loss_share is the mean.
    loss = _normal(settings.between_loss, seed, "data loss", participant_id)
    loss_share = settings.loss_share * float(np.exp(loss - settings.between_loss**2 / 2))
    return Eye(
        fixation_mean_ms=settings.fixation_mean_ms * float(factors[0]),
        fixation_cv=settings.fixation_cv,
        latency_mean_ms=settings.latency_mean_ms,
        landing_spread=settings.landing_spread,
        refixation=settings.refixation,
        noise_rms_s2s_deg=settings.noise_rms_s2s_deg * float(factors[1]),
        tremor_deg=settings.tremor_deg,
        drift_deg_per_sqrt_s=settings.drift_deg_per_sqrt_s,
        offset_x_deg=float(offset_deg[0]),
        offset_y_deg=float(offset_deg[1]),
        calibration_drift_deg=settings.calibration_drift_deg,
        loss_share=min(loss_share, LARGEST_LOSS),
        loss_mean_ms=settings.loss_mean_ms,
        blink_rate_hz=settings.blink_rate_hz * float(factors[2]),
        pupil_area=settings.pupil_area * float(factors[3]),
    )
