import math
from threading import Lock
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment.trackers.live_clock import LiveClock
from experiment.trackers.live_recording import EyeSample, LiveSample
from experiment.trackers.live_validation import calibration_targets, validation_of, worse_of
from experiment.trackers.pygaze_samples import read_alea, read_eyetribe
from stimuli.frames import Screen

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
DELAYS = st.lists(st.floats(2.0, 80.0), min_size=5, max_size=60)


@given(DELAYS, st.floats(-1e6, 1e6))
def test_the_clock_is_late_by_the_smallest_delay_alone(delays_ms, ahead_ms):
    clock, stamps = LiveClock(), 16.7 * np.arange(len(delays_ms))
    for stamp_ms, delay_ms in zip(stamps, delays_ms, strict=True):
        assert clock.stamp(stamp_ms, stamp_ms + ahead_ms + delay_ms) == stamp_ms
    now_ms = 5000.0
    assert clock.at(now_ms + ahead_ms) == pytest.approx(now_ms - min(delays_ms), abs=1e-6)


@given(st.lists(st.tuples(st.floats(0.0, 1e5), st.floats(0.1, 100.0)), min_size=2, max_size=40))
def test_times_never_go_back_whatever_the_tracker_stamps(stamps):
    clock, came_ms, times, said = LiveClock(), 0.0, [], []
    for stamp_ms, passed_ms in stamps:
        came_ms += passed_ms
        times.append(clock.stamp(stamp_ms, came_ms))
        said.append(clock.at(came_ms))
    assert times == sorted(times)
    assert said == sorted(said)


def test_an_eyetribes_zeros_are_no_gaze():
    frame = {"time": 7, "Lrawx": 0, "Lrawy": 0, "Lpsize": 0.0}
    frame |= {"Rrawx": 5, "Rrawy": 0, "Rpsize": 0.0}
    found = read_eyetribe(SimpleNamespace(eyetribe=SimpleNamespace(_newestframe=frame)))
    assert found is not None
    stamp_ms, left, right = found
    assert stamp_ms == 7
    assert not left.is_seen
    assert (right.x_px, right.y_px) == (5.0, 0.0)
    assert math.isnan(right.pupil)


def test_an_alea_has_two_eyes():
    sample = SimpleNamespace(
        rawDataTimeStamp=12,
        gazePositionXLeftEye=1.0, gazePositionYLeftEye=2.0, pupilDiameterLeftEye=3.0,
        gazePositionXRightEye=0.0, gazePositionYRightEye=0.0, pupilDiameterRightEye=0.0,
    )  # fmt: skip
    alea = SimpleNamespace(_recent_sample=sample, _recent_sample_lock=Lock())
    found = read_alea(SimpleNamespace(alea=alea))
    assert found is not None
    assert found[:2] == (12.0, EyeSample(1.0, 2.0, 3.0))
    assert not found[2].is_seen


def test_of_two_eyes_the_one_that_is_seen():
    sample = LiveSample(1.0, EyeSample(), EyeSample(4.0, 5.0, 6.0))
    assert (sample.of("both").x_px, sample.of("right").pupil) == (4.0, 6.0)
    assert math.isnan(sample.of("left").x_px)


@pytest.mark.parametrize(
    ("name", "n"), [("H3", 3), ("HV3", 3), ("HV5", 5), ("HV9", 9), ("HV13", 13)]
)
def test_each_type_of_calibration_has_its_targets_on_the_screen(name, n):
    points_px = calibration_targets(name, SCREEN)
    assert len(np.unique(points_px, axis=0)) == n
    assert (points_px > 0).all()
    assert (points_px < [1919, 1079]).all()


def test_targets_at_which_no_eye_was_seen_do_not_count():
    points_px = calibration_targets("H3", SCREEN)
    seen_px = points_px + np.array([[10.0, 0.0], [math.nan, math.nan], [20.0, 0.0]])
    found = validation_of(points_px, seen_px, SCREEN)
    assert found is not None
    assert found.offsets_px.tolist() == [[10.0, 0.0], [20.0, 0.0]]
    accuracy = worse_of([found])
    assert accuracy is not None
    assert accuracy.maximum_deg == found.errors_deg.max()
    assert validation_of(points_px, np.full((3, 2), math.nan), SCREEN) is None
    assert worse_of([]) is None
