import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from comparison.behaviour import (
    by_picture,
    confusion_correlation,
    confusion_shares,
    difficulty,
    mcnemar,
)
from comparison.behaviour_step import people_were_asked
from comparison.cli import app
from comparison.error_consistency import consistency, error_consistency, right_answers
from comparison.tests.fake_study import make_study
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.seeds import generator
from study.tables import read_table


def answers(seed, n_people=4, n_pictures=21, accuracy=0.7):
    """People and a network that answer at random, right in most cases."""
    random = np.random.default_rng(seed)
    shown = np.array([EXPRESSIONS[place % 7] for place in range(n_pictures)])

    def answer():
        wrong = random.choice(EXPRESSIONS, n_pictures)
        return np.where(random.random(n_pictures) < accuracy, shown, wrong)

    ids = [f"P{place}" for place in range(n_pictures)]
    people = pd.concat(
        pd.DataFrame({"participant_id": f"sub-{person}", "image_id": ids, "expression": shown,
                      "response": answer()})
        for person in range(n_people)
    )  # fmt: skip
    probabilities = pd.DataFrame(
        random.dirichlet(np.ones(7), n_pictures), columns=[f"p_{name}" for name in EXPRESSIONS]
    )
    network = pd.DataFrame({"image_id": ids, "expression": shown, "predicted": answer()})
    return people.reset_index(drop=True), network.join(probabilities)


@given(st.integers(0, 1000), st.integers(3, 5))
@settings(max_examples=15, deadline=None)
def test_confusions_are_correlated_and_renamed_as_in_a_loop(seed, k):
    random = np.random.default_rng(seed)
    names = list(EXPRESSIONS[:k])
    first, second = (
        pd.DataFrame(random.dirichlet(np.ones(k), k), index=names, columns=names) for _ in range(2)
    )

    def correlation(order):
        cells = [(i, j) for i in range(k) for j in range(k) if i != j]
        a = [first.to_numpy()[i, j] for i, j in cells]
        b = [second.to_numpy()[order[i], order[j]] for i, j in cells]
        return np.corrcoef(a, b)[0, 1]

    found = confusion_correlation(first, second)
    values = [correlation(order) for order in permutations(range(k))]
    assert found.estimate == pytest.approx(values[0])
    assert found.p == pytest.approx(np.mean([value >= values[0] - 1e-9 for value in values]))
    assert found.n == k * (k - 1)


def test_the_same_confusions_correlate_fully_and_none_are_not_defined():
    random = np.random.default_rng(3)
    names = list(EXPRESSIONS)
    matrix = pd.DataFrame(random.dirichlet(np.ones(7), 7), index=names, columns=names)
    found = confusion_correlation(matrix, matrix.iloc[::-1, ::-1])
    assert found.estimate == pytest.approx(1)
    assert found.p == pytest.approx(1 / 5040)
    perfect = pd.DataFrame(np.eye(7), index=names, columns=names)
    none = confusion_correlation(matrix, perfect)
    assert math.isnan(none.estimate) and "the network makes no errors" in none.note


def test_shares_leave_out_missing_answers_and_keep_answers_that_are_never_shown():
    shown = pd.Series(["happy", "happy", "happy", "happy", "sad"])
    answered = pd.Series(["happy", "sad", None, "angry", "sad"])
    shares = confusion_shares(shown, answered)
    assert list(shares.index) == list(shares.columns) == ["happy", "sad"]
    assert shares.loc["happy", "sad"] == pytest.approx(1 / 3)
    assert list(shares.loc["sad"]) == [0, 1]


def test_mcnemar_is_that_of_the_binomial_and_of_the_published_interval():
    # Bonett and Price (2012) on 5 and 12 discordant of 40: by their formula, by hand.
    pictures = pd.DataFrame(
        {
            "expression": "happy",
            "majority": ["happy"] * 20 + ["happy"] * 5 + ["sad"] * 12 + ["sad"] * 3,
            "network_right": [True] * 20 + [False] * 5 + [True] * 12 + [False] * 3,
        }
    )
    found = mcnemar(pictures)
    exact = 2 * sum(math.comb(17, k) for k in range(6)) / 2**17
    assert found.p == pytest.approx(exact)
    assert found.estimate == pytest.approx((5 - 12) / 40)
    first, second = 6 / 42, 13 / 42
    half = 1.959964 * math.sqrt((first + second - (first - second) ** 2) / 42)
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (first - second - half, first - second + half), abs=1e-6
    )
    assert "only people: 5, only the network: 12" in found.note


def test_pictures_without_a_majority_are_left_out_and_counted():
    people, network = answers(1, n_people=2)
    pictures = by_picture(people, network)
    for row in pictures.to_dict("records"):
        own = people[people["image_id"] == row["image_id"]]["response"].tolist()
        assert row["people_right"] == pytest.approx(own.count(row["expression"]) / 2)
        if own[0] == own[1]:
            assert row["majority"] == own[0]
        else:
            assert pd.isna(row["majority"])
    undecided = pictures["majority"].isna().sum()
    assert 0 < undecided < len(pictures)
    assert f"without a majority: {undecided}" in mcnemar(pictures).note


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_error_consistency_is_cohens_kappa(seed):
    random = np.random.default_rng(seed)
    right = (random.random((4, 15)) < 0.7).astype(float)
    right[random.random((4, 15)) < 0.2] = np.nan
    kappas = error_consistency(right)
    weights = random.integers(0, 4, 15).astype(float)
    weighted = error_consistency(right, weights)
    for i in range(4):
        for j in range(4):
            both = ~np.isnan(right[i]) & ~np.isnan(right[j])
            for found, times in ((kappas, np.ones(15, int)), (weighted, weights.astype(int))):
                first, second = (np.repeat(right[k][both], times[both]) for k in (i, j))
                if len(first) == 0 or len(np.unique([first, second])) == 1:
                    assert math.isnan(found[i, j])
                else:
                    want = cohen_kappa_score(first, second)
                    assert found[i, j] == pytest.approx(want, abs=1e-9)


