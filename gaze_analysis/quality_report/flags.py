"""Checks of a session as results: what was found, against which limit, in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gaze_analysis.degrees import is_other_screen, screen_difference_px
from gaze_analysis.exclusions import PARTICIPANT_REASONS
from gaze_analysis.quality_report.limits import Limit, Limits
from gaze_analysis.quality_tables import IDENTITY, SessionTables
from gaze_analysis.session_quality import SessionQuality
from gaze_analysis.validations import recorded_blocks
from stimuli.frames import Screen

FLAG_COLUMNS = {
    **IDENTITY,
    "eye": "Eye; n/a where the check is of the whole session",
    "check": "What was checked",
    "severity": "pass, warning, fail, or not run where the recording does not tell",
    "value": "What was found",
    "limit": "Above (trials, inclusion: below) this it is a warning, or a failure where it is one",
    "sentence": "The result in words",
}
# Reports and exports hold no validations, whatever the tracker did.
_TELLS_VALIDATIONS = re.compile(r"\.(asc|edf)(\.gz)?$", re.IGNORECASE)
SEVERITIES = ("pass", "not run", "warning", "fail")


@dataclass(frozen=True)
class _Facts:
    """Everything that the checks look at."""

    quality: SessionQuality
    tables: SessionTables
    screen: Screen
    limits: Limits
    typical_trials: float


def session_flags(
    quality: SessionQuality,
    tables: SessionTables,
    screen: Screen,
    limits: Limits,
    typical_trials: float,
) -> pd.DataFrame:
    """Check a session.

    Parameters
    ----------
    quality : SessionQuality
        What was measured.
    tables : SessionTables
        What the session's tables say.
    screen : Screen
        The study's screen.
    limits : Limits
        What is too much.
    typical_trials : float
        Median number of trials of the study's sessions.

    Returns
    -------
    pandas.DataFrame
        The columns of `FLAG_COLUMNS`: checks of the session, then those of each eye that trials
        are analysed with.
    """
    facts = _Facts(quality, tables, screen, limits, typical_trials)
    rows = [(None, *row) for check in _SESSION_CHECKS for row in check(facts)]
    for _, eye in quality.by_eye[quality.by_eye["analysed"].astype(bool)].iterrows():
        rows += [(eye["eye"], *row) for check in _EYE_CHECKS for row in check(facts, eye)]
    columns = [name for name in FLAG_COLUMNS if name not in IDENTITY]
    who = {name: tables.recording[name] for name in IDENTITY}
    return pd.DataFrame(rows, columns=columns).assign(**who)[list(FLAG_COLUMNS)]


_Row = tuple[str, str, float, float, str]


def _against(check: str, limit: Limit, value: float, sentence: str, missing: str) -> _Row:
    """Judge a value by its limit."""
    severity = limit.severity(value)
    if severity == "not run":
        return check, severity, np.nan, np.nan, missing
    bound = limit.crossed(value)
    return check, severity, value, bound, sentence


def _screen(facts: _Facts) -> Iterator[_Row]:
    """Compare the screen of the recording with the study's."""
    screen, recording = facts.screen, facts.tables.recording
    found = recording[["display_width_px", "display_height_px"]].to_numpy(dtype=float)
    own = f"{screen.width_px} x {screen.height_px} px"
    if not np.isfinite(found).all():
        text = f"The recording does not say its screen's resolution; degrees suppose {own}."
        yield "screen", "not run", np.nan, np.nan, text
        return
    off = float(screen_difference_px(recording.to_frame().T, screen).iloc[0])
    text = f"The recording was made for a screen of {found[0]:.0f} x {found[1]:.0f} px"
    if not is_other_screen(off):
        yield "screen", "pass", off, 1.0, f"{text}, as [screen] says."
        return
    text += f", but [screen] of study.toml says {own}: all degrees from pixels are wrong. Correct "
    yield "screen", "fail", off, 1.0, text + "[screen], also its width_cm and distance_cm."


def _degrees(facts: _Facts) -> Iterator[_Row]:
    """Compare the pixels of a degree with what the tracker reckoned with."""
    tracker = float(facts.tables.blocks["resolution_x_px_deg"].median())
    own = facts.screen.px_per_deg
    text = f"A degree is {own:.1f} px by [screen]; the tracker reckoned with {tracker:.1f} px."
    missing = f"A degree is {own:.1f} px by [screen]; the recording does not say the tracker's."
    yield _against("degrees", facts.limits.degrees, abs(own / tracker - 1.0), text, missing)


