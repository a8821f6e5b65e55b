"""Mixed models against what R prints, statsmodels, hand formulas and simulated truth."""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
from statsmodels.regression.mixed_linear_model import MixedLM

from comparison import binomial_models
from comparison.binomial_models import PRIOR_SD, average_share, fit_binomial
from comparison.crossed_design import crossed_design, differences, pairs
from comparison.estimates import f_test, partial_eta_squared, t_test
from comparison.linear_models import fit_linear
from comparison.model_checks import fit_text, residual_text
from comparison.tests.published import cbpp, machines, penicillin
from comparison.variances import best_deviations
from study.errors import InputError


def crossed(seed, people=8, pictures=12, kinds=3, sd=(0.5, 0.7, 0.3), means=None):
    """A crossed sample: every participant sees every picture; pictures are of one kind each."""
    rng = np.random.default_rng(seed)
    person, picture = (grid.ravel() for grid in np.mgrid[:people, :pictures])
    kind = picture % kinds
    means = np.zeros(kinds) if means is None else np.asarray(means)
    effect = rng.normal(0, sd[0], people)[person] + rng.normal(0, sd[1], pictures)[picture]
    effect = effect + rng.normal(0, sd[2], (people, kinds))[person, kind] + means[kind]
    frame = pd.DataFrame({"person": person, "picture": picture, "kind": kind.astype(str)})
    return frame.assign(
        value=effect + rng.normal(0, 1, len(effect)),
        right=rng.random(len(effect)) < 1 / (1 + np.exp(-effect)),
    )


TERMS = {"people": ["person"], "pictures": ["picture"], "both": ["person", "kind"]}


def test_penicillin_has_the_numbers_that_lme4_prints():
    # lmer(diameter ~ 1 + (1|plate) + (1|sample)); Bates et al. (2015), lme4's vignette.
    data = penicillin()
    design = crossed_design(data, "cell", ["all"], {"plate": ["plate"], "sample": ["sample"]})
    found = fit_linear(data["diameter"], design)
    assert found.sd["plate"] == pytest.approx(0.8467, abs=1e-4)
    assert found.sd["sample"] == pytest.approx(1.9316, abs=1e-4)
    assert found.sd["residual"] == pytest.approx(0.5499, abs=1e-4)
    assert found.beta[0] == pytest.approx(22.9722, abs=1e-4)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.8086, abs=1e-4)
    assert found.converged and not found.singular


def test_machines_have_the_numbers_that_nlme_prints_and_the_f_of_an_anova():
    # lme(score ~ Machine, random = ~1 | Worker/Machine); Pinheiro and Bates (2000), p. 23 and 24.
    data = machines()
    terms = {"worker": ["worker"], "both": ["worker", "machine"]}
    found = fit_linear(data["score"], crossed_design(data, "machine", list("ABC"), terms))
    assert found.sd["worker"] == pytest.approx(4.78105, abs=2e-4)
    assert found.sd["both"] == pytest.approx(3.72953, abs=2e-4)
    assert found.sd["residual"] == pytest.approx(0.96158, abs=1e-4)
    difference = t_test(found, [-1, 1, 0])
    assert difference["estimate"] == pytest.approx(7.96667, abs=1e-5)
    assert difference["estimate"] / difference["statistic"] == pytest.approx(2.17697, abs=2e-4)
    # Balanced: the F of workers' means, with machine by worker as the error.
    means = data.groupby(["worker", "machine"])["score"].mean().to_numpy().reshape(6, 3)
    residual = means - means.mean(0) - means.mean(1, keepdims=True) + means.mean()
    by_hand = (6 * np.var(means.mean(0), ddof=1)) / (np.sum(residual**2) / 10)
    test = f_test(found, differences(3))
    assert test["statistic"] == pytest.approx(by_hand, rel=1e-4)
    assert (test["df1"], test["df2"]) == pytest.approx((2, 10), rel=1e-4)
    assert difference["df1"] == pytest.approx(10, rel=1e-4)


