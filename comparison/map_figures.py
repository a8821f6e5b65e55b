"""Figures of map against map: sweeps of resolution, similarity, RSA, differences by cell."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.figures import MAP_LABELS
from comparison.resolution import SWEEPS
from comparison.similarity import PEOPLE as PEOPLE_SOURCE
from comparison.similarity import average_linkage
from stimuli.expressions import EXPRESSIONS
from study.figures import BLACK, CHANCE, GREEN, NETWORK, ORANGE, PEOPLE, new_figure

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_SWEPT = ("CC", "SIM", "KL", "NSS", "AUC", "IG", "rho")
_STYLES = {
    "relevance": (NETWORK, "-", "o"),
    "relevance_smooth": (ORANGE, "-", "s"),
    "centre": (CHANCE, ":", "^"),
    "mean_gaze": (PEOPLE, "--", "D"),
}
_AXES = {
    "relevance smoothed": ("sigma_ratio", "sigma of relevance / of gaze"),
    "both smoothed": ("sigma_ratio", "sigma of both / the study's"),
    "grid": ("cells_per_side", "cells in a row"),
}


def resolution_figure(table: pd.DataFrame) -> "Figure":
    """Draw map metrics against smoothing and against the grid.

    Parameters
    ----------
    table : pandas.DataFrame
        As in ``resolution.tsv``.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each sweep, a column for each metric; means over pictures with their bootstrap
        intervals.
    """
    metrics = [metric for metric in _SWEPT if metric in set(table["metric"])]
    figure = new_figure(height_cm=11)
    panels = figure.subplots(len(SWEEPS), len(metrics), squeeze=False, sharey="col")
    for row, sweep in zip(panels, SWEEPS, strict=True):
        column, label = _AXES[sweep]
        for axes, metric in zip(row, metrics, strict=True):
            own = table[(table["sweep"] == sweep) & (table["metric"] == metric)]
            _draw_sweep(axes, own, column)
            axes.tick_params(labelsize=6)
            if sweep == next(iter(SWEEPS)):
                axes.set_title(metric)
        row[len(metrics) // 2].set_xlabel(label)
        row[0].set_ylabel(sweep, fontsize=7)
    handles = {line.get_label(): line for axes in panels.ravel() for line in axes.lines}
    named = {name: handles[name] for name in MAP_LABELS.values() if name in handles}
    figure.legend(
        named.values(), named.keys(), loc="outside lower center", ncols=max(1, len(named))
    )
    return figure


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


def similarity_figure(table: pd.DataFrame) -> "Figure":
    """Draw the correlations of all maps with each other, ordered by a dendrogram.

    Parameters
    ----------
    table : pandas.DataFrame
        As in ``similarity.tsv``.

    Returns
    -------
    matplotlib.figure.Figure
        Above the tree (average linkage on 1 - r), below it the matrix in its order. Names of
        people's maps are blue.
    """
    from scipy.cluster.hierarchy import dendrogram

    matrix = similarity_square(table)
    tree, cophenetic = average_linkage(matrix)
    n = len(matrix)
    figure = new_figure(height_cm=min(24.0, 4.5 + 0.4 * n))
    top, below = figure.subplots(2, 1, height_ratios=[1, 3.2])
    drawn = dendrogram(tree, ax=top, no_labels=True, color_threshold=0, above_threshold_color=BLACK)
    order = drawn["leaves"]
    top.set(ylabel="1 - r", xticks=[])
    title = "Average linkage"
    top.set_title(title if np.isnan(cophenetic) else f"{title}, cophenetic r = {cophenetic:.2f}")
    top.spines["bottom"].set_visible(False)
    values = matrix.to_numpy()[np.ix_(order, order)]
    image = below.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    labels = [f"{source}: {expression}" for source, expression in matrix.index[order]]
    size = min(7.0, 190 / n)
    below.set_xticks([])
    below.set_yticks(range(n), labels, fontsize=size)
    for own in below.get_yticklabels():
        own.set_color(PEOPLE if own.get_text().startswith(f"{PEOPLE_SOURCE}:") else NETWORK)
    below.spines[:].set_visible(False)
    # The tree's leaves stand above the matrix's columns.
    top.set_xlim(0, 10 * n)
    below.set_xlim(-0.5, n - 0.5)
    figure.colorbar(image, ax=below, location="right", label="r", shrink=0.6)
    figure.colorbar(image, ax=top, location="right").ax.set_visible(False)
    return figure


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


def rsa_figure(similarity: pd.DataFrame, rsa: pd.DataFrame) -> "Figure":
    """Draw the patterns of distances, and how they agree with participants' own.

    Parameters
    ----------
    similarity, rsa : pandas.DataFrame
        As in ``similarity.tsv`` and ``rsa.tsv``, whose rows are at least one.

    Returns
    -------
    matplotlib.figure.Figure
        The distances between expressions for people and up to three explanations; right each
        explanation's mean tau-a with the participants, and the noise ceiling as a band.
    """
    matrix = similarity_square(similarity)
    sources = list(dict.fromkeys(matrix.index.get_level_values("source")))
    shown = sources[:4]
    figure = new_figure(height_cm=4.6)
    panels = figure.subplots(1, len(shown) + 1, width_ratios=[1] * len(shown) + [1.4])
    for axes, source in zip(panels, shown, strict=False):
        block = 1 - matrix.loc[source, source]
        names = [name for name in EXPRESSIONS if name in block.index]
        values = block.loc[names, names].to_numpy()
        axes.imshow(values, cmap="viridis", vmin=0)
        axes.set_title(f"{source}\n0 to {values.max():.2g}", fontsize=6)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        axes.set_yticks(range(len(names)), names if axes is panels[0] else [], fontsize=6)
    _draw_taus(panels[-1], rsa[rsa["a"] == PEOPLE_SOURCE])
    return figure


def _draw_taus(axes: "Axes", rsa: pd.DataFrame) -> None:
    """Draw how well each explanation's pattern agrees with the participants'."""
    low, high = rsa["ceiling_low"].iloc[0], rsa["ceiling_high"].iloc[0]
    if np.isfinite(low):
        axes.axvspan(low, high, color=PEOPLE, alpha=0.25, linewidth=0)
        axes.set_title("band: noise ceiling", fontsize=6)
    places = np.arange(len(rsa))[::-1]
    shown = rsa["tau_participants"].fillna(rsa["tau_a"])
    axes.barh(places, shown, color=NETWORK, height=0.5)
    for place, name, p in zip(places, rsa["b"], rsa["p"], strict=True):
        text = f"{name}, p = {p:.3f}".replace(" 0.", " .")
        axes.annotate(text, (0, place + 0.3), fontsize=6, va="bottom")
    axes.axvline(0, color=BLACK, linewidth=0.8)
    axes.set(yticks=[], ylim=(-0.6, len(rsa) - 0.1))
    axes.set_xlabel("tau-a with participants")


def difference_figure(maps: "xr.Dataset") -> "Figure":
    """Draw gaze minus relevance, over pictures and over participants, with its clusters.

    Parameters
    ----------
    maps : xarray.Dataset
        As in ``map_differences.nc``.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each unit, a column for all pictures and for each expression. Colours are the
        mean difference of density, one scale for all; lines surround significant clusters.
    """
    units, groups = maps["unit"].to_numpy(), maps["expression"].to_numpy()
    figure = new_figure(height_cm=5.0)
    panels = figure.subplots(len(units), len(groups), squeeze=False)
    n_cells = maps.sizes["y"] * maps.sizes["x"]
    # Per cell of a uniform map: 1 is as dense as uniform more than relevance.
    largest = n_cells * float(np.nanquantile(np.abs(maps["difference"].to_numpy()), 0.999))
    for row, unit in zip(panels, units, strict=True):
        for axes, group in zip(row, groups, strict=True):
            own = maps.sel(unit=unit, expression=group)
            image = _draw_difference(axes, own, n_cells, largest or 1.0)
            if unit == units[0]:
                axes.set_title(group, fontsize=7)
        row[0].set_ylabel(f"over {unit}")
    figure.colorbar(image, ax=panels, shrink=0.8, label="gaze - relevance\n(uniform density = 1)")
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
        axes.text(0.5, 0.04, "no test", transform=axes.transAxes, ha="center", fontsize=5)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return image
