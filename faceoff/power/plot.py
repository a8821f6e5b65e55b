"""The figure of a power analysis: power against participants, by number of pictures."""

from typing import TYPE_CHECKING

import pandas as pd

from faceoff.power.design import Design
from study.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY_BLUE, VERMILION, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE)
# Lines stand a little beside each other, so that their intervals can be told apart.
_APART = 0.012


def power_figure(table: pd.DataFrame, design: Design) -> "Figure":
    """Draw power, and below it the type I error, for each test.

    Parameters
    ----------
    table : pandas.DataFrame
        As `faceoff.power.estimate.power_table` gives it.
    design : Design
        The question.

    Returns
    -------
    matplotlib.figure.Figure
        One column for each test; bars are Wilson intervals.
    """
    tests = list(dict.fromkeys(table["test"]))
    figure = new_figure(height_cm=10.5)
    axes = figure.subplots(
        2, len(tests), sharex=True, sharey="row", squeeze=False, height_ratios=(2, 1)
    )
    for column, test in enumerate(tests):
        own = table[table["test"] == test]
        above, below = axes[:, column]
        _draw_lines(above, own, "power", design)
        _draw_lines(below, own, "type_1", design)
        above.axhline(design.wanted_power, color=GREY, linestyle="--", linewidth=1)
        below.axhline(design.alpha, color=GREY, linestyle="--", linewidth=1)
        above.set_title(test)
        above.set_ylim(0, 1.02)
        below.set_ylim(bottom=0)
        below.set_xlabel("participants")
        below.set_xticks(design.participants)
    axes[0, 0].set_ylabel("power")
    axes[1, 0].set_ylabel("type I error")
    axes[0, 0].legend(title="pictures of each expression", loc="best")
    figure.suptitle(f"{design.label}: difference of {design.effect:g}", fontsize=9)
    return figure


def _draw_lines(axes: "Axes", own: pd.DataFrame, name: str, design: Design) -> None:
    """Draw one measure, a line for each number of pictures."""
    middle = "power" if name == "power" else "type_1_error"
    span = max(design.participants)
    for place, (n_pictures, line) in enumerate(own.groupby("n_pictures")):
        colour = _COLOURS[place % len(_COLOURS)]
        aside = (place - (own["n_pictures"].nunique() - 1) / 2) * _APART * span
        x = line["n_participants"] + aside
        axes.plot(x, line[middle], color=colour, marker="o", markersize=3, label=str(n_pictures))
        axes.vlines(x, line[f"{name}_low"], line[f"{name}_high"], color=colour, linewidth=0.8)
