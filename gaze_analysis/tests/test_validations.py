"""Validations in force, their drift and their targets, against a search through lists."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.tests.small_session import rows
from gaze_analysis.validations import (
    VALIDATION_QUALITY_COLUMNS,
    accuracy_columns,
    drift_checks,
    points_of_validations,
    validation_quality,
)

MINUTE = 60_000.0


def described(validations, starts=(), calibrated=(), points=None):
    """Describe validations of the left eye, given as (minute, mean error)."""
    made = rows(
        "validations",
        *({"time_ms": minute * MINUTE, "error_avg_deg": error} for minute, error in validations),
    )
    blocks = [{"block": i + 1, "start_ms": start * MINUTE} for i, start in enumerate(starts)]
    times = [{"time_ms": minute * MINUTE} for minute in calibrated]
    return validation_quality(
        made,
        rows("calibrations", *times),
        rows("validation_points") if points is None else points,
        rows("blocks", *blocks),
    )


def test_drift_is_told_from_a_new_calibration():
    found = described([(1, 0.3), (6, 0.8), (8, 0.2)], starts=[2, 4, 9], calibrated=[0, 7])
    assert list(found.columns) == list(VALIDATION_QUALITY_COLUMNS)
    assert found["n_blocks"].tolist() == [2, 0, 1]
    assert found["n_blocks_since"].tolist() == [0, 2, 0]
    assert found["recalibrated"].tolist() == [pd.NA, False, True]
    np.testing.assert_allclose(found["change_deg"], [np.nan, 0.5, -0.6])
    np.testing.assert_allclose(found["drift_deg_min"], [np.nan, 0.1, np.nan])
    row = accuracy_columns(found)
    assert row["accuracy_deg"] == pytest.approx((2 * 0.3 + 0.2) / 3)
    assert row["drift_deg"] == pytest.approx(0.5)
    assert row["accuracy_change_deg"] == pytest.approx(-0.1)


def test_a_validation_that_was_followed_by_another_before_recording_counts_for_nothing():
    found = described([(1, 3.6), (2, 0.3), (5, 0.4), (6, 3.9)], starts=[3], calibrated=[0])
    row = accuracy_columns(found)
    assert (row["accuracy_deg"], row["accuracy_change_deg"]) == (0.3, pytest.approx(0.1))
    assert row["drift_deg"] == pytest.approx(0.1)
    assert row["drift_deg_min"] == pytest.approx(0.1 / 3)


def test_offsets_are_signed_and_in_the_trackers_degrees():
    made = rows(
        "validations",
        {"time_ms": 0.0, "offset_deg": 0.5, "offset_x_px": 3.0, "offset_y_px": -4.0},
        {"time_ms": MINUTE, "offset_deg": 1.0, "offset_x_px": -60.0, "offset_y_px": 0.0},
        {"time_ms": 2 * MINUTE},
    )
    bare = rows("calibrations"), rows("validation_points"), rows("blocks", {"start_ms": 1e7})
    found = validation_quality(made, *bare)
    np.testing.assert_allclose(found["offset_x_deg"], [0.3, -1.0, 0.0])
    np.testing.assert_allclose(found["offset_y_deg"], [-0.4, 0.0, 0.0])
    np.testing.assert_allclose(found["offset_change_deg"], [np.nan, np.hypot(1.3, 0.4), 1.0])


def test_an_aborted_validation_is_listed_and_left_out():
    made = rows(
        "validations",
        {"time_ms": 0.0, "error_avg_deg": 0.4},
        {"time_ms": 10.0, "error_avg_deg": None, "error_max_deg": None, "result": "ABORTED"},
        {"time_ms": 30.0, "error_avg_deg": 0.5},
    )
    blocks = rows("blocks", {"start_ms": 20.0})
    found = validation_quality(made, rows("calibrations"), rows("validation_points"), blocks)
    assert found["n_blocks"].tolist() == [1, 0, 0]
    assert found["change_deg"].iloc[2] == pytest.approx(0.1)
    assert accuracy_columns(found)["n_validations"] == 2
    assert np.isnan(found["change_deg"].iloc[1])


def test_without_blocks_the_last_validation_counts():
    row = accuracy_columns(described([(1, 0.3), (2, 0.5)]))
    assert (row["accuracy_deg"], row["accuracy_change_deg"]) == (0.5, pytest.approx(0.2))
    nothing = accuracy_columns(described([]))
    assert nothing["n_validations"] == 0
    assert np.isnan([value for name, value in nothing.items() if name != "n_validations"]).all()


def test_eyes_and_files_have_nothing_to_do_with_each_other():
    made = rows(
        "validations",
        *(
            {"part": part, "eye": eye, "time_ms": 1.0, "error_avg_deg": part + 0.1 * len(eye)}
            for part in (1, 2)
            for eye in ("left", "right")
        ),
    )
    blocks = rows("blocks", {"part": 1, "start_ms": 5.0, "eyes": "left"},
                  {"part": 2, "start_ms": 0.5, "eyes": "left right"})  # fmt: skip
    found = validation_quality(made, rows("calibrations"), rows("validation_points"), blocks)
    assert found["n_blocks"].tolist() == [1, 1, 0, 0]
    assert found["validation"].tolist() == [1, 1, 2, 2]
    assert found["change_deg"].isna().all()


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=8),
    st.lists(st.integers(0, 50), max_size=6),
    st.lists(st.integers(0, 50), max_size=4),
)
def test_validations_in_force_are_those_that_a_search_finds(validations, starts, calibrated):
    ordered = sorted(validations, key=lambda item: item[0])
    given_rows = [(minute, 0.1 * i if done else None) for i, (minute, done) in enumerate(ordered)]
    found = described(given_rows, starts, calibrated)
    n_blocks = [0] * len(ordered)
    for start in starts:
        before = [i for i, (minute, done) in enumerate(ordered) if done and minute <= start]
        if before:
            n_blocks[before[-1]] += 1
    if starts:
        assert found["n_blocks"].tolist() == n_blocks
    for i, (minute, done) in enumerate(ordered):
        earlier = [j for j in range(i) if ordered[j][1]]
        if not (done and earlier):
            assert np.isnan(found["change_deg"].iloc[i])
            continue
        since = ordered[earlier[-1]][0]
        assert found["n_blocks_since"].iloc[i] == (
            sum(since < start <= minute for start in starts) if starts else 0
        )
        assert found["recalibrated"].iloc[i] == any(since < c <= minute for c in calibrated)
        assert found["change_deg"].iloc[i] == pytest.approx(0.1 * (i - earlier[-1]))


def test_targets_belong_to_the_validation_next_to_them_in_time():
    made = described([(1, 0.3), (2, 0.4)])
    times = [MINUTE, MINUTE + 1, 2 * MINUTE, 2 * MINUTE + 1, 2 * MINUTE + 1]
    points = rows("validation_points", *({"time_ms": time} for time in times))
    assert points_of_validations(points, made)["validation"].tolist() == [1, 1, 2, 2, 2]
    assert described([(1, 0.3), (2, 0.4)], points=points)["n_points"].tolist() == [2, 3]
    assert points_of_validations(points.iloc[:0], made).empty


def test_drift_checks_are_found_among_messages():
    texts = [
        "DRIFTCORRECT LR LEFT  at 223,71  OFFSET 0.39 deg.  12.3,10.5 pix.",
        "DRIFTCORRECT LR RIGHT at 223,71  OFFSET 0.26 deg.  2.7,10.3 pix.",
        "DRIFTCORRECT R ABORTED",
        "TRIALID 3",
    ]
    found = drift_checks(pd.DataFrame({"part": 1, "time_ms": range(4), "text": texts}))
    assert found["eye"].tolist() == ["left", "right"]
    assert found["offset_deg"].tolist() == [0.39, 0.26]
