"""Quality of a session, of its blocks and of its trials, from samples, events and validations."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.quality import (
    Loss,
    accuracy_in_force,
    data_loss,
    fixation_precision,
    loss_columns,
)
from gaze_analysis.quality_tables import (
    BLOCK_QUALITY_COLUMNS,
    IDENTITY,
    QUALITY_COLUMNS,
    SESSION_VALIDATION_COLUMNS,
    TRIAL_QUALITY_COLUMNS,
    SessionTables,
)
from gaze_analysis.trace import Trace, gaze_kind, regular_interval_ms, trace_of
from gaze_analysis.validations import (
    accuracy_columns,
    blocks_of_eye,
    recorded_blocks,
    validation_quality,
)
from stimuli.frames import Rect, Screen

_PRECISION = ["rms_s2s_deg", "sd_deg", "bcea_deg2"]


@dataclass(frozen=True)
class SessionQuality:
    """The quality of one session.

    Parameters
    ----------
    by_eye, by_block, by_trial : pandas.DataFrame
        The columns of `QUALITY_COLUMNS`, `BLOCK_QUALITY_COLUMNS` and `TRIAL_QUALITY_COLUMNS`.
    validations : pandas.DataFrame
        The columns of `SESSION_VALIDATION_COLUMNS`.
    traces : dict of (int, str) to Trace
        Gaze by file of the session and eye.
    """

    by_eye: pd.DataFrame
    by_block: pd.DataFrame
    by_trial: pd.DataFrame
    validations: pd.DataFrame
    traces: dict[tuple[int, str], Trace] = field(default_factory=dict)


def session_quality(samples: pd.DataFrame, tables: SessionTables, screen: Screen) -> SessionQuality:
    """Measure the quality of one session.

    The files of an interrupted session are measured apart, for their clocks may overlap.

    Parameters
    ----------
    samples : pandas.DataFrame
        part, block, time_ms, and ``x_<eye>_px`` and ``y_<eye>_px`` (or ``_href``) of each
        recorded eye, in the order of the recording; may be empty.
    tables : SessionTables
        What else is known about the session.
    screen : Screen
        Its size and distance.

    Returns
    -------
    SessionQuality
        One row for each eye; for each block and eye; for each trial and eye; and for each
        validation.
    """
    of_validations = validation_quality(
        tables.validations, tables.calibrations, tables.validation_points, tables.blocks
    )
    by_eye, by_block, by_trial = [], [], []
    traces: dict[tuple[int, str], Trace] = {}
    for eye in recorded_eyes(samples) or tables.eyes:
        measured = [
            _PartQuality(samples, tables, screen, eye, part) for part in _parts(samples, tables)
        ]
        validated = of_validations[of_validations["eye"] == eye]
        by_eye.append(_eye_row(measured, validated, samples, tables, screen))
        by_block += [part.block_rows for part in measured]
        by_trial += [part.trial_rows() for part in measured]
        traces |= {(part.part, eye): part.trace for part in measured}
    who = {name: tables.recording[name] for name in IDENTITY}
    return SessionQuality(
        _with_analysed(pd.DataFrame(by_eye, columns=list(QUALITY_COLUMNS)), tables).assign(**who),
        _stacked(by_block, BLOCK_QUALITY_COLUMNS).assign(**who),
        _stacked(by_trial, TRIAL_QUALITY_COLUMNS).assign(**who),
        of_validations.assign(**who)[list(SESSION_VALIDATION_COLUMNS)],
        traces,
    )


def _with_analysed(by_eye: pd.DataFrame, tables: SessionTables) -> pd.DataFrame:
    """Tell with which of the measured eyes trials are analysed; all where none is."""
    analysed = by_eye["eye"].isin(tables.analysed_eyes)
    return by_eye.assign(analysed=analysed | (not analysed.any()))


def _stacked(frames: list[pd.DataFrame], columns: dict[str, str]) -> pd.DataFrame:
    """Put tables together, leaving empty ones out, whose columns have no type."""
    filled = [frame for frame in frames if len(frame)]
    stacked = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    return stacked.reindex(columns=list(columns))


def _parts(samples: pd.DataFrame, tables: SessionTables) -> list[int]:
    """List the files of a session that hold anything."""
    named = [tables.blocks["part"], tables.validations["part"], tables.trials["part"].dropna()]
    if len(samples):
        named.append(samples["part"])
    return sorted({int(part) for parts in named for part in parts.unique()})


def recorded_eyes(samples: pd.DataFrame) -> list[str]:
    """List the eyes whose gaze in pixels or degrees a table of samples holds.

    Parameters
    ----------
    samples : pandas.DataFrame
        With the columns ``x_<eye>_px`` or ``x_<eye>_href``.

    Returns
    -------
    list of str
        ``left`` and ``right``, or one, or none.

    Examples
    --------
    >>> recorded_eyes(pd.DataFrame(columns=["time_ms", "x_right_px", "y_right_px"]))
    ['right']
    """
    return [eye for eye in ("left", "right", "unknown") if gaze_kind(samples, eye)]


class _PartQuality:
    """Measures one eye in one file of a session."""

    def __init__(
        self, samples: pd.DataFrame, tables: SessionTables, screen: Screen, eye: str, part: int
    ) -> None:
        self.part, self.eye = part, eye
        own = _of_part(samples, part) if len(samples) else samples
        self.blocks = recorded_blocks(_of_part(tables.blocks, part))
        rated = self.blocks.dropna(subset=["rate_hz"])
        rates = dict(zip(rated["block"].tolist(), rated["rate_hz"].tolist(), strict=True))
        self.rate_hz = float(tables.recording["sampling_rate_hz"])
        self.rates: dict[int, float] = rates
        self.trace = trace_of(own, eye, screen, self.rate_hz, rates)
        events = _of_part(tables.events, part)
        events = events[events["eye"].astype(str) == eye]
        blinks = events.loc[events["event"] == "blink", ["onset_ms", "offset_ms"]]
        self.blinks = blinks.to_numpy(dtype=float)
        fixations = events[events["event"] == "fixation"].sort_values("onset_ms", ignore_index=True)
        times = fixations[["onset_ms", "offset_ms"]]
        self.scatter = times.join(fixation_precision(self.trace, fixations))
        validations = _of_part(tables.validations, part)
        self.validations = validations[validations["eye"].astype(str) == eye]
        self.trials = self._recorded_trials(tables.trials[tables.trials["part"] == part])
        others = set(self.blocks["block"]) - set(blocks_of_eye(self.blocks, eye)["block"])
        self.losses = {
            block: self._block_loss(found)
            for block, found in self.trace.block_slices.items()
            if block not in others
        }

    def _recorded_trials(self, trials: pd.DataFrame) -> pd.DataFrame:
        """Leave out the trials whose last block did not record this eye."""
        begins = self.blocks["first_sample_ms"].fillna(self.blocks["start_ms"]).to_numpy(float)
        with_eye = self.blocks["block"].isin(blocks_of_eye(self.blocks, self.eye)["block"])
        order = np.argsort(begins, kind="stable")
        offsets = trials["face_offset_ms"].to_numpy(float)
        last = np.searchsorted(begins[order], offsets, side="right") - 1
        known = np.append(with_eye.to_numpy(bool)[order], True)  # -1: before the first block
        return trials[known[last]]

    def _block_loss(self, found: slice) -> Loss | None:
        """Measure the loss of a block, from its first sample to its last."""
        trace = self.trace
        times, interval = trace.time_ms[found], trace.interval_ms(found)
        if np.isnan(interval):
            return None
        valid = times[trace.valid[found]]
        return data_loss(valid, self.blinks, times[0], times[-1] + interval, interval)

    def scatter_between(self, first_ms: float, last_ms: float) -> np.ndarray:
        """Give the scatter of the fixations that begin in a stretch of time."""
        begins, measures = self.scatter["onset_ms"].to_numpy(), self.scatter[_PRECISION].to_numpy()
        found: np.ndarray = measures[
            np.searchsorted(begins, first_ms) : np.searchsorted(begins, last_ms)
        ]
        return found

    @cached_property
    def block_rows(self) -> pd.DataFrame:
        """Describe each block in which the eye was recorded."""
        own = blocks_of_eye(self.blocks, self.eye)
        starts = own["start_ms"].fillna(own["first_sample_ms"]).to_numpy(float)
        ends = own["end_ms"].fillna(own["last_sample_ms"]).fillna(np.inf).to_numpy(float)
        accuracy = accuracy_in_force(self.validations, starts)
        rows = []
        for block, start, end in zip(own["block"].tolist(), starts, ends, strict=True):
            found = self.trace.block_slices.get(block, slice(0, 0))
            loss = self.losses.get(block)
            interval = regular_interval_ms(self.trace.time_ms[found])
            rows.append(
                {
                    "block": block,
                    "start_ms": start,
                    "recorded_s": np.nan if loss is None else loss.duration_ms / 1000.0,
                    "sampling_rate_hz": self.rates.get(block, self.rate_hz),
                    "measured_rate_hz": 1000.0 / interval,
                }
                | precision_columns(self.scatter_between(start, end))
                | loss_columns([] if loss is None else [loss])
            )
        frame = pd.DataFrame(rows).assign(part=self.part, eye=self.eye)
        return frame.assign(
            accuracy_deg=accuracy["error_avg_deg"], accuracy_max_deg=accuracy["error_max_deg"]
        )

    def trial_rows(self) -> pd.DataFrame:
        """Describe each trial's epoch; a fixation belongs to the trial in which it begins."""
        valid = self.trace.time_ms[self.trace.valid]
        epochs = self.trials.dropna(subset=["face_onset_ms", "face_offset_ms"])
        bounds = epochs[["face_onset_ms", "face_offset_ms"]].to_numpy(dtype=float)
        accuracy = accuracy_in_force(self.validations, bounds[:, 0])["error_avg_deg"].to_numpy()
        rows = []
        for (onset, offset), accuracy_deg in zip(bounds, accuracy, strict=True):
            losses = []
            if len(self.trace.time_ms):
                interval = self.trace.interval_at(onset, offset)
                losses = [data_loss(valid, self.blinks, onset, offset, interval)]
            rows.append(
                {"duration_ms": offset - onset, "accuracy_deg": accuracy_deg}
                | precision_columns(self.scatter_between(onset, offset))
                | loss_columns(losses)
            )
        identity = epochs[["trial", "image_id"]].reset_index(drop=True)
        identity = identity.assign(part=self.part, eye=self.eye)
        return identity.join(pd.DataFrame(rows))