def test_estimates_are_those_of_statsmodels():
    data = crossed(3, sd=(0.8, 0.9, 0.6))
    design = crossed_design(data, "kind", ["0", "1", "2"], TERMS)
    found = fit_linear(data["value"], design)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = MixedLM.from_formula(
            "value ~ 0 + kind",
            data.assign(one=1),
            groups="one",
            vc_formula={
                "a": "0 + C(person)", "b": "0 + C(picture)", "c": "0 + C(person):C(kind)",
            },
        ).fit(reml=True)  # fmt: skip
    assert found.beta == pytest.approx(theirs.fe_params.to_numpy(), abs=1e-4)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(theirs.bse_fe, rel=1e-3)
    sizes = [found.sd[name] for name in TERMS]
    assert sizes == pytest.approx(np.sqrt(theirs.vcomp), rel=2e-3)


def test_degrees_of_freedom_do_not_depend_on_unit_or_place():
    data = crossed(5)
    design = crossed_design(data, "kind", ["0", "1", "2"], TERMS)
    first = f_test(fit_linear(data["value"], design), differences(3))
    second = f_test(fit_linear(1e4 * data["value"] - 7e5, design), differences(3))
    for name in ("statistic", "df2", "p"):
        assert second[name] == pytest.approx(first[name], rel=1e-3)


def test_without_random_effects_it_is_a_plain_anova():
    rng = np.random.default_rng(11)
    data = pd.DataFrame({"value": rng.normal(size=60), "kind": np.tile(list("abc"), 20)})
    data["pair"] = np.arange(60) // 3
    # Triples that are more alike between than within leave nothing to the random term.
    data["value"] -= data.groupby("pair")["value"].transform("mean")
    design = crossed_design(data, "kind", list("abc"), {"pair": ["pair"]})
    found = fit_linear(data["value"], design)
    assert found.singular == ["pair"]
    test = f_test(found, differences(3))
    expected = stats.f_oneway(*(part for _, part in data.groupby("kind")["value"]))
    assert test["statistic"] == pytest.approx(expected.statistic)
    assert test["df2"] == pytest.approx(57)
    assert test["p"] == pytest.approx(expected.pvalue)


def test_cbpp_is_near_what_lme4_prints():
    # glmer(cbind(incidence, size - incidence) ~ period + (1|herd)); Bates et al. (2015). Ours
    # integrates the fixed effects too (restricted likelihood), which gives a larger variance.
    data = cbpp()
    assert len(data) == 842
    found = fit_binomial(data["ill"], crossed_design(data, "period", list("1234"),
                                                     {"herd": ["herd"]}))  # fmt: skip
    shown = [found.beta[0], *(found.beta[1:] - found.beta[0])]
    assert shown == pytest.approx([-1.3983, -0.9919, -1.1282, -1.5797], abs=0.06)
    error = t_test(found, [-1, 1, 0, 0])
    assert error["estimate"] / error["statistic"] == pytest.approx(0.3032, abs=0.01)
    assert 0.6421 < found.sd["herd"] < 0.72


def test_the_binomial_mode_is_where_statsmodels_has_no_slope():
    data = crossed(7, people=8, pictures=12, sd=(0.9, 1.2, 0.9))
    design = crossed_design(data, "kind", ["0", "1", "2"], TERMS)
    found = fit_binomial(data["right"], design)
    mode = binomial_mode(data, design, found)
    model = BinomialBayesMixedGLM(
        data["right"].to_numpy(float), design.fixed, design.random.toarray(), design.term_of,
        fe_p=PRIOR_SD,
    )  # fmt: skip
    sd = np.array([max(value, 1e-3) for value in found.sd.values()])
    # Theirs are in logits, ours in standard deviations.
    effects = sd[design.term_of] * mode.effects[3:]
    point = np.concatenate([mode.effects[:3], np.log(sd), effects])
    slope = model.logposterior_grad(point)
    assert not found.singular
    assert np.abs(np.delete(slope, np.arange(3, 6))).max() < 1e-5


