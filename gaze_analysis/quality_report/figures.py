"""Figures of accuracy, loss, precision and eye movements of one session."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gaze_analysis.trace import Values
from stimuli.frames import Rect
from study.figures import BLUE, GREY, ORANGE, SKY_BLUE, TWO_COLUMNS_CM, VERMILION, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

MOST_PANELS = 12
_PANELS_IN_ROW = 4
_ARROW_SHARE = 0.06
# The eyes differ in sign and line as well as in colour.
_EYE_STYLE: dict[str, dict[str, Any]] = {
    "left": {"color": BLUE, "marker": "o", "linestyle": "-"},
    "right": {"color": VERMILION, "marker": "s", "linestyle": "--"},
    "unknown": {"color": BLUE, "marker": "o", "linestyle": "-"},
}


def shown_validations(validations: pd.DataFrame) -> pd.DataFrame:
    """Choose the validations that one figure can show.

    Parameters
    ----------
    validations : pandas.DataFrame
        One eye's that have points, in their order.

    Returns
    -------
    pandas.DataFrame
        All, or the first ones and the last.
    """
    if len(validations) <= MOST_PANELS:
        return validations
    return pd.concat([validations.iloc[: MOST_PANELS - 1], validations.iloc[-1:]])


def arrow_scale(points: pd.DataFrame, width_px: float) -> int:
    """Choose by how much offsets are drawn too long, so that the usual one can be seen.

    Parameters
    ----------
    points : pandas.DataFrame
        offset_x_px and offset_y_px.
    width_px : float
        Width of the screen.

    Returns
    -------
    int
        1, 2, 3, 5 or 10.

    Examples
    --------
    >>> arrow_scale(pd.DataFrame({"offset_x_px": [12.0], "offset_y_px": [16.0]}), 1280)
    3
    """
    usual = np.median(np.hypot(points["offset_x_px"], points["offset_y_px"]))
    wanted = _ARROW_SHARE * width_px / max(float(usual), 1.0)
    return max((scale for scale in (1, 2, 3, 5, 10) if scale <= wanted), default=1)


def validation_figure(
    validations: pd.DataFrame, points: pd.DataFrame, screen: Rect, scale: int
) -> "Figure":
    """Draw the targets of each validation and how far gaze was from them.

    Parameters
    ----------
    validations : pandas.DataFrame
        One eye's: validation, error_avg_deg, error_max_deg, result, n_blocks, recalibrated.
    points : pandas.DataFrame
        validation, target_x_px, target_y_px, offset_x_px, offset_y_px, offset_deg.
    screen : Rect
        The screen in pixels.
    scale : int
        By how much the arrows are too long.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each validation: rings are targets, arrows lead to gaze, numbers are
        degrees.
    """
    n_rows = -(-len(validations) // _PANELS_IN_ROW)
    height_cm = 0.8 + n_rows * (1.4 + 4.0 * screen.height_px / screen.width_px)
    figure = new_figure(TWO_COLUMNS_CM, height_cm)
    panels = figure.subplots(n_rows, _PANELS_IN_ROW, squeeze=False).ravel()
    for axes in panels[len(validations) :]:
        axes.set_axis_off()
    for axes, (_, row) in zip(panels, validations.iterrows(), strict=False):
        own = points[points["validation"] == row["validation"]]
        _draw_validation(axes, own, scale)
        axes.set(xlim=(-0.5, screen.width_px - 0.5), ylim=(screen.height_px - 0.5, -0.5))
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.spines[["top", "right"]].set_visible(True)
        new = ", recalibrated" if row["recalibrated"] is True else ""
        used = f"{row['n_blocks']} block{'' if row['n_blocks'] == 1 else 's'}"
        axes.set_title(
            f"{row['validation']}: {row['error_avg_deg']:.2f}, at most "
            f"{row['error_max_deg']:.2f} deg\n{row['result']}, {used}{new}",
            fontsize=6.5, loc="left",
        )  # fmt: skip
    return figure


def _draw_validation(axes: "Axes", points: pd.DataFrame, scale: int) -> None:
    """Draw targets, and arrows to where gaze was."""
    target = points[["target_x_px", "target_y_px"]].to_numpy(float)
    offset = points[["offset_x_px", "offset_y_px"]].to_numpy(float)
    axes.plot(*target.T, "o", color=GREY, markersize=5, markerfacecolor="none", clip_on=False)
    axes.quiver(
        *target.T, *(offset * scale).T, angles="xy", scale_units="xy", scale=1.0, color=VERMILION,
        width=0.008, headwidth=4.5, headlength=5, zorder=3,
    )  # fmt: skip
    middle = target[:, 1].mean()
    for (x_px, y_px), error in zip(target, points["offset_deg"], strict=True):
        # Towards the middle, where there is room.
        below = y_px <= middle
        axes.annotate(
            f"{error:.2f}",
            (x_px, y_px),
            xytext=(0, -4 if below else 4),
            textcoords="offset points",
            fontsize=5.5,
            ha="center",
            va="top" if below else "bottom",
        )


def drift_figure(
    validations: pd.DataFrame,
    minutes: Values,
    checks: pd.DataFrame,
    calibrated_min: Values,
    recorded_min: Values,
) -> "Figure":
    """Draw the error of the validations over the session.

    Parameters
    ----------
    validations : pandas.DataFrame
        eye, error_avg_deg, error_max_deg.
    minutes : ndarray, shape (n_validations,)
        When they were made.
    checks : pandas.DataFrame
        Drift checks: minutes, eye and offset_deg.
    calibrated_min : ndarray
        When the tracker was calibrated.
    recorded_min : ndarray, shape (n_blocks, 2)
        Start and end of recording.

    Returns
    -------
    matplotlib.figure.Figure
        Lines for the mean, thin ones up to the largest error.
    """
    figure = new_figure(TWO_COLUMNS_CM, 6.0)
    axes = figure.subplots()
    for number, (start, end) in enumerate(recorded_min):
        label = "recording" if number == 0 else None
        axes.axvspan(start, end, ymax=0.03, color="0.55", label=label, linewidth=0)
    for number, time in enumerate(np.unique(calibrated_min)):
        label = "calibration" if number == 0 else None
        axes.axvline(time, color=GREY, linestyle=":", linewidth=1, label=label)
    for eye, own in checks.groupby("eye"):
        colour = _EYE_STYLE[str(eye)]["color"]
        axes.plot(
            own["minutes"], own["offset_deg"], "x", color=colour, markersize=3, alpha=0.6,
            label=f"{eye} eye: drift check",
        )  # fmt: skip
    for eye, own in validations.groupby("eye"):
        when, style = minutes[validations["eye"] == eye], _EYE_STYLE[str(eye)]
        errors = own["error_avg_deg"]
        axes.plot(when, errors, **style, markersize=5, label=f"{eye} eye: mean error")
        axes.vlines(when, errors, own["error_max_deg"], color=style["color"], linewidth=0.8)
    for limit in (0.5, 1.0):
        axes.axhline(limit, color="0.7", linewidth=0.6, zorder=0)
    top = max([1.2, *validations["error_max_deg"].dropna(), *checks["offset_deg"].dropna()])
    axes.set(xlabel="time (min)", ylabel="error (deg)", ylim=(0, 1.05 * top))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2)
    return figure


def trials_figure(trials: pd.DataFrame) -> "Figure":
    """Draw loss and precision of each trial of one eye.

    Parameters
    ----------
    trials : pandas.DataFrame
        data_loss_blink, data_loss_other, rms_s2s_deg, sd_deg and accuracy_deg, in the order
        of the session.

    Returns
    -------
    matplotlib.figure.Figure
        Loss as bars, precision as marks, accuracy as a line.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(TWO_COLUMNS_CM, 8.5)
    upper, lower = figure.subplots(2, 1, sharex=True)
    place = np.arange(1, len(trials) + 1)
    blink, other = 100 * trials["data_loss_blink"], 100 * trials["data_loss_other"]
    edge = {"width": 1.0, "edgecolor": "white", "linewidth": 0.2 if len(trials) < 150 else 0}
    upper.bar(place, blink, color=SKY_BLUE, label="in blinks", **edge)
    upper.bar(
        place,
        other,
        bottom=blink,
        color=ORANGE,
        hatch="////",
        label="outside blinks",
        **edge,
    )
    upper.set(ylabel="lost (%)", ylim=(0, max(5.0, 1.05 * np.nanmax([0.0, *(blink + other)]))))
    lower.plot(place, trials["sd_deg"], "o", color=BLUE, markersize=3, label="SD")
    lower.plot(place, trials["rms_s2s_deg"], "^", color=VERMILION, markersize=3, label="RMS-S2S")
    if trials["accuracy_deg"].notna().any():
        lower.step(
            place, trials["accuracy_deg"], where="mid", color="black", linewidth=1,
            label="accuracy (validation in force)",
        )  # fmt: skip
    lower.set(xlabel="trial, in the order of the session", ylabel="deg", yscale="log")
    _plain_numbers(lower.yaxis)
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (upper, lower):
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    return figure


