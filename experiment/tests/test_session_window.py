import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiment.observers import draw_observer, draw_response
from experiment.recording import TRIAL_COLUMNS
from experiment.tests.small_study import make_small_study
from study.folder import Study
from study.seeds import generator
from study.tables import read_table

pytestmark = pytest.mark.window

KINDS = {"correct": bool, "rt_ms": float, "face_onset_ms": float, "face_offset_ms": float}
TRIAL_PATTERN = re.compile(
    r"TRIALID|DRIFTCORRECT|START|FIXATION_ON|FACE_ON|!V IMGLOAD|!V IAREA|RESPONSE|FACE_OFF"
    r"|!V TRIAL_VAR|END|TRIAL_RESULT"
)


def run_python(*arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own: PsychoPy keeps one window system for its process."""
    checkout = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def run_command(study: Study, *options: str) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "experiment", "run", "sub-001", "--study", str(study.root), *options)


def read_trials(study: Study) -> pd.DataFrame:
    path = study.session_dir("sub-001", "01") / "trials.tsv"
    return read_table(path, what="", columns=KINDS)


def read_asc(study: Study) -> list[str]:
    path = study.session_dir("sub-001", "01") / "sub-001_ses-01.asc"
    return path.read_text(encoding="utf-8").splitlines()


def read_record(study: Study) -> dict:
    path = study.session_dir("sub-001", "01") / "session.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = make_small_study(tmp_path_factory.mktemp("finished") / "study")
    home = {path.name for path in Path.home().iterdir()}
    done = run_command(study, "--tracker", "simulated")
    assert done.returncode == 0, done.stderr
    assert str(study.session_dir("sub-001", "01")) in done.stderr
    assert "Next: faceoff gaze import" in done.stderr
    assert done.stdout == ""
    assert {path.name for path in Path.home().iterdir()} <= home | {".config", ".cache"}
    return study


def test_each_trial_of_the_plan_has_its_row(finished):
    trials = read_trials(finished)
    assert list(trials.columns) == list(TRIAL_COLUMNS)
    assert trials["trial"].tolist() == list(range(1, 9))
    assert trials["phase"].tolist() == ["practice"] * 2 + ["main"] * 6
    assert (trials["face_offset_ms"] - trials["face_onset_ms"] >= trials["rt_ms"]).all()
    assert (trials["n_frames"] >= 1).all()
    answered = trials["response"] == trials["expression"]
    assert (answered == trials["correct"]).all()


def test_answers_come_when_the_observer_planned_them(finished):
    observer = draw_observer(finished.settings.observers, "sub-001", seed=1)
    for row in read_trials(finished).to_dict("records"):
        random = generator(1, "answer", "sub-001", "01", row["trial"])
        facing = observer.facing(row["image_id"], row["expression"])
        planned = draw_response(facing, row["expression"], random)
        assert row["response"] == planned.expression
        # A timer never fires early; how late it is depends on what else this computer does.
        assert row["rt_ms"] > planned.rt_ms - 1


def test_gaze_is_that_of_the_planted_observer(finished):
    folder = finished.session_dir("sub-001", "01")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert set(truth["strategy"]) == set(truth["accuracy"])
    fixations = read_table(folder / "truth_fixations.tsv", what="")
    trials = read_trials(finished).set_index("trial")
    assert set(fixations["trial"]) <= set(trials.index)
    faces_ms = trials["face_offset_ms"] - trials["face_onset_ms"]
    ends_ms = fixations["onset_ms"] + fixations["duration_ms"]
    assert (ends_ms <= faces_ms.loc[fixations["trial"]].to_numpy() + 1).all()


def test_messages_of_each_trial_stand_in_their_order(finished):
    said = "\n".join(read_asc(finished))
    trials = said.split(" TRIALID ")[1:]
    assert len(trials) == 8
    for trial in trials:
        words = TRIAL_PATTERN.findall(trial)
        assert words == [
            "DRIFTCORRECT", "START", "FIXATION_ON", "FACE_ON", "!V IMGLOAD", "!V IAREA", "RESPONSE",
            "FACE_OFF", *["!V TRIAL_VAR"] * 7, "END", "TRIAL_RESULT",
        ]  # fmt: skip
    assert "DISPLAY_COORDS 0 0 1919 1079" in said
    assert "!CAL VALIDATION HV9 R RIGHT" in said


def test_samples_are_at_1000_hz_without_a_gap_or_a_double_in_each_block(finished):
    lines = read_asc(finished)
    starts = [i for i, line in enumerate(lines) if line.startswith("START")]
    ends = [i for i, line in enumerate(lines) if line.startswith("END")]
    assert len(starts) == len(ends) == 8
    for start, end in zip(starts, ends, strict=True):
        block = lines[start:end]
        times = np.array([int(line.split("\t")[0]) for line in block if line[0].isdigit()])
        assert times[0] == int(lines[start].split()[1])
        assert times[-1] == int(lines[end].split()[1]) - 1
        assert (np.diff(times) == 1).all()


def test_onsets_in_the_table_are_the_times_of_the_messages(finished):
    onsets = [int(line.split()[1]) for line in read_asc(finished) if " FACE_ON " in line]
    assert onsets == np.floor(read_trials(finished)["face_onset_ms"]).astype(int).tolist()


def test_the_pictures_that_messages_name_are_there(finished):
    folder = finished.session_dir("sub-001", "01")
    named = [line.split()[5] for line in read_asc(finished) if "!V IMGLOAD" in line]
    assert len(named) == 8
    assert all((folder / path).is_file() for path in named)


def test_the_record_says_what_ran(finished):
    record = read_record(finished)
    assert (record["status"], record["tracker"], record["mode"]) == (
        "finished", "simulated", "real",
    )  # fmt: skip
    assert record["n_trials"] == record["n_trials_chosen"] == 8
    assert record["recording_files"] == ["sub-001_ses-01.asc"]
    part = record["parts"][0]
    assert part["versions"]["psychopy"]
    assert [found["after"] for found in part["validations"]] == [
        "at the beginning", "after a break", "at the end",
    ]  # fmt: skip


def test_a_session_that_ran_is_never_run_again(finished):
    before = (finished.session_dir("sub-001", "01") / "trials.tsv").read_bytes()
    again = run_command(finished, "--tracker", "simulated")
    assert again.returncode == 2
    assert "faceoff experiment resume" in again.stderr
    assert "Traceback" not in again.stderr
    assert (finished.session_dir("sub-001", "01") / "trials.tsv").read_bytes() == before


ENDS = {
    "esc": ("quit", "the experimenter ended it"),
    "close": ("quit", "the window was closed"),
    "ctrl-c": ("quit", "Ctrl-C was pressed"),
    "terminate": ("quit", "the computer ended it (SIGTERM)"),
    "lost tracker": ("failed", "the cable is out"),
    "full disk": ("failed", "No space left on device"),
    "fault": ("failed", "RuntimeError: a fault"),
}


@pytest.mark.parametrize("how", ENDS)
def test_whatever_ends_a_session_everything_is_saved(tmp_path, how):
    study = make_small_study(tmp_path / "study", n_main=2, n_practice=0)
    done = run_python("-m", "experiment.tests.interrupted_session", str(study.root), how, "2")
    assert done.returncode == 1, done.stderr
    status, reason = ENDS[how]
    assert str(study.session_dir("sub-001", "01")) in done.stderr
    assert reason in done.stderr
    assert ("Traceback" in done.stderr) == (how == "fault")
    assert "faceoff experiment resume sub-001 --session 01" in done.stderr
    trials = read_trials(study)
    assert trials["trial"].tolist() == [1, 2]
    assert trials["outcome"].tolist() == ["done", "interrupted"]
    record = read_record(study)
    assert (record["status"], record["n_trials"]) == (status, 1)
    assert reason in record["parts"][0]["ended_by"]
    lines = read_asc(study)
    assert sum(line.startswith("START") for line in lines) == 2
    assert sum(line.startswith("END") for line in lines) == 2
    assert lines[-1].endswith("TRIAL_RESULT 3")


def test_a_tracker_that_fails_while_all_is_saved_spoils_nothing_else(tmp_path):
    study = make_small_study(tmp_path / "study", n_main=1, n_practice=0)
    how = "fault in facts"
    done = run_python("-m", "experiment.tests.interrupted_session", str(study.root), how, "1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    record = read_record(study)
    assert (record["status"], record["n_trials"]) == ("failed", 1)
    assert "the tracker does not answer" in record["parts"][0]["ended_by"]
    assert record["recording_files"] == ["sub-001_ses-01.asc"]


@pytest.mark.parametrize(("how", "status"), [("calibration", 0), ("quit calibration", 1)])
def test_esc_in_a_calibration_calls_the_panel(tmp_path, how, status):
    study = make_small_study(tmp_path / "study", n_main=1, n_practice=0)
    done = run_python("-m", "experiment.tests.interrupted_session", str(study.root), how, "0")
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    log = (study.session_dir("sub-001", "01") / "log.tsv").read_text(encoding="utf-8")
    assert "panel in a calibration" in log
    assert len(read_trials(study)) == 1 - status


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_session_that_is_killed_leaves_whole_rows_and_blocks(tmp_path):
    study = make_small_study(tmp_path / "study", n_main=4, n_practice=0)
    done = run_python("-m", "experiment.tests.interrupted_session", str(study.root), "kill", "4")
    assert done.returncode == -9
    text = (study.session_dir("sub-001", "01") / "trials.tsv").read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert read_trials(study)["trial"].tolist() == [1, 2, 3]
    lines = read_asc(study)
    assert sum(line.startswith("START") for line in lines) == 4
    assert sum(line.startswith("END") for line in lines) == 3
    assert read_record(study)["status"] == "running"


def test_the_mouse_records_where_it_is(tmp_path):
    limit = {"response_limit_ms": 400.0, "screen_ms": 0.0}
    study = make_small_study(tmp_path / "study", n_main=2, n_practice=0, experiment=limit)
    script = (
        "import sys, pathlib\n"
        "from experiment.session import Sitting, run_session\n"
        "from experiment.trackers.mouse import MouseTracker\n"
        "from study.folder import open_study\n"
        "MouseTracker.simulates_participant = True\n"
        "study = open_study(pathlib.Path(sys.argv[1]))\n"
        "run_session(study, 'sub-001', '01', Sitting('mouse'))\n"
    )
    done = run_python("-c", script, str(study.root))
    assert done.returncode == 0, done.stderr
    trials = read_trials(study)
    assert trials["response"].isna().all()
    assert trials["correct"].isna().all()
    assert sum(line.endswith("RESPONSE n/a n/a") for line in read_asc(study)) == 2
    samples = [line.split("\t") for line in read_asc(study) if line[:1].isdigit()]
    assert len(samples) > 800
    assert all(0 <= float(x) <= 1919 and 0 <= float(y) <= 1079 for _, x, y, *_ in samples)


def test_pictures_and_targets_stand_on_their_pixels(tmp_path):
    study = make_small_study(tmp_path / "study", n_main=1, n_practice=0)
    done = run_python("-m", "experiment.tests.drawn_pixels", str(study.root))
    assert done.returncode == 0, done.stderr
    face = np.load(tmp_path / "study" / "face.npz")
    shown, x_px, y_px = face["shown"], 301, 77
    part = shown[y_px : y_px + 448, x_px : x_px + 448]
    assert np.abs(part.astype(int) - face["picture"]).max() <= 1
    outside = np.ones(shown.shape[:2], dtype=bool)
    outside[y_px : y_px + 448, x_px : x_px + 448] = False
    assert (shown[outside] == 128).all()
    dark_y_px, dark_x_px = np.nonzero(face["target"].mean(axis=2) < 100)
    assert dark_x_px.mean() == pytest.approx(640.0, abs=0.6)
    assert dark_y_px.mean() == pytest.approx(200.0, abs=0.6)
