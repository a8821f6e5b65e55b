"""Measures of regions, against a loop over fixations."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaze_analysis.region_measures import (
    BY_EXPRESSION_COLUMNS,
    OFF_PICTURE,
    REGION_COLUMNS,
    name_regions,
    participant_means,
    regions_by_expression,
    t_interval,
    trial_keys,
    trial_regions,
)
from stimuli.region_outlines import Outlines, rectangle

SIDE = 100
BOXES = Outlines(("a", "b"), (rectangle(0, 0, 40, 99), rectangle(60, 0, 99, 99)))
KEYS = ["participant_id", "session", "trial"]


def many_fixations(seed: int, n_people: int = 3, n_trials: int = 4) -> pd.DataFrame:
    """Random fixations, some beside the picture."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for person in range(n_people):
        for trial in range(1, n_trials + 1):
            onset = 0.0
            for index in range(1, int(rng.integers(1, 9)) + 1):
                onset += float(rng.uniform(20, 60))
                duration = float(rng.uniform(60, 500))
                x, y = rng.uniform(-10, 110, 2)
                rows.append(
                    (f"sub-{person}", "01", trial, f"P{trial % 3}", ("sad", "happy")[trial % 2],
                     index, onset, duration, x, y)
                )  # fmt: skip
                onset += duration
    columns = [*KEYS, "image_id", "expression", "index", "onset_ms", "duration_ms", "x_px", "y_px"]
    return pd.DataFrame(rows, columns=columns)


def on_picture(fixations: pd.DataFrame) -> np.ndarray:
    inside: np.ndarray = fixations[["x_px", "y_px"]].ge(-0.5).all(axis=1).to_numpy() & (
        fixations[["x_px", "y_px"]].lt(SIDE - 0.5).all(axis=1).to_numpy()
    )
    return inside


def measured(fixations: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    outlines = dict.fromkeys(trial_keys(fixations), BOXES)
    named = name_regions(fixations, outlines, on_picture(fixations))
    return named, trial_regions(named, outlines, SIDE, SIDE)


def region_by_hand(x: float, y: float) -> str:
    if not (-0.5 <= x < SIDE - 0.5 and -0.5 <= y < SIDE - 0.5):
        return OFF_PICTURE
    if 0 <= y < 99 and 0 <= x < 40:
        return "a"
    return "b" if 0 <= y < 99 and 60 <= x < 99 else "other"


def by_hand(fixations: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, float]]:
    """Each trial's regions, fixation by fixation."""
    table: dict[tuple[Any, ...], dict[str, float]] = {}
    for key, trial in fixations.groupby(KEYS):
        before, total = "", trial["duration_ms"].sum()
        for region in ("a", "b", "other", OFF_PICTURE):
            table[(*key, region)] = {
                "dwell_ms": 0.0, "n_fixations": 0, "n_visits": 0, "first_visit_ms": np.nan,
                "first_fixation_latency_ms": np.nan, "first_fixation_duration_ms": np.nan,
            }  # fmt: skip
        fixation: dict[Any, Any]
        for fixation in trial.sort_values("index").to_dict("records"):
            region = region_by_hand(fixation["x_px"], fixation["y_px"])
            own = table[(*key, region)]
            if own["n_fixations"] == 0:
                own["first_fixation_latency_ms"] = fixation["onset_ms"]
                own["first_fixation_duration_ms"] = fixation["duration_ms"]
                own["first_visit_ms"] = 0.0
            own["n_visits"] += before != region
            own["n_fixations"] += 1
            own["dwell_ms"] += fixation["duration_ms"]
            if own["n_visits"] == 1:
                own["first_visit_ms"] += fixation["duration_ms"]
            before = region
        for region in ("a", "b", "other", OFF_PICTURE):
            own = table[(*key, region)]
            own["dwell_share"] = own["dwell_ms"] / total
            own["fixation_share"] = own["n_fixations"] / len(trial)
            looked = own["n_fixations"] > 0
            own["mean_fixation_ms"] = own["dwell_ms"] / own["n_fixations"] if looked else np.nan
            own["mean_visit_ms"] = own["dwell_ms"] / own["n_visits"] if looked else np.nan
    return table


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_measures_agree_with_a_loop_over_fixations(seed: int) -> None:
    fixations = many_fixations(seed)
    _, regions = measured(fixations)
    expected = by_hand(fixations)
    assert list(regions.columns) == list(REGION_COLUMNS)
    assert len(regions) == len(expected)
    for row in regions.to_dict("records"):
        values = expected[(row["participant_id"], row["session"], row["trial"], row["region"])]
        for name, value in values.items():
            assert row[name] == pytest.approx(value, rel=1e-12, nan_ok=True), name


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 10_000))
def test_counts_and_shares_add_up_in_any_order_of_rows(seed: int, shuffle: int) -> None:
    fixations = many_fixations(seed)
    _, regions = measured(fixations)
    trials = regions.groupby(KEYS)
    np.testing.assert_allclose(trials[["dwell_share", "fixation_share"]].sum(), 1)
    np.testing.assert_allclose(trials["area_share"].sum(), 1)
    own = fixations.groupby(KEYS)
    np.testing.assert_allclose(trials["dwell_ms"].sum(), own["duration_ms"].sum())
    np.testing.assert_array_equal(trials["n_fixations"].sum(), own.size())
    assert (regions["n_visits"] <= regions["n_fixations"]).all()
    _, again = measured(fixations.sample(frac=1, random_state=shuffle).reset_index(drop=True))
    pd.testing.assert_frame_equal(
        again.sort_values([*KEYS, "region"], ignore_index=True),
        regions.sort_values([*KEYS, "region"], ignore_index=True),
    )


