"""What the rules of exclusion ask about each trial's recording: its data loss, its accuracy."""

from pathlib import Path

import numpy as np
import pandas as pd

from gaze_analysis.quality import accuracy_in_force, data_loss

_NO_BLINKS = np.empty((0, 2))


def with_trial_quality(
    trials: pd.DataFrame, samples: pd.DataFrame, blocks: pd.DataFrame, validations: pd.DataFrame
) -> pd.DataFrame:
    """Add how much of each trial's epoch lacks gaze, and how accurate its calibration was.

    Parameters
    ----------
    trials : pandas.DataFrame
        A session's trials: part, eye, face_onset_ms and face_offset_ms.
    samples : pandas.DataFrame
        Its samples: time_ms, part, ``x_<eye>_px`` and ``y_<eye>_px``.
    blocks : pandas.DataFrame
        Its blocks: part and rate_hz.
    validations : pandas.DataFrame
        time_ms, eye, error_avg_deg and error_max_deg.

    Returns
    -------
    pandas.DataFrame
        With ``data_loss``, the share of expected samples of the analysed eye that have no
        position, and ``accuracy_deg``, the mean error of the last validation of that eye
        before the onset. Missing where there are no samples, no validation or no epoch.
    """
    loss, accuracy = (np.full(len(trials), np.nan) for _ in range(2))
    bounds = trials[["face_onset_ms", "face_offset_ms"]].to_numpy(float)
    rates = blocks.dropna(subset=["rate_hz"]).groupby("part")["rate_hz"].first()
    epochs = np.flatnonzero(bounds[:, 1] > bounds[:, 0])
    parts = trials["part"].to_numpy(float)[epochs]
    eyes = trials["eye"].fillna("").astype(str).to_numpy()[epochs]
    for part, eye in sorted(set(zip(parts.tolist(), eyes.tolist(), strict=True))):
        rows = epochs[(parts == part) & (eyes == eye)]
        of_eye = validations[validations["eye"].astype(str) == eye]
        accuracy[rows] = accuracy_in_force(of_eye, bounds[rows, 0])["error_avg_deg"]
        if {f"x_{eye}_px", f"y_{eye}_px"} <= set(samples.columns):
            own = samples[samples["part"] == part]
            loss[rows] = _losses(own, eye, bounds[rows], float(rates.get(part, np.nan)))
    return trials.assign(data_loss=loss.round(6), accuracy_deg=accuracy)


def _losses(samples: pd.DataFrame, eye: str, bounds: np.ndarray, rate_hz: float) -> list[float]:
    """Measure the loss in each of several stretches of one file."""
    if samples.empty:
        return [np.nan] * len(bounds)
    times = np.sort(samples["time_ms"].to_numpy(float))
    valid = np.isfinite(samples[[f"x_{eye}_px", f"y_{eye}_px"]].to_numpy(float)).all(axis=1)
    valid_ms = np.sort(samples["time_ms"].to_numpy(float)[valid])
    usual_ms = 1000.0 / rate_hz if rate_hz > 0 else float(np.median(np.diff(times)))
    shares = []
    for onset, offset in bounds:
        inside = times[np.searchsorted(times, onset) : np.searchsorted(times, offset)]
        # The rate may change between blocks; a few samples between gaps do not tell it.
        interval = float(np.median(np.diff(inside))) if len(inside) >= 100 else usual_ms
        loss = data_loss(valid_ms, _NO_BLINKS, onset, offset, interval)
        shares.append(1 - loss.n_valid / loss.n_expected if loss.n_expected else np.nan)
    return shares


def read_positions(path: Path) -> pd.DataFrame:
    """Read times and positions of a session's samples.

    Parameters
    ----------
    path : Path
        A Parquet file of the study's ``samples`` folder.

    Returns
    -------
    pandas.DataFrame
        time_ms, part and the positions of each eye in screen pixels.
    """
    import pyarrow.parquet as pq

    wanted = [
        "time_ms",
        "part",
        *(f"{axis}_{eye}_px" for eye in ("left", "right") for axis in "xy"),
    ]
    names = [name for name in wanted if name in pq.read_schema(path).names]
    return pd.read_parquet(path, columns=names)
