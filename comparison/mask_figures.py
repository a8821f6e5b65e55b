"""Figures of the comparison by region masks: global maps, overlap as bars, trees."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.mask_overlap import Mask, foreground
from comparison.mask_tables import FOLDS
from comparison.mask_trees import BY_NETWORK, Tree
from study.figures import BLACK, CHANCE, NETWORK, PEOPLE, new_figure

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONTROLS = ("mean_gaze", "centre", "edges")
PEOPLE_SOURCE = "people"


def source_colour(name: str) -> str:
    """Give the colour of people, of controls, or of a network's explanation.

    Parameters
    ----------
    name : str
        The source; that of a fold's map may end in the fold.

    Returns
    -------
    str
        The colour.

    Examples
    --------
    >>> source_colour("people 2") == source_colour("people") != source_colour("lrp.z_plus")
    True
    """
    first = name.split(" ")[0]
    if first == PEOPLE_SOURCE:
        return PEOPLE
    return CHANCE if first in CONTROLS else NETWORK


def bars_figure(table: pd.DataFrame) -> "Figure":
    """Draw the overlap with the mask of every source, a panel for each expression.

    Parameters
    ----------
    table : pandas.DataFrame
        As `comparison.mask_tables.mask_table` gives it.

    Returns
    -------
    matplotlib.figure.Figure
        IoU, means of folds; the last panel is the mean over expressions. The best is at the top.
    """
    own = table[table["map"] == FOLDS]
    shown = list(dict.fromkeys(own["expression"]))
    n_columns = min(3, len(shown))
    n_rows = -(-len(shown) // n_columns)
    n_sources = own["net"].nunique()
    figure = new_figure(height_cm=n_rows * (1.6 + 0.42 * n_sources))
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True).ravel()
    for axes, expression in zip(panels, shown, strict=False):
        rows = own[own["expression"] == expression].sort_values("iou", kind="stable")
        colours = [source_colour(name) for name in rows["net"]]
        bars = axes.barh(range(len(rows)), rows["iou"], color=colours)
        axes.bar_label(bars, fmt="%.2f", fontsize=6, padding=1)
        axes.set_yticks(range(len(rows)), [_short(name) for name in rows["net"]], fontsize=6)
        axes.set_title(expression)
        axes.tick_params(labelbottom=True)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    panels[0].set_xlim(0, 1.15 * max(0.01, float(own["iou"].max())))
    figure.supxlabel("IoU with the Ekman mask", fontsize=8)
    return figure


def trees_figure(trees: Sequence[Tree]) -> "Figure":
    """Draw trees of one kind beside each other.

    Parameters
    ----------
    trees : sequence of Tree
        One or more; leaves that are sources have the colour of people, networks or controls.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each tree, all with one axis of heights, 1 - r.
    """
    from scipy.cluster.hierarchy import dendrogram

    n_columns = min(3, len(trees))
    n_rows = -(-len(trees) // n_columns)
    leaves = max(len(tree.names) for tree in trees)
    figure = new_figure(height_cm=min(60.0, n_rows * (1.5 + 0.38 * leaves)))
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True).ravel()
    for axes, tree in zip(panels, trees, strict=False):
        dendrogram(
            tree.linkage, ax=axes, orientation="right", labels=[_short(n) for n in tree.names],
            color_threshold=0, above_threshold_color=BLACK, leaf_font_size=5.5,
        )  # fmt: skip
        axes.set_title(_short(tree.of))
        axes.tick_params(labelbottom=True)
        axes.spines["left"].set_visible(False)
        if tree.kind != BY_NETWORK:
            colours = {_short(name): source_colour(name) for name in tree.names}
            for label in axes.get_yticklabels():
                label.set_color(colours[label.get_text()])
    for axes in panels[len(trees) :]:
        axes.set_visible(False)
    highest = max(float(tree.linkage[:, 2].max()) for tree in trees)
    panels[0].set_xlim(0, max(1e-6, 1.05 * highest))
    figure.supxlabel("1 - r (average linkage)", fontsize=8)
    return figure


def maps_figure(maps: "xr.Dataset", masks: Mapping[str, Mask]) -> "Figure":
    """Draw the global maps of all sources and expressions.

    Parameters
    ----------
    maps : xarray.Dataset
        That of `comparison.normalised_maps.global_maps`.
    masks : mapping of str to numpy.ndarray of bool
        By expression.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each source; thick lines are the mask, thin ones Otsu's foreground.
    """
    sources, shown = maps["source"].to_numpy(), maps["expression"].to_numpy()
    figure = new_figure(height_cm=0.8 + 3.1 * len(sources))
    panels = figure.subplots(len(sources), len(shown), squeeze=False)
    for row, source in zip(panels, sources, strict=True):
        for axes, expression in zip(row, shown, strict=True):
            heat = maps["pooled"].sel(source=source, expression=expression).to_numpy()
            _draw_map(axes, heat, masks[expression])
            if source == sources[0]:
                axes.set_title(expression, fontsize=7)
        row[0].set_ylabel(_short(str(source)), fontsize=6, color=source_colour(str(source)))
    return figure


def _draw_map(axes: "Axes", heat: np.ndarray, mask: Mask) -> None:
    """Draw one map with its mask and foreground."""
    axes.imshow(heat, cmap="viridis")
    axes.contour(foreground(heat), levels=[0.5], colors=["white"], linewidths=0.5)
    axes.contour(mask, levels=[0.5], colors=[NETWORK], linewidths=0.9)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _short(name: str) -> str:
    """Shorten a name that would not fit beside a panel."""
    return name if len(name) <= 24 else f"{name[:12]}…{name[-11:]}"
