"""Ceilings against correlations of averaged maps, one by one."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.ceiling import BandedCeiling, ceiling, draw_halves, spearman_brown
from study.errors import InputError


def noisy_maps(n_people, seed=1, noise=1.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(6, 5)) + noise * rng.normal(size=(n_people, 6, 5))


@pytest.mark.parametrize("n_people", [2, 5, 8])
def test_leave_one_out_is_the_correlation_with_the_mean_of_the_others(n_people):
    maps = noisy_maps(n_people)
    expected = [
        np.corrcoef(maps[i].ravel(), np.delete(maps, i, axis=0).mean(axis=0).ravel())[0, 1]
        for i in range(n_people)
    ]
    found = ceiling(maps, np.random.default_rng(1), n_splits=3)
    assert found.leave_one_out_r == pytest.approx(np.mean(expected), rel=1e-10)
    assert found.n_participants == n_people


def test_split_half_comes_to_the_mean_over_all_halves():
    maps = noisy_maps(6)
    people = set(range(6))
    every_half = [
        np.corrcoef(
            maps[list(half)].mean(axis=0).ravel(),
            maps[list(people - set(half))].mean(axis=0).ravel(),
        )[0, 1]
        for half in combinations(range(6), 3)
    ]
    found = ceiling(maps, np.random.default_rng(1), n_splits=4000)
    assert found.split_half_r == pytest.approx(np.mean(every_half), abs=0.01)
    assert found.spearman_brown_r == pytest.approx(
        2 * found.split_half_r / (1 + found.split_half_r)
    )


def test_weights_pool_the_maps():
    maps, weights = noisy_maps(3), np.array([1.0, 5.0, 2.0])
    others = [np.average(np.delete(maps, i, 0), 0, np.delete(weights, i)) for i in range(3)]
    expected = [np.corrcoef(maps[i].ravel(), others[i].ravel())[0, 1] for i in range(3)]
    found = ceiling(maps, np.random.default_rng(1), n_splits=3, weights=weights)
    assert found.leave_one_out_r == pytest.approx(np.mean(expected), rel=1e-10)


def test_the_same_seed_gives_the_same_halves():
    maps = noisy_maps(7)
    first, second, other = (
        ceiling(maps, np.random.default_rng(seed), n_splits=20).split_half_r for seed in (1, 1, 2)
    )
    assert first == second != other


def test_more_people_and_less_noise_agree_better():
    few = ceiling(noisy_maps(4), np.random.default_rng(1))
    many = ceiling(noisy_maps(40), np.random.default_rng(1))
    exact = ceiling(noisy_maps(4, noise=0.01), np.random.default_rng(1))
    assert few.split_half_r < many.split_half_r < exact.split_half_r <= 1


def test_one_person_has_no_ceiling():
    found = ceiling(noisy_maps(1), np.random.default_rng(1))
    assert np.isnan([found.split_half_r, found.spearman_brown_r, found.leave_one_out_r]).all()
    with pytest.raises(InputError, match="one map for each participant"):
        ceiling(np.ones(4), np.random.default_rng(1))


@given(n_people=st.integers(2, 9), seed=st.integers(0, 99), cut=st.integers(1, 5))
def test_more_people_than_halves_agree_as_their_products_do(n_people, seed, cut):
    """Sums over halves, band by band, against the correlations of whole mean maps."""
    maps = noisy_maps(n_people, seed)
    weights = np.random.default_rng(seed).uniform(0.5, 2, n_people)
    banded = BandedCeiling(maps.mean(axis=(1, 2)), weights, np.random.default_rng(seed), n_splits=1)
    some = n_people // 2
    for band in (maps[:, :cut], maps[:, cut:]):
        banded.add([band[:some], band[some:]], np.average(band, axis=0, weights=weights))
    found = banded.result()
    first = draw_halves(n_people, np.random.default_rng(seed), n_splits=1)[0] == 1
    one, two = (np.tensordot(weights[who], maps[who], 1).ravel() for who in (first, ~first))
    assert found.split_half_r == pytest.approx(np.corrcoef(one, two)[0, 1], abs=1e-10)
    whole = ceiling(maps, np.random.default_rng(seed), n_splits=n_people, weights=weights)
    assert found.leave_one_out_r == pytest.approx(whole.leave_one_out_r, abs=1e-10)
    assert found.n_participants == n_people


@given(st.floats(0.01, 0.99))
def test_spearman_brown_steps_up(r):
    assert r < spearman_brown(r) < 1
