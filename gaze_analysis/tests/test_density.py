"""Density maps against the slow sum of kernels that defines them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from gaze_analysis.density import EDGES, Grid, axis_kernel, density_map, kernel_sum
from study.errors import InputError

finite = st.floats(-50, 150, allow_nan=False)
fixations = st.lists(st.tuples(finite, finite, st.floats(0.5, 2000)), min_size=1, max_size=12)


def direct_sum(x, y, weights, grid, sigma):
    """Silverman (1986), eq. 4.1: one exponential for each pair of point and fixation."""
    total = np.zeros(grid.shape)
    for row, v in enumerate(grid.y_px):
        for column, u in enumerate(grid.x_px):
            for i in range(len(x)):
                square = ((u - x[i]) ** 2 + (v - y[i]) ** 2) / sigma**2
                total[row, column] += weights[i] * np.exp(-square / 2) / (2 * np.pi * sigma**2)
    return total


@settings(max_examples=15, deadline=None)
@given(fixations, st.floats(4, 40), st.sampled_from([1.0, 4.0, 7.0]))
def test_agrees_with_the_direct_sum_of_kernels(points, sigma, step):
    x, y, w = map(np.array, zip(*points, strict=True))
    grid = Grid(31, 17, step)
    expected = direct_sum(x, y, w, grid, sigma)
    found = kernel_sum(x, y, grid, sigma_px=sigma, weights=w)
    # At each point down to the smallest normal numbers, not only where gaze is dense.
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


@settings(max_examples=25, deadline=None)
@given(fixations, st.floats(20, 60))
def test_integrates_to_one_wherever_the_fixations_are(points, sigma):
    x, y, w = map(np.array, zip(*points, strict=True))
    grid = Grid(100, 80, 2)
    found = density_map(x, y, grid, sigma_px=sigma, weights=w)
    assert found.dtype == np.float64
    assert (found >= 0).all()
    assert found.sum() * grid.cell_area_px2 == pytest.approx(1, rel=1e-12)


def test_renormalises_the_mass_that_lies_outside_the_picture():
    grid = Grid(40, 40)
    on_the_edge = kernel_sum([-0.5], [19.5], grid, sigma_px=5.0)
    assert on_the_edge.sum() == pytest.approx(0.5, rel=1e-4)
    renormalised = density_map([-0.5], [19.5], grid, sigma_px=5.0)
    np.testing.assert_allclose(renormalised, on_the_edge / on_the_edge.sum(), rtol=1e-12)


def images(centre, length, n=8):
    """A fixation and its images in two mirrors at the picture's ends, many sigmas far."""
    return [2 * length * m + c for m in range(-n, n + 1) for c in (centre, -1.0 - centre)]


def direct_density(x, y, weights, grid, sigma, edges):
    """Each rule for the mass outside, by its definition."""
    if edges == "reflected":
        total = np.zeros(grid.shape)
        for i in range(len(x)):
            for u in images(x[i], grid.width_px):
                for v in images(y[i], grid.height_px):
                    total += direct_sum([u], [v], [weights[i]], grid, sigma)
        return total / sum(weights)
    total = direct_sum(x, y, weights, grid, sigma)
    return total / (sum(weights) if edges == "dropped" else total.sum() * grid.cell_area_px2)


@pytest.mark.parametrize("edges", list(EDGES))
@pytest.mark.parametrize("sigma", [0.8, 3.0, 7.0])
def test_every_rule_of_edges_is_exact_at_each_point(edges, sigma):
    grid = Grid(9, 7, 1)
    x, y, w = [-0.5, 4.2, 8.4], [6.5, 3.1, 0.0], [1.0, 2.5, 0.3]
    expected = direct_density(x, y, w, grid, sigma, edges)
    found = density_map(x, y, grid, sigma_px=sigma, weights=w, edges=edges)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_reflected_mass_is_all_there_and_dropped_mass_is_what_the_picture_holds():
    grid = Grid(100, 80, 0.5)
    x, y, w = [3.0, 97.0, 50.0], [-0.5, 70.0, 40.0], [1.0, 2.0, 4.0]
    for sigma in (2.0, 11.0, 150.0):
        reflected = density_map(x, y, grid, sigma_px=sigma, weights=w, edges="reflected")
        assert reflected.sum() * grid.cell_area_px2 == pytest.approx(1, rel=1e-11)
    dropped = density_map(x, y, Grid(100, 80, 0.1), sigma_px=11.0, weights=w, edges="dropped")
    inside = [
        (ndtr((99.5 - u) / 11) - ndtr((-0.5 - u) / 11))
        * (ndtr((79.5 - v) / 11) - ndtr((-0.5 - v) / 11))
        for u, v in zip(x, y, strict=True)
    ]
    # The midpoint rule's error at the border, where a dropped kernel ends in a step.
    assert dropped.sum() * 0.01 == pytest.approx(np.average(inside, weights=w), rel=1e-5)