def test_consistency_averages_over_pairs_and_leaves_out_what_is_not_defined():
    right = (np.random.default_rng(1).random((5, 40)) < 0.6).astype(float)
    right[0] = 1
    right[1] = 1  # with the first one chance alone agrees always
    people, network, difference = consistency(right, 200, np.random.default_rng(2))
    kappas = error_consistency(right)
    among = [kappas[i, j] for i in range(4) for j in range(i) if not math.isnan(kappas[i, j])]
    assert people.estimate == pytest.approx(np.mean(among))
    assert people.note == "1 of 6 pairs not defined"
    assert network.estimate == pytest.approx(kappas[:4, 4].mean())
    assert difference.estimate == pytest.approx(network.estimate - people.estimate)
    assert people.ci_low < people.estimate < people.ci_high


def test_independent_errors_have_a_consistency_of_nothing():
    right = (np.random.default_rng(5).random((12, 2000)) < 0.8).astype(float)
    people, network, difference = consistency(right, 300, np.random.default_rng(2))
    for found in (people, network, difference):
        assert found.ci_low < 0 < found.ci_high
        assert abs(found.estimate) < 0.02


def test_answers_given_twice_count_by_their_majority():
    people = pd.DataFrame({
        "participant_id": ["a", "a", "a", "a", "b"], "image_id": ["P", "P", "Q", "Q", "P"],
        "expression": "happy", "response": ["happy", "sad", "happy", "happy", None],
    })  # fmt: skip
    network = pd.DataFrame(
        {"image_id": ["P", "Q"], "expression": "happy", "predicted": ["happy", "sad"]}
    )
    names, right = right_answers(people, network)
    assert names == ["a", "b"]
    np.testing.assert_array_equal(right, np.array([[np.nan, 1], [0, np.nan], [1, 0]]))


def test_hard_pictures_are_correlated_as_scipy_does_and_within_expressions_by_a_loop():
    people, network = answers(4, n_people=9, n_pictures=42, accuracy=0.5)
    pictures = by_picture(people, network)
    found = difficulty(pictures, 499, generator(1, "a"), within=False)
    want = spearmanr(pictures["people_right"], pictures["p_true"])
    assert found.estimate == pytest.approx(want.statistic)
    assert found.p == pytest.approx(want.pvalue, abs=0.06)
    assert found.ci_low < found.estimate < found.ci_high
    within = difficulty(pictures, 199, generator(1, "b"), within=True)
    ranks = pictures[["people_right", "p_true"]].rank()
    centred = ranks - ranks.groupby(pictures["expression"]).transform("mean")
    assert within.estimate == pytest.approx(np.corrcoef(centred.T)[0, 1])
    even = difficulty(pictures.assign(people_right=1.0), 99, generator(1, "c"), within=False)
    assert math.isnan(even.estimate) and "as hard" in even.note


def test_a_planted_null_is_rejected_in_five_of_a_hundred_runs():
    rejected = 0
    for seed in range(200):
        people, network = answers(seed, n_people=3)
        pictures = by_picture(people, network)
        rejected += difficulty(pictures, 99, generator(seed), within=False).p <= 0.05
    assert 1 <= rejected <= 20  # 10 expected; beyond these ends once in a thousand


def run(study):
    return CliRunner().invoke(app, ["behaviour", "--study", str(study.root)])


def test_the_command_writes_tables_and_sentences(tmp_path):
    study = make_study(tmp_path / "s", per_expression=4)
    done = run(study)
    assert done.exit_code == 0, done.output
    table = read_table(study.comparison_dir / "behaviour.tsv", what="The table")
    assert len(table) == 7
    # The fake network is always right: it confuses nothing, and this is said.
    assert str(table["sentence"][0]).endswith("makes no errors that differ between cells.")
    assert table["estimate"].to_numpy()[1] < 0
    kappas = read_table(study.comparison_dir / "error_consistency.tsv", what="The table")
    assert list(kappas["participant_id"]) == ["sub-001", "sub-002", "sub-003"]
    first = (study.comparison_dir / "behaviour.tsv").read_bytes()
    CliRunner().invoke(app, ["behaviour", "--study", str(study.root), "--force"])
    assert (study.comparison_dir / "behaviour.tsv").read_bytes() == first


def test_people_who_saw_other_pictures_are_not_compared(tmp_path):
    study = make_study(tmp_path / "s")
    path = study.gaze_dir / "trials.tsv"
    path.write_text(path.read_text().replace("\tP", "\tQ"))
    done = run(study)
    assert isinstance(done.exception, InputError)
    assert "none is among the network's 14 test pictures" in str(done.exception)


def test_a_study_of_free_viewing_has_no_answers(tmp_path):
    study = make_study(tmp_path / "s")
    assert people_were_asked(study)
    path = study.gaze_dir / "trials.tsv"
    path.write_text(path.read_text().replace("\ttrue\n", "\tfalse\n"))
    assert not people_were_asked(study)
