"""Samples of the link, with what the tracker did not see as missing."""

import math
from typing import Any

from experiment.trackers.protocol import Eye, Sample

# Of pylink, of PyGaze, and of SR Research's EDF library.
_MISSING = (-32768.0, -1.0, 1e8)


def newest_of(raw: Any, eye: Eye) -> Sample:
    """Turn a sample of pylink into ours.

    Parameters
    ----------
    raw : pylink.Sample
        The sample.
    eye : {"left", "right", "both"}
        Which eye counts; of both, the right one where it is seen.

    Returns
    -------
    Sample
        With NaN where the eye is not seen.
    """
    gaze = {
        "right": raw.getRightEye() if raw.isRightSample() else None,
        "left": raw.getLeftEye() if raw.isLeftSample() else None,
    }
    wanted = ("right", "left") if eye == "both" else (eye,)
    seen = [_eye_data(gaze[name]) for name in wanted]
    found = next((data for data in seen if not math.isnan(data[0])), seen[0])
    return Sample(float(raw.getTime()), *found)


def _eye_data(data: Any) -> tuple[float, float, float]:
    """Give gaze and pupil of one eye; the three are missing together."""
    missing = math.nan, math.nan, math.nan
    if data is None:
        return missing
    x_px, y_px = (float(value) for value in data.getGaze())
    if _is_missing(x_px) or _is_missing(y_px):
        return missing
    pupil = float(data.getPupilSize())
    return x_px, y_px, math.nan if pupil <= 0 or _is_missing(pupil) else pupil


def _is_missing(value: float) -> bool:
    """Tell whether a number stands for no data."""
    return not math.isfinite(value) or value in _MISSING
