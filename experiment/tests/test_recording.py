import json

import pytest

from experiment.recording import recordings_in, refuse_second_start, versions
from experiment.session_record import SessionRecord, read_session_record
from study.errors import InputError


@pytest.mark.parametrize(
    "name", ["trials.tsv", "sub-001_ses-01.asc", "sub-001_ses-01_part-02.asc", "sub-001_ses-01.edf"]
)
def test_a_session_that_has_begun_is_not_begun_again(tmp_path, name):
    (tmp_path / name).write_text("header\nrow\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}.*faceoff experiment resume"):
        refuse_second_start(tmp_path)
    assert (tmp_path / name).read_text(encoding="utf-8") == "header\nrow\n"


def test_a_plan_alone_is_no_beginning(tmp_path):
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    refuse_second_start(tmp_path)


def test_names_of_parts_are_in_the_order_of_the_parts(tmp_path):
    names = ["sub-1_ses-2.asc", "sub-1_ses-2_part-02.asc", "sub-1_ses-2_part-10.asc"]
    for name in (*names, "sub-1_ses-2_notes.txt", "trials.tsv"):
        (tmp_path / name).touch()
    assert [path.name for path in recordings_in(tmp_path)] == names


def test_the_record_says_that_the_session_is_running_and_then_how_it_ended(tmp_path):
    record = SessionRecord(tmp_path, {"participant_id": "sub-1"}, {"part": 1, "tracker": "mouse"})
    running = read_session_record(tmp_path)
    record.end("quit", "somebody ended it", n_trials=3, recording_files=["a.asc"])
    ended = read_session_record(tmp_path)
    assert (running["status"], running["finished"]) == ("running", None)
    assert (ended["status"], ended["n_trials"], ended["tracker"]) == ("quit", 3, "mouse")
    assert ended["started"] == running["started"] <= ended["finished"]
    assert ended["parts"][0]["ended_by"] == "somebody ended it"


def test_a_part_is_added_and_the_earlier_ones_stay(tmp_path):
    first = SessionRecord(tmp_path, {"participant_id": "sub-1"}, {"part": 1, "tracker": "mouse"})
    first.end("failed", "disk", n_trials=1, recording_files=["a.asc"])
    before = read_session_record(tmp_path)["parts"][0]
    second = SessionRecord(tmp_path, {"participant_id": "other"}, {"part": 2, "tracker": "eyelink"})
    assert second.part == 2
    second.end("finished", "", n_trials=4, recording_files=["b.edf"])
    ended = read_session_record(tmp_path)
    assert ended["parts"][0] == before
    assert ended["recording_files"] == ["a.asc", "b.edf"]
    assert (ended["status"], ended["tracker"], ended["n_trials"]) == ("finished", "eyelink", 4)
    assert ended["participant_id"] == "sub-1"


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / "session.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="must be JSON"):
        read_session_record(tmp_path)


@pytest.mark.parametrize("text", ["[]", '{"parts": null}', '{"parts": [1]}'])
def test_a_record_without_parts_is_named(tmp_path, text):
    (tmp_path / "session.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="no list of parts"):
        read_session_record(tmp_path)


def test_a_part_that_another_window_has_begun_meanwhile_is_refused(tmp_path):
    SessionRecord(tmp_path, {}, {"part": 1, "tracker": "eyelink", "experimenter": "AB"})
    with pytest.raises(InputError, match="in another window"):
        SessionRecord(tmp_path, {}, {"part": 1, "tracker": "eyelink", "experimenter": "CD"})
    assert read_session_record(tmp_path)["parts"][0]["experimenter"] == "AB"


def test_the_record_is_never_half_written(tmp_path):
    record = SessionRecord(tmp_path, {}, {"part": 1, "tracker": "mouse"})
    record.update(validations=[{"average_deg": 0.3}])
    assert json.loads((tmp_path / "session.json").read_text("utf-8"))["parts"][0]["validations"]
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


def test_a_missing_package_has_no_version_but_is_named():
    assert versions("numpy", "no-such-package")["no-such-package"] == "not installed"
