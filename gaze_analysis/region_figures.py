"""Figures of what is looked at: dwell shares by region and expression, transitions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.region_outlines import OTHER
from study.figures import BLUE, ORANGE, Columns, panel_figure, starts_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHARES = "Blues"


def dwell_figure(by_expression: pd.DataFrame, *, columns: Columns = 2) -> "Figure":
    """Make a figure of what share of looking each region gets.

    Parameters
    ----------
    by_expression : pandas.DataFrame
        As `region_measures.regions_by_expression` gives them.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib Figure
        Left, or above, the means of each expression; right, or below, those of all trials with
        95 % confidence intervals over participants, and the share of the picture that each region
        covers.
    """
    measure = share_measure(by_expression)
    looking = "dwell time" if measure == "dwell_share" else "fixations"
    regions = _shown_regions(by_expression, measure)
    n_rows = max(8, len(regions))
    figure, [[left, right]] = panel_figure(
        2, columns, row_cm=(1.8 + 0.72 * n_rows, 1.6 + 0.62 * n_rows), width_ratios=(1.5, 1),
        sharey=True,
    )  # fmt: skip
    table = by_expression[by_expression["expression"] != "all"]
    table = table.assign(half=table[f"{measure}_high"] - table[f"{measure}_low"])
    shown = 100 * _pivot(table, "region", "expression", measure).reindex(regions)
    half = 50 * _pivot(table, "region", "expression", "half").reindex(regions)
    if not shown.empty:
        between = " " if columns == 2 else "\n"
        _cells(left, shown.to_numpy(), half.to_numpy(), list(shown.columns), regions, between)
    end = " " if columns == 2 else "\n"
    left.set_title(f"Share of {looking} (%),{end}± half of the 95 % interval", fontsize=8)
    everything = by_expression[by_expression["expression"] == "all"].set_index("region")
    everything = everything.reindex(regions)
    _bars(right, everything, measure)
    right.set_xlabel(f"share of {looking} (%)")
    right.set_title("All trials", fontsize=8, pad=18)
    return figure


def share_measure(by_expression: pd.DataFrame) -> str:
    """Choose dwell shares, or shares of fixations where durations are not known.

    Parameters
    ----------
    by_expression : pandas.DataFrame
        With the columns dwell_share and fixation_share.

    Returns
    -------
    str
        The column.
    """
    return "dwell_share" if by_expression["dwell_share"].notna().any() else "fixation_share"


def _shown_regions(by_expression: pd.DataFrame, measure: str) -> list[str]:
    """List the regions in their order, and what is off the picture only where it was looked at."""
    looked = by_expression.groupby("region", sort=False)[measure].max()
    return [str(name) for name, most in looked.items() if name != "off_picture" or most > 0]


def _cells(
    axes: "Axes",
    values: NDArray[Any],
    half: NDArray[Any] | None,
    columns: Sequence[str],
    rows: Sequence[str],
    between: str = " ",
) -> None:
    """Draw a table of percentages as colours with numbers, and what is between these."""
    top = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    axes.imshow(values, cmap=_SHARES, vmin=0, vmax=max(top, 1e-9), aspect="auto")
    for row, column in np.argwhere(np.isfinite(values)):
        value = values[row, column]
        text = f"{value:.0f}"
        if half is not None and np.isfinite(half[row, column]):
            text += f"{between}±{half[row, column]:.0f}"
        colour = "white" if value > 0.6 * top else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)
    names = [_words(name) for name in columns]
    axes.set_xticks(range(len(columns)), names, rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), [_words(name) for name in rows])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _bars(axes: "Axes", everything: pd.DataFrame, measure: str) -> None:
    """Draw the mean of each region with its interval, beside what its area alone would give."""
    mean = 100 * everything[measure].to_numpy(float)
    low, high = (100 * everything[f"{measure}_{end}"].to_numpy(float) for end in ("low", "high"))
    places = np.arange(len(mean))
    axes.barh(places, mean, color=BLUE, height=0.6)
    known = np.isfinite(low)
    axes.errorbar(
        mean[known], places[known], xerr=np.stack([mean - low, high - mean])[:, known], fmt="none",
        ecolor="black", elinewidth=1, capsize=2,
    )  # fmt: skip
    axes.plot(
        100 * everything["area_share"].to_numpy(float), places, color=ORANGE, marker="|",
        markersize=9, markeredgewidth=2, linestyle="none", label="share of the picture's area",
    )  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0)
    # Above the bars: among them its mark would be taken for a region's.
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), borderaxespad=0.0)


def transition_figure(transitions: pd.DataFrame, *, columns: Columns = 2) -> "Figure":
    """Make a figure of the transitions between regions, averaged over participants.

    Parameters
    ----------
    transitions : pandas.DataFrame
        As `scanpaths.transitions` gives them.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib Figure
        Left, or above, with staying; right, or below, only what leaves the region.
    """
    own = transitions[transitions["expression"] == "all"]
    used = own.groupby("from", sort=False)["count"].sum() + own.groupby("to")["count"].sum()
    regions = [str(name) for name in dict.fromkeys(own["from"]) if used[name] > 0]
    n_rows = max(6, len(regions))
    figure, [panels] = panel_figure(
        2, columns, row_cm=(3.0 + 0.52 * n_rows, 2.8 + 0.62 * n_rows), sharey=True
    )
    titles = ("All transitions (%)", "Transitions to another region (%)")
    measures = ("probability", "probability_leaving")
    for axes, column, title in zip(panels, measures, titles, strict=True):
        mean = _pivot(own, "from", "to", column).reindex(index=regions, columns=regions)
        _cells(axes, 100 * mean.to_numpy(float), None, regions, regions)
        axes.set(xlabel="next region")
        axes.set_title(title, fontsize=8)
        if starts_row(axes):
            axes.set_ylabel("present region")
    return figure


def _pivot(table: pd.DataFrame, index: str, columns: str, values: str) -> pd.DataFrame:
    """Average a measure by two columns; what is missing stays so."""
    return table.pivot_table(index=index, columns=columns, values=values, dropna=False)


def _words(name: str) -> str:
    """Write a region's name as words."""
    return "rest of the picture" if name == OTHER else name.replace("_", " ")
