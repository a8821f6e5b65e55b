"""The page of a session, and the index of all of them."""

from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.quality_report.flags import SEVERITIES
from gaze_analysis.quality_report.limits import Limits, limits_table
from gaze_analysis.quality_report.sections import (
    accuracy_figures,
    gaze_figures,
    movement_figures,
    trial_figures,
)
from gaze_analysis.quality_tables import SessionTables
from gaze_analysis.session_quality import SessionQuality
from gaze_analysis.validations import recorded_blocks
from stimuli.frames import Screen
from study.pages import render_page, table_html

_SIGNS = {"pass": "✓", "not run": "–", "warning": "▲", "fail": "✗"}
_MEASURES = {
    "accuracy_deg": "accuracy: mean validation error (deg)",
    "accuracy_max_deg": "largest validation error (deg)",
    "accuracy_change_deg": "change of the error, first to last validation (deg)",
    "offset_change_x_deg": "the offset moved to the right by (deg)",
    "offset_change_y_deg": "and downwards by (deg)",
    "drift_deg_min": "slope of the error (deg/min)",
    "rms_s2s_deg": "precision: RMS-S2S (deg)",
    "sd_deg": "precision: SD (deg)",
    "bcea_deg2": "precision: BCEA 68.27 % (deg²)",
    "n_fixations": "fixations it was measured on",
    "data_loss": "data loss (share)",
    "data_loss_blink": "of it in blinks",
    "data_loss_other": "of it outside blinks",
    "effective_rate_hz": "effective sampling rate (Hz)",
    "sampling_rate_hz": "nominal sampling rate (Hz)",
    "longest_gap_ms": "longest gap (ms)",
    "longest_other_gap_ms": "longest gap outside blinks (ms)",
    "off_screen": "gaze beside the screen (share)",
    "recorded_s": "recorded (s)",
}
_VALIDATIONS = {
    "part": "file",
    "eye": "eye",
    "validation": "no.",
    "type": "targets",
    "result": "result",
    "error_avg_deg": "mean (deg)",
    "error_max_deg": "largest (deg)",
    "offset_x_deg": "offset right (deg)",
    "offset_y_deg": "offset down (deg)",
    "n_blocks": "used for blocks",
    "recalibrated": "new calibration",
    "minutes_since": "min since last",
    "change_deg": "change (deg)",
    "drift_deg_min": "drift (deg/min)",
}
_BLOCKS = {
    "part": "file",
    "block": "block",
    "eye": "eye",
    "recorded_s": "s",
    "measured_rate_hz": "rate (Hz)",
    "effective_rate_hz": "effective (Hz)",
    "accuracy_deg": "accuracy (deg)",
    "rms_s2s_deg": "RMS-S2S (deg)",
    "sd_deg": "SD (deg)",
    "data_loss_blink": "loss in blinks",
    "data_loss_other": "other loss",
    "longest_gap_ms": "longest gap (ms)",
}
_MOST_ROWS = 60
# At which a browser does not break a name.
_HYPHEN = "\u2011"


def session_page(
    title: str,
    quality: SessionQuality,
    tables: SessionTables,
    flags: pd.DataFrame,
    samples: pd.DataFrame,
    screen: Screen,
) -> str:
    """Make the page of one session.

    Parameters
    ----------
    title : str
        The study's name.
    quality : SessionQuality
        What was measured.
    tables : SessionTables
        What the session's tables say.
    flags : pandas.DataFrame
        Its checks.
    samples : pandas.DataFrame
        Its samples; may be empty.
    screen : Screen
        The study's screen.

    Returns
    -------
    str
        HTML that holds its figures.
    """
    recording = tables.recording
    summary = quality.by_eye.set_index("eye")[list(_MEASURES)].T.astype(object)
    summary.loc["n_fixations"] = summary.loc["n_fixations"].astype(int)
    return render_page(
        "gaze_analysis.quality_report",
        "session.html.jinja",
        study=title,
        title=f"{recording['participant_id']}, session {recording['session']}",
        facts=_facts(tables, quality, screen),
        verdict=verdict(flags),
        flags=flags_html(flags),
        summary=table_html(
            summary.rename(index=_MEASURES).rename_axis("measure").reset_index(), decimals=3
        ),
        accuracy=accuracy_figures(quality, tables, screen),
        validations=_rows_html(quality.validations, _VALIDATIONS, 2),
        trials=trial_figures(quality, tables),
        blocks=_rows_html(quality.by_block, _BLOCKS, 3),
        n_blocks=len(quality.by_block),
        gaze=gaze_figures(quality, tables, samples, screen),
        movements=movement_figures(tables),
        version=metadata.version("faceoff"),
    )


def index_page(
    title: str, quality: pd.DataFrame, flags: pd.DataFrame, screen: Screen, limits: Limits
) -> str:
    """Make the page that leads to the sessions' pages.

    Parameters
    ----------
    title : str
        The study's name.
    quality, flags : pandas.DataFrame
        ``quality.tsv`` and ``flags.tsv``.
    screen : Screen
        The study's screen.
    limits : Limits
        What counts as too much.

    Returns
    -------
    str
        HTML.
    """
    shown = compact_table(quality, flags)
    names = shown["participant"] + "_ses-" + shown["ses"]
    # Names of participants and sessions are letters and digits.
    shown.insert(
        0, "session", [f'<a href="{name}.html">{name.replace("-", _HYPHEN)}</a>' for name in names]
    )
    analysed = quality.loc[quality["analysed"].astype(bool), list(_MEASURES)].astype(float)
    measures = analysed.agg(["mean", "std", "min", "max", "count"]).T
    measures = measures.assign(count=measures["count"].astype(int))
    return render_page(
        "gaze_analysis.quality_report",
        "index.html.jinja",
        title=title,
        n_sessions=len(quality[["participant_id", "session"]].drop_duplicates()),
        sessions=table_html(
            shown.drop(columns=["participant", "ses"]), decimals=3, markup=("session",)
        ),
        measures=table_html(
            measures.rename(index=_MEASURES).rename_axis("measure").reset_index(), decimals=3
        ),
        verdict=verdict(flags),
        limits=table_html(limits_table(limits)),
        trial_loss=limits.trial_loss,
        px_per_deg=screen.px_per_deg,
        version=metadata.version("faceoff"),
    )


