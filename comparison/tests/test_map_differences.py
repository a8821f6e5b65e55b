"""Differences by cell: clusters against a slow version, error rates, and too few units."""

from itertools import product

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label
from scipy.stats import ttest_1samp

from comparison.common_maps import PeopleMaps
from comparison.difference_tables import (
    CLUSTER_COLUMNS,
    TEST_COLUMNS,
    clusters_table,
    differences_dataset,
    outcome_table,
)
from comparison.map_differences import (
    FEWEST_UNITS,
    cluster_test,
    map_differences,
    participant_differences,
    picture_differences,
    student_t,
)
from comparison.map_metrics import as_density
from comparison.tests.test_metrics import _maps, people
from study.settings.execution import ExecutionSettings

pytest.importorskip("mne", reason="cluster tests are MNE's")


def _noise(n: int, side: int = 12, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n, side, side))
    return gaussian_filter(noise, (0, 1.5, 1.5))


def test_t_against_scipy_and_where_nothing_varies() -> None:
    values = np.random.default_rng(1).normal(size=(8, 3, 3))
    np.testing.assert_allclose(student_t(values), ttest_1samp(values, 0).statistic)
    flat = np.zeros((4, 2))
    flat[:, 1] = -0.3
    t = student_t(flat)
    assert t[0] == 0.0
    assert t[1] < -1e6


def _slow_masses(values: np.ndarray, threshold: float) -> list[tuple[float, np.ndarray]]:
    t = ttest_1samp(values, 0).statistic
    found = []
    for mask in (t > threshold, t < -threshold):
        numbers, count = label(mask)
        found += [(float(t[numbers == k].sum()), numbers == k) for k in range(1, count + 1)]
    return found


def test_clusters_against_every_sign_flip_by_hand() -> None:
    values = _noise(7, side=8, seed=3)
    values[:, 2:5, 2:5] += 0.35
    test = cluster_test(values, n_permutations=10_000, seed=1)
    found = sorted(_slow_masses(values, test.threshold_t), key=lambda pair: -abs(pair[0]))
    assert found
    largest = []
    # Half of all flips: those of all signs at once have the same masses.
    for signs in product([1.0], *[[1.0, -1.0]] * 6):
        flipped = values * np.array(signs)[:, None, None]
        masses = [abs(m) for m, _ in _slow_masses(flipped, test.threshold_t)]
        largest.append(max(masses, default=0.0))
    assert test.n_permutations == 64
    slow = {round(m, 6): np.mean(np.array(largest) >= abs(m) - 1e-9) for m, _ in found}
    for mass, p in zip(test.mass, test.p, strict=True):
        assert p == pytest.approx(slow[round(mass, 6)])
    for number, mass in enumerate(test.mass, start=1):
        (mask,) = [own for m, own in found if m == pytest.approx(mass)]
        np.testing.assert_array_equal(test.labels == number, mask)


def test_a_planted_difference_is_found_where_it_is() -> None:
    values = _noise(20, seed=4)
    values[:, 2:6, 2:6] += 0.5
    values[:, 8:11, 7:11] -= 0.5
    test = cluster_test(values, n_permutations=500, seed=1)
    assert test.significant[3, 3]
    assert test.significant[9, 9]
    assert test.t[3, 3] > 0 > test.t[9, 9]
    assert not test.significant[0, 11]
    assert np.all(np.diff(test.p) >= 0)


def test_the_same_seed_gives_the_same_p() -> None:
    values = _noise(15, seed=5) + 0.05
    first, again = (cluster_test(values, n_permutations=200, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.p, again.p)
    np.testing.assert_array_equal(first.labels, again.labels)


@pytest.mark.slow
def test_family_wise_error_is_five_per_cent_under_the_null() -> None:
    """Smooth noise without any difference: 5 % of 400 studies have a significant cluster."""
    rejected = 0
    for seed in range(400):
        test = cluster_test(_noise(12, seed=1000 + seed), n_permutations=100, seed=seed)
        rejected += bool(test.significant.any())
    # The 99.9 % range of a binomial count with n = 400 and p = .05 (at most: p is never < 1/100).
    assert 4 <= rejected <= 36


def test_participants_and_pictures_have_the_same_mean_where_all_saw_all() -> None:
    maps, own = _maps(), people(5)
    gaze = np.stack([picture.maps.mean(axis=0) for picture in own])
    same = type(maps)(**(vars(maps) | {"gaze": gaze}))
    of_people = participant_differences(same, own, np.full(5, True))
    np.testing.assert_allclose(of_people.mean(axis=0), picture_differences(same).mean(axis=0))
    assert of_people.shape == (4, 36)


def test_participants_are_set_against_the_pictures_that_they_saw() -> None:
    maps, own = _maps(n=2), people(2)
    second = PeopleMaps(("sub-9",), own[1].maps[:1], np.ones(1), own[1].fixated_cells[:1])
    found = participant_differences(maps, [own[0], second], np.full(2, True))
    relevance = as_density(maps.relevance_smooth)
    # Sorted by name, sub-9 is last.
    np.testing.assert_allclose(found[-1], own[1].maps[0] - relevance[1])
    np.testing.assert_allclose(found[0], own[0].maps[0] - relevance[0])


def test_relevance_in_proportion_to_gaze_differs_nowhere() -> None:
    maps = _maps()
    smooth_gaze = type(maps)(**(vars(maps) | {"relevance": maps.gaze}))
    as_smooth = type(maps)(**(vars(maps) | {"gaze": smooth_gaze.relevance_smooth}))
    equal = type(maps)(**(vars(as_smooth) | {"relevance": maps.gaze * 7}))
    np.testing.assert_allclose(picture_differences(equal), 0, atol=1e-12)


def test_too_few_units_are_told_and_not_tested() -> None:
    maps, own = _maps(), people(5, 7)
    found = map_differences(
        maps, own, n_permutations=99, seed=1, execution=ExecutionSettings(jobs=1)
    )
    table = outcome_table(found)
    assert list(table.columns) == list(TEST_COLUMNS)
    pictures = table[table["unit"] == "pictures"]
    assert (pictures["note"] == f"a test takes {FEWEST_UNITS} pictures or more").all()
    people_rows = table[table["unit"] == "participants"]
    assert people_rows["note"].isna().all()
    assert (people_rows["n_permutations"] == 64).all()
    clusters = clusters_table(found, 24.0)
    assert list(clusters.columns) == list(CLUSTER_COLUMNS)
    assert set(clusters["unit"]) <= {"participants"}
    maps_out = differences_dataset(found, 24.0)
    assert maps_out["difference"].notnull().all()
    assert maps_out["t"].sel(unit="pictures").isnull().all()
    assert not maps_out["significant"].sel(unit="pictures").any()
