"""Quality of a session and of each of its trials, from samples, events and validations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.quality import (
    Loss,
    Trace,
    accuracy_in_force,
    data_loss,
    fixation_precision,
    loss_columns,
    trace_of,
)
from stimuli.frames import Screen

_PRECISION = ["rms_s2s_deg", "sd_deg", "bcea_deg2"]
_IDENTITY = {
    "participant_id": "Who looked",
    "session": "Label of the session",
}
_PRECISION_COLUMNS = {
    "rms_s2s_deg": "Precision: root mean square of sample-to-sample angles in a fixation, median "
    "over fixations, in degrees",
    "sd_deg": "Precision: standard deviation of gaze in a fixation, median over fixations, in "
    "degrees",
    "bcea_deg2": "Precision: area of the ellipse that holds 68.27 % of a fixation's samples, "
    "median over fixations, in square degrees",
    "n_fixations": "Number of fixations that precision was measured on",
}
_LOSS_COLUMNS = {
    "data_loss": "Share of expected samples that have no gaze",
    "data_loss_blink": "Share of expected samples without gaze during blinks",
    "data_loss_other": "Share of expected samples without gaze outside blinks",
    "effective_rate_hz": "Samples with gaze in a second of recording, in Hz",
    "n_gaps": "Runs of lost samples, blinks among them",
    "longest_gap_ms": "The longest of these runs, in ms",
}
QUALITY_COLUMNS = {
    **_IDENTITY,
    "eye": "Eye",
    "sampling_rate_hz": "Nominal sampling rate, in Hz",
    "recorded_s": "Time recorded, all blocks together, in s",
    "n_blocks": "Stretches of recording without a stop",
    "n_trials": "Trials",
    "n_validations": "Validations that were carried through",
    "accuracy_deg": "Accuracy: mean error of the validations in force when recording began, mean "
    "over blocks, in degrees",
    "accuracy_max_deg": "The largest error at a point in these validations, in degrees",
    "accuracy_first_deg": "Mean error of the first of these validations, in degrees",
    "accuracy_last_deg": "Mean error of the last of these validations, in degrees",
    **_PRECISION_COLUMNS,
    **_LOSS_COLUMNS,
}
TRIAL_QUALITY_COLUMNS = {
    **_IDENTITY,
    "trial": "Number of the trial in the session",
    "image_id": "The picture that was shown",
    "eye": "Eye",
    "duration_ms": "Length of the trial's epoch, in ms",
    "accuracy_deg": "Mean error of the last validation before the trial, in degrees",
    **_PRECISION_COLUMNS,
    **_LOSS_COLUMNS,
}


def session_quality(
    samples: pd.DataFrame,
    events: pd.DataFrame,
    validations: pd.DataFrame,
    trials: pd.DataFrame,
    screen: Screen,
    rate_hz: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the quality of one session.

    Parameters
    ----------
    samples : pandas.DataFrame
        time_ms, block, and ``x_<eye>_px`` and ``y_<eye>_px`` of each recorded eye.
    events : pandas.DataFrame
        The session's events: event (fixation, saccade, blink), eye, onset_ms, offset_ms.
    validations : pandas.DataFrame
        time_ms, eye, error_avg_deg, error_max_deg.
    trials : pandas.DataFrame
        participant_id, session, trial, image_id, face_onset_ms, face_offset_ms.
    screen : Screen
        Its size and distance.
    rate_hz : float
        Nominal sampling rate.

    Returns
    -------
    quality : pandas.DataFrame
        One row for each eye, without the columns of identity.
    trial_quality : pandas.DataFrame
        One row for each trial and eye.
    """
    rows, trial_frames = [], []
    for eye in recorded_eyes(samples) or sorted(events["eye"].astype(str).unique()):
        trace = trace_of(samples, eye, screen, rate_hz)
        own = events[events["eye"].astype(str) == eye]
        of_eye = validations[validations["eye"].astype(str) == eye]
        fixations = own[own["event"] == "fixation"].sort_values("onset_ms", ignore_index=True)
        blinks = own.loc[own["event"] == "blink", ["onset_ms", "offset_ms"]].to_numpy(dtype=float)
        scatter = fixations[["onset_ms", "offset_ms"]].join(fixation_precision(trace, fixations))
        rows.append(
            {"eye": eye, "n_trials": len(trials)}
            | _recording_columns(trace, blinks)
            | _accuracy_columns(trace, of_eye)
            | _precision_columns(scatter[_PRECISION].to_numpy())
        )
        trial_frames.append(_trial_rows(trace, blinks, scatter, of_eye, trials).assign(eye=eye))
    by_eye = pd.DataFrame(rows, columns=[c for c in QUALITY_COLUMNS if c not in _IDENTITY])
    by_trial = pd.concat(trial_frames) if trial_frames else pd.DataFrame()
    return by_eye, by_trial.reindex(columns=list(TRIAL_QUALITY_COLUMNS))


