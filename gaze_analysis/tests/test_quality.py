"""Measures of quality against their definitions, and on recordings with known faults."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.quality import accuracy_in_force, data_loss, precision
from gaze_analysis.quality_tables import (
    BLOCK_QUALITY_COLUMNS,
    QUALITY_COLUMNS,
    SESSION_VALIDATION_COLUMNS,
    TRIAL_QUALITY_COLUMNS,
)
from gaze_analysis.session_quality import session_quality
from gaze_analysis.tests.small_session import rows, session_tables
from gaze_analysis.trace import HREF_DISTANCE
from stimuli.frames import Screen

SCREEN = Screen(1000, 800, 40.0, 32.0, 60.0)
NONE = np.empty((0, 2))


def of_one(points, follows=None):
    """Measure one stretch."""
    n = len(points)
    every = np.ones(n, bool) if follows is None else follows
    return precision(points, np.zeros(n, int), 1, every).iloc[0]


@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
def test_precision_follows_the_definitions(seed, n):
    x, y = np.random.default_rng(seed).normal(size=(2, n))
    squares = [(x[i + 1] - x[i]) ** 2 + (y[i + 1] - y[i]) ** 2 for i in range(n - 1)]
    mean_x, mean_y = sum(x) / n, sum(y) / n
    var_x = sum((x - mean_x) ** 2) / (n - 1)
    var_y = sum((y - mean_y) ** 2) / (n - 1)
    rho = sum((x - mean_x) * (y - mean_y)) / (n - 1) / math.sqrt(var_x * var_y)
    k = -2 * math.log(1 - 0.6827)
    found = of_one(np.column_stack([x, y]))
    assert found.rms_s2s_deg == pytest.approx(math.sqrt(sum(squares) / (n - 1)))
    assert found.sd_deg == pytest.approx(math.sqrt(var_x + var_y))
    area = k * math.pi * math.sqrt(var_x * var_y) * math.sqrt(max(0, 1 - rho**2))
    assert found.bcea_deg2 == pytest.approx(area, abs=1e-6)


def test_the_ellipse_holds_its_share_of_normal_samples():
    points = np.random.default_rng(1).multivariate_normal([0, 0], [[4, 1.5], [1.5, 1]], 20000)
    inverse = np.linalg.inv(np.cov(points.T))
    k = -2 * math.log(1 - 0.6827)
    inside = np.einsum("ni,ij,nj->n", points, inverse, points) < k
    assert inside.mean() == pytest.approx(0.6827, abs=0.01)
    determinant = np.linalg.det(np.cov(points.T))
    assert of_one(points).bcea_deg2 == pytest.approx(k * math.pi * math.sqrt(determinant))


def test_steps_do_not_cross_a_gap():
    points = np.array([[0.0, 0], [1, 0], [np.nan, 0], [50, 0], [51, 0], [90, 0]])
    follows = np.array([False, True, True, True, True, False])
    assert of_one(points, follows).rms_s2s_deg == 1.0
    assert np.isnan(of_one(points[:3]).sd_deg)


def test_stretches_are_measured_apart():
    rng = np.random.default_rng(2)
    stretches = [rng.normal(place, 1 + place, (20, 2)) for place in range(4)]
    stretches[2][5] = np.nan
    together = precision(
        np.concatenate(stretches), np.repeat(np.arange(4), 20), 5, np.ones(80, bool)
    )
    for place, points in enumerate(stretches):
        np.testing.assert_allclose(together.iloc[place], of_one(points), rtol=1e-12)
    assert together.iloc[4].isna().all()


def test_gaze_that_does_not_move_has_no_scatter():
    still = of_one(np.full((10, 2), 3.0))
    assert (still.rms_s2s_deg, still.sd_deg, still.bcea_deg2) == (0, 0, 0)


@given(st.sets(st.integers(0, 99)), st.integers(0, 90), st.integers(1, 30))
def test_lost_samples_are_counted_once(lost, blink_start, blink_length):
    valid = np.array([t for t in range(100) if t not in lost], dtype=float)
    blink = range(blink_start, min(blink_start + blink_length, 100))
    loss = data_loss(valid, np.array([[blink[0], blink[-1]]], dtype=float), 0, 100, 1)
    assert loss.n_expected == 100
    assert loss.n_blink == len(lost & set(blink))
    assert loss.n_other == len(lost - set(blink))
    runs = "".join("x" if t in lost else " " for t in range(100)).split()
    assert loss.n_gaps == len(runs)
    assert loss.longest_gap_ms == max(map(len, runs), default=0)


@pytest.mark.parametrize(("rate_hz", "phase"), [(250, 0.0), (500, 1.0), (1000, 0.4), (2000, 0.25)])
def test_an_epoch_that_begins_between_two_samples_lacks_none(rate_hz, phase):
    interval = 1000 / rate_hz
    times = phase + interval * np.arange(5000)
    loss = data_loss(times, NONE, 300.3, 900.1, interval)
    assert (loss.n_gaps, loss.n_other, loss.n_blink) == (0, 0, 0)
    assert loss.n_expected == pytest.approx(599.8 / interval, abs=1)


def test_missing_rows_and_missing_positions_count_alike():
    every = np.arange(0, 100, 4.0)
    loss = data_loss(np.delete(every, [3, 4, 10]), NONE, 0, 100, 4)
    assert (loss.n_expected, loss.n_valid, loss.n_other) == (25, 22, 3)
    assert (loss.n_gaps, loss.longest_gap_ms) == (2, 8.0)


def test_the_validation_in_force_is_the_last_one_carried_through():
    validations = pd.DataFrame(
        {
            "time_ms": [50.0, 10.0, 60.0],
            "error_avg_deg": [0.3, 0.9, np.nan],
            "error_max_deg": [0.5, 1.4, np.nan],
        }
    )
    found = accuracy_in_force(validations, np.array([5.0, 10.0, 49.0, 1000.0]))
    np.testing.assert_array_equal(found["error_avg_deg"], [np.nan, 0.9, 0.9, 0.3])
    np.testing.assert_array_equal(found["error_max_deg"], [np.nan, 1.4, 1.4, 0.5])


def test_a_gap_that_a_blink_touches_is_the_blinks():
    valid = np.concatenate([np.arange(0, 100.0), np.arange(130, 160.0), np.arange(180, 200.0)])
    loss = data_loss(valid, np.array([[105.0, 120.0]]), 0, 200, 1)
    assert (loss.n_gaps, loss.longest_gap_ms, loss.longest_other_gap_ms) == (2, 30, 20)
    assert (loss.n_blink, loss.n_other) == (16, 34)


@pytest.fixture
def recording():
    """Two blocks of 1 s at 500 Hz; a blink of 100 ms and a loss of 60 ms in the second."""
    rng = np.random.default_rng(4)
    time = np.concatenate([np.arange(1000, 2000, 2.0), np.arange(5001, 6001, 2.0)])
    points = np.array([500.0, 400.0]) + rng.normal(0, 3.0, (1000, 2))
    blink = (time >= 5201) & (time < 5301)
    points[blink] = np.nan
    keep = ~((time >= 5501) & (time < 5561))
    samples = pd.DataFrame(
        {"time_ms": time, "part": 1, "block": np.repeat([1, 2], 500),
         "x_left_px": points[:, 0], "y_left_px": points[:, 1]}
    )[keep]  # fmt: skip
    tables = {
        "blocks": rows(
            "blocks",
            {"block": 1, "start_ms": 1000.0, "end_ms": 2000.0, "rate_hz": 500.0, "eyes": "left"},
            {"block": 2, "start_ms": 5000.0, "end_ms": 6001.0, "rate_hz": 500.0, "eyes": "left"},
        ),
        "events": rows(
            "events",
            {"onset_ms": 1100.0, "offset_ms": 1898.0},
            {"onset_ms": 5301.0, "offset_ms": 5499.0},
            {"event": "blink", "onset_ms": 5201.0, "offset_ms": 5299.0},
        ),
        "validations": rows(
            "validations",
            {"time_ms": 100.0, "error_avg_deg": 0.3, "error_max_deg": 0.6},
            {"time_ms": 3000.0, "error_avg_deg": 0.5, "error_max_deg": 0.9},
        ),
        "trials": rows(
            "trials",
            {"trial": 1, "image_id": "A", "face_onset_ms": 1200.0, "face_offset_ms": 1700.0},
            {"trial": 2, "image_id": "B", "face_onset_ms": 5101.0, "face_offset_ms": 5601.0},
        ),
    }
    return samples, tables


def measured(samples, tables, **recording):
    """Measure a session."""
    return session_quality(samples, session_tables(**tables, recording=recording), SCREEN)


def test_a_session_is_described_as_it_was_recorded(recording):
    quality = measured(*recording)
    assert list(quality.by_eye.columns) == list(QUALITY_COLUMNS)
    row = quality.by_eye.iloc[0]
    assert (row["sampling_rate_hz"], row["recorded_s"], row["n_blocks"]) == (500, 2.0, 2)
    assert row["n_expected"] == 1000
    assert row["data_loss_blink"] == pytest.approx(0.05)
    assert row["data_loss_other"] == pytest.approx(0.03)
    assert row["effective_rate_hz"] == pytest.approx(460)
    assert (row["n_gaps"], row["longest_gap_ms"], row["longest_other_gap_ms"]) == (2, 100, 60)
    assert row["accuracy_deg"] == pytest.approx(0.4)
    assert (row["accuracy_first_deg"], row["accuracy_last_deg"]) == (0.3, 0.5)
    assert row["accuracy_change_deg"] == row["drift_deg"] == pytest.approx(0.2)
    assert row["drift_deg_min"] == pytest.approx(0.2 / (2900 / 60_000))
    # 25 px are a centimetre; independent noise of 3 px in each direction.
    px_deg = math.degrees(math.atan(1 / 25 / 60))
    assert row["sd_deg"] == pytest.approx(3 * math.sqrt(2) * px_deg, rel=0.1)
    assert row["rms_s2s_deg"] == pytest.approx(6 * px_deg, rel=0.1)
    assert (row["off_screen"], row["n_time_errors"]) == (0, 0)


def test_a_block_is_described_by_itself(recording):
    quality = measured(*recording)
    assert list(quality.by_block.columns) == list(BLOCK_QUALITY_COLUMNS)
    first, second = quality.by_block.to_dict("records")
    assert (first["data_loss"], first["accuracy_deg"], first["n_fixations"]) == (0, 0.3, 1)
    assert (second["data_loss_blink"], second["accuracy_deg"]) == (0.1, 0.5)
    assert second["data_loss_other"] == pytest.approx(0.06)
    assert first["measured_rate_hz"] == second["measured_rate_hz"] == 500


def test_a_trial_is_described_by_its_epoch(recording):
    quality = measured(*recording)
    assert list(quality.by_trial.columns) == list(TRIAL_QUALITY_COLUMNS)
    first, second = quality.by_trial.to_dict("records")
    assert (first["data_loss"], first["accuracy_deg"], first["duration_ms"]) == (0, 0.3, 500)
    assert (second["data_loss_blink"], second["accuracy_deg"]) == (0.2, 0.5)
    assert second["data_loss_other"] == pytest.approx(0.12)
    assert (first["n_fixations"], second["n_fixations"]) == (0, 1)


def test_a_recording_without_samples_has_accuracy_and_nothing_else(recording):
    quality = measured(pd.DataFrame(), recording[1])
    row = quality.by_eye.iloc[0]
    assert (row["accuracy_deg"], row["n_blocks"]) == (0.4, 2)
    assert row[["data_loss", "n_gaps", "effective_rate_hz", "sd_deg", "off_screen"]].isna().all()
    assert quality.by_block["accuracy_deg"].tolist() == [0.3, 0.5]
    assert quality.by_trial["accuracy_deg"].tolist() == [0.3, 0.5]
    assert quality.by_trial["data_loss"].isna().all()


def test_samples_alone_have_precision_and_loss(recording):
    samples, tables = recording
    bare = {name: table.iloc[:0] for name, table in tables.items()}
    blocks = rows("blocks", {"block": 1, "start_ms": None}, {"block": 2, "start_ms": None})
    row = measured(samples, bare | {"blocks": blocks}, sampling_rate_hz=np.nan).by_eye.iloc[0]
    assert row["data_loss"] == row["data_loss_other"] == pytest.approx(0.08)
    assert row["n_expected"] == 1000
    assert row[["accuracy_deg", "sd_deg"]].isna().all()
    assert (row["n_trials"], row["n_validations"]) == (0, 0)


def test_parts_of_a_session_are_measured_apart_though_their_clocks_overlap(recording):
    samples, tables = recording
    other = {name: table.assign(part=2) for name, table in tables.items()}
    other["validations"] = other["validations"].assign(error_avg_deg=[0.8, 0.9])
    other["trials"] = other["trials"].assign(trial=[3, 4])
    both = {name: pd.concat([table, other[name]]) for name, table in tables.items()}
    shifted = samples.assign(part=2, time_ms=samples["time_ms"] + 1.0)
    quality = measured(pd.concat([samples, shifted]), both)
    alone = measured(samples, tables)
    row, one = quality.by_eye.iloc[0], alone.by_eye.iloc[0]
    for name in ("data_loss_blink", "sd_deg", "rms_s2s_deg"):
        assert row[name] == pytest.approx(one[name], rel=0.05)
    assert (row["recorded_s"], row["n_blocks"], row["n_expected"]) == (4.0, 4, 2000)
    assert (row["n_time_errors"], row["accuracy_deg"]) == (0, pytest.approx(0.625))
    pd.testing.assert_frame_equal(quality.by_trial.iloc[:2], alone.by_trial)
    assert quality.by_trial["accuracy_deg"].tolist() == [0.3, 0.5, 0.8, 0.9]
    assert list(quality.validations.columns) == list(SESSION_VALIDATION_COLUMNS)
    assert quality.validations["n_blocks"].tolist() == [1, 1, 1, 1]


def test_an_eye_has_no_loss_where_it_was_not_recorded(recording):
    samples, tables = recording
    eyes = samples.columns.str.replace("left", "right")
    other = samples.set_axis(eyes, axis=1).assign(part=2)
    both = {name: pd.concat([table, table.assign(part=2)]) for name, table in tables.items()}
    both["blocks"]["eyes"] = np.where(both["blocks"]["part"] == 1, "left", "right")
    both["trials"]["eye"] = np.where(both["trials"]["part"] == 1, "left", "right")
    quality = measured(pd.concat([samples, other]), both)
    alone = measured(samples, tables)
    left, right = quality.by_eye["eye"] == "left", quality.by_eye["eye"] == "right"
    assert left.sum() == right.sum() == 1
    for name in ("data_loss", "n_expected", "recorded_s"):
        assert set(quality.by_eye[name]) == {alone.by_eye[name].iloc[0]}
    assert quality.by_trial.groupby("eye")["part"].unique().str[0].to_dict() == {
        "left": 1, "right": 2
    }  # fmt: skip
    assert len(quality.by_trial) == 2 * len(alone.by_trial)


def test_the_eye_that_trials_are_analysed_with_is_marked(recording):
    samples, tables = recording
    columns = {name: name.replace("left", "right") for name in samples if "left" in name}
    both = samples.assign(**{new: samples[old] for old, new in columns.items()})
    tables = tables | {"blocks": tables["blocks"].assign(eyes="left right")}
    quality = measured(both, tables | {"trials": tables["trials"].assign(eye="right")})
    assert quality.by_eye.set_index("eye")["analysed"].to_dict() == {"left": False, "right": True}
    quality = measured(both, tables | {"trials": tables["trials"].assign(eye=None)})
    assert quality.by_eye["analysed"].all()


def test_head_referenced_gaze_is_measured_in_degrees_without_any_screen(recording):
    samples, tables = recording
    degrees = np.random.default_rng(1).normal(0, 0.1, (len(samples), 2))
    href = np.tan(np.radians(degrees)) * HREF_DISTANCE
    samples = samples.drop(columns=["x_left_px", "y_left_px"])
    samples = samples.assign(x_left_href=href[:, 0], y_left_href=href[:, 1])
    row = measured(samples, tables, gaze="href").by_eye.iloc[0]
    assert row["sd_deg"] == pytest.approx(0.1 * math.sqrt(2), rel=0.1)
    assert np.isnan(row["off_screen"])


def test_blocks_of_different_rates_lack_nothing(recording):
    _, tables = recording
    fast, slow = np.arange(1000, 2000, 1.0), np.arange(5000, 6000, 4.0)
    time = np.concatenate([fast, slow])
    samples = pd.DataFrame(
        {"time_ms": time, "part": 1, "block": np.repeat([1, 2], [1000, 250]), "x_left_px": 500.0,
         "y_left_px": 400.0}
    )  # fmt: skip
    blocks = tables["blocks"].assign(rate_hz=[1000.0, 250.0])
    quality = measured(samples, tables | {"blocks": blocks}, sampling_rate_hz=1000.0)
    assert quality.by_block["measured_rate_hz"].tolist() == [1000, 250]
    assert quality.by_eye.iloc[0][["data_loss", "n_expected"]].tolist() == [0, 1250]
    assert (quality.by_trial["data_loss"] == 0).all()


def test_gaze_beside_the_screen_and_stamps_out_of_order_are_counted(recording):
    samples, tables = recording
    samples = samples.copy()
    samples.loc[samples.index[:92], "x_left_px"] = -50.0
    samples.loc[samples.index[300], "time_ms"] = samples["time_ms"].iloc[299]
    row = measured(samples, tables).by_eye.iloc[0]
    assert row["off_screen"] == pytest.approx(0.1)
    assert row["n_time_errors"] == 1
