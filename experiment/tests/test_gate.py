import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment.gate import STALE_MS, FixationGate
from experiment.trackers.protocol import Sample
from stimuli.frames import Screen
from study.settings.experiment import GateSettings

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
TARGET_PX = (640.0, 540.0)
SETTINGS = GateSettings(radius_deg=1.5, dwell_ms=300, missing_ms=50)
NEAR, FAR, LOST = (650.0, 545.0), (900.0, 540.0), (math.nan, math.nan)


def opened_at(samples):
    """Give the time at which the gate opens, and the gate."""
    gate = FixationGate(TARGET_PX, SCREEN, SETTINGS)
    for time_ms, (x_px, y_px) in samples:
        if gate.see(Sample(time_ms, x_px, y_px, 900.0)):
            return time_ms, gate
    return None, gate


def course(*stretches):
    """Make samples at 1000 Hz of stretches of a place and a duration."""
    places = [place for place, duration_ms in stretches for _ in range(duration_ms)]
    return list(enumerate(places, start=5000))


def reference_opening(samples):
    """Tell when the gate must open, by looking back over all samples at each of them."""
    near = [
        not math.isnan(x) and SCREEN.distance_deg(TARGET_PX, (x, y)) <= SETTINGS.radius_deg
        for _, (x, y) in samples
    ]
    missing = [math.isnan(x) for _, (x, y) in samples]
    for end in range(len(samples)):
        dwell = gap = 0
        previous_near = False
        for place in range(end + 1):
            if near[place]:
                dwell += previous_near
                gap, previous_near = 0, True
            elif missing[place]:
                gap += 1
                previous_near = False
                dwell = 0 if gap > SETTINGS.missing_ms else dwell
            else:
                dwell, gap, previous_near = 0, 0, False
        if near[end] and dwell >= SETTINGS.dwell_ms:
            return samples[end][0]
    return None


def test_the_gate_opens_after_the_dwell_time():
    time_ms, gate = opened_at(course((FAR, 100), (NEAR, 400)))
    assert time_ms == 5000 + 100 + 300
    assert gate.attempts == 1


def test_a_look_away_begins_the_dwell_anew():
    time_ms, gate = opened_at(course((NEAR, 299), (FAR, 1), (NEAR, 400)))
    assert time_ms == 5300 + 300
    assert gate.attempts == 2


@pytest.mark.parametrize(("gap_ms", "restarts"), [(50, False), (51, True)])
def test_a_short_gap_stops_the_clock_and_a_long_one_restarts_it(gap_ms, restarts):
    time_ms, _ = opened_at(course((NEAR, 200), (LOST, gap_ms), (NEAR, 500)))
    rest_ms = 300 if restarts else 101
    assert time_ms == 5200 + gap_ms + rest_ms


def test_a_sample_seen_twice_is_one_sample():
    gate = FixationGate(TARGET_PX, SCREEN, SETTINGS)
    sample = Sample(7000.0, *NEAR, 900.0)
    assert all(gate.see(sample) is None for _ in range(1000))


def test_no_sample_and_a_tracker_that_stands_still_keep_it_closed():
    gate = FixationGate(TARGET_PX, SCREEN, SETTINGS)
    assert gate.see(None) is None
    times = np.arange(0.0, 3000.0, STALE_MS + 1)
    assert all(gate.see(Sample(t, *NEAR, 900.0)) is None for t in times)


def test_the_offset_is_the_mean_distance_in_degrees():
    gate = FixationGate(TARGET_PX, SCREEN, SETTINGS)
    results = [gate.see(Sample(t, 640.0, 560.0, 900.0)) for t in range(0, 400, 16)]
    result = next(result for result in results if result)
    expected = math.degrees(math.atan(29.8 / 1080 * (560 - 539.5) / 70)) - math.degrees(
        math.atan(29.8 / 1080 * (540 - 539.5) / 70)
    )
    assert result.offset_deg == pytest.approx(expected, rel=0.02)


STRETCH = st.tuples(st.sampled_from([NEAR, FAR, LOST]), st.integers(1, 160))


@given(st.lists(STRETCH, min_size=1, max_size=6))
def test_the_gate_opens_when_the_definition_says_so(stretches):
    samples = course(*stretches)
    assert opened_at(samples)[0] == reference_opening(samples)
