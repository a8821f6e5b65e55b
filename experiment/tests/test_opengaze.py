import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from experiment.tests.live_asc import read_live_asc
from experiment.tests.opengaze_server import OpengazeServer
from experiment.tests.small_study import make_small_study
from experiment.trackers import make_tracker
from experiment.trackers.protocol import Accuracy, Eye, Sample, TrackerLostError, TrackerSetup
from experiment.trackers.pygaze_tracker import PygazeTracker
from experiment.window import Window
from participants.plans import plan_path, read_plan
from study.errors import InputError

CENTRE = (959.5, 539.5)


def newest(tracker: PygazeTracker) -> Sample:
    sample = tracker.newest_sample()
    assert sample is not None
    return sample


class Participant:
    """A screen without a window, and somebody who looks at its targets, a little beside them."""

    def __init__(self, server: OpengazeServer, offset_px: tuple[float, float] = (0.0, 0.0)) -> None:
        self.server = server
        self.offset_px = offset_px
        self.targets: list[tuple[float, float]] = []

    def show_target(self, x_px: float, y_px: float) -> None:
        self.targets.append((x_px, y_px))
        self.server.look_at(x_px + self.offset_px[0], y_px + self.offset_px[1])

    def hold_target(self, x_px: float, y_px: float, duration_ms: float) -> None:
        self.show_target(x_px, y_px)
        time.sleep(duration_ms / 1000)


@pytest.fixture
def server() -> Iterator[OpengazeServer]:
    with OpengazeServer() as running:
        running.speed = 8.0
        yield running


def opengaze(folder: Path, port: int, eye: Eye = "right") -> PygazeTracker:
    experiment = {"pygaze": {"port": port}, "calibration": {"type": "H3"}}
    study = make_small_study(folder / "study", experiment=experiment)
    plan = read_plan(plan_path(study, "sub-001", "01"))
    recording = study.session_dir("sub-001", "01") / "sub-001_ses-01"
    no_window = cast(Window, None)
    tracker = make_tracker("opengaze", TrackerSetup(study, plan, no_window, recording, eye))
    assert isinstance(tracker, PygazeTracker)
    return tracker


def test_a_session_is_recorded_with_the_trackers_own_times(tmp_path, server):
    tracker = opengaze(tmp_path, server.port)
    tracker.connect()
    person = Participant(server)
    said = []
    for trial in (1, 2):
        said.append(tracker.message(f"TRIALID {trial}"))
        assert tracker.drift_check(*CENTRE, person) < 0.2
        assert tracker.newest_sample() is None
        tracker.start()
        server.look_at(300 * trial, 400)
        time.sleep(0.4)
        sample = newest(tracker)
        said.append(tracker.message(f"FACE_ON AF01ANS {trial}"))
        assert sample.x_px == pytest.approx(300 * trial + 0.001 * 1920, abs=0.1)
        assert sample.y_px == pytest.approx(400, abs=0.1)
        assert sample.pupil == 3.25
        assert 0 <= said[-1] - sample.time_ms < 60
        tracker.stop()
        said.append(tracker.message("TRIAL_RESULT 0"))
    files = tracker.save()
    tracker.close()
    assert [path.name for path in files] == ["sub-001_ses-01.asc", "sub-001_ses-01_opengaze.tsv"]
    assert said == sorted(said)

    recording = read_live_asc(files[0])
    assert recording.blocks["rate_hz"].tolist() == [150.0, 150.0]
    assert recording.blocks["eyes"].tolist() == [["right"], ["right"]]
    # Each sample of a block is one that the server sent, in its order, without a gap.
    sent = np.array(server.sent)
    for number, (_, samples) in enumerate(recording.samples.groupby("block"), start=1):
        times = samples["time_ms"].to_numpy()
        first = int(np.argmin(np.abs(1000 * sent[:, 0] - times[0])))
        sent_ms = 1000 * sent[first : first + len(times), 0]
        assert np.abs(times - sent_ms).max() < 0.06
        assert len(times) > 45
        assert samples["x_right_px"].iloc[-1] == pytest.approx(300 * number + 1.9, abs=0.2)
    block = recording.blocks.iloc[0]
    times = recording.samples.loc[recording.samples["block"] == 1, "time_ms"].to_numpy()
    assert block["start_ms"] <= times[0]
    # Of the samples before the end, all have come in.
    assert times[-1] <= block["end_ms"] < times[-1] + 1500 / 150
    own = recording.messages[recording.messages["text"].str.contains("TRIAL|FACE")]
    assert own["time_ms"].tolist() == pytest.approx(said, abs=0.06)

    table = pd.read_csv(files[1], sep="\t")
    assert len(table) > len(recording.samples)
    assert (table["CNT"].diff().dropna() == 1).all()
    assert {"TRIALID 1", "FACE_ON AF01ANS 2"} <= set(table["USER"].dropna())
    assert tracker.facts()["n_records_missed"] == 0
    assert tracker.facts()["model"] == "Gazepoint GP3HD"


