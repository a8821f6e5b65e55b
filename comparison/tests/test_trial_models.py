"""Questions about trials: their rows, their numbers by hand, and bad input."""

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from comparison.model_rows import MODEL_COLUMNS, model_table
from comparison.picture_models import area_by_condition
from comparison.repeated_measures import repeated_measures_anova
from comparison.trial_models import (
    accuracy_by_expression,
    anova_by_expression,
    dwell_by_region,
    reaction_time_by_expression,
    sphericity_epsilon,
)
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

SHOWN = ("happy", "neutral", "sad")


def sample(seed=1, people=8, per_expression=4):
    """Trials of people who all see the same pictures; happy faces are easy and fast."""
    rng = np.random.default_rng(seed)
    pictures = per_expression * len(SHOWN)
    person, picture = (grid.ravel() for grid in np.mgrid[:people, :pictures])
    kind = picture % len(SHOWN)
    effect = rng.normal(0, 0.4, people)[person] + rng.normal(0, 0.4, pictures)[picture]
    right = rng.random(len(kind)) < 1 / (1 + np.exp(-(np.array([2.5, 1.0, 0.5])[kind] + effect)))
    log_ms = np.array([6.8, 7.0, 7.2])[kind] + effect / 4 + rng.normal(0, 0.2, len(kind))
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{number:02}" for number in person],
            "image_id": [f"P{number:02}" for number in picture],
            "expression": np.array(SHOWN)[kind],
            "right": right,
            "rt_ms": np.exp(log_ms),
        }
    )


def dwell_sample(seed=3, people=8, per_expression=4):
    """Shares of three regions and the rest; more mouth on happy faces."""
    frame = sample(seed, people, per_expression)[["participant_id", "image_id", "expression"]]
    rng = np.random.default_rng(seed)
    weights = np.where(frame[["expression"]] == "happy", [[4, 2, 4, 2]], [[6, 2, 2, 2]])
    drawn = rng.gamma(weights)
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    return frame.assign(eyes=shares[:, 0], nose=shares[:, 1], mouth=shares[:, 2])


