"""The figure of people beside the network: confusions, hard pictures, error consistency."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from study.figures import BLACK, CHANCE, NETWORK, PEOPLE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def behaviour_figure(
    confusions: pd.DataFrame, pictures: pd.DataFrame, kappas: pd.DataFrame, table: pd.DataFrame
) -> "Figure":
    """Draw confusions, hard pictures and error consistency of people against the network.

    Parameters
    ----------
    confusions, pictures, kappas, table : pandas.DataFrame
        The tables of the step, see `comparison.behaviour_step`.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels.
    """
    figure = new_figure(height_cm=7.0)
    left, middle, right = figure.subplots(1, 3)
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
    most_of_all = wide.assign(sum=wide["people"] + wide["network"]).nlargest(4, "sum")
    for row in most_of_all[most_of_all["sum"] > 0].itertuples():
        axes.annotate(f"{row.expression} as {row.answer}", (row.people, row.network), fontsize=5.5,
                      xytext=(2, 2), textcoords="offset points")  # fmt: skip
    most = 1.1 * max(0.05, *wide["people"], *wide["network"])
    ends = (-0.03 * most, most)
    axes.set(xlim=ends, ylim=ends, title="Confusions")
    axes.set(xlabel="people: share of answers", ylabel="network: share of answers")
