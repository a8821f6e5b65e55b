"""Curves: measures, areas and their summary."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparison.curves import aopc, auc, auc_of_difference, curve_table, measures, summarise

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


def _curves() -> pd.DataFrame:
    logits = np.random.default_rng(3).normal(size=(2, 2 + 3, 17, 7))
    logits[:, :, 0] = logits[:, :1, 0]
    logits[:, :, -1] = logits[:, :1, -1]
    names = ("afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised")
    return curve_table(["A", "B"], ["happy", "sad"], logits, names)


def test_summary_against_a_slow_one() -> None:
    curves = _curves()
    shares = {(i, c): 0.25 for i in "AB" for c in ("gaze", "relevance", "random")}
    summary = summarise(curves.sample(frac=1, random_state=1), shares)
    assert len(summary) == 6
    for row in summary.itertuples():
        mine = curves[curves["image_id"] == row.image_id]
        drawn = mine[mine["condition"] == "random"]
        mean = [drawn.loc[drawn["step"] == k, "p_true"].mean() for k in range(17)]
        if row.condition != "random":
            own = mine.loc[mine["condition"] == row.condition, "p_true"].tolist()
            gaps = [m - o for m, o in zip(mean, own, strict=True)]
            signed = sum((gaps[k] + gaps[k + 1]) / 2 for k in range(16))
            absolute = sum((abs(gaps[k]) + abs(gaps[k + 1])) / 2 for k in range(16))
            assert row.auc_signed == pytest.approx(signed)
            assert row.auc_absolute == pytest.approx(absolute)
            assert row.aopc == pytest.approx(np.mean([own[0] - value for value in own]))


def test_random_has_no_signed_area_but_an_absolute_one() -> None:
    shares = {(i, c): 0.0 for i in "AB" for c in ("gaze", "relevance", "random")}
    summary = summarise(_curves(), shares).set_index("condition").loc["random"]
    assert (summary[["auc_signed", "auc_logit", "auc_accuracy"]].to_numpy() == 0).all()
    assert (summary["auc_absolute"] > 0).all()
