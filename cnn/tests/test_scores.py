import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cnn.scores import by_actor, calibration, confusion, score, wilson_interval
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

K = len(EXPRESSIONS)


@st.composite
def answers(draw):
    """Up to 40 pictures with probabilities of six digits."""
    seed, n = draw(st.integers(0, 10_000)), draw(st.integers(1, 40))
    random = np.random.default_rng(seed)
    logits = random.normal(0, draw(st.sampled_from([0.1, 2, 20])), (n, K))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = pd.DataFrame(probabilities.round(6), columns=[f"p_{name}" for name in EXPRESSIONS])
    shown = random.choice(EXPRESSIONS[: draw(st.integers(1, K))], n)
    predicted = np.array(EXPRESSIONS)[table.to_numpy().argmax(axis=1)]
    actors = random.choice(["F01", "M02", "M03"], n)
    return table.assign(
        image_id=[str(index) for index in range(n)], expression=shown, predicted=predicted,
        actor=actors, sex=[{"F": "female", "M": "male"}[name[0]] for name in actors],
    )  # fmt: skip


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_is_wilsons(counts):
    n_right, n = counts
    low, high = wilson_interval(n_right, n)
    expected = proportion_confint(n_right, n, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-9)
    assert 0 <= low <= n_right / n <= high <= 1


@given(answers())
def test_scores_are_those_of_their_formulas_in_loops(table):
    found = score(table).set_index("metric")["value"]
    rows = table.to_dict("records")
    n = len(rows)
    hits = [row["expression"] == row["predicted"] for row in rows]
    assert found["accuracy"] == pytest.approx(sum(hits) / n)
    f1s = []
    for name in EXPRESSIONS:
        right = sum(row["expression"] == row["predicted"] == name for row in rows)
        shown = sum(row["expression"] == name for row in rows)
        said = sum(row["predicted"] == name for row in rows)
        if shown or said:
            f1s.append(2 * right / (shown + said))
        if not shown:
            assert f"recall_{name}" not in found
            continue
        assert found[f"recall_{name}"] == pytest.approx(right / shown)
        assert found[f"f1_{name}"] == pytest.approx(f1s[-1])
        if said:
            assert found[f"precision_{name}"] == pytest.approx(right / said)
        else:
            assert math.isnan(found[f"precision_{name}"])
    assert found["macro_f1"] == pytest.approx(sum(f1s) / len(f1s))
    brier = sum(
        (row[f"p_{name}"] - (row["expression"] == name)) ** 2
        for row in rows
        for name in EXPRESSIONS
    )
    assert found["brier"] == pytest.approx(brier / n)
    losses = []
    for row in rows:
        raised = {name: max(row[f"p_{name}"], 5e-7) for name in EXPRESSIONS}
        losses.append(-math.log(raised[row["expression"]] / sum(raised.values())))
    assert found["log_loss"] == pytest.approx(sum(losses) / n, abs=1e-9)
    top_2 = [
        sum(row[f"p_{name}"] > row[f"p_{row['expression']}"] for name in EXPRESSIONS) <= 1
        for row in rows
    ]
    assert found["top_2"] == pytest.approx(sum(top_2) / n)


@given(answers())
def test_calibration_error_is_that_of_guo_et_al_in_a_loop(table):
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row in table.to_dict("records"):
        sure = max(row[f"p_{name}"] for name in EXPRESSIONS)
        index = next(m for m in range(1, 11) if sure <= m / 10 or m == 10)
        bins.setdefault(index, []).append((sure, row["expression"] == row["predicted"]))
    error = sum(
        abs(np.mean([right for _, right in members]) - np.mean([sure for sure, _ in members]))
        * len(members) / len(table)
        for members in bins.values()
    )  # fmt: skip
    assert score(table).set_index("metric")["value"]["ece"] == pytest.approx(error)
    found = calibration(table).set_index("bin")
    assert {index: len(members) for index, members in bins.items()} == {
        index: n for index, n in found["n"].items() if n
    }
    assert found.loc[found["n"] == 0, "accuracy"].isna().all()


@given(answers())
def test_confusions_and_actors_count_every_picture_once(table):
    confused = confusion(table)
    assert confused["n"].sum() == len(table)
    np.testing.assert_allclose(confused.groupby("expression")["share"].sum(), 1, atol=1e-5)
    for row in confused.itertuples():
        pairs = (table["expression"] == row.expression) & (table["predicted"] == row.predicted)
        assert row.n == pairs.sum()
    actors = by_actor(table.drop(columns=["actor", "sex"]), table)
    assert actors["n"].sum() == len(table)
    wrong = actors["wrong"].dropna().str.split(", ").map(len).sum()
    assert wrong == (table["expression"] != table["predicted"]).sum()


def test_a_sure_and_right_network_is_calibrated():
    table = pd.DataFrame(np.eye(K), columns=[f"p_{name}" for name in EXPRESSIONS])
    table = table.assign(expression=EXPRESSIONS, predicted=EXPRESSIONS)
    found = score(table).set_index("metric")["value"]
    assert found["ece"] == found["brier"] == 0
    assert found["log_loss"] == pytest.approx(0, abs=1e-5)


def test_no_test_pictures_are_refused():
    with pytest.raises(InputError, match="splits name none"):
        score(pd.DataFrame(columns=["expression", "predicted"]))