def _of_part(frame: pd.DataFrame, part: int) -> pd.DataFrame:
    """Take the rows of one file of a session."""
    return frame[frame["part"] == part]


def _eye_row(
    measured: list[_PartQuality],
    validations: pd.DataFrame,
    samples: pd.DataFrame,
    tables: SessionTables,
    screen: Screen,
) -> dict[str, Any]:
    """Sum up one eye over the files of a session."""
    losses = [loss for part in measured for loss in part.losses.values() if loss is not None]
    scatter = np.concatenate([part.scatter[_PRECISION].to_numpy() for part in measured])
    eye = measured[0].eye
    checks = tables.drift_checks.loc[tables.drift_checks["eye"] == eye, "offset_deg"]
    return {
        "eye": eye,
        "sampling_rate_hz": tables.recording["sampling_rate_hz"],
        "recorded_s": sum(loss.duration_ms for loss in losses) / 1000.0 if losses else np.nan,
        "n_blocks": sum(len(part.block_rows) for part in measured),
        "n_trials": len(tables.trials),
        **accuracy_columns(validations),
        "n_drift_checks": len(checks),
        "drift_check_deg": checks.median(),
        **precision_columns(scatter),
        **loss_columns(losses),
        "off_screen": _off_screen(samples, eye, tables.recording, screen),
        "n_time_errors": _time_errors(samples),
    }


