"""Simulated observers do what was planted, and their eyes move like eyes."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiment.gaze_trace import duration_ms
from experiment.observers import draw_observer, draw_response, simulate_trial
from experiment.observers.eye import measurement_noise, minimum_jerk, pupil_course
from experiment.observers.parser import velocity_deg_s
from experiment.tests.made_up_study import made_up_landmarks
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import Screen
from stimuli.regions import region_of, region_polygons
from study.settings.observers import ObserversSettings

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
POLYGONS_PX = {
    name: polygon + np.array([736, 316])
    for name, polygon in region_polygons(made_up_landmarks()).items()
}
# An eye without random effects or losses, so that the settings are what is planted.
SAME_FOR_ALL = {
    "between_strategy": 0.0,
    "between_accuracy": 0.0,
    "between_speed": 0.0,
    "between_eye": 0.0,
    "loss_share": 0.0,
}


def average_observer(**changes):
    return draw_observer(ObserversSettings(**(SAME_FOR_ALL | changes)), "sub-001", seed=1)


def look(observer, seed=0, expression="afraid", lead_ms=500, face_ms=2500, tail_ms=100):
    trial = SimpleNamespace(expression=expression, fixation_x_px=640.0, fixation_y_px=540.0)
    return simulate_trial(
        observer,
        trial,
        POLYGONS_PX,
        SCREEN,
        np.random.default_rng(seed),
        lead_ms=lead_ms,
        face_ms=face_ms,
        tail_ms=tail_ms,
    )


@pytest.fixture(scope="module")
def many_trials():
    observer = average_observer(blink_rate_hz=0.3)
    return observer, [look(observer, seed) for seed in range(250)]


def test_weights_are_the_shares_of_fixations(many_trials):
    observer, trials = many_trials
    regions = [fixation.region for trial in trials for fixation in trial.fixations]
    n = len(regions)
    stays = observer.eye.refixation
    more = np.sqrt((1 + stays) / (1 - stays))  # refixations make fixations alike
    for region, weight in observer.strategy["afraid"].items():
        standard_error = more * np.sqrt(weight * (1 - weight) / n)
        assert abs(regions.count(region) / n - weight) < 4 * standard_error, region


def test_refixations_are_as_many_as_planted(many_trials):
    observer, trials = many_trials
    pairs = [
        first.region == second.region
        for trial in trials
        for first, second in pairwise(trial.fixations)
    ]
    stays = observer.eye.refixation
    by_chance = sum(weight**2 for weight in observer.strategy["afraid"].values())
    expected = stays + (1 - stays) * by_chance
    assert np.mean(pairs) == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(len(pairs)))


def test_fixations_land_in_their_region(many_trials):
    _, trials = many_trials
    fixations = [fixation for trial in trials for fixation in trial.fixations]
    found = region_of([[f.x_px, f.y_px] for f in fixations], POLYGONS_PX)
    # A fixation near a border drifts across it now and then; its start is within the region.
    assert np.mean([f.region == name for f, name in zip(fixations, found, strict=True)]) > 0.9


def test_fixation_durations_have_the_planted_mean(many_trials):
    observer, trials = many_trials
    # The last fixations are cut off by the end, and the first is the wait for the face.
    durations = [duration_ms(f) for trial in trials for f in trial.trace.fixations[1:4]]
    standard_error = np.std(durations) / np.sqrt(len(durations))
    # The floor of 80 ms lifts the mean by a little.
    assert abs(np.mean(durations) - observer.eye.fixation_mean_ms) < 4 * standard_error + 3


def test_first_saccade_leaves_the_target_for_the_face(many_trials):
    observer, trials = many_trials
    first = [trial.trace.saccades[0] for trial in trials]
    assert abs(np.mean([s.start_ms for s in first]) - observer.eye.latency_mean_ms) < 12
    starts_px = np.array([[s.x_start_px, s.y_start_px] for s in first])
    assert np.abs(starts_px - [640, 540]).max() < 2 * SCREEN.px_per_deg


def plain_saccades(trials):
    """List the saccades that hold no blink."""
    for trial in trials:
        blinks = [blink.start_ms for blink in trial.trace.blinks]
        for saccade in trial.trace.saccades:
            if not any(saccade.start_ms < start < saccade.end_ms for start in blinks):
                yield saccade


def test_saccades_follow_the_main_sequence(many_trials):
    _, trials = many_trials
    saccades = list(plain_saccades(trials))
    amplitudes = np.array([s.amplitude_deg for s in saccades])
    durations = np.array([duration_ms(s) for s in saccades])
    peaks = np.array([s.peak_velocity_deg_s for s in saccades])
    large = amplitudes > 1
    slope, base = np.polyfit(amplitudes[large], durations[large], 1)
    assert slope == pytest.approx(2.2, abs=0.2)
    assert base == pytest.approx(21, abs=1)
    # The highest velocity of the smoothest movement is 1.875 times the mean; the velocity
    # filter takes a little, the noise adds a little.
    expected = 1.875 * amplitudes / durations * 1000
    assert np.abs(peaks[large] / expected[large] - 1).max() < 0.3
    assert np.corrcoef(peaks, expected)[0, 1] > 0.98
    steps = [np.median(peaks[(amplitudes > a) & (amplitudes < a + 1)]) for a in (1, 3, 7)]
    assert steps[0] < steps[1] < steps[2] < 3 * steps[1]


def test_events_are_made_of_their_samples(many_trials):
    _, trials = many_trials
    for trial in trials[:40]:
        trace = trial.trace
        at = {int(time_ms): index for index, time_ms in enumerate(trace.time_ms)}
        for fixation in trace.fixations:
            held = slice(at[fixation.start_ms], at[fixation.end_ms] + 1)
            assert fixation.x_px == pytest.approx(sum(trace.x_px[held]) / duration_ms(fixation))
            assert fixation.pupil == pytest.approx(sum(trace.pupil[held]) / duration_ms(fixation))
        for saccade in trace.saccades:
            assert saccade.x_start_px == trace.x_px[at[saccade.start_ms]]
            assert saccade.y_end_px == trace.y_px[at[saccade.end_ms]]


def test_blinks_hide_the_eye_within_a_saccade(many_trials):
    _, trials = many_trials
    blinks = [blink for trial in trials for blink in trial.trace.blinks]
    seconds = 3.1 * len(trials)
    assert 0.15 < len(blinks) / seconds < 0.35
    for trial in trials:
        trace = trial.trace
        hidden = np.isnan(trace.x_px)
        assert (hidden == np.isnan(trace.pupil)).all()
        assert hidden.sum() == sum(duration_ms(blink) for blink in trace.blinks)
        for blink in trace.blinks:
            assert any(
                s.start_ms < blink.start_ms and blink.end_ms < s.end_ms for s in trace.saccades
            )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 1500), st.integers(1, 4000), st.integers(0, 300), st.integers(0, 2**32 - 1))
def test_events_tile_the_trace(lead_ms, face_ms, tail_ms, seed):
    observer = average_observer(blink_rate_hz=1.0)
    simulated = look(observer, seed, lead_ms=lead_ms, face_ms=face_ms, tail_ms=tail_ms)
    trace = simulated.trace
    assert (trace.time_ms == np.arange(-lead_ms, face_ms + tail_ms)).all()
    events = sorted([*trace.fixations, *trace.saccades], key=lambda event: event.start_ms)
    borders = [(event.start_ms, event.end_ms) for event in events]
    assert borders[0][0] == -lead_ms
    assert borders[-1][1] == face_ms + tail_ms - 1
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(borders))
    assert sum(f.duration_ms for f in simulated.fixations) <= face_ms
    assert [f.index for f in simulated.fixations] == list(range(1, len(simulated.fixations) + 1))


def test_calibration_error_moves_the_measured_gaze():
    observer = average_observer(calibration_error_deg=0.5, drift_deg_per_sqrt_s=0.0)
    simulated = look(observer)
    shift_px = [
        [measured.x_px - true.x_px, measured.y_px - true.y_px]
        for measured, true in zip(
            simulated.trace.fixations[1:-1], simulated.fixations, strict=False
        )
    ]
    expected_px = SCREEN.px_per_deg * np.array(
        [observer.eye.offset_x_deg, observer.eye.offset_y_deg]
    )
    assert np.abs(np.mean(shift_px, axis=0) - expected_px).max() < 1.5


def test_noise_has_the_planted_precision():
    noise_deg = measurement_noise(20_000, 0.02, np.random.default_rng(3))

    def far_deg(lag):
        return np.sqrt(np.mean(np.sum((noise_deg[lag:] - noise_deg[:-lag]) ** 2, axis=1)))

    assert far_deg(1) == pytest.approx(0.02, rel=0.03)
    # As in recordings of an EyeLink 1000, which filters its samples.
    assert 1.6 < far_deg(2) / far_deg(1) < 2.0
    assert 2.4 < far_deg(4) / far_deg(1) < 3.2


def test_velocity_is_the_slope_of_a_ramp_and_missing_beside_a_gap():
    time_s = np.arange(60) / 1000
    gaze_deg = np.column_stack([30 * time_s, 40 * time_s])
    gaze_deg[30] = np.nan
    speed = velocity_deg_s(gaze_deg)
    known = np.isfinite(speed)
    assert speed[known] == pytest.approx(50)
    # The sample at the gap itself has both sides whole.
    assert (~known).nonzero()[0].tolist() == [
        *range(4),
        *range(26, 30),
        *range(31, 35),
        *range(56, 60),
    ]


def test_minimum_jerk_has_its_peak_in_the_middle():
    progress = np.linspace(0, 1, 1001)
    speed = np.gradient(minimum_jerk(progress), progress)
    assert speed.argmax() == 500
    assert speed.max() == pytest.approx(1.875, abs=1e-3)


def test_pupil_narrows_after_the_face_appears():
    time_ms = np.arange(-500.0, 2500.0)
    mean = np.mean(
        [pupil_course(time_ms, 1000, np.random.default_rng(seed)) for seed in range(60)], axis=0
    )
    assert 300 < time_ms[mean.argmin()] < 900
    assert mean.min() < 0.95 * mean[:500].mean()
    assert mean[2000] > mean[:500].mean()


def test_answers_have_the_planted_accuracy_and_confusions():
    observer = average_observer()
    random = np.random.default_rng(5)
    n = 2000
    for shown in ("afraid", "happy"):
        answers = [draw_response(observer, shown, random) for _ in range(n)]
        p = observer.accuracy[shown]
        n_correct = sum(answer.correct for answer in answers)
        assert abs(n_correct - n * p) < 4 * np.sqrt(n * p * (1 - p))
        assert all(answer.correct == (answer.expression == shown) for answer in answers)
        wrong = [answer.expression for answer in answers if not answer.correct]
        for name in EXPRESSIONS:
            q = observer.confusions[shown].get(name, 0.0)
            limit = 4 * np.sqrt(len(wrong) * q * (1 - q)) + 1e-9
            assert abs(wrong.count(name) - len(wrong) * q) <= limit, name


def test_reaction_times_have_the_planted_mean_and_spread():
    observer = average_observer(accuracy={"sad": 1.0})
    random = np.random.default_rng(6)
    rt_ms = np.array([draw_response(observer, "sad", random).rt_ms for _ in range(4000)])
    mean_ms = observer.reaction_time["sad"].mean_ms
    assert mean_ms == pytest.approx(1900)
    assert rt_ms.mean() == pytest.approx(mean_ms, rel=0.02)
    assert rt_ms.std() / rt_ms.mean() == pytest.approx(0.28, abs=0.02)
    assert np.mean(((rt_ms - rt_ms.mean()) / rt_ms.std()) ** 3) > 0.3  # a tail to the right


def test_observers_differ_and_return():
    settings_ = ObserversSettings()
    first = draw_observer(settings_, "sub-001", seed=1)
    assert first == draw_observer(settings_, "sub-001", seed=1)
    assert first != draw_observer(settings_, "sub-001", seed=2)
    second = draw_observer(settings_, "sub-002", seed=1)
    assert first.accuracy["afraid"] != second.accuracy["afraid"]
    assert first.strategy["afraid"] != second.strategy["afraid"]
    for observer in (first, second):
        for shares in (*observer.strategy.values(), *observer.confusions.values()):
            assert sum(shares.values()) == pytest.approx(1)
        assert all(shown not in observer.confusions[shown] for shown in EXPRESSIONS)


def test_same_seed_same_gaze():
    observer = average_observer()
    first, again, other = look(observer, 1), look(observer, 1), look(observer, 2)
    assert np.array_equal(first.trace.x_px, again.trace.x_px, equal_nan=True)
    assert first.fixations == again.fixations
    assert not np.array_equal(first.trace.x_px, other.trace.x_px, equal_nan=True)
