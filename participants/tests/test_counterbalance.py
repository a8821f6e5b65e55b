"""Orders of conditions: balanced by counting, and against designs printed elsewhere."""

from collections import Counter
from itertools import pairwise, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.counterbalance import (
    block_conditions,
    design_rows,
    key_shift,
    latin_square,
    williams_design,
)
from study.errors import InputError

SIZES = st.integers(2, 9)


@given(n=SIZES)
def test_a_williams_design_is_balanced_in_places_and_neighbours(n):
    rows = williams_design(n)
    assert len(rows) == (n if n % 2 == 0 else 2 * n)
    assert all(sorted(row) == list(range(n)) for row in rows)
    for place in range(n):
        counts = Counter(row[place] for row in rows)
        assert counts == dict.fromkeys(range(n), len(rows) // n)
    pairs = Counter(pair for row in rows for pair in pairwise(row))
    assert pairs == dict.fromkeys(permutations(range(n), 2), len(rows) // n)


def slow_williams(n):
    """Zigzag between the ends of a list, row by row: another way to the same design."""
    rows = []
    for start in range(n):
        circle = [(start + step) % n for step in range(n)]
        row = [circle.pop(0)]
        from_front = True
        while circle:
            row.append(circle.pop(0 if from_front else -1))
            from_front = not from_front
        rows.append(row)
    return rows + [list(reversed(row)) for row in rows] if n % 2 else rows


@given(n=SIZES)
def test_a_williams_design_agrees_with_a_second_way_to_it(n):
    assert williams_design(n) == slow_williams(n)


@given(n=st.integers(1, 9))
def test_a_latin_square_has_each_condition_once_in_each_row_and_place(n):
    rows = latin_square(n)
    everything = set(range(n))
    assert all(set(row) == everything for row in rows)
    assert all(set(column) == everything for column in zip(*rows, strict=True))


@given(n=SIZES, passes=st.integers(1, 3), design=st.sampled_from(["williams", "latin"]))
def test_repeated_rows_stay_balanced_in_places_and_no_condition_follows_itself(n, passes, design):
    rows = [block_conditions([str(i) for i in row], n * passes) for row in design_rows(n, design)]
    for place in range(n * passes):
        counts = Counter(row[place] for row in rows)
        assert len(set(counts.values())) == 1
        assert len(counts) == n
    assert all(one != other for row in rows for one, other in pairwise(row))
    joints = Counter(row[n - 1] for row in rows)
    assert len(set(joints.values())) == 1


def test_blocks_must_be_a_multiple_of_the_conditions():
    with pytest.raises(InputError, match="7 blocks are no multiple of 2 conditions"):
        block_conditions(["a", "b"], 7)


@given(n=st.integers(1, 15), design=st.sampled_from(["williams", "latin"]))
def test_each_row_comes_with_each_shift_of_the_keys(n, design):
    n_rows = len(design_rows(n, design))
    seen = {(number % n_rows, key_shift(number, n_rows, 7)) for number in range(7 * n_rows)}
    assert seen == set(product(range(n_rows), range(7)))


def test_without_conditions_keys_move_on_by_one():
    assert len(design_rows(0, "williams")) == 1
    assert [key_shift(number, 1, 7) for number in range(15)] == [i % 7 for i in range(15)]
