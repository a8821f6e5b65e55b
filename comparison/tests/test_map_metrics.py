"""Map metrics against slow implementations from their formulas, and their properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from comparison.fixation_metrics import auc_judd, auc_shuffled, information_gain, nss
from comparison.judging import Reference, judge, prepare, tile_means
from comparison.map_metrics import (
    KL_EPSILON,
    METRICS,
    as_density,
    cc,
    emd,
    kl,
    rank_correlation,
    sim,
)
from study.errors import InputError

maps = arrays(np.float64, 12, elements=st.floats(-5, 5).map(lambda value: round(value, 3)))
positive = arrays(np.float64, 12, elements=st.floats(0.01, 5))
quick = settings(max_examples=40, deadline=None)


def _slow_density(values):
    kept = [max(0.0, float(v)) for v in values]
    return [v / sum(kept) if sum(kept) > 0 else 1 / len(kept) for v in kept]


def _slow_cc(a, b):
    n = len(a)
    mean_a, mean_b = sum(a) / n, sum(b) / n
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    spread = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    return covariance / spread


def _slow_sim(a, b):
    return sum(min(x, y) for x, y in zip(_slow_density(a), _slow_density(b), strict=True))


def _slow_kl(prediction, gaze):
    total = 0.0
    for p, q in zip(_slow_density(prediction), _slow_density(gaze), strict=True):
        total += q * math.log(KL_EPSILON + q / (p + KL_EPSILON))
    return total


def _slow_nss(values, cells):
    n = len(values)
    mean = sum(values) / n
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / n)
    return sum((values[c] - mean) / deviation for c in cells) / len(cells)


def _slow_auc(values, cells, negatives=None):
    """Walk down all thresholds and sum the trapezoids under the ROC curve."""
    if negatives is None:
        negatives = [v for i, v in enumerate(values) if i not in set(cells)]
    area, last_tp, last_fp = 0.0, 0.0, 0.0
    for threshold in sorted(set(values), reverse=True):
        tp = sum(values[c] >= threshold for c in cells) / len(cells)
        fp = sum(v >= threshold for v in negatives) / len(negatives)
        area += (fp - last_fp) * (tp + last_tp) / 2
        last_tp, last_fp = tp, fp
    return area


def _slow_gain(prediction, baseline, cells):
    bits = 0.0
    for cell in cells:
        p, q = (0.99 * d[cell] + 0.01 / len(d) for d in map(_slow_density, (prediction, baseline)))
        bits += math.log2(p / q)
    return bits / len(cells)


def _slow_ranks(values):
    """One plus the number of lower values, plus half of those that are equal."""
    return [sum(u < v for u in values) + (1 + sum(u == v for u in values)) / 2 for v in values]


@pytest.mark.parametrize("seed", range(4))
def test_against_slow_implementations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    relevance = rng.normal(size=60).round(1)
    gaze = rng.gamma(1.0, size=60)
    cells, elsewhere = rng.integers(0, 60, size=9), rng.integers(0, 60, size=40)
    assert float(cc(relevance, gaze)) == pytest.approx(_slow_cc(relevance, gaze))
    assert float(sim(relevance, gaze)) == pytest.approx(_slow_sim(relevance, gaze))
    assert float(kl(relevance, gaze)) == pytest.approx(_slow_kl(relevance, gaze))
    assert float(nss(relevance, cells)) == pytest.approx(_slow_nss(relevance, cells))
    expected = _slow_auc(relevance.tolist(), cells.tolist())
    assert float(auc_judd(relevance, cells)) == pytest.approx(expected)
    expected = _slow_auc(relevance.tolist(), cells.tolist(), relevance[elsewhere].tolist())
    assert float(auc_shuffled(relevance, cells, elsewhere)) == pytest.approx(expected)
    gain = float(information_gain(relevance, gaze, cells))
    assert gain == pytest.approx(_slow_gain(relevance, gaze, cells))
    ranks = _slow_cc(_slow_ranks(relevance), _slow_ranks(gaze))
    assert float(rank_correlation(relevance, gaze)) == pytest.approx(ranks)


def _reference(gaze, cells, elsewhere, centre, regions=None):
    counts = np.bincount(elsewhere, minlength=len(gaze)).astype(float)
    return Reference(gaze / gaze.sum(), cells, counts, centre, 2, regions)


def test_several_maps_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(7)
    predictions, gaze = rng.normal(size=(3, 36)).round(1), rng.gamma(1.0, size=36)
    cells, elsewhere = rng.integers(0, 36, size=5), rng.integers(0, 36, size=20)
    centre = rng.gamma(1.0, size=36)
    regions = np.kron(np.eye(4), np.full(9, 1 / 9))
    judged = judge(prepare(predictions, 2), _reference(gaze, cells, elsewhere, centre, regions))
    assert set(judged) == set(METRICS) - {"EMD"}
    # Tiles of 3 x 3 cells of the 6 x 6.
    tile = np.array([3 * row // 9 * 2 + 3 * column // 9 for row in range(6) for column in range(6)])
    for i, row in enumerate(predictions):
        tiles = [[np.mean(m[tile == k]) for k in range(4)] for m in (row, gaze)]
        parts = [m.reshape(4, 9).mean(axis=1) for m in (row, gaze)]
        single = {
            "CC": cc(row, gaze), "SIM": sim(row, gaze), "KL": kl(row, gaze),
            "NSS": nss(row, cells), "AUC": auc_judd(row, cells),
            "sAUC": auc_shuffled(row, cells, elsewhere),
            "IG": information_gain(row, centre, cells), "rho": rank_correlation(row, gaze),
            "CC_tiles": cc(*tiles), "rho_tiles": rank_correlation(*tiles),
            "rho_regions": rank_correlation(*parts),
        }  # fmt: skip
        for name, expected in single.items():
            assert judged[name][i] == pytest.approx(float(expected), rel=1e-10), name


def test_tiles_share_the_cells_between_them() -> None:
    np.testing.assert_allclose(
        tile_means(np.arange(9.0), 2), [1.3333333, 2.6666667, 5.3333333, 6.6666667]
    )


def test_metrics_without_what_they_need_are_missing() -> None:
    gaze = np.arange(1.0, 17.0)
    none = np.empty(0, dtype=np.int64)
    judged = judge(prepare(gaze[None], 2), _reference(gaze, none, none, np.ones(16)))
    missing = {name for name, value in judged.items() if np.isnan(value).any()}
    assert missing == {"NSS", "AUC", "sAUC", "IG", "rho_regions"}


def test_emd_of_a_line_is_the_distance_of_cumulated_densities() -> None:
    """In one dimension the distance has a closed form (Vallender 1974)."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        p, q = rng.gamma(0.5, size=(2, 5))
        lines = np.zeros((2, 5, 5))
        lines[:, 2] = p, q
        closed = np.abs(np.cumsum(p / p.sum() - q / q.sum())).sum()
        assert emd(lines[0].ravel(), lines[1].ravel(), 5) == pytest.approx(100 * closed / 5)