def test_calibration_shows_the_servers_targets_and_the_validation_is_measured(tmp_path, server):
    tracker = opengaze(tmp_path, server.port)
    tracker.connect()
    before_ms = tracker.message("before")
    person = Participant(server, offset_px=(30.0, 0.0))
    accuracy = tracker.calibrate(person)
    assert isinstance(accuracy, Accuracy)
    assert len(server.points) == 3
    assert server.points[1] == pytest.approx((115.5 / 1920, 540.5 / 1080), abs=1e-5)
    assert {(960.0, 540.0), (115.0, 540.0), (1805.0, 540.0)} <= {
        (round(x), round(y)) for x, y in person.targets
    }
    # The right eye is 0.001 of the width beside its place.
    off = [tracker._screen.distance_deg([x, 540], [x + 31.92, 540]) for x in (960, 115, 1805)]
    assert accuracy.average_deg == pytest.approx(np.mean(off), abs=0.01)
    assert accuracy.maximum_deg == pytest.approx(np.max(off), abs=0.01)
    # The tracker's clock began anew with its calibration; that of the recording went on.
    assert server.sent[-1][0] < 10
    assert tracker.message("after") > before_ms + 1000
    files = tracker.save()
    recording = read_live_asc(files[0])
    assert recording.messages["time_ms"].is_monotonic_increasing
    assert "CALIBRATION opengaze AVE_ERROR 19.43 px VALID_POINTS 3 of 3" in set(
        recording.messages["text"]
    )
    assert recording.validations["eye"].tolist() == ["right"]
    assert recording.messages["text"].str.startswith("VALIDATE R 4POINT").sum() == 3


def test_a_validation_alone_leaves_the_calibration(tmp_path, server):
    tracker = opengaze(tmp_path, server.port)
    tracker.connect()
    accuracy = tracker.calibrate(Participant(server), validate_only=True)
    assert isinstance(accuracy, Accuracy)
    assert accuracy.verdict == "GOOD"
    tracker.close()
    assert not any("CALIBRATE_START" in line for line in server.commands)


def test_eyes_that_are_not_seen_are_missing_although_their_last_place_is_sent(tmp_path, server):
    tracker = opengaze(tmp_path, server.port, "both")
    tracker.connect()
    person = Participant(server)
    tracker.start()
    time.sleep(0.1)
    server.left_seen = False
    time.sleep(0.2)
    assert newest(tracker).x_px == pytest.approx(CENTRE[0] + 1.92, abs=0.1)
    server.right_seen = False
    time.sleep(0.2)
    sample = newest(tracker)
    assert math.isnan(sample.x_px)
    assert math.isnan(sample.y_px)
    assert math.isnan(sample.pupil)
    tracker.stop()
    assert math.isnan(tracker.drift_check(*CENTRE, person))
    assert tracker.calibrate(person, validate_only=True) is None
    samples = read_live_asc(tracker.save()[0]).samples
    for eye in ("left", "right"):
        missing = samples[f"x_{eye}_px"].isna()
        assert 0 < missing.sum() < len(samples)
        assert (missing == samples[f"y_{eye}_px"].isna()).all()
        # First seen, then not.
        assert missing.is_monotonic_increasing
    assert samples["x_left_px"].isna().sum() > samples["x_right_px"].isna().sum()


