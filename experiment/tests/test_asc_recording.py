"""The recording thread: every millisecond once, whatever happens to the session."""

import re
import signal
import subprocess
import sys
import time
from datetime import datetime

import numpy as np
import pytest

from experiment.asc_writer import AscWriter
from experiment.gaze_trace import GazeTrace
from experiment.tests.desk import assert_each_millisecond_once, at_desk, desk_study, run_clock
from experiment.trackers.asc_recording import AscRecording, no_gaze
from experiment.trackers.protocol import TrackerLostError
from stimuli.frames import screen_from

MINUTES, FACTOR = 30, 200


@pytest.fixture
def study(tmp_path):
    return desk_study(tmp_path)


@pytest.fixture
def recording(study):
    screen = screen_from(study.settings.screen)
    opened = AscRecording(study.root / "recording.asc", screen, "a test", "right")
    opened.open()
    yield opened
    opened.close()


def write_recording(study, lengths_ms, seed=1):
    """Write a recording of random gaze that can be replayed, and give its blocks."""
    random, blocks = np.random.default_rng(seed), []
    screen = screen_from(study.settings.screen)
    with AscWriter(study.root / "replayed.asc", screen, datetime.now(), "a test") as writer:
        for number, length_ms in enumerate(lengths_ms):
            start_ms = 1_000_000 * (1 + number)
            gaze = random.uniform(-100, 2000, size=(3, length_ms)).round(1)
            gaze[2] = random.integers(100, 9000, size=length_ms)
            gaze[:2, random.random(length_ms) < 0.05] = np.nan
            writer.start_block(start_ms)
            time_ms = np.arange(start_ms, start_ms + length_ms)
            writer.end_block(GazeTrace(time_ms, gaze[0], gaze[1], gaze[2], (), (), ()))
            blocks.append(gaze)
    return blocks


@pytest.mark.slow
@pytest.mark.parametrize("name", ["simulated", "replay"])
def test_half_an_hour_has_each_millisecond_once(tmp_path, monkeypatch, name):
    replayed = {"replay": {"recording": "replayed.asc"}}
    study = desk_study(tmp_path, experiment=replayed)
    write_recording(study, [4000, 6000, 9000])
    run_clock(monkeypatch, FACTOR)
    random = np.random.default_rng(3)
    with at_desk(name, study) as desk:
        tracker, n_blocks, recorded_ms = desk.tracker, 0, 0.0
        while recorded_ms < MINUTES * 60_000:
            tracker.message(f"TRIALID {n_blocks % 6 + 1}")
            tracker.start()
            begun_ms = tracker.message("FIXATION_ON")
            for text in ("FACE_ON AF01HAS", "RESPONSE 1 happy", "FACE_OFF"):
                time.sleep(random.uniform(0.0, 0.08))
                tracker.message(text)
                tracker.newest_sample()
            tracker.stop()
            recorded_ms += tracker.message("TRIAL_RESULT 0") - begun_ms
            n_blocks += 1
    n_samples = assert_each_millisecond_once(desk.path, n_blocks)
    assert n_samples > 0.9 * MINUTES * 60_000


def test_samples_are_those_of_the_clock(recording):
    before_ms = recording.now_ms()
    recording.start(no_gaze)
    started_ms = recording.message("STARTED")
    time.sleep(0.3)
    stopped_ms = recording.message("STOPPED")
    recording.stop()
    after_ms = recording.now_ms()
    lines = recording.path.read_text("ascii").splitlines()
    times = [int(line.split()[0]) for line in lines if line[:1].isdigit()]
    assert int(before_ms) <= times[0] <= int(started_ms)
    assert int(stopped_ms) <= times[-1] + 1 <= after_ms
    assert times == list(range(times[0], times[-1] + 1))


def test_messages_stand_at_their_time_however_they_come(recording, monkeypatch):
    run_clock(monkeypatch, 3.0)
    recording.start(no_gaze)
    said: list[int] = []
    found: list[int] = []
    end_s = time.perf_counter() + 0.6
    while time.perf_counter() < end_s:
        said.append(int(recording.message(f"SAID {len(said)}")))
    recording.stop()
    last_ms = 0
    for line in recording.path.read_text("ascii").splitlines():
        if line[:1].isdigit():
            time_ms = int(line.split()[0])
            assert time_ms > last_ms or not found
            last_ms = time_ms
        elif " SAID " in line:
            found.append(int(line.split()[1]))
            # Before the sample of its own millisecond, after the one before.
            assert found[-1] == last_ms + 1 or last_ms == 0
            last_ms = max(last_ms, found[-1] - 1)
    assert len(said) > 200
    assert found == said


def test_a_block_has_a_sample_however_short_it_is(recording):
    for _ in range(5):
        recording.start(no_gaze)
        recording.stop()
    recording.stop()
    assert assert_each_millisecond_once(recording.path, 5) >= 5


