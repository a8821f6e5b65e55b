"""The default detector, against a second one written sample by sample from its description."""

import statistics
from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gaze_analysis.detection import EyeTrace, find_blinks
from gaze_analysis.detection.adaptive import adaptive, find_thresholds
from gaze_analysis.detection.blinks import clean
from gaze_analysis.tests.synthetic_gaze import as_trace, synthetic_samples
from study.settings.gaze_events import AdaptiveSettings, BlinkSettings

DEFAULTS = AdaptiveSettings()


class Noise(NamedTuple):
    peak: float
    onset: float


def reference_velocity(points: list[list[float]], width: int, interval_s: float) -> np.ndarray:
    """Fit a parabola to each window by least squares, and take its slope at the sample."""
    n, half = len(points), width // 2
    slopes = []
    for i in range(n):
        first = min(max(i - half, 0), n - width)
        times = [(k - i) * interval_s for k in range(first, first + width)]
        slope = [
            np.polyfit(times, [points[k][axis] for k in range(first, first + width)], 2)[1]
            for axis in (0, 1)
        ]
        slopes.append(slope)
    return np.array(slopes)


def reference_thresholds(speeds: list[float]) -> Noise:
    """Repeat: what is slower than the peak threshold is noise, and sets the next one."""
    peak, onset = 100.0, 0.0
    for _ in range(100):
        slow = [speed for speed in speeds if speed < peak]
        if not slow:
            break
        middle = statistics.median(slow)
        deviation = 1.4826 * statistics.median([abs(speed - middle) for speed in slow])
        before, peak, onset = peak, middle + 8 * deviation, middle + 4 * deviation
        if abs(before - peak) < 1:
            break
    return Noise(max(peak, 30.0), max(onset, 15.0))


def reference_events(trace: EyeTrace) -> list[tuple[str, int, int]]:
    """Label the samples of a trace of one stretch one after the other."""
    (stretch,) = trace.stretches
    n, interval = len(trace.time_ms), stretch.interval_ms
    points = trace.points_deg.tolist()
    known = [i for i in range(n) if trace.valid[i]]
    filled = [
        [float(np.interp(i, known, [points[k][axis] for k in known])) for axis in (0, 1)]
        for i in range(n)
    ]
    width = max(3, 2 * int(10 / interval / 2 + 0.02) + 1)
    slope = reference_velocity(filled, width, interval / 1000)
    speed = [float(np.hypot(*pair)) for pair in slope]
    usable = [bool(trace.valid[i]) and speed[i] <= 1000 for i in range(n)]
    noise = reference_thresholds([speed[i] for i in range(n) if usable[i]])
    usable = drop_movements_beside_losses(speed, usable, noise.onset)
    fast = [usable[i] and speed[i] > noise.onset for i in range(n)]
    label = ["free" if good else "lost" for good in usable]
    i = 0
    while i < n:
        if not (label[i] == "free" and fast[i] and speed[i] > noise.peak):
            i += 1
            continue
        above = i
        while above < n and fast[above] and speed[above] > noise.peak:
            above += 1
        top = max(range(i, above), key=lambda k: (speed[k], -k))
        first = top
        while first > 0 and fast[first - 1] and label[first - 1] == "free":
            if float(slope[first - 1] @ slope[top]) <= 0:
                break
            first -= 1
        end = top + 1
        while end < n and fast[end] and float(slope[end] @ slope[top]) > 0:
            end += 1
        if end - first < max(1, round(10 / interval)):
            i = above
            continue
        label[first:end] = ["saccade"] * (end - first)
        after = []
        for k in range(end, min(n, end + round(40 / interval))):
            if not usable[k]:
                break
            after.append(k)
        last = max([k for k in after if fast[k]], default=-1)
        if last >= 0 and all(speed[k] < speed[top] for k in after):
            label[end : last + 1] = ["pso"] * (last + 1 - end)
            end = last + 1
        i = max(end, above) if end >= above else end
    return with_fixations(label, trace, interval)


def drop_movements_beside_losses(
    speed: list[float], usable: list[bool], onset: float
) -> list[bool]:
    """Take runs above the onset threshold for lost where they touch a loss."""
    kept, n = list(usable), len(usable)
    for i in range(n):
        if not usable[i] or speed[i] <= onset:
            continue
        for step in (-1, 1):
            k = i
            while 0 <= k < n and usable[k] and speed[k] > onset:
                k += step
            if 0 <= k < n and not usable[k]:
                kept[i] = False
    return kept


