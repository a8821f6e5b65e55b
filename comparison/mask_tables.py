"""Tables of a study by region masks: each network and expression, and published values beside."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.mask_files import ALL_NETWORKS, Heatmaps
from comparison.mask_overlap import METRICS, Mask, otsu_threshold, overlap

FOLD, FOLDS, MEAN_MAP, POOLED = "fold", "mean of folds", "mean map", "pooled map"
MASK_COLUMNS = {
    "net": "the network or other source; mean: over all of them, in a study over its networks; "
    f"{ALL_NETWORKS}: a map over the pictures of all networks",
    "expression": "the expression of pictures and mask, or mean: over all of them",
    "map": f"{FOLD}: one fold's map; {FOLDS}: the mean of the folds' values; {MEAN_MAP}: the mean "
    f"of the folds' maps; {POOLED}: a map over the pictures of all folds (by_net)",
    "fold": "the fold, where the row is one fold's",
    "threshold": "Otsu's threshold, in the map's unit",
    "foreground": "share of the map above the threshold",
    **METRICS,
    "n_values": "values that a mean is of; folds and expressions without a map are not in it",
}
_AVERAGED = ("foreground", *METRICS)
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


def mask_table(
    maps: Heatmaps, masks: Mapping[str, Mask], networks: Sequence[str] | None = None
) -> pd.DataFrame:
    """Judge all maps by the masks of their expressions.

    Parameters
    ----------
    maps : Heatmaps
        The maps.
    masks : mapping of str to numpy.ndarray of bool
        By expression.
    networks : sequence of str, optional
        The nets that means over networks are of. Defaults to all.

    Returns
    -------
    pandas.DataFrame
        The columns of `MASK_COLUMNS`. Means over networks and expressions are means of values.
        A map that is missing or constant has no values.

    References
    ----------
    Gaya-Morey, Ramis-Guarinos, Manresa-Yee and Buades-Rubio (2024), arXiv:2401.11835: their
    table has the rows that are means of folds.
    """
    rows = [
        row
        for i, net in enumerate(maps.nets)
        for j, expression in enumerate(maps.expressions)
        for row in _rows(maps, i, j, {"net": net, "expression": expression}, masks[expression])
    ]
    if maps.over_nets is not None:
        rows += [
            {"net": ALL_NETWORKS, "expression": name, "map": POOLED, **_judged(whole, masks[name])}
            for name, whole in zip(maps.expressions, maps.over_nets, strict=True)
        ]
    table = pd.DataFrame(rows, columns=list(MASK_COLUMNS))
    return pd.concat([table, *_means(table, networks or maps.nets)], ignore_index=True)


def _rows(
    maps: Heatmaps, i: int, j: int, named: Mapping[str, str], mask: Mask
) -> list[dict[str, object]]:
    """Judge the maps of one network and expression: of each fold, and of all in three ways."""
    own = maps.by_fold[i, :, j]
    of_folds = [_judged(one, mask) for one in own]
    rows = [
        {**named, "map": FOLD, "fold": fold, **values}
        for fold, values in zip(maps.folds, of_folds, strict=True)
    ]
    there = [values for values in of_folds if values]
    mean = {name: float(np.mean([one[name] for one in there])) for name in _AVERAGED if there}
    rows.append({**named, "map": FOLDS, **mean, "n_values": len(there)})
    # Folds without a picture have no part in it.
    kept = own[np.isfinite(own).all(axis=(1, 2))]
    whole = kept.mean(axis=0, dtype=np.float64) if len(kept) else own[0]
    rows.append({**named, "map": MEAN_MAP, **_judged(whole, mask)})
    if maps.by_net is not None:
        rows.append({**named, "map": POOLED, **_judged(maps.by_net[i, j], mask)})
    return rows


def _judged(values: npt.NDArray, mask: Mask) -> dict[str, float]:
    """Judge a map that may be missing, or flat: means of maps that cancel each other are."""
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return {}
    return judge(values, mask)


def _means(table: pd.DataFrame, networks: Sequence[str]) -> list[pd.DataFrame]:
    """Average over expressions, over networks, and over both."""
    whole = table[table["map"] != FOLD]
    kinds: list[list[str]] = [["net"], ["expression"], []]
    means = []
    for kept in kinds:
        rows = whole if "net" in kept else whole[whole["net"].isin(networks)]
        groups = rows.groupby([*kept, "map"], sort=False)
        mean = groups[list(_AVERAGED)].mean().assign(n_values=groups["iou"].count())
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


def iou_table(table: pd.DataFrame, kinds: Sequence[str] = (FOLDS, POOLED)) -> str:
    """Write the IoU of networks by expressions, to three decimals.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `mask_table`.
    kinds : sequence of str
        Which maps; those that the table does not have are left out.

    Returns
    -------
    str
        A block of lines for each kind: a row for each network, a column for each expression.
    """
    blocks = []
    for kind in kinds:
        own = table[table["map"] == kind]
        if len(own):
            shown = own.pivot_table(
                index="net", columns="expression", values="iou", sort=False, dropna=False
            )
            lines = shown.rename_axis(index=None, columns=None).to_string(
                float_format="{:.3f}".format, na_rep="n/a"
            )
            blocks.append(f"IoU, {kind}\n{lines}")
    return "\n\n".join(blocks)


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