def test_what_has_passed_is_in_the_file_while_the_block_goes_on(recording):
    recording.start(no_gaze)
    for _ in range(4):
        time.sleep(0.15)
        now_ms = recording.now_ms()
        content = recording.path.read_bytes()
        assert content.endswith(b"\n")
        last_ms = int(content.splitlines()[-1].split()[0])
        # 40 ms between two writes, and what a busy computer takes.
        assert now_ms - last_ms < 300


def test_a_fault_of_the_thread_is_told_to_the_session(recording):
    def broken(first_ms, stop_ms, is_last):
        raise ZeroDivisionError("a fault")

    recording.start(broken)
    time.sleep(0.1)
    with pytest.raises(ZeroDivisionError):
        recording.message("SAID")
    with pytest.raises(ZeroDivisionError):
        recording.stop()
    recording.message("AFTER")
    recording.start(no_gaze)
    recording.stop()
    content = recording.path.read_bytes()
    assert re.findall(rb"^END|SAID|AFTER", content, re.MULTILINE) == [
        b"END", b"SAID", b"AFTER", b"END",
    ]  # fmt: skip


FULL_DISK = """
import resource, sys, time
from pathlib import Path
from experiment.tests.desk import at_desk
from experiment.trackers.protocol import TrackerLostError
from study.folder import open_study

def lost(action, *words):
    try:
        action(*words)
    except TrackerLostError as error:
        print(error)
    else:
        raise SystemExit(f"{action} did not tell")

with at_desk("simulated", open_study(Path(sys.argv[1]))) as desk:
    tracker = desk.tracker
    tracker.message("TRIALID 1")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, unlimited[1]))
    tracker.start()
    tracker.message("FACE_ON AF01HAS")
    time.sleep(0.6)
    lost(tracker.newest_sample)
    lost(tracker.message, "FACE_OFF")
    lost(tracker.stop)
    resource.setrlimit(resource.RLIMIT_FSIZE, (desk.path.stat().st_size + 5, unlimited[1]))
    lost(tracker.message, "TRIAL_RESULT 3")
    lost(tracker.start)
    if sys.argv[2] == "room":
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        tracker.message("TRIAL_RESULT 3")
        tracker.message("TRIALID 2")
        tracker.start()
        time.sleep(0.1)
        tracker.stop()
    tracker.close()
    tracker.close()
"""


def run_python(*words):
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file sizes")
@pytest.mark.parametrize("then", ["room", "no room"])
def test_a_full_disk_is_told_and_what_was_written_is_kept(study, then):
    done = run_python("-c", FULL_DISK, str(study.root), then)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert len(told) == 5
    assert all("Make room on the disk" in line and "simulated_right.asc" in line for line in told)
    content = (study.root / "simulated_right.asc").read_bytes()
    assert content.endswith(b"\n")
    if then == "room":
        assert assert_each_millisecond_once(study.root / "simulated_right.asc", 2) > 200
        # The block ends with its last sample; what was said while there was no room follows.
        assert re.search(rb"END.*\nMSG\t\d+ FACE_OFF\nMSG\t\d+ TRIAL_RESULT 3\n", content)
    else:
        assert 8_000 < len(content) <= 10_000


KILLED = """
import os, signal, sys, time
from pathlib import Path
from experiment.tests.desk import at_desk
from study.folder import open_study

with at_desk("simulated", open_study(Path(sys.argv[1]))) as desk:
    tracker = desk.tracker
    tracker.message("TRIALID 1")
    tracker.start()
    tracker.message("FACE_ON AF01HAS")
    time.sleep(float(sys.argv[2]))
    print(tracker._recording.now_ms(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("seconds", [0.25, 0.91])
def test_a_killed_session_leaves_gaze_up_to_there(study, seconds):
    done = run_python("-c", KILLED, str(study.root), str(seconds))
    assert done.returncode == -signal.SIGKILL, done.stderr
    content = (study.root / "simulated_right.asc").read_bytes()
    assert content.endswith(b"\n")
    lines = content.decode("ascii").splitlines()
    start_ms = next(int(line.split()[1]) for line in lines if line.startswith("START"))
    times = [int(line.split()[0]) for line in lines if line[:1].isdigit()]
    assert times == list(range(start_ms, times[-1] + 1))
    assert float(done.stdout) - times[-1] < 300
    assert sum(" FACE_ON " in line for line in lines) == 1
    assert not any(line.startswith("END") for line in lines)


def test_a_tracker_must_be_connected_first(study):
    screen = screen_from(study.settings.screen)
    unopened = AscRecording(study.root / "never.asc", screen, "a test", "right")
    with pytest.raises(RuntimeError, match="connected first"):
        unopened.message("TRIALID 1")
    assert unopened.close() == []


def test_a_folder_that_cannot_be_written_is_told(study):
    (study.root / "no_folder").write_text("a file\n", encoding="utf-8")
    screen = screen_from(study.settings.screen)
    with pytest.raises(TrackerLostError, match="must be written to"):
        AscRecording(study.root / "no_folder" / "x.asc", screen, "a test", "right").open()
