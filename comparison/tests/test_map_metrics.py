"""Map metrics against slow implementations from their formulas, and their properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from comparison.map_metrics import (
    KL_EPSILON,
    METRICS,
    as_density,
    auc_judd,
    cc,
    cross_metrics,
    kl,
    nss,
    sim,
)

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


def _slow_auc(values, cells):
    """Walk down all thresholds and sum the trapezoids under the ROC curve."""
    negatives = [v for i, v in enumerate(values) if i not in set(cells)]
    area, last_tp, last_fp = 0.0, 0.0, 0.0
    for threshold in sorted(set(values), reverse=True):
        tp = sum(values[c] >= threshold for c in cells) / len(cells)
        fp = sum(v >= threshold for v in negatives) / len(negatives)
        area += (fp - last_fp) * (tp + last_tp) / 2
        last_tp, last_fp = tp, fp
    return area


@pytest.mark.parametrize("seed", range(4))
def test_against_slow_implementations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    relevance = rng.normal(size=60).round(1)
    gaze = rng.gamma(1.0, size=60)
    cells = rng.integers(0, 60, size=9)
    assert float(cc(relevance, gaze)) == pytest.approx(_slow_cc(relevance, gaze))
    assert float(sim(relevance, gaze)) == pytest.approx(_slow_sim(relevance, gaze))
    assert float(kl(relevance, gaze)) == pytest.approx(_slow_kl(relevance, gaze))
    assert float(nss(relevance, cells)) == pytest.approx(_slow_nss(relevance, cells))
    expected = _slow_auc(relevance.tolist(), cells.tolist())
    assert float(auc_judd(relevance, cells)) == pytest.approx(expected)


def test_several_maps_at_once_equal_one_by_one() -> None:
    rng = np.random.default_rng(7)
    predictions, gaze = rng.normal(size=(3, 40)), rng.gamma(1.0, size=(2, 40))
    cells = [rng.integers(0, 40, size=5), rng.integers(0, 40, size=8)]
    crossed = cross_metrics(predictions, gaze, cells)
    assert tuple(crossed) == METRICS
    for i in range(3):
        for j in range(2):
            single = (
                cc(predictions[i], gaze[j]),
                sim(predictions[i], gaze[j]),
                kl(predictions[i], gaze[j]),
                nss(predictions[i], cells[j]),
                auc_judd(predictions[i], cells[j]),
            )
            found = [crossed[name][i, j] for name in METRICS]
            np.testing.assert_allclose(found, single, rtol=1e-12)


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
