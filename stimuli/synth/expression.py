"""Expressions as facial action units, each with the variation that posing people show."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ACTION_UNITS = {
    "AU1": "inner brow raiser",
    "AU2": "outer brow raiser",
    "AU4": "brow lowerer",
    "AU5": "upper lid raiser",
    "AU6": "cheek raiser",
    "AU7": "lid tightener",
    "AU9": "nose wrinkler",
    "AU10": "upper lip raiser",
    "AU12": "lip corner puller",
    "AU15": "lip corner depressor",
    "AU16": "lower lip depressor",
    "AU17": "chin raiser",
    "AU20": "lip stretcher",
    "AU23": "lip tightener",
    "AU25": "lips part",
    "AU26": "jaw drop",
    "AU27": "mouth stretch",
    "AU43": "lid droop",
}

# Two ways of posing each expression (mean intensities, 0 to 1): an actor has one of them or a
# mixture. The sets follow the prototypes and major variants of the FACS investigator's guide.
_PROTOTYPES: Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]] = {
    "afraid": (
        {
            "AU1": 0.9,
            "AU2": 0.55,
            "AU4": 0.5,
            "AU5": 0.95,
            "AU7": 0.15,
            "AU16": 0.6,
            "AU20": 0.95,
            "AU25": 0.85,
            "AU26": 0.2,
        },
        {
            "AU1": 0.85,
            "AU2": 0.7,
            "AU4": 0.4,
            "AU5": 1.0,
            "AU16": 0.35,
            "AU20": 0.75,
            "AU25": 0.8,
            "AU26": 0.5,
        },
    ),
    "angry": (
        {"AU4": 1.0, "AU5": 0.45, "AU7": 0.7, "AU17": 0.45, "AU23": 0.9},
        {
            "AU4": 1.0,
            "AU5": 0.5,
            "AU7": 0.7,
            "AU10": 0.4,
            "AU16": 0.7,
            "AU23": 0.55,
            "AU25": 0.8,
            "AU26": 0.15,
        },
    ),
    "disgusted": (
        {"AU4": 0.4, "AU6": 0.35, "AU7": 0.5, "AU9": 1.0, "AU10": 0.7, "AU15": 0.35, "AU17": 0.7},
        {
            "AU4": 0.3,
            "AU6": 0.35,
            "AU7": 0.45,
            "AU9": 0.9,
            "AU10": 1.0,
            "AU16": 0.3,
            "AU25": 0.7,
            "AU26": 0.15,
        },
    ),
    "happy": (
        {"AU6": 0.85, "AU7": 0.2, "AU12": 0.95, "AU25": 0.9, "AU26": 0.15},
        {"AU6": 0.65, "AU12": 0.9, "AU25": 0.35},
    ),
    "neutral": ({}, {}),
    "sad": (
        {"AU1": 0.95, "AU4": 0.6, "AU7": 0.15, "AU15": 0.9, "AU17": 0.55, "AU43": 0.5},
        {"AU1": 0.8, "AU4": 0.7, "AU6": 0.15, "AU15": 0.8, "AU17": 0.75, "AU43": 0.65},
    ),
    "surprised": (
        {"AU1": 0.9, "AU2": 0.95, "AU5": 0.8, "AU25": 0.9, "AU26": 0.85, "AU27": 0.45},
        {"AU1": 0.95, "AU2": 1.0, "AU5": 0.7, "AU25": 0.9, "AU26": 0.6, "AU27": 0.75},
    ),
}

# Where on the face each unit is seen, in the regions' names.
_BROWS, _EYES = ("left_brow", "right_brow"), ("left_eye", "right_eye")
_SEEN_IN = {
    "AU1": _BROWS, "AU2": _BROWS, "AU4": _BROWS,
    "AU5": _EYES, "AU6": _EYES, "AU7": _EYES, "AU43": _EYES,
    "AU9": ("nose",),
}  # fmt: skip
_PLAIN = 0.3


def expressive_regions(expression: str) -> tuple[str, ...]:
    """Name the regions of the face in which an expression is plain to see.

    Parameters
    ----------
    expression : str
        One of the seven expressions.

    Returns
    -------
    tuple of str
        Regions with a unit of mean intensity 0.3 or more over the two ways of posing; units not
        of brows, eyes or nose are the mouth's. All features for the neutral face, which shows
        in each that it has not moved.

    Examples
    --------
    >>> expressive_regions("happy")
    ('left_eye', 'right_eye', 'mouth')
    """
    first, second = _PROTOTYPES[expression]
    plain = {
        region
        for unit in ACTION_UNITS
        if (first.get(unit, 0.0) + second.get(unit, 0.0)) / 2 >= _PLAIN
        for region in _SEEN_IN.get(unit, ("mouth",))
    }
    features = (*_BROWS, *_EYES, "nose", "mouth")
    return tuple(region for region in features if region in plain or not plain)


@dataclass(frozen=True)
class Style:
    """How one actor poses: which variant, how strongly, and how unevenly.

    Parameters
    ----------
    variant : mapping of str to float
        Share of the second variant for each expression, 0 to 1.
    strength : float
        Factor on every intensity.
    habit : mapping of str to float
        Factor of the actor for each action unit.
    """

    variant: Mapping[str, float]
    strength: float
    habit: Mapping[str, float]


def draw_style(rng: np.random.Generator) -> Style:
    """Draw how an actor poses.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the numbers.

    Returns
    -------
    Style
        The actor's way of posing.
    """
    return Style(
        variant={name: float(rng.beta(0.45, 0.45)) for name in _PROTOTYPES},
        strength=float(rng.uniform(0.82, 1.08)),
        habit={unit: float(np.exp(rng.normal(0.0, 0.1))) for unit in ACTION_UNITS},
    )


def action_units(expression: str, style: Style, rng: np.random.Generator) -> dict[str, float]:
    """Draw the action units of one picture.

    Parameters
    ----------
    expression : str
        One of the seven expressions.
    style : Style
        The actor's way of posing.
    rng : numpy.random.Generator
        Source of the picture's own variation.

    Returns
    -------
    dict of str to float
        Intensity of each action unit, 0 (absent) to about 1.2 (maximal).

    References
    ----------
    Ekman, Friesen and Hager (2002), Facial Action Coding System: Investigator's Guide.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> units = action_units("happy", draw_style(rng), rng)
    >>> units["AU12"] > 0.3 > units["AU4"]
    True
    """
    first, second = _PROTOTYPES[expression]
    share = style.variant[expression]
    intensity = style.strength * rng.uniform(0.74, 1.1)
    units = {}
    for unit in ACTION_UNITS:
        mean = (1 - share) * first.get(unit, 0.0) + share * second.get(unit, 0.0)
        own = style.habit[unit] * np.exp(rng.normal(0.0, 0.1))
        # Every face moves a little in units that do not belong to the expression.
        stray = abs(rng.normal(0.0, 0.05))
        units[unit] = float(np.clip(mean * intensity * own + stray, 0.0, 1.2))
    return units
