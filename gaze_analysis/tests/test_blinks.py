"""Blinks: found, merged, padded; gaze taken out and the pupil drawn across them."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from gaze_analysis.detection import EyeTrace, clean, detect, find_blinks
from gaze_analysis.detection.blinks import blinks_from_table
from gaze_analysis.detection.trace import Interval
from gaze_analysis.tests.synthetic_gaze import SCREEN, as_trace, synthetic_samples
from study.settings.gaze_events import BlinkSettings, EventSettings

DEFAULTS = BlinkSettings()


def trace_of(pupil: list[float] | np.ndarray, x_px: np.ndarray | None = None) -> EyeTrace:
    """Make a trace of 1000 Hz; a pupil of NaN is lost."""
    n = len(pupil)
    gaze = np.full(n, 500.0) if x_px is None else x_px
    one = np.ones(n, np.int64)
    values = np.asarray(pupil, dtype=float)
    return EyeTrace(np.arange(n) * 1.0, gaze, gaze.copy(), values, one, one, SCREEN)


def pupil_with(n: int, *lost: tuple[int, int]) -> np.ndarray:
    pupil = np.linspace(900, 1100, n)
    for first, end in lost:
        pupil[first:end] = np.nan
    return pupil


def test_a_loss_of_the_pupil_is_a_blink_if_it_is_long_enough() -> None:
    trace = trace_of(pupil_with(1000, (100, 119), (300, 320), (600, 700)))
    assert find_blinks(trace, DEFAULTS) == [("blink", 300, 320), ("blink", 600, 700)]


def test_near_blinks_are_one() -> None:
    trace = trace_of(pupil_with(1000, (100, 150), (240, 300), (500, 560)))
    assert [blink[1:] for blink in find_blinks(trace, DEFAULTS)] == [(100, 300), (500, 560)]
    apart = find_blinks(trace, BlinkSettings(merge_ms=50))
    assert [blink[1:] for blink in apart] == [(100, 150), (240, 300), (500, 560)]


def test_gaze_tells_where_no_pupil_was_recorded() -> None:
    gaze = np.full(400, 500.0)
    gaze[100:160] = np.nan
    blinks = find_blinks(trace_of(np.full(400, np.nan), gaze), DEFAULTS)
    assert blinks == [("blink", 100, 160)]
    with_pupil = trace_of(np.full(400, 900.0), gaze)
    assert find_blinks(with_pupil, DEFAULTS) == []  # gaze is lost, but no lid is down


def test_an_eye_that_was_not_recorded_does_not_blink() -> None:
    first, _ = synthetic_samples(500, 2, blinks_s=(1.0,))
    gone = first.assign(time_ms=first["time_ms"] + 5000, block=2)
    gone[["x_right_px", "y_right_px", "pupil_right"]] = np.nan
    trace = as_trace(pd.concat([first, gone], ignore_index=True))
    assert find_blinks(trace, DEFAULTS) == [("blink", 500, 575)]


def test_gaze_is_lost_in_padded_blinks_and_bridged_across_short_losses() -> None:
    gaze = np.linspace(400, 600, 1000)
    gaze[200:210] = gaze[500:560] = np.nan
    trace = trace_of(pupil_with(1000, (500, 560)), gaze)
    settings = BlinkSettings(pad_before_ms=30, pad_after_ms=50)
    cleaned = clean(trace, find_blinks(trace, settings), settings)
    lost = np.flatnonzero(~cleaned.valid)
    assert (lost[0], lost[-1], len(lost)) == (470, 609, 140)
    assert cleaned.x_px[200:210] == pytest.approx(np.linspace(400, 600, 1000)[200:210])


@pytest.mark.parametrize("kind", ["linear", "cubic"])
def test_the_pupil_is_drawn_across_blinks(kind: str) -> None:
    n = 2000
    smooth = 1000 + 50 * np.sin(np.arange(n) / 400)
    pupil = smooth.copy()
    pupil[700:850] = np.nan
    pupil[0:40] = np.nan
    trace = trace_of(pupil)
    settings = BlinkSettings(pupil=kind, pad_before_ms=20, pad_after_ms=20)
    cleaned = clean(trace, find_blinks(trace, settings), settings)
    error = np.abs(cleaned.pupil - smooth)[100:]
    assert np.isnan(cleaned.pupil[:40]).all()  # nothing on its left
    assert error.max() < (4.0 if kind == "linear" else 0.5)
    assert error[~np.isnan(pupil[100:])].max() < 4.0
    kept = clean(trace, find_blinks(trace, settings), BlinkSettings(pupil="none"))
    assert np.array_equal(kept.pupil, pupil, equal_nan=True)


def test_a_line_across_a_blink_is_a_line() -> None:
    whole = np.linspace(900, 1100, 500)
    trace = trace_of(pupil_with(500, (200, 300)))
    cleaned = clean(trace, find_blinks(trace, DEFAULTS), DEFAULTS)
    assert cleaned.pupil == pytest.approx(whole)


def test_blinks_of_the_tracker_are_taken_at_their_stamps() -> None:
    samples, _ = synthetic_samples(500, 4, blinks_s=(2.0,))
    samples = pd.concat([samples, samples.assign(part=2)], ignore_index=True)
    trace = as_trace(samples)
    own = pd.DataFrame(
        {"onset_ms": [2000.0, 9000.0, 2000.0], "offset_ms": [2148.0, 9100.0, 2148.0],
         "part": [1, 1, 2]}
    )  # fmt: skip
    assert blinks_from_table(trace, own) == [("blink", 1000, 1075), ("blink", 3000, 3075)]
    events = detect(trace, EventSettings(), blinks=own)
    blinks = events[events["event"] == "blink"]
    assert blinks[["onset_ms", "offset_ms", "duration_ms", "part"]].to_numpy().tolist() == [
        [2000.0, 2148.0, 150.0, 1.0],
        [2000.0, 2148.0, 150.0, 2.0],
    ]
    none = detect(trace, EventSettings(), blinks=own.head(0))
    assert "blink" not in set(none["event"])
    fixations = none[none["event"] == "fixation"]
    assert not fixations["onset_ms"].between(2000, 2140).any()


def test_no_saccade_begins_or_ends_at_a_blink() -> None:
    samples, _ = synthetic_samples(500, 4, blinks_s=(2.0,))
    lid = np.linspace(0, 300, 20)  # gaze goes down with the lid, and up again
    samples.loc[980:999, "y_right_px"] += lid
    samples.loc[1075:1094, "y_right_px"] += lid[::-1]
    events = detect(as_trace(samples), EventSettings())
    near = events[(events["offset_ms"] > 1955) & (events["onset_ms"] < 2195)]
    assert "saccade" not in set(near["event"])


@given(
    st.lists(st.tuples(st.integers(0, 480), st.integers(1, 60)), max_size=6),
    st.floats(0, 100),
    st.floats(0, 200),
)
def test_what_is_cleaned_is_the_union_of_padded_blinks(
    lost: list[tuple[int, int]], pad_ms: float, merge_ms: float
) -> None:
    pupil = pupil_with(540, *((first, first + length) for first, length in lost))
    settings = BlinkSettings(pad_before_ms=pad_ms, pad_after_ms=pad_ms, merge_ms=merge_ms)
    trace = trace_of(pupil)
    blinks = find_blinks(trace, settings)
    cleaned = clean(trace, blinks, settings)
    expected = np.zeros(540, bool)
    for _, first, end in blinks:
        expected[max(0, first - round(pad_ms)) : end + round(pad_ms)] = True
    assert np.array_equal(~cleaned.valid, expected)
    for blink, after in pairwise(blinks):
        assert after.first - (blink.end - 1) >= merge_ms
    assert all(isinstance(blink, Interval) for blink in blinks)
