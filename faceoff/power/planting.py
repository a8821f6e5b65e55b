"""A difference is planted: strategies whose expected shares differ by exactly what is asked."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from faceoff.power.design import Design
from stimuli.regions import REGIONS
from study.errors import InputError
from study.seeds import generator
from study.settings.observers import ObserversSettings, StrategySettings

# People and pictures over which the expectation is taken: its error is below 0.0005.
_N_DRAWS = 40_000
_LARGEST_LOG = 12.0


def plant(observers: ObserversSettings, design: Design) -> ObserversSettings:
    """Give the two expressions strategies that differ by the effect, and in nothing else.

    Both start from the mean of the two strategies of the settings. The region's weight is then
    raised for the one and lowered for the other, all other weights keeping their proportions,
    until the expected shares of fixations on the region, over observers and pictures with their
    random effects, differ by the effect and have their mean where it was.

    Parameters
    ----------
    observers : ObserversSettings
        The section [observers].
    design : Design
        The question, about two expressions; about the network nothing has to be planted in gaze.

    Returns
    -------
    ObserversSettings
        With the strategies of the two expressions replaced.

    Raises
    ------
    InputError
        If the region's share cannot differ by so much.
    """
    if design.contrast == "network":
        return observers
    average = _mean_strategy(observers, design.expressions)
    middle = expected_share(average, design.region, observers)
    strategies = {}
    for expression, sign in zip(design.expressions, (0.5, -0.5), strict=True):
        wanted = middle + sign * design.effect
        if not 0 < wanted < 1:
            raise InputError(
                f"Both shares must be between 0 and 1, but around the mean share of {middle:.3f} "
                f"on {design.region} an effect of {design.effect:g} makes one of {wanted:.3f}. "
                "Ask for a smaller effect."
            )
        strategies[expression] = _with_share(average, design.region, wanted, observers)
    changed = StrategySettings.model_validate(observers.strategy.model_dump() | strategies)
    return observers.model_copy(update={"strategy": changed})


def _mean_strategy(observers: ObserversSettings, expressions: tuple[str, ...]) -> dict[str, float]:
    """Average the shares of expressions."""
    mean = dict.fromkeys(REGIONS, 0.0)
    for expression in expressions:
        weights: dict[str, float] = getattr(observers.strategy, expression)
        for region, weight in weights.items():
            mean[region] += weight / sum(weights.values()) / len(expressions)
    return {region: weight for region, weight in mean.items() if weight > 0}


def _with_share(
    weights: dict[str, float], region: str, wanted: float, observers: ObserversSettings
) -> dict[str, float]:
    """Change one region's weight until its expected share is the wanted one."""
    if region not in weights:
        raise InputError(
            f"A difference on {region} needs people who look at it, but its weight is 0 for both "
            "expressions. Raise it in [observers.strategy]."
        )

    def off_by(log_factor: float) -> float:
        changed = weights | {region: weights[region] * float(np.exp(log_factor))}
        return expected_share(changed, region, observers) - wanted

    log_factor = float(brentq(off_by, -_LARGEST_LOG, _LARGEST_LOG, xtol=1e-9))
    changed = weights | {region: weights[region] * float(np.exp(log_factor))}
    total = sum(changed.values())
    return {name: weight / total for name, weight in changed.items()}


def expected_share(weights: dict[str, float], region: str, observers: ObserversSettings) -> float:
    """Average a region's probability over observers and pictures.

    Parameters
    ----------
    weights : dict of str to float
        The average observer's weights for the average picture.
    region : str
        The region.
    observers : ObserversSettings
        How observers and pictures differ: log-normal factors of each weight.

    Returns
    -------
    float
        Its expected share of fixations.

    Examples
    --------
    >>> same = ObserversSettings(between_strategy=0.0, between_picture_strategy=0.0)
    >>> round(expected_share({"mouth": 1.0, "nose": 3.0}, "mouth", same), 9)
    0.25
    """
    spread = float(np.hypot(observers.between_strategy, observers.between_picture_strategy))
    names = list(weights)
    logs = np.log(np.maximum([weights[name] for name in names], 1e-300))
    factors = np.exp(logs + spread * _standard_draws()[:, : len(names)])
    return float((factors[:, names.index(region)] / factors.sum(axis=1)).mean())


@lru_cache(maxsize=1)
def _standard_draws() -> NDArray[np.float64]:
    """Draw people and pictures once, each with its mirror image."""
    half = generator(1, "expected shares").normal(size=(_N_DRAWS // 2, len(REGIONS)))
    return np.concatenate([half, -half])
