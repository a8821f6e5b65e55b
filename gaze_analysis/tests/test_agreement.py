"""Agreement of labellings, against second implementations from the definitions."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from gaze_analysis.detection.agreement import (
    cohen_kappa,
    event_f1,
    labelled_events,
    match_events,
)

LABELS = st.lists(st.integers(0, 2), min_size=1, max_size=60)


def slow_kappa(first: list[bool], second: list[bool]) -> float:
    """Count the table of agreement."""
    n = len(first)
    table = {(a, b): 0 for a in (True, False) for b in (True, False)}
    for pair in zip(first, second, strict=True):
        table[pair] += 1
    observed = (table[True, True] + table[False, False]) / n
    chance = sum(
        (table[a, True] + table[a, False]) * (table[True, a] + table[False, a]) / n**2
        for a in (True, False)
    )
    return float("nan") if chance == 1 else (observed - chance) / (1 - chance)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_kappa_is_that_of_the_table(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = cohen_kappa(np.array(first), np.array(second))
    assert found == pytest.approx(slow_kappa(first, second), nan_ok=True)
    assert found == pytest.approx(cohen_kappa(np.array(second), np.array(first)), nan_ok=True)


def test_kappa_of_cohens_example() -> None:
    # 20 both yes, 5 and 10 one of them, 15 both no: 0.7 observed, 0.5 by chance.
    first = np.array([True] * 25 + [False] * 25)
    second = np.array([True] * 20 + [False] * 5 + [True] * 10 + [False] * 15)
    assert cohen_kappa(first, second) == pytest.approx(0.4)


@given(LABELS, LABELS)
def test_matches_overlap_and_use_each_event_once(a: list[int], b: list[int]) -> None:
    n = min(len(a), len(b))
    first = labelled_events(np.array(a[:n]), 1)
    second = labelled_events(np.array(b[:n]), 1)
    matches = match_events(first, second)
    assert len({i for i, _, _ in matches}) == len({j for _, j, _ in matches}) == len(matches)
    used = {i for i, _, _ in matches}, {j for _, j, _ in matches}
    for i, event in enumerate(first.tolist()):
        for j, other in enumerate(second.tolist()):
            own, others = set(range(*event)), set(range(*other))
            overlap = len(own & others) / len(own | others)
            for place, partner, value in matches:
                if (place, partner) == (i, j):
                    assert value == pytest.approx(overlap) and overlap > 0
            # No pair is left that could have been matched.
            assert overlap == 0 or i in used[0] or j in used[1]


def test_the_best_overlap_is_matched_first() -> None:
    first = np.array([[0, 40], [40, 60]])
    second = np.array([[30, 62]])
    assert match_events(first, second) == [(1, 0, pytest.approx(20 / 32))]


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    precision, recall = 6 / 8, 6 / 10
    assert event_f1(6, 8, 10) == pytest.approx(2 * precision * recall / (precision + recall))
    assert np.isnan(event_f1(0, 0, 0))
