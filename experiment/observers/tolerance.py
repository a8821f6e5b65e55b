"""How much noise and occlusion a simulated observer stands."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stimuli.degraded import Degradation
from stimuli.expressions import EXPRESSIONS
from study.seeds import generator
from study.settings.observers import DegradedSettings

#: Share of right answers of who sees nothing.
GUESS = 1 / len(EXPRESSIONS)


@dataclass(frozen=True)
class Tolerance:
    """How an observer's accuracy falls with one kind of degradation.

    Parameters
    ----------
    threshold : float
        Level at which half of what accuracy is above chance is left, above 0.
    slope : float
        Exponent of the Weibull function, above 0.
    """

    threshold: float
    slope: float

    def accuracy(self, intact: float, level: float) -> float:
        """Give the accuracy at a level of degradation.

        Parameters
        ----------
        intact : float
            Accuracy for the intact face.
        level : float
            0 or greater.

        Returns
        -------
        float
            Between chance and `intact`.

        Examples
        --------
        >>> round(Tolerance(0.2, 2.0).accuracy(6 / 7, 0.2), 3)
        0.5
        """
        left = 2.0 ** -((level / self.threshold) ** self.slope)
        return GUESS + (intact - GUESS) * float(left)


def draw_tolerances(
    settings: DegradedSettings, participant_id: str, seed: int
) -> Mapping[str, Tolerance]:
    """Draw what one observer stands of each kind of degradation.

    Parameters
    ----------
    settings : DegradedSettings
        The section [observers.degraded].
    participant_id : str
        Who it is.
    seed : int
        The observers' seed.

    Returns
    -------
    mapping of str to Tolerance
        By kind, as in `stimuli.degraded.Kind`.
    """
    drawn = generator(seed, "observer", "degraded", participant_id)
    noise, occlusion = np.exp(drawn.normal(0.0, settings.between_threshold, size=2))
    return {
        "noise": Tolerance(settings.noise_threshold * float(noise), settings.noise_slope),
        "occlusion": Tolerance(
            settings.occlusion_threshold * float(occlusion), settings.occlusion_slope
        ),
    }


def degraded_accuracy(
    tolerances: Mapping[str, Tolerance], intact: float, degradation: Degradation | None
) -> float:
    """Give the accuracy for a face that may be degraded.

    Parameters
    ----------
    tolerances : mapping of str to Tolerance
        By kind.
    intact : float
        Accuracy for the face as it is.
    degradation : Degradation or None
        What was done to it, if anything.

    Returns
    -------
    float
        Between chance and `intact`.
    """
    if degradation is None:
        return intact
    return tolerances[degradation.kind].accuracy(intact, degradation.level)
