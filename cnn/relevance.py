"""Relevance maps on the disk: in the picture's frame, with sums that tell which to doubt."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cnn.data import LabelledPictures
from cnn.methods import Explained
from stimuli.frames import Rect, move_points
from study.maps import write_maps
from study.progress import say
from study.tables import write_table

if TYPE_CHECKING:
    import xarray as xr

RELEVANCE = {
    "image_id": "picture",
    "expression": "expression that the picture shows",
    "target": "expression whose logit is explained",
    "logit": "the network's answer for the target, before the softmax",
    "relevance_sum": "sum of the map over all pixels",
    "ratio": "relevance_sum / logit; 1 where the method conserves relevance",
    "bias_share": "what biases took of the logit; n/a where the method does not tell",
    "residual": "what of the logit is in neither map, biases nor stabilisers; n/a as above",
    "flagged": "whether the map is to be doubted",
    "doubt": "why: lost (the residual is over 1 % of the logit, or relevance is no number) or "
    "biases (they took more than the logit, and the map makes up for it); n/a where not flagged",
}

TOLERANCE = 0.01


def write_relevance(folder: Path, stem: str, dataset: "xr.Dataset", table: pd.DataFrame) -> None:
    """Write maps and their sums, and say how well they add up.

    Parameters
    ----------
    folder : Path
        The network's folder.
    stem : str
        Name of the files, without what comes after the dot.
    dataset : xarray.Dataset
        That of `explained`.
    table : pandas.DataFrame
        Its pictures, with ``image_id`` and ``expression``.
    """
    write_maps(folder / f"{stem}.nc", dataset)
    sums = relevance_sums(dataset, table)
    write_table(folder / f"{stem}.tsv", sums, RELEVANCE)
    say(
        f"explain: {dataset.attrs['method']} of {len(sums)} pictures; relevance sum / logit has "
        f"the median {sums['ratio'].median():.3f} and lies within {sums['ratio'].min():.3f} and "
        f"{sums['ratio'].max():.3f}"
    )
    if sums["flagged"].any():
        names = ", ".join(sums.loc[sums["flagged"], "image_id"].head(5))
        say(
            f"warning: {int(sums['flagged'].sum())} of {len(sums)} maps are to be doubted: in "
            f"{(sums['doubt'] == 'lost').sum()} over {100 * TOLERANCE:g} % of the logit is lost, "
            f"in {(sums['doubt'] == 'biases').sum()} biases took more than the logit: {names}"
        )


def relevance_dataset(
    pictures: LabelledPictures,
    found: Explained,
    names: Sequence[str],
    picture_px: int,
) -> "xr.Dataset":
    """Put maps into a data set whose coordinates are pixels of the picture frame.

    Parameters
    ----------
    pictures : LabelledPictures
        What was explained.
    found : Explained
        Their maps.
    names : sequence of str
        What the network's outputs stand for.
    picture_px : int
        Side of the picture as it was shown.

    Returns
    -------
    xarray.Dataset
        ``relevance(image, y, x)`` with the target, logit and sum of each picture.
    """
    import xarray as xr

    maps, side = found.maps, found.maps.shape[1]
    grid = np.repeat(np.arange(side, dtype=float)[:, None], 2, axis=1)
    shown, seen = Rect(0, 0, picture_px, picture_px), Rect(0, 0, side, side)
    centres_px = move_points(grid, seen, shown)[:, 0]
    expressions = pictures.table["expression"].astype(object).to_numpy()
    targets = np.array([names[index] for index in found.targets], dtype=object)
    sums = maps.sum(axis=(1, 2), dtype=np.float64)
    pixels = {"units": "px", "long_name": "pixel of the picture as it was shown"}
    return xr.Dataset(
        {
            "relevance": (
                ("image", "y", "x"),
                maps,
                {"long_name": "signed relevance for the target's logit, summed over colours"},
            ),
            "target": ("image", targets, {"long_name": "expression whose logit is explained"}),
            "logit": ("image", found.logits, {"long_name": "answer before the softmax"}),
            "relevance_sum": ("image", sums, {"long_name": "sum of the map"}),
            "bias_share": ("image", found.bias_share, {"long_name": "what biases took"}),
            "residual": ("image", found.residual, {"long_name": "what is in neither"}),
        },
        coords={
            "image": pictures.table["image_id"].astype(object).to_numpy(),
            "y": ("y", centres_px, pixels),
            "x": ("x", centres_px, pixels),
            "expression_of_image": ("image", expressions),
        },
        attrs={"picture_width_px": picture_px, "picture_height_px": picture_px},
    )


def relevance_sums(dataset: "xr.Dataset", table: pd.DataFrame) -> pd.DataFrame:
    """Set each picture's sum of relevance against the logit that it explains.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `relevance_dataset` gives it.
    table : pandas.DataFrame
        The pictures, with ``image_id`` and ``expression``.

    Returns
    -------
    pandas.DataFrame
        One row for each picture, with the columns of `RELEVANCE`.
    """
    sums = table[["image_id", "expression"]].copy()
    sums["target"] = dataset["target"].to_numpy()
    # Six digits: more would differ from one processor to another.
    sums["logit"] = dataset["logit"].to_numpy().astype(float).round(6)
    sums["relevance_sum"] = dataset["relevance_sum"].to_numpy().round(6)
    sums["ratio"] = (sums["relevance_sum"] / sums["logit"]).round(6)
    for name in ("bias_share", "residual"):
        sums[name] = dataset[name].to_numpy().astype(float).round(6)
    sums["doubt"] = doubts(dataset)
    sums["flagged"] = sums["doubt"].notna()
    return sums[list(RELEVANCE)]


def doubts(dataset: "xr.Dataset") -> list[str | None]:
    """Say of each map why it is to be doubted.

    Parameters
    ----------
    dataset : xarray.Dataset
        As `relevance_dataset` gives it.

    Returns
    -------
    list of str or None
        ``lost`` where over 1 % of the logit is in neither map, biases nor stabilisers, or the sum
        is no number; ``biases`` where biases took more than the whole logit, so that the map's sum
        has grown beyond it or turned round; None where there is no doubt, or the method does not
        tell what biases took.
    """
    size = np.abs(dataset["logit"].to_numpy())
    biases, residual = (dataset[name].to_numpy() for name in ("bias_share", "residual"))
    finite = np.isfinite(dataset["relevance_sum"].to_numpy())
    lost = ~finite | (np.abs(residual) > TOLERANCE * size)
    grown = np.abs(biases) > (1 + TOLERANCE) * size
    found = np.select([lost, grown], ["lost", "biases"], "")
    return [str(reason) or None for reason in found]
