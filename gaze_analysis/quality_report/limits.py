"""Limits of the quality checks: above which there is a warning, above which a failure, and why."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from study.settings.gaze_recordings import ExclusionSettings

_SR = "SR Research recommends at most 0.5 deg on average and 1.0 deg at any point for adults, and "
_SR += "calls a validation GOOD below 1.0 and 1.5 deg"
_OWN = "a convention of faceoff"


@dataclass(frozen=True)
class Limit:
    """Bounds of a measure.

    Parameters
    ----------
    warning, failure : float
        Above the first there is a warning, above the second a failure.
    source : str
        Where they come from.
    """

    warning: float
    failure: float
    source: str

    def severity(self, value: float) -> str:
        """Judge a value; ``not run`` where it is missing."""
        if np.isnan(value):
            return "not run"
        return "fail" if value > self.failure else "warning" if value > self.warning else "pass"

    def crossed(self, value: float) -> float:
        """Give the bound that a value crosses, or that it would cross first."""
        return self.failure if value > self.failure else self.warning


@dataclass(frozen=True)
class Limits:
    """The bounds of all measures; shares are from 0 to 1."""

    accuracy_deg: Limit = Limit(0.5, 1.0, _SR)
    accuracy_max_deg: Limit = Limit(1.0, 1.5, _SR)
    drift_deg: Limit = Limit(0.5, 1.0, "the limits of the mean error")
    precision_deg: Limit = Limit(0.1, 0.5, _OWN)
    loss: Limit = Limit(0.1, 0.25, _OWN)
    trial_loss: float = 0.5
    lost_trials: Limit = Limit(0.0, 0.25, _OWN)
    gap_ms: Limit = Limit(1000.0, 10_000.0, _OWN)
    rate: Limit = Limit(0.01, 0.05, _OWN)
    degrees: Limit = Limit(0.1, 0.25, _OWN)
    off_screen: Limit = Limit(0.02, 0.1, _OWN)


def limits_from(exclude: ExclusionSettings) -> Limits:
    """Take the limits that a study sets itself, and the conventions for the rest.

    Parameters
    ----------
    exclude : ExclusionSettings
        The section [gaze.exclude]: what excludes people and trials fails here.

    Returns
    -------
    Limits
        The bounds of all measures.
    """
    own: dict[str, Any] = {}
    usual = Limits()
    if exclude.max_error_deg > 0:
        bound = exclude.max_error_deg
        warning = min(usual.accuracy_deg.warning, bound)
        own["accuracy_deg"] = Limit(warning, bound, "[gaze.exclude] max_error_deg")
    if exclude.max_participant_loss < 1:
        bound = exclude.max_participant_loss
        warning = min(usual.loss.warning, bound)
        own["loss"] = Limit(warning, bound, "[gaze.exclude] max_participant_loss")
    if exclude.max_trial_loss < 1:
        own["trial_loss"] = exclude.max_trial_loss
    return Limits(**own)


def limits_table(limits: Limits) -> pd.DataFrame:
    """List the limits with their sources, for the pages.

    Parameters
    ----------
    limits : Limits
        The limits.

    Returns
    -------
    pandas.DataFrame
        measure, warning, failure and source.
    """
    rows = [
        (item.name, value.warning, value.failure, value.source)
        for item in fields(limits)
        if isinstance(value := getattr(limits, item.name), Limit)
    ]
    return pd.DataFrame(rows, columns=["measure", "warning above", "fails above", "source"])
