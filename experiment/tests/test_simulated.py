"""The simulated tracker without a window: what the observer does, and when."""

import time
from collections import Counter

import numpy as np
import pytest

from experiment.observers import draw_confidence, draw_observer, draw_response
from experiment.tests.asc_grammar import read_asc
from experiment.tests.desk import assert_each_millisecond_once, at_desk, desk_study
from experiment.tests.small_study import QUICK
from experiment.trackers.protocol import Eye
from experiment.truth import read_true_fixations
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import screen_from
from study.seeds import generator


def quick_answers(**changes):
    return {"rt_mean_ms": dict.fromkeys(EXPRESSIONS, 330.0), **changes}


def wait_for_key(window, n_keys=1, seconds=3.0):
    end_s = time.perf_counter() + seconds
    while len(window.pressed) < n_keys and time.perf_counter() < end_s:
        time.sleep(0.002)
    return window.pressed[n_keys - 1]


def run_trial(desk, number, off=True):
    tracker, window = desk.tracker, desk.window
    window.pressed.clear()
    tracker.message(f"TRIALID {number}")
    tracker.start()
    tracker.message("FIXATION_ON")
    time.sleep(0.1)
    onset_s = time.perf_counter()
    tracker.message("FACE_ON AF01HAS")
    key, pressed_s = wait_for_key(window)
    tracker.message(f"RESPONSE {key} happy")
    if off:
        tracker.message("FACE_OFF")
    tracker.stop()
    tracker.message("TRIAL_RESULT 0")
    return key, 1000 * (pressed_s - onset_s)


def test_gaze_rests_on_the_target_until_the_face_comes(tmp_path):
    study = desk_study(tmp_path)
    screen = screen_from(study.settings.screen)
    with at_desk("simulated", study) as desk:
        tracker = desk.tracker
        assert tracker.newest_sample() is None
        tracker.message("TRIALID 1")
        tracker.start()
        samples = []
        for _ in range(40):
            time.sleep(0.02)
            samples.append(tracker.newest_sample())
        tracker.stop()
    # The trial's face was expected after 250 ms, but never came.
    assert samples[-1].time_ms - samples[0].time_ms > 700
    places = [[sample.x_px, sample.y_px] for sample in samples]
    assert screen.distance_deg(places, [640.0, 539.5]).max() < 2.0
    assert len({tuple(place) for place in places}) > 20


def test_nothing_is_lost_while_the_face_is_waited_for(tmp_path):
    losses = {"loss_share": 0.5, "between_loss": 0.0, "loss_mean_ms": 20}
    with at_desk("simulated", desk_study(tmp_path, observers=quick_answers(**losses))) as desk:
        run_trial(desk, 1)
    samples, lines = read_asc(desk.path.read_bytes())
    lost_ms = {int(row[0]) for row in samples if np.isnan(row[1])}
    blinks = [values for kind, values in lines if kind == "EBLINK"]
    assert blinks
    assert lost_ms == {t for b in blinks for t in range(int(b[0]), int(b[1]) + 1)}


def test_newest_samples_and_events_are_those_of_the_recording(tmp_path):
    study = desk_study(tmp_path, observers=quick_answers(blink_rate_hz=2.0))
    seen = []
    with at_desk("simulated", study) as desk:
        tracker = desk.tracker
        tracker.message("TRIALID 1")
        tracker.start()
        for number in range(160):
            time.sleep(0.01)
            seen.append(tracker.newest_sample())
            if number == 20:
                tracker.message("FACE_ON AF01HAS")
        tracker.stop()
    assert_each_millisecond_once(desk.path, 1)
    samples, lines = read_asc(desk.path.read_bytes())
    at = {int(row[0]): row for row in samples}
    for sample in seen:
        written = at[int(sample.time_ms)]
        assert np.array_equal([sample.x_px, sample.y_px], written[1:3], equal_nan=True)
    kinds = Counter(kind for kind, _ in lines)
    assert kinds["EFIX"] >= 3
    for name in ("FIX", "SACC", "BLINK"):
        assert kinds[f"S{name}"] == kinds[f"E{name}"]
    for kind, values in lines:
        if kind == "EFIX":
            held = np.array([at[time] for time in range(int(values[0]), int(values[1]) + 1)])
            assert np.abs(held[:, 1:3].mean(axis=0) - values[3:5]).max() <= 0.0501


