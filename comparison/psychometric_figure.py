"""The figure of psychometric functions: people beside the network on the same axes."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.psychometric import Psychometric
from comparison.psychometric_tables import ALL, NETWORK, PEOPLE
from study.figures import BLACK, Columns, panel_figure
from study.figures import NETWORK as NETWORK_COLOUR
from study.figures import PEOPLE as PEOPLE_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLES = {PEOPLE: (PEOPLE_COLOUR, "o", "-"), NETWORK: (NETWORK_COLOUR, "s", "--")}
# Levels that span more than this are shown by their logarithm.
_WIDE = 12.0


def psychometric_figure(
    points: pd.DataFrame, fits: pd.DataFrame, *, level: str, columns: Columns = 2
) -> "Figure":
    """Draw accuracy against the level of degradation, with the fitted functions.

    Parameters
    ----------
    points : pandas.DataFrame
        condition, who, level, accuracy, low and high; low and high may be missing.
    fits : pandas.DataFrame
        As `psychometric_table` gives it.
    level : str
        What the level is, for the axis.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each condition: bars are intervals of accuracy; the band at the foot the
        interval of the pooled threshold, the ticks below it the thresholds of single people.
        Dotted lines are guessing.
    """
    conditions = list(points["condition"].unique())
    figure, [panels] = panel_figure(len(conditions), columns, row_cm=(6.0, 7.5), sharey=True)
    for axes, condition in zip(panels, conditions, strict=True):
        own = points[points["condition"] == condition]
        _draw_scale(axes, own["level"])
        for place, who in enumerate(_STYLES):
            rows = own[own["who"] == who]
            if len(rows):
                _draw_points(axes, rows, who)
                _draw_fit(axes, fits[fits["condition"] == condition], who, place)
        for guess in fits["guess"].dropna().unique():
            axes.axhline(guess, color=BLACK, linewidth=0.8, linestyle=":")
        axes.set(xlabel=level, ylim=(-0.1, 1.02), yticks=np.arange(0, 1.1, 0.2))
        if len(conditions) > 1:
            axes.set_title(str(condition).replace("_", " "))
    panels[0].set_ylabel("share of right answers")
    panels[0].legend(loc="upper right")
    return figure


def _draw_scale(axes: "Axes", levels: pd.Series) -> None:
    """Choose the axis: levels that are far apart by their logarithm, with 0 at its left."""
    shown = np.unique(levels)
    positive = shown[shown > 0]
    if positive.max() / positive.min() > _WIDE:
        axes.set_xscale("symlog", linthresh=positive.min(), linscale=0.4)
        axes.set_xticks(shown, [f"{value:g}" for value in shown])
        axes.minorticks_off()
        axes.tick_params(axis="x", rotation=45)
    span = positive.max() if shown.min() == 0 else positive.max() / positive.min()
    axes.set_xlim(-0.04 * min(span, positive.min() * 10), 1.08 * positive.max())


def _draw_points(axes: "Axes", rows: pd.DataFrame, who: str) -> None:
    """Draw accuracies with their intervals."""
    colour, marker, _ = _STYLES[who]
    bars = np.abs(rows[["low", "high"]].to_numpy(float).T - rows["accuracy"].to_numpy(float))
    axes.errorbar(
        rows["level"], rows["accuracy"], bars, fmt=marker, color=colour, capsize=2, markersize=4,
        elinewidth=0.8, label=who,
    )  # fmt: skip


def _draw_fit(axes: "Axes", fits: pd.DataFrame, who: str, place: int) -> None:
    """Draw the pooled function, its threshold's interval, and the thresholds of single people."""
    colour, _, line = _STYLES[who]
    own = fits[fits["who"] == who]
    foot = -0.035 - 0.035 * place
    single = own["threshold"][own["unit"] != ALL].dropna()
    axes.plot(single, np.full(len(single), foot), "|", color=colour, markersize=4, alpha=0.5)
    pooled = own[own["unit"] == ALL].iloc[0]
    if np.isnan(pooled["threshold"]):
        return
    fitted = Psychometric(
        pooled["threshold"], pooled["slope"], pooled["lapse"], pooled["guess"], pooled["shape"]
    )
    low, high = axes.get_xlim()
    # As dense on either scale.
    ahead = axes.transData.inverted().transform
    (left, _), (right, _) = axes.transData.transform([(low, 0), (high, 0)])
    levels = ahead(np.column_stack([np.linspace(left, right, 400), np.zeros(400)]))[:, 0]
    levels = levels[levels >= 0]
    axes.plot(levels, fitted.accuracy(levels), line, color=colour)
    ends = [pooled["threshold_low"], pooled["threshold_high"]]
    axes.plot(ends, [foot] * 2, color=colour, linewidth=3, alpha=0.6, solid_capstyle="butt")
    axes.plot(fitted.threshold, foot, "D", color=colour, markersize=3)
