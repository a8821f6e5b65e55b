"""Psychometric functions: against a slower fit, against planted values, and at their limits."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import binom

from comparison import psychometric_tables
from comparison.psychometric import (
    Psychometric,
    Shape,
    fit_p_value,
    fit_psychometric,
    resampled_fits,
)
from comparison.psychometric_figure import psychometric_figure
from comparison.psychometric_tables import (
    ALL,
    GUESS,
    NETWORK,
    PEOPLE,
    PSYCHOMETRIC_COLUMNS,
    RATIO,
    Counts,
    psychometric_table,
    threshold_lines,
)

LEVELS = np.array([0.0, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0])
Floats = npt.NDArray[np.float64]


def _reference_share(point: Floats, shape: Shape) -> Floats:
    """The definition, level by level."""
    threshold, slope, lapse = point
    shares = []
    for level in LEVELS:
        u = (level / threshold) ** slope
        left = 2.0**-u if shape == "weibull" else 1.0 / (1.0 + u)
        shares.append(GUESS + (1.0 - GUESS - lapse) * left)
    return np.array(shares)


def _reference_fit(
    right: npt.NDArray[Any], asked: npt.NDArray[Any], shape: Shape
) -> tuple[Floats, float]:
    """Climb without gradients, from many places, in the parameters themselves."""

    def cost(point: Floats) -> float:
        threshold, slope, lapse = point
        if not (0 < threshold < 10 and 0.2 <= slope <= 20 and 0 <= lapse < 0.84):
            return 1e9
        share = np.clip(_reference_share(point, shape), 1e-9, 1 - 1e-9)
        return -float(binom.logpmf(right, asked, share).sum())

    options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 5000, "maxfev": 5000}
    found = [
        minimize(cost, (threshold, slope, 0.1), method="Nelder-Mead", options=options)
        for threshold in (0.02, 0.1, 0.4)
        for slope in (1.0, 4.0)
    ]
    best = min(found, key=lambda one: one.fun)
    return best.x, float(best.fun)


@pytest.mark.parametrize("shape", ["weibull", "logistic"])
@pytest.mark.parametrize("seed", range(3))
def test_the_fit_is_that_of_a_slower_climber(shape: Shape, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = Psychometric(rng.uniform(0.05, 0.5), rng.uniform(0.8, 4), 0.1, GUESS, shape)
    asked = np.full(7, 60)
    right = rng.binomial(asked, true.accuracy(LEVELS))
    fitted = fit_psychometric(LEVELS, right[None], asked[None], guess=GUESS, shape=shape)[0]
    expected, cost = _reference_fit(right, asked, shape)
    np.testing.assert_allclose(
        [fitted.threshold, fitted.slope, fitted.lapse], expected, rtol=2e-3, atol=1e-4
    )
    best = -float(binom.logpmf(right, asked, right / asked).sum())
    assert fitted.deviance == pytest.approx(2 * (cost - best), abs=1e-5)
    np.testing.assert_allclose(
        fitted.accuracy(LEVELS), _reference_share(expected, shape), atol=1e-3
    )


@pytest.mark.parametrize("shape", ["weibull", "logistic"])
def test_planted_values_are_found_and_their_intervals_hold_them(shape: Shape) -> None:
    true = Psychometric(0.2, 1.8, 0.1, GUESS, shape)
    rng = np.random.default_rng(7)
    inside, found = 0, []
    for _ in range(24):
        asked = np.full((12, 7), 12)
        right = rng.binomial(asked, true.accuracy(LEVELS))
        pooled = fit_psychometric(
            LEVELS, right.sum(0)[None], asked.sum(0)[None], guess=GUESS, shape=shape
        )
        found.append([pooled[0].threshold, pooled[0].slope, pooled[0].lapse])
        fits = resampled_fits(LEVELS, right, asked, rng, guess=GUESS, shape=shape, resamples=60)
        low, high = np.quantile([fit.threshold for fit in fits], [0.025, 0.975])
        inside += low <= 0.2 <= high
    # Unbiased to within four standard errors; 24 intervals of 95 % hold it 19 times or more.
    error = np.std(found, axis=0) / np.sqrt(24)
    np.testing.assert_array_less(np.abs(np.mean(found, axis=0) - [0.2, 1.8, 0.1]), 4 * error + 0.01)
    assert inside >= 19


def test_exact_shares_are_met_without_deviance() -> None:
    true = Psychometric(0.15, 2.5, 0.05, GUESS, "weibull")
    asked = np.full((1, 7), 1000.0)
    fitted = fit_psychometric(LEVELS, asked * true.accuracy(LEVELS), asked, guess=GUESS)[0]
    assert (fitted.threshold, fitted.slope, fitted.lapse) == pytest.approx((0.15, 2.5, 0.05), 1e-4)
    assert fitted.deviance == pytest.approx(0, abs=1e-5)
    half = (1 - 0.05 + GUESS) / 2
    assert fitted.accuracy(0.15) == pytest.approx(half, abs=1e-4)


def test_thresholds_that_the_answers_do_not_tell_are_not_made_up() -> None:
    asked = np.full((3, 7), 20)
    never = asked[0] * 0.9
    from_the_start = np.r_[18, np.full(6, 3)]
    right = np.stack([never, asked[0], from_the_start])
    fits = fit_psychometric(LEVELS, right, asked, guess=GUESS)
    assert [fit.threshold for fit in fits] == [np.inf, np.inf, 0.0]
    assert np.isnan(fit_p_value(fits[0], LEVELS, asked[0], np.random.default_rng(1)))


def test_the_goodness_of_fit_rejects_what_does_not_fall() -> None:
    rng = np.random.default_rng(3)
    true = Psychometric(0.2, 2.0, 0.05, GUESS, "weibull")
    asked = np.full(7, 200)
    p_values = []
    for right in (
        rng.binomial(asked, true.accuracy(LEVELS)),
        asked * [1, 0.5, 1, 0.5, 0.9, 0.3, 0],
    ):
        fitted = fit_psychometric(LEVELS, right[None], asked[None], guess=GUESS)[0]
        p_values.append(fit_p_value(fitted, LEVELS, asked, rng, resamples=99))
    assert p_values[0] > 0.05 and p_values[1] == pytest.approx(0.01)
    few = np.r_[np.full(3, 200), np.zeros(4)]
    assert np.isnan(fit_p_value(fitted, LEVELS, few, rng))


@pytest.mark.parametrize(
    ("levels", "right"),
    [([0.0, 0.0], [[1, 1]]), ([-1.0, 1.0], [[1, 1]]), ([0.0, 1.0], [[3, 1]])],
)
def test_impossible_counts_are_refused(levels: list[float], right: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="must be"):
        fit_psychometric(levels, right, [[2, 2]], guess=GUESS)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """People who stand twice the noise that the network stands; each is asked a little."""
    rng = np.random.default_rng(5)
    asked = np.full((8, 7), 30.0)
    people = Psychometric(0.3, 2.0, 0.1, GUESS, "weibull").accuracy(LEVELS)
    network = Psychometric(0.15, 2.0, 0.05, GUESS, "weibull").accuracy(LEVELS)
    names = tuple(f"sub-{number:03d}" for number in range(8))
    counts = [
        Counts("noise", PEOPLE, LEVELS, names, rng.binomial(30, people, asked.shape) / 1.0, asked),
        Counts("noise", NETWORK, LEVELS, ("all",), 140 * network[None], np.full((1, 7), 140.0)),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psychometric_tables, "RESAMPLES", 60)
        return psychometric_table(counts, shape="weibull", confidence=0.95, seed=1)


def test_the_table_has_people_their_pool_the_network_and_the_ratio(table: pd.DataFrame) -> None:
    assert list(table) == list(PSYCHOMETRIC_COLUMNS)
    assert list(table["who"]) == [PEOPLE] * 9 + [NETWORK, RATIO]
    assert table["unit"].eq(ALL).sum() == 3
    pooled, network, ratio = (row for _, row in table[table["unit"] == ALL].iterrows())
    assert pooled["n_units"] == 8 and pooled["n_answers"] == 8 * 7 * 30
    assert network["n_units"] == 140
    assert pooled["threshold_low"] < 0.3 < pooled["threshold_high"]
    assert network["threshold"] == pytest.approx(0.15, rel=1e-3)
    assert ratio["threshold"] == pytest.approx(pooled["threshold"] / network["threshold"])
    assert 1 < ratio["threshold_low"] < 2 < ratio["threshold_high"]
    assert table["threshold_low"].notna().sum() == 3
    assert len(threshold_lines(table)) == 3


def test_the_figure_draws_both_and_what_is_not_known(table: pd.DataFrame) -> None:
    points = pd.DataFrame(
        {"condition": "noise", "who": who, "level": LEVELS, "accuracy": 0.5, "low": np.nan,
         "high": np.nan}
        for who in (PEOPLE, NETWORK)
    ).explode("level").astype({"level": float})  # fmt: skip
    unknown = table.assign(threshold=table["threshold"].mask(table["who"] == NETWORK))
    axes = [psychometric_figure(points, fits, level="level").axes[0] for fits in (table, unknown)]
    curves = [sum(np.size(line.get_xdata()) > 100 for line in one.lines) for one in axes]
    assert curves == [2, 1]
    assert axes[0].get_xscale() == "symlog"
