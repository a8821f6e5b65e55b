"""Every detector through the one interface: any rate, losses anywhere, blocks apart."""

import logging

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from gaze_analysis.detection import EVENT_COLUMNS, METHODS, EyeTrace, detect, eye_trace
from gaze_analysis.detection.velocity import fill_losses, velocity, window_samples
from gaze_analysis.tests.synthetic_gaze import SCREEN, as_trace, synthetic_samples
from study.errors import InputError
from study.settings.gaze_events import EventSettings

DEFAULTS = EventSettings()
GAZE = ["x_right_px", "y_right_px"]
KINDS = {"fixation", "saccade", "blink", "pso", "pursuit"}
FIXATIONS_ALONE = ("idt", "i2mc")


def checked(trace: EyeTrace, method: str) -> pd.DataFrame:
    """Detect, and check what must hold for any events."""
    events = detect(trace, DEFAULTS, method=method)
    assert list(events.columns) == list(EVENT_COLUMNS)
    assert set(events["event"]) <= KINDS
    assert (events["offset_ms"] >= events["onset_ms"]).all()
    assert (events["duration_ms"] > events["offset_ms"] - events["onset_ms"]).all()
    assert events["onset_ms"].isin(trace.time_ms).all()
    fixations = events[events["event"] == "fixation"]
    assert fixations[["x_px", "y_px"]].notna().all(axis=None)
    saccades = events[events["event"] == "saccade"]
    assert (
        saccades[["x_px", "x_end_px", "amplitude_deg", "peak_velocity_deg_s"]]
        .notna()
        .all(axis=None)
    )
    return events


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rate_hz", [60, 120, 250, 300, 500, 1000, 2000])
def test_fixations_are_found_at_any_rate(method: str, rate_hz: float) -> None:
    samples, saccades = synthetic_samples(rate_hz, 6, blinks_s=())
    events = checked(as_trace(samples), method)
    counts = events["event"].value_counts()
    # REMoDNaV calls more and more of them pursuit, the higher the rate.
    n_still = counts.get("fixation", 0) + counts.get("pursuit", 0)
    assert abs(n_still - len(saccades)) <= 0.25 * len(saccades)
    if method not in FIXATIONS_ALONE:
        assert abs(counts["saccade"] - len(saccades)) <= 0.15 * len(saccades) + 1


@pytest.mark.parametrize("method", METHODS)
def test_durations_are_offset_less_onset_and_one_sample(method: str) -> None:
    samples, _ = synthetic_samples(500, 4)
    events = checked(as_trace(samples), method)
    lengths = events["duration_ms"] - (events["offset_ms"] - events["onset_ms"])
    assert lengths.to_numpy() == pytest.approx(2.0)


@pytest.mark.parametrize("method", METHODS)
def test_events_touch_the_first_and_the_last_sample(method: str) -> None:
    samples, _ = synthetic_samples(500, 2, noise_deg=0.005, blinks_s=())
    samples = samples.head(900)
    # The recording begins and ends within a fixation.
    tremor = np.random.default_rng(4).normal(0, 0.3, (200, 2))
    samples.loc[samples.index[-200:], GAZE] = samples[GAZE].iloc[-200].to_numpy() + tremor
    events = checked(as_trace(samples), method)
    still = events[events["event"].isin(["fixation", "pursuit"])]
    slack_ms = 4.0 if method in ("i2mc", "engbert-kliegl") else 0.0
    assert still["onset_ms"].min() <= slack_ms
    assert still["offset_ms"].max() >= 1798.0 - slack_ms


def losses() -> dict[str, pd.DataFrame]:
    """Make samples with losses that have broken detectors."""
    whole, _ = synthetic_samples(500, 4, blinks_s=(1.0,))
    rng = np.random.default_rng(2)

    def lost(rows: object, columns: list[str] = GAZE) -> pd.DataFrame:
        frame = whole.copy()
        frame.loc[rows, columns] = np.nan
        return frame

    edges = lost(whole.index[:30])
    edges.loc[edges.index[-25:], GAZE] = np.nan
    return {
        "edges": edges,
        "first and last sample": lost([0, len(whole) - 1]),
        "one axis": lost(whole.index[300:420], ["x_right_px"]),
        "here and there": lost(rng.random(len(whole)) < 0.3),
        "all": lost(whole.index),
        "all but one": lost(whole.index[1:]),
        "still": whole.assign(x_right_px=500.0, y_right_px=400.0),
        "noise": whole.assign(x_right_px=rng.normal(900, 300, len(whole))),
        "far away": whole.assign(x_right_px=1e8),
    }


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", list(losses()))
def test_losses_anywhere_are_survived(method: str, name: str) -> None:
    checked(as_trace(losses()[name]), method)


@pytest.mark.parametrize("method", METHODS)
def test_short_recordings_have_no_events_and_no_crash(method: str) -> None:
    samples, _ = synthetic_samples(500, 4, blinks_s=())
    for n in (0, 1, 2, 4, 9, 19, 60, 101, 203):
        events = checked(as_trace(samples.head(n)), method)
        assert n > 19 or events.empty