@pytest.mark.parametrize("how", ["ends", "falls silent"])
def test_a_tracker_that_goes_is_reported_and_what_was_recorded_is_kept(tmp_path, server, how):
    tracker = opengaze(tmp_path, server.port)
    tracker.connect()
    tracker.message("TRIALID 1")
    tracker.start()
    time.sleep(0.2)
    if how == "ends":
        server.end()
    else:
        server.is_stuck = True
    gone_s = time.monotonic()
    with pytest.raises(TrackerLostError, match="opengaze must send samples, but"):
        while time.monotonic() < gone_s + 5:
            tracker.newest_sample()
            time.sleep(0.01)
    assert time.monotonic() - gone_s < 1.0
    tracker.stop()
    with pytest.raises(TrackerLostError):
        tracker.message("TRIAL_RESULT 3")
    with pytest.raises(TrackerLostError):
        tracker.start()
    files = tracker.save()
    tracker.close()
    recording = read_live_asc(files[0])
    assert recording.messages["text"].iloc[-1] == "TRIAL_RESULT 3"
    assert len(recording.samples) > 15


def test_the_file_can_be_read_at_any_moment(tmp_path, server):
    tracker = opengaze(tmp_path, server.port)
    tracker.connect()
    tracker.message("TRIALID 1")
    tracker.start()
    for _ in range(3):
        time.sleep(0.1)
        newest_ms = newest(tracker).time_ms
        recording = read_live_asc(tracker._recording.path)
        assert recording.samples["time_ms"].iloc[-1] >= newest_ms - 0.06
    tracker.close()


def test_a_calibration_that_does_not_begin_is_reported(tmp_path, server, monkeypatch):
    monkeypatch.setattr("experiment.trackers.opengaze._REPORT_S", 0.2)
    monkeypatch.setattr("experiment.trackers.opengaze._SETTLE_S", 0.1)
    monkeypatch.setattr("experiment.trackers.opengaze._MEASURE_S", 0.1)
    server.knows_calibration = False
    tracker = opengaze(tmp_path, server.port)
    tracker.connect()
    with pytest.raises(TrackerLostError, match="must go through its calibration"):
        tracker.calibrate(Participant(server))
    tracker.close()
    # It is told without waiting for an answer, so that the server may not have read it yet.
    end_s = time.monotonic() + 5
    while "ENABLE_SEND_DATA" not in server.commands[-1] and time.monotonic() < end_s:
        time.sleep(0.01)
    assert server.commands[-1] == '<SET ID="ENABLE_SEND_DATA" STATE="0" />'


def test_no_server_is_a_users_error(tmp_path):
    with OpengazeServer() as server:
        port = server.port
    with pytest.raises(InputError, match=f"port {port}, but it does not.*Start Gazepoint Control"):
        opengaze(tmp_path, port).connect()


def test_another_screen_is_refused(tmp_path, server, monkeypatch):
    monkeypatch.setattr("experiment.tests.opengaze_server.SIZE", (1280, 1024))
    tracker = opengaze(tmp_path, server.port)
    with pytest.raises(InputError, match="1920 x 1080 pixels, but Gazepoint Control says 1280"):
        tracker.connect()
    tracker.close()
    assert tracker.save() == []


@pytest.mark.parametrize("name", ["sub-001_ses-01.asc", "sub-001_ses-01_opengaze.tsv"])
def test_files_are_never_overwritten(tmp_path, server, name):
    tracker = opengaze(tmp_path, server.port)
    path = tracker._recording.path.with_name(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("earlier")
    with pytest.raises(InputError, match="exists"):
        tracker.connect()
    tracker.close()
    assert path.read_text() == "earlier"
