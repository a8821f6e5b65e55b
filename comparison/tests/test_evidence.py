"""What stands beside p, against published values, pingouin, statsmodels and slow integrals."""

import math

import numpy as np
import pingouin
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from comparison.equivalence import Bounds, equivalence_p, equivalence_sentence
from comparison.evidence import (
    detectable_d_z,
    jzs_bayes_factor,
    normality_p,
    symmetry_p,
    t_test_power,
)
from comparison.resampling import Draws, sign_flip_p
from comparison.statistics import T_TEST, WILCOXON, paired_tests
from comparison.support import support


def test_bayes_factors_that_rouder_and_others_print() -> None:
    # Rouder et al. (2009), p. 232: two contrasts of Grider and Malmberg (2008), scale 1.
    assert 1 / jzs_bayes_factor(2.03, 80, scale=1.0) == pytest.approx(1.56, abs=0.005)
    assert 1 / jzs_bayes_factor(2.24, 80, scale=1.0) == pytest.approx(1.02, abs=0.005)


@pytest.mark.parametrize(("t", "n"), [(0.0, 2), (0.3, 5), (-2.5, 12), (5.0, 10), (12.0, 112)])
def test_bayes_factor_agrees_with_pingouin_and_with_an_integral_over_effects(
    t: float, n: int
) -> None:
    found = jzs_bayes_factor(t, n)
    assert found == pytest.approx(pingouin.bayesfactor_ttest(t, n, paired=True), rel=1e-6)
    # The other way round: the likelihood of t at each effect, by the Cauchy prior of effects.
    likelihood, _ = quad(
        lambda d: stats.nct.pdf(t, n - 1, d * math.sqrt(n)) * stats.cauchy.pdf(d, scale=0.707),
        -6, 6, points=[t / math.sqrt(n)], limit=400,
    )  # fmt: skip
    assert found == pytest.approx(likelihood / stats.t.pdf(t, n - 1), rel=0.02)


def test_no_bayes_factor_without_t() -> None:
    assert math.isnan(jzs_bayes_factor(math.nan, 10))
    assert math.isnan(jzs_bayes_factor(1.0, 1))


@pytest.mark.parametrize("n", [3, 8, 34, 140])
def test_detectable_effect_agrees_with_statsmodels(n: int) -> None:
    expected = TTestPower().solve_power(None, n, 0.05, 0.8)
    assert detectable_d_z(n) == pytest.approx(expected, abs=1e-4)
    assert t_test_power(detectable_d_z(n), n) == pytest.approx(0.8)


def test_detectable_effect_of_two_pictures_and_of_one() -> None:
    # |t| > 12.7 with one degree of freedom: by simulation.
    rng = np.random.default_rng(1)
    d = rng.normal(detectable_d_z(2), 1, size=(20_000, 2))
    found = stats.ttest_1samp(d, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.015)
    assert math.isnan(detectable_d_z(1))


def test_raw_equivalence_agrees_with_statsmodels() -> None:
    d = np.random.default_rng(2).normal(0.1, 1, size=30)
    expected = DescrStatsW(d).ttost_mean(-0.6, 0.6)[0]
    assert equivalence_p(d, 0.6, "raw") == pytest.approx(expected)


def test_standardised_equivalence_by_simulation_at_the_bound() -> None:
    samples = np.random.default_rng(3).normal(1.5, 1, size=(1000, 25))
    p = np.array([equivalence_p(d, 1.5, "d_z") for d in samples])
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 1000))
    # Student's t with the bound times the observed deviation rejects too often: 8.75 % by the
    # noncentral t distribution.
    by_student = [equivalence_p(d, 1.5 * d.std(ddof=1), "raw") for d in samples]
    expected = stats.nct.cdf(7.5 - stats.t.isf(0.05, 24), 24, 7.5)
    assert expected == pytest.approx(0.0875, abs=1e-4)
    assert np.mean(np.array(by_student) < 0.05) == pytest.approx(expected, abs=0.036)
    assert equivalence_p(-samples[0], 1.5, "d_z") == equivalence_p(samples[0], 1.5, "d_z")


