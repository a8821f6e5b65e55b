import json
from contextlib import nullcontext
from itertools import chain, cycle, repeat

import numpy as np
import pandas as pd
import pytest

from experiment import timing_run
from experiment.photodiode import patch_centre
from experiment.recording import versions
from experiment.tests.fake_window import fake_window
from experiment.tests.made_up_study import make_study
from experiment.timing import (
    FRAME_COLUMNS,
    callback_delays_ms,
    draw_timing,
    onset_errors_ms,
    summarise,
    tracker_errors_ms,
)
from experiment.timing_run import flash, run_timing
from stimuli.frames import screen_from
from study.errors import InputError
from study.settings.screen import ScreenSettings
from study.tables import read_table

PERIOD_MS = 10.0
FULL_KINDS = {"patch": bool, "onset": bool, "flip_ms": float, "interval_ms": float}


def frames_of(intervals_ms: list[float], every: int = 5) -> pd.DataFrame:
    """Frames that begin with a flip at 1000 ms, the patch changing after `every` of them."""
    n = len(intervals_ms) + 1
    flip_ms = 1000 + np.concatenate([[0], np.cumsum(intervals_ms)])
    patch = np.arange(n) // every % 2 == 1
    onset = patch & (np.arange(n) % every == 0)
    frames = pd.DataFrame(
        {
            "frame": np.arange(1, n + 1),
            "patch": patch,
            "onset": onset,
            "flip_ms": flip_ms,
            "interval_ms": np.concatenate([[np.nan], intervals_ms]),
            "callback_ms": np.where(onset, flip_ms + 0.03, np.nan),
            "tracker_ms": np.nan,
        }
    )
    return frames[list(FRAME_COLUMNS)]


def test_a_steady_screen_has_no_onset_errors():
    assert onset_errors_ms(frames_of([PERIOD_MS] * 99)) == pytest.approx(0, abs=1e-9)


def test_a_dropped_frame_is_one_error_and_not_one_in_each_later_onset():
    intervals_ms = [PERIOD_MS] * 99
    intervals_ms[20] = 2 * PERIOD_MS
    errors_ms = onset_errors_ms(frames_of(intervals_ms))
    assert sorted(np.round(errors_ms, 6)) == [0] * (len(errors_ms) - 1) + [PERIOD_MS]


def test_the_summary_is_that_of_a_slower_count():
    rng = np.random.default_rng(7)
    intervals_ms = list(rng.normal(PERIOD_MS, 0.1, 500))
    for dropped in (40, 41, 300):
        intervals_ms[dropped] = 3 * PERIOD_MS
    frames = frames_of(intervals_ms)
    found = summarise(frames)
    ordered = sorted(intervals_ms)
    mean = sum(intervals_ms) / 500
    assert found["interval_mean_ms"] == pytest.approx(mean, abs=1e-3)
    variance = sum((interval - mean) ** 2 for interval in intervals_ms) / 499
    assert found["interval_sd_ms"] == pytest.approx(variance**0.5, abs=1e-3)
    assert ordered[3] <= found["interval_percentile_1_ms"] <= ordered[6]
    assert ordered[493] <= found["interval_percentile_99_ms"] <= ordered[496]
    assert found["interval_longest_ms"] == pytest.approx(30)
    assert found["frames_dropped"] == 3
    assert found["frames"] == 501
    assert found["onsets"] == 50
    assert found["refresh_rate_hz"] == pytest.approx(100, rel=0.01)
    assert found["callback_delay_longest_ms"] == pytest.approx(0.03, abs=1e-4)
    assert "tracker_clock_sd_ms" not in found


def test_another_clocks_offset_and_drift_are_no_error_but_a_late_message_is():
    frames = frames_of([PERIOD_MS] * 399)
    onsets = frames.index[frames["onset"]]
    frames["tracker_ms"] = 654_321 + 1.0001 * frames["callback_ms"]
    assert tracker_errors_ms(frames) == pytest.approx(0, abs=1e-6)
    frames.loc[onsets[10], "tracker_ms"] += 3
    errors_ms = tracker_errors_ms(frames)
    assert np.argmax(errors_ms) == 10
    assert errors_ms[10] == pytest.approx(3, abs=0.2)
    assert summarise(frames)["tracker_clock_largest_ms"] == pytest.approx(3, abs=0.2)


def test_callbacks_are_measured_from_their_flip():
    frames = frames_of([PERIOD_MS] * 50)
    assert callback_delays_ms(frames) == pytest.approx(0.03)
    assert len(callback_delays_ms(frames)) == frames["onset"].sum()