def test_emd_against_a_dense_programme_over_all_cells() -> None:
    """Scipy's own, which moves all mass and not the differences alone."""
    from scipy.stats import wasserstein_distance_nd

    rng = np.random.default_rng(4)
    p, q = rng.gamma(0.3, size=(2, 16))
    points = np.argwhere(np.ones((4, 4)))
    slow = wasserstein_distance_nd(points, points, p, q)
    assert emd(p, q, 4) == pytest.approx(100 * slow / 4, rel=1e-6)


def test_emd_knows_symmetry_identity_and_shifts() -> None:
    rng = np.random.default_rng(5)
    p, q = rng.gamma(0.3, size=(2, 25))
    assert emd(p, p, 5) == 0.0
    assert emd(p, q, 5) == pytest.approx(emd(q, p, 5))
    blob = np.zeros((8, 8))
    blob[1:3, 1:3] = [[1, 2], [3, 1]]
    moved = np.roll(blob, (3, 4), axis=(0, 1))
    assert emd(blob.ravel(), moved.ravel(), 8) == pytest.approx(100 * 5 / 8)
    assert emd(np.full(4, -1.0), np.ones(4), 2) == 0.0


def test_emd_is_solved_for_nearly_equal_maps_and_for_masses_of_very_different_size() -> None:
    rng = np.random.default_rng(6)
    for _ in range(60):
        p = np.exp(15 * rng.normal(size=36))
        assert emd(p, p * (1 + 1e-6 * rng.normal(size=36)), 6) < 1e-3
        assert 0 < emd(p, np.exp(15 * rng.normal(size=36)), 6) < 100 * 2**0.5


def test_emd_of_maps_of_different_size_is_refused() -> None:
    with pytest.raises(InputError, match="3 x 3 cells"):
        emd(np.ones(4), np.ones(4), 3)


