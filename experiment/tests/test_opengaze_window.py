import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from experiment.tests.live_asc import read_live_asc
from experiment.tests.opengaze_session import FACE_PX
from experiment.tests.test_session_window import run_python
from study.folder import Study, open_study
from study.tables import read_table

pytestmark = pytest.mark.window


def run_session_of(study: Path, until_face: int) -> tuple[int, str]:
    picture = study.parent / "target.png"
    done = run_python(
        "-m", "experiment.tests.opengaze_session", str(study), str(picture), str(until_face)
    )
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Study:
    root = tmp_path_factory.mktemp("opengaze") / "study"
    status, said = run_session_of(root, 0)
    assert status == 0, said
    assert "Gazepoint GP3HD: no camera image here" in said
    return open_study(root)


def test_targets_are_shown_in_the_sessions_window(finished):
    with Image.open(finished.root.parent / "target.png") as picture:
        grey = np.asarray(picture.convert("L"), dtype=int)
    rows, columns = np.nonzero(np.abs(grey - 128) > 40)
    assert grey.shape == (1080, 1920)
    assert (columns.mean(), rows.mean()) == pytest.approx((960, 92), abs=1.5)


def test_the_analysis_reads_what_the_session_wrote(finished):
    done = run_python("-m", "faceoff", "gaze", "import", "--study", str(finished.root))
    assert done.returncode == 0, done.stderr
    done = run_python("-m", "faceoff", "gaze", "events", "--study", str(finished.root))
    assert done.returncode == 0, done.stderr
    trials = read_table(finished.session_dir("sub-001", "01") / "trials.tsv", what="")
    tables = finished.root / "derivatives/faceoff/gaze"
    assert read_table(tables / "skipped_lines.tsv", what="").empty
    assert set(read_table(tables / "blocks.tsv", what="")["rate_hz"].astype(float)) == {60.0}
    assert len(read_table(tables / "validations.tsv", what="")) == 3
    fixations = read_table(tables / "fixations.tsv", what="")
    assert set(trials["trial"].astype(int)) == set(range(1, 9))
    assert set(fixations["trial"].astype(int)) == set(range(1, 9))
    places = fixations[["screen_x_px", "screen_y_px"]].astype(float).drop_duplicates()
    assert [FACE_PX[0] + 1.9, FACE_PX[1]] in places.to_numpy().tolist()


def test_samples_are_the_trackers_at_its_rate(finished):
    folder = finished.session_dir("sub-001", "01")
    recording = read_live_asc(folder / "sub-001_ses-01.asc")
    assert recording.blocks["rate_hz"].eq(60).all()
    assert len(recording.blocks) == 8
    steps = recording.samples.groupby("block")["time_ms"].diff().dropna()
    assert steps.median() == pytest.approx(1000 / 60, abs=0.3)
    # The server's samples are all there: none is missing within a trial, none doubled.
    table = pd.read_csv(folder / "sub-001_ses-01_opengaze.tsv", sep="\t")
    assert (table["CNT"].diff().dropna() == 1).all()
    on_faces = recording.samples.groupby("block")[["x_right_px", "y_right_px"]].last()
    assert on_faces["x_right_px"].to_numpy() == pytest.approx(FACE_PX[0] + 1.92, abs=0.2)
    assert on_faces["y_right_px"].to_numpy() == pytest.approx(FACE_PX[1], abs=0.2)
    record = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert record["recording_files"] == ["sub-001_ses-01.asc", "sub-001_ses-01_opengaze.tsv"]
    checks = recording.messages["text"].str.startswith("DRIFTCORRECT R RIGHT")
    assert checks.sum() == 8


def test_a_server_that_goes_in_a_trial_leaves_the_trials_before_it(tmp_path):
    root = tmp_path / "study"
    status, said = run_session_of(root, 4)
    assert status != 0
    assert "opengaze must send samples" in said
    folder = open_study(root).session_dir("sub-001", "01")
    outcomes = read_table(folder / "trials.tsv", what="")["outcome"].tolist()
    assert outcomes == ["done", "done", "done", "interrupted"]
    recording = read_live_asc(folder / "sub-001_ses-01.asc")
    assert len(recording.blocks) == 4
    assert recording.messages["text"].iloc[-1].startswith("TRIAL_RESULT")
