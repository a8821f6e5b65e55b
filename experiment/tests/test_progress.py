import os
from datetime import datetime, timedelta

import pytest

from experiment.progress import Progress, read_progress
from experiment.recording import TRIAL_COLUMNS
from experiment.session_record import SessionRecord
from experiment.tests.small_study import make_small_study
from participants.plans import plan_path, read_plan
from study.errors import InputError
from study.growing import GrowingTable
from study.writing import write_json

DONE = {"outcome": "done", "correct": True}


@pytest.fixture
def study(tmp_path):
    return make_small_study(tmp_path / "study", n_main=4, n_practice=2)


@pytest.fixture
def plan(study):
    return read_plan(plan_path(study, "sub-001", "01"))


def begin(study, rows, status="quit", **facts):
    """Leave what a session leaves that had some rows and ended."""
    folder = study.session_dir("sub-001", "01")
    record = SessionRecord(folder, facts, {"part": 1, "tracker": "mouse"})
    table = GrowingTable(folder / "trials.tsv", TRIAL_COLUMNS)
    for trial, values in rows:
        table.add(dict.fromkeys(TRIAL_COLUMNS) | {"trial": trial, "part": 1} | values)
    table.close()
    if status != "running":
        record.end(status, "")
    return folder


def resumed(study, plan, another_day=False):
    return read_progress(study, plan, resume=True, another_day=another_day)


def test_what_is_done_and_what_was_skipped_does_not_come_again(study, plan):
    rows = [
        (1, DONE),
        (2, {"outcome": "interrupted"}),
        (2, DONE | {"correct": False}),
        (3, {"outcome": "skipped"}),
        (4, {"outcome": "interrupted"}),
    ]
    begin(study, rows)
    progress = resumed(study, plan)
    assert [trial.trial for trial in progress.left_of(plan.trials)] == [4, 5, 6]
    assert progress.attempts == {1: 1, 2: 2, 3: 1, 4: 1}
    assert progress.correct == {1: True, 2: False}
    assert progress.n_done == 2


def test_practice_is_over_once_the_main_trials_have_begun(study, plan):
    begin(study, [(1, DONE), (3, {"outcome": "interrupted"})])
    assert [t.trial for t in resumed(study, plan).left_of(plan.trials)] == [3, 4, 5, 6]


def test_practice_goes_on_where_it_was_broken_off(study, plan):
    begin(study, [(1, DONE)])
    assert [t.trial for t in resumed(study, plan).left_of(plan.trials)] == [2, 3, 4, 5, 6]


def test_a_session_that_was_killed_before_its_first_row_is_resumed_from_the_start(study, plan):
    folder = begin(study, [], status="running")
    SessionRecord(folder, {}, {"part": 2, "tracker": "mouse", "process": 2**22 + 1})
    assert resumed(study, plan) == Progress(n_parts=2)


def test_a_new_session_has_no_progress_and_a_begun_one_is_refused(study, plan):
    assert read_progress(study, plan, resume=False, another_day=False) == Progress()
    begin(study, [(1, DONE)])
    with pytest.raises(InputError, match="faceoff experiment resume"):
        read_progress(study, plan, resume=False, another_day=False)


def test_a_finished_session_is_not_resumed(study, plan):
    begin(study, [(1, DONE)], status="finished")
    with pytest.raises(InputError, match="must not be finished"):
        resumed(study, plan)


def test_a_session_of_yesterday_is_resumed_only_if_it_is_meant(study, plan):
    yesterday = (datetime.now() - timedelta(days=1)).astimezone().isoformat()
    begin(study, [(1, DONE)], started=yesterday)
    with pytest.raises(InputError, match="--another-day"):
        resumed(study, plan)
    assert resumed(study, plan, another_day=True).n_done == 1


def test_a_session_that_is_still_running_is_refused(study, plan):
    folder = begin(study, [(1, DONE)], status="running")
    # This process wrote the record, and is alive.
    with pytest.raises(InputError, match=f"process {os.getpid()}"):
        resumed(study, plan)
    record = SessionRecord(folder, {}, {"part": 2, "tracker": "mouse", "process": 2**22 + 1})
    assert record.part == 2
    assert resumed(study, plan).n_done == 1  # that process has never been


def test_a_process_of_the_same_number_that_began_later_is_another_one(study, plan):
    folder = study.session_dir("sub-001", "01")
    long_ago = "2001-01-01T00:00:00+00:00"
    part = {"process": os.getpid(), "started": long_ago}
    write_json(folder / "session.json", {"status": "running", "parts": [part]})
    assert resumed(study, plan) == Progress(n_parts=1)


@pytest.mark.parametrize(
    "fragment", ["s", "sub-001\t01\t2", "sub-001\t01\t2\t1\tmain", "sub-001\t01\t2" + "\tdone" * 27]
)
def test_an_incomplete_last_row_is_no_row(study, plan, fragment):
    folder = begin(study, [(1, DONE)])
    with (folder / "trials.tsv").open("a", encoding="utf-8") as file:
        file.write(fragment)
    progress = resumed(study, plan)
    assert [t.trial for t in progress.left_of(plan.trials)] == [2, 3, 4, 5, 6]
    assert progress.n_done == 1
    # It is taken off when the next part begins, which says so.
    assert (folder / "trials.tsv").read_text(encoding="utf-8").endswith(fragment)


def test_a_part_has_a_number_that_no_file_has_yet(study, plan):
    folder = study.session_dir("sub-001", "01")
    (folder / "sub-001_ses-01.asc").touch()
    assert resumed(study, plan).n_parts == 1, "killed before session.json was written"
    SessionRecord(folder, {}, {"part": 2, "tracker": "eyelink"}).end("failed", "")
    assert resumed(study, plan).n_parts == 2, "the recording of part 2 did not arrive"
    (folder / "sub-001_ses-01_part-03.asc").touch()
    assert resumed(study, plan).n_parts == 3, "killed again before session.json was written"


def test_a_session_whose_record_is_lost_goes_on_with_what_its_rows_say(study, plan):
    folder = begin(study, [(1, DONE), (2, {"outcome": "interrupted", "part": 2})])
    (folder / "session.json").unlink()
    progress = resumed(study, plan)
    assert (progress.settled, progress.attempts[2], progress.n_parts) == ({1}, 1, 2)


def test_a_record_alone_counts_when_a_session_is_begun(study, plan):
    SessionRecord(study.session_dir("sub-001", "01"), {}, {"part": 1, "tracker": "eyelink"})
    assert read_progress(study, plan, resume=False, another_day=False).n_parts == 1