def _positions(facts: _Facts) -> Iterator[_Row]:
    """Say what kind of gaze there is."""
    gaze = str(facts.tables.recording["gaze"])
    if "px" in gaze:
        yield "gaze", "pass", np.nan, np.nan, "Gaze is in screen pixels."
    elif "href" in gaze:
        text = "Gaze is head-referenced: its degrees are exact, its place on the screen unknown."
        yield "gaze", "warning", np.nan, np.nan, text
    elif "raw" in gaze:
        text = "Positions are the camera's, without calibration: nothing can be had in degrees."
        yield "gaze", "fail", np.nan, np.nan, text
    else:
        text = "The recording has no samples: precision, loss and rate cannot be measured."
        yield "gaze", "not run", np.nan, np.nan, text


def _time(facts: _Facts) -> Iterator[_Row]:
    """Check that time runs forward in each file, and say where clocks overlap."""
    errors = float(facts.quality.by_eye["n_time_errors"].max())
    limit = Limit(0.0, 0.0, "")
    text = (
        "Every sample is later than the one before it."
        if errors == 0
        else f"{errors:.0f} samples are stamped no later than the one before them: the clock was "
        "reset or lines are out of order, and rates, gaps and loss cannot be relied on."
    )
    yield _against("time", limit, errors, text, "There are no samples whose order to check.")
    blocks = recorded_blocks(facts.tables.blocks)
    starts = blocks["start_ms"].fillna(blocks["first_sample_ms"]).groupby(blocks["part"]).min()
    ends = blocks["last_sample_ms"].fillna(blocks["end_ms"]).groupby(blocks["part"]).max()
    n_reset = int((starts.to_numpy()[1:] <= ends.to_numpy()[:-1]).sum())
    if n_reset:
        text = f"The tracker's clock began again in {n_reset} of the session's files, which were "
        yield "clock", "warning", float(n_reset), 0.0, text + "measured apart."


def _rate(facts: _Facts) -> Iterator[_Row]:
    """Compare the sampling rate by the stamps with the nominal one, block by block."""
    blocks = facts.quality.by_block
    off = (blocks["measured_rate_hz"] / blocks["sampling_rate_hz"] - 1.0).abs()
    row = blocks.iloc[int(off.fillna(-1.0).argmax())] if off.notna().any() else None
    text = (
        ""
        if row is None
        else (
            f"By its stamps, block {row['block']} of file {row['part']} has "
            f"{row['measured_rate_hz']:.4g} samples a second where "
            f"{row['sampling_rate_hz']:.4g} are declared (the largest difference)."
        )
    )
    missing = "There are no samples, or no rate is declared."
    yield _against("sampling rate", facts.limits.rate, float(off.max()), text, missing)
    rates = sorted(blocks["sampling_rate_hz"].dropna().unique())
    if len(rates) > 1:
        text = f"Blocks were recorded at different rates: {', '.join(f'{r:g}' for r in rates)} Hz."
        yield "one rate", "warning", float(len(rates)), 1.0, text


def _trials(facts: _Facts) -> Iterator[_Row]:
    """Check how many trials there are, and whether all are in the recording."""
    trials = facts.tables.trials
    n_trials, n_lost = len(trials), int(trials["start_ms"].isna().sum())
    enough = facts.typical_trials / 2
    severity = "pass" if n_trials >= enough else "warning"
    text = f"The session has {n_trials} trials (half of the study's median: {enough:g})."
    yield "trials", severity, float(n_trials), float(enough), text
    if n_lost:
        text = f"{n_lost} trials of the session's table are not in the recording."
        yield "trials recorded", "warning", float(n_lost), 0.0, text


def _inclusion(facts: _Facts) -> Iterator[_Row]:
    """Say how many trials the rules of [gaze.exclude] leave, and whether the participant stays."""
    reasons = facts.tables.trials["reason"]
    n_left = int(reasons.isna().sum())
    counts = reasons.value_counts()
    why = ", ".join(f"{n} {reason}" for reason, n in counts.items())
    text = f"{n_left} of {len(reasons)} trials are kept by [gaze.exclude]"
    people = [reason for reason in PARTICIPANT_REASONS if reason in counts]
    if people:
        text = "The participant is left out of maps and statistics by [gaze.exclude]: "
        text += people[0].removeprefix("participant: ") + "."
    else:
        text += f"; left out: {why}." if why else "."
    yield "inclusion", "pass" if n_left else "fail", float(n_left), 0.0, text


