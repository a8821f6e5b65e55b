"""Trees of heat maps, against average linkage written out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparison.mask_files import ALL_NETWORKS, Heatmaps
from comparison.mask_trees import (
    ALL_MAPS,
    BY_EXPRESSION,
    BY_FOLD,
    BY_NETWORK,
    heat_trees,
    tree_table,
)


def _slow_merges(distances: np.ndarray) -> list[tuple[float, frozenset[int]]]:
    """Join the two groups whose members are nearest on average, until one is left."""
    groups = [frozenset({i}) for i in range(len(distances))]
    merges = []
    while len(groups) > 1:
        pairs = [(a, b) for i, a in enumerate(groups) for b in groups[i + 1 :]]
        means = [np.mean([distances[i, j] for i in a for j in b]) for a, b in pairs]
        a, b = pairs[int(np.argmin(means))]
        groups = [group for group in groups if group not in (a, b)] + [a | b]
        merges.append((float(min(means)), a | b))
    return merges


def _maps(seed: int, n_nets: int = 5, n_folds: int = 2, n_expressions: int = 3) -> Heatmaps:
    rng = np.random.default_rng(seed)
    shape = (n_nets, n_folds, n_expressions, 9, 7)
    return Heatmaps(
        tuple("abcdefg"[:n_nets]), tuple("xyz"[:n_expressions]), tuple("12345"[:n_folds]),
        rng.gamma(1.0, 40, size=shape).clip(0, 255).astype(np.uint8),
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_merges_and_heights_are_those_of_the_slow_version(seed: int) -> None:
    maps = _maps(seed)
    trees = {(tree.kind, tree.of): tree for tree in heat_trees(maps)}
    assert len(trees) == 3 + 5 + 3 + 1
    whole = maps.by_fold.astype(float).mean(axis=1)
    leaves = {
        (BY_EXPRESSION, "y"): whole[:, 1],
        (BY_NETWORK, "c"): whole[2],
        (BY_FOLD, "z"): maps.by_fold[:, :, 2].reshape(10, 9, 7).astype(float),
        (ALL_MAPS, ALL_MAPS): whole.reshape(15, 9, 7),
    }
    for key, values in leaves.items():
        slow = _slow_merges(1 - np.corrcoef(values.reshape(len(values), -1)))
        tree = trees[key]
        np.testing.assert_allclose(tree.linkage[:, 2], [height for height, _ in slow], atol=1e-12)
        members = [frozenset({i}) for i in range(len(values))]
        for a, b in tree.linkage[:, :2].astype(int):
            members.append(members[a] | members[b])
        assert members[len(values) :] == [joined for _, joined in slow]
    assert trees[BY_FOLD, "z"].names[:3] == ("a 1", "a 2", "b 1")


def test_pooled_maps_are_clustered_where_there_are_any() -> None:
    maps = _maps(1)
    pooled = _maps(2).by_fold[:, 0]
    own = heat_trees(Heatmaps(maps.nets, maps.expressions, maps.folds, maps.by_fold, pooled))
    other = heat_trees(Heatmaps(maps.nets, maps.expressions, ("1",), pooled[:, None]))
    for a, b in zip([*own[:8], own[-1]], other, strict=True):
        np.testing.assert_array_equal(a.linkage, b.linkage)


def test_the_table_has_a_row_for_each_merge() -> None:
    table = tree_table(heat_trees(_maps(3, n_folds=1)))
    assert set(table["kind"]) == {BY_EXPRESSION, BY_NETWORK, ALL_MAPS}
    assert len(table) == 3 * 4 + 5 * 2 + 14
    of_x = table[(table["kind"] == BY_EXPRESSION) & (table["of"] == "x")]
    assert of_x["merge"].tolist() == [1, 2, 3, 4]
    assert of_x["height"].is_monotonic_increasing
    last = of_x.iloc[-1]
    assert sorted(f"{last['left']}, {last['right']}".split(", ")) == list("abcde")


@pytest.mark.parametrize(("nets", "expressions", "expected"), [(1, 3, 1), (5, 1, 1), (1, 1, 0)])
def test_what_is_alone_has_no_tree(nets: int, expressions: int, expected: int) -> None:
    assert len(heat_trees(_maps(4, nets, 1, expressions))) == expected


def test_maps_that_are_missing_or_constant_are_in_no_tree() -> None:
    maps = _maps(5)
    by_fold = maps.by_fold.astype(float)
    by_fold[1, 0, 0], by_fold[2, :, 0], by_fold[3, :, 0] = np.nan, np.nan, 7.0
    over = by_fold[0, 0]
    gaps = Heatmaps(maps.nets, maps.expressions, maps.folds, by_fold, None, over)
    trees = {(tree.kind, tree.of): tree for tree in heat_trees(gaps)}
    assert trees[BY_EXPRESSION, "x"].names == ("a", "b", "e")
    assert trees[BY_FOLD, "x"].names == ("a 1", "a 2", "b 2", "e 1", "e 2")
    assert trees[BY_NETWORK, "c"].names == ("y", "z")
    assert trees[BY_NETWORK, ALL_NETWORKS].names == ("x", "y", "z")
    assert "c x" not in trees[ALL_MAPS, ALL_MAPS].names
    # Of the network that lacks a fold, the other fold counts.
    heights = trees[BY_EXPRESSION, "x"].linkage[:, 2]
    e = by_fold[4, :, 0].mean(axis=0).ravel()
    a, b = by_fold[0, :, 0].mean(axis=0).ravel(), by_fold[1, 1, 0].ravel()
    distances = 1 - np.corrcoef([a, b, e])
    slow = [height for height, _ in _slow_merges(distances)]
    np.testing.assert_allclose(heights, slow, atol=1e-12)
