"""Sessions on pylink's own dummy and on the stand-in, in a real window."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiment.messages import MAX_CHARACTERS
from experiment.tests.eyelink_stand_in import RECORDING
from experiment.tests.small_study import make_small_study
from experiment.tests.test_session_window import run_python

pytestmark = [pytest.mark.window, pytest.mark.slow]

GROUND, TARGET, SESSION_GROUND = 60, 240, 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eyelink")
    done = run_python("-m", "experiment.tests.eyelink_sessions", str(folder), timeout=400)
    assert done.returncode == 0, done.stderr
    # What pylink and PyGaze print is caught; the line is that of the test's own import. On a busy
    # computer pylink's library says at any time that a signal came while it was sending.
    lines = [line for line in done.stdout.splitlines() if "Code: EINTR" not in line]
    assert lines in ([], ["Pylink 2.2.596.0"])
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def whole(results: dict) -> dict:
    return results["whole_session"]


@pytest.fixture(scope="module")
def calls(whole: dict) -> list[str]:
    return [" ".join([name, *map(str, arguments)]) for name, arguments in whole["calls"]]


def test_pylink_itself_takes_every_call(results):
    found = results["pylinks_own_dummy"]
    assert found["accuracy"] is None
    assert found["sample"] is None
    assert found["files"] == []
    assert "Invalid tracker mode" in found["drift"]


def test_the_corrected_values_are_the_last_ones_that_the_host_hears(calls):
    def last(name: str) -> str:
        sent = [call for call in calls if call.startswith(f"sendCommand {name}")]
        return sent[-1].removeprefix("sendCommand ")

    assert last("screen_pixel_coords") == "screen_pixel_coords = 0 0 1919 1079"
    assert last("sample_rate") == "sample_rate = 1000"
    assert last("file_event_filter").endswith("INPUT")
    assert last("file_sample_data").endswith("INPUT")
    assert not any("driftcorrect_cr_disable" in call for call in calls)


def test_the_host_is_offline_before_it_is_told_anything_and_the_file_is_open(calls):
    first = calls.index("setOfflineMode")
    opened = calls.index("openDataFile 001_01_1.edf")
    told = calls.index("sendCommand screen_pixel_coords = 0 0 1919 1079")
    assert first < opened < told
    assert calls[opened + 1] == "setOfflineMode"
    preamble = next(i for i, call in enumerate(calls) if "add_file_preamble_text" in call)
    assert opened < preamble < told


def test_a_trial_goes_by_the_protocol(calls):
    begin, end = calls.index("sendMessage TRIALID 1"), calls.index("sendMessage TRIAL_RESULT 0")
    trial = [call.split(" ")[0] if "send" not in call else call for call in calls[begin : end + 1]]
    kinds = [" ".join(call.split(" ")[:3]) if "!V" in call else call for call in trial]
    variables = [call for call in kinds if call == "sendMessage !V TRIAL_VAR"]
    assert len(variables) == 7
    expected = [
        "sendMessage TRIALID 1",
        "sendCommand clear_screen 0",
        "sendCommand draw_box 736 316 1183 763 15",
        "sendCommand draw_cross 640 540 15",
        "sendCommand record_status_message 'Trial 1/8 practice AF01AFS'",
        "setOfflineMode",
        "doDriftCorrect",
        "getCalibrationMessage",
        "setOfflineMode",
        "sendCommand heuristic_filter = 1 2",
        "startRecording",
        "waitForBlockStart",
        "eyeAvailable",
        "getModeData",
        "sendMessage FIXATION_ON",
        "sendMessage FACE_ON AF01AFS",
        "sendCommand *write_ioport 0x8 1",
        "sendMessage !V IMGLOAD",
        "sendMessage FACE_OFF",
        "sendCommand *write_ioport 0x8 0",
        *variables,
        "stopRecording",
        "sendMessage TRIAL_RESULT 0",
    ]
    assert kinds == expected
    assert calls.count("startRecording 1 1 1 1") == calls.count("stopRecording") == 2


def test_a_drift_check_is_no_correction(calls):
    assert "doDriftCorrect 640 540 0 0" in calls
    assert not any("applyDriftCorrect" in call for call in calls)


def test_the_file_is_closed_before_it_is_fetched_and_the_link_after(calls):
    tail = [call.split(" ")[0] for call in calls[-4:]]
    assert tail == ["setOfflineMode", "closeDataFile", "receiveDataFile", "close"]


def test_messages_are_short_enough_and_the_screen_is_told_once(calls):
    sent = [call.removeprefix("sendMessage ") for call in calls if call.startswith("sendMessage")]
    assert max(map(len, sent)) <= MAX_CHARACTERS
    assert sum(text.startswith("DISPLAY_COORDS") for text in sent) == 1


def test_results_and_names_are_kept(whole):
    assert whole["accuracy"] == [0.41, 0.83, "GOOD"]
    assert whole["files"] == whole["left"] == ["sub-001_ses-01.edf"]
    facts = whole["facts"]
    assert facts["host_file"] == "001_01_1.edf"
    assert facts["software"] == "EYELINK CL 5.15"
    assert facts["sample_rate_hz"] == 1000.0
    assert facts["filter"] == "extra"
    assert "0.41 avg." in facts["calibration_01"]
    assert "sample_rate = 1000" in facts["read_back"]
    assert not whole["display_after"]


def test_samples_and_messages_have_the_tracker_s_time(whole):
    for trial in whole["trials"]:
        time_ms, *gaze = trial["sample"]
        assert trial["between_ms"][0] - 1 <= time_ms <= trial["between_ms"][1]
        assert gaze == [640.5, 539.5, 812.0]
        assert trial["offset_deg"] == 0.45


def test_a_lost_link_is_said_and_does_not_keep_the_session_from_ending(results):
    found = results["lost_link"]
    for what in ("sample", "message", "calibrate"):
        assert found[what].startswith("TrackerLostError: ")
        assert "001_01_1.edf" in found[what]
    assert found["save"] == found["close"] == ""
    assert found["left"] == []


def test_a_recording_that_was_stopped_on_the_host_is_lost_but_saved(results):
    found = results["stopped_recording"]
    assert found["sample"].startswith("TrackerLostError: ")
    assert found["stop"] == ""
    assert found["files"] == ["sub-001_ses-01.edf"]


def test_samples_may_pause_for_half_a_second_and_no_longer(results):
    found = results["stale_samples"]
    assert found["kept"]
    assert found["early"] == ""
    assert found["late"].startswith("TrackerLostError: ")


def test_missing_data_are_missing(results):
    assert results["missing_samples"]["missing"] == [True, True, True]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("rate read back", "sample_rate = 1000"),
        ("rate recorded", "1000 samples in a second, but it records 500"),
        ("eye", "records the left eye"),
        ("simulated", "isConnected() says -1"),
        ("no answer", "100.1.1.2"),
        ("long message", "at most 128 characters"),
    ],
)
def test_what_is_not_as_it_was_told_is_refused(results, what, words):
    found = results["refusals"][what]
    assert found.startswith("InputError: ")
    assert words in found


def test_a_refused_tracker_is_let_go_and_a_long_message_never_sent(results):
    assert results["refusals"]["closed after refusal"] == "0"
    assert results["refusals"]["long was sent"] == "False"


def test_esc_in_a_drift_check_leads_through_setup_back_to_it(results):
    found = results["esc_in_drift_check"]
    assert found["calls"] == ["doDriftCorrect", "doTrackerSetup", "doDriftCorrect"]
    assert found["offset_deg"] == 0.45


def test_each_face_raises_the_line_also_after_one_that_was_broken_off(results):
    assert results["broken_off_face"]["levels"] == ["0", "1", "0", "1", "0"]


def test_a_closed_window_ends_setup(results):
    assert results["closed_window"]["calibrate"].startswith("QuitError: ")


def test_pylink_takes_no_keys_between_setup_and_drift_check(results):
    assert results["keys_between"] == {"taken": None, "left": ["f"]}


def grey(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L")).astype(int)


def test_targets_have_size_hole_and_colour_of_the_settings(folder):
    shown = [grey(path) for path in sorted(folder.glob("setup_*.png"))]
    middle = [picture for picture in shown if picture[540, 940] == TARGET]
    assert middle
    picture = middle[0]
    assert picture[0, 0] == GROUND
    # A target of 1 degree at 70 cm is 44.3 pixels across, its hole of 0.15 degrees 6.6.
    y_px, x_px = np.nonzero(picture > 200)
    assert x_px.mean() == pytest.approx(960, abs=0.6)
    assert y_px.mean() == pytest.approx(540, abs=0.6)
    assert np.ptp(x_px) + 1 == pytest.approx(44.3, abs=2)
    assert picture[540, 960] == GROUND
    assert (picture[540, 957:963] == GROUND).all()


def test_the_camera_s_image_is_shown_with_its_cross_hair(folder):
    images = [
        np.asarray(Image.open(path).convert("RGB")).astype(int)
        for path in sorted(folder.glob("setup_*.png"))
    ]
    # 384 x 320 pixels, enlarged twice, in the middle; the palette has no blue.
    found = [image for image in images if image[240, 600].tolist() == [150, 150, 0]]
    assert found
    image = found[0]
    assert image[500, 900].tolist() == [40, 40, 0]
    assert (image[540, 880:1040] == 255).all()
    red = (image[:, :, 0] == 255) & (image[:, :, 1] == 0)
    assert red.any()
    assert (image[900:980, 600:1300].max(axis=2) > 200).any()


def test_the_drift_check_shows_the_session_s_target_on_the_session_s_ground(folder):
    picture = grey(folder / "drift.png")
    assert picture[0, 0] == SESSION_GROUND
    dark_y_px, dark_x_px = np.nonzero(picture < 60)
    assert dark_x_px.mean() == pytest.approx(1279, abs=0.6)
    assert dark_y_px.mean() == pytest.approx(539.5, abs=0.6)


def test_the_session_s_ground_comes_back(folder):
    assert (grey(folder / "after_setup.png") == SESSION_GROUND).all()


def test_a_session_of_the_program_runs_and_fetches_its_recording(tmp_path):
    study = make_small_study(tmp_path / "study", n_main=2, n_practice=1)
    done = run_python("-m", "experiment.tests.eyelink_run", str(study.root), timeout=90)
    assert done.returncode == 0, done.stderr
    found = json.loads((study.root / "calls.json").read_text(encoding="utf-8"))
    assert found["status"] == "finished"
    folder = study.session_dir("sub-001", "01")
    assert (folder / "sub-001_ses-01.edf").read_bytes() == RECORDING
    record = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert record["tracker"] == "eyelink"
    assert record["recording_files"] == ["sub-001_ses-01.edf"]
    sent = [text for name, *text in found["calls"] if name == "sendMessage"]
    begun = [text for (text,) in sent if text.startswith("TRIALID")]
    ended = [text for (text,) in sent if text.startswith("TRIAL_RESULT")]
    assert begun == ["TRIALID 1", "TRIALID 2", "TRIALID 3"]
    assert ended == ["TRIAL_RESULT 0"] * 3
    assert sum(text.startswith("DISPLAY_COORDS") for (text,) in sent) == 1