def _off_screen(samples: pd.DataFrame, eye: str, recording: pd.Series, screen: Screen) -> float:
    """Give the share of gaze that is beside the screen that the recording was made for."""
    if gaze_kind(samples, eye) != "px":
        return float("nan")
    size = recording[["display_width_px", "display_height_px"]].to_numpy(dtype=float)
    width, height = size if np.isfinite(size).all() else (screen.width_px, screen.height_px)
    points = samples[[f"x_{eye}_px", f"y_{eye}_px"]].to_numpy(float)
    points = points[np.isfinite(points).all(axis=1)]
    inside = Rect(0, 0, float(width), float(height)).contains(points)
    return 1.0 - float(inside.mean()) if len(points) else float("nan")


def _time_errors(samples: pd.DataFrame) -> float:
    """Count the samples that do not come after the one before them in the same file."""
    if samples.empty:
        return float("nan")
    steps = samples.groupby("part")["time_ms"].diff()
    return int((steps <= 0).sum())


def precision_columns(scatter: np.ndarray) -> dict[str, Any]:
    """Take the median over fixations.

    Parameters
    ----------
    scatter : ndarray, shape (n_fixations, 3)
        RMS-S2S, SD and BCEA of each fixation; NaN where it has too few samples.

    Returns
    -------
    dict
        rms_s2s_deg, sd_deg, bcea_deg2 and n_fixations, the number of those measured.
    """
    known = scatter[np.isfinite(scatter).all(axis=1)]
    medians = np.median(known, axis=0) if len(known) else np.full(len(_PRECISION), np.nan)
    return dict(zip(_PRECISION, medians, strict=True)) | {"n_fixations": len(known)}
