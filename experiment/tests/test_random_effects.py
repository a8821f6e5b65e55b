"""Random effects of pictures and trackers: planted as asked, independent, and shared rightly."""

from itertools import pairwise

import numpy as np
import pytest

from experiment.calibration import CalibratedEye
from experiment.observers import PictureSpread, draw_observer
from experiment.observers.loss import BORDER_MS, lost_samples
from experiment.tests.test_observers import average_observer, look
from study.settings.observers import ObserversSettings


def test_picture_effects_have_the_planted_spreads():
    spread = PictureSpread(1, strategy=0.3, accuracy=0.6, speed=0.1)
    effects = [spread.draw(f"picture {number}") for number in range(800)]
    weights = np.array([list(effect.strategy.values()) for effect in effects])
    assert weights.std(axis=0) == pytest.approx(np.full(10, 0.3), rel=0.12)
    assert np.std([effect.accuracy_logits for effect in effects]) == pytest.approx(0.6, rel=0.1)
    assert np.std([effect.speed_log for effect in effects]) == pytest.approx(0.1, rel=0.1)
    assert np.abs(np.corrcoef(weights.T) - np.eye(10)).max() < 0.15


def test_a_picture_is_the_same_for_everybody_and_moves_log_weights():
    settings = ObserversSettings(between_picture_strategy=0.4)
    first, second = (draw_observer(settings, name, seed=3) for name in ("sub-001", "sub-002"))
    moves = []
    for observer in (first, second):
        facing = observer.facing("AF01HAS", "happy")
        logs = [np.log(facing.strategy["happy"][r] / observer.strategy["happy"][r])
                for r in observer.strategy["happy"]]  # fmt: skip
        moves.append(np.array(logs) - np.mean(logs))
        assert facing.strategy["sad"] == observer.strategy["sad"]
        ratio = facing.reaction_time["happy"].mean_ms / observer.reaction_time["happy"].mean_ms
        assert np.log(ratio) == pytest.approx(observer.pictures.draw("AF01HAS").speed_log)
    assert moves[0] == pytest.approx(moves[1])
    assert np.abs(moves[0]).max() > 0.05


def test_pictures_that_do_not_differ_change_nothing():
    same = {f"between_picture_{name}": 0.0 for name in ("strategy", "accuracy", "speed")}
    observer = draw_observer(ObserversSettings(**same), "sub-001", seed=1)
    facing = observer.facing("AF01HAS", "happy")
    assert facing.strategy["happy"] == pytest.approx(observer.strategy["happy"])
    assert facing.accuracy["happy"] == pytest.approx(observer.accuracy["happy"])


def test_losses_have_the_planted_share_and_duration():
    eye = average_observer(loss_share=0.1, loss_mean_ms=150.0, between_loss=0.0).eye
    draws = [lost_samples(4000, eye, np.random.default_rng(seed)) for seed in range(300)]
    inner = np.array(draws)[:, BORDER_MS:-BORDER_MS]
    assert inner.mean() == pytest.approx(0.1, abs=0.012)
    begins = int((np.diff(inner.astype(int), axis=1) == 1).sum())
    assert inner.sum() / begins == pytest.approx(150, rel=0.15)
    assert not any(draw[:BORDER_MS].any() or draw[-BORDER_MS:].any() for draw in draws)


def test_the_mean_share_of_losses_is_the_planted_one_whatever_the_spread():
    settings = ObserversSettings(loss_share=0.02, between_loss=0.8)
    shares = [draw_observer(settings, f"sub-{n}", seed=1).eye.loss_share for n in range(1500)]
    assert np.mean(shares) == pytest.approx(0.02, rel=0.1)
    assert np.std(np.log(shares)) == pytest.approx(0.8, rel=0.1)


def test_a_loss_cuts_fixations_and_stands_within_saccades():
    observer = average_observer(loss_share=0.15, loss_mean_ms=80.0, blink_rate_hz=0.5)
    n_cut = 0
    for seed in range(60):
        simulated = look(observer, seed)
        trace = simulated.trace
        missing = np.isnan(trace.x_px)
        assert (missing == np.isnan(trace.pupil)).all()
        first = int(trace.time_ms[0])
        hidden = np.zeros(len(missing), dtype=bool)
        for blink in trace.blinks:
            hidden[blink.start_ms - first : blink.end_ms + 1 - first] = True
            assert any(s.start_ms < blink.start_ms and blink.end_ms < s.end_ms
                       for s in trace.saccades)  # fmt: skip
        assert (hidden == missing).all()
        events = sorted((*trace.fixations, *trace.saccades), key=lambda event: event.start_ms)
        assert (events[0].start_ms, events[-1].end_ms) == (first, int(trace.time_ms[-1]))
        assert all(a.end_ms + 1 == b.start_ms for a, b in pairwise(events))
        assert all(np.isfinite(s.peak_velocity_deg_s) for s in trace.saccades)
        n_cut += len(trace.fixations) - 1 - len(simulated.fixations)
    assert n_cut > 20


def test_the_offset_wanders_with_the_square_root_of_time_until_a_calibration():
    eye = average_observer(calibration_drift_deg=0.1, calibration_error_deg=0.0).eye
    ends = []
    for seed in range(400):
        seen = CalibratedEye(eye, np.random.default_rng(seed))
        seen.calibrate(0.0)
        for minute in range(1, 10):
            moved = seen.at(60_000.0 * minute)
        ends.append((moved.offset_x_deg, moved.offset_y_deg))
    assert np.std(ends, axis=0) == pytest.approx([0.3, 0.3], rel=0.12)
    seen.calibrate(600_000.0)
    assert seen.at(600_000.0) == eye


def test_an_eye_that_does_not_wander_keeps_its_offset():
    eye = average_observer(calibration_drift_deg=0.0).eye
    assert CalibratedEye(eye, np.random.default_rng(1)).at(3_600_000.0) == eye
