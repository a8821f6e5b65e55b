"""The figure of people beside the network: confusions, hard pictures, error consistency."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from study.figures import BLACK, CHANCE, GREY, NETWORK, PEOPLE, Columns, panel_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def behaviour_figure(
    confusions: pd.DataFrame,
    pictures: pd.DataFrame,
    kappas: pd.DataFrame,
    table: pd.DataFrame,
    *,
    columns: Columns = 2,
) -> "Figure":
    """Draw confusions, hard pictures and error consistency of people against the network.

    Parameters
    ----------
    confusions, pictures, kappas, table : pandas.DataFrame
        The tables of the step, see `comparison.behaviour_step`.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels: side by side at two columns, stacked at one.
    """
    figure, [[left, middle, right]] = panel_figure(3, columns, row_cm=(6.0, 7.0), across=(1, 3))
    _draw_confusions(left, confusions)
    middle.plot(pictures["people_right"], pictures["p_true"], "o", ms=3, color=BLACK, alpha=0.4)
    middle.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="people: share right",
               ylabel="network: probability", title="Pictures")  # fmt: skip
    random = np.random.default_rng(1)
    for place, (column, colour, row) in enumerate(
        (("with_people", PEOPLE, 4), ("with_network", NETWORK, 5))
    ):
        values = kappas[column].dropna()
        right.plot(place + random.uniform(-0.15, 0.15, len(values)), values, "o", ms=3,
                   color=colour, alpha=0.6)  # fmt: skip
        mean, low, high = table[["estimate", "ci_low", "ci_high"]].to_numpy(float)[row]
        if np.isfinite(low):
            right.errorbar(place + 0.3, mean, yerr=[[mean - low], [high - mean]], fmt="s", ms=4,
                           color=colour)  # fmt: skip
    right.axhline(0, color=CHANCE, lw=0.8)
    right.set_xticks([0, 1], ["other\npeople", "network"])
    right.set(xlim=(-0.5, 1.6), ylabel="kappa", title="Error consistency")
    return figure


def _draw_confusions(axes: "Axes", confusions: pd.DataFrame) -> None:
    """Draw each cell of the confusion matrices without their diagonals."""
    errors = confusions[confusions["expression"] != confusions["answer"]]
    wide = errors.pivot_table(index=["expression", "answer"], columns="who", values="share")
    wide = wide.dropna().reset_index()
    axes.plot(wide["people"], wide["network"], "o", ms=3, color=BLACK, alpha=0.5)
    most = 1.1 * max(0.05, *wide["people"], *wide["network"])
    ends = (-0.03 * most, most)
    most_of_all = wide.assign(sum=wide["people"] + wide["network"]).nlargest(4, "sum")
    _name_points(axes, most_of_all[most_of_all["sum"] > 0], most)
    axes.set(xlim=ends, ylim=ends, title="Confusions")
    axes.set(xlabel="people: share of answers", ylabel="network: share of answers")


def _name_points(axes: "Axes", rows: pd.DataFrame, most: float) -> None:
    """Write the names of points at the right edge, none on another, and join each to its point."""
    step, rows = 0.09 * most, rows.sort_values(["network", "people"], ascending=[True, False])
    heights: list[float] = []
    for height in rows["network"] + 0.07 * most:
        heights.append(max(height, heights[-1] + step) if heights else height)
    over = max(0.0, max(heights, default=0.0) - 0.97 * most)
    for row, height in zip(rows.itertuples(), heights, strict=True):
        axes.annotate(
            f"{row.expression} as {row.answer}", (row.people, row.network),
            xytext=(most, height - over), fontsize=7, ha="right", va="center",
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0,
                        "relpos": (0, 0.5)},
        )  # fmt: skip
