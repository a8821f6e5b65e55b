"""The step that judges a study's maps by region masks, in the normalised face space."""

from typing import TYPE_CHECKING

import numpy as np

from comparison import mask_tables
from comparison.mask_figures import bar_panels, bars_pages, maps_pages, save_pages, trees_pages
from comparison.mask_sources import mask_networks, mask_sources, source_files
from comparison.mask_trees import TREE_COLUMNS, heat_trees, tree_table
from comparison.normalised_maps import as_heatmaps, global_maps
from stimuli.catalog import picture_frame, picture_landmarks
from stimuli.ekman import canonical_mask
from study.errors import InputError
from study.folder import Study
from study.maps import write_maps
from study.progress import say
from study.provenance import Step
from study.tables import write_table

if TYPE_CHECKING:
    import xarray as xr


def masks_step(study: Study) -> Step:
    """Describe the step that judges a study's maps by region masks.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        Makes masks.tsv, mask_trees.tsv, mask_maps.nc and the figures masks_*.
    """
    folder, settings = study.comparison_dir, study.settings
    # How many pages they have, and whether there are trees of folds, the maps decide.
    figures = ["masks_bars", "masks_maps"]
    return Step(
        command="compare masks",
        inputs=(
            *source_files(study),
            study.manifest_tsv,
            study.crops_tsv,
            study.landmarks_tsv,
        ),
        outputs=(
            *(
                folder / f"{name}.{end}"
                for name in ("masks", "mask_trees")
                for end in ("tsv", "json")
            ),
            folder / "mask_maps.nc",
            *(folder / "figures" / f"{name}.{end}" for name in figures for end in ("svg", "png")),
        ),
        settings={
            "picture_px": settings.stimuli.picture_px,
            "networks": mask_networks(study),
            "method": settings.cnn.method,
            "network_answers": settings.comparison.network_answers,
            "centre_sigma": settings.comparison.centre_sigma,
            "cells_per_side": settings.comparison.cells_per_side,
            "smoothing": settings.comparison.mask_smoothing,
            "weight": settings.comparison.mask_weight,
            "figure_dpi": settings.report.figure_dpi,
            "columns": settings.report.columns,
        },
        run=lambda: _masks(study),
        follows="report",
    )


def _masks(study: Study) -> None:
    """Warp all maps, judge them by the masks, cluster them, and write and draw it all."""
    sources, networks = mask_sources(study)
    _check_expressions({name for source in sources for name in source.expressions})
    names = sorted({name for source in sources for name in source.image_ids})
    landmarks = picture_landmarks(study, names)
    equal = study.settings.comparison.mask_weight == "equal"
    maps = global_maps(sources, landmarks, picture_frame(study), equal=equal, networks=networks)
    heat = as_heatmaps(maps)
    masks = {name: canonical_mask(name) for name in heat.expressions}
    table = mask_tables.mask_table(heat, masks, networks)
    if len(networks) < 2:
        # A mean over people, explanations and controls would mean nothing.
        table = table[table["net"] != "mean"]
    _say_missing(maps)
    trees = heat_trees(heat)
    folder, report = study.comparison_dir, study.settings.report
    write_table(folder / "masks.tsv", table, mask_tables.MASK_COLUMNS)
    write_table(folder / "mask_trees.tsv", tree_table(trees), TREE_COLUMNS)
    write_maps(folder / "mask_maps.nc", maps)
    pages = maps_pages(maps, masks, report.columns)
    pages |= bars_pages(bar_panels(table), report.columns)
    pages |= trees_pages(trees, report.columns)
    save_pages(pages, folder / "figures", report.figure_dpi)
    say(mask_tables.iou_table(table))


def _check_expressions(shown: set[str]) -> None:
    """Refuse maps of one expression."""
    if len(shown) < 2:
        raise InputError(
            "A comparison by masks needs pictures of two expressions other than neutral, but "
            f"there are pictures of {', '.join(sorted(shown)) or 'none'}. Record and explain "
            "more."
        )


def _say_missing(maps: "xr.Dataset") -> None:
    """Name the maps that cannot be judged: without a picture, or the same everywhere."""
    for name in maps["source"].to_numpy():
        own = maps.sel(source=name)
        empty = own["n_pictures"].to_numpy() == 0
        flat = np.ptp(own["heat"].to_numpy(), axis=(2, 3)) == 0
        for wrong, told in ((empty, "no picture"), (flat, "the same value everywhere")):
            if wrong.any():
                say(f"  no values, {told}: {wrong.sum()} of {wrong.size} maps of {name} by fold")
