"""The figures of a session's page, each with its caption and a description in words."""

from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.quality_report.figures import (
    arrow_scale,
    drift_figure,
    movements_figure,
    shown_validations,
    trials_figure,
    validation_figure,
)
from gaze_analysis.quality_report.gaze_figures import (
    TrialView,
    chosen_trials,
    heat_figure,
    traces_figure,
)
from gaze_analysis.quality_tables import SessionTables
from gaze_analysis.session_quality import SessionQuality
from gaze_analysis.trace import Values, gaze_kind
from gaze_analysis.validations import points_of_validations, recorded_blocks
from stimuli.frames import Rect, Screen
from study.pages import figure_html

_PLACE = ["picture_x_px", "picture_y_px", "picture_width_px", "picture_height_px"]
_MOST_PICTURES = 12


def analysed_eye(quality: SessionQuality, tables: SessionTables) -> str:
    """Name the eye that a session's trials are analysed with.

    Parameters
    ----------
    quality : SessionQuality
        What was measured.
    tables : SessionTables
        Its trials say which eye.

    Returns
    -------
    str
        That of most trials, or else the first recorded one; empty where none was recorded.
    """
    measured = quality.by_eye["eye"].tolist()
    named = [eye for eye in tables.trials["eye"].dropna().mode() if eye in measured]
    return next(iter([*named, *measured]), "")


def screen_of(tables: SessionTables, screen: Screen) -> Rect:
    """Give the screen that a recording was made for, or else the study's, in pixels."""
    size = tables.recording[["display_width_px", "display_height_px"]].to_numpy(float)
    width, height = size if np.isfinite(size).all() else (screen.width_px, screen.height_px)
    return Rect(0, 0, float(width), float(height))


def accuracy_figures(quality: SessionQuality, tables: SessionTables, screen: Screen) -> list[str]:
    """Show each eye's validations, and the error over the session.

    Parameters
    ----------
    quality : SessionQuality
        Its validations.
    tables : SessionTables
        The targets of the validations, calibrations, drift checks and blocks.
    screen : Screen
        The study's screen.

    Returns
    -------
    list of str
        HTML of figures; empty where there was no validation.
    """
    done = quality.validations[quality.validations["error_avg_deg"].notna()]
    shown = []
    points = points_of_validations(tables.validation_points, quality.validations)
    for eye, own in done.groupby("eye"):
        of_eye = points[points["eye"] == eye]
        seen = own[own["validation"].isin(of_eye["validation"])]
        if len(seen):
            shown.append(_validation_html(str(eye), seen, of_eye, screen_of(tables, screen)))
    if len(done) or len(tables.drift_checks):
        shown.append(_drift_html(done, tables))
    return shown


def _validation_html(
    eye: str, validations: pd.DataFrame, points: pd.DataFrame, screen: Rect
) -> str:
    """Show the validations of one eye."""
    shown = shown_validations(validations)
    of_shown = points[points["validation"].isin(shown["validation"])]
    scale = arrow_scale(of_shown, screen.width_px)
    left_out = len(validations) - len(shown)
    numbers = "; ".join(
        f"{row['validation']}: mean {row['error_avg_deg']:.2f}, largest "
        f"{row['error_max_deg']:.2f}, {row['result']}"
        for _, row in shown.iterrows()
    )
    caption = (
        f"Validations of the {eye} eye. Rings: targets on the screen; arrows: from the target "
        f"towards where gaze was, {scale} times as long as the offset; numbers: its length in "
        "degrees. Titles: mean and largest error, EyeLink's verdict, and how many blocks "
        "were recorded with this as the last validation."
    )
    if left_out:
        caption += f" {left_out} validations between the first ones and the last are left out."
    return figure_html(
        validation_figure(shown, of_shown, screen, scale),
        alt=f"Offsets at the targets of {len(shown)} validations, in degrees: {numbers}.",
        caption=caption,
    )