def test_without_durations_there_are_counts_and_no_dwell_times() -> None:
    fixations = many_fixations(1).assign(duration_ms=np.nan, onset_ms=np.nan)
    _, regions = measured(fixations)
    timed = ["dwell_ms", "dwell_share", "first_visit_ms", "mean_visit_ms"]
    assert regions[timed].isna().to_numpy().all()
    assert regions["first_fixation_latency_ms"].isna().all()
    np.testing.assert_allclose(regions.groupby(KEYS)["fixation_share"].sum(), 1)
    table = regions_by_expression(regions)
    assert table["dwell_share"].isna().all()
    assert table["fixation_share"].notna().all()


def test_trials_without_regions_are_left_out() -> None:
    fixations = many_fixations(1)
    some = {key: BOXES for key in trial_keys(fixations) if key[2] == 2}
    named = name_regions(fixations, some, on_picture(fixations))
    assert set(named["trial"]) == {2}


def test_each_picture_has_its_own_regions() -> None:
    fixations = many_fixations(1)
    other = Outlines(("c",), (rectangle(-1, -1, 100, 100),))
    outlines = {key: BOXES if key[2] % 2 else other for key in trial_keys(fixations)}
    named = name_regions(fixations, outlines, np.ones(len(fixations), dtype=bool))
    even = named["trial"] % 2 == 0
    assert set(named.loc[even, "region"]) <= {"c", "other"}
    regions = trial_regions(named, outlines, SIDE, SIDE)
    assert set(regions.loc[regions["trial"] == 2, "region"]) == {"c", "other", OFF_PICTURE}


def test_participants_weigh_equally_in_the_means() -> None:
    fixations = many_fixations(5)
    many = fixations[fixations["participant_id"] == "sub-0"]
    repeated = pd.concat([fixations, *(many.assign(trial=many["trial"] + 8 * k) for k in (1, 2))])
    _, once = measured(fixations)
    _, thrice = measured(repeated.reset_index(drop=True))
    pd.testing.assert_frame_equal(regions_by_expression(once), regions_by_expression(thrice))
    table = regions_by_expression(once)
    assert list(table.columns) == list(BY_EXPRESSION_COLUMNS)
    assert list(dict.fromkeys(table["expression"])) == ["happy", "sad", "all"]
    row = table.query("expression == 'sad' and region == 'a'").iloc[0]
    sad = once.query("expression == 'sad' and region == 'a'")
    means = sad.groupby("participant_id")["dwell_share"].mean()
    assert row["dwell_share"] == pytest.approx(means.mean())
    assert row["dwell_share_sd"] == pytest.approx(means.std())
    assert row["dwell_share_low"] < row["dwell_share"] < row["dwell_share_high"]
    assert len(participant_means(once)) == 3 * 3 * 4


def test_trials_without_an_expression_count_among_all() -> None:
    fixations = many_fixations(5).assign(expression=None)
    table = regions_by_expression(measured(fixations)[1])
    assert set(table["expression"]) == {"all"}


def test_the_interval_of_one_participant_is_missing() -> None:
    assert np.isnan(t_interval(np.array([1.0, np.nan]))).all()
