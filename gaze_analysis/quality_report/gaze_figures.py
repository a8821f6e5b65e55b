"""Figures of the gaze itself: traces of chosen trials, and where gaze was on the screen."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.trace import Trace, Values
from stimuli.frames import Rect
from study.figures import BLUE, GREY, SKY_BLUE, TWO_COLUMNS_CM, VERMILION, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGIN_MS = 300.0
_POINTS_OF_LINE = 600
_CELLS_ACROSS = 128


@dataclass(frozen=True)
class TrialView:
    """What is drawn of one trial.

    Parameters
    ----------
    title : str
        Which trial it is.
    onset_ms, offset_ms : float
        When its picture came and went.
    trace : Trace
        Gaze of the eye in the trial's file.
    pupil : ndarray
        Pupil of each sample of the trace; empty where there is none.
    events : pandas.DataFrame
        The eye's events in that file: event, onset_ms, offset_ms.
    """

    title: str
    onset_ms: float
    offset_ms: float
    trace: Trace
    pupil: Values
    events: pd.DataFrame


def chosen_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Choose the trials with the most, the middle and the least loss.

    Parameters
    ----------
    trials : pandas.DataFrame
        data_loss of one eye's trials; those without are left out.

    Returns
    -------
    pandas.DataFrame
        One to three rows with the column ``why``; none where nothing was measured.

    Examples
    --------
    >>> chosen_trials(pd.DataFrame({"data_loss": [0.0, 0.9, 0.2]}))["why"].tolist()
    ['most loss', 'median', 'least loss']
    """
    ordered = trials[trials["data_loss"].notna()].sort_values(
        "data_loss", ascending=False, kind="stable"
    )
    places = {"most loss": 0, "median": len(ordered) // 2, "least loss": len(ordered) - 1}
    if len(ordered) < 3:
        places = dict(list(zip(("most loss", "least loss"), range(len(ordered)), strict=False)))
    return ordered.iloc[list(places.values())].assign(why=list(places))


def thinned(times: Values, values: Values, n_points: int) -> tuple[Values, Values]:
    """Thin a line so that its extremes and gaps stay.

    Parameters
    ----------
    times, values : ndarray, shape (n,)
        The line; NaN where it is broken.
    n_points : int
        About how many points are kept.

    Returns
    -------
    tuple of ndarray
        Times and values of the smallest and largest value of each stretch.

    Examples
    --------
    >>> time = np.arange(100.0)
    >>> thinned(time, np.where(time == 51, 9.0, 0.0), 10)[1].max()
    9.0
    """
    if len(times) <= n_points:
        return times, values
    edges = np.linspace(0, len(times), n_points // 2 + 1).astype(int)
    keep: list[int] = []
    for first, last in pairwise(edges.tolist()):
        part = values[first:last]
        if np.isnan(part).all():
            keep.append(int(first))
            continue
        found = {int(first + np.nanargmin(part)), int(first + np.nanargmax(part))}
        broken = np.flatnonzero(np.isnan(part))
        keep += sorted(found | {int(first + place) for place in broken[:1]})
    return times[keep], values[keep]


def traces_figure(views: list[TrialView]) -> "Figure":
    """Draw gaze and pupil of trials over time.

    Parameters
    ----------
    views : list of TrialView
        One to three trials.

    Returns
    -------
    matplotlib.figure.Figure
        Above, both directions of gaze; below, the pupil. Fixations are shaded, blinks
        hatched, and dashed lines are the picture's onset and offset.
    """
    figure = new_figure(TWO_COLUMNS_CM, 9.0)
    panels = figure.subplots(
        2, len(views), squeeze=False, sharex="col", sharey="row", height_ratios=(2, 1)
    )
    for column, view in enumerate(views):
        _draw_trial(panels[0, column], panels[1, column], view)
    panels[0, 0].set_ylabel("gaze (deg)")
    panels[1, 0].set_ylabel("pupil (tracker's unit)")
    panels[0, 0].invert_yaxis()
    for axes in panels[1]:
        axes.set_xlabel("time from the picture's onset (s)")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5)
    return figure


def _draw_trial(upper: "Axes", lower: "Axes", view: TrialView) -> None:
    """Draw one trial."""
    first, last = view.onset_ms - _MARGIN_MS, view.offset_ms + _MARGIN_MS
    part = view.trace.part(first, last)
    seconds = (view.trace.time_ms[part] - view.onset_ms) / 1000.0
    points = view.trace.points_deg[part].copy()
    # No line across what was not recorded.
    points[~view.trace.follows[part]] = np.nan
    styles: tuple[dict[str, Any], ...] = (
        {"color": BLUE, "label": "horizontal, to the right"},
        {"color": VERMILION, "label": "vertical, down", "linestyle": (0, (4, 1))},
    )
    for axis, style in enumerate(styles):
        upper.plot(*thinned(seconds, points[:, axis], _POINTS_OF_LINE), linewidth=1.0, **style)
    if len(view.pupil):
        pupil = np.where(view.pupil[part] > 0, view.pupil[part], np.nan)
        lower.plot(*thinned(seconds, pupil, _POINTS_OF_LINE), color="black", linewidth=0.8)
    for axes in (upper, lower):
        _shade_events(axes, view, first, last)
        for time in (0.0, (view.offset_ms - view.onset_ms) / 1000.0):
            axes.axvline(time, color=GREY, linestyle="--", linewidth=0.8)
        axes.set_xlim((first - view.onset_ms) / 1000, (last - view.onset_ms) / 1000)
    upper.set_title(view.title, loc="left", fontsize=7.5)


def _shade_events(axes: "Axes", view: TrialView, first_ms: float, last_ms: float) -> None:
    """Shade fixations, and hatch blinks."""
    within = (view.events["offset_ms"] > first_ms) & (view.events["onset_ms"] < last_ms)
    looks: dict[str, dict[str, Any]] = {
        "fixation": {"color": SKY_BLUE, "alpha": 0.25, "linewidth": 0},
        "blink": {"facecolor": "0.85", "edgecolor": "0.5", "hatch": "////", "linewidth": 0},
    }
    for event, look in looks.items():
        own = view.events[within & (view.events["event"] == event)]
        spans = np.clip(own[["onset_ms", "offset_ms"]].to_numpy(float), first_ms, last_ms)
        starts = (spans[:, 0] - view.onset_ms) / 1000.0
        ranges = list(zip(starts, (spans[:, 1] - spans[:, 0]) / 1000.0, strict=True))
        whole_height = axes.get_xaxis_transform()
        axes.broken_barh(ranges, (0, 1), transform=whole_height, zorder=0, label=event, **look)


def heat_figure(
    gaze_px: dict[str, Values], screen: Rect, pictures: list[Rect], n_places: int
) -> "Figure":
    """Draw where gaze was over the whole session.

    Parameters
    ----------
    gaze_px : dict of str to ndarray, shape (n_samples, 2)
        For each eye, positions in screen pixels.
    screen : Rect
        The screen.
    pictures : list of Rect
        Where pictures stood.
    n_places : int
        Number of places that pictures stood at, also those not drawn.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each eye: the share of samples in each cell, on a logarithmic scale.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.patches import Rectangle

    height_cm = 1.8 + TWO_COLUMNS_CM / 2.3 * screen.height_px / screen.width_px
    figure = new_figure(TWO_COLUMNS_CM, height_cm)
    panels = figure.subplots(1, 2, squeeze=False)[0]
    for axes in panels[len(gaze_px) :]:
        axes.set_axis_off()
    shares = {eye: _cell_shares(points, screen) for eye, points in gaze_px.items()}
    known = np.concatenate([share[share > 0] for share in shares.values()])
    scale = LogNorm(known.min(), known.max()) if len(known) else LogNorm(0.1, 1.0)
    for axes, (eye, share) in zip(panels, shares.items(), strict=False):
        left, upper = screen.x_px - 0.5, screen.y_px - 0.5
        extent = (left, left + screen.width_px, upper + screen.height_px, upper)
        image = axes.imshow(
            np.where(share > 0, share, np.nan), extent=extent, cmap="cividis",
            norm=scale, interpolation="nearest",
        )  # fmt: skip
        for rect in pictures:
            corner = rect.x_px - 0.5, rect.y_px - 0.5
            look: Any = {"fill": False, "edgecolor": VERMILION, "linestyle": "--", "linewidth": 1.0}
            axes.add_patch(Rectangle(corner, rect.width_px, rect.height_px, **look))
        axes.set(xlabel="x (px)", ylabel="y (px)")
        places = f", picture{'s' if n_places > 1 else ''} dashed" if pictures else ""
        axes.set_title(f"{eye} eye{places}", loc="left")
    figure.colorbar(
        image, ax=panels[: len(shares)].tolist(), label="share of gaze", shrink=0.8, format="{x:g}"
    )
    return figure


def _cell_shares(points: Values, screen: Rect) -> NDArray[np.float64]:
    """Give the share of positions in each cell of the screen."""
    inside = points[screen.contains(points)]
    n_down = max(1, round(_CELLS_ACROSS * screen.height_px / screen.width_px))
    left, upper = screen.x_px - 0.5, screen.y_px - 0.5
    counts, _, _ = np.histogram2d(
        inside[:, 1], inside[:, 0], bins=(n_down, _CELLS_ACROSS),
        range=((upper, upper + screen.height_px), (left, left + screen.width_px)),
    )  # fmt: skip
    share: NDArray[np.float64] = counts / max(1, len(points))
    return share
