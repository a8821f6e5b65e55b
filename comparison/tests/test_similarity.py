"""Similarity of expressions' maps, and RSA against slow versions and published numbers."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from comparison.common_maps import PeopleMaps
from comparison.similarity import (
    PEOPLE,
    RSA_COLUMNS,
    average_linkage,
    class_maps,
    condensed,
    distances_of,
    noise_ceiling,
    participants_class_maps,
    relabelling_test,
    rsa_table,
    similarity_matrix,
    similarity_table,
    tau_a,
)
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError


def _sources(seed: int = 1, n: int = 7) -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return {
        source: {name: rng.normal(size=50) for name in EXPRESSIONS[:n]}
        for source in (PEOPLE, "lrp", "gradient")
    }


def test_class_maps_weigh_pictures_the_same_whatever_their_scale() -> None:
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(3, 40))
    made = class_maps(maps * [[1], [1000], [1]], ["sad", "sad", "happy"])
    assert list(made) == ["happy", "sad"]
    z = [(m - m.mean()) / m.std() for m in maps]
    np.testing.assert_allclose(made["sad"], (z[0] + z[1]) / 2)


def test_participants_are_averaged_over_the_pictures_that_they_saw() -> None:
    rng = np.random.default_rng(2)
    maps = rng.gamma(1.0, size=(3, 10))
    cells = np.zeros(1, dtype=np.int64)
    own = [
        PeopleMaps(("a", "b"), maps[:2], np.ones(2), (cells, cells)),
        PeopleMaps(("b",), maps[2:], np.ones(1), (cells,)),
    ]
    made = participants_class_maps(own, ["happy", "sad"])
    assert {name: list(maps) for name, maps in made.items()} == {
        "a": ["happy"],
        "b": ["happy", "sad"],
    }


def test_similarity_is_symmetric_with_ones_on_the_diagonal_and_numpy_s_correlations() -> None:
    sources = _sources()
    matrix = similarity_matrix(sources)
    stack = np.stack([m for maps in sources.values() for m in maps.values()])
    np.testing.assert_allclose(matrix.to_numpy(), np.corrcoef(stack), atol=1e-12)
    table = similarity_table(matrix)
    assert len(table) == 21**2
    row = table[(table["source_a"] == "lrp") & (table["expression_a"] == "sad")].iloc[3]
    assert row["r"] == pytest.approx(np.corrcoef(sources["lrp"]["sad"], stack[3])[0, 1])


def test_average_linkage_joins_the_nearest_first() -> None:
    base = np.random.default_rng(3).normal(size=(2, 60))
    noise = np.random.default_rng(4).normal(0, 0.1, size=(4, 60))
    maps = {"a": base[0], "b": base[0], "c": base[1], "d": base[1]}
    maps = {name: m + e for (name, m), e in zip(maps.items(), noise, strict=True)}
    tree, cophenetic = average_linkage(similarity_matrix({"x": maps}))
    assert {frozenset(row[:2].astype(int)) for row in tree[:2]} == {
        frozenset({0, 1}),
        frozenset({2, 3}),
    }
    assert cophenetic > 0.9
    _, of_two = average_linkage(similarity_matrix({"x": {"a": base[0], "b": base[1]}}))
    assert np.isnan(of_two)


@settings(max_examples=40, deadline=None)
@given(
    a=st.lists(st.integers(0, 4), min_size=6, max_size=6),
    b=st.lists(st.integers(0, 4), min_size=6, max_size=6),
)
def test_tau_a_against_counted_pairs(a: list[int], b: list[int]) -> None:
    pairs = [(i, j) for i in range(6) for j in range(i)]
    concordant = sum((a[i] - a[j]) * (b[i] - b[j]) > 0 for i, j in pairs)
    discordant = sum((a[i] - a[j]) * (b[i] - b[j]) < 0 for i, j in pairs)
    assert float(tau_a(a, b)) == pytest.approx((concordant - discordant) / 15)


def test_tau_a_without_ties_is_scipy_s_tau() -> None:
    a, b = np.random.default_rng(5).normal(size=(2, 21))
    assert float(tau_a(a, b)) == pytest.approx(kendalltau(a, b).statistic)


def test_relabelling_test_against_a_slow_loop() -> None:
    rng = np.random.default_rng(6)
    a, b = (distances_of(dict(enumerate(rng.normal(size=(5, 9)))), range(5)) for _ in range(2))  # type: ignore[arg-type]
    taus = []
    for order in permutations(range(5)):
        relabelled = np.array([[a[i, j] for j in order] for i in order])
        taus.append(kendalltau(condensed(relabelled), condensed(b)).statistic)
    tau, p, count = relabelling_test(a, b)
    assert tau == pytest.approx(taus[0])
    assert count == 120
    assert p == pytest.approx(np.mean(np.array(taus) >= taus[0] - 1e-9))


def test_a_pattern_with_itself_has_the_smallest_p() -> None:
    a = distances_of(_sources()[PEOPLE], EXPRESSIONS)
    tau, p, count = relabelling_test(a, a)
    assert (tau, count) == (1.0, 5040)
    assert p == pytest.approx(1 / 5040)


def test_relabelling_rejects_five_per_cent_under_the_null() -> None:
    rng = np.random.default_rng(7)
    rejected = 0
    for _ in range(300):
        a, b = (distances_of(dict(enumerate(rng.normal(size=(5, 8)))), range(5)) for _ in range(2))  # type: ignore[arg-type]
        rejected += relabelling_test(a, b)[1] <= 0.05
    # The 99.9 % range of a binomial count with n = 300 and p = 6/120.
    assert 3 <= rejected <= 29


def test_too_many_labels_are_refused() -> None:
    with pytest.raises(InputError, match="at most 8"):
        relabelling_test(np.zeros((9, 9)), np.zeros((9, 9)))


def test_noise_ceiling_of_equal_people_is_one_and_of_strangers_near_zero() -> None:
    own = np.random.default_rng(8).normal(size=21)
    assert noise_ceiling([own, 2 * own + 1, own]) == (1.0, 1.0)
    low, high = noise_ceiling(list(np.random.default_rng(9).normal(size=(20, 21))))
    assert abs(low) < 0.15
    assert high > low
    assert np.isnan(noise_ceiling([own])).all()


def test_rsa_finds_a_planted_pattern_and_not_another() -> None:
    sources = _sources()
    rng = np.random.default_rng(10)
    sources["copy"] = {
        name: values + rng.normal(0, 0.2, 50) for name, values in sources[PEOPLE].items()
    }
    people = {
        f"sub-{k}": {name: m + rng.normal(0, 0.5, 50) for name, m in sources[PEOPLE].items()}
        for k in range(6)
    }
    people["sub-lacking"] = {"sad": rng.normal(size=50)}
    table = rsa_table(sources, people)
    assert list(table.columns) == list(RSA_COLUMNS)
    row = table[(table["a"] == PEOPLE) & (table["b"] == "copy")].iloc[0]
    other = table[(table["a"] == PEOPLE) & (table["b"] == "gradient")].iloc[0]
    assert row["p"] < 0.001
    assert row["n_participants"] == 6
    assert row["ceiling_low"] <= row["ceiling_high"]
    assert row["tau_participants"] > other["tau_participants"]
    assert (table["p_holm"] >= table["p"]).all()
    assert table.loc[table["a"] != PEOPLE, "ceiling_low"].isna().all()


def test_three_expressions_are_too_few_for_rsa() -> None:
    table = rsa_table(_sources(n=3), {})
    assert table.empty
    assert list(table.columns) == list(RSA_COLUMNS)


def test_a_constant_mean_map_correlates_zero() -> None:
    matrix = similarity_matrix({"x": {"happy": np.ones(9), "sad": np.arange(9.0)}})
    assert matrix.to_numpy()[0, 1] == 0.0
    assert isinstance(matrix, pd.DataFrame)
