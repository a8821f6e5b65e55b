"""Removal orders: which tile goes at which step, for each picture and condition."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.perturbation import random_orders
from comparison.tiles import picture_edges_px, removal_order, tied_tiles, tile_edges, tile_scores
from study.folder import Study
from study.seeds import generator

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Tiles = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def tile_orders(
    study: Study, image_ids: list[str], density: "xr.Dataset", relevance: "xr.Dataset", side_px: int
) -> pd.DataFrame:
    """Order the tiles of each picture under each condition.

    Parameters
    ----------
    study : Study
        The study: its tiles, repeats and seed.
    image_ids : list of str
        The pictures, sorted.
    density, relevance : xarray.Dataset
        The maps.
    side_px : int
        Side of the network's input, px.

    Returns
    -------
    pandas.DataFrame
        image_id, condition, repeat (0, or 1 to the number of random orders), step (1 on), tile
        (in reading order), row, column, score and tied; sorted by picture, then gaze,
        relevance, random.
    """
    settings, seed = study.settings.comparison, study.settings.study.seed
    per_side = settings.grid
    edges = picture_edges_px(
        tile_edges(side_px, per_side), side_px, study.settings.stimuli.picture_px
    )
    scores = {
        condition: tile_scores(
            maps[condition_map].sel(image=image_ids).to_numpy(),
            maps["y"].to_numpy(),
            maps["x"].to_numpy(),
            edges,
        )
        for condition, maps, condition_map in (
            ("gaze", density, "density"),
            ("relevance", relevance, "relevance"),
        )
    }
    sheets = []
    for i, image_id in enumerate(image_ids):
        for condition, values in scores.items():
            # The same draw for both conditions: equal maps get equal orders.
            order = removal_order(values[i], generator(seed, "perturbation ties", image_id))
            tied = tied_tiles(values[i])
            sheets.append(_order_sheet(image_id, condition, 0, order, values[i], tied))
        draws = random_orders(seed, image_id, settings.random_orders, per_side**2)
        nothing, untied = np.full(per_side**2, np.nan), np.zeros(per_side**2, dtype=bool)
        for repeat, order in enumerate(draws, start=1):
            sheets.append(_order_sheet(image_id, "random", repeat, order, nothing, untied))
    orders = pd.concat(sheets, ignore_index=True)
    return orders.assign(row=orders["tile"] // per_side, column=orders["tile"] % per_side)


def _order_sheet(
    image_id: str, condition: str, repeat: int, order: Tiles, scores: Floats, tied: Flags
) -> pd.DataFrame:
    """Put one removal order in a table."""
    return pd.DataFrame(
        {
            "image_id": image_id,
            "condition": condition,
            "repeat": repeat,
            "step": np.arange(1, len(order) + 1),
            "tile": order,
            "score": scores[order],
            "tied": tied[order],
        }
    )


def tied_shares(orders: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Compute the share of tied tiles for each picture and condition.

    Parameters
    ----------
    orders : pandas.DataFrame
        The table of `tile_orders`.

    Returns
    -------
    dict
        Share of the tiles whose score another tile has too, by image_id and condition.
    """
    shares = orders.groupby(["image_id", "condition"], as_index=False)["tied"].mean()
    keys = zip(shares["image_id"], shares["condition"], strict=True)
    return dict(zip(keys, shares["tied"], strict=True))
