"""Maps of people, networks and controls against the regions where expressions are said to show."""

from comparison.mask_figures import (
    BAR_STEMS,
    TREE_STEMS,
    bar_panels,
    bars_pages,
    maps_pages,
    trees_pages,
)
from comparison.mask_tables import FOLDS
from comparison.mask_trees import ALL_MAPS, BY_EXPRESSION, BY_FOLD, BY_NETWORK, heat_trees
from comparison.normalised_maps import as_heatmaps
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from stimuli.ekman import canonical_mask
from stimuli.expressions import EXPRESSIONS
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

_CAPTIONS = {
    "masks_maps": "Mean maps in the normalised face space, over the pictures of each expression. "
    "Thick lines are the Ekman masks, thin ones the foreground (Otsu).",
    BAR_STEMS["expression"]: "Overlap (IoU) of each map's foreground with the mask of its "
    "expression, over the pictures of all folds; the best is at the top.",
    BAR_STEMS["fold"]: "The same of every fold's map.",
    BAR_STEMS["net"]: "The same overlap, expressions of each source side by side.",
    TREE_STEMS[BY_EXPRESSION]: "Which sources are alike on each expression",
    TREE_STEMS[BY_NETWORK]: "Which expressions are alike for each source",
    TREE_STEMS[BY_FOLD]: "The same of every fold of every source",
    TREE_STEMS[ALL_MAPS]: "The same of every expression of every source",
}


def masks_section(study: Study) -> ReportSection | None:
    """Show how the maps of all sources cover the Ekman masks, and which are alike.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection or None
        None where the maps were not compared with masks (`faceoff compare masks`).
    """
    path = study.comparison_dir / "masks.tsv"
    if not path.is_file():
        return None
    what = "The comparison by masks (faceoff compare masks)"
    texts = dict.fromkeys(("net", "expression", "map", "fold"), str)
    table = read_table(path, what=what, columns=texts | {"iou": float, "n_values": float})
    maps = read_maps(study.comparison_dir / "mask_maps.nc", what=what)
    heat = as_heatmaps(maps)
    masks = {name: canonical_mask(name) for name in heat.expressions}
    columns = study.settings.report.columns
    pages = maps_pages(maps, masks, columns) | bars_pages(bar_panels(table), columns)
    pages |= trees_pages(heat_trees(heat), columns)
    figures = [ReportFigure(name, _caption(name), figure) for name, figure in pages.items()]
    shown = table[table["map"] == FOLDS].pivot_table(
        index="net", columns="expression", values="iou", sort=False
    )
    order = [name for name in (*EXPRESSIONS, "mean") if name in shown]
    return ReportSection(
        "Regions where expressions are said to show",
        (
            "The masks are drawn after Ekman's descriptions [@gayamorey2024]. A mask says where an "
            "expression shows by theory; neutral has none. A map that covers a mask no better "
            "than mean gaze, the centre or edges has found a face, not an expression.",
        ),
        tuple(figures),
        (
            ReportTable(
                "masks_iou", "IoU with the masks, means of folds.",
                shown[order].rename_axis(columns=None).reset_index(), 3,
            ),
        ),
    )  # fmt: skip


def _caption(name: str) -> str:
    """Say what a page shows."""
    stem, page, number = name.partition("_page-")
    caption = _CAPTIONS[stem]
    if stem in TREE_STEMS.values():
        caption += ": average linkage on 1 - r of the mean maps."
    return f"{caption} (Page {number}.)" if page else caption