def test_the_figure_marks_dropped_frames_and_says_where_nothing_is_synchronised():
    intervals_ms = [PERIOD_MS] * 99
    intervals_ms[20] = 2 * PERIOD_MS
    figure = draw_timing(frames_of(intervals_ms), 100, synchronised=False)
    _, series = figure.axes
    _, labels = series.get_legend_handles_labels()
    assert labels == ["100 Hz", "dropped (1 of 99)"]
    assert "not synchronised" in figure.get_suptitle()
    assert draw_timing(frames_of(intervals_ms), 100, synchronised=True).get_suptitle() == ""


@pytest.fixture
def study(tmp_path):
    return make_study(tmp_path / "study")


def test_the_patch_changes_every_n_frames_and_each_onset_is_sent(study):
    window = fake_window(repeat(PERIOD_MS))
    sent: list[str] = []

    def send(text: str) -> float:
        sent.append(text)
        return 5000.0 + len(sent)

    frames = flash(study, window, 1.0, 7, send)
    white = [colour == (255, 255, 255) for colour in window.shown[-len(frames) :]]
    assert white == frames["patch"].tolist()
    assert white == [frame // 7 % 2 == 1 for frame in range(len(frames))]
    assert sent == [f"PHOTODIODE_ON {number}" for number in range(1, len(sent) + 1)]
    onsets = frames[frames["onset"]]
    assert onsets["tracker_ms"].tolist() == [5001.0 + number for number in range(len(sent))]
    assert (onsets["callback_ms"] - onsets["flip_ms"]).to_numpy() == pytest.approx(0.02)
    assert frames["interval_ms"].iloc[1:].to_numpy() == pytest.approx(PERIOD_MS, abs=0.05)


def fake_station(monkeypatch, intervals_ms, *, synchronised=True):
    window = fake_window(intervals_ms, synchronised=synchronised)
    monkeypatch.setattr(timing_run, "station_window", lambda study: nullcontext(window))


def test_a_run_leaves_frames_measures_and_figure_and_overwrites_none(study, monkeypatch, capsys):
    fake_station(monkeypatch, chain(repeat(16.0, 100), [48.0], cycle([16.0, 16.2])))
    first = run_timing(study, seconds=3, n_frames=5)
    before = first.read_bytes()
    second = run_timing(study, seconds=3, n_frames=5)
    assert first != second
    assert first.read_bytes() == before
    frames = read_table(first, what="", columns=FULL_KINDS)
    assert frames["interval_ms"].max() == pytest.approx(48.0)
    summary = json.loads((first.parent / f"{first.stem}_summary.json").read_text(encoding="utf-8"))
    assert summary["measures"]["frames_dropped"] == 1
    assert summary["screen_synchronised"] is True
    assert summary["versions"]["psychopy"] == versions("psychopy")["psychopy"]
    assert {path.suffix for path in first.parent.glob(f"{first.stem}.*")} == {
        ".tsv", ".json", ".png", ".svg",
    }  # fmt: skip
    shown = capsys.readouterr()
    assert "frames dropped" in shown.out
    assert "not synchronised" not in shown.err


def test_a_screen_that_nothing_synchronises_is_said(study, monkeypatch, capsys):
    fake_station(monkeypatch, repeat(16.0), synchronised=False)
    run_timing(study, seconds=2, n_frames=5)
    assert "not about a laboratory's screen" in " ".join(capsys.readouterr().err.split())


def test_a_run_without_onsets_is_refused_and_leaves_nothing(study, monkeypatch):
    fake_station(monkeypatch, repeat(16.0))
    with pytest.raises(InputError, match="must have 3 onsets, but it had 1"):
        run_timing(study, seconds=1, n_frames=30)
    assert not (study.derivatives / "timing").exists()


def test_a_tracker_that_plays_a_participant_is_refused(study, monkeypatch):
    fake_station(monkeypatch, repeat(16.0))
    with pytest.raises(InputError, match="plays a participant"):
        run_timing(study, seconds=1, n_frames=5, tracker_name="simulated")


def test_the_mouse_records_the_onsets(study, monkeypatch):
    fake_station(monkeypatch, repeat(16.0))
    table = run_timing(study, seconds=2, n_frames=5, tracker_name="mouse")
    text = table.with_suffix(".asc").read_text(encoding="utf-8")
    frames = read_table(table, what="", columns=FULL_KINDS)
    assert text.count("PHOTODIODE_ON") == frames["onset"].sum() == frames["tracker_ms"].count()


@pytest.mark.parametrize(
    ("corner", "centre"),
    [
        ("top left", (-930, 510)),
        ("top right", (930, 510)),
        ("bottom left", (-930, -510)),
        ("bottom right", (930, -510)),
    ],
)
def test_the_patch_stands_flush_with_its_corner(corner, centre):
    assert patch_centre(screen_from(ScreenSettings()), 60, corner) == centre
