"""Measures of quality against their definitions, and on recordings with known faults."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.quality import accuracy_in_force, data_loss, precision
from gaze_analysis.session_quality import QUALITY_COLUMNS, TRIAL_QUALITY_COLUMNS, session_quality
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
        {"time_ms": time, "block": np.repeat([1, 2], 500), "x_left_px": points[:, 0],
         "y_left_px": points[:, 1]}
    )[keep]  # fmt: skip
    events = pd.DataFrame(
        [("fixation", "left", 1100.0, 1898.0), ("fixation", "left", 5301.0, 5499.0),
         ("blink", "left", 5201.0, 5299.0)],
        columns=["event", "eye", "onset_ms", "offset_ms"],
    )  # fmt: skip
    validations = pd.DataFrame(
        {"time_ms": [100.0, 3000.0], "eye": ["left", "left"], "error_avg_deg": [0.3, 0.5],
         "error_max_deg": [0.6, 0.9]}
    )  # fmt: skip
    trials = pd.DataFrame(
        {"participant_id": "sub-1", "session": "01", "trial": [1, 2], "image_id": ["A", "B"],
         "face_onset_ms": [1200.0, 5101.0], "face_offset_ms": [1700.0, 5601.0]}
    )  # fmt: skip
    return samples, events, validations, trials


def test_a_session_is_described_as_it_was_recorded(recording):
    samples, events, validations, trials = recording
    by_eye, _ = session_quality(samples, events, validations, trials, SCREEN, 500.0)
    assert set(by_eye.columns) | {"participant_id", "session"} == set(QUALITY_COLUMNS)
    row = by_eye.iloc[0]
    assert (row["sampling_rate_hz"], row["recorded_s"], row["n_blocks"]) == (500, 2.0, 2)
    assert row["data_loss_blink"] == pytest.approx(0.05)
    assert row["data_loss_other"] == pytest.approx(0.03)
    assert row["effective_rate_hz"] == pytest.approx(460)
    assert (row["n_gaps"], row["longest_gap_ms"]) == (2, 100)
    assert row["accuracy_deg"] == pytest.approx(0.4)
    assert (row["accuracy_first_deg"], row["accuracy_last_deg"]) == (0.3, 0.5)
    # 25 px are a centimetre; independent noise of 3 px in each direction.
    px_deg = math.degrees(math.atan(1 / 25 / 60))
    assert row["sd_deg"] == pytest.approx(3 * math.sqrt(2) * px_deg, rel=0.1)
    assert row["rms_s2s_deg"] == pytest.approx(6 * px_deg, rel=0.1)


def test_a_trial_is_described_by_its_epoch(recording):
    samples, events, validations, trials = recording
    _, by_trial = session_quality(samples, events, validations, trials, SCREEN, 500.0)
    assert list(by_trial.columns) == list(TRIAL_QUALITY_COLUMNS)
    first, second = by_trial.to_dict("records")
    assert (first["data_loss"], first["accuracy_deg"], first["duration_ms"]) == (0, 0.3, 500)
    assert (second["data_loss_blink"], second["accuracy_deg"]) == (0.2, 0.5)
    assert second["data_loss_other"] == pytest.approx(0.12)
    assert (first["n_fixations"], second["n_fixations"]) == (0, 1)


def test_a_recording_without_samples_has_accuracy_and_nothing_else(recording):
    _, events, validations, trials = recording
    by_eye, by_trial = session_quality(pd.DataFrame(), events, validations, trials, SCREEN, 500.0)
    assert by_eye["accuracy_deg"].tolist() == [0.5]
    assert by_eye[["data_loss", "effective_rate_hz", "sd_deg"]].isna().all(axis=None)
    assert by_trial["accuracy_deg"].tolist() == [0.3, 0.5]
    assert by_trial["data_loss"].isna().all()