def compact_table(quality: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """Put the measures that matter most beside the checks that did not pass.

    Parameters
    ----------
    quality, flags : pandas.DataFrame
        ``quality.tsv`` and ``flags.tsv``.

    Returns
    -------
    pandas.DataFrame
        One row for each session and eye that its trials are analysed with.
    """
    rows = []
    for _, row in quality[quality["analysed"].astype(bool)].iterrows():
        own = flags[
            (flags["participant_id"] == row["participant_id"])
            & (flags["session"] == row["session"])
            & (flags["eye"].isna() | (flags["eye"] == row["eye"]))
        ]
        rows.append(
            {
                "participant": row["participant_id"],
                "ses": row["session"],
                "eye": row["eye"],
                "accuracy deg": row["accuracy_deg"],
                "RMS-S2S deg": row["rms_s2s_deg"],
                "SD deg": row["sd_deg"],
                "loss %": 100 * row["data_loss"],
                "in blinks %": 100 * row["data_loss_blink"],
                "rate Hz": row["effective_rate_hz"],
                "checks": _named(own),
            }
        )
    return pd.DataFrame(rows)


def _named(flags: pd.DataFrame) -> str:
    """Name the checks that failed or warn."""
    texts = [
        f"{severity}: {', '.join(own['check'])}"
        for severity in ("fail", "warning")
        if len(own := flags[flags["severity"] == severity])
    ]
    n_open = int((flags["severity"] == "not run").sum())
    return "; ".join(texts) or (f"pass ({n_open} could not run)" if n_open else "pass")


def verdict(flags: pd.DataFrame) -> str:
    """Count the results of checks in a sentence.

    Parameters
    ----------
    flags : pandas.DataFrame
        With the column severity.

    Returns
    -------
    str
        Such as ``14 checks pass, 2 warn, 1 fails, 3 could not run.``
    """
    counts = flags["severity"].value_counts()
    number = {name: int(counts.get(name, 0)) for name in SEVERITIES}
    return (
        f"Of {len(flags)} checks, {number['pass']} pass, {number['warning']} warn, "
        f"{number['fail']} fail and {number['not run']} could not be run."
    )


def flags_html(flags: pd.DataFrame) -> str:
    """Show checks as a table, the gravest first.

    Parameters
    ----------
    flags : pandas.DataFrame
        Rows of ``flags.tsv``.

    Returns
    -------
    str
        HTML.
    """
    grave = flags["severity"].map(SEVERITIES.index)
    ordered = flags.loc[grave.sort_values(ascending=False, kind="stable").index]
    shown = pd.DataFrame(
        {
            "result": ordered["severity"].map(lambda name: f"{_SIGNS[name]}\u00a0{name}"),
            "check": ordered["check"],
            "eye": ordered["eye"].fillna(""),
            "what was found": ordered["sentence"],
            "limit": ordered["limit"].map(lambda value: "" if np.isnan(value) else f"{value:g}"),
        }
    )
    return table_html(shown)


def _rows_html(frame: pd.DataFrame, names: dict[str, str], decimals: int) -> str:
    """Show some columns of a table under short names, and not more rows than can be read."""
    if frame.empty:
        return ""
    shown = frame[list(names)].rename(columns=names)
    more = len(shown) - _MOST_ROWS
    caption = f"The first {_MOST_ROWS} of {len(shown)} rows." if more > 0 else ""
    return table_html(shown.head(_MOST_ROWS), caption=caption, decimals=decimals)


def _facts(tables: SessionTables, quality: SessionQuality, screen: Screen) -> str:
    """Say who was recorded when, with what, and how."""
    recording, blocks = tables.recording, recorded_blocks(tables.blocks)

    def distinct(column: str) -> str:
        values = [str(value).strip() for value in blocks[column].dropna()]
        return ", ".join(dict.fromkeys(value for value in values if value)) or "n/a"

    size = recording[["display_width_px", "display_height_px"]].to_numpy(float)
    rates = ", ".join(f"{rate:g}" for rate in blocks["rate_hz"].dropna().unique()) or "n/a"
    rows: list[tuple[str, Any]] = [
        ("file", recording["file"]),
        ("recorded", recording["date"]),
        ("tracker", recording["tracker"]),
        ("eye", recording["eye"]),
        ("sampling rate", f"{rates} Hz nominal"),
        ("gaze", recording["gaze"]),
        ("tracking (RECCFG)", distinct("tracking")),
        ("mount (ELCLCFG)", distinct("mount")),
        ("file filter level", distinct("filter")),
        ("screen of the recording", "x".join(f"{side:.0f}" for side in size if side > 0) or "n/a"),
        (
            "screen of the study",
            f"{screen.width_px}x{screen.height_px} px, {screen.width_cm:g} x "
            f"{screen.height_cm:g} cm at {screen.distance_cm:g} cm: {screen.px_per_deg:.2f} px in "
            "a degree at its centre",
        ),
        (
            "content",
            f"{recording['n_samples']} samples, {len(blocks)} blocks, {len(tables.trials)} trials, "
            f"{len(quality.validations)} validations",
        ),
    ]
    return table_html(pd.DataFrame(rows, columns=["", "as recorded"]))
