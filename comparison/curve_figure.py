"""The figure of the perturbation curves, with the steps at which they differ."""

from typing import TYPE_CHECKING

import pandas as pd

from comparison.curve_clusters import PAIRS, significant_steps
from comparison.figures import COLOURS, mean_interval
from comparison.orders import MOST_FIRST
from study.figures import BLACK, NETWORK, ORANGE, PEOPLE, Columns, panel_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES = {"gaze": "-", "relevance": "--", "random": ":", "mean_gaze": "-.", "edges": "-."}
_OTHER_LINE = (0, (5, 1, 1, 1, 1, 1))


def mean_curves(curves: pd.DataFrame, measure: str = "p_true") -> dict[str, pd.DataFrame]:
    """Average the repeats of each picture and lay the pictures' curves side by side.

    Parameters
    ----------
    curves : pandas.DataFrame
        As in ``curves.parquet``.
    measure : str, default "p_true"
        The column to take.

    Returns
    -------
    dict of str to pandas.DataFrame, shape (n_pictures, n_steps + 1)
        By condition, most relevant tiles first; rows are pictures, columns steps.
    """
    most_first = curves[curves["direction"] == MOST_FIRST]
    return {
        str(condition): sheet.pivot_table(index="image_id", columns="step", values=measure)
        for condition, sheet in most_first.groupby("condition")
    }


def perturbation_figure(
    curves: pd.DataFrame,
    clusters: pd.DataFrame | None = None,
    *,
    confidence: float = 0.95,
    seed: int = 1,
    columns: Columns = 2,
) -> "Figure":
    """Draw the perturbation curves, and their difference to the random orders.

    Parameters
    ----------
    curves : pandas.DataFrame
        As in ``curves.parquet``.
    clusters : pandas.DataFrame, optional
        As in ``curve_clusters.tsv``: significant ones are bars below the differences.
    confidence : float, default 0.95
        Confidence of the bands.
    seed : int, default 1
        Seed of the bootstrap over pictures.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        Left, or above, the mean probability of the true expression after each step, for every
        condition; right, or below, the differences of gaze and relevance, one thin line for each
        picture. Bands are bootstrap intervals over pictures.
    """
    sheets = mean_curves(curves)
    figure, [[left, right]] = panel_figure(2, columns, row_cm=(7.0, 8.3))
    main = [name for name in ("random", "relevance", "gaze") if name in sheets]
    for condition in [*(name for name in sheets if name not in main), *main]:
        _draw_mean(left, sheets[condition], condition, confidence, seed)
    left.set(xlabel="removal step", ylabel="probability of the true expression", ylim=(0, 1))
    left.set_title("Perturbation")
    left.legend(reversed(left.lines), [str(line.get_label()) for line in reversed(left.lines)])
    for condition in main[1:]:
        difference = sheets["random"] - sheets[condition]
        steps = difference.columns.to_numpy()
        right.plot(steps, difference.T, color=COLOURS[condition], linewidth=0.4, alpha=0.18)
        _draw_mean(right, difference, condition, confidence, seed)
    right.axhline(0, color=BLACK, linewidth=0.8)
    right.set(xlabel="removal step", ylabel="drop beyond that of random orders")
    right.set_title("Difference to random")
    for axes in (left, right):
        axes.set_xlim(0, int(sheets["random"].columns.max()))
    if clusters is not None:
        _draw_clusters(right, clusters, figure, columns)
    return figure


def _draw_clusters(
    axes: "Axes", clusters: pd.DataFrame, figure: "Figure", columns: Columns
) -> None:
    """Draw a bar for each significant cluster of steps, a row for each pair of conditions."""
    across = axes.get_xaxis_transform()
    colours = ((PAIRS[0], BLACK), (PAIRS[1], PEOPLE), (PAIRS[2], NETWORK))
    for row, ((a, b), colour) in enumerate(colours):
        label: str | None = f"{a} - {b}"
        for first, last in significant_steps(clusters, a, b):
            ends, height = [first - 0.4, last + 0.4], 0.025 + 0.035 * row
            axes.plot(ends, [height] * 2, color=colour, linewidth=3, transform=across, label=label,
                      solid_capstyle="butt")  # fmt: skip
            label = None
    bars = [line for line in axes.lines if " - " in str(line.get_label())]
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.12 * (high - low), high)
    if bars:
        # Below all panels: within them it would hide curves.
        figure.legend(
            handles=bars, title="bars: cluster p < .05", loc="outside lower center",
            ncols=3 if columns == 2 else 2,
        )  # fmt: skip


def _draw_mean(
    axes: "Axes", sheet: pd.DataFrame, condition: str, confidence: float, seed: int
) -> None:
    """Draw a mean curve with its interval."""
    steps = sheet.columns.to_numpy()
    mean, low, high = mean_interval(sheet.to_numpy(), confidence=confidence, seed=seed)
    colour = COLOURS.get(condition, ORANGE)
    axes.fill_between(steps, low, high, color=colour, alpha=0.25, linewidth=0)
    style = LINES.get(condition, _OTHER_LINE)
    label = condition.replace("_", " ")
    axes.plot(steps, mean, linestyle=style, color=colour, label=label)