def binomial_mode(data, design, found):
    """The mode of all effects, given the standard deviations that were found."""
    answers = binomial_models._data(data["right"].to_numpy(float), design)
    start = np.zeros(len(design.cells) + len(design.term_of))
    return binomial_models._mode(answers, np.array(list(found.sd.values())), start)


def test_binomial_estimates_are_the_means_of_draws_and_not_their_mode():
    data = crossed(7, people=8, pictures=12, sd=(0.9, 1.2, 0.9), means=(1.0, 1.5, 2.0))
    design = crossed_design(data, "kind", ["0", "1", "2"], TERMS)
    found = fit_binomial(data["right"], design)
    mode = binomial_mode(data, design, found)
    sd = np.concatenate([np.ones(3), np.array(list(found.sd.values()))[design.term_of]])
    matrix = np.hstack([design.fixed, design.random.toarray()]) * sd
    precision = np.ones(len(sd))
    precision[:3] = PRIOR_SD**-2
    # Draws from the normal distribution at the mode, weighted by what the density is in truth.
    factor = np.linalg.cholesky(mode.inverse)
    normal = np.random.default_rng(1).normal(size=(200_000, len(sd)))
    draws = mode.effects + normal @ factor.T
    eta, y = draws @ matrix.T, data["right"].to_numpy(float)
    logs = (eta * y - np.logaddexp(0, eta)).sum(axis=1) - draws**2 @ precision / 2
    logs += (normal**2).sum(axis=1) / 2
    weights = np.exp(logs - logs.max())
    mean = weights @ draws[:, :3] / weights.sum()
    away = mean - mode.effects[:3]
    assert np.abs(away).max() > 0.05
    assert found.beta - mode.effects[:3] == pytest.approx(away, abs=0.005)


def test_binomial_estimates_find_simulated_truth():
    truth = np.array([0.2, 1.0, 2.0])
    errors, inside, sizes = [], 0, []
    for seed in range(8):
        data = crossed(seed, people=12, pictures=24, sd=(0.6, 0.8, 0.0), means=truth)
        terms = {name: TERMS[name] for name in ("people", "pictures")}
        design = crossed_design(data, "kind", ["0", "1", "2"], terms)
        found = fit_binomial(data["right"], design)
        errors.append(found.beta - truth)
        sizes.append([found.sd["people"], found.sd["pictures"]])
        test = t_test(found, [1, 0, -1])
        inside += test["ci_low"] <= truth[0] - truth[2] <= test["ci_high"]
    assert np.abs(np.mean(errors, axis=0)).max() < 0.3
    assert np.mean(sizes, axis=0) == pytest.approx([0.6, 0.8], abs=0.2)
    assert inside >= 6  # fewer of 8 come once in 170 at 95 %


def test_a_cell_without_errors_has_a_finite_logit():
    data = crossed(2, people=10, pictures=15)
    data.loc[data["kind"] == "1", "right"] = True
    design = crossed_design(data, "kind", ["0", "1", "2"], TERMS)
    found = fit_binomial(data["right"], design)
    assert found.beta[1] == pytest.approx(binomial_mode(data, design, found).effects[1], abs=1e-6)
    # Far enough from the others to be found, for all that it is held by its prior.
    assert t_test(found, [-1, 1, 0])["p"] < 0.01
    assert np.isfinite(found.covariance).all()
    assert 4 < found.beta[1] < 12
    assert average_share(found.beta[1], found.total_sd) > 0.98


@pytest.mark.parametrize("answer", [True, False])
def test_answers_that_are_all_the_same_are_refused(answer):
    data = crossed(1).assign(right=answer)
    design = crossed_design(data, "kind", ["0", "1", "2"], TERMS)
    with pytest.raises(InputError, match="all 96 answers are"):
        fit_binomial(data["right"], design)


