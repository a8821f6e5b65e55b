import errno
import os
import shutil
import sys
import time
from itertools import chain, repeat
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment import checks, screen_checks
from experiment.checks import check_clock, check_disk, check_writable
from experiment.screen_checks import (
    WindowSizes,
    check_refresh,
    check_scaling,
    check_screen_saver,
    check_window,
    frame_rate_hz,
    measure_intervals,
    measure_sizes,
)
from experiment.tests.fake_window import fake_window
from study.settings.screen import ScreenSettings

FULL_HD = (1920, 1080)


def steady(rate_hz: float, n: int = 120) -> np.ndarray:
    return np.full(n, 1000 / rate_hz)


@pytest.mark.parametrize(
    ("sizes", "evidence"),
    [
        pytest.param(WindowSizes(FULL_HD, FULL_HD, FULL_HD, 1), "", id="as it must be"),
        pytest.param(
            WindowSizes(FULL_HD, (960, 540), (960, 540), 2), "the window has 960 x 540", id="Retina"
        ),
        pytest.param(
            WindowSizes((1536, 864), (1536, 864), (1536, 864), 1.25),
            "the framebuffer has 1536 x 864, the window has 1536 x 864, the screen has 1536 x 864",
            id="Windows at 125 %",
        ),
        pytest.param(
            WindowSizes(FULL_HD, FULL_HD, (2560, 1440), 1), "the screen has 2560", id="not full"
        ),
    ],
)
def test_a_window_of_another_size_is_told_with_each_size(sizes, evidence):
    found = check_window(sizes, ScreenSettings())
    assert found.passed == (not evidence)
    assert evidence in found.text


def test_sizes_are_those_of_the_window_and_retina_scales_the_framebuffer():
    window = fake_window(repeat(16.0))
    window.handle.clientSize = (960, 540)
    assert measure_sizes(window) == WindowSizes(FULL_HD, (960, 540), FULL_HD, 2.0)


@pytest.mark.parametrize(("scale", "passed"), [(1.0, True), (1.25, False), (2.0, False)])
def test_only_a_scaling_of_100_percent_passes(scale, passed):
    found = check_scaling(scale)
    assert found.passed == passed
    assert f"{100 * scale:.0f}" in found.text


@given(
    rate_hz=st.floats(50, 240),
    dropped=st.sets(st.integers(0, 119), max_size=30),
    seed=st.integers(0, 2**16),
)
def test_the_rate_is_found_although_frames_are_dropped(rate_hz, dropped, seed):
    period_ms = 1000 / rate_hz
    n_refreshes = np.ones(120)
    n_refreshes[list(dropped)] = 2
    noise_ms = np.random.default_rng(seed).normal(0, 0.02 * period_ms, 120)
    assert frame_rate_hz(n_refreshes * period_ms + noise_ms) == pytest.approx(rate_hz, rel=0.01)


@pytest.mark.parametrize(
    ("rate_hz", "passed"), [(60, True), (59.94, True), (60.5, True), (59.3, False), (75, False)]
)
def test_a_rate_that_is_off_by_over_one_percent_fails(rate_hz, passed):
    found = check_refresh(steady(rate_hz), 60, synchronised=True, at_a_desk=False)
    assert found.passed == passed
    assert f"{rate_hz:.2f} Hz" in found.text


def test_dropped_frames_are_counted_and_do_not_hide_the_rate():
    intervals_ms = np.append(steady(60), [1000 / 30] * 3)
    found = check_refresh(intervals_ms, 60, synchronised=True, at_a_desk=False)
    assert found.passed
    assert "3 of 123 frames were dropped" in found.text


@pytest.mark.parametrize(("at_a_desk", "passed"), [(True, None), (False, False)])
@pytest.mark.parametrize(
    ("rate_hz", "synchronised", "evidence"),
    [(60, False, "this one does not"), (144, True, "144.00 Hz")],
)
def test_a_screen_that_fails_a_real_tracker_is_only_told_at_a_desk(
    at_a_desk, passed, rate_hz, synchronised, evidence
):
    found = check_refresh(steady(rate_hz), 60, synchronised=synchronised, at_a_desk=at_a_desk)
    assert found.passed is passed
    assert evidence in found.text


def test_intervals_are_measured_for_the_time_asked_and_without_the_first_frames():
    window = fake_window(chain(repeat(50.0, 10), repeat(10.0)))
    intervals_ms = measure_intervals(window, seconds=2.0)
    assert len(intervals_ms) == pytest.approx(200, abs=1)
    assert intervals_ms == pytest.approx(10.0)


@pytest.mark.parametrize(("minutes", "passed"), [(0.0, True), (10.0, None)])
def test_a_screen_saver_is_told(monkeypatch, minutes, passed):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(screen_checks, "_x_saver_minutes", lambda window: minutes)
    (found,) = check_screen_saver(fake_window(repeat(10.0)))
    assert found.passed is passed
    assert ("10 minutes" in found.text) == bool(minutes)


def test_where_psychopy_keeps_the_screen_awake_there_is_nothing_to_read(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert check_screen_saver(fake_window(repeat(10.0))) == []


def test_a_folder_is_tried_by_writing_and_left_as_it_was(tmp_path):
    found = check_writable(tmp_path / "not" / "there")
    assert found.passed
    assert str(tmp_path) in found.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_fails_with_the_systems_reason(
    tmp_path, monkeypatch, number
):
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    found = check_writable(tmp_path)
    assert found.passed is False
    assert os.strerror(number) in found.text
    assert list(tmp_path.iterdir()) == []


def test_a_disk_needs_the_room_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=999_000_000))
    assert check_disk(tmp_path, 999).passed
    found = check_disk(tmp_path, 1000)
    assert found.passed is False
    assert "999 MB" in found.text


def test_the_clock_of_this_computer_will_do():
    assert check_clock().passed


def test_a_clock_with_coarse_steps_fails(monkeypatch):
    exact = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: int(exact() * 64) / 64)
    monkeypatch.setattr(checks, "_N_READINGS", 400_000)
    found = check_clock()
    assert found.passed is False
    assert "15.6 ms" in found.text
