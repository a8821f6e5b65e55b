"""Validation and drift check from the samples of a tracker: where gaze is, at known targets."""

from collections.abc import Iterable

import numpy as np

from experiment.asc_lines import OneEye
from experiment.calibration import Validation, target_points
from experiment.gaze_trace import FloatArray
from experiment.trackers.live_recording import LiveSample
from experiment.trackers.protocol import Accuracy
from stimuli.frames import Screen


def calibration_targets(type_name: str, screen: Screen) -> FloatArray:
    """Place the targets of a calibration.

    Parameters
    ----------
    type_name : {"H3", "HV3", "HV5", "HV9", "HV13"}
        How many, and where: 3 in a row, a triangle, a cross, a grid, a grid with 4 between.
    screen : Screen
        The screen.

    Returns
    -------
    ndarray, shape (n, 2)
        x and y in screen pixels.

    Examples
    --------
    >>> calibration_targets("H3", Screen(1024, 768, 40.0, 30.0, 60.0)).tolist()
    [[512.0, 384.0], [61.0, 384.0], [963.0, 384.0]]
    """
    nine = target_points(screen)
    if type_name == "HV13":
        between = np.rint((nine[5:] + nine[0]) / 2)
        return np.vstack([nine, between])
    chosen = {"H3": [0, 3, 4], "HV3": [1, 7, 8], "HV5": [0, 1, 2, 3, 4]}
    return nine[chosen[type_name]] if type_name in chosen else nine


def gaze_at(samples: Iterable[LiveSample], eye: OneEye) -> tuple[float, float]:
    """Take the mean place of one eye.

    Parameters
    ----------
    samples : iterable of LiveSample
        Samples of a while in which the eye rests.
    eye : {"left", "right"}
        The eye.

    Returns
    -------
    tuple of float
        x and y in screen pixels; NaN where it was never seen.
    """
    seen = [own for own in (getattr(sample, eye) for sample in samples) if own.is_seen]
    if not seen:
        return float("nan"), float("nan")
    x_px, y_px = np.mean([[own.x_px, own.y_px] for own in seen], axis=0)
    return float(x_px), float(y_px)


def validation_of(points_px: FloatArray, seen_px: FloatArray, screen: Screen) -> Validation | None:
    """Compare gaze with targets.

    Parameters
    ----------
    points_px : ndarray, shape (n, 2)
        The targets.
    seen_px : ndarray, shape (n, 2)
        Gaze at each; NaN where the eye was not seen.
    screen : Screen
        For degrees.

    Returns
    -------
    Validation or None
        Of the targets at which the eye was seen; None where it was seen at none.
    """
    known = np.isfinite(seen_px).all(axis=1)
    if not known.any():
        return None
    points_px, seen_px = points_px[known], seen_px[known]
    offsets_px = seen_px - points_px
    centre_px = np.array(screen.centre_px)
    return Validation(
        points_px,
        offsets_px,
        screen.distance_deg(points_px, seen_px),
        float(screen.distance_deg(centre_px, centre_px + offsets_px.mean(axis=0))),
    )


def worse_of(found: Iterable[Validation]) -> Accuracy | None:
    """Say how good the worse eye is.

    Parameters
    ----------
    found : iterable of Validation
        One for each eye.

    Returns
    -------
    Accuracy or None
        None where there is none.
    """
    worst = max(found, key=lambda one: one.average_deg, default=None)
    if worst is None:
        return None
    return Accuracy(worst.average_deg, worst.maximum_deg, worst.verdict)
