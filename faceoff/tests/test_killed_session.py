"""A session that is killed, again and again, at random moments, loses nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiment.recording import recording_name
from experiment.tests.small_study import QUICK, make_small_study
from gaze_analysis.events import make_events
from gaze_analysis.eyelink import read_recording
from gaze_analysis.importing import import_sessions
from study.folder import Study
from study.tables import read_table

pytestmark = [pytest.mark.window, pytest.mark.slow, pytest.mark.timeout(1500)]

N_KILLS = 20
N_TRIALS = 22
# A trial of this study takes about this long; half of the kills fall into its neighbours.
TRIAL_S = 1.5
COLUMNS = {"trial": int, "outcome": str, "part": int, "correct": bool, "rt_ms": float}


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[tuple[Study, subprocess.Popen[str]]]:
    # Each part begins with a calibration: of few targets, for time's sake.
    experiment = QUICK | {"calibration": {"type": "H3"}}
    study = make_small_study(
        tmp_path / "study", n_main=N_TRIALS - 2, n_practice=2, n_actors=4, experiment=experiment
    )
    with subprocess.Popen(
        [sys.executable, "-m", "experiment.tests.nursery", str(study.root)],
        cwd=Path(__file__).resolve().parents[2],
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield study, process
        process.kill()


def begin(process: subprocess.Popen[str], how: str) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{how}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def ended(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def wait_for_first_trial(recording: Path, pid: int) -> None:
    end_s = time.monotonic() + 120
    while time.monotonic() < end_s:
        if recording.exists() and b"TRIALID" in recording.read_bytes():
            return
        os.kill(pid, 0)
        time.sleep(0.01)
    raise AssertionError(f"no trial in {recording}")


def rows(study: Study) -> list[dict]:
    path = study.session_dir("sub-001", "01") / "trials.tsv"
    assert path.read_bytes().endswith(b"\n")
    return read_table(path, what="", columns=COLUMNS).to_dict("records")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_twenty_kills_lose_no_complete_trial_and_no_gaze(nursery):
    study, process = nursery
    folder = study.session_dir("sub-001", "01")
    moments = random.Random(1)
    before = b""
    for part in range(1, N_KILLS + 1):
        pid = begin(process, "run" if part == 1 else "resume")
        recording = folder / f"{recording_name('sub-001', '01', part)}.asc"
        wait_for_first_trial(recording, pid)
        time.sleep(moments.uniform(0.0, TRIAL_S))
        os.kill(pid, signal.SIGKILL)
        assert ended(process) == -signal.SIGKILL
        table, now = (folder / "trials.tsv").read_bytes(), rows(study)
        assert table.startswith(before), "earlier rows have changed"
        assert [row["trial"] for row in now] == list(range(1, len(now) + 1))
        assert {row["outcome"] for row in now} <= {"done"}
        check_recording(recording, [row for row in now if row["part"] == part])
        before = table
    begin(process, "resume")
    assert ended(process) == 0
    check_whole(study)


def check_recording(recording: Path, own_rows: list[dict]) -> None:
    """Read what was recorded: every whole trial is there, and samples without a gap."""
    found = read_recording(recording)
    texts = found.messages["text"].tolist()
    assert sum(text.startswith("TRIAL_RESULT 0") for text in texts) >= len(own_rows)
    for block in found.blocks.itertuples():
        samples = found.samples[found.samples["block"] == block.block]
        assert (samples["time_ms"].diff().dropna() == 1).all()


def check_whole(study: Study) -> None:
    """Join the parts as the analysis does: each trial once, with its own gaze."""
    everything = rows(study)
    assert [row["trial"] for row in everything] == list(range(1, N_TRIALS + 1))
    import_sessions(study)
    make_events(study)
    trials = read_table(study.gaze_dir / "trials.tsv", what="")
    assert trials["trial"].tolist() == list(range(1, N_TRIALS + 1))
    assert trials["start_ms"].notna().all()
    assert trials["part"].tolist() == [row["part"] for row in everything]
    fixations = read_table(study.gaze_dir / "fixations.tsv", what="")
    assert set(fixations["trial"]) >= set(range(3, N_TRIALS + 1))