def _drift_html(done: pd.DataFrame, tables: SessionTables) -> str:
    """Show the error of validations and drift checks over the session."""
    checks = tables.drift_checks
    blocks = recorded_blocks(tables.blocks)
    starts = blocks["start_ms"].fillna(blocks["first_sample_ms"])
    ends = blocks["last_sample_ms"].fillna(blocks["end_ms"])
    clock = _Clock(
        [
            (blocks["part"], starts),
            (blocks["part"], ends),
            (done["part"], done["time_ms"]),
            (tables.calibrations["part"], tables.calibrations["time_ms"]),
            (checks["part"], checks["time_ms"]),
        ]
    )
    minutes = clock.minutes(done["part"], done["time_ms"])
    recorded = np.column_stack(
        [clock.minutes(blocks["part"], starts), clock.minutes(blocks["part"], ends)]
    )
    figure = drift_figure(
        done,
        minutes,
        checks.assign(minutes=clock.minutes(checks["part"], checks["time_ms"])),
        clock.minutes(tables.calibrations["part"], tables.calibrations["time_ms"]),
        recorded[np.isfinite(recorded).all(axis=1)],
    )
    errors = ", ".join(
        f"{eye} eye {' '.join(f'{error:.2f}' for error in own['error_avg_deg'])}"
        for eye, own in done.groupby("eye")
    )
    return figure_html(
        figure,
        alt=f"Mean validation errors in degrees, in order: {errors or 'none'}; "
        f"{len(checks)} drift checks.",
        caption="Validation error over the session: marks are means, lines reach up to the "
        "largest error, dotted lines are calibrations, the grey band is recording, crosses are "
        "drift checks. Thin lines: 0.5 and 1.0 deg.",
    )


class _Clock:
    """Puts the times of all files of a session on one axis, one file after the other."""

    def __init__(self, known: list[tuple[pd.Series, pd.Series]]) -> None:
        parts = pd.concat([part for part, _ in known]).to_numpy()
        times = pd.concat([time for _, time in known]).to_numpy(float)
        self._origin: dict[int, float] = {}
        base = 0.0
        for part in sorted(set(parts[np.isfinite(times)].tolist())):
            own = times[(parts == part) & np.isfinite(times)]
            self._origin[int(part)] = own.min() - base
            base += own.max() - own.min()

    def minutes(self, parts: pd.Series, times_ms: pd.Series) -> Values:
        """Give minutes since the first thing that is known of the session."""
        origin = parts.map(self._origin).to_numpy(float)
        minutes: Values = (times_ms.to_numpy(float) - origin) / 60_000.0
        return minutes


def trial_figures(quality: SessionQuality, tables: SessionTables) -> list[str]:
    """Show loss and precision by trial, of the eye that is analysed."""
    eye = analysed_eye(quality, tables)
    trials = quality.by_trial[quality.by_trial["eye"] == eye]
    if not (trials["data_loss"].notna() | trials["sd_deg"].notna()).any():
        return []
    lost = 100 * trials["data_loss"]
    alt = (
        f"{len(trials)} trials: loss {lost.min():.1f} to {lost.max():.1f} %, median "
        f"{lost.median():.1f} %; SD median {trials['sd_deg'].median():.3f} deg; RMS-S2S median "
        f"{trials['rms_s2s_deg'].median():.3f} deg."
    )
    caption = (
        f"Each trial while its picture was on, {eye} eye. Above: share of expected samples "
        "without gaze, in blinks and outside them (hatched). Below: precision within fixations "
        "(medians) and the error of the validation in force, on a logarithmic scale."
    )
    return [figure_html(trials_figure(trials), alt=alt, caption=caption)]


