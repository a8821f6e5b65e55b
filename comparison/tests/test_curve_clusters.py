"""Cluster tests of curves, against a slow permutation test written from the paper."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from comparison.curve_clusters import (
    CURVE_CLUSTER_COLUMNS,
    curve_clusters,
    significant_steps,
    step_clusters,
)


def _masses(values: np.ndarray, threshold: float) -> list[float]:
    """Sum t over runs of steps beyond the threshold, one sign at a time."""
    t = stats.ttest_1samp(values, 0).statistic
    sides = np.where(t > threshold, 1, np.where(t < -threshold, -1, 0))
    runs = itertools.groupby(zip(sides, t, strict=True), key=lambda pair: pair[0])
    return [sum(pair[1] for pair in run) for side, run in runs if side]


def test_all_sign_flips_by_hand() -> None:
    rng = np.random.default_rng(1)
    values = np.cumsum(rng.normal(size=(8, 12)), axis=1)
    values[:, 3:7] += 4.0
    threshold = stats.t.isf(0.005, 7)
    largest = [
        max((abs(m) for m in _masses(values * np.array(signs)[:, None], threshold)), default=0)
        for signs in itertools.product((1, -1), repeat=8)
    ]
    found = step_clusters(values, n_permutations=9999, seed=1)
    observed = _masses(values, threshold)
    assert len(observed) > 0
    assert sorted(found.mass) == pytest.approx(sorted(observed))
    for mass, p in zip(found.mass, found.p, strict=True):
        assert p == pytest.approx(np.mean(np.array(largest) >= abs(mass) - 1e-9))


def _sheets(n: int, gap: float) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    rng = np.random.default_rng(2)
    names = [f"P{place:02d}" for place in range(n)]
    random = np.linspace(0.9, 0.1, 17) + rng.normal(0, 0.02, (n, 17))
    gaze = random + rng.normal(0, 0.05, (n, 17))
    gaze[:, 4:9] -= gap
    gaze[:, [0, -1]] = random[:, [0, -1]]
    frames = {
        name: pd.DataFrame(v, index=names) for name, v in (("gaze", gaze), ("random", random))
    }
    return frames, {name: ("happy", "sad")[place % 2] for place, name in enumerate(names)}


def test_planted_steps_are_found_and_named() -> None:
    sheets, shown = _sheets(20, 0.2)
    table = curve_clusters(sheets, shown, n_permutations=999, seed=1)
    assert list(table) == list(CURVE_CLUSTER_COLUMNS)
    assert set(zip(table["a"], table["b"], strict=True)) == {("gaze", "random")}
    assert significant_steps(table, "gaze", "random") == [(4, 8)]
    assert significant_steps(table, "gaze", "relevance") == []
    first = table.iloc[0]
    assert first["lower"] == "gaze"
    assert first["mean_difference"] == pytest.approx(-0.2, abs=0.03)
    assert (
        "At steps 4 to 8, the curves of gaze and random formed a cluster with gaze lower"
        in (first["sentence"])
    )
    assert "of happy faces" in table.loc[table["expression"] == "happy", "sentence"].iloc[0]


def test_curves_that_are_the_same_have_no_cluster() -> None:
    sheets, shown = _sheets(8, 0.0)
    sheets["gaze"] = sheets["random"]
    row = curve_clusters(sheets, shown, n_permutations=99, seed=1).iloc[0]
    assert pd.isna(row["cluster"])
    assert row["sentence"].startswith("At no step did the curves of gaze and random differ")


@pytest.mark.parametrize("n", [1, 5])
def test_few_pictures_are_not_tested(n: int) -> None:
    sheets, shown = _sheets(n, 0.2)
    table = curve_clusters(sheets, shown, n_permutations=99, seed=1)
    assert table["p"].isna().all()
    assert table["sentence"].str.contains("a test takes 6 pictures or more").all()


def test_curves_with_one_condition_give_an_empty_table() -> None:
    sheets, shown = _sheets(8, 0.2)
    table = curve_clusters({"gaze": sheets["gaze"]}, shown, n_permutations=99, seed=1)
    assert len(table) == 0
    assert significant_steps(table, "gaze", "random") == []