def areas(seed=4, per_expression=5):
    """Perturbation areas: relevance finds more than gaze, random finds nothing by definition."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(per_expression * 3):
        picture = rng.normal(0, 1)
        for condition, mean in (("gaze", 1.0), ("relevance", 2.0), ("random", 0.0)):
            value = mean + picture + rng.normal(0, 0.5) if mean else 0.0
            rows.append((f"P{number}", SHOWN[number % 3], condition, value))
    return pd.DataFrame(rows, columns=["image_id", "expression", "condition", "auc"])


def table(rows):
    """Make the table of rows, with a look-up by term."""
    made = model_table(rows, 0.95)
    assert list(made.columns) == list(MODEL_COLUMNS)
    assert made["sentence"].str.endswith(".").all()
    assert not made["sentence"].str.contains("nan").any()
    return made


def test_accuracy_has_means_an_omnibus_test_and_contrasts():
    made = table(accuracy_by_expression(sample(), EXPRESSIONS))
    assert made["kind"].tolist() == ["mean"] * 3 + ["omnibus"] + ["contrast"] * 3
    assert made["term"].tolist()[:3] == list(SHOWN)
    observed = sample().groupby("expression")["right"].mean()
    means = made[made["kind"] == "mean"].set_index("term")
    assert means["estimate"].to_dict() == pytest.approx(observed.to_dict(), abs=0.04)
    assert (means["ci_low"] < means["estimate"]).all()
    assert (means["estimate"] < means["ci_high"]).all()
    contrasts = made[made["kind"] == "contrast"]
    assert np.exp(contrasts["estimate"].to_numpy()) == pytest.approx(contrasts["effect_size"])
    p = contrasts["p"].to_numpy()
    assert contrasts["p_holm"].to_numpy() == pytest.approx(multipletests(p, method="holm")[1])
    assert contrasts["p_bh"].to_numpy() == pytest.approx(multipletests(p, method="fdr_bh")[1])
    assert made["n_participants"].unique().tolist() == [8]
    assert (
        "binomial mixed model, 96 observations, 8 participants, 12 pictures"
        in (made["sentence"][3])
    )


def test_reaction_times_are_ratios_of_geometric_means():
    frame = sample()
    made = table(reaction_time_by_expression(frame, EXPRESSIONS)).set_index("term")
    logs = np.log(frame["rt_ms"]).groupby(frame["expression"]).mean()
    # Balanced, so the estimates are the plain means.
    assert made.loc["sad", "estimate"] == pytest.approx(np.exp(logs["sad"]))
    ratio = np.exp(logs["happy"] - logs["sad"])
    row = made.loc["happy - sad"]
    assert row["estimate"] == pytest.approx(ratio)
    assert row["ci_low"] < ratio < row["ci_high"] < 1
    assert row["sentence"].startswith("Reaction time, happy - sad: ratio = 0.")
    assert "residuals: skewness" in row["assumptions"]


def test_the_anova_is_pingouins_and_that_of_the_formula():
    frame = sample(people=10)
    found = repeated_measures_anova(frame, "rt_ms", "expression")
    means = frame.pivot_table(index="participant_id", columns="expression", values="rt_ms")
    theirs = pingouin.rm_anova(means, correction=True).iloc[0]
    assert found.p == pytest.approx(theirs["p_GG_corr"])
    assert found.sphericity_w == pytest.approx(theirs["W_spher"])
    assert found.sphericity_p == pytest.approx(theirs["p_spher"])
    y = means.to_numpy()
    residual = y - y.mean(0) - y.mean(1, keepdims=True) + y.mean()
    by_hand = 10 * np.var(y.mean(0), ddof=1) / (np.sum(residual**2) / 18)
    assert found.statistic == pytest.approx(by_hand)
    # Box's epsilon from the eigenvalues of the double-centred covariance, n = 10 and k = 3.
    covariance = np.cov(y.T)
    centred = covariance - covariance.mean(0) - covariance.mean(1)[:, None] + covariance.mean()
    roots = np.linalg.eigvalsh(centred)[1:]
    assert found.epsilon == pytest.approx(roots.sum() ** 2 / (2 * np.sum(roots**2)))
    assert found.sphericity_w == pytest.approx(roots.prod() / roots.mean() ** 2)
    row = anova_by_expression(frame, "rt_ms", "q", "mean reaction time", EXPRESSIONS)[0]
    assert row["df1"] == pytest.approx(2 * found.epsilon)
    assert "Mauchly's W" in row["assumptions"]


def test_the_anova_leaves_out_who_lacks_an_expression_and_says_so():
    frame = sample()
    lacking = (frame["participant_id"] == "sub-03") & (frame["expression"] == "sad")
    row = anova_by_expression(frame[~lacking], "rt_ms", "q", "time", EXPRESSIONS)[0]
    assert row["n_participants"] == 7
    assert row["n"] == 7 * 12
    assert "participants left out, who lack an expression: 1" in row["assumptions"]
    kept = table(reaction_time_by_expression(frame[~lacking].reset_index(drop=True), EXPRESSIONS))
    assert kept["n_participants"].unique().tolist() == [8]
    assert kept["assumptions"].str.contains("lack an expression, and are kept: 1").all()


def test_fewer_participants_than_expressions_have_no_mauchly():
    found = repeated_measures_anova(sample(people=2), "rt_ms", "expression")
    assert np.isnan(found.sphericity_p)
    assert found.epsilon == pytest.approx(0.5)
    assert np.isfinite(found.p)


def test_dwell_has_three_omnibus_tests_and_finds_the_mouth():
    made = table(dwell_by_region(dwell_sample(), EXPRESSIONS))
    omnibus = made[made["kind"] == "omnibus"].set_index("term")
    assert list(omnibus.index) == ["expression", "region", "region x expression"]
    assert omnibus.loc["region x expression", "p"] < 0.001
    assert omnibus["p_holm"].notna().all()
    contrasts = made[made["kind"] == "contrast"].set_index("term")
    assert len(contrasts) == 9
    row = contrasts.loc["mouth: happy - other expressions"]
    means = dwell_sample().groupby("expression")["mouth"].mean()
    assert row["estimate"] == pytest.approx(means["happy"] - means[["neutral", "sad"]].mean())
    assert row["p_holm"] < 0.001
    assert made.loc[made["kind"] == "mean", "unit"].unique().tolist() == ["share"]


def test_regions_that_nobody_looks_at_are_left_out_and_named():
    rows = dwell_by_region(dwell_sample().assign(chin=0.0), EXPRESSIONS)
    assert not any(row["term"].startswith("chin") for row in rows)
    assert "always the same: chin" in rows[0]["assumptions"]
    with pytest.raises(InputError, match="a region whose share varies"):
        dwell_by_region(dwell_sample().assign(eyes=0.5, nose=0.2, mouth=0.1), EXPRESSIONS)


def test_epsilon_of_contrasts_is_one_where_they_are_alike():
    turned = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    groups = pd.Series(["a"] * 4)
    assert sphericity_epsilon(turned, groups) == pytest.approx(1.0)
    assert sphericity_epsilon(turned * [1.0, 0.0], groups) == pytest.approx(0.5)


def test_areas_are_those_of_the_mixed_anova_of_balanced_data():
    frame = areas()
    made = table(area_by_condition(frame, "auc", "the area", EXPRESSIONS))
    omnibus = made[made["kind"] == "omnibus"].set_index("term")
    two = frame[frame["condition"] != "random"]
    mixed = pingouin.mixed_anova(
        two, dv="auc", within="condition", subject="image_id", between="expression"
    ).set_index("Source")
    for ours, theirs in (("expression", "expression"), ("condition", "condition"),
                         ("condition x expression", "Interaction")):  # fmt: skip
        assert omnibus.loc[ours, "statistic"] == pytest.approx(mixed.loc[theirs, "F"], rel=1e-3)
        assert omnibus.loc[ours, "df2"] == pytest.approx(mixed.loc[theirs, "DF2"], rel=1e-3)
    contrasts = made[made["kind"] == "contrast"].set_index("term")
    # Random is nothing by definition: a number, not a sample.
    gaze = two.loc[two["condition"] == "gaze", "auc"]
    assert contrasts.loc["gaze - random", "estimate"] == pytest.approx(gaze.mean())
    assert "random is 0 for every picture" in contrasts["assumptions"].iloc[0]
    assert "gaze - relevance for sad faces" in contrasts.index
    assert np.isnan(made["n_participants"].astype(float)).all()
    wide = two.pivot_table(index="image_id", columns="condition", values="auc")
    expected = stats.ttest_rel(wide["gaze"], wide["relevance"])
    row = contrasts.loc["gaze - relevance"]
    assert row["estimate"] == pytest.approx((wide["gaze"] - wide["relevance"]).mean())
    assert np.sign(row["statistic"]) == np.sign(expected.statistic)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[t["participant_id"] == "sub-01"], "at least two of them, but there is one"),
        (lambda t: t.head(0), "there is none with such trials"),
        (lambda t: t[t["expression"] == "sad"], "needs at least two, but sad is shown"),
        (lambda t: t[t["image_id"].isin(["P00", "P01", "P02"])], "there are 3 of each"),
        (lambda t: t.assign(expression=t["expression"].replace("sad", "bored")), "unknown bored"),
        (lambda t: t.assign(image_id="P00"), "P00 has two"),
    ],
)
def test_samples_that_are_too_small_or_wrong_are_refused(change, message):
    frame = change(sample()).reset_index(drop=True)
    for question in (accuracy_by_expression, reaction_time_by_expression):
        with pytest.raises(InputError, match=message):
            question(frame, EXPRESSIONS)


def test_one_picture_for_an_expression_is_modelled_and_said():
    frame = sample()
    frame = frame[(frame["expression"] != "sad") | (frame["image_id"] == "P02")]
    made = table(reaction_time_by_expression(frame.reset_index(drop=True), EXPRESSIONS))
    assert made["assumptions"].str.contains("one picture for sad").all()
    assert np.isfinite(made.loc[made["kind"] != "mean", "p"].astype(float)).all()


def test_an_expression_without_errors_is_said():
    frame = sample()
    frame.loc[frame["expression"] == "happy", "right"] = True
    made = table(accuracy_by_expression(frame, EXPRESSIONS))
    assert made["assumptions"].str.contains("all answers are the same for happy").all()
    assert np.isfinite(made.loc[made["kind"] == "contrast", "ci_high"].astype(float)).all()


def test_constant_values_are_refused():
    with pytest.raises(InputError, match="all 96 answers are right"):
        accuracy_by_expression(sample().assign(right=True), EXPRESSIONS)
    with pytest.raises(InputError, match="vary within conditions"):
        reaction_time_by_expression(sample().assign(rt_ms=700.0), EXPRESSIONS)
    with pytest.raises(InputError, match="no error to test against"):
        anova_by_expression(sample().assign(x=1.0), "x", "q", "x", EXPRESSIONS)
    with pytest.raises(InputError, match="two conditions or more"):
        area_by_condition(areas().query("condition == 'gaze'"), "auc", "area", EXPRESSIONS)


def areas_of_three(seed=6):
    """Areas of three conditions: pictures differ far more under one of them."""
    frame = areas(seed, per_expression=6)
    rng = np.random.default_rng(seed)
    centre = frame[frame["condition"] == "gaze"].assign(condition="centre")
    centre["auc"] += rng.normal(0, 3, len(centre))
    return pd.concat([frame, centre], ignore_index=True)


def test_conditions_of_different_width_are_tested_against_their_own_error():
    frame = areas_of_three()
    made = table(area_by_condition(frame, "auc", "the area", EXPRESSIONS)).set_index("term")
    wide = frame.pivot_table(index="image_id", columns="condition", values="auc")
    shown = frame.drop_duplicates("image_id").set_index("image_id")["expression"][wide.index]
    for term, values in (
        ("gaze - relevance", wide["gaze"] - wide["relevance"]),
        ("gaze - centre", wide["gaze"] - wide["centre"]),
        ("centre - random", wide["centre"]),
    ):
        sign, name = (1, term) if term in made.index else (-1, " - ".join(term.split(" - ")[::-1]))
        cells = values.groupby(shown)
        variance = (values - cells.transform("mean")).pow(2).sum() / (len(values) - 3)
        error = np.sqrt(variance / 6 / 3)
        t = sign * cells.mean().mean() / error
        assert made.loc[name, "statistic"] == pytest.approx(t)
        assert made.loc[name, "df1"] == len(values) - 3
        assert made.loc[name, "p"] == pytest.approx(2 * stats.t.sf(abs(t), len(values) - 3))
    # Only d takes one width for all conditions.
    said = made["assumptions"].iloc[0]
    assert "d, which takes one width for all, is doubtful; tests and intervals are not" in said
    for_happy = (wide["gaze"] - wide["relevance"])[shown == "happy"]
    assert made.loc["gaze - relevance for happy faces", "estimate"] == pytest.approx(
        for_happy.mean()
    )
    mean = made[made["kind"] == "mean"].loc["centre"]
    assert mean["estimate"] == pytest.approx(wide["centre"].groupby(shown).mean().mean())
    assert mean["ci_high"] - mean["ci_low"] == pytest.approx(
        made.loc["centre - random", "ci_high"] - made.loc["centre - random", "ci_low"]
    )


def test_degrees_of_freedom_of_three_conditions_are_those_of_an_anova_with_its_epsilon():
    frame = areas_of_three()
    made = table(area_by_condition(frame, "auc", "the area", EXPRESSIONS)).set_index("term")
    three = frame[frame["condition"] != "random"]
    wide = three.pivot_table(index="image_id", columns="condition", values="auc")
    shown = three.drop_duplicates("image_id").set_index("image_id")["expression"][wide.index]
    # By Box's formula of the covariances themselves, within expressions.
    s = (wide - wide.groupby(shown).transform("mean")).cov().to_numpy()
    box = 9 * (np.trace(s) / 3 - s.mean()) ** 2
    box /= 2 * (np.sum(s**2) - 6 * np.sum(s.mean(axis=1) ** 2) + 9 * s.mean() ** 2)
    assert 0.5 < box < 0.7
    for term, df in (("condition", 2), ("condition x expression", 4)):
        assert made.loc[term, "df1"] == pytest.approx(box * df)
        assert made.loc[term, "df2"] == pytest.approx(box * 30, rel=1e-3)
        expected = stats.f.sf(made.loc[term, "statistic"], box * df, box * 30)
        assert made.loc[term, "p"] == pytest.approx(expected, rel=1e-3)
    assert f"epsilon of the conditions = {box:.3f}" in made.loc["condition", "assumptions"]
    assert made.loc["expression", "df2"] == pytest.approx(15, rel=1e-3)


def test_pictures_that_lack_a_condition_are_left_out_and_counted():
    frame = areas_of_three()
    lacking = (frame["condition"] == "gaze") & frame["image_id"].isin(["P4", "P7"])
    made = table(area_by_condition(frame[~lacking], "auc", "area", EXPRESSIONS))
    rest = table(
        area_by_condition(frame[~frame["image_id"].isin(["P4", "P7"])], "auc", "area", EXPRESSIONS)
    )
    assert "left out, which lack a condition: 2" in made["assumptions"].iloc[0]
    same = ["estimate", "ci_low", "statistic", "df1", "p", "n_pictures"]
    pd.testing.assert_frame_equal(
        made.set_index("term").sort_index()[same], rest.set_index("term").sort_index()[same]
    )


def test_conditions_that_are_as_far_apart_on_all_pictures_are_not_tested():
    frame = areas()
    twin = frame[frame["condition"] == "gaze"].assign(condition="twin")
    twin["auc"] += 0.5
    made = table(
        area_by_condition(pd.concat([frame, twin], ignore_index=True), "auc", "area", EXPRESSIONS)
    )
    assert "no test: gaze - twin" in made["assumptions"].iloc[0]
    terms = made.loc[made["kind"] == "contrast", "term"]
    assert "gaze - twin" not in set(terms)
    assert {"gaze - relevance", "relevance - twin", "twin - random"} <= set(terms)


def test_a_condition_without_an_expression_is_refused():
    frame = areas()
    lacking = (frame["condition"] == "gaze") & (frame["expression"] == "sad")
    with pytest.raises(InputError, match="1 of 6 combinations are missing"):
        area_by_condition(frame[~lacking], "auc", "area", EXPRESSIONS)
    with pytest.raises(InputError, match="there are more for P0 and gaze"):
        area_by_condition(pd.concat([frame, frame]), "auc", "area", EXPRESSIONS)
