"""Figures of map against map: sweeps of resolution, similarity, RSA, differences by cell."""

from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.figures import MAP_LABELS
from comparison.resolution import SWEEPS
from comparison.similarity import PEOPLE as PEOPLE_SOURCE
from comparison.similarity import average_linkage
from stimuli.expressions import EXPRESSIONS
from study.figures import (
    BLACK,
    CHANCE,
    GREEN,
    NETWORK,
    ORANGE,
    PAGE_CM,
    PEOPLE,
    WIDTH_CM,
    Columns,
    broken_name,
    new_figure,
    panel_figure,
    starts_row,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

_SWEPT = ("CC", "SIM", "KL", "NSS", "AUC", "IG", "rho")
_STYLES = {
    "relevance": (NETWORK, "-", "o"),
    "relevance_smooth": (ORANGE, "-", "s"),
    "centre": (CHANCE, ":", "^"),
    "mean_gaze": (PEOPLE, "--", "D"),
}
# In a line of what is written above a bar.
_BAR_LETTERS = 30
_AXES = {
    "relevance smoothed": ("sigma_ratio", "sigma of relevance / of gaze"),
    "both smoothed": ("sigma_ratio", "sigma of both / the study's"),
    "grid": ("cells_per_side", "cells in a row"),
}


def resolution_figure(table: pd.DataFrame, *, columns: Columns = 2) -> "Figure":
    """Draw map metrics against smoothing and against the grid.

    Parameters
    ----------
    table : pandas.DataFrame
        As in ``resolution.tsv``.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each sweep and a column for each metric, at one column the other way round;
        means over pictures with their bootstrap intervals.
    """
    metrics = [metric for metric in _SWEPT if metric in set(table["metric"])]
    if columns == 2:
        figure = new_figure(WIDTH_CM[2], 11.5)
        panels = figure.subplots(len(SWEEPS), len(metrics), squeeze=False, sharey="col")
    else:
        figure = new_figure(WIDTH_CM[1], 3.2 + 2.4 * len(metrics))
        panels = figure.subplots(
            len(metrics), len(SWEEPS), squeeze=False, sharex="col", sharey="row"
        ).T
    for row, sweep in zip(panels, SWEEPS, strict=True):
        for axes, metric in zip(row, metrics, strict=True):
            own = table[(table["sweep"] == sweep) & (table["metric"] == metric)]
            _draw_sweep(axes, own, _AXES[sweep][0])
    _name_sweeps(panels, metrics, columns)
    handles = {line.get_label(): line for axes in panels.ravel() for line in axes.lines}
    named = {name: handles[name] for name in MAP_LABELS.values() if name in handles}
    figure.legend(
        named.values(), named.keys(), loc="outside lower center",
        ncols=max(1, len(named) if columns == 2 else 2),
    )  # fmt: skip
    return figure


def _name_sweeps(panels: "NDArray[np.object_]", metrics: list[str], columns: Columns) -> None:
    """Write what rows and columns are; panels are sweeps by metrics."""
    for row, sweep in zip(panels, SWEEPS, strict=True):
        label = _AXES[sweep][1]
        if columns == 2:
            row[len(metrics) // 2].set_xlabel(label)
            row[0].set_ylabel(sweep, fontsize=7)
        else:
            row[0].set_title(sweep.replace(" ", "\n"), fontsize=8)
            row[-1].set_xlabel(label.replace(" / ", "\n/ "), fontsize=7)
    for axes, metric in zip(panels[0], metrics, strict=True):
        if columns == 2:
            axes.set_title(metric)
        else:
            axes.set_ylabel(metric)


def _draw_sweep(axes: "Axes", table: pd.DataFrame, column: str) -> None:
    """Draw one metric of one sweep; no smoothing stands left of the narrowest one."""
    values = np.sort(table[column].unique())
    ticks = [f"{value:g}" for value in values]
    for name, sheet in table.groupby("map", sort=False):
        colour, line, marker = _STYLES[str(name)]
        places = np.searchsorted(values, sheet[column])
        axes.fill_between(
            places, sheet["ci_low"], sheet["ci_high"], color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(
            places, sheet["mean"], line, color=colour, marker=marker, markersize=2.5,
            linewidth=1, label=MAP_LABELS[str(name)],
        )  # fmt: skip
    axes.set_xticks(range(len(values)), ticks, rotation=90)


def similarity_figure(table: pd.DataFrame, *, columns: Columns = 2) -> "Figure":
    """Draw the correlations of all maps with each other, ordered by a dendrogram.

    Parameters
    ----------
    table : pandas.DataFrame
        As in ``similarity.tsv``.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        Above the tree (average linkage on 1 - r), below it the matrix in its order. Names of
        people's maps are blue. At one column letters stand for the sources.
    """
    from scipy.cluster.hierarchy import dendrogram

    matrix = similarity_square(table)
    tree, cophenetic = average_linkage(matrix)
    n = len(matrix)
    height_cm = min(PAGE_CM, 4.5 + 0.4 * n + 2.0 * (2 - columns))
    figure = new_figure(WIDTH_CM[columns], height_cm)
    top, below = figure.subplots(2, 1, height_ratios=[2.4, height_cm - 3.0])
    drawn = dendrogram(tree, ax=top, no_labels=True, color_threshold=0, above_threshold_color=BLACK)
    order = drawn["leaves"]
    top.set(ylabel="1 - r", xticks=[])
    title = "Average linkage"
    top.set_title(title if np.isnan(cophenetic) else f"{title}, cophenetic r = {cophenetic:.2f}")
    top.spines["bottom"].set_visible(False)
    values = matrix.to_numpy()[np.ix_(order, order)]
    image = below.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    below.set_xticks([])
    _name_maps(below, list(matrix.index[order]), columns)
    below.spines[:].set_visible(False)
    # The tree's leaves stand above the matrix's columns.
    top.set_xlim(0, 10 * n)
    below.set_xlim(-0.5, n - 0.5)
    if columns == 1:
        figure.colorbar(image, ax=below, location="bottom", label="r", shrink=0.8, aspect=30)
    else:
        figure.colorbar(image, ax=below, location="right", label="r", shrink=0.6)
        figure.colorbar(image, ax=top, location="right").ax.set_visible(False)
    return figure


def _name_maps(axes: "Axes", maps: list[tuple[str, str]], columns: Columns) -> None:
    """Write the names of the matrix' rows; where they have no room, letters for their sources."""
    sources = sorted({source for source, _ in maps}, key=lambda name: (name != PEOPLE_SOURCE, name))
    short = dict(zip(sources, ascii_uppercase + ascii_lowercase, strict=False))
    if columns == 2:
        short = {source: source for source in sources}
    labels = [f"{short[source]}: {expression}" for source, expression in maps]
    axes.set_yticks(range(len(maps)), labels, fontsize=min(7.0, 440 / len(maps)))
    for own, (source, _) in zip(axes.get_yticklabels(), maps, strict=True):
        own.set_color(PEOPLE if source == PEOPLE_SOURCE else NETWORK)
    if columns == 1:
        key = "\n".join(f"{letter}: {source}" for source, letter in short.items())
        axes.set_xlabel(key, fontsize=7)


def similarity_square(table: pd.DataFrame) -> pd.DataFrame:
    """Bring ``similarity.tsv`` back to its square form.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each pair.

    Returns
    -------
    pandas.DataFrame
        Rows and columns are pairs of source and expression, in the order of the table.
    """
    keys = list(dict.fromkeys(zip(table["source_a"], table["expression_a"], strict=True)))
    index = pd.MultiIndex.from_tuples(keys, names=["source", "expression"])
    values = table["r"].to_numpy(dtype=np.float64).reshape(len(keys), len(keys))
    return pd.DataFrame(values, index=index, columns=index)


def rsa_figure(similarity: pd.DataFrame, rsa: pd.DataFrame, *, columns: Columns = 2) -> "Figure":
    """Draw the patterns of distances, and how they agree with participants' own.

    Parameters
    ----------
    similarity, rsa : pandas.DataFrame
        As in ``similarity.tsv`` and ``rsa.tsv``, whose rows are at least one.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        The distances between expressions for people and up to three explanations; last each
        explanation's mean tau-a with the participants, and the noise ceiling as a band.
    """
    matrix = similarity_square(similarity)
    sources = list(dict.fromkeys(matrix.index.get_level_values("source")))
    shown = sources[:4]
    own = rsa[rsa["a"] == PEOPLE_SOURCE]
    labels = [
        f"{broken_name(name, _BAR_LETTERS)}\np = {p:.3f}".replace(" 0.", " .")
        for name, p in zip(own["b"], own["p"], strict=True)
    ]
    n_lines = max(label.count("\n") for label in labels) + 1
    bars_cm = 1.9 + (0.5 + 0.3 * n_lines) * len(labels)
    figure, panels, last = _rsa_panels(len(shown), bars_cm, columns)
    for axes, source in zip(panels, shown, strict=True):
        block = 1 - matrix.loc[source, source]
        names = [name for name in EXPRESSIONS if name in block.index]
        values = block.loc[names, names].to_numpy()
        axes.imshow(values, cmap="viridis", vmin=0)
        axes.set_title(f"{broken_name(source, 18)}\n0 to {values.max():.2g}", fontsize=7)
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names if starts_row(axes) else [])
    _draw_taus(last, own, labels)
    # One pass of the layout leaves square panels' titles a little beyond the edge.
    figure.draw_without_rendering()
    return figure


def _rsa_panels(n: int, bars_cm: float, columns: Columns) -> tuple["Figure", list["Axes"], "Axes"]:
    """Lay out n matrices, in a row or two by two, and the panel of bars after them."""
    if columns == 2:
        figure = new_figure(WIDTH_CM[2], max(5.4, bars_cm))
        *panels, last = figure.subplots(1, n + 1, width_ratios=[1] * n + [1.4])
        return figure, panels, last
    rows = -(-n // 2)
    figure = new_figure(WIDTH_CM[1], min(PAGE_CM, 5.2 * rows + bars_cm))
    grid = figure.add_gridspec(rows + 1, 2, height_ratios=[3.6] * rows + [bars_cm - 1.5])
    panels = [figure.add_subplot(grid[divmod(place, 2)]) for place in range(n)]
    return figure, panels, figure.add_subplot(grid[rows, :])


def _draw_taus(axes: "Axes", rsa: pd.DataFrame, labels: list[str]) -> None:
    """Draw how well each explanation's pattern agrees with the participants'."""
    low, high = rsa["ceiling_low"].iloc[0], rsa["ceiling_high"].iloc[0]
    if np.isfinite(low):
        axes.axvspan(low, high, color=PEOPLE, alpha=0.25, linewidth=0)
        axes.set_title("band: noise ceiling", fontsize=7)
    places = np.arange(len(rsa))[::-1]
    shown = rsa["tau_participants"].fillna(rsa["tau_a"])
    axes.barh(places, shown, color=NETWORK, height=0.25)
    for place, label in zip(places, labels, strict=True):
        axes.text(
            0.02, place + 0.18, label, fontsize=7, va="bottom",
            transform=axes.get_yaxis_transform(),
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.5},
        )  # fmt: skip
    axes.axvline(0, color=BLACK, linewidth=0.8)
    axes.set(yticks=[], ylim=(-0.3, len(rsa) - 0.1))
    axes.set_xlabel("tau-a with participants")


def difference_figure(maps: "xr.Dataset", *, columns: Columns = 2) -> "Figure":
    """Draw gaze minus relevance, over pictures and over participants, with its clusters.

    Parameters
    ----------
    maps : xarray.Dataset
        As in ``map_differences.nc``.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each unit, a column for all pictures and for each expression; at one column four
        of these in a row, and the others below. Colours are the
        mean difference of density, one scale for all; lines surround significant clusters.
    """
    units, groups = maps["unit"].to_numpy(), maps["expression"].to_numpy()
    figure, panels = panel_figure(
        len(groups), columns, row_cm=(2.3, 2.4), across=(4, len(groups)), kinds=len(units),
        extra_cm=1.4 if columns == 1 else 0.2,
    )  # fmt: skip
    n_cells = maps.sizes["y"] * maps.sizes["x"]
    # Per cell of a uniform map: 1 is as dense as uniform more than relevance.
    largest = n_cells * float(np.nanquantile(np.abs(maps["difference"].to_numpy()), 0.999))
    for row, unit in zip(panels, units, strict=True):
        for axes, group in zip(row, groups, strict=True):
            own = maps.sel(unit=unit, expression=group)
            image = _draw_difference(axes, own, n_cells, largest or 1.0)
            if unit == units[0]:
                axes.set_title(group, fontsize=7)
        for axes in filter(starts_row, row):
            axes.set_ylabel(f"over\n{unit}")
    label = "gaze - relevance\n(uniform density = 1)"
    every = [axes for row in panels for axes in row]
    if columns == 1:
        figure.colorbar(
            image, ax=every, location="bottom", aspect=40, label=label.replace("\n", " ")
        )
    else:
        figure.colorbar(image, ax=every, shrink=0.8, label=label)
    return figure


def _draw_difference(axes: "Axes", maps: "xr.Dataset", n_cells: int, largest: float) -> "AxesImage":
    """Draw one mean difference and its significant clusters."""
    values = n_cells * maps["difference"].to_numpy()
    image = axes.imshow(values, cmap="PuOr_r", vmin=-largest, vmax=largest)
    significant, t = maps["significant"].to_numpy() > 0, maps["t"].to_numpy()
    for chosen, colour in ((significant & (t > 0), PEOPLE), (significant & (t < 0), GREEN)):
        if chosen.any():
            axes.contour(chosen, levels=[0.5], colors=[colour], linewidths=1.0)
    if np.isnan(t).all():
        axes.text(0.5, 0.04, "no test", transform=axes.transAxes, ha="center", fontsize=7)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return image