def test_answers_are_those_of_sessions_without_a_window(tmp_path):
    study = desk_study(tmp_path, observers=quick_answers())
    with at_desk("simulated", study) as desk:
        keys = desk.tracker._plan.keys
        observer = draw_observer(study.settings.observers, "sub-001", seed=1)
        for trial in desk.tracker._plan.trials[:3]:
            facing = observer.facing(trial.image_id, trial.expression)
            planned = draw_response(
                facing, trial.expression, generator(1, "answer", "sub-001", "01", trial.trial)
            )
            key, rt_ms = run_trial(desk, trial.trial)
            assert key == keys[planned.expression]
            assert planned.rt_ms - 1 < rt_ms < planned.rt_ms + 400


def test_a_trial_that_is_run_again_is_another_attempt(tmp_path):
    study = desk_study(tmp_path)
    with at_desk("simulated", study) as desk:
        tracker, traces, answers = desk.tracker, [], []
        for _ in range(4):
            tracker.message("TRIALID 2")
            traces.append(tracker._looking.gaze.trace)
            answers.append(tracker._looking.response.rt_ms)
    assert len(set(answers)) == 4
    assert len({trace.x_px[:50].tobytes() for trace in traces}) == 4
    with at_desk("simulated", study, eye="left") as again:
        again.tracker.message("TRIALID 2")
        first = again.tracker._looking.gaze.trace
    assert first.x_px.tobytes() == traces[0].x_px.tobytes()


@pytest.mark.parametrize("condition", ["", "viewing"])
def test_nobody_answers_before_it_is_allowed(tmp_path, condition):
    viewing = {"free_viewing": True, "face_ms": 900.0}
    experiment = QUICK | ({"conditions": {"viewing": viewing}} if condition else viewing)
    study = desk_study(tmp_path, observers=quick_answers(), experiment=experiment)
    with at_desk("simulated", study) as desk:
        plan = desk.tracker._plan
        trials = tuple(t.model_copy(update={"condition": condition}) for t in plan.trials)
        desk.tracker._plan = plan.model_copy(update={"trials": trials})
        _, rt_ms = run_trial(desk, 1)
    assert 1199 < rt_ms < 2000


def test_a_question_for_confidence_is_answered_in_time(tmp_path):
    study = desk_study(tmp_path, observers=quick_answers())
    with at_desk("simulated", study) as desk:
        run_trial(desk, 1)
        correct = desk.tracker._looking.response.correct
        desk.window.pressed.clear()
        asked_s = time.perf_counter()
        desk.tracker.message("CONFIDENCE_ON 4")
        key, pressed_s = wait_for_key(desk.window)
        expected = draw_confidence(correct, 4, generator(1, "confidence", "sub-001", "01", 1))
    assert key == str(expected.level)
    assert expected.rt_ms - 1 < 1000 * (pressed_s - asked_s) < expected.rt_ms + 400


def test_no_key_is_pressed_after_the_time_is_up(tmp_path):
    study = desk_study(tmp_path)
    with at_desk("simulated", study) as desk:
        tracker = desk.tracker
        tracker.message("TRIALID 1")
        tracker.start()
        tracker.message("FACE_ON AF01HAS")
        tracker.message("RESPONSE n/a n/a")
        time.sleep(0.9)
        tracker.stop()
        assert desk.window.pressed == []


def test_confidence_is_higher_after_right_answers():
    random = np.random.default_rng(1)
    levels = {
        correct: [draw_confidence(correct, 5, random).level for _ in range(400)]
        for correct in (True, False)
    }
    assert set(levels[True]) | set(levels[False]) == {1, 2, 3, 4, 5}
    # Means of 1 + 4 * 0.75 and 1 + 4 * 0.4, give or take four standard errors.
    assert np.mean(levels[True]) == pytest.approx(4.0, abs=0.18)
    assert np.mean(levels[False]) == pytest.approx(2.6, abs=0.2)
    assert draw_confidence(True, 1, random).level == 1


def test_the_truth_of_an_earlier_part_is_kept(tmp_path):
    study = desk_study(tmp_path, observers=quick_answers())
    parts: list[tuple[Eye, list[int]]] = [("right", [1, 2]), ("left", [2, 3])]
    for eye, trials in parts:
        with at_desk("simulated", study, eye=eye) as desk:
            for number in trials:
                run_trial(desk, number, off=eye == "left" or number == 1)
            desk.tracker.save()
            kept = read_true_fixations(study.root)
            # Trial 2 of the first part was not completed.
            assert set(kept) == ({1, 2, 3} if eye == "left" else {1})
