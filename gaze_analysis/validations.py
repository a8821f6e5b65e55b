"""Accuracy from the validations of a session: which were in force when, and how they drift."""

import re
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.trace import Values

VALIDATION_QUALITY_COLUMNS = {
    "part": "Which file of the session, from 1; each has a clock of its own",
    "eye": "Eye",
    "validation": "Number of the validation of this eye, from 1",
    "time_ms": "When, in ms of the tracker's clock",
    "type": "Targets, such as HV9",
    "result": "EyeLink's verdict: GOOD, FAIR, POOR or ABORTED",
    "error_avg_deg": "Mean distance between gaze and target, in degrees",
    "error_max_deg": "Largest distance, in degrees",
    "offset_x_deg": "Mean of gaze less target horizontally, to the right, in degrees (the "
    "tracker's degrees, in the direction of its pixels)",
    "offset_y_deg": "The same vertically, downwards",
    "n_points": "Targets whose offset the recording tells",
    "n_blocks": "Blocks for whose start it was the last validation carried through",
    "recalibrated": "Whether the eye was calibrated since the validation before",
    "n_blocks_since": "Blocks begun since the validation before",
    "minutes_since": "Minutes since the validation before",
    "change_deg": "Mean error less that of the validation before, in degrees",
    "drift_deg_min": "The same for a minute; n/a after a new calibration",
    "offset_change_deg": "How far the mean offset moved since the validation before, in degrees",
}
_CHECK = re.compile(r"DRIFTCORRECT\s+\S+\s+(LEFT|RIGHT)\s+at\s+\S+\s+OFFSET\s+(-?[\d.]+)\s+deg")


def validation_quality(
    validations: pd.DataFrame,
    calibrations: pd.DataFrame,
    points: pd.DataFrame,
    blocks: pd.DataFrame,
) -> pd.DataFrame:
    """Describe each validation of a session beside the one before it.

    Parameters
    ----------
    validations : pandas.DataFrame
        part, time_ms, eye, type, result, error_avg_deg, error_max_deg, offset_deg,
        offset_x_px, offset_y_px; those that were not carried through have no errors.
    calibrations : pandas.DataFrame
        part, time_ms and eye.
    points : pandas.DataFrame
        part, time_ms and eye of each target of the validations.
    blocks : pandas.DataFrame
        part, start_ms, first_sample_ms, n_samples, block and eyes.

    Returns
    -------
    pandas.DataFrame
        The columns of `VALIDATION_QUALITY_COLUMNS`, in the order of parts and time.
    """
    order = ["part", "time_ms"]
    frames = [
        _of_eye(own, calibrations, points, blocks)
        for _, own in validations.sort_values(order, kind="stable").groupby(["part", "eye"])
    ]
    columns = list(VALIDATION_QUALITY_COLUMNS)
    if not frames:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(frames).sort_values([*order, "eye"], ignore_index=True, kind="stable")
    rows["validation"] = rows.groupby("eye").cumcount() + 1
    return rows[columns]


def _of_eye(
    own: pd.DataFrame, calibrations: pd.DataFrame, points: pd.DataFrame, blocks: pd.DataFrame
) -> pd.DataFrame:
    """Describe the validations of one eye in one file, in the order of time."""
    part, eye = own[["part", "eye"]].iloc[0]
    times = own["time_ms"].to_numpy(float)
    done = own["error_avg_deg"].notna().to_numpy()
    of_points = points[(points["part"] == part) & (points["eye"] == eye)]
    of_calibrations = calibrations[(calibrations["part"] == part) & (calibrations["eye"] == eye)]
    starts = block_starts(blocks, part, eye)
    before = _previous(done)
    since = np.where(before >= 0, times[before], np.nan)
    minutes = (times - since) / 60_000.0
    offset = _offset_deg(own)
    change = own["error_avg_deg"].to_numpy(float) - own["error_avg_deg"].to_numpy(float)[before]
    moved = np.linalg.norm(offset - offset[before], axis=1)
    compared = done & (before >= 0)
    recalibrated = _between(of_calibrations["time_ms"].to_numpy(float), since, times) > 0
    n_since = _between(starts, since, times)
    with np.errstate(divide="ignore", invalid="ignore"):
        drift = np.where(compared & ~recalibrated & (minutes > 0), change / minutes, np.nan)
    return own.assign(
        offset_x_deg=offset[:, 0],
        offset_y_deg=offset[:, 1],
        n_points=_count_nearest(of_points["time_ms"].to_numpy(float), times),
        n_blocks=np.bincount(_in_force(times, done, starts), minlength=len(own) + 1)[:-1],
        recalibrated=pd.array(recalibrated, dtype="boolean"),
        n_blocks_since=n_since,
        minutes_since=minutes,
        change_deg=np.where(compared, change, np.nan),
        drift_deg_min=drift,
        offset_change_deg=np.where(compared, moved, np.nan),
    ).assign(recalibrated=lambda rows: rows["recalibrated"].mask(~compared))


