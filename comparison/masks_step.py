"""The step that judges a study's maps by region masks, in the normalised face space."""

import pandas as pd

from cnn.folds import folds_of, folds_tsv
from comparison import inputs, mask_tables, mask_trees
from comparison.conditions import ConditionInputs, Maps, condition_maps
from comparison.map_inputs import explanation_files, read_explanations
from comparison.mask_figures import (
    CONTROLS,
    PEOPLE_SOURCE,
    bars_figure,
    maps_figure,
    trees_figure,
)
from comparison.normalised_maps import as_heatmaps, global_maps, smooth_maps
from stimuli.catalog import picture_frame, picture_landmarks
from stimuli.ekman import canonical_mask
from stimuli.expressions import EXPRESSIONS
from stimuli.normalised import WIDTH_PX
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.figures import save_figure
from study.folder import Study
from study.maps import write_maps
from study.progress import say
from study.provenance import Step
from study.tables import write_table
from study.writing import remove_file

_KINDS = {
    "expressions": mask_trees.BY_EXPRESSION,
    "networks": mask_trees.BY_NETWORK,
    "folds": mask_trees.BY_FOLD,
}
ONE_FOLD = "all"


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
    folder = study.comparison_dir
    folds = folds_tsv(study, study.settings.cnn.model)
    there = [folds] if folds.is_file() else []
    # Whether there are trees of folds, the pictures decide: see _folds.
    figures = ["masks_bars", "masks_maps", "masks_trees_expressions", "masks_trees_networks"]
    settings = study.settings
    return Step(
        command="compare masks",
        inputs=(
            inputs.density_nc(study),
            *explanation_files(study).values(),
            study.manifest_tsv,
            study.crops_tsv,
            study.splits_tsv,
            study.landmarks_tsv,
            *inputs.answers_inputs(study),
            *there,
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
            "model": settings.cnn.model,
            "network_answers": settings.comparison.network_answers,
            "centre_sigma": settings.comparison.centre_sigma,
            "cells_per_side": settings.comparison.cells_per_side,
            "figure_dpi": settings.report.figure_dpi,
        },
        run=lambda: _masks(study),
        follows="report",
    )


def _masks(study: Study) -> None:
    """Warp all maps, judge them by the masks, cluster them, and write and draw it all."""
    used = _pictures(study)
    sources = _sources(study, used)
    names, shown = list(used["image_id"]), list(used["expression"])
    landmarks = picture_landmarks(study, names)
    folds = _folds(study, used)
    maps = global_maps(
        sources, [landmarks[name] for name in names], picture_frame(study), shown, folds
    )
    heat = as_heatmaps(maps)
    masks = {name: canonical_mask(name) for name in heat.expressions}
    table = mask_tables.mask_table(heat, masks)
    # A mean over people, networks and controls would mean nothing.
    table = table[table["net"] != "mean"]
    trees = mask_trees.heat_trees(heat)
    folder, dpi = study.comparison_dir, study.settings.report.figure_dpi
    write_table(folder / "masks.tsv", table, mask_tables.MASK_COLUMNS)
    write_table(folder / "mask_trees.tsv", mask_trees.tree_table(trees), mask_trees.TREE_COLUMNS)
    write_maps(folder / "mask_maps.nc", maps)
    figures = folder / "figures"
    save_figure(bars_figure(table), figures / "masks_bars", dpi=dpi)
    save_figure(maps_figure(maps, masks), figures / "masks_maps", dpi=dpi)
    for name, kind in _KINDS.items():
        stem = figures / f"masks_trees_{name}"
        if own := [tree for tree in trees if tree.kind == kind]:
            save_figure(trees_figure(own), stem, dpi=dpi)
        else:
            for end in (".svg", ".png"):
                remove_file(stem.with_suffix(end))
    say(mask_tables.shown_table(table, [mask_tables.FOLDS]))


def _pictures(study: Study) -> pd.DataFrame:
    """Choose the pictures that have gaze and relevance, and show something that has a mask."""
    table = inputs.choose_pictures(study, inputs.read_density(study), inputs.read_relevance(study))
    inputs.say_left_out(table)
    used = table[table["used"]]
    neutral = used["expression"] == "neutral"
    if neutral.any():
        say(f"  left out, neutral has no mask: {int(neutral.sum())} pictures")
    used = used[~neutral]
    present = set(used["expression"])
    if len(present) < 2:
        raise InputError(
            "A comparison by masks needs pictures of two expressions other than neutral, but "
            f"there are pictures of {', '.join(sorted(present)) or 'none'}. Record and explain "
            "more."
        )
    order = {name: place for place, name in enumerate(EXPRESSIONS)}
    return used.sort_values("expression", key=lambda names: names.map(order), kind="stable")


def _sources(study: Study, used: pd.DataFrame) -> dict[str, Maps]:
    """Read people's gaze, every explanation and controls; all but gaze are smoothed like it."""
    density, relevance = inputs.read_density(study), inputs.read_relevance(study)
    names = list(used["image_id"])
    # Fine enough for the space that the edges are warped to.
    pictures = load_pictures(study, names, WIDTH_PX)
    read = ConditionInputs(study, names, list(used["expression"]), density, relevance, pictures)
    own = next(iter(read_explanations(study)))
    asked = ["gaze", "relevance", "explanations", *CONTROLS]
    found = condition_maps(read, asked)
    labels = {"gaze": PEOPLE_SOURCE, "relevance": own}
    sigma_px = float(density.attrs["sigma_px"])
    sharp = set(found) - {"gaze", "mean_gaze", "centre"}
    return {
        labels.get(name, name): smooth_maps(maps, sigma_px) if name in sharp else maps
        for name, maps in found.items()
    }


def _folds(study: Study, used: pd.DataFrame) -> list[str]:
    """Tell the fold of each picture; all are one where the network has no folds."""
    model = study.settings.cnn.model
    if not folds_tsv(study, model).is_file():
        return [ONE_FOLD] * len(used)
    folds = [str(fold) for fold in folds_of(study, model, used["image_id"])]
    counts = pd.crosstab(pd.Series(folds), used["expression"].to_numpy())
    if (counts == 0).to_numpy().any():
        say("  folds are not told apart, for one of them lacks an expression")
        return [ONE_FOLD] * len(used)
    return folds
