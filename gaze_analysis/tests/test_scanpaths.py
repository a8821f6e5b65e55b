"""Transitions and entropies: the formula, the cases that are known, and what never changes."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gaze_analysis.scanpaths import (
    ENTROPY_COLUMNS,
    SCANPATH_COLUMNS,
    TRANSITION_COLUMNS,
    entropies,
    scanpaths,
    stationary_entropy,
    transition_counts,
    transition_entropy,
    transitions,
)

REGIONS = ["eye", "nose", "mouth", "other"]


def looking(sequences: dict[tuple[str, int], list[str]], expression: str = "sad") -> pd.DataFrame:
    """Fixations from the regions of each trial, a degree of 10 px apart from each other."""
    rows = [
        (person, "01", trial, f"P{trial}", expression, place, 100.0 + place, region)
        for (person, trial), regions in sequences.items()
        for place, region in enumerate(regions)
    ]
    columns = ["participant_id", "session", "trial", "image_id", "expression", "index"]
    return pd.DataFrame(rows, columns=[*columns, "duration_ms", "region"])


def formula(counts: np.ndarray) -> float:
    """H_t = -sum_i pi_i sum_j p_ij log2 p_ij."""
    total = 0.0
    for row in counts:
        for count in row:
            if count:
                p = count / row.sum()
                total -= row.sum() / counts.sum() * p * math.log2(p)
    return total


@pytest.mark.parametrize("n", [2, 3, 8])
def test_known_chains(n: int) -> None:
    assert transition_entropy(np.ones((n, n))) == pytest.approx(math.log2(n))
    assert transition_entropy(np.roll(np.eye(n), 1, axis=1)) == 0
    assert stationary_entropy(np.full(n, 3)) == pytest.approx(math.log2(n))
    assert stationary_entropy(np.eye(n)[0]) == 0
    assert math.isnan(transition_entropy(np.zeros((n, n))))
    assert math.isnan(stationary_entropy(np.zeros(n)))


def test_a_chain_of_two_states_by_hand() -> None:
    # Stays with 3/4 from the first state, and always leaves the second.
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert transition_entropy([[3, 1], [1, 0]]) == pytest.approx(0.8 * entropy)


def test_a_long_chain_has_the_entropy_rate_of_its_matrix() -> None:
    matrix = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2]])
    values, vectors = np.linalg.eig(matrix.T)
    stationary = np.real(vectors[:, np.argmax(np.real(values))])
    stationary /= stationary.sum()
    rng = np.random.default_rng(1)
    state, counts = 0, np.zeros((3, 3))
    for _ in range(60_000):
        following = rng.choice(3, p=matrix[state])
        counts[state, following] += 1
        state = following
    rate = -float(np.sum(stationary[:, None] * matrix * np.log2(matrix)))
    assert transition_entropy(counts) == pytest.approx(rate, abs=0.01)
    spread = -float(np.sum(stationary * np.log2(stationary)))
    assert stationary_entropy(counts.sum(axis=1)) == pytest.approx(spread, abs=0.01)


@given(
    counts=hnp.arrays(np.int64, (4, 4), elements=st.integers(0, 9)), order=st.permutations(range(4))
)
def test_transition_entropy_is_the_formula_in_any_order_of_regions(
    counts: np.ndarray, order: list[int]
) -> None:
    if not counts.sum():
        counts[0, 1] = 1
    entropy = transition_entropy(counts)
    assert entropy == pytest.approx(formula(counts), abs=1e-12)
    assert -1e-12 <= entropy <= stationary_entropy(counts.sum(axis=0)) + 1e-12
    assert transition_entropy(counts[np.ix_(order, order)]) == pytest.approx(entropy, abs=1e-12)


SEQUENCES = st.dictionaries(
    st.tuples(st.sampled_from(["sub-1", "sub-2"]), st.integers(1, 5)),
    st.lists(st.sampled_from(REGIONS), min_size=1, max_size=9),
    min_size=1,
)


@settings(max_examples=40, deadline=None)
@given(sequences=SEQUENCES)
def test_transitions_are_those_of_a_loop(sequences: dict[tuple[str, int], list[str]]) -> None:
    fixations = looking(sequences)
    expected = np.zeros((4, 4), dtype=int)
    for regions in sequences.values():
        for one, two in pairwise(regions):
            expected[REGIONS.index(one), REGIONS.index(two)] += 1
    np.testing.assert_array_equal(transition_counts(fixations, REGIONS), expected)
    table = transitions(fixations, REGIONS)
    assert list(table.columns) == list(TRANSITION_COLUMNS)
    everyone = table[table["expression"] == "all"]
    assert everyone["count"].sum() == expected.sum()
    assert table.loc[table["expression"] == "sad", "count"].sum() == expected.sum()
    rows = everyone.groupby(["participant_id", "from"])
    for name in ("probability", "probability_leaving"):
        totals = rows[name].sum(min_count=1).dropna()
        np.testing.assert_allclose(totals, 1)
    assert everyone.loc[everyone["from"] == everyone["to"], "probability_leaving"].isna().all()


@settings(max_examples=30, deadline=None)
@given(sequences=SEQUENCES)
def test_scanpaths_of_trials_agree_with_the_functions(
    sequences: dict[tuple[str, int], list[str]],
) -> None:
    fixations = looking(sequences)
    steps = np.arange(len(fixations), dtype=float)
    table = scanpaths(fixations, REGIONS, steps, 3).set_index(["participant_id", "trial"])
    key: Any
    for key, own in fixations.groupby(["participant_id", "trial"]):
        row, regions = table.loc[key], list(own["region"])
        assert row["n_fixations"] == len(regions)
        assert row["first_region"] == regions[0]
        assert row["n_regions"] == len(set(regions))
        assert row["dwell_ms"] == pytest.approx(own["duration_ms"].sum())
        assert row["path_length_deg"] == steps[own.index[1:]].sum()
        if len(regions) < 3:
            assert math.isnan(row["stationary_entropy_bits"])
            continue
        counts = transition_counts(own, REGIONS)
        looks = own["region"].value_counts().to_numpy()
        assert row["transition_entropy_bits"] == pytest.approx(formula(counts), abs=1e-12)
        assert row["stationary_entropy_bits"] == pytest.approx(stationary_entropy(looks))
        assert 0 <= row["transition_entropy"] <= row["transition_entropy_bits"] / 2 + 1e-12


def test_scanpaths_say_what_is_not_known() -> None:
    fixations = looking({("sub-1", 1): ["eye", "nose"], ("sub-1", 2): ["eye"]})
    steps = np.full(3, np.nan)
    table = scanpaths(fixations.assign(duration_ms=np.nan), REGIONS, steps, 2)
    assert list(table.columns) == list(SCANPATH_COLUMNS)
    assert math.isnan(table["path_length_deg"][0])
    assert table["path_length_deg"][1] == 0
    assert table["dwell_ms"].isna().all()


def test_pooled_entropies_with_and_without_staying() -> None:
    there_and_back = ["eye", "eye", "nose", "nose", "eye", "eye", "nose"]
    fixations = looking({("sub-1", 1): there_and_back})
    table = entropies(fixations, REGIONS)
    assert list(table.columns) == list(ENTROPY_COLUMNS)
    row = table[table["expression"] == "all"].iloc[0]
    assert (row["n_trials"], row["n_fixations"], row["n_transitions"]) == (1, 7, 6)
    assert row["transition_entropy_bits"] > 0
    assert row["leaving_entropy_bits"] == 0
    assert row["stationary_entropy"] == row["stationary_entropy_bits"] / 2


def test_a_region_that_is_not_listed_is_an_error() -> None:
    with pytest.raises(ValueError, match="'nose'"):
        transition_counts(looking({("sub-1", 1): ["eye", "nose"]}), ["eye"])