@pytest.mark.parametrize("d", [[0.3], [0.0, 0.0, 0.0], [0.1, 0.1, 0.1, 0.1]])
def test_equivalence_of_differences_that_do_not_vary_is_missing(d: list[float]) -> None:
    assert math.isnan(equivalence_p(d, 0.5, "d_z"))
    assert math.isnan(equivalence_p(d, 0.5, "raw"))
    assert "cannot be tested" in equivalence_sentence(0.5, "raw", math.nan, 0.05)


def test_a_failed_equivalence_test_claims_nothing() -> None:
    assert "is not shown (TOST, p = .300)" in equivalence_sentence(0.5, "raw", 0.3, 0.05)


def test_raw_bounds_count_before_standardised_ones() -> None:
    bounds = Bounds(0.5, {"auc_signed": 0.2})
    assert bounds.of("auc_signed") == (0.2, "raw")
    assert bounds.of("CC") == (0.5, "d_z")
    assert Bounds().of("CC") is None


def test_assumptions_of_skewed_and_of_normal_differences() -> None:
    rng = np.random.default_rng(4)
    skewed, normal = rng.exponential(size=60), rng.normal(size=60)
    assert normality_p(skewed) < 0.001 < 0.05 < normality_p(normal)
    assert symmetry_p(skewed) < 0.01 < 0.05 < symmetry_p(normal)
    assert normality_p(normal) == pytest.approx(stats.shapiro(normal).pvalue)


def test_symmetry_by_hand() -> None:
    d = np.arange(10.0) ** 2
    spread = math.sqrt(math.pi / 2) * sum(abs(x - 20.5) for x in d) / 10
    z = math.sqrt(10) * (28.5 - 20.5) / spread / math.sqrt(0.5707963)
    assert symmetry_p(d) == pytest.approx(2 * stats.norm.sf(z))


def test_symmetry_test_keeps_its_level() -> None:
    rng = np.random.default_rng(5)
    rate = np.mean([symmetry_p(rng.normal(size=60)) < 0.05 for _ in range(2000)])
    assert abs(rate - 0.05) < 0.02


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_or_equal_differences_are_not_checked(n: int) -> None:
    for d in (np.arange(n, dtype=float), np.ones(n), np.zeros(n)):
        for row in paired_tests(d, np.zeros(n), Draws(199)):
            found = support(row, d, (0.5, "d_z"), 0.95)
            if n < 3 or not np.ptp(d):
                assert math.isnan(found["assumption_p"])
                assert "not checked" in found["assumption"]


def test_what_belongs_to_which_test() -> None:
    d = np.random.default_rng(6).normal(0.4, 1, size=20)
    rows = {row["test"]: row for row in paired_tests(d, 0 * d, Draws(199))}
    of_t = support(rows[T_TEST], d, (0.5, "d_z"), 0.95)
    of_wilcoxon = support(rows[WILCOXON], d, (0.5, "d_z"), 0.95)
    assert of_t["bf10"] == jzs_bayes_factor(rows[T_TEST]["statistic"], 20)
    assert math.isnan(of_wilcoxon["bf10"])
    assert math.isnan(of_wilcoxon["p_equivalence"])
    assert of_t["assumption"].startswith("normal differences: ")
    assert of_wilcoxon["assumption"].startswith("symmetric differences: ")


_DIFFERENCES = st.lists(st.floats(-5, 5).map(lambda x: round(x, 3)), min_size=2, max_size=8)


@given(_DIFFERENCES, st.floats(0.1, 2.0))
def test_what_holds_for_any_differences(d: list[float], bound: float) -> None:
    mirrored = [-x for x in d]
    for unit in ("raw", "d_z"):
        p = equivalence_p(d, bound, unit)
        np.testing.assert_allclose(p, equivalence_p(mirrored, bound, unit), rtol=1e-6, atol=1e-12)
        # A wider bound is met more easily.
        assert math.isnan(p) or equivalence_p(d, 2 * bound, unit) <= p + 1e-9
    greater, less = (sign_flip_p(d, Draws(), side) for side in ("greater", "less"))
    assert greater == sign_flip_p(mirrored, Draws(), "less")
    assert greater + less >= 1


@given(st.floats(0, 20), st.integers(2, 300))
def test_evidence_grows_with_t_and_knows_no_direction(t: float, n: int) -> None:
    assert jzs_bayes_factor(t, n) == jzs_bayes_factor(-t, n)
    assert jzs_bayes_factor(t + 0.5, n) > jzs_bayes_factor(t, n)
