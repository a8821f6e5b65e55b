"""What the EyeLink says in words about calibration, validation and drift check, as numbers."""

import math
import re

from experiment.trackers.protocol import Accuracy

_ERROR = re.compile(r"ERROR\s+([-+\d.]+)\s*avg\.?\s+([-+\d.]+)\s*max", re.IGNORECASE)
_VERDICT = re.compile(r"\b(GOOD|FAIR|POOR|FAILED)\b", re.IGNORECASE)
_OFFSET = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*deg", re.IGNORECASE)
_WORST_LAST = ("GOOD", "FAIR", "POOR", "FAILED")


def validation_accuracy(text: str) -> Accuracy | None:
    """Read the errors of a validation.

    Parameters
    ----------
    text : str
        The tracker's message; of two eyes, both lines.

    Returns
    -------
    Accuracy or None
        Of two eyes the worse; None where the message has no numbers.

    Examples
    --------
    >>> validation_accuracy("VALIDATION HV9 R RIGHT GOOD ERROR 0.41 avg. 0.80 max OFFSET 0.1 deg.")
    Accuracy(average_deg=0.41, maximum_deg=0.8, verdict='GOOD')
    """
    errors = [(float(average), float(largest)) for average, largest in _ERROR.findall(text)]
    if not errors:
        return None
    verdicts = [verdict.upper() for verdict in _VERDICT.findall(text)]
    return Accuracy(
        average_deg=max(average for average, _ in errors),
        maximum_deg=max(largest for _, largest in errors),
        verdict=max(verdicts, key=_WORST_LAST.index, default="n/a"),
    )


def drift_offset_deg(text: str) -> float:
    """Read how far gaze was from the target of a drift check.

    Parameters
    ----------
    text : str
        The tracker's message; of two eyes, both lines.

    Returns
    -------
    float
        Degrees, of two eyes the larger; NaN where the message has none.

    Examples
    --------
    >>> drift_offset_deg("DRIFTCORRECT R RIGHT at 512,384 OFFSET 0.45 deg. 12.3,-3.2 pix.")
    0.45
    >>> drift_offset_deg("")
    nan
    """
    return max((abs(float(found)) for found in _OFFSET.findall(text)), default=math.nan)
