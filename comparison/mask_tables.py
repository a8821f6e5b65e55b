"""Tables of a study by region masks: each network and expression, and published values beside."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.mask_files import Heatmaps
from comparison.mask_overlap import METRICS, Mask, otsu_threshold, overlap

FOLD, FOLDS, MEAN_MAP, POOLED = "fold", "mean of folds", "mean map", "pooled map"
MASK_COLUMNS = {
    "net": "the network, or mean: over all of them",
    "expression": "the expression of pictures and mask, or mean: over all of them",
    "map": f"{FOLD}: one fold's map; {FOLDS}: the mean of the folds' values; {MEAN_MAP}: the mean "
    f"of the folds' maps; {POOLED}: a map over the pictures of all folds (by_net)",
    "fold": "the fold, where the row is one fold's",
    "threshold": "Otsu's threshold, in the map's unit",
    "foreground": "share of the map above the threshold",
    **METRICS,
}
# Half a unit of the fourth decimal, and what binary fractions lose of it.
_HALF = 0.5e-4 + 1e-9


def judge(values: npt.ArrayLike, mask: Mask) -> dict[str, float]:
    """Judge a heat map by a mask.

    Parameters
    ----------
    values : array_like, shape (height, width)
        The map, which is not constant.
    mask : numpy.ndarray of bool, the same shape
        Where the expression is said to show.

    Returns
    -------
    dict of str to float
        Threshold, share of the foreground, and the keys of `METRICS`.

    Examples
    --------
    >>> judge([[0, 9]], [[False, True]])["iou"]
    1.0
    """
    values = np.asarray(values)
    threshold = otsu_threshold(values)
    marked = values > threshold
    return {"threshold": threshold, "foreground": float(marked.mean())} | overlap(marked, mask)


def mask_table(maps: Heatmaps, masks: Mapping[str, Mask]) -> pd.DataFrame:
    """Judge all maps by the masks of their expressions.

    Parameters
    ----------
    maps : Heatmaps
        The maps.
    masks : mapping of str to numpy.ndarray of bool
        By expression.

    Returns
    -------
    pandas.DataFrame
        The columns of `MASK_COLUMNS`. Means over networks and expressions are means of values.

    References
    ----------
    Gaya-Morey, Ramis-Guarinos, Manresa-Yee and Buades-Rubio (2024), arXiv:2401.11835: their
    table has the rows that are means of folds.
    """
    rows = []
    for i, net in enumerate(maps.nets):
        for j, expression in enumerate(maps.expressions):
            own, mask = maps.by_fold[i, :, j], masks[expression]
            named = {"net": net, "expression": expression}
            of_folds = [judge(one, mask) for one in own]
            rows += [
                named | {"map": FOLD, "fold": fold} | values
                for fold, values in zip(maps.folds, of_folds, strict=True)
            ]
            mean = {
                name: float(np.mean([one[name] for one in of_folds]))
                for name in ("foreground", *METRICS)
            }
            rows.append(named | {"map": FOLDS} | mean)
            # The mean of maps that cancel each other is flat, and has no foreground.
            whole = own.mean(axis=0, dtype=np.float64)
            judged = judge(whole, mask) if np.ptp(whole) > 0 else {}
            rows.append(named | {"map": MEAN_MAP} | judged)
            if maps.by_net is not None:
                rows.append(named | {"map": POOLED} | judge(maps.by_net[i, j], mask))
    table = pd.DataFrame(rows, columns=list(MASK_COLUMNS))
    return pd.concat([table, *_means(table)], ignore_index=True)


def _means(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Average over expressions, over networks, and over both."""
    whole = table[table["map"] != FOLD]
    kinds: list[list[str]] = [["net"], ["expression"], []]
    means = []
    for kept in kinds:
        mean = whole.groupby([*kept, "map"], sort=False)[["foreground", *METRICS]].mean()
        named = {name: "mean" for name in ("net", "expression") if name not in kept}
        means.append(mean.reset_index().assign(**named).reindex(columns=list(MASK_COLUMNS)))
    return means


def differences(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """List the published values that are not those of the maps, at four decimals.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `mask_table`; the rows that are means of folds are compared.
    published : pandas.DataFrame
        That of `comparison.mask_files.read_published`.

    Returns
    -------
    pandas.DataFrame
        net, expression, metric, found and published, one row for each value that differs.
    """
    ours = table[table["map"] == FOLDS].set_index(["net", "expression"])[list(METRICS)]
    keys = pd.MultiIndex.from_frame(published[["net", "expression"]])
    found, printed = ours.loc[keys].to_numpy(), published[list(METRICS)].to_numpy().round(4)
    rows = [
        (*keys[row], list(METRICS)[column], found[row, column], printed[row, column])
        for row, column in np.argwhere(~(np.abs(found - printed) <= _HALF))
    ]
    return pd.DataFrame(rows, columns=["net", "expression", "metric", "found", "published"])


def beside_table(table: pd.DataFrame, published: pd.DataFrame) -> str:
    """Write the values found beside the published ones, to four decimals.

    Parameters
    ----------
    table, published : pandas.DataFrame
        As `differences` takes them.

    Returns
    -------
    str
        A line for each row of the published table.
    """
    ours = table[table["map"] == FOLDS].set_index(["net", "expression"])[list(METRICS)]
    keys = pd.MultiIndex.from_frame(published[["net", "expression"]])
    shown = published[["net", "expression"]].copy()
    for name in METRICS:
        shown[name] = ours.loc[keys, name].to_numpy()
        shown[f"{name} published"] = published[name].to_numpy()
    return shown.to_string(index=False, float_format="{:.4f}".format)


def verdict(table: pd.DataFrame, published: pd.DataFrame, source: str) -> tuple[bool, str]:
    """Say whether the published values are those of the maps, and which are not.

    Parameters
    ----------
    table, published : pandas.DataFrame
        As `differences` takes them.
    source : str
        What the published table is called.

    Returns
    -------
    agree : bool
        Whether all do.
    text : str
        A line for each value that differs, and how many agree.
    """
    wrong = differences(table, published)
    n = len(published) * len(METRICS)
    lines = [
        f"differs: {row.net}, {row.expression}, {row.metric}: {row.found:.4f}, but "
        f"{row.published:.4f} in {source}"
        for row in wrong.itertuples()
    ]
    agreeing = f"{n - len(wrong)} of {n} values of {source} agree at four decimals"
    return wrong.empty, "\n".join([*lines, agreeing])


def shown_table(table: pd.DataFrame, kinds: Sequence[str] = (FOLDS, MEAN_MAP, POOLED)) -> str:
    """Write the values of networks and expressions in columns, to four decimals.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `mask_table`.
    kinds : sequence of str
        Which maps; those that the table does not have are left out.

    Returns
    -------
    str
        A block of lines for each kind.
    """
    blocks = []
    for kind in kinds:
        own = table[table["map"] == kind]
        if len(own):
            lines = own[["net", "expression", *METRICS]].to_string(
                index=False, float_format="{:.4f}".format, na_rep="n/a"
            )
            blocks.append(f"{kind}\n{lines}")
    return "\n\n".join(blocks)