def test_a_kernel_on_the_border_is_folded_and_one_far_from_it_is_left_alone():
    grid = Grid(60, 60)
    folded = density_map([-0.5], [29.5], grid, sigma_px=4.0, edges="reflected")
    half = density_map([-0.5], [29.5], grid, sigma_px=4.0, edges="dropped")
    near = half > 1e-5 * half.max()
    np.testing.assert_allclose(folded[near], 2 * half[near], rtol=1e-12)
    inner = [
        density_map([29.5], [29.5], grid, sigma_px=2.0, edges=edges)
        for edges in ("reflected", "dropped")
    ]
    near = inner[1] > 1e-16 * inner[1].max()
    np.testing.assert_allclose(inner[0][near], inner[1][near], rtol=1e-12)
    mirrored = density_map([60 - 1 + 0.5], [29.5], grid, sigma_px=4.0, edges="reflected")
    np.testing.assert_allclose(mirrored, folded[:, ::-1], rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.5, 29.5), st.floats(-0.5, 19.5), st.floats(1, 400))
def test_reflected_kernels_have_no_slope_at_the_border(x, y, sigma):
    step = 1e-3
    close = Grid(30, 20, 1)
    at = np.array([-0.5 + step, -0.5 + 2 * step, 29.5 - 2 * step, 29.5 - step])
    line = axis_kernel(at, np.array([x]), sigma, reflect_px=30.0)[:, 0]
    slope = np.diff(line)[[0, 2]] / step
    # At most the curvature of a Gaussian's peak, a few times over, on the way to the border.
    assert (np.abs(slope) <= 5 * step / sigma**3 + 1e-12).all()
    made = density_map([x], [y], close, sigma_px=sigma, edges="reflected")
    assert made.sum() * close.cell_area_px2 == pytest.approx(1, rel=2e-8)


def test_only_what_is_on_the_picture_can_be_reflected():
    with pytest.raises(InputError, match="1 of 2 lie beside it"):
        density_map([5, 30.1], [5, 5], Grid(30, 30), sigma_px=3.0, edges="reflected")


@settings(max_examples=20, deadline=None)
@given(st.integers(-15, 15), st.integers(-15, 15))
def test_moves_with_the_fixations(right, down):
    rng = np.random.default_rng(7)
    x, y = rng.uniform(40, 60, (2, 6))
    grid = Grid(100, 100)
    here = kernel_sum(x, y, grid, sigma_px=6.0)
    there = kernel_sum(x + right, y + down, grid, sigma_px=6.0)
    window = slice(20, 80)
    moved = there[20 + down : 80 + down, 20 + right : 80 + right]
    np.testing.assert_allclose(moved, here[window, window], rtol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(9)))
def test_does_not_depend_on_the_order(order):
    rng = np.random.default_rng(3)
    x, y, w = rng.uniform(0, 50, (3, 9))
    grid, order = Grid(50, 50, 5), list(order)
    one = density_map(x, y, grid, sigma_px=8.0, weights=w)
    other = density_map(x[order], y[order], grid, sigma_px=8.0, weights=w[order])
    np.testing.assert_allclose(other, one, rtol=1e-12)


def test_a_weight_of_two_is_two_fixations():
    grid = Grid(30, 30)
    weighted = density_map([5, 20], [7, 22], grid, sigma_px=4.0, weights=[2, 1])
    repeated = density_map([5, 5, 20], [7, 7, 22], grid, sigma_px=4.0)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12)
    in_seconds = density_map([5, 20], [7, 22], grid, sigma_px=4.0, weights=[0.002, 0.001])
    np.testing.assert_allclose(in_seconds, weighted, rtol=1e-12)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint64, np.float32])
def test_takes_any_numeric_type(kind):
    grid = Grid(60, 60)
    x, y, w = np.array([3, 50, 10]), np.array([40, 5, 10]), np.array([200, 3, 255])
    expected = density_map(x.astype(float), y, grid, sigma_px=9.0, weights=w.astype(float))
    found = density_map(x.astype(kind), y.astype(kind), grid, sigma_px=9.0, weights=w.astype(kind))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("x", "y", "weights", "sigma", "words"),
    [
        ([], [], None, 5.0, "at least one fixation"),
        ([1, np.nan], [1, 2], None, 5.0, "1 of 2 have not"),
        ([1, 2], [1], None, 5.0, "2, 1 and 2"),
        ([1, 2], [1, 2], [1, -1], 5.0, "0 or greater"),
        ([1, 2], [1, 2], [0, 0], 5.0, "not all 0"),
        ([1], [1], None, 0.0, "greater than 0"),
        ([9e9], [1], None, 5.0, "near the picture"),
    ],
    ids=["empty", "nan", "lengths", "negative", "zero", "sigma", "far"],
)
def test_refuses_what_no_map_can_be_made_of(x, y, weights, sigma, words):
    with pytest.raises(InputError, match=words):
        density_map(x, y, Grid(20, 20), sigma_px=sigma, weights=weights)


@given(st.integers(1, 800), st.integers(1, 800), st.floats(0.5, 50))
def test_the_cells_of_a_grid_fill_the_picture(width, height, step):
    grid = Grid(width, height, step)
    rows, columns = grid.shape
    assert rows * columns * grid.cell_area_px2 == pytest.approx(width * height)
    assert grid.x_px.mean() == pytest.approx((width - 1) / 2)
    assert -0.5 < grid.y_px[0] <= grid.y_px[-1] < height - 0.5
