"""Tiles: scores, ties and the order of removal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparison.tiles import (
    cell_means,
    picture_edges_px,
    removal_order,
    removal_steps,
    tied_tiles,
    tile_edges,
    tile_scores,
)
from study.errors import InputError

# The worked example printed by Bartnik (2020): at which step each tile goes.
PRINTED = {
    "random": [[2, 15, 8, 16], [3, 14, 4, 7], [9, 1, 5, 11], [12, 13, 10, 6]],
    "relevance": [[13, 11, 8, 15], [14, 5, 6, 16], [9, 1, 2, 10], [7, 3, 4, 12]],
    "gaze": [[16, 9, 10, 8], [11, 2, 1, 7], [15, 4, 3, 12], [14, 6, 5, 13]],
}


def _centres(n: int, picture_px: float) -> np.ndarray:
    return (np.arange(n) + 0.5) * picture_px / n - 0.5


@pytest.mark.parametrize("name", PRINTED)
def test_printed_orders_come_out_of_tile_means_of_that_rank(name: str) -> None:
    steps = np.array(PRINTED[name])
    pattern = np.where(np.indices((224, 224)).sum(axis=0) % 2, 30.0, -30.0)
    values = np.kron(5.0 - steps, np.ones((56, 56))) + pattern
    centres = _centres(224, 448)
    edges = picture_edges_px(tile_edges(224, 4), 224, 448)
    order = removal_order(tile_scores(values, centres, centres, edges), np.random.default_rng(0))
    assert removal_steps(order).reshape(4, 4).tolist() == steps.tolist()


def _slow_cell_mean(
    values: np.ndarray,
    centres: np.ndarray,
    low_y: float,
    high_y: float,
    low_x: float,
    high_x: float,
) -> float:
    """Weigh every point by the area that it shares with the cell."""
    half = (centres[1] - centres[0]) / 2
    total = area = 0.0
    for i, y in enumerate(centres):
        for j, x in enumerate(centres):
            height = max(0.0, min(high_y, y + half) - max(low_y, y - half))
            width = max(0.0, min(high_x, x + half) - max(low_x, x - half))
            total += values[i, j] * height * width
            area += height * width
    return total / area


@pytest.mark.parametrize(("points", "cells"), [(7, 3), (4, 9), (8, 4), (5, 5)])
def test_cell_means_weigh_by_area(points: int, cells: int) -> None:
    values = np.random.default_rng(1).normal(size=(points, points))
    centres, edges = _centres(points, 60), np.linspace(-0.5, 59.5, cells + 1)
    means = cell_means(values, centres, centres, edges)
    for row in range(cells):
        for column in range(cells):
            expected = _slow_cell_mean(
                values, centres, *edges[row : row + 2], *edges[column : column + 2]
            )
            assert means[row, column] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(points=st.integers(2, 20), cells=st.integers(1, 20), seed=st.integers(0, 99))
def test_cell_means_keep_the_mean(points: int, cells: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(2, points, points))
    centres, edges = _centres(points, 30), np.linspace(-0.5, 29.5, cells + 1)
    means = cell_means(values, centres, centres, edges)
    np.testing.assert_allclose(means.mean(axis=(1, 2)), values.mean(axis=(1, 2)), atol=1e-12)


def test_maps_of_small_integers_do_not_wrap() -> None:
    values = np.full((8, 8), 200, dtype=np.uint8)
    scores = tile_scores(values, np.arange(8.0), np.arange(8.0), np.array([-0.5, 3.5, 7.5]))
    np.testing.assert_allclose(scores, 200.0)


def test_negative_maps_keep_their_order() -> None:
    scores = np.array([-5.0, -1.0, -3.0, -2.0])
    assert removal_order(scores, np.random.default_rng(0)).tolist() == [1, 3, 2, 0]
    assert not tied_tiles(scores).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_maps_with_missing_values_are_refused(bad: float) -> None:
    values = np.ones((4, 4))
    values[1, 2] = bad
    with pytest.raises(InputError, match="finite"):
        tile_scores(values, np.arange(4.0), np.arange(4.0), np.array([-0.5, 1.5, 3.5]))


def test_maps_of_another_size_are_refused() -> None:
    edges = np.array([-0.5, 3.5, 7.5])
    with pytest.raises(InputError, match="cover the picture"):
        cell_means(np.ones((4, 4)), np.arange(4.0), np.arange(4.0), edges)
    with pytest.raises(InputError, match="even steps"):
        cell_means(np.ones((3, 3)), np.array([0.0, 1.0, 5.0]), np.arange(3.0), edges)


def test_flat_maps_lose_no_corner_first() -> None:
    firsts = [
        removal_order(np.full(16, 0.25), np.random.default_rng(seed))[0] for seed in range(2000)
    ]
    counts = np.bincount(firsts, minlength=16)
    # Binomial with p = 1/16: 125 expected, standard deviation 10.8.
    assert (np.abs(counts - 125) < 5 * 10.8).all()
    assert tied_tiles(np.full(16, 0.25)).all()


def test_ties_are_drawn_among_themselves_only() -> None:
    scores = np.array([1.0, 3.0, 1.0, 2.0, 1.0])
    orders = {tuple(removal_order(scores, np.random.default_rng(seed))) for seed in range(200)}
    assert {order[:2] for order in orders} == {(1, 3)}
    assert {order[2:] for order in orders} == {
        (0, 2, 4), (0, 4, 2), (2, 0, 4), (2, 4, 0), (4, 0, 2), (4, 2, 0),
    }  # fmt: skip


def test_rounding_makes_ties_not_orders() -> None:
    scores = np.array([0.1 + 0.2, 0.3, 1.0, -1.0])
    assert tied_tiles(scores).tolist() == [True, True, False, False]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-6, 1e6), shift=st.floats(-1, 1))
def test_order_does_not_depend_on_a_maps_scale(seed: int, scale: float, shift: float) -> None:
    scores = np.random.default_rng(seed).permutation(16).astype(float)
    plain = removal_order(scores, np.random.default_rng(1))
    moved = removal_order(scale * (scores + shift), np.random.default_rng(1))
    assert plain.tolist() == moved.tolist()
    assert sorted(plain) == list(range(16))


def test_sides_that_do_not_divide_give_whole_pixels() -> None:
    edges = tile_edges(10, 4)
    assert edges.tolist() == [0, 2, 5, 8, 10]
    with pytest.raises(InputError, match=r"comparison\.grid"):
        tile_edges(3, 4)
