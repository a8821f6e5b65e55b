"""Curves: measures, areas and their summary."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparison.curves import aopc, auc, auc_of_difference, curve_sheet, measures, summarise
from comparison.tiles import removal_order, removal_steps

PUBLISHED_CSV = Path(__file__).resolve().parents[3] / "shared" / "data" / "thesis"
# Mean difference to random by step, read off the figure of Bartnik (2020), +-0.01.
RELEVANCE = [
    0, 0.28, 0.36, 0.36, 0.32, 0.29, 0.24, 0.19, 0.165, 0.14, 0.12, 0.11, 0.10, 0.08, 0.07,
    0.05, 0.02,
]  # fmt: skip
GAZE = [
    0, 0.19, 0.255, 0.29, 0.30, 0.27, 0.22, 0.175, 0.145, 0.13, 0.12, 0.10, 0.10, 0.08, 0.07,
    0.05, 0.02,
]  # fmt: skip


def test_areas_of_the_published_curves() -> None:
    assert float(auc(RELEVANCE)) == pytest.approx(2.885, abs=1e-9)
    assert float(auc(GAZE)) == pytest.approx(2.505, abs=1e-9)


def test_areas_of_the_published_table() -> None:
    path = PUBLISHED_CSV / "curves_digitised.csv"
    if not path.is_file():
        pytest.skip("the digitised curves are not beside this checkout")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(auc([float(row["lrp_mean_diff"]) for row in rows])) == pytest.approx(2.885)
    assert float(auc([float(row["human_mean_diff"]) for row in rows])) == pytest.approx(2.505)


def test_area_is_a_sum_of_trapezoids() -> None:
    values = np.random.default_rng(1).normal(size=(3, 17))
    slow = [sum((row[k] + row[k + 1]) / 2 for k in range(16)) for row in values]
    np.testing.assert_allclose(auc(values), slow, atol=1e-12)


def test_absolute_area_counts_being_worse_than_random() -> None:
    random = np.full(5, 0.5)
    curve = np.array([0.5, 0.3, 0.5, 0.7, 0.5])
    assert float(auc_of_difference(curve, random)) == pytest.approx(0.0)
    assert float(auc_of_difference(curve, random, absolute=True)) == pytest.approx(0.4)


def test_better_than_random_is_positive() -> None:
    random, steep = np.linspace(1, 0, 17), np.r_[1.0, np.zeros(16)]
    assert float(auc_of_difference(steep, random)) > 0
    assert float(auc_of_difference(2 * random - steep, random)) < 0


def test_aopc_is_the_mean_drop() -> None:
    values = np.array([0.9, 0.5, 0.1, 0.3])
    slow = sum(values[0] - value for value in values) / 4
    assert float(aopc(values)) == pytest.approx(slow)


def test_measures_against_a_slow_softmax() -> None:
    logits = np.random.default_rng(2).normal(scale=3, size=(2, 5, 7))
    found = measures(logits, 3)
    for order in range(2):
        named = max(range(7), key=lambda k: logits[order, 0, k])
        for step in range(5):
            powers = [np.exp(value) for value in logits[order, step]]
            p = [power / sum(powers) for power in powers]
            assert found["p_true"][order, step] == pytest.approx(p[3])
            assert found["p_predicted"][order, step] == pytest.approx(p[named])
            assert found["logit_true"][order, step] == logits[order, step, 3]
            assert found["correct"][order, step] == (max(p) == p[3])


def test_measures_of_huge_logits_are_finite() -> None:
    found = measures(np.array([[1000.0, -1000.0], [-1000.0, 1000.0]]), 0)
    assert found["p_true"].tolist() == [1.0, 0.0]


ORDERS = pd.DataFrame(
    [(c, d, 0) for c in ("gaze", "relevance", "oracle") for d in ("most_first", "least_first")]
    + [("random", "most_first", repeat) for repeat in (1, 2, 3)],
    columns=["condition", "direction", "repeat"],
)
SHARES = {(i, c): 0.25 for i in "AB" for c in ("gaze", "relevance", "oracle", "random")}


def _curves() -> pd.DataFrame:
    logits = np.random.default_rng(3).normal(size=(2, len(ORDERS), 17, 7))
    logits[:, :, 0] = logits[:, :1, 0]
    logits[:, :, -1] = logits[:, :1, -1]
    names = ("afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised")
    shown = zip("AB", ("happy", "sad"), logits, strict=True)
    return pd.concat([curve_sheet(i, e, ORDERS, answers, names) for i, e, answers in shown])


def test_summary_against_a_slow_one() -> None:
    curves = _curves()
    summary = summarise(curves.sample(frac=1, random_state=1), SHARES)
    assert len(summary) == 8
    best = summary[summary["condition"] == "oracle"].set_index("image_id")["auc_signed"].to_dict()
    for row in summary.itertuples():
        mine = curves[curves["image_id"] == row.image_id]
        drawn = mine[mine["condition"] == "random"]
        mean = [drawn.loc[drawn["step"] == k, "p_true"].mean() for k in range(17)]
        if row.condition != "random":
            both = mine[mine["condition"] == row.condition]
            own = both.loc[both["direction"] == "most_first", "p_true"].tolist()
            reverse = both.loc[both["direction"] == "least_first", "p_true"].tolist()
            gain = [r - o for r, o in zip(reverse, own, strict=True)]
            srg = sum((gain[k] + gain[k + 1]) / 2 for k in range(16))
            assert row.srg == pytest.approx(srg)
            assert row.abpc == pytest.approx(sum(gain) / 17)
            limit = best[str(row.image_id)]
            share = row.auc_signed / limit if limit > 0 else np.nan
            np.testing.assert_allclose(np.array([row.share_of_oracle], float), [share])
            gaps = [m - o for m, o in zip(mean, own, strict=True)]
            signed = sum((gaps[k] + gaps[k + 1]) / 2 for k in range(16))
            absolute = sum((abs(gaps[k]) + abs(gaps[k + 1])) / 2 for k in range(16))
            assert row.auc_signed == pytest.approx(signed)
            assert row.auc_absolute == pytest.approx(absolute)
            assert row.aopc == pytest.approx(np.mean([own[0] - value for value in own]))


def test_random_has_no_signed_area_but_an_absolute_one() -> None:
    summary = summarise(_curves(), SHARES).set_index("condition").loc["random"]
    assert (summary[["auc_signed", "auc_logit", "auc_accuracy"]].to_numpy() == 0).all()
    assert (summary["auc_absolute"] > 0).all()


@pytest.mark.parametrize(
    "steps",
    [
        [[2, 15, 8, 16], [3, 14, 4, 7], [9, 1, 5, 11], [12, 13, 10, 6]],
        [[13, 11, 8, 15], [14, 5, 6, 16], [9, 1, 2, 10], [7, 3, 4, 12]],
        [[16, 9, 10, 8], [11, 2, 1, 7], [15, 4, 3, 12], [14, 6, 5, 13]],
    ],
)
def test_printed_removal_orders_come_out_of_means_of_that_rank(steps: list[list[int]]) -> None:
    # The worked example of Bartnik (2020): random, LRP and people, step by tile.
    printed = np.array(steps).ravel()
    order = removal_order(100.0 - printed, np.random.default_rng(1))
    np.testing.assert_array_equal(removal_steps(order), printed)