@pytest.mark.parametrize("values", [np.full(96, 3.0), crossed(1)["kind"].astype(float) * 1e6])
def test_values_that_do_not_vary_are_refused(values):
    design = crossed_design(crossed(1), "kind", ["0", "1", "2"], TERMS)
    with pytest.raises(InputError, match="values that vary within conditions"):
        fit_linear(values, design)


def test_pictures_as_a_sample_keep_the_error_that_a_paired_test_loses():
    """Two kinds of pictures without a difference: by participant, the t test finds one."""
    fooled = ours = 0
    for seed in range(40):
        data = crossed(seed, people=20, pictures=20, kinds=2, sd=(0.4, 0.5, 0.0))
        means = data.groupby(["person", "kind"])["value"].mean().to_numpy().reshape(-1, 2)
        fooled += stats.ttest_rel(means[:, 0], means[:, 1]).pvalue < 0.05
        found = fit_linear(data["value"], crossed_design(data, "kind", ["0", "1"], TERMS))
        ours += t_test(found, pairs(["0", "1"])["0 - 1"])["p"] < 0.05
    assert fooled >= 12
    assert ours <= 6  # 2 expected; more than 6 come once in 300


def test_the_interval_of_eta_squared_is_where_noncentral_f_has_its_tails():
    share, low, high = partial_eta_squared(11.221, 3, 24)
    assert share == pytest.approx(33.663 / 57.663)
    for end, tail in ((low, 0.95), (high, 0.05)):
        noncentral = end / (1 - end) * 28
        assert stats.ncf.cdf(11.221, 3, 24, noncentral) == pytest.approx(tail, abs=1e-6)
    assert partial_eta_squared(0.3, 3, 24)[1] == 0


def test_shares_averaged_over_people_are_those_of_many_draws():
    draws = np.random.default_rng(1).normal(1.2, 1.5, 400_000)
    expected = np.mean(1 / (1 + np.exp(-draws)))
    assert average_share(1.2, 1.5) == pytest.approx(expected, abs=2e-3)


def restricted(sd, data):
    """Minus twice the restricted log likelihood, by the density of all observations at once."""
    x = pd.get_dummies(data["kind"]).to_numpy(float)
    y = data["value"].to_numpy()
    covariance = sd[-1] ** 2 * np.eye(len(y))
    for size, columns in zip(sd, TERMS.values(), strict=False):
        level = data.groupby(columns).ngroup().to_numpy()
        covariance += size**2 * (level[:, None] == level)
    inverse = np.linalg.inv(covariance)
    information = x.T @ inverse @ x
    rest = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    return logs + rest @ inverse @ rest


def laplace(sd, data):
    """Minus twice the log likelihood by Laplace's approximation, by a general search for the mode.

    All effects are integrated out, fixed ones under their prior (Breslow and Clayton, 1993).
    """
    y = data["right"].to_numpy(float)
    columns = [pd.get_dummies(data["kind"]).to_numpy(float)]
    for size, names in zip(sd, TERMS.values(), strict=True):
        columns.append(size * pd.get_dummies(data.groupby(names).ngroup()).to_numpy(float))
    m = np.hstack(columns)
    precision = np.ones(m.shape[1])
    precision[:3] = PRIOR_SD**-2

    def loss(effects):
        eta = m @ effects
        mean = 1 / (1 + np.exp(-eta))
        value = np.sum(np.log1p(np.exp(eta)) - y * eta) + precision @ effects**2 / 2
        return value, m.T @ (mean - y) + precision * effects

    options = {"gtol": 1e-9, "maxiter": 2000}
    best = minimize(loss, np.zeros(m.shape[1]), jac=True, method="BFGS", options=options)
    mean = 1 / (1 + np.exp(-m @ best.x))
    hessian = m.T @ (m * (mean * (1 - mean))[:, None]) + np.diag(precision)
    return 2 * best.fun + np.linalg.slogdet(hessian)[1]