def recorded_eyes(samples: pd.DataFrame) -> list[str]:
    """List the eyes whose gaze in screen pixels a table of samples holds.

    Parameters
    ----------
    samples : pandas.DataFrame
        With the columns ``x_<eye>_px``.

    Returns
    -------
    list of str
        ``left`` and ``right``, or one, or none.

    Examples
    --------
    >>> recorded_eyes(pd.DataFrame(columns=["time_ms", "x_right_px", "y_right_px"]))
    ['right']
    """
    return [eye for eye in ("left", "right") if f"x_{eye}_px" in samples]


def _recording_columns(trace: Trace, blinks: np.ndarray) -> dict[str, Any]:
    """Describe the whole recording: its blocks, their length and what they lack."""
    losses = list(_block_losses(trace, blinks))
    return {
        "sampling_rate_hz": trace.rate_hz,
        "recorded_s": sum(loss.duration_ms for loss in losses) / 1000.0,
        "n_blocks": len(losses),
        **loss_columns(losses),
    }


def _block_losses(trace: Trace, blinks: np.ndarray) -> Iterator[Loss]:
    """Yield the loss of each block, from its first sample to its last."""
    for part in trace.blocks():
        times, interval = trace.time_ms[part], trace.interval_ms(part)
        valid = times[trace.valid[part]]
        yield data_loss(valid, blinks, times[0], times[-1] + interval, interval)


def _accuracy_columns(trace: Trace, validations: pd.DataFrame) -> dict[str, Any]:
    """Describe the validations that were in force when blocks began."""
    starts = np.array([trace.time_ms[part.start] for part in trace.blocks()] or [np.inf])
    in_force = accuracy_in_force(validations, starts)
    mean = in_force["error_avg_deg"].dropna()
    return {
        "n_validations": int(validations["error_avg_deg"].notna().sum()),
        "accuracy_deg": mean.mean(),
        "accuracy_max_deg": in_force["error_max_deg"].max(),
        "accuracy_first_deg": mean.iloc[0] if len(mean) else np.nan,
        "accuracy_last_deg": mean.iloc[-1] if len(mean) else np.nan,
    }


def _precision_columns(scatter: np.ndarray) -> dict[str, Any]:
    """Take the median over fixations, given as rows of the three measures."""
    known = scatter[np.isfinite(scatter).all(axis=1)]
    medians = np.median(known, axis=0) if len(known) else np.full(len(_PRECISION), np.nan)
    return dict(zip(_PRECISION, medians, strict=True)) | {"n_fixations": len(known)}


def _trial_rows(
    trace: Trace,
    blinks: np.ndarray,
    scatter: pd.DataFrame,
    validations: pd.DataFrame,
    trials: pd.DataFrame,
) -> pd.DataFrame:
    """Describe each trial's epoch; a fixation belongs to the trial in which it begins."""
    valid = trace.time_ms[trace.valid]
    epochs = trials.dropna(subset=["face_onset_ms", "face_offset_ms"])
    bounds = epochs[["face_onset_ms", "face_offset_ms"]].to_numpy(dtype=float)
    accuracy = accuracy_in_force(validations, bounds[:, 0])["error_avg_deg"].to_numpy()
    begins, measures = scatter["onset_ms"].to_numpy(), scatter[_PRECISION].to_numpy()
    rows = []
    for (onset, offset), accuracy_deg in zip(bounds, accuracy, strict=True):
        inside = measures[np.searchsorted(begins, onset) : np.searchsorted(begins, offset)]
        losses = []
        if len(trace.time_ms):
            interval = trace.interval_ms(trace.part(onset, offset))
            losses = [data_loss(valid, blinks, onset, offset, interval)]
        rows.append(
            {"duration_ms": offset - onset, "accuracy_deg": accuracy_deg}
            | _precision_columns(inside)
            | loss_columns(losses)
        )
    identity = epochs[[*_IDENTITY, "trial", "image_id"]].reset_index(drop=True)
    return identity.join(pd.DataFrame(rows))


def read_samples(path: Path) -> pd.DataFrame:
    """Read the times and positions of a session's samples.

    Parameters
    ----------
    path : Path
        A Parquet file of the study's ``samples`` folder.

    Returns
    -------
    pandas.DataFrame
        time_ms, block (distinct over all parts of the session), and the positions of each eye
        in screen pixels.
    """
    import pyarrow.parquet as pq

    wanted = ["time_ms", "part", "block"]
    wanted += [f"{axis}_{eye}_px" for eye in ("left", "right") for axis in ("x", "y")]
    names = [name for name in wanted if name in pq.read_schema(path).names]
    samples = pd.read_parquet(path, columns=names)
    if "part" in samples:
        samples["block"] = samples.groupby(["part", "block"], sort=False).ngroup()
    return samples
