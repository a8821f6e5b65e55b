from itertools import combinations, product

import numpy as np
import pytest

from cnn.experiments.clusters import bootstrap_interval, exchange_p_value, rate_difference


def counts(rates, n=20, seed=0):
    random = np.random.default_rng(seed)
    return np.array([(random.binomial(n, rate), n) for rate in rates], float)


def share(rows):
    return sum(right for right, _ in rows) / sum(n for _, n in rows)


def slow_interval(first, second, paired, n_draws=4000):
    random, drawn = np.random.default_rng(5), []
    for _ in range(n_draws):
        rows = random.integers(0, len(first), len(first))
        others = rows if paired else random.integers(0, len(second), len(second))
        drawn.append(share(second[others]) - share(first[rows]))
    fewest, middle = min(len(first), len(second)), share(second) - share(first)
    return middle + (np.percentile(drawn, [2.5, 97.5]) - middle) * (fewest / (fewest - 1)) ** 0.5


@pytest.mark.parametrize("paired", [True, False])
def test_the_interval_is_that_of_a_loop_over_actors(paired):
    first, second = counts([0.5, 0.9, 0.7, 0.3, 0.8]), counts([0.8, 0.9, 0.6, 0.7, 0.9], seed=1)
    found = bootstrap_interval(first, second, np.random.default_rng(1), paired=paired)
    np.testing.assert_allclose(found, slow_interval(first, second, paired), atol=0.012)


def test_p_is_that_of_every_dealing_of_actors():
    first, second = counts([0.5, 0.6, 0.3, 0.4]), counts([0.8, 0.9, 0.5], seed=1)
    pooled, reached, total = np.concatenate([first, second]), 0, 0
    for chosen in combinations(range(7), 3):
        rest = [row for row in range(7) if row not in chosen]
        total += 1
        difference = share(pooled[list(chosen)]) - share(pooled[rest])
        reached += abs(difference) >= abs(rate_difference(first, second)) - 1e-12
    p = exchange_p_value(first, second, np.random.default_rng(1), paired=False)
    assert p == pytest.approx(reached / total, abs=0.015)


def test_p_is_that_of_every_exchange_within_actors():
    first, second = counts([0.5, 0.6, 0.3, 0.7]), counts([0.8, 0.9, 0.5, 0.6], seed=1)
    second[0] = 0  # somebody who is in the first group alone
    reached = 0
    for swaps in product([False, True], repeat=4):
        one = [second[k] if swap else first[k] for k, swap in enumerate(swaps)]
        other = [first[k] if swap else second[k] for k, swap in enumerate(swaps)]
        reached += abs(share(other) - share(one)) >= abs(rate_difference(first, second)) - 1e-12
    p = exchange_p_value(first, second, np.random.default_rng(1), paired=True)
    assert p == pytest.approx(reached / 16, abs=0.015)


def test_one_actor_has_no_interval():
    one, more = counts([0.5]), counts([0.5, 0.6])
    random = np.random.default_rng(1)
    assert np.isnan(bootstrap_interval(one, more, random, paired=False)).all()
    assert np.isnan(exchange_p_value(one, more, random, paired=False))


def test_actors_and_not_pictures_are_the_unit():
    # Actors differ much and groups do not: 95 % of the intervals hold 0, and 5 % of p are small.
    random, held, small = np.random.default_rng(3), 0, 0
    for _ in range(200):
        rates = random.beta(2, 2, 16)
        drawn = np.column_stack([random.binomial(14, rates), np.full(16, 14)]).astype(float)
        first, second = drawn[:8], drawn[8:]
        low, high = bootstrap_interval(first, second, random, paired=False, n_draws=400)
        held += low <= 0 <= high
        small += exchange_p_value(first, second, random, paired=False, n_draws=199) <= 0.05
    assert 0.88 <= held / 200 <= 0.98
    assert small / 200 <= 0.09
