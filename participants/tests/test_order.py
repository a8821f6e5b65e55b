"""Orders: balanced over blocks, no actor twice in a row, always found where there is one."""

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from participants.order import arrange, constrained_order, spread
from study.errors import InputError

FEATURES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=60)


@given(features=FEATURES, n_groups=st.integers(1, 8), seed=st.integers(0, 99))
def test_groups_are_alike_in_size_and_both_features(features, n_groups, seed):
    groups = spread(features, n_groups, np.random.default_rng(seed))
    assert len(groups) == len(features)
    for kind in range(3):
        values = [(*feature, "all")[kind] for feature in features]
        for value in set(values):
            in_group = Counter(g for g, v in zip(groups, values, strict=True) if v == value)
            counts = [in_group[group] for group in range(n_groups)]
            assert max(counts) - min(counts) <= 1


@settings(max_examples=150)
@given(
    names=st.lists(st.sampled_from("ABC"), max_size=7),
    after=st.sampled_from(["A", "D", None]),
    seed=st.integers(0, 9),
)
def test_an_order_is_found_exactly_where_one_exists(names, after, seed):
    def fits(order):
        shown = [after, *(names[item] for item in order)]
        return all(one != other for one, other in pairwise(shown))

    exists = any(fits(order) for order in permutations(range(len(names))))
    order = arrange(names, np.random.default_rng(seed), after=after)
    assert (order is not None) == exists
    if order is not None:
        assert sorted(order) == list(range(len(names)))
        assert fits(order)


def test_every_order_can_come_up():
    orders = {
        tuple("AABC"[item] for item in arrange("AABC", np.random.default_rng(seed)) or [])
        for seed in range(300)
    }
    possible = {order for order in permutations("AABC") if all(a != b for a, b in pairwise(order))}
    assert orders == possible


@settings(max_examples=80)
@given(
    counts=st.lists(st.integers(1, 9), min_size=2, max_size=12),
    n_expressions=st.integers(1, 9),
    n_blocks=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_orders_of_odd_sizes_fulfil_every_constraint(counts, n_expressions, n_blocks, seed):
    rng = np.random.default_rng(seed)
    actors = [f"F{actor:02d}" for actor, count in enumerate(counts) for _ in range(count)]
    expressions = [str(value) for value in rng.integers(0, n_expressions, len(actors))]
    assume(n_blocks <= len(actors) and 3 * max(counts) <= len(actors))
    blocks = constrained_order(actors, expressions, n_blocks, rng)
    order = [item for block in blocks for item in block]
    assert sorted(order) == list(range(len(actors)))
    assert all(actors[one] != actors[other] for one, other in pairwise(order))
    sizes = [len(block) for block in blocks]
    assert max(sizes) - min(sizes) <= 1
    for expression in set(expressions):
        of_it = [sum(expressions[item] == expression for item in block) for block in blocks]
        assert max(of_it) - min(of_it) <= 1


def test_the_thesis_sized_plan_is_exactly_balanced():
    actors = [f"F{actor:02d}" for actor in range(16) for _ in range(7)]
    expressions = [str(value) for _ in range(16) for value in range(7)]
    blocks = constrained_order(actors, expressions, 4, np.random.default_rng(1))
    for block in blocks:
        assert Counter(expressions[item] for item in block) == dict.fromkeys("0123456", 4)


@pytest.mark.parametrize(
    ("actors", "n_blocks", "message"),
    [
        (["F01"] * 4 + ["F02"] * 2, 2, "actor F01 has 4 of 6 pictures"),
        (["F01", "F02"], 3, "each of its 3 blocks, but there are 2 pictures"),
        ([], 1, "there are 0 pictures"),
    ],
)
def test_the_impossible_is_refused_with_the_reason(actors, n_blocks, message):
    rng = np.random.default_rng(1)
    expressions = ["sad"] * len(actors)
    with pytest.raises(InputError, match=message):
        constrained_order(actors, expressions, n_blocks, rng)


def test_two_actors_take_turns_across_the_border_of_blocks():
    actors = ["F01", "F01", "F02", "F02"]
    expressions = ["sad", "sad", "happy", "happy"]
    blocks = constrained_order(actors, expressions, 2, np.random.default_rng(1))
    order = [actors[item] for block in blocks for item in block]
    assert order in (["F01", "F02"] * 2, ["F02", "F01"] * 2)
    assert [sorted(expressions[i] for i in block) for block in blocks] == [["happy", "sad"]] * 2