def movements_figure(events: pd.DataFrame) -> "Figure":
    """Draw the main sequence of saccades and the durations of fixations.

    Parameters
    ----------
    events : pandas.DataFrame
        event, eye, duration_ms, amplitude_deg and peak_velocity_deg_s.

    Returns
    -------
    matplotlib.figure.Figure
        Peak velocity over amplitude, and a histogram.
    """
    figure = new_figure(TWO_COLUMNS_CM, 6.5)
    left, right = figure.subplots(1, 2)
    saccades = events[(events["event"] == "saccade") & (events["amplitude_deg"] > 0)]
    saccades = saccades[saccades["peak_velocity_deg_s"] > 0]
    for eye, own in saccades.groupby("eye"):
        style = _EYE_STYLE[str(eye)]
        left.plot(
            own["amplitude_deg"], own["peak_velocity_deg_s"], linestyle="none",
            marker=style["marker"], color=style["color"], markersize=2.5, alpha=0.5,
            markeredgewidth=0, label=f"{eye} eye", rasterized=True,
        )  # fmt: skip
    left.set(xlabel="saccade amplitude (deg)", ylabel="peak velocity (deg/s)")
    fixations = events[events["event"] == "fixation"]
    longest = float(fixations["duration_ms"].quantile(0.99)) if len(fixations) else 1000.0
    bins = np.linspace(0, max(longest, 100.0), 31)
    for eye, own in fixations.groupby("eye"):
        style = _EYE_STYLE[str(eye)]
        right.hist(
            own["duration_ms"], bins=bins, histtype="step", color=style["color"],
            linestyle=style["linestyle"],
            label=f"{eye} eye, median {own['duration_ms'].median():.0f} ms",
        )  # fmt: skip
    right.set(xlabel="fixation duration (ms)", ylabel="fixations")
    if len(saccades):
        left.set(xscale="log", yscale="log")
        _plain_numbers(left.xaxis)
        _plain_numbers(left.yaxis)
        left.legend(loc="upper left")
    if len(fixations):
        right.legend(loc="upper right")
    return figure


def _plain_numbers(axis: "Axis") -> None:
    """Label a logarithmic axis 1, 2, 5, 10: powers of ten are read, and drawn, more slowly."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())
