"""What the rules of exclusion ask about each trial's recording: its data loss, its accuracy."""

import numpy as np
import pandas as pd

from gaze_analysis.quality import accuracy_in_force, data_loss
from gaze_analysis.trace import Trace, gaze_kind, trace_of
from stimuli.frames import Screen

_NO_BLINKS = np.empty((0, 2))


def with_trial_quality(
    trials: pd.DataFrame,
    samples: pd.DataFrame,
    blocks: pd.DataFrame,
    validations: pd.DataFrame,
    screen: Screen,
) -> pd.DataFrame:
    """Add how much of each trial's epoch lacks gaze, and how accurate its calibration was.

    Parameters
    ----------
    trials : pandas.DataFrame
        A session's trials: part, eye, face_onset_ms and face_offset_ms.
    samples : pandas.DataFrame
        Its samples: time_ms, part, block and positions such as ``x_left_px``.
    blocks : pandas.DataFrame
        Its blocks: part, block and rate_hz.
    validations : pandas.DataFrame
        part, time_ms, eye, error_avg_deg and error_max_deg.
    screen : Screen
        Its size and distance.

    Returns
    -------
    pandas.DataFrame
        With ``data_loss``, the share of expected samples of the analysed eye that have no
        position, and ``accuracy_deg``, the mean error of the last validation of that eye
        before the onset. Missing where there are no samples, no validation or no epoch.
    """
    loss, accuracy = (np.full(len(trials), np.nan) for _ in range(2))
    bounds = trials[["face_onset_ms", "face_offset_ms"]].to_numpy(float)
    epochs = np.flatnonzero(bounds[:, 1] > bounds[:, 0])
    parts = trials["part"].to_numpy(float)[epochs]
    eyes = trials["eye"].fillna("").astype(str).to_numpy()[epochs]
    for part, eye in sorted(set(zip(parts.tolist(), eyes.tolist(), strict=True))):
        rows = epochs[(parts == part) & (eyes == eye)]
        of_eye = validations[(validations["part"] == part) & (validations["eye"] == eye)]
        accuracy[rows] = accuracy_in_force(of_eye, bounds[rows, 0])["error_avg_deg"]
        if gaze_kind(samples, eye):
            own = blocks[blocks["part"] == part].dropna(subset=["rate_hz"])
            rates = dict(zip(own["block"].tolist(), own["rate_hz"].tolist(), strict=True))
            of_part = samples[samples["part"] == part]
            loss[rows] = _losses(trace_of(of_part, eye, screen, np.nan, rates), bounds[rows])
    return trials.assign(data_loss=loss.round(6), accuracy_deg=accuracy)


def _losses(trace: Trace, bounds: np.ndarray) -> list[float]:
    """Measure the loss in each of several stretches of one file."""
    if not len(trace.time_ms):
        return [np.nan] * len(bounds)
    valid_ms = trace.time_ms[trace.valid]
    losses = [
        data_loss(valid_ms, _NO_BLINKS, onset, offset, trace.interval_at(onset, offset))
        for onset, offset in bounds
    ]
    return [1 - loss.n_valid / loss.n_expected if loss.n_expected else np.nan for loss in losses]
