"""Which heat maps are alike: trees of networks, of expressions and of folds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from comparison.map_metrics import Floats, standardise
from comparison.mask_files import ALL_NETWORKS, Heatmaps
from comparison.similarity import average_linkage

BY_EXPRESSION, BY_NETWORK, BY_FOLD = "by expression", "by network", "by fold"
ALL_MAPS = "all maps"
TREE_COLUMNS = {
    "kind": f"{BY_EXPRESSION}: networks, on one expression; {BY_NETWORK}: expressions, of one "
    f"network, or of {ALL_NETWORKS} together; {BY_FOLD}: every fold of every network, on one "
    f"expression; {ALL_MAPS}: every expression of every network",
    "of": f"the expression or the network, or {ALL_MAPS}",
    "merge": "number of the merge, from 1: the most alike first",
    "height": "its height, the mean of 1 - r between the maps of the two sides",
    "left": "maps on one side",
    "right": "maps on the other side",
}


@dataclass(frozen=True)
class Tree:
    """A tree of maps.

    Parameters
    ----------
    kind : str
        What is joined, as in `TREE_COLUMNS`.
    of : str
        The expression or the network.
    names : tuple of str
        The maps, its leaves.
    linkage : numpy.ndarray, shape (n - 1, 4)
        As scipy's.
    """

    kind: str
    of: str
    names: tuple[str, ...]
    linkage: Floats


def heat_trees(maps: Heatmaps) -> list[Tree]:
    """Cluster maps by average linkage on 1 - r.

    Parameters
    ----------
    maps : Heatmaps
        Of two networks or more. A network's map of an expression is its pooled one where there
        is one, and else the mean of its folds.

    Returns
    -------
    list of Tree
        By expression, by network (where there are two expressions or more), by fold (where there
        are two folds or more), and of all maps (where there are two expressions or more). Maps
        that are missing or constant are in none.

    References
    ----------
    Gaya-Morey et al. (2024), arXiv:2401.11835: distance 1 - r of the grey maps, average linkage.
    """
    whole = _mean_of_folds(maps.by_fold) if maps.by_net is None else maps.by_net
    groups: list[tuple[str, str, dict[str, np.ndarray]]] = []
    nets, shown = maps.nets, maps.expressions
    if len(nets) > 1:
        groups += [
            (BY_EXPRESSION, name, dict(zip(nets, whole[:, j], strict=True)))
            for j, name in enumerate(shown)
        ]
    own = list(zip(nets, whole, strict=True))
    if maps.over_nets is not None:
        own.append((ALL_NETWORKS, maps.over_nets))
    groups += [(BY_NETWORK, net, dict(zip(shown, values, strict=True))) for net, values in own]
    if len(maps.folds) > 1:
        groups += [(BY_FOLD, name, _of_folds(maps, j)) for j, name in enumerate(shown)]
    if len(nets) > 1 and len(shown) > 1:
        leaves = {
            f"{net} {name}": whole[i, j]
            for i, net in enumerate(nets)
            for j, name in enumerate(shown)
        }
        groups.append((ALL_MAPS, ALL_MAPS, leaves))
    found = [(kind, of, _clear(leaves)) for kind, of, leaves in groups]
    return [_tree(kind, of, leaves) for kind, of, leaves in found if len(leaves) > 1]


def _mean_of_folds(by_fold: np.ndarray) -> Floats:
    """Average over the folds that have a map."""
    there = np.isfinite(by_fold).all(axis=(-2, -1), keepdims=True)
    n = there.sum(axis=1)
    total = np.where(there, by_fold, 0).sum(axis=1, dtype=np.float64)
    return np.asarray(total / np.where(n > 0, n, np.nan))


def _of_folds(maps: Heatmaps, j: int) -> dict[str, np.ndarray]:
    """Take the maps of one expression, of each network and fold."""
    return {
        f"{net} {fold}": maps.by_fold[i, k, j]
        for i, net in enumerate(maps.nets)
        for k, fold in enumerate(maps.folds)
    }


def _clear(leaves: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Leave out maps that are missing or constant: they correlate with nothing."""
    return {
        name: values
        for name, values in leaves.items()
        if np.isfinite(values).all() and np.ptp(values) > 0
    }


def _tree(kind: str, of: str, leaves: Mapping[str, np.ndarray]) -> Tree:
    """Cluster some maps."""
    z = standardise(np.stack([values.ravel() for values in leaves.values()]))
    correlations = np.clip(z @ z.T / z.shape[-1], -1.0, 1.0)
    names = list(leaves)
    linkage, _ = average_linkage(pd.DataFrame(correlations, index=names, columns=names))
    return Tree(kind, of, tuple(names), linkage)


def tree_table(trees: list[Tree]) -> pd.DataFrame:
    """Put the merges of trees in rows.

    Parameters
    ----------
    trees : list of Tree
        The trees.

    Returns
    -------
    pandas.DataFrame
        The columns of `TREE_COLUMNS`, one row for each merge.
    """
    rows = []
    for tree in trees:
        members: list[tuple[str, ...]] = [(name,) for name in tree.names]
        for number, (left, right, height, _) in enumerate(tree.linkage.tolist(), start=1):
            sides = members[int(left)], members[int(right)]
            members.append(sides[0] + sides[1])
            told = [", ".join(side) for side in sides]
            rows.append((tree.kind, tree.of, number, height, *told))
    return pd.DataFrame(rows, columns=list(TREE_COLUMNS))