def with_fixations(
    label: list[str], trace: EyeTrace, interval: float
) -> list[tuple[str, int, int]]:
    """Call what is left fixation or pursuit, and collect all events."""
    runs, begin = [], 0
    for i in range(1, len(label) + 1):
        if i == len(label) or label[i] != label[begin]:
            runs.append((label[begin], begin, i))
            begin = i
    events = []
    for kind, first, end in runs:
        if kind == "free" and end - first >= max(1, round(40 / interval)):
            ends = max(1, round(20 / interval))
            points = trace.points_deg[first:end]
            way = float(np.hypot(*(points[-ends:].mean(0) - points[:ends].mean(0))))
            moves = way > 1.25 and way / ((end - first) * interval / 1000) > 2
            events.append(("pursuit" if moves else "fixation", first, end))
        elif kind in ("saccade", "pso"):
            events.append((kind, first, end))
    return events


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rate=st.sampled_from([200.0, 250.0, 500.0, 1000.0]),
    noise=st.sampled_from([0.002, 0.01, 0.05, 0.2]),
    pso=st.sampled_from([0.0, 0.4]),
    drift=st.sampled_from([0.0, 3.0]),
)
def test_events_are_those_of_the_slow_detector(
    seed: int, rate: float, noise: float, pso: float, drift: float
) -> None:
    samples, _ = synthetic_samples(
        rate, 2.0, seed=seed, noise_deg=noise, blinks_s=(1.0,), pso_deg=pso
    )
    samples["x_right_px"] += drift * 37 * samples["time_ms"] / 1000
    whole = as_trace(samples)
    trace = clean(whole, find_blinks(whole, BlinkSettings()), BlinkSettings())
    found = [tuple(event) for event in adaptive(trace, DEFAULTS)]
    assert found == reference_events(trace)


def test_each_saccade_is_found_where_it_is() -> None:
    samples, saccades = synthetic_samples(1000, 20, noise_deg=0.01, blinks_s=())
    found = [event for event in adaptive(as_trace(samples), DEFAULTS) if event.kind == "saccade"]
    assert len(found) == len(saccades)
    onsets = [event.first - first for event, (first, _) in zip(found, saccades, strict=True)]
    # A saccade begins slowly: it is seen when it is faster than the noise.
    assert 0 <= np.median(onsets) <= 4
    assert np.abs(onsets).max() <= 10


def test_oscillations_are_neither_fixation_nor_saccade() -> None:
    samples, saccades = synthetic_samples(500, 10, blinks_s=(), pso_deg=0.5)
    found = adaptive(as_trace(samples), DEFAULTS)
    kinds = [event.kind for event in found]
    assert kinds.count("pso") >= 0.9 * len(saccades)
    assert kinds.count("saccade") == len(saccades)


def test_a_drift_is_pursuit_beyond_both_limits() -> None:
    def kinds(deg_s: float, seconds: float) -> list[str]:
        samples, _ = synthetic_samples(500, seconds, noise_deg=0.0, blinks_s=())
        samples["x_right_px"] = 960 + np.arange(len(samples)) / 500 * deg_s * 44.3
        samples["y_right_px"] = 540.0
        return [event.kind for event in adaptive(as_trace(samples), DEFAULTS)]

    assert kinds(4.0, 0.5) == ["pursuit"]
    assert kinds(4.0, 0.2) == ["fixation"]  # fast, but not far
    assert kinds(1.0, 2.0) == ["fixation"]  # far, but slow


@given(factor=st.floats(1.0, 3.0), seed=st.integers(0, 100))
def test_thresholds_grow_with_the_noise(factor: float, seed: int) -> None:
    speeds = np.abs(np.random.default_rng(seed).normal(8, 3, 2000))
    low, high = find_thresholds(speeds, DEFAULTS), find_thresholds(speeds * factor, DEFAULTS)
    assert low.onset_deg_s <= low.peak_deg_s
    assert high.peak_deg_s >= low.peak_deg_s - 1e-9


@pytest.mark.parametrize("speeds", [[], [0.0] * 9, [500.0] * 9])
def test_thresholds_of_no_noise_are_the_floor(speeds: list[float]) -> None:
    found = find_thresholds(np.array(speeds), DEFAULTS)
    assert 0 < found.onset_deg_s <= found.peak_deg_s
    assert found.peak_deg_s >= DEFAULTS.min_peak_velocity_deg_s
