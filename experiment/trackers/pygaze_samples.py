"""Samples as PyGaze's trackers hold them, read with their stamps and without their fill values.

PyGaze's own `sample()` drops the stamp, gives the last place again while there is no new one, and
passes on what some trackers send in place of missing gaze: 0, or a number of the maker's.
"""

import math
from typing import Any

from experiment.trackers.live_recording import EyeSample


def tobii_sample(
    gaze_data: dict[str, Any], size_px: tuple[int, int]
) -> tuple[float, EyeSample, EyeSample]:
    """Read a sample of the Tobii Pro SDK.

    Parameters
    ----------
    gaze_data : dict
        What the SDK gives with ``as_dictionary=True``.
    size_px : tuple of int
        Width and height of the screen.

    Returns
    -------
    stamp_ms : float
        On the tracker's clock.
    left, right : EyeSample
        Pupils in millimetres.

    Examples
    --------
    >>> eye = {"gaze_point_validity": 1, "gaze_point_on_display_area": (0.5, 0.5),
    ...        "pupil_validity": 1, "pupil_diameter": 3.0}
    >>> data = {f"left_{k}": v for k, v in eye.items()} | {"device_time_stamp": 2500}
    >>> data |= {"right_gaze_point_validity": 0}
    >>> tobii_sample(data, (100, 80))[:2]
    (2.5, EyeSample(x_px=49.5, y_px=39.5, pupil=3.0))
    """

    def eye(name: str) -> EyeSample:
        if not gaze_data[f"{name}_gaze_point_validity"]:
            return EyeSample()
        x, y = gaze_data[f"{name}_gaze_point_on_display_area"]
        has_pupil = gaze_data[f"{name}_pupil_validity"]
        pupil_mm = float(gaze_data[f"{name}_pupil_diameter"]) if has_pupil else math.nan
        return EyeSample(x * size_px[0] - 0.5, y * size_px[1] - 0.5, pupil_mm)

    return gaze_data["device_time_stamp"] / 1000, eye("left"), eye("right")


def read_smi(tracker: Any) -> tuple[float, EyeSample, EyeSample] | None:
    """Read the newest sample of an SMI.

    Parameters
    ----------
    tracker : SMItracker
        PyGaze's tracker.

    Returns
    -------
    tuple or None
        Stamp in milliseconds and both eyes; None where there is nothing new.
    """
    from pygaze._eyetracker.libsmi import byref, iViewXAPI, sampleData

    if iViewXAPI.iV_GetSample(byref(sampleData)) != 1:
        return None
    left, right = sampleData.leftEye, sampleData.rightEye
    return (
        sampleData.timestamp / 1000,
        _unless_zero(left.gazeX, left.gazeY, left.diam),
        _unless_zero(right.gazeX, right.gazeY, right.diam),
    )


def read_eyetribe(tracker: Any) -> tuple[float, EyeSample, EyeSample] | None:
    """Read the newest frame of an EyeTribe, unsmoothed.

    Parameters
    ----------
    tracker : EyeTribeTracker
        PyGaze's tracker.

    Returns
    -------
    tuple or None
        Stamp in milliseconds and both eyes; None where there is nothing yet.
    """
    frame = tracker.eyetribe._newestframe
    if frame is None:
        return None
    left, right = (
        _unless_zero(frame[f"{eye}rawx"], frame[f"{eye}rawy"], frame[f"{eye}psize"]) for eye in "LR"
    )
    return float(frame["time"]), left, right


def read_eyelogic(tracker: Any) -> tuple[float, EyeSample, EyeSample] | None:
    """Read the newest sample of an EyeLogic.

    Parameters
    ----------
    tracker : EyeLogicTracker
        PyGaze's tracker.

    Returns
    -------
    tuple or None
        Stamp in milliseconds and both eyes, pupils as diameters; None where there is nothing yet.
    """
    from pygaze._eyetracker.libeyelogic import ELInvalidValue

    with tracker.sampleLock:
        sample = tracker.lastSample
    if sample is None:
        return None

    def eye(name: str) -> EyeSample:
        values = (
            getattr(sample, f"por{name}X"),
            getattr(sample, f"por{name}Y"),
            getattr(sample, f"pupilRadius{name}"),
        )
        x_px, y_px, radius = (math.nan if value == ELInvalidValue else value for value in values)
        return EyeSample(x_px, y_px, 2 * radius)

    return sample.timestampMicroSec / 1000, eye("Left"), eye("Right")


def read_alea(tracker: Any) -> tuple[float, EyeSample, EyeSample] | None:
    """Read the newest sample of an Alea.

    Parameters
    ----------
    tracker : AleaTracker
        PyGaze's tracker.

    Returns
    -------
    tuple or None
        Stamp in milliseconds and both eyes, pupils in pixels; None where there is nothing yet.
    """
    with tracker.alea._recent_sample_lock:
        sample = tracker.alea._recent_sample
    if sample is None:
        return None
    left, right = (
        _unless_zero(
            getattr(sample, f"gazePositionX{name}Eye"),
            getattr(sample, f"gazePositionY{name}Eye"),
            getattr(sample, f"pupilDiameter{name}Eye"),
        )
        for name in ("Left", "Right")
    )
    return float(sample.rawDataTimeStamp), left, right


def _unless_zero(x_px: float, y_px: float, pupil: float) -> EyeSample:
    """Take 0 for both coordinates as no gaze, and a pupil of 0 as none."""
    if x_px == 0 and y_px == 0:
        return EyeSample()
    return EyeSample(float(x_px), float(y_px), float(pupil) if pupil > 0 else math.nan)
