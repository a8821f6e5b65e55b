"""The parts of the EyeLink that need neither a window nor a connection."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment.tests.eyelink_stand_in import RECORDING, RawSample
from experiment.trackers.eyelink.camera_image import CameraImage
from experiment.trackers.eyelink.commands import (
    backdrop_commands,
    check_replies,
    readable_values,
    session_commands,
)
from experiment.trackers.eyelink.host_files import host_name, receive_recording
from experiment.trackers.eyelink.results import drift_offset_deg, validation_accuracy
from experiment.trackers.eyelink.samples import newest_of
from experiment.trackers.protocol import Eye
from stimuli.frames import Rect, Screen
from study.errors import InputError
from study.settings.experiment_trackers import EyelinkSettings

SCREEN = Screen(1920, 1080, 53.0, 29.8, 70.0)
LABELS = st.text("abzAB019", min_size=1, max_size=9)


def commands(eye: Eye = "right", **settings: object) -> list[str]:
    return session_commands(EyelinkSettings(**settings), "HV9", SCREEN, eye)


@given(LABELS, LABELS, st.integers(1, 120))
def test_names_on_the_host_are_short_and_plain(label, session, part):
    name = host_name(f"sub-{label}", session, part)
    assert 0 < len(name) <= 8
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert name == host_name(f"sub-{label}", session, part)


def test_no_two_sessions_share_a_name_on_the_host():
    labels = ("1", "001", "0010", "00", "p01", "P01", "longname", "longnamE", "0p")
    sessions = ("01", "1", "pilot01", "pilot1", "test01", "p01", "t01", "follow")
    names = [
        host_name(f"sub-{label}", session, part)
        for label in labels
        for session in sessions
        for part in (1, 2, 11)
    ]
    assert len(set(names)) == len(names)


def test_filters_hold_what_a_lab_needs_and_inputs_above_all():
    filters = readable_filters(commands())
    for name in ("file_event_filter", "file_sample_data", "link_event_filter", "link_sample_data"):
        assert "INPUT" in filters[name]
        assert "HTARGET" not in filters[name]
    assert {"GAZE", "HREF", "RAW", "AREA", "BUTTON"} <= filters["file_sample_data"]
    assert "MESSAGE" in filters["file_event_filter"]
    assert "HTARGET" in readable_filters(commands(head_target=True))["file_sample_data"]


def readable_filters(sent: list[str]) -> dict[str, set[str]]:
    pairs = (command.split(" = ") for command in sent if " = " in command)
    return {name: set(value.split(",")) for name, value in pairs}


def test_the_screen_is_told_by_its_last_pixel_and_in_millimetres():
    sent = commands()
    assert "screen_pixel_coords = 0 0 1919 1079" in sent
    assert "screen_phys_coords = -265.0 149.0 265.0 -149.0" in sent
    # From the eye to the middle of the upper and lower edge: 700 mm and 149 mm at a right angle.
    assert "screen_distance = 716 716" in sent


def test_the_lab_s_own_commands_come_last():
    assert commands(commands=["sample_rate = 250"])[-1] == "sample_rate = 250"
    assert readable_values(commands(commands=["sample_rate = 250"]))["sample_rate"] == "250"


@pytest.mark.parametrize(
    ("eye", "expected"),
    [
        ("left", ["binocular_enabled = NO", "active_eye = LEFT"]),
        ("right", ["binocular_enabled = NO", "active_eye = RIGHT"]),
        ("both", ["binocular_enabled = YES"]),
    ],
)
def test_the_eye_is_chosen(eye, expected):
    sent = commands(eye)
    assert [text for text in sent if "eye" in text or "binocular" in text] == expected


@pytest.mark.parametrize(
    ("level", "expected"), [("off", "0 0"), ("standard", "1 1"), ("extra", "1 2")]
)
def test_the_filter_is_that_of_the_file(level, expected):
    assert f"heuristic_filter = {expected}" in commands(filter=level)


@pytest.mark.parametrize(
    ("name", "told", "reply"),
    [
        ("sample_rate", "1000", "500"),
        ("screen_pixel_coords", "0 0 1919 1079", "0.0, 0.0, 1023.0, 767.0"),
        ("calibration_type", "HV9", "HV13"),
        ("file_sample_data", "LEFT,RIGHT,GAZE,INPUT", "LEFT,RIGHT,GAZE"),
    ],
)
def test_a_tracker_with_another_value_is_refused(name, told, reply):
    with pytest.raises(InputError, match=name):
        check_replies({name: told}, {name: reply})


@pytest.mark.parametrize(
    ("name", "told", "reply"),
    [
        ("sample_rate", "1000", "1000"),
        ("sample_rate", "1000", ""),
        ("sample_rate", "1000", "not readable"),
        ("screen_pixel_coords", "0 0 1919 1079", "0.00,0.00,1919.00,1079.00"),
        ("calibration_type", "HV9", "hv9"),
        ("file_sample_data", "LEFT,RIGHT,GAZE,INPUT", "left, right, gaze, input, status"),
        ("file_sample_data", "LEFT,RIGHT,GAZE,INPUT", "?"),
    ],
)
def test_a_tracker_that_agrees_or_does_not_say_is_taken(name, told, reply):
    check_replies({name: told}, {name: reply})


def test_the_operator_s_line_has_no_quotes_and_fits():
    line = backdrop_commands("it's " * 40, Rect(0, 0, 10, 10), (1.0, 2.0))[-1]
    assert line.count("'") == 2
    assert len(line) <= len("record_status_message ''") + 80


def test_both_eyes_of_a_validation_count_as_the_worse():
    found = validation_accuracy(
        "LEFT GOOD ERROR 0.67 avg. 0.85 max  OFFSET 0.63 deg. 27.1,-5.0 pix. "
        "RIGHT POOR ERROR 0.74 avg. 2.25 max  OFFSET 0.58 deg. 22.2,-12.9 pix."
    )
    assert found is not None
    assert (found.average_deg, found.maximum_deg, found.verdict) == (0.74, 2.25, "POOR")
    assert validation_accuracy("calibration: GOOD") is None


def test_the_larger_offset_of_a_drift_check_counts():
    assert (
        drift_offset_deg("LEFT OFFSET 0.39 deg. 12,1 pix. RIGHT OFFSET 0.56 deg. 2,1 pix") == 0.56
    )
    assert math.isnan(drift_offset_deg("drift check aborted"))


@pytest.mark.parametrize(
    "gaze", [(-32768.0, -32768.0), (-1.0, -1.0), (math.nan, 3.0), (1e8, 1e8), (5.0, -32768.0)]
)
def test_what_is_not_seen_is_missing(gaze):
    sample = newest_of(RawSample(7.0, right=(*gaze, 100.0)), "right")
    assert sample.time_ms == 7.0
    assert all(map(math.isnan, (sample.x_px, sample.y_px, sample.pupil)))


def test_the_wanted_eye_is_taken():
    raw = RawSample(7.0, left=(1.0, 2.0, 3.0), right=(4.0, 5.0, 6.0))
    assert newest_of(raw, "left").x_px == 1.0
    assert newest_of(raw, "right").x_px == 4.0
    assert newest_of(raw, "both").x_px == 4.0
    closed = RawSample(7.0, left=(1.0, 2.0, 3.0), right=(-32768.0, -32768.0, 0.0))
    assert newest_of(closed, "both").x_px == 1.0
    assert math.isnan(newest_of(RawSample(7.0, left=(1.0, 2.0, 3.0)), "right").x_px)


class Files:
    """A connection that gives one file."""

    def __init__(self, content: bytes, says: int | None = None, error: str = "") -> None:
        self.content, self.says, self.error = content, says, error

    def receiveDataFile(self, source, target):  # noqa: N802 -- pylink's name
        if self.content:
            Path(target).write_bytes(self.content)
        if self.error:
            raise RuntimeError(self.error)
        return len(self.content) if self.says is None else self.says


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_recording_arrives_under_its_name(tmp_path):
    target = tmp_path / "sub-001_ses-01.edf"
    assert receive_recording(Files(RECORDING), "001_01_1", target) == [target]
    assert target.read_bytes() == RECORDING
    assert names(tmp_path) == ["sub-001_ses-01.edf"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (Files(RECORDING, error="link closed"), "link closed"),
        (Files(RECORDING, says=99), "25 of 99 bytes"),
    ],
)
def test_what_arrived_of_a_broken_transfer_is_kept_and_the_rest_said(tmp_path, capsys, files, said):
    target = tmp_path / "sub-001_ses-01.edf"
    assert receive_recording(files, "001_01_1", target) == []
    assert receive_recording(files, "001_01_1", target) == []
    assert names(tmp_path) == ["sub-001_ses-01.edf.partial", "sub-001_ses-01.edf.partial1"]
    message = " ".join(capsys.readouterr().err.split())
    assert said in message
    assert "001_01_1.edf" in message


def test_an_empty_transfer_leaves_nothing(tmp_path, capsys):
    assert receive_recording(Files(b""), "001_01_1", tmp_path / "a.edf") == []
    assert names(tmp_path) == []
    assert "Host PC still has it" in " ".join(capsys.readouterr().err.split())


def test_an_earlier_recording_is_never_overwritten(tmp_path):
    target = tmp_path / "a.edf"
    target.write_bytes(b"earlier")
    assert receive_recording(Files(RECORDING), "001_01_1", target) == []
    assert target.read_bytes() == b"earlier"
    assert (tmp_path / "a.edf.partial").read_bytes() == RECORDING


def test_a_camera_image_has_the_colours_of_its_palette_and_its_marks():
    image = CameraImage()
    image.set_palette([0, 10, 20], [1, 11, 21], [2, 12, 22])
    assert not image.add_line(1, 2, 3, [0, 1, 2])
    assert image.add_line(2, 2, 3, bytes([2, 2, 2]))
    pixels = np.asarray(image.picture())
    assert pixels[0].tolist() == [[0, 1, 2], [10, 11, 12], [20, 21, 22]]
    image.draw_line((0, 1), (1, 1), 3)
    assert np.asarray(image.picture())[1].tolist() == [[0, 255, 0], [0, 255, 0], [20, 21, 22]]
    assert image.size_px == (3, 2)
