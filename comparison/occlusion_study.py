"""Occlusion for people: a study folder whose test pictures lost the tiles of the perturbation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.occlusion import (
    OCCLUSION_COLUMNS,
    occlude,
    occlusion_cells,
    occlusion_plan,
)
from comparison.perturbation import Removal
from comparison.picture_study import check_new_folder, write_picture_study
from comparison.tiles import tile_edges
from stimuli.catalog import read_manifest
from stimuli.pictures import load_pictures
from study.folder import Study

Pixels = npt.NDArray[np.uint8]


def write_occlusion_study(
    study: Study, folder: Path, conditions: Sequence[str], steps: Sequence[int], input_px: int
) -> Study:
    """Make a study in which people name faces that lost the tiles the network lost.

    Parameters
    ----------
    study : Study
        The main study; its orders.parquet is current.
    folder : Path
        The folder to make; it is empty or not there.
    conditions : sequence of str
        Whose orders, as in orders.parquet; of random ones the first repeat is taken.
    steps : sequence of int
        Removal steps; at 0 the face is intact, the same for all conditions.
    input_px : int
        Side of the pictures that the network saw.

    Returns
    -------
    Study
        The new study, with as many lists of pictures as there are combinations of condition
        and step. Each list shows each face once, and each combination equally often.

    Raises
    ------
    InputError
        If the folder is in use, or a condition or step is not in the main study's curves.
    """
    folder = check_new_folder(folder)
    orders = pd.read_parquet(study.comparison_dir / "orders.parquet")
    settings = study.settings.comparison
    edges = tile_edges(input_px, settings.grid)
    n_tiles = (len(edges) - 1) ** 2
    removal = Removal(edges, settings.fill, settings.steps or n_tiles, study.settings.study.seed)
    cells = occlusion_cells(orders, conditions, steps, removal.steps)
    faces = read_manifest(study).set_index("image_id", drop=False)
    faces = faces.loc[sorted(orders["image_id"].unique())]
    plan = occlusion_plan(orders, faces, cells, removal)
    tested, cnn = list(faces["image_id"]), study.settings.cnn
    resampling = cnn.for_network(cnn.model).resampling
    pictures = load_pictures(study, tested, input_px, resampling)
    seen = dict(zip(tested, pictures, strict=True))

    def change(row: Any, picture: Pixels) -> Pixels:
        tiles = [int(tile) for tile in row.tiles.split()]
        return occlude(picture, seen[row.face], row.face, tiles, removal)

    what = plan.assign(tiles=plan["tiles"].mask(plan["tiles"] == ""))[list(OCCLUSION_COLUMNS)]
    return write_picture_study(
        study,
        folder,
        plan.assign(kind="occlusion", level=plan["share_removed"]),
        change,
        what="occlusion",
        tables={"occlusions.tsv": (what, OCCLUSION_COLUMNS)},
    )
