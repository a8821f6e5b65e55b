"""Paired tests against SciPy, pingouin and formulas done by hand."""

import itertools
import math
from typing import Literal

import numpy as np
import pingouin
import pytest
from scipy import stats
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from comparison import resampling
from comparison.corrections import benjamini_hochberg, holm
from comparison.resampling import Draws, bootstrap_interval, sign_flip_p
from comparison.statistics import PERMUTATION, T_TEST, WILCOXON, d_z, paired_tests, rank_biserial

DRAWS = Draws(resamples=1999)


def _by_test(a, b, draws=DRAWS):
    return {row["test"]: row for row in paired_tests(a, b, draws)}


def _sample(n: int = 24, shift: float = 0.4, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    b = rng.normal(size=n)
    return b + rng.normal(shift, 1, size=n), b


def test_exact_permutation_counts_all_sign_patterns() -> None:
    d = np.array([0.4, -0.1, 1.3, 0.8, -0.6])
    means = [np.mean(d * signs) for signs in itertools.product((1, -1), repeat=5)]
    expected = sum(abs(m) >= abs(d.mean()) - 1e-12 for m in means) / 32
    assert sign_flip_p(d, DRAWS) == expected


def test_drawn_permutation_agrees_with_scipy() -> None:
    a, b = _sample(30)
    expected = stats.permutation_test(
        (a, b),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        n_resamples=9999,
        rng=np.random.default_rng(2),
        vectorized=True,
    ).pvalue
    # Two Monte Carlo estimates: five standard errors of each.
    error = 5 * math.sqrt(2 * expected * (1 - expected) / 9999)
    assert sign_flip_p(a - b, Draws()) == pytest.approx(expected, abs=error + 1e-4)


def test_permutation_keeps_its_level() -> None:
    rng = np.random.default_rng(4)
    p = [sign_flip_p(rng.standard_t(4, size=16), Draws(resamples=199)) for _ in range(1000)]
    rate = np.mean(np.array(p) <= 0.05)
    assert abs(rate - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 1000)


def test_t_test_and_d_z_agree_with_pingouin_and_by_hand() -> None:
    a, b = _sample()
    row = _by_test(a, b)[T_TEST]
    expected = pingouin.ttest(a, b, paired=True).iloc[0]
    assert row["statistic"] == pytest.approx(expected["T"], abs=1e-6)
    assert row["df"] == 23
    assert row["p"] == pytest.approx(expected["p_val"], abs=1e-6)
    assert row["effect_size"] == pytest.approx(row["statistic"] / math.sqrt(24))
    assert row["estimate"] == pytest.approx(a.mean() - b.mean())


def test_wilcoxon_and_rank_biserial_agree_with_pingouin() -> None:
    a, b = _sample()
    row = _by_test(a, b)[WILCOXON]
    expected = pingouin.wilcoxon(a, b).iloc[0]
    assert row["statistic"] == pytest.approx(expected["W_val"])
    assert row["p"] == pytest.approx(expected["p_val"])
    assert row["effect_size"] == pytest.approx(expected["RBC"])


def test_wilcoxon_with_ties_by_hand() -> None:
    # Sizes 1, 1, 2, 3, 3 have the ranks 1.5, 1.5, 3, 4.5, 4.5; the smaller sum is W.
    row = _by_test([1.0, -1.0, 2.0, 3.0, 3.0], np.zeros(5))[WILCOXON]
    assert row["statistic"] == 1.5
    variance = 5 * 6 * 11 / 24 - 2 * (2**3 - 2) / 48
    z = (1.5 - 5 * 6 / 4) / math.sqrt(variance)
    assert row["p"] == pytest.approx(2 * norm.cdf(z))


def test_rank_biserial_by_hand() -> None:
    # Ranks of the sizes: 1 -> 1, 2 -> 2.5, 2 -> 2.5, 5 -> 4; the zero is left out.
    assert rank_biserial([1.0, -2.0, 2.0, 5.0, 0.0]) == pytest.approx((7.5 - 2.5) / 10)


def _slow_bca(d, function, draws):
    """Follow Efron (1987): bias from the median, acceleration from the jackknife."""
    observed = function(d)
    rng = np.random.default_rng(99)
    boot = np.sort([function(rng.choice(d, d.size)) for _ in range(draws.resamples)])
    z0 = norm.ppf(np.mean(boot < observed))
    jack = np.array([function(np.delete(d, i)) for i in range(d.size)])
    gap = jack.mean() - jack
    acceleration = (gap**3).sum() / (6 * (gap**2).sum() ** 1.5)
    ends = []
    for tail in ((1 - draws.confidence) / 2, (1 + draws.confidence) / 2):
        z = z0 + norm.ppf(tail)
        ends.append(np.quantile(boot, norm.cdf(z0 + z / (1 - acceleration * z))))
    return ends


@pytest.mark.parametrize("n", [8, 40])
@pytest.mark.parametrize("statistic", ["mean", "d_z"])
def test_bootstrap_interval_agrees_with_scipy(statistic: Literal["mean", "d_z"], n: int) -> None:
    d = np.random.default_rng(6).gamma(1.0, size=n) - 0.5
    draws = Draws(resamples=30_000)
    expected = stats.bootstrap(
        (d,),
        {"mean": np.mean, "d_z": d_z}[statistic],
        n_resamples=30_000,
        method="BCa",
        rng=np.random.default_rng(7),
    ).confidence_interval
    width = expected.high - expected.low
    found = bootstrap_interval(d, statistic, draws)
    np.testing.assert_allclose(found, expected, atol=0.05 * width)


@pytest.mark.parametrize("statistic", ["mean", "d_z"])
def test_bootstrap_interval_is_bca(statistic: Literal["mean", "d_z"]) -> None:
    d = np.random.default_rng(6).gamma(1.0, size=40) - 0.5
    function = {"mean": np.mean, "d_z": lambda x: float(d_z(x))}[statistic]
    draws = Draws(resamples=6000)
    low, high = bootstrap_interval(d, statistic, draws)
    np.testing.assert_allclose([low, high], _slow_bca(d, function, draws), atol=0.04)


def test_holm_by_hand() -> None:
    assert holm([0.02, 0.01, 0.5]).tolist() == pytest.approx([0.04, 0.03, 0.5])
    corrected = holm([0.02, np.nan, 0.01])
    assert corrected[[0, 2]].tolist() == pytest.approx([0.02, 0.02])
    assert np.isnan(corrected[1])
    assert np.isnan(holm([np.nan])).all()


def test_holm_agrees_with_statsmodels() -> None:
    p = np.random.default_rng(3).random(9) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_one_picture_is_described_and_not_tested() -> None:
    for row in paired_tests([0.7], [0.2], DRAWS):
        assert row["n"] == 1
        assert row["estimate"] == pytest.approx(0.5)
        names = ("p", "ci_low", "sd_a", "df", "effect_size")
        assert all(math.isnan(row[name]) for name in names)


def test_no_difference_at_all() -> None:
    rows = _by_test([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    assert all(row["p"] == 1.0 and row["effect_size"] == 0.0 for row in rows.values())
    assert (rows[T_TEST]["ci_low"], rows[T_TEST]["ci_high"]) == (0.0, 0.0)
    assert rows[T_TEST]["statistic"] == 0.0


def test_the_same_difference_everywhere() -> None:
    rows = _by_test([1.5, 2.5, 3.5, 4.5], [1.0, 2.0, 3.0, 4.0])
    assert np.isnan(rows[T_TEST]["statistic"])
    assert np.isnan(rows[T_TEST]["effect_size"])
    assert rows[PERMUTATION]["p"] == 2 / 16
    assert rows[WILCOXON]["effect_size"] == 1.0
    assert (rows[T_TEST]["ci_low"], rows[T_TEST]["ci_high"]) == (0.5, 0.5)


def test_two_pictures_have_tests_and_no_interval() -> None:
    rows = _by_test([1.0, 2.0], [0.0, 0.5])
    assert np.isnan(rows[T_TEST]["ci_low"])
    assert rows[T_TEST]["statistic"] == pytest.approx(1.25 / 0.25)
    assert rows[PERMUTATION]["p"] == 0.5


@pytest.mark.parametrize("n", [3, 4, 6])
def test_few_pictures_give_no_warning(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(10):
        a, b = rng.integers(0, 2, size=n), rng.random(n).round(1)
        for row in paired_tests(a, b, Draws(resamples=199)):
            assert 0 <= row["p"] <= 1


def test_same_seed_same_numbers() -> None:
    a, b = _sample()
    assert paired_tests(a, b, DRAWS)[0] == paired_tests(a, b, DRAWS)[0]
    assert paired_tests(a, b, DRAWS)[0] != paired_tests(a, b, Draws(1999, seed=2))[0]


def test_benjamini_hochberg_agrees_with_statsmodels() -> None:
    p = np.random.default_rng(3).random(9) ** 3
    expected = multipletests(p, method="fdr_bh")[1]
    np.testing.assert_allclose(benjamini_hochberg(p), expected)
    with_gap = benjamini_hochberg([*p, np.nan])
    np.testing.assert_allclose(with_gap[:-1], expected)
    assert np.isnan(with_gap[-1])
    assert np.isnan(benjamini_hochberg([np.nan])).all()


@pytest.mark.parametrize("n", [9, 24])
def test_one_sided_tests_against_scipy(n: int) -> None:
    a, b = _sample(n)
    for alternative in ("greater", "less"):
        rows = {row["test"]: row for row in paired_tests(a, b, DRAWS, alternative)}
        t = stats.ttest_rel(a, b, alternative=alternative).pvalue
        assert rows[T_TEST]["p"] == pytest.approx(t)
        ranks = stats.wilcoxon(a, b, alternative=alternative, method="exact").pvalue
        assert rows[WILCOXON]["p"] == pytest.approx(ranks)
        assert rows[PERMUTATION]["p"] == pytest.approx(t, abs=0.03)
        two_sided = _by_test(a, b)[WILCOXON]
        assert rows[WILCOXON]["statistic"] == two_sided["statistic"]


@pytest.mark.parametrize("resamples", [500, 1000])
def test_the_size_of_blocks_changes_no_number(
    resamples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    d = np.random.default_rng(2).normal(0.2, 1, 37)
    draws = Draws(resamples=resamples, seed=resamples)

    def found() -> list[float]:
        ends = [end for name in ("mean", "d_z") for end in bootstrap_interval(d, name, draws)]
        return [sign_flip_p(d, draws), *ends]

    at_once = found()
    for rows in (1, 7, 250):
        monkeypatch.setattr(resampling, "_BLOCK", rows * d.size)
        assert len(list(resampling._blocks(resampling._counts, d.size, draws))) > 1
        np.testing.assert_allclose(found(), at_once, rtol=1e-12)