def _validated(facts: _Facts, eye: pd.Series) -> Iterator[_Row]:
    """Check that each block began with a validation."""
    blocks, recording = facts.quality.by_block, facts.tables.recording
    own = blocks[blocks["eye"] == eye["eye"]]
    bare = int(own["accuracy_deg"].isna().sum())
    if not eye["n_validations"] and not _TELLS_VALIDATIONS.search(str(recording["file"])):
        text = "Exports do not tell validations: the accuracy of this eye is not known."
        yield "validation", "not run", np.nan, np.nan, text
    elif not eye["n_validations"]:
        text = "The recording holds no validation: the accuracy of this eye is not known."
        yield "validation", "fail", 0.0, 1.0, text
    elif bare:
        text = f"{bare} of {len(own)} blocks began without a validation before them."
        yield "validation", "warning", float(bare), 0.0, text
    else:
        text = f"{eye['n_validations']} validations; each block began with one before it."
        yield "validation", "pass", float(bare), 0.0, text


def _accuracy(facts: _Facts, eye: pd.Series) -> Iterator[_Row]:
    """Judge the mean and the largest error of the validations in force, and their drift."""
    limits, missing = facts.limits, "No validation tells it."
    mean, largest, rise = eye["accuracy_deg"], eye["accuracy_max_deg"], eye["drift_deg"]
    text = f"The mean validation error was {mean:.2f} deg (mean over blocks)."
    yield _against("accuracy", limits.accuracy_deg, mean, text, missing)
    text = f"The largest error at a point was {largest:.2f} deg."
    yield _against("largest error", limits.accuracy_max_deg, largest, text, missing)
    text = (
        f"Over recording with the same calibration, the mean error rose by {rise:+.2f} deg at most."
    )
    missing = "No recording lies between two validations of the same calibration."
    yield _against("drift", limits.drift_deg, rise, text, missing)


def _precision(facts: _Facts, eye: pd.Series) -> Iterator[_Row]:
    """Judge the scatter from sample to sample."""
    text = (
        f"Within fixations, gaze moved {eye['rms_s2s_deg']:.3f} deg from sample to sample "
        f"(RMS-S2S) and scattered by {eye['sd_deg']:.3f} deg (SD), medians."
    )
    missing = "There are no fixations with samples."
    yield _against("precision", facts.limits.precision_deg, eye["rms_s2s_deg"], text, missing)


def _loss(facts: _Facts, eye: pd.Series) -> Iterator[_Row]:
    """Judge the loss of the session and of its trials, and the gaps."""
    limits, missing = facts.limits, "There are no samples of this eye."
    text = (
        f"{100 * eye['data_loss']:.1f} % of the expected samples have no gaze: "
        f"{100 * eye['data_loss_blink']:.1f} % in blinks, {100 * eye['data_loss_other']:.1f} % "
        "outside them."
    )
    yield _against("data loss", limits.loss, eye["data_loss"], text, missing)
    trials = facts.quality.by_trial
    losses = trials.loc[trials["eye"] == eye["eye"], "data_loss"].dropna()
    n_lost = int((losses > limits.trial_loss).sum())
    share = n_lost / len(losses) if len(losses) else np.nan
    text = f"{n_lost} of {len(losses)} trials lack more than {100 * limits.trial_loss:.0f} %."
    yield _against("lost trials", limits.lost_trials, share, text, missing)
    gap = eye["longest_other_gap_ms"]
    text = f"The longest gap outside blinks is {gap:.0f} ms."
    yield _against("gaps", limits.gap_ms, gap, text, missing)


def _off_screen(facts: _Facts, eye: pd.Series) -> Iterator[_Row]:
    """Judge how much gaze was beside the screen."""
    share = eye["off_screen"]
    text = f"{100 * share:.1f} % of the samples with gaze are beside the screen."
    missing = "There is no gaze in screen pixels."
    yield _against("off screen", facts.limits.off_screen, share, text, missing)


_SESSION_CHECKS = (_inclusion, _screen, _degrees, _positions, _time, _rate, _trials)
_EYE_CHECKS = (_validated, _accuracy, _precision, _loss, _off_screen)
