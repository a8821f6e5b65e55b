import json
from typing import Any

import pytest

from experiment.tests.live_asc import LiveAsc, read_live_asc
from experiment.tests.test_session_window import run_python
from study.folder import open_study

pytestmark = pytest.mark.window


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("pygaze")
    done = run_python("-m", "experiment.tests.pygaze_in_window", str(root))
    assert done.returncode == 0, done.stderr
    # Nothing but our own line: what PyGaze prints is caught.
    happened: dict[str, Any] = json.loads(done.stdout)
    folder = open_study(root / "study").session_dir("sub-001", "01")
    happened["recording"] = read_live_asc(folder / "sub-001_ses-01.asc")
    happened["own"] = (folder / "sub-001_ses-01_tobii_TOBII_output.tsv").read_text()
    happened["names"] = {path.name for path in folder.iterdir()}
    return happened


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("tobii", "needs the Tobii Pro SDK: pip install tobii-research"),
        (
            "tobii-legacy",
            "under Python 3, but tobii-legacy needs Tobii's SDK for Python 2",
        ),
        ("smi", "needs SMI's iView X SDK"),
        ("eyetribe", "needs the EyeTribe server"),
        ("eyelogic", "needs EyeLogic's server"),
        ("alea", "needs Alea's IntelliGaze"),
        ("opengaze", "An OpenGaze server must answer at 127.0.0.1"),
    ],
)
def test_what_is_missing_is_named(told, name, needs):
    assert needs in told["errors"][name]


def test_a_sdk_without_a_tracker_is_a_users_error(told):
    assert "A Tobii tracker must be connected, but" in told["none"]


def test_an_attempt_that_fails_leaves_no_file(told):
    assert told["names"] == {
        "plan.json", "sub-001_ses-01.asc", "sub-001_ses-01_tobii_TOBII_output.tsv",
    }  # fmt: skip
    assert told["files"] == ["sub-001_ses-01.asc", "sub-001_ses-01_tobii_TOBII_output.tsv"]


def test_pygaze_opens_no_window_and_reads_no_constants(told):
    # With the constants.py that lies there it would be its dummy, in a window of pygame.
    assert (told["windows"], told["windows_after"]) == (1, 1)
    assert told["facts"]["model"] == "tobii through PyGaze"
    assert "display resolution: 1920x1080" in told["own"]


def test_a_tobii_is_recorded_through_pygaze(told):
    recording: LiveAsc = told["recording"]
    assert told["both"]["x_px"] == pytest.approx(959.5)
    assert told["both"]["pupil"] == 3.5
    # One eye is lost: the other one is what is seen.
    assert told["right"]["x_px"] == pytest.approx(0.75 * 1920 - 0.5)
    assert told["facts"]["sample_rate_hz"] == 60
    samples = recording.samples
    assert 40 < len(samples) < 75
    assert samples["x_left_px"].isna().any()
    assert samples["x_left_px"].dropna().eq(479.5).all()
    assert samples["x_right_px"].eq(1439.5).all()
    assert samples["time_ms"].between(told["at_trial"], told["at_end"]).all()
    assert samples["time_ms"].diff().dropna().between(10, 60).all()


def test_calibration_is_pygazes_and_validation_is_ours(told):
    texts = told["recording"].messages["text"].tolist()
    assert "CALIBRATION tobii done" in texts
    assert len(told["recording"].validations) == 2
    assert told["accuracy"]["verdict"] == "POOR"
    # Of the worse eye; neither looks at the targets.
    assert told["accuracy"]["average_deg"] == pytest.approx(
        told["recording"].validations["error_avg_deg"].max(), abs=0.01
    )


def test_messages_are_in_the_trackers_own_file_too(told):
    assert "\tTRIALID 1\n" in told["own"]
    assert "\tTRIAL_RESULT 0\n" in told["own"]
