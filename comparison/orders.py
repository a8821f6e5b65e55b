"""Removal orders: which tile goes when, for each picture, condition and direction."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.perturbation import random_orders
from comparison.tiles import removal_order, tied_tiles
from study.seeds import generator

Floats = npt.NDArray[np.float64]
Tiles = npt.NDArray[np.int64]
MOST_FIRST, LEAST_FIRST = "most_first", "least_first"


def picture_orders(
    image_id: str, scores: Mapping[str, Floats], n_tiles: int, *, seed: int, repeats: int
) -> pd.DataFrame:
    """Order the tiles of a picture under each condition.

    Parameters
    ----------
    image_id : str
        The picture.
    scores : mapping of str to numpy.ndarray, shape (n_tiles,)
        Scores of its tiles by condition.
    n_tiles : int
        Number of tiles.
    seed : int
        The study's seed: ties and random orders follow from it.
    repeats : int
        Number of random orders.

    Returns
    -------
    pandas.DataFrame
        One row for each order: condition, direction (most_first, or least_first, which is the
        reverse), repeat (0, or 1 and more for random), tiles (an array: the first to be removed
        first), scores (of the tiles in reading order, missing for random) and tied (which of
        them share their score).
    """
    rows = []
    for condition, values in scores.items():
        # The same draw for all conditions: equal maps get equal orders.
        order = removal_order(values, generator(seed, "perturbation ties", image_id))
        tied = tied_tiles(values)
        rows.append((condition, MOST_FIRST, 0, order, values, tied))
        rows.append((condition, LEAST_FIRST, 0, order[::-1], values, tied))
    nothing, untied = np.full(n_tiles, np.nan), np.zeros(n_tiles, dtype=bool)
    for repeat, order in enumerate(random_orders(seed, image_id, repeats, n_tiles), start=1):
        rows.append(("random", MOST_FIRST, repeat, order, nothing, untied))
    return pd.DataFrame(
        rows, columns=["condition", "direction", "repeat", "tiles", "scores", "tied"]
    )


def order_table(image_ids: list[str], sheets: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the orders of all pictures in one table with a row for each tile.

    Parameters
    ----------
    image_ids : list of str
        The pictures.
    sheets : list of pandas.DataFrame
        The orders of each, as `picture_orders` gives them.

    Returns
    -------
    pandas.DataFrame
        image_id, condition, direction, repeat, rank (1 for the first to go), tile (in reading
        order), row, column, score and tied.
    """
    parts = []
    for image_id, sheet in zip(image_ids, sheets, strict=True):
        tiles = np.stack(sheet["tiles"].to_list())
        n_orders, n_tiles = tiles.shape
        labels = sheet[["condition", "direction", "repeat"]]
        part = labels.loc[labels.index.repeat(n_tiles)].reset_index(drop=True)
        part.insert(0, "image_id", image_id)
        part["rank"] = np.tile(np.arange(1, n_tiles + 1), n_orders)
        part["tile"] = tiles.ravel()
        per_side = round(n_tiles**0.5)
        part["row"], part["column"] = np.divmod(part["tile"].to_numpy(), per_side)
        for name, column in (("score", "scores"), ("tied", "tied")):
            values = np.stack(sheet[column].to_list())
            part[name] = np.take_along_axis(values, tiles, axis=1).ravel()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def tied_shares(orders: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Compute the share of tied tiles for each picture and condition.

    Parameters
    ----------
    orders : pandas.DataFrame
        The table of `order_table`.

    Returns
    -------
    dict
        Share of the tiles whose score another tile has too, by image_id and condition.
    """
    shares = orders.groupby(["image_id", "condition"], as_index=False)["tied"].mean()
    keys = zip(shares["image_id"], shares["condition"], strict=True)
    return dict(zip(keys, shares["tied"], strict=True))