def _previous(done: np.ndarray) -> np.ndarray:
    """Give for each validation the place of the last one before it that was carried through."""
    places = np.where(done, np.arange(len(done)), -1)
    last: np.ndarray = np.concatenate([[-1], np.maximum.accumulate(places)[:-1]])
    return last


def _in_force(times: np.ndarray, done: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Give for each start the place of the validation in force; the number of all for none."""
    carried = np.flatnonzero(done)
    found = np.searchsorted(times[carried], starts, side="right") - 1
    return np.append(carried, len(times))[found]


def _between(times: np.ndarray, after: np.ndarray, until: np.ndarray) -> np.ndarray:
    """Count the times between pairs of times; none where the first is missing."""
    ordered = np.sort(times)
    first = np.searchsorted(ordered, after, side="right")
    count: np.ndarray = np.searchsorted(ordered, until, side="right") - first
    return np.where(np.isnan(after), 0, count)


def _count_nearest(times: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Count the times that are nearest to each of some targets."""
    nearest = np.abs(times[:, None] - targets[None, :]).argmin(axis=1)
    return np.bincount(nearest, minlength=len(targets))


def _offset_deg(validations: pd.DataFrame) -> Values:
    """Give the mean offset in the tracker's degrees, in the direction of its pixels."""
    pixels = validations[["offset_x_px", "offset_y_px"]].to_numpy(float)
    length = np.linalg.norm(pixels, axis=1)
    direction = pixels / np.where(length > 0, length, 1.0)[:, None]
    offset: Values = direction * validations["offset_deg"].to_numpy(float)[:, None]
    return offset


def points_of_validations(points: pd.DataFrame, validations: pd.DataFrame) -> pd.DataFrame:
    """Give each target the number of its validation.

    Parameters
    ----------
    points : pandas.DataFrame
        part, eye and time_ms of targets.
    validations : pandas.DataFrame
        part, eye, time_ms and validation.

    Returns
    -------
    pandas.DataFrame
        The targets with the column ``validation``, by the nearest time.
    """
    frames = []
    for (part, eye), own in points.groupby(["part", "eye"]):
        among = validations[(validations["part"] == part) & (validations["eye"] == eye)]
        if len(among):
            gaps = own["time_ms"].to_numpy(float)[:, None] - among["time_ms"].to_numpy(float)
            nearest = np.abs(gaps).argmin(axis=1)
            frames.append(own.assign(validation=among["validation"].to_numpy()[nearest]))
    return pd.concat(frames) if frames else points.assign(validation=0).iloc[:0]


def block_starts(blocks: pd.DataFrame, part: int, eye: str) -> Values:
    """List when the blocks began in which an eye was recorded.

    Parameters
    ----------
    blocks : pandas.DataFrame
        part, block, start_ms, first_sample_ms, n_samples and eyes.
    part : int
        Which file.
    eye : str
        ``left`` or ``right``.

    Returns
    -------
    ndarray
        Times on the tracker's clock; infinity alone where the file tells of no block, so that
        its last validation counts.
    """
    own = blocks_of_eye(recorded_blocks(blocks), eye)
    own = own[own["part"] == part]
    starts: Values = own["start_ms"].fillna(own["first_sample_ms"]).dropna().to_numpy(float)
    return starts if len(starts) else np.array([np.inf])


def recorded_blocks(blocks: pd.DataFrame) -> pd.DataFrame:
    """Take the blocks in which something was recorded.

    Parameters
    ----------
    blocks : pandas.DataFrame
        block and n_samples; block 0 is what stands before the first START.

    Returns
    -------
    pandas.DataFrame
        Without block 0, unless that has samples.
    """
    return blocks[(blocks["block"] > 0) | (blocks["n_samples"] > 0)]


def blocks_of_eye(blocks: pd.DataFrame, eye: str) -> pd.DataFrame:
    """Take the blocks in which an eye was recorded.

    Parameters
    ----------
    blocks : pandas.DataFrame
        With the column eyes, such as ``left right``.
    eye : str
        ``left`` or ``right``.

    Returns
    -------
    pandas.DataFrame
        Also those that do not say which eyes.
    """
    named = [str(eyes).split() for eyes in blocks["eyes"].fillna("")]
    said = [not eyes or "unknown" in eyes or eye in eyes for eyes in named]
    return blocks[np.array(said, dtype=bool)]


def accuracy_columns(validations: pd.DataFrame) -> dict[str, Any]:
    """Sum up the validations of one eye.

    Parameters
    ----------
    validations : pandas.DataFrame
        The rows of `validation_quality` of one eye.

    Returns
    -------
    dict
        n_validations, accuracy_deg, accuracy_max_deg, accuracy_first_deg, accuracy_last_deg
        over the blocks that they were in force for; accuracy_change_deg,
        offset_change_x_deg, offset_change_y_deg and drift_deg_min over these and those that
        followed recording with the same calibration, or over all where these are fewer than
        two; drift_deg, the largest rise of the mean error over recording with the same
        calibration. NaN where nothing tells.
    """
    rows = validations[validations["error_avg_deg"].notna()]
    used = rows[rows["n_blocks"] > 0]
    weights = used["n_blocks"].to_numpy(float)
    errors = used["error_avg_deg"].to_numpy(float)
    same = ~rows["recalibrated"].fillna(False).astype(bool) & (rows["n_blocks_since"] > 0)
    judged = rows[(rows["n_blocks"] > 0) | same]
    judged = judged if len(judged) > 1 else rows
    ends = judged[["error_avg_deg", "offset_x_deg", "offset_y_deg"]].to_numpy(float)
    change = ends[-1] - ends[0] if len(ends) > 1 else np.full(3, np.nan)
    values = {
        "accuracy_deg": np.average(errors, weights=weights) if len(used) else np.nan,
        "accuracy_max_deg": used["error_max_deg"].max(),
        "accuracy_first_deg": errors[0] if len(used) else np.nan,
        "accuracy_last_deg": errors[-1] if len(used) else np.nan,
        "accuracy_change_deg": change[0],
        "offset_change_x_deg": change[1],
        "offset_change_y_deg": change[2],
        "drift_deg_min": _slope(judged),
        "drift_deg": rows.loc[same, "change_deg"].max(),
    }
    # The tracker's errors have two decimals: what is beyond nine is of the machine.
    return {"n_validations": len(rows)} | {
        name: round(float(value), 9) for name, value in values.items()
    }


def _slope(rows: pd.DataFrame) -> float:
    """Fit the mean error's change in a minute, each file about its own means."""
    if len(rows) < 2:
        return float("nan")
    values = rows[["time_ms", "error_avg_deg"]].astype(float)
    centred = values - values.groupby(rows["part"]).transform("mean")
    minutes = centred["time_ms"] / 60_000.0
    spread = float((minutes**2).sum())
    return float((minutes * centred["error_avg_deg"]).sum()) / spread if spread else float("nan")


def no_drift_checks() -> pd.DataFrame:
    """Give the table of drift checks of a session that had none."""
    return drift_checks(pd.DataFrame({"part": [], "time_ms": [], "text": []}))


def drift_checks(messages: pd.DataFrame) -> pd.DataFrame:
    """Find EyeLink's drift checks and corrections in a session's messages.

    Parameters
    ----------
    messages : pandas.DataFrame
        part, time_ms and text.

    Returns
    -------
    pandas.DataFrame
        part, time_ms, eye and offset_deg, the distance between gaze and target.

    Examples
    --------
    >>> text = "DRIFTCORRECT R RIGHT at 512,384  OFFSET 0.35 deg.  11.4,-4.5 pix."
    >>> drift_checks(pd.DataFrame({"part": [1], "time_ms": [5.0], "text": [text]}))
       part  time_ms    eye  offset_deg
    0     1      5.0  right        0.35
    """
    found = messages["text"].astype("str").str.extract(_CHECK)
    checked = found[0].notna()
    return pd.DataFrame(
        {
            "part": messages.loc[checked, "part"],
            "time_ms": messages.loc[checked, "time_ms"].astype(float),
            "eye": found.loc[checked, 0].str.lower(),
            "offset_deg": found.loc[checked, 1].astype(float),
        }
    ).reset_index(drop=True)