def gaze_figures(
    quality: SessionQuality, tables: SessionTables, samples: pd.DataFrame, screen: Screen
) -> list[str]:
    """Show the traces of three trials, and where all gaze was.

    Parameters
    ----------
    quality : SessionQuality
        Its traces and trials.
    tables : SessionTables
        Events, trials and places of pictures.
    samples : pandas.DataFrame
        Pupils and positions.
    screen : Screen
        The study's screen.

    Returns
    -------
    list of str
        HTML of figures; empty without samples.
    """
    shown = []
    views = _views(quality, tables, samples)
    if views:
        shown.append(
            figure_html(
                traces_figure(views),
                alt="Gaze and pupil over time in trials: "
                + "; ".join(view.title for view in views),
                caption="Gaze in degrees from the screen's centre, and the pupil, in the trials "
                "with the most, the median and the least loss. Solid: horizontal; dashed: "
                "vertical; shaded: fixations; hatched: blinks; grey dashes: the picture's onset "
                "and offset. Lines break where gaze is lost.",
            )
        )
    gaze_px = {
        eye: samples[[f"x_{eye}_px", f"y_{eye}_px"]].dropna().to_numpy(float)
        for eye in quality.by_eye["eye"]
        if gaze_kind(samples, eye) == "px"
    }
    gaze_px = {eye: points for eye, points in gaze_px.items() if len(points)}
    if gaze_px:
        shown.append(_heat_html(gaze_px, tables, screen_of(tables, screen)))
    return shown


def _heat_html(gaze_px: dict[str, Values], tables: SessionTables, screen: Rect) -> str:
    """Show where gaze was, with the places of pictures."""
    places = tables.trials[_PLACE].dropna().value_counts().index
    pictures = [Rect(*place) for place in places[:_MOST_PICTURES] if place[2] > 0 and place[3] > 0]
    centres = ", ".join(
        f"{eye} eye {np.median(points[:, 0]):.0f}, {np.median(points[:, 1]):.0f} px"
        for eye, points in gaze_px.items()
    )
    caption = (
        "All gaze of the session on the screen, on a logarithmic scale; empty cells are white."
    )
    if len(places) > len(pictures):
        caption += f" The {len(pictures)} most frequent of {len(places)} places of pictures."
    return figure_html(
        heat_figure(gaze_px, screen, pictures, len(places)),
        alt=f"Heat map of gaze over the screen; its median: {centres}.",
        caption=caption,
    )


def _views(
    quality: SessionQuality, tables: SessionTables, samples: pd.DataFrame
) -> list[TrialView]:
    """Choose three trials, and gather what is drawn of them."""
    eye = analysed_eye(quality, tables)
    chosen = chosen_trials(quality.by_trial[quality.by_trial["eye"] == eye])
    views = []
    for _, row in chosen.iterrows():
        part = int(row["part"])
        of_part = tables.trials[tables.trials["part"] == part]
        trial = of_part[of_part["trial"] == row["trial"]].iloc[0]
        events = tables.events
        image = "" if pd.isna(trial["image_id"]) else f" ({trial['image_id']})"
        views.append(
            TrialView(
                f"{row['why']}, {100 * row['data_loss']:.1f} %: trial {row['trial']}{image}",
                float(trial["face_onset_ms"]),
                float(trial["face_offset_ms"]),
                quality.traces[part, eye],
                _pupil(samples, part, eye),
                events[(events["part"] == part) & (events["eye"] == eye)],
            )
        )
    return views


def _pupil(samples: pd.DataFrame, part: int, eye: str) -> Values:
    """Give the pupil of each sample of a file, in the order of time."""
    name = f"pupil_{eye}"
    if name not in samples:
        return np.empty(0)
    own = samples[samples["part"] == part]
    order = np.argsort(own["time_ms"].to_numpy(float), kind="stable")
    pupil: Values = own[name].to_numpy(float)[order]
    return pupil


def movement_figures(tables: SessionTables) -> list[str]:
    """Show the main sequence of saccades and the durations of fixations."""
    events = tables.events
    if not events["event"].isin(["fixation", "saccade"]).any():
        return []
    numbers: dict[Any, int] = events["event"].value_counts().to_dict()
    durations = events.loc[events["event"] == "fixation", "duration_ms"]
    amplitudes = events.loc[events["event"] == "saccade", "amplitude_deg"]
    return [
        figure_html(
            movements_figure(events),
            alt=f"{numbers.get('saccade', 0)} saccades, median amplitude "
            f"{amplitudes.median():.2f} deg; {numbers.get('fixation', 0)} fixations, median "
            f"{durations.median():.0f} ms.",
            caption="Left: the main sequence, in which clean saccades lie on one band. Right: "
            "durations of fixations, the longest hundredth left out.",
        )
    ]
