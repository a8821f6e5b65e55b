"""Figures of the comparison by region masks: global maps, overlap as bars, trees; on pages."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from comparison.mask_files import ALL_NETWORKS
from comparison.mask_overlap import Mask, foreground
from comparison.mask_tables import FOLD, FOLDS, POOLED
from comparison.mask_trees import ALL_MAPS, BY_EXPRESSION, BY_FOLD, BY_NETWORK, Tree
from study.figures import (
    BLACK,
    CHANCE,
    NETWORK,
    PAGE_CM,
    PEOPLE,
    WIDTH_CM,
    Columns,
    new_figure,
    panel_figure,
    save_figure,
)
from study.writing import remove_file

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONTROLS = ("mean_gaze", "centre", "edges")
PEOPLE_SOURCE = "people"
TREE_STEMS = {
    BY_EXPRESSION: "masks_trees_expressions",
    BY_NETWORK: "masks_trees_networks",
    BY_FOLD: "masks_trees_folds",
    ALL_MAPS: "masks_trees_all",
}
BAR_STEMS = {
    "expression": "masks_bars",
    "fold": "masks_bars_folds",
    "net": "masks_bars_expressions",
}
_STEMS = ("masks_maps", *BAR_STEMS.values(), *TREE_STEMS.values())
# Letters of a long list may be smaller: twelve networks and people in five folds on one page.
_LETTERS_PT, _SMALL_PT, _MANY = 7.0, 6.5, 40
# Height of a line of a list, and of what is above and below it; height for all panels.
_LINE_CM, _SMALL_LINE_CM, _ROUND_CM, _LABEL_CM = 0.32, 0.25, 1.3, 0.6

# Figures by the names of their files.
Pages = dict[str, "Figure"]


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


def bar_panels(table: pd.DataFrame) -> dict[str, dict[str, "pd.Series[float]"]]:
    """Choose the values that bars show, and order them.

    Parameters
    ----------
    table : pandas.DataFrame
        As `comparison.mask_tables.mask_table` gives it.

    Returns
    -------
    dict of str to dict of str to pandas.Series
        For each key of `BAR_STEMS` IoU by panel, the greatest last: of all sources for each
        expression, of all folds for each expression (where there are several), and of all
        expressions for each source. Of pooled maps where there are any, as in the article;
        means only of sources that have every expression.
    """
    kind = POOLED if (table["map"] == POOLED).any() else FOLDS
    whole = table[(table["map"] == kind) & table["iou"].notna()]
    folds = table[(table["map"] == FOLD) & table["iou"].notna()]
    names = [f"{net} {fold}" for net, fold in zip(folds["net"], folds["fold"], strict=True)]
    folds = folds.assign(net=names)
    own = whole[whole["net"] != "mean"]
    # Means over some of the expressions are no rivals of means over all.
    n_shown = own["expression"].nunique() - 1
    own = own[(own["expression"] != "mean") | (own["n_values"] == n_shown)]
    panels = {
        "expression": _series(own, "expression", "net"),
        "fold": _series(folds, "expression", "net") if kind == POOLED else {},
        "net": _series(own[own["expression"] != "mean"], "net", "expression"),
    }
    return {name: found for name, found in panels.items() if found}


def _series(table: pd.DataFrame, panel: str, label: str) -> dict[str, "pd.Series[float]"]:
    """Part the values into panels."""
    ordered = table.sort_values("iou", kind="stable")
    groups = dict(list(ordered.groupby(panel)))
    return {
        str(name): groups[name].set_index(label)["iou"] for name in table[panel].drop_duplicates()
    }


def bars_pages(
    panels: Mapping[str, Mapping[str, "pd.Series[float]"]], columns: Columns = 2
) -> Pages:
    """Draw the overlap with the masks as bars.

    Parameters
    ----------
    panels : mapping
        That of `bar_panels`.
    columns : int, default 2
        1 (8.5 cm) or 2 (17.5 cm).

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By the names of their files; a panel for each expression or source.
    """
    pages: Pages = {}
    for name, found in panels.items():
        most = max(len(values) for values in found.values())
        highest = 1.2 * max(0.01, *(float(values.max()) for values in found.values()))
        for number, part in enumerate(_parts(list(found), most, columns), start=1):
            figure, axes = _panels(len(part), most, columns)
            for one, title in zip(axes, part, strict=True):
                _draw_bars(one, found[title], most)
                one.set(title=_short(title), xlim=(0, highest))
            figure.supxlabel("IoU with the Ekman mask", fontsize=8)
            pages[_page_name(BAR_STEMS[name], number)] = figure
    return pages


def _draw_bars(axes: "Axes", values: "pd.Series[float]", most: int) -> None:
    """Draw the values of one panel."""
    size = _letters_pt(most)
    names = list(map(str, values.index))
    places = range(most - len(names), most)
    bars = axes.barh(places, values.to_numpy(), color=[source_colour(name) for name in names])
    axes.bar_label(bars, fmt="%.2f", fontsize=size, padding=1)
    axes.set_yticks(places, [_short(name) for name in names], fontsize=size)
    axes.set_ylim(-0.6, most - 0.4)


def trees_pages(trees: Sequence[Tree], columns: Columns = 2) -> Pages:
    """Draw trees, those of one kind beside each other.

    Parameters
    ----------
    trees : sequence of Tree
        Of any kinds; leaves that are sources have the colour of people, networks or controls.
    columns : int, default 2
        1 (8.5 cm) or 2 (17.5 cm).

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        By the names of their files; all trees of a kind have one axis of heights, 1 - r.
    """
    pages: Pages = {}
    for kind, stem in TREE_STEMS.items():
        own = {tree.of: tree for tree in trees if tree.kind == kind}
        if not own:
            continue
        most = max(len(tree.names) for tree in own.values())
        # From 0 to 1, as in the article, but for maps that are each other's opposite.
        highest = max(1.0, *(1.05 * float(tree.linkage[:, 2].max()) for tree in own.values()))
        for number, part in enumerate(_parts(list(own), most, columns), start=1):
            figure, panels = _panels(len(part), most, columns)
            for axes, name in zip(panels, part, strict=True):
                _draw_tree(axes, own[name], most)
                axes.set_xlim(0, highest)
            figure.supxlabel("1 - r (average linkage)", fontsize=8)
            pages[_page_name(stem, number)] = figure
    return pages


def _draw_tree(axes: "Axes", tree: Tree, most: int) -> None:
    """Draw one tree."""
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(
        tree.linkage, ax=axes, orientation="right", color_threshold=0,
        above_threshold_color=BLACK, labels=list(tree.names),
    )  # fmt: skip
    names = list(map(str, drawn["ivl"]))
    places = 10 * np.arange(len(names)) + 5
    letters = 30 if tree.kind == ALL_MAPS else 22
    axes.set_yticks(places, [_short(name, letters) for name in names], fontsize=_letters_pt(most))
    # Leaves are as far apart in a small tree as in a large one.
    axes.set_ylim(10 * (len(names) - most), 10 * len(names))
    axes.set_title(_short(tree.of))
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=_LETTERS_PT)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set_visible(True)
    if tree.kind != BY_NETWORK:
        for label, name in zip(axes.get_yticklabels(), names, strict=True):
            label.set_color(source_colour(name))


def maps_pages(maps: "xr.Dataset", masks: Mapping[str, Mask], columns: Columns = 2) -> Pages:
    """Draw the global maps of all sources and expressions.

    Parameters
    ----------
    maps : xarray.Dataset
        That of `comparison.normalised_maps.global_maps`.
    masks : mapping of str to numpy.ndarray of bool
        By expression.
    columns : int, default 2
        1 (8.5 cm) or 2 (17.5 cm).

    Returns
    -------
    dict of str to matplotlib.figure.Figure
        A row for each source; thick lines are the mask, thin ones Otsu's foreground.
    """
    rows = {str(name): maps["pooled"].sel(source=name) for name in maps["source"].to_numpy()}
    if "over_networks" in maps:
        rows[ALL_NETWORKS] = maps["over_networks"]
    shown, across = list(masks), 3 * columns
    row_cm = (WIDTH_CM[columns] - 2.0) / min(across, len(shown)) * 275 / 224
    down = int((PAGE_CM - 0.8) // row_cm)
    names = list(rows)
    pages: Pages = {}
    for first in range(0, len(names), down):
        for left in range(0, len(shown), across):
            own, chosen = names[first : first + down], shown[left : left + across]
            figure = new_figure(WIDTH_CM[columns], 0.8 + row_cm * len(own))
            panels = figure.subplots(len(own), len(chosen), squeeze=False)
            for name, line in zip(own, panels, strict=True):
                for axes, expression in zip(line, chosen, strict=True):
                    _draw_map(axes, rows[name].sel(expression=expression), masks[expression])
                _name_row(line[0], name)
            for axes, expression in zip(panels[0], chosen, strict=True):
                axes.set_title(expression, fontsize=8)
            pages[_page_name("masks_maps", len(pages) + 1)] = figure
    return pages


def _draw_map(axes: "Axes", heat: "xr.DataArray", mask: Mask) -> None:
    """Draw one map with its mask and foreground; nothing where there is no map."""
    values = heat.to_numpy()
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if np.isfinite(values).all() and np.ptp(values) > 0:
        axes.imshow(values, cmap="viridis")
        axes.contour(foreground(values), levels=[0.5], colors=["white"], linewidths=0.5)
    else:
        axes.imshow(np.ones((*values.shape, 3)))
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", fontsize=_LETTERS_PT)
    axes.contour(mask, levels=[0.5], colors=[NETWORK], linewidths=0.9)


def _name_row(axes: "Axes", name: str) -> None:
    """Write a source beside its row."""
    axes.set_ylabel(
        "\n".join(textwrap.wrap(name, 13)), fontsize=_LETTERS_PT, color=source_colour(name),
        rotation=0, ha="right", va="center",
    )  # fmt: skip


def save_pages(pages: Pages, folder: Path, dpi: int) -> None:
    """Save figures, and remove the pages of an earlier run that there are no more.

    Parameters
    ----------
    pages : dict of str to matplotlib.figure.Figure
        By the names of their files.
    folder : Path
        Where they go.
    dpi : int
        Resolution of a PNG.
    """
    for stem in _STEMS:
        for path in [*folder.glob(f"{stem}.*"), *folder.glob(f"{stem}_page-*.*")]:
            if path.stem not in pages:
                remove_file(path)
    for name, figure in pages.items():
        save_figure(figure, folder / name, dpi=dpi)


def _page_name(stem: str, number: int) -> str:
    """Name the file of one page; the first has the name itself."""
    return stem if number == 1 else f"{stem}_page-{number}"


def _parts(names: Sequence[str], most: int, columns: Columns) -> list[Sequence[str]]:
    """Share panels out to pages."""
    down = max(1, int((PAGE_CM - _LABEL_CM) // _panel_cm(most)))
    each = down * _across(columns)
    return [names[first : first + each] for first in range(0, len(names), each)]


def _panels(n: int, most: int, columns: Columns) -> tuple["Figure", list["Axes"]]:
    """Make a page of panels with lists of names."""
    height_cm = _panel_cm(most)
    figure, [panels] = panel_figure(
        n, columns, row_cm=(height_cm, height_cm), across=(_across(1), _across(2)),
        extra_cm=_LABEL_CM,
    )  # fmt: skip
    return figure, panels


def _across(columns: Columns) -> int:
    """Give the number of panels side by side."""
    return 3 if columns == 2 else 1


def _panel_cm(most: int) -> float:
    """Give the height of a panel with so many names."""
    return _ROUND_CM + most * (_LINE_CM if most <= _MANY else _SMALL_LINE_CM)


def _letters_pt(most: int) -> float:
    """Give the size of the letters of so many names."""
    return _LETTERS_PT if most <= _MANY else _SMALL_PT


def _short(name: str, letters: int = 22) -> str:
    """Shorten a name that would not fit beside a panel."""
    half = (letters - 1) // 2
    return name if len(name) <= letters else f"{name[:half]}…{name[-half:]}"