@quick
@given(a=maps, b=maps)
def test_cc_is_symmetric_and_bounded(a: np.ndarray, b: np.ndarray) -> None:
    assert float(cc(a, b)) == pytest.approx(float(cc(b, a)), abs=1e-12)
    assert -1 <= float(cc(a, b)) <= 1


@quick
@given(a=maps, b=maps)
def test_sim_is_symmetric_and_between_zero_and_one(a: np.ndarray, b: np.ndarray) -> None:
    assert float(sim(a, b)) == pytest.approx(float(sim(b, a)), abs=1e-12)
    assert -1e-12 <= float(sim(a, b)) <= 1 + 1e-12
    assert float(sim(a, a)) == pytest.approx(1.0)


@quick
@given(a=maps, b=positive)
def test_kl_is_not_negative_and_zero_for_the_same(a: np.ndarray, b: np.ndarray) -> None:
    assert float(kl(a, b)) >= 0
    assert float(kl(b, b)) == pytest.approx(0.0, abs=1e-12)


@quick
@given(a=maps, scale=st.floats(0.1, 10), shift=st.floats(-5, 5))
def test_nss_cc_and_auc_are_affine_invariant(a: np.ndarray, scale: float, shift: float) -> None:
    cells, gaze = np.array([0, 3, 3]), np.arange(12.0)
    if np.ptp(a) < 0.01:
        a = a + np.arange(12)
    moved = scale * a + shift
    assert float(nss(moved, cells)) == pytest.approx(float(nss(a, cells)), abs=1e-8)
    assert float(cc(moved, gaze)) == pytest.approx(float(cc(a, gaze)), abs=1e-8)
    assert float(auc_judd(np.exp(a / 5), cells)) == pytest.approx(float(auc_judd(a, cells)))


@quick
@given(a=maps)
def test_auc_of_the_opposite_map_is_the_rest(a: np.ndarray) -> None:
    cells = np.array([1, 4, 9])
    assert float(auc_judd(a, cells) + auc_judd(-a, cells)) == pytest.approx(1.0)


@pytest.mark.parametrize("level", [0.0, 0.1, -3.0, 1e9])
def test_constant_maps_follow_the_convention(level: float) -> None:
    flat, gaze, cells = np.full(30, level), np.arange(1.0, 31.0), np.array([3, 4])
    assert float(cc(flat, gaze)) == 0.0
    assert float(nss(flat, cells)) == 0.0
    assert float(auc_judd(flat, cells)) == 0.5
    assert float(auc_shuffled(flat, cells, np.array([1, 1, 8]))) == 0.5
    assert float(rank_correlation(flat, gaze)) == 0.0
    uniform = np.ones(30)
    assert float(sim(flat, gaze)) == pytest.approx(float(sim(uniform, gaze)))
    assert float(kl(flat, gaze)) == pytest.approx(float(kl(uniform, gaze)))


def test_negative_relevance_is_cut_off_not_shifted() -> None:
    rng = np.random.default_rng(3)
    gaze, unrelated = np.exp(-(np.linspace(-6, 6, 400) ** 2)), rng.normal(size=400)
    shifted = unrelated - unrelated.min()
    assert float(sim(unrelated, gaze)) < float(sim(shifted, gaze))
    np.testing.assert_array_equal(as_density(unrelated) > 0, unrelated > 0)


def test_maps_of_small_integers_do_not_wrap() -> None:
    small = np.array([250, 251, 252, 10], dtype=np.uint8)
    assert float(cc(small, small)) == pytest.approx(1.0)
    assert as_density(small).sum() == pytest.approx(1.0)


def test_kl_stays_finite_where_the_prediction_is_zero() -> None:
    value = float(kl([1.0, 0.0], [0.0, 1.0]))
    assert value == pytest.approx(-math.log(KL_EPSILON), abs=1e-6)


def test_auc_where_every_cell_is_fixated() -> None:
    assert float(auc_judd([1.0, 2.0], np.array([0, 1, 1]))) == 0.5


def test_shuffled_auc_without_another_picture_is_chance() -> None:
    assert float(auc_shuffled([1.0, 2.0], np.array([1]), np.empty(0, dtype=np.int64))) == 0.5


def test_the_centre_gains_nothing_over_itself_and_impossible_cells_stay_finite() -> None:
    centre, cells = np.array([1.0, 2.0, 1.0, 0.0]), np.array([0, 1, 3])
    assert float(information_gain(centre, centre, cells)) == 0.0
    assert np.isfinite(information_gain([1.0, 0.0, 0.0, 0.0], centre, cells))
