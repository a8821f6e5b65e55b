"""Maps of people, networks and controls against the regions where expressions are said to show."""

from comparison.mask_figures import bars_figure, maps_figure, trees_figure
from comparison.mask_tables import FOLDS
from comparison.mask_trees import BY_EXPRESSION, BY_FOLD, BY_NETWORK, heat_trees
from comparison.normalised_maps import as_heatmaps
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from stimuli.ekman import canonical_mask
from stimuli.expressions import EXPRESSIONS
from study.folder import Study
from study.maps import read_maps
from study.tables import read_table

_TREES = {
    BY_EXPRESSION: ("masks_trees_expressions", "Which sources are alike on each expression"),
    BY_NETWORK: ("masks_trees_networks", "Which expressions are alike for each source"),
    BY_FOLD: ("masks_trees_folds", "The same of every fold of every source"),
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
    columns = {"net": str, "expression": str, "map": str, "iou": float}
    table = read_table(path, what=what, columns=columns)
    maps = read_maps(study.comparison_dir / "mask_maps.nc", what=what)
    heat = as_heatmaps(maps)
    masks = {name: canonical_mask(name) for name in heat.expressions}
    figures = [
        ReportFigure(
            "masks_maps",
            "Mean maps in the normalised face space, over the pictures of each expression; all "
            "are smoothed like gaze. Thick lines are the Ekman masks, thin ones the foreground "
            "(Otsu).",
            maps_figure(maps, masks),
        ),
        ReportFigure(
            "masks_bars",
            "Overlap (IoU) of each map's foreground with the mask of its expression; the best is "
            "at the top.",
            bars_figure(table),
        ),
    ]
    trees = heat_trees(heat)
    for kind, (name, caption) in _TREES.items():
        if own := [tree for tree in trees if tree.kind == kind]:
            caption += ": average linkage on 1 - r of the mean maps."
            figures.append(ReportFigure(name, caption, trees_figure(own)))
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
                "masks_iou", "IoU with the masks.",
                shown[order].rename_axis(columns=None).reset_index(), 3,
            ),
        ),
    )  # fmt: skip