def test_linear_variances_are_where_the_likelihood_is_level_and_known_as_its_curvature_says():
    data = crossed(4, sd=(0.8, 0.9, 0.9))
    found = fit_linear(data["value"], crossed_design(data, "kind", ["0", "1", "2"], TERMS))
    at = np.log(list(found.sd.values()))

    def by_logs(logs):
        return restricted(np.exp(logs), data)

    assert not found.singular
    assert slope_of(by_logs, at) == pytest.approx(np.zeros(4), abs=1e-3)
    # Ours are relative deviations and the log of the residual's: by the chain rule.
    relative = np.exp(at[:-1] - at[-1])
    turn = np.eye(4)
    turn[:3, 3] = -1.0
    turn[:3] *= relative[:, None]
    known = turn @ (2 * np.linalg.inv(curvature_of(by_logs, at))) @ turn.T
    assert found.of_variances == pytest.approx(known, rel=2e-3, abs=1e-5)


def test_binomial_variances_are_where_the_likelihood_is_level_and_known_as_its_curvature_says():
    data = crossed(7, people=8, pictures=12, sd=(0.9, 1.2, 0.9))
    found = fit_binomial(data["right"], crossed_design(data, "kind", ["0", "1", "2"], TERMS))
    at = np.array(list(found.sd.values()))
    assert not found.singular
    assert slope_of(partial(laplace, data=data), at) == pytest.approx(np.zeros(3), abs=2e-3)
    known = 2 * np.linalg.inv(curvature_of(partial(laplace, data=data), at))
    assert found.of_variances == pytest.approx(known, rel=1e-2, abs=1e-3)


def slope_of(function, at, size=1e-3):
    """Central differences."""
    steps = size * np.eye(len(at))
    return np.array([(function(at + step) - function(at - step)) / (2 * size) for step in steps])


def curvature_of(function, at, size=1e-2):
    """Central differences of central differences."""
    steps = size * np.eye(len(at))
    return np.array(
        [
            (slope_of(function, at + step, size) - slope_of(function, at - step, size)) / (2 * size)
            for step in steps
        ]
    )


def test_a_search_that_does_not_end_level_is_told():
    def criterion(sd):
        return float(sd[0] ** 2 - 3 * sd[1]), np.array([2 * sd[0] ** 2, -3 * sd[1]])

    found, converged = best_deviations(criterion, 2)
    assert not converged
    assert found[0] == 0
    data = crossed(3)
    fitted = fit_linear(data["value"], crossed_design(data, "kind", ["0", "1", "2"], TERMS))
    assert "did not converge" not in fit_text(fitted)
    assert "did not converge" in fit_text(replace(fitted, converged=False))


def test_a_variance_that_is_not_needed_becomes_zero_and_one_that_is_comes_back():
    def criterion(sd):
        # Flat below 0.01, where a search may get lost; best at 0.3.
        away = max(sd[0], 0.01) - 0.3
        slope = 200 * away / (0.1 + away**2) * (sd[0] > 0.01)
        value = 100 * np.log(0.1 + away**2) + 5 * sd[1] ** 2
        return float(value), np.array([slope * sd[0], 10 * sd[1] ** 2])

    found, converged = best_deviations(criterion, 2)
    assert found == pytest.approx([0.3, 0.0], abs=1e-3)
    assert converged


@pytest.mark.parametrize("differ", [False, True])
def test_residuals_of_different_width_are_said(differ):
    data = crossed(3)
    wide = data["value"] * np.where(data["kind"] == "0", 8 if differ else 1, 1)
    found = fit_linear(wide, crossed_design(data, "kind", ["0", "1", "2"], TERMS))
    assert ("one width for all is doubtful" in residual_text(found, data["kind"])) == differ
