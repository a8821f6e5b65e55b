"""A tracker at a desk without a window, on a clock that may run fast, for tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiment.tests.small_study import make_small_study
from experiment.trackers import asc_recording, make_tracker
from experiment.trackers.protocol import Eye, TrackerSetup
from participants.plans import plan_path, read_plan
from study.folder import Study


class NoWindow:
    """What trackers need of a window: keys, watchers, and a pointer."""

    def __init__(self) -> None:
        self.pressed: list[tuple[str, float]] = []
        self.watchers: list[Any] = []
        self.pointer = 100.0, 200.0

    def press_key(self, key: str) -> None:
        self.pressed.append((key, time.perf_counter()))

    def pointer_px(self) -> tuple[float, float]:
        return self.pointer

    def hold_target(self, x_px: float, y_px: float, duration_ms: float) -> None:
        """Show nothing."""

    def show_target(self, x_px: float, y_px: float) -> None:
        """Show nothing."""


def desk_study(folder: Path, *, n_main: int = 6, **sections: Any) -> Study:
    return make_small_study(folder / "study", n_main=n_main, n_practice=0, **sections)


@contextmanager
def at_desk(name: str, study: Study, eye: Eye = "right") -> Iterator[Any]:
    """Give a connected tracker, its window, and its recording, which is closed in the end."""
    plan = read_plan(plan_path(study, "sub-001", "01"))
    window: Any = NoWindow()
    setup = TrackerSetup(study, plan, window, study.root / f"{name}_{eye}", eye)
    tracker: Any = make_tracker(name, setup)
    tracker.connect()
    try:
        yield SimpleNamespace(tracker=tracker, window=window, path=tracker._recording.path)
    finally:
        tracker.close()


def run_clock(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Let the trackers' clock run faster than time."""
    monkeypatch.setattr(asc_recording, "clock_s", lambda: factor * time.perf_counter())


def blocks_of(path: Path) -> list[tuple[int, int, np.ndarray]]:
    """Give each block's start, end and times of samples."""
    blocks: list[tuple[int, int, np.ndarray]] = []
    start_ms, times = -1, []
    for line in path.read_bytes().splitlines():
        if start_ms >= 0 and line[:1].isdigit():
            times.append(int(line[: line.index(b"\t")]))
        elif line.startswith(b"START"):
            start_ms, times = int(line.split()[1]), []
        elif line.startswith(b"END"):
            blocks.append((start_ms, int(line.split()[1]), np.array(times)))
            start_ms = -1
    return blocks


def assert_each_millisecond_once(path: Path, n_blocks: int) -> int:
    """Check that no sample is missing or doubled, and give the number of samples."""
    blocks = blocks_of(path)
    assert len(blocks) == n_blocks
    for start_ms, end_ms, times in blocks:
        assert np.array_equal(times, np.arange(start_ms, end_ms))
        assert len(times) > 0
    assert all(before[1] <= after[0] for before, after in pairwise(blocks))
    return sum(len(times) for *_, times in blocks)