@pytest.mark.parametrize("method", METHODS)
def test_blocks_have_their_own_rates_and_keep_events_apart(method: str) -> None:
    first, _ = synthetic_samples(1000, 2.0, seed=1, blinks_s=())
    second, _ = synthetic_samples(250, 2.0, seed=2, blinks_s=())
    short, _ = synthetic_samples(250, 0.02, seed=3, blinks_s=())
    second = second.assign(time_ms=second["time_ms"] + 2000, block=2)
    short = short.assign(time_ms=short["time_ms"] + 4000, block=3)
    third = first.assign(part=2)
    trace = as_trace(pd.concat([first, second, short, third], ignore_index=True))
    events = checked(trace, method)
    assert set(zip(events["part"], events["block"], strict=True)) >= {(1, 1), (1, 2), (2, 1)}
    ends = {(1, 1): 1999.0, (1, 2): 3996.0, (1, 3): 4016.0, (2, 1): 1999.0}
    begins = {(1, 1): 0.0, (1, 2): 2000.0, (1, 3): 4000.0, (2, 1): 0.0}
    for event in events.itertuples():
        place = (int(event.part), int(event.block))  # type: ignore[arg-type]
        assert begins[place] <= float(event.onset_ms)  # type: ignore[arg-type]
        assert float(event.offset_ms) <= ends[place]  # type: ignore[arg-type]
    lengths = events["duration_ms"] - (events["offset_ms"] - events["onset_ms"])
    assert set(lengths.round(6)[events["part"] == 2]) == {1.0}
    assert set(lengths.round(6)[events["block"] == 2]) == {4.0}


@pytest.mark.parametrize("method", METHODS)
def test_the_same_gaze_gives_the_same_events(method: str) -> None:
    samples, _ = synthetic_samples(500, 3, seed=5)
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    first = detect(as_trace(samples), DEFAULTS, method=method)
    after = np.random.get_state()[1]  # type: ignore[index]  # noqa: NPY002
    assert np.array_equal(before, after)
    np.random.random(3)  # noqa: NPY002
    second = detect(as_trace(samples), DEFAULTS, method=method)
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("method", METHODS)
def test_libraries_leave_the_log_as_it_was(method: str) -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    samples, _ = synthetic_samples(500, 2)
    detect(as_trace(samples), DEFAULTS, method=method)
    assert (root.level, list(root.handlers)) == before


def test_rows_that_were_lost_end_a_stretch() -> None:
    samples, _ = synthetic_samples(500, 2, blinks_s=())
    whole = as_trace(samples)
    assert [(s.first, s.end) for s in whole.stretches] == [(0, 1000)]
    one_lost = as_trace(samples.drop(index=500))
    assert len(one_lost.stretches) == 1
    many_lost = as_trace(samples.drop(index=range(400, 500)))
    assert [(s.first, s.end) for s in many_lost.stretches] == [(0, 400), (400, 900)]
    assert all(s.interval_ms == pytest.approx(2.0) for s in many_lost.stretches)


def test_whole_milliseconds_of_300_hz_have_their_mean_interval() -> None:
    samples, _ = synthetic_samples(300, 3, blinks_s=())
    samples["time_ms"] = np.floor(samples["time_ms"])
    (stretch,) = as_trace(samples).stretches
    assert stretch.rate_hz == pytest.approx(300, rel=1e-3)


def test_a_pupil_of_zero_is_lost_and_eyes_are_told_apart() -> None:
    samples, _ = synthetic_samples(500, 3, blinks_s=(1.0,))
    trace = eye_trace(samples, "right", SCREEN)
    assert int(np.isnan(trace.pupil).sum()) == 75
    assert trace.eye == "right"
    assert set(detect(trace, DEFAULTS)["eye"]) == {"right"}


def test_an_unknown_method_is_named_with_the_known_ones() -> None:
    samples, _ = synthetic_samples(500, 1)
    with pytest.raises(InputError, match=r"must be one of adaptive.*Did you mean 'remodnav'"):
        detect(as_trace(samples), DEFAULTS, method="remodnaw")


@settings(max_examples=30, deadline=None)
@given(
    window_ms=st.floats(1.0, 60.0), rate_hz=st.sampled_from([60.0, 250.0, 500.0, 1000.0, 2000.0])
)
def test_velocity_of_even_motion_is_exact(window_ms: float, rate_hz: float) -> None:
    n = max(window_samples(window_ms, 1000 / rate_hz), 40)
    degrees = np.column_stack([np.arange(n) * 3.0 / rate_hz, np.arange(n) * -4.0 / rate_hz])
    points = SCREEN.to_px(degrees)
    points[5:9] = np.nan
    frame = pd.DataFrame(points, columns=GAZE).assign(time_ms=np.arange(n) * 1000 / rate_hz)
    trace = as_trace(frame)
    speeds = velocity(trace, trace.stretches[0], window_ms)
    assert speeds is not None
    assert speeds == pytest.approx(np.tile([3.0, -4.0], (n, 1)), abs=1e-6)


def test_lines_are_drawn_across_losses() -> None:
    values = np.array([[np.nan, 1.0], [2.0, 3.0], [np.nan, np.nan], [6.0, 7.0]])
    assert fill_losses(values).tolist() == [[2, 3], [2, 3], [4, 5], [6, 7]]
    assert fill_losses(np.full(3, np.nan)).tolist() == [0, 0, 0]
