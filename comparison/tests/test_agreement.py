"""Values between control and ceiling: the scale, its intervals, and where there is none."""

import numpy as np
import pandas as pd
import pytest

from comparison.agreement import (
    AGREEMENT_COLUMNS,
    NO_CEILING,
    NOT_BEYOND,
    ONE_PICTURE,
    agreement_table,
)


def _metrics(
    metric: str = "CC", n: int = 12, expression: str = "happy", **values: float
) -> pd.DataFrame:
    """Values of some maps on n pictures, with a little noise that all maps of a picture share."""
    noise = np.random.default_rng(1).normal(0, 0.01, n)
    rows = [
        {
            "image_id": f"P{i}", "expression": expression, "metric": metric, "map": name,
            "reference": "gaze", "value": value + noise[i],
        }
        for i in range(n)
        for name, value in values.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _row(table: pd.DataFrame, name: str, control: str, expression: str = "all") -> pd.Series:
    chosen = table[
        (table["map"] == name) & (table["control"] == control) & (table["expression"] == expression)
    ]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_values_between_control_and_ceiling_are_shares_of_the_way() -> None:
    table = agreement_table(_metrics(relevance=0.5, uniform=0.2, people=0.8))
    row = _row(table, "relevance", "uniform")
    assert row["normalised"] == pytest.approx(0.5)
    assert row["normalised_low"] <= row["normalised"] <= row["normalised_high"]
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert row["note"] is None
    assert list(table.columns) == list(AGREEMENT_COLUMNS)


def test_where_less_is_better_the_scale_runs_the_other_way() -> None:
    table = agreement_table(_metrics("KL", relevance=0.9, uniform=1.0, people=0.2))
    assert _row(table, "relevance", "uniform")["normalised"] == pytest.approx(0.125)


def test_a_map_below_its_control_is_negative_and_one_above_people_exceeds_one() -> None:
    table = agreement_table(_metrics(relevance=0.1, mean_gaze=0.9, uniform=0.2, people=0.8))
    assert _row(table, "relevance", "uniform")["normalised"] < 0
    assert _row(table, "mean_gaze", "uniform")["normalised"] > 1


@pytest.mark.parametrize("people", [0.2, 0.1])
def test_a_ceiling_that_is_not_beyond_the_control_normalises_nothing(people: float) -> None:
    row = _row(
        agreement_table(_metrics(relevance=0.5, uniform=0.2, people=people)), "relevance", "uniform"
    )
    assert np.isnan(row["normalised"])
    assert row["note"] == NOT_BEYOND
    assert row["value"] == pytest.approx(0.5, abs=0.01)


def test_an_unsure_ceiling_normalises_nothing() -> None:
    metrics = _metrics(relevance=0.5, uniform=0.2, people=0.21)
    people = metrics["map"] == "people"
    metrics.loc[people, "value"] += np.random.default_rng(2).normal(0, 0.2, people.sum())
    assert _row(agreement_table(metrics), "relevance", "uniform")["note"] == NOT_BEYOND


def test_without_a_ceiling_values_and_controls_remain() -> None:
    row = _row(agreement_table(_metrics(relevance=0.5, uniform=0.2)), "relevance", "uniform")
    assert row["note"] == NO_CEILING
    assert row["control_value"] == pytest.approx(0.2, abs=0.01)
    assert np.isnan(row["ceiling_value"])


def test_one_picture_says_so() -> None:
    table = agreement_table(_metrics(n=1, relevance=0.5, uniform=0.2, people=0.8))
    assert _row(table, "relevance", "uniform")["note"] == ONE_PICTURE


def test_metrics_of_fixations_are_held_against_one_person() -> None:
    metrics = _metrics("NSS", relevance=0.5, uniform=0.0, people=9.0, one_person=1.0)
    row = _row(agreement_table(metrics), "relevance", "uniform")
    assert row["ceiling"] == "one_person"
    assert row["normalised"] == pytest.approx(0.5, abs=0.02)


def test_pictures_that_lack_a_control_are_left_out_of_its_rows_alone() -> None:
    metrics = _metrics(relevance=0.5, uniform=0.2, expression_gaze=0.3, people=0.8)
    alone = (metrics["map"] == "expression_gaze") & (metrics["image_id"] == "P3")
    metrics.loc[alone, "value"] = np.nan
    table = agreement_table(metrics)
    assert _row(table, "relevance", "expression_gaze")["n"] == 11
    assert _row(table, "relevance", "uniform")["n"] == 12
    chosen = metrics[(metrics["map"] == "relevance") & (metrics["image_id"] != "P3")]["value"]
    assert _row(table, "relevance", "expression_gaze")["value"] == pytest.approx(chosen.mean())


def test_expressions_have_rows_of_their_own() -> None:
    both = pd.concat(
        [
            _metrics(relevance=0.5, uniform=0.2, people=0.8),
            _metrics(relevance=0.8, uniform=0.2, people=0.8, expression="sad").assign(
                image_id=lambda t: "Q" + t["image_id"]
            ),
        ]
    )
    table = agreement_table(both)
    assert _row(table, "relevance", "uniform", "sad")["normalised"] == pytest.approx(1.0)
    assert _row(table, "relevance", "uniform")["n"] == 24


def test_intervals_against_a_slow_bootstrap() -> None:
    rng = np.random.default_rng(4)
    metrics = _metrics(n=30, relevance=0.5, uniform=0.2, people=0.8)
    metrics["value"] += rng.normal(0, 0.1, len(metrics))
    wide = metrics.pivot_table(index="image_id", columns="map", values="value")
    ratios = []
    for _ in range(4000):
        drawn = wide.iloc[rng.integers(0, 30, 30)].mean()
        room = drawn["people"] - drawn["uniform"]
        ratios.append((drawn["relevance"] - drawn["uniform"]) / room)
    row = _row(agreement_table(metrics, resamples=4000), "relevance", "uniform")
    slow = np.quantile(ratios, [0.025, 0.975])
    np.testing.assert_allclose([row["normalised_low"], row["normalised_high"]], slow, atol=0.015)
