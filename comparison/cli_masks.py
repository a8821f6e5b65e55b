"""The command `faceoff compare masks`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from study.cli import ForceOption, StudyOption, open_for_command

if TYPE_CHECKING:
    import pandas as pd

    from comparison.mask_files import Heatmaps


def masks(
    heatmaps: Annotated[
        Path | None,
        typer.Argument(
            help="Heat maps (.npz) with nets, expressions, folds and by_fold; none: the study's.",
            metavar="HEATMAPS",
            show_default=False,
        ),
    ] = None,
    mask_file: Annotated[
        Path | None,
        typer.Option(
            "--masks",
            help="With HEATMAPS: a file (.npz) with expressions and masks.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="With HEATMAPS: a table (.csv) of published values to compare with.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="With HEATMAPS: write every value to this file (.tsv).",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="With HEATMAPS: draw bars and trees there, and write the trees' heights.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    study: StudyOption = Path(),
    force: ForceOption = False,
) -> None:
    """Judge heat maps by the regions where expressions are said to show: IoU, F1, P, R.

    With HEATMAPS, those of any study, for each network and expression; with --against it ends
    with status 0 if all published values agree at four decimals, else 1. Without, the maps of
    this study: people's gaze, every explanation and controls, in one face space.
    """
    from study.errors import InputError

    if heatmaps is not None:
        if mask_file is None:
            raise InputError("Heat maps are judged by masks, but --masks is missing. Name a file.")
        _of_file(heatmaps, mask_file, against, out, folder)
        return
    if given := [
        name
        for name, value in (
            ("--masks", mask_file),
            ("--against", against),
            ("--out", out),
            ("--folder", folder),
        )
        if value is not None
    ]:
        raise InputError(
            f"{given[0]} goes with a file of heat maps, but none was named. Name it: "
            "faceoff compare masks HEATMAPS.npz --masks MASKS.npz."
        )
    from comparison.masks_step import masks_step
    from study.provenance import run_step

    opened = open_for_command(study)
    run_step(opened, masks_step(opened), force=force)


def _of_file(
    heatmaps: Path, mask_file: Path, against: Path | None, out: Path | None, folder: Path | None
) -> None:
    """Judge the maps of a file, and compare with published values."""
    from comparison import mask_files, mask_tables
    from study.errors import InputError
    from study.progress import say
    from study.tables import write_table

    if out is not None and out.suffix != ".tsv":
        raise InputError(f"--out must end in .tsv, but it is {out}. Name another file.")
    maps = mask_files.read_heatmaps(heatmaps)
    height, width = maps.by_fold.shape[-2:]
    found = mask_files.read_masks(mask_file, maps.expressions, (height, width))
    published = (
        None if against is None else mask_files.read_published(against, maps.nets, maps.expressions)
    )
    table = mask_tables.mask_table(maps, found)
    typer.echo(mask_tables.shown_table(table))
    if out is not None:
        write_table(out, table, mask_tables.MASK_COLUMNS)
        say(f"wrote {out} and {out.with_suffix('.json')}")
    if folder is not None:
        _draw(maps, table, folder)
    if published is not None:
        agree, text = mask_tables.verdict(table, published, str(against))
        typer.echo(f"\n{mask_tables.beside_table(table, published)}\n\n{text}")
        if not agree:
            raise typer.Exit(1)


def _draw(maps: "Heatmaps", table: "pd.DataFrame", folder: Path) -> None:
    """Cluster the maps of a file, and write and draw trees and bars."""
    from comparison.mask_figures import bar_panels, bars_pages, save_pages, trees_pages
    from comparison.mask_trees import TREE_COLUMNS, heat_trees, tree_table
    from study.progress import say
    from study.tables import write_table

    trees = heat_trees(maps)
    write_table(folder / "mask_trees.tsv", tree_table(trees), TREE_COLUMNS)
    own = table[table["net"] != "mean"]
    save_pages(bars_pages(bar_panels(own)) | trees_pages(trees), folder, 150)
    say(f"wrote {folder / 'mask_trees.tsv'}, and bars and trees (masks_*.svg, .png) beside it")
