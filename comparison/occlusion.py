"""Occluded faces for people: which face lacks which tiles, in which list, and how it looks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.fills import IMPUTING, cover, imputer
from comparison.orders import MOST_FIRST
from comparison.perturbation import Removal
from participants.order import spread
from study.errors import InputError, did_you_mean
from study.folder import Study
from study.seeds import generator

Pixels = npt.NDArray[np.uint8]
INTACT = "intact"
OCCLUSION_COLUMNS = {
    "image_id": "name of the picture",
    "face": "name of the picture in the main study of which it was made",
    "condition": "whose order the tiles were removed in, most relevant first; intact at step 0",
    "step": "removal step of the main study's curves",
    "tiles": "tiles that are removed, numbered from 0 in reading order, in the order of their rank",
    "share_removed": "share of the tiles that is removed",
}


def parse_steps(text: str) -> list[int]:
    """Read removal steps.

    Parameters
    ----------
    text : str
        Whole numbers with commas between.

    Returns
    -------
    list of int
        The steps.

    Raises
    ------
    InputError
        If it is something else.

    Examples
    --------
    >>> parse_steps("0, 2,4")
    [0, 2, 4]
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(
            f"Removal steps must be whole numbers with commas, but they are {text!r}. "
            "Write for example --occlusion-steps 0,2,4,6,8."
        )
    return [int(part) for part in parts]


def occlusion_cells(
    orders: pd.DataFrame, conditions: Sequence[str], steps: Sequence[int], n_steps: int
) -> list[tuple[str, int]]:
    """Combine conditions and steps; the intact face is one cell for all conditions.

    Parameters
    ----------
    orders : pandas.DataFrame
        As in orders.parquet.
    conditions : sequence of str
        Whose orders.
    steps : sequence of int
        Removal steps, 0 to `n_steps`.
    n_steps : int
        Number of steps of the main study's curves.

    Returns
    -------
    list of tuple of str and int
        Condition and step.

    Raises
    ------
    InputError
        If a condition has no orders, there is no such step, or fewer than two cells are left.
    """
    known = sorted(orders["condition"].unique())
    for condition in conditions:
        if condition not in known:
            raise InputError(
                f"Occlusion needs orders of each condition, but orders.parquet has none of "
                f"{condition!r}, only {', '.join(known)}.{did_you_mean(condition, known)} "
                "Add it to [comparison] conditions, or choose others."
            )
    wrong = [step for step in steps if not 0 <= step <= n_steps]
    if wrong:
        raise InputError(
            f"A removal step must be between 0 and {n_steps}, as in the study's curves, but it is "
            f"{wrong[0]}. Choose others, or change [comparison] steps."
        )
    cells = [(INTACT, 0)] if 0 in steps else []
    cells += [(name, step) for name in dict.fromkeys(conditions) for step in sorted({*steps} - {0})]
    if len(cells) < 2:
        raise InputError(
            f"Occlusion needs conditions and steps to compare, but there are {len(cells)} "
            "combinations of them. Choose for example --occlusion-steps 0,2,4,6,8."
        )
    return cells


def occlusion_plan(
    orders: pd.DataFrame, faces: pd.DataFrame, cells: Sequence[tuple[str, int]], removal: Removal
) -> pd.DataFrame:
    """Decide which tiles each picture lacks, and which list shows it.

    Parameters
    ----------
    orders : pandas.DataFrame
        As in orders.parquet.
    faces : pandas.DataFrame
        Rows of the manifest, indexed by image_id.
    cells : sequence of tuple of str and int
        Condition and step.
    removal : Removal
        Tiles, steps and seed.

    Returns
    -------
    pandas.DataFrame
        The columns of `OCCLUSION_COLUMNS`, and list. Over the lists each face is once in each
        cell; within a list each cell has, to within one, as many faces as any other, as many of
        each expression, and as many of each actor.
    """
    rng = generator(removal.seed, "occlusion lists")
    features = list(zip(faces["actor"], faces["expression"], strict=True))
    groups = spread(features, len(cells), rng)
    rows = []
    for place, (condition, step) in enumerate(cells):
        removed = removed_tiles(orders, condition, int(removal.tiles_removed[step]))
        for face, group in zip(faces["image_id"], groups, strict=True):
            tiles = removed.get(face, [])
            rows.append(
                {
                    "image_id": f"{face}_{condition}" + (f"_{step:02d}" if step else ""),
                    "face": face,
                    "condition": condition,
                    "step": step,
                    "tiles": " ".join(map(str, tiles)),
                    "share_removed": len(tiles) / removal.n_tiles,
                    "list": (place - group) % len(cells) + 1,
                }
            )
    return pd.DataFrame(rows)


def removed_tiles(orders: pd.DataFrame, condition: str, n_removed: int) -> dict[str, list[int]]:
    """List the tiles that go first under a condition, for each picture.

    Parameters
    ----------
    orders : pandas.DataFrame
        As in orders.parquet.
    condition : str
        Whose order; of random ones the first repeat.
    n_removed : int
        How many tiles.

    Returns
    -------
    dict of str to list of int
        By picture, in the order in which they go.
    """
    own = orders[
        (orders["condition"] == condition)
        & (orders["direction"] == MOST_FIRST)
        & (orders["repeat"] <= 1)  # repeats of random orders count from 1; others have 0
        & (orders["rank"] <= n_removed)
    ].sort_values(["image_id", "rank"])
    return {str(face): rows.tolist() for face, rows in own.groupby("image_id")["tile"]}


def occlude(
    picture: Pixels, seen: Pixels, image_id: str, tiles: Sequence[int], removal: Removal
) -> Pixels:
    """Remove tiles from a picture for people, which show what the network saw there.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The face as people see it.
    seen : numpy.ndarray of uint8, shape (input_px, input_px, 3)
        The same as the network saw it.
    image_id : str
        Its name in the main study, on which the noise hangs.
    tiles : sequence of int
        Tiles that are gone.
    removal : Removal
        Tiles and fill at the network's size.

    Returns
    -------
    numpy.ndarray of uint8, shape (side, side, 3)
        What is left has people's resolution; what is gone shows the network's own fill, each of
        its pixels enlarged without smoothing.
    """
    gone = np.isin(removal.tile_of_pixel, tiles)
    if removal.fill in IMPUTING:
        filled = imputer(removal.fill, seen, removal.seed, image_id)(gone)
    else:
        filled = cover(removal.fill, seen, removal.seed, image_id)
    side = len(picture)
    under = ((np.arange(side) + 0.5) * len(seen) / side).astype(int)
    pixels = np.ix_(under, under)
    return np.where(gone[pixels][..., None], filled[pixels], picture)


def occlusions_tsv(study: Study) -> Path:
    """Name the table of what was done to each picture of an occlusion study."""
    return study.stimuli_dir / "occlusions.tsv"
