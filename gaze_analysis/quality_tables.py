"""The tables that quality is measured from, and the columns of those that it fills."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from gaze_analysis.validations import VALIDATION_QUALITY_COLUMNS, no_drift_checks

IDENTITY = {
    "participant_id": "Who looked",
    "session": "Label of the session",
}
_PART = {"part": "Which file of the session, from 1; each has a clock of its own"}
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
    "n_expected": "Samples that the recorded time holds at the sampling rate",
    "data_loss": "Share of expected samples that have no gaze",
    "data_loss_blink": "Share of expected samples without gaze during blinks",
    "data_loss_other": "Share of expected samples without gaze outside blinks",
    "effective_rate_hz": "Samples with gaze in a second of recording, in Hz",
    "n_gaps": "Runs of lost samples, blinks among them",
    "longest_gap_ms": "The longest of these runs, in ms",
    "longest_other_gap_ms": "The longest of these runs that no blink touches, in ms",
}
QUALITY_COLUMNS = {
    **IDENTITY,
    "eye": "Eye; unknown where an export gives one gaze point for both",
    "analysed": "Whether trials are analysed with this eye; every eye where there are no trials",
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
    "accuracy_change_deg": "Mean error of the last validation less that of the first, of those in "
    "force for a block or made after recording with the same calibration (of all validations "
    "where these are fewer than two), in degrees",
    "offset_change_x_deg": "How far the mean offset of gaze moved between these two, to the "
    "right, in degrees",
    "offset_change_y_deg": "The same, downwards",
    "drift_deg_min": "Slope of the mean error over these validations, in degrees per minute",
    "drift_deg": "Largest rise of the mean error over recording with the same calibration, in "
    "degrees",
    "n_drift_checks": "Drift checks and corrections of the tracker",
    "drift_check_deg": "Distance between gaze and target at these, median, in degrees",
    **_PRECISION_COLUMNS,
    **_LOSS_COLUMNS,
    "off_screen": "Share of the samples with gaze that are beside the screen",
    "n_time_errors": "Samples stamped no later than the one before them",
}
BLOCK_QUALITY_COLUMNS = {
    **IDENTITY,
    **_PART,
    "block": "Number of the block in its file",
    "eye": "Eye",
    "start_ms": "START, in ms of the tracker's clock",
    "recorded_s": "Time recorded, in s",
    "sampling_rate_hz": "Nominal sampling rate, in Hz",
    "measured_rate_hz": "Sampling rate by the stamps of samples that follow each other, in Hz",
    "accuracy_deg": "Mean error of the last validation before the block, in degrees",
    "accuracy_max_deg": "Its largest error, in degrees",
    **_PRECISION_COLUMNS,
    **_LOSS_COLUMNS,
}
TRIAL_QUALITY_COLUMNS = {
    **IDENTITY,
    **_PART,
    "trial": "Number of the trial in the session",
    "image_id": "The picture that was shown",
    "eye": "Eye",
    "duration_ms": "Length of the trial's epoch, in ms",
    "accuracy_deg": "Mean error of the last validation before the trial, in degrees",
    **_PRECISION_COLUMNS,
    **_LOSS_COLUMNS,
}
SESSION_VALIDATION_COLUMNS = {**IDENTITY, **VALIDATION_QUALITY_COLUMNS}


@dataclass(frozen=True)
class SessionTables:
    """What the study's tables say about one session.

    Parameters
    ----------
    recording : pandas.Series
        Its row of ``recordings.tsv``.
    blocks, calibrations, validations, validation_points, events, trials : pandas.DataFrame
        Its rows of these tables.
    drift_checks : pandas.DataFrame
        part, time_ms, eye and offset_deg of the tracker's drift checks.
    """

    recording: pd.Series
    blocks: pd.DataFrame
    calibrations: pd.DataFrame
    validations: pd.DataFrame
    validation_points: pd.DataFrame
    events: pd.DataFrame
    trials: pd.DataFrame
    drift_checks: pd.DataFrame = field(default_factory=no_drift_checks)

    @property
    def name(self) -> str:
        """The stem of the session's files, such as ``sub-001_ses-01``."""
        return f"{self.recording['participant_id']}_ses-{self.recording['session']}"

    @property
    def eyes(self) -> list[str]:
        """The eyes that its blocks, events or validations name."""
        columns = (self.blocks["eyes"], self.events["eye"], self.validations["eye"])
        named = " ".join(str(eye) for column in columns for eye in column.dropna().unique())
        return [eye for eye in ("left", "right", "unknown") if eye in named]

    @property
    def analysed_eyes(self) -> list[str]:
        """The eyes that trials are analysed with."""
        return [str(eye) for eye in self.trials["eye"].dropna().unique()]


def read_samples(path: Path) -> pd.DataFrame:
    """Read the times, positions and pupils of a session's samples.

    Parameters
    ----------
    path : Path
        A Parquet file of the study's ``samples`` folder.

    Returns
    -------
    pandas.DataFrame
        part, block, time_ms, and of each eye the positions (screen pixels or head-referenced)
        and the pupil, in the order of the recording.
    """
    import pyarrow.parquet as pq

    eyes = ("left", "right", "unknown")
    wanted = {"time_ms", "part", "block"} | {f"pupil_{eye}" for eye in eyes}
    wanted |= {f"{axis}_{eye}_{kind}" for eye in eyes for axis in "xy" for kind in ("px", "href")}
    names = [name for name in pq.read_schema(path).names if name in wanted]
    return pd.read_parquet(path, columns=names)
