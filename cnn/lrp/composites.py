"""Composites: which rule each layer takes, by the names of innvestigate and zennit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cnn.lrp.rules import Rule, alpha_beta_rule, box_rule, epsilon_rule, gamma_rule, weight_rule
from study.errors import InputError, did_you_mean

# Name, what it does, and its arguments with their defaults.
COMPOSITES: dict[str, tuple[str, dict[str, float]]] = {
    "lrp.z": ("rule 0 everywhere", {}),
    "lrp.epsilon": ("epsilon everywhere", {"epsilon": 1e-7}),
    "lrp.gamma": ("gamma everywhere", {"gamma": 0.25}),
    "lrp.z_plus": ("z+ everywhere; cannot tell classes apart", {}),
    "lrp.w_square": ("squared weights everywhere", {}),
    "lrp.flat": ("evenly everywhere", {}),
    "lrp.alpha_1_beta_0": ("z+ everywhere; cannot tell classes apart", {}),
    "lrp.alpha_2_beta_1": ("alpha 2, beta 1 everywhere", {}),
    "lrp.sequential_preset_a": ("epsilon in dense layers, z+ in convolutions", {"epsilon": 0.1}),
    "lrp.sequential_preset_b": (
        "epsilon in dense layers, alpha 2 beta 1 in convolutions", {"epsilon": 0.1},
    ),
    "lrp.sequential_preset_a_flat": ("preset a, flat at the pixels", {"epsilon": 0.1}),
    "lrp.sequential_preset_b_flat": ("preset b, flat at the pixels", {"epsilon": 0.1}),
    "lrp.epsilon_plus": ("epsilon in dense layers, z+ in convolutions", {"epsilon": 1e-6}),
    "lrp.epsilon_plus_flat": ("epsilon_plus, flat at the pixels", {"epsilon": 1e-6}),
    "lrp.epsilon_alpha2_beta1": (
        "epsilon in dense layers, alpha 2 beta 1 in convolutions", {"epsilon": 1e-6},
    ),
    "lrp.epsilon_gamma_box": (
        "epsilon in dense layers, gamma in convolutions, box at the pixels",
        {"epsilon": 1e-6, "gamma": 0.25},
    ),
}  # fmt: skip

_EPSILON_OF_SUMS = 1e-6
_PLUS = partial(alpha_beta_rule, alpha=1.0, beta=0.0)
_ALPHA_2 = partial(alpha_beta_rule, alpha=2.0, beta=1.0)
_PRESET_A = partial(alpha_beta_rule, alpha=1.0, beta=0.0, whole_bias=True)
_PRESET_B = partial(alpha_beta_rule, alpha=2.0, beta=1.0, whole_bias=True)
_SQUARES = partial(weight_rule, flat=False)
_FLAT = partial(weight_rule, flat=True)


@dataclass(frozen=True)
class Composite:
    """The rules of a composite.

    Parameters
    ----------
    first : Rule
        Of convolutions and dense layers at the pixels.
    conv : Rule
        Of the other convolutions, and of scales and shifts that could not be folded.
    dense : Rule
        Of the other dense layers.
    average : Rule
        Of averages.
    epsilon : float or None
        Of sums, which are shared by contribution; None where they are shared evenly.
    """

    first: Rule
    conv: Rule
    dense: Rule
    average: Rule
    epsilon: float | None


def composite(name: str, *, bounded: bool, arguments: Mapping[str, Any]) -> Composite:
    """Look a composite up.

    Parameters
    ----------
    name : str
        A key of `COMPOSITES`.
    bounded : bool
        Whether the smallest and the greatest input are known, which the box needs.
    arguments : mapping
        In place of the defaults.

    Returns
    -------
    Composite
        Its rules.

    Raises
    ------
    InputError
        If there is none of that name, it has no such argument, or it needs bounds.

    References
    ----------
    Kohlbrenner et al. (2020), IJCNN: composites by layer. Anders et al. (2021), arXiv:2106.13200:
    the names of zennit. Alber et al. (2019), JMLR 20(93): innvestigate and its presets.
    """
    if name not in COMPOSITES:
        raise InputError(
            f"A composite must be one of the relevance engine's, but it is {name!r}."
            f"{did_you_mean(name, COMPOSITES)}"
        )
    values = _arguments(name, arguments)
    epsilon = values.get("epsilon", 0.0)
    by_contribution: Rule = partial(epsilon_rule, epsilon=epsilon)
    # A composite's epsilon is that of its dense layers; sums and averages have zennit's.
    of_sums = epsilon if name == "lrp.epsilon" else min(epsilon, _EPSILON_OF_SUMS)
    average: Rule = partial(epsilon_rule, epsilon=of_sums)

    def rules(first: Rule, conv: Rule, dense: Rule) -> Composite:
        return Composite(first, conv, dense, average, of_sums)

    gamma: Rule = partial(gamma_rule, gamma=values.get("gamma", 0.0))
    match name.removeprefix("lrp."):
        case "z" | "epsilon":
            return rules(by_contribution, by_contribution, by_contribution)
        case "gamma":
            return rules(gamma, gamma, gamma)
        case "z_plus" | "alpha_1_beta_0":
            return rules(_PLUS, _PLUS, _PLUS)
        case "alpha_2_beta_1":
            return rules(_ALPHA_2, _ALPHA_2, _ALPHA_2)
        case "w_square":
            return Composite(_SQUARES, _SQUARES, _SQUARES, _FLAT, None)
        case "flat":
            return Composite(_FLAT, _FLAT, _FLAT, _FLAT, None)
        case "sequential_preset_a":
            return rules(_PRESET_A, _PRESET_A, by_contribution)
        case "sequential_preset_a_flat":
            return rules(_FLAT, _PRESET_A, by_contribution)
        case "sequential_preset_b":
            return rules(_PRESET_B, _PRESET_B, by_contribution)
        case "sequential_preset_b_flat":
            return rules(_FLAT, _PRESET_B, by_contribution)
        case "epsilon_plus":
            return rules(_PLUS, _PLUS, by_contribution)
        case "epsilon_plus_flat":
            return rules(_FLAT, _PLUS, by_contribution)
        case "epsilon_alpha2_beta1":
            return rules(_ALPHA_2, _ALPHA_2, by_contribution)
    if not bounded:
        raise InputError(
            f"{name} must know the smallest and the greatest value of a pixel, but has no "
            "bounds. Give them, or choose lrp.epsilon_plus_flat."
        )
    return rules(box_rule, gamma, by_contribution)


def _arguments(name: str, given: Mapping[str, Any]) -> dict[str, float]:
    """Put given arguments in the place of the defaults."""
    defaults = COMPOSITES[name][1]
    for argument, value in given.items():
        if argument not in defaults:
            known = ", ".join(defaults) or "none"
            raise InputError(
                f"{name} takes the arguments {known}, but got {argument!r}. Leave it out."
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise InputError(
                f"The argument {argument} of {name} must be a number of 0 or greater, but it is "
                f"{value!r}. Correct it."
            )
    return {**defaults, **given}
