"""The sampling interval of blocks, and gaze taken out of a table of samples."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.trace import Trace, regular_interval_ms, trace_of
from stimuli.frames import Screen

SCREEN = Screen(1000, 800, 40.0, 32.0, 60.0)


def trace(times, rate_hz, block=None, rates=None):
    n = len(times)
    blocks = np.zeros(n, np.int64) if block is None else block
    return Trace(np.asarray(times, float), np.zeros((n, 2)), blocks, rate_hz, rates or {})


@pytest.mark.parametrize("rate_hz", [60, 250, 300, 500, 1000, 2000])
def test_whole_stamps_of_any_rate_lie_at_its_interval(rate_hz):
    exact = 1000 / rate_hz * np.arange(3000)
    stamps = exact if rate_hz == 2000 else np.floor(exact)
    assert regular_interval_ms(stamps) == pytest.approx(1000 / rate_hz, rel=1e-3)
    assert trace(stamps, rate_hz).interval_ms(slice(0, 3000)) == 1000 / rate_hz


def test_the_stamps_decide_where_the_declared_rate_is_another():
    every_second = 2.0 * np.arange(400)
    assert trace(every_second, 1000.0).interval_ms(slice(0, 400)) == 2.0
    assert trace(every_second, np.nan).interval_ms(slice(0, 400)) == 2.0
    # A few samples between gaps say nothing.
    assert trace([0.0, 900.0, 1800.0], 1000.0).interval_ms(slice(0, 3)) == 1.0
    assert np.isnan(trace([5.0], np.nan).interval_ms(slice(0, 1)))


@given(st.sets(st.integers(1, 498), max_size=200))
def test_gaps_do_not_change_the_interval(missing):
    times = np.array([4.0 * i for i in range(500) if i not in missing])
    assert regular_interval_ms(times) == pytest.approx(4.0, rel=0.34)
    assert trace(times, 250.0).interval_ms(slice(0, len(times))) == 4.0


def test_each_block_has_its_own_rate_and_begins_anew():
    times = np.concatenate([np.arange(0, 200.0), np.arange(300, 1100.0, 4)])
    blocks = np.repeat([1, 2], 200)
    both = trace(times, 1000.0, blocks, {1: 1000.0, 2: 250.0})
    parts = list(both.blocks())
    assert parts == [slice(0, 200), slice(200, 400)]
    assert [both.interval_ms(part) for part in parts] == [1, 4]
    assert not both.follows[[0, 200]].any()
    assert both.follows.sum() == 398


def test_samples_come_in_the_order_of_time_with_their_positions():
    samples = pd.DataFrame(
        {"time_ms": [3.0, 1.0, 2.0], "block": [2, 1, 1], "x_right_px": [499.5, 524.5, np.nan],
         "y_right_px": [399.5, 399.5, 399.5]}
    )  # fmt: skip
    found = trace_of(samples, "right", SCREEN, 1000.0)
    assert found.time_ms.tolist() == [1, 2, 3]
    assert found.block.tolist() == [1, 1, 2]
    assert found.valid.tolist() == [True, False, True]
    np.testing.assert_allclose(found.points_deg[0], [np.degrees(np.arctan(1 / 60)), 0])
    assert len(trace_of(samples, "left", SCREEN, 1000.0).time_ms) == 0
