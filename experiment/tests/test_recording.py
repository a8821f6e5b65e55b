import json

import pytest

from experiment.recording import TRIAL_COLUMNS, SessionRecord, TrialTable, versions
from study.errors import InputError
from study.tables import read_table


def row(**values):
    return dict.fromkeys(TRIAL_COLUMNS) | {"trial": 1, "correct": True, "rt_ms": 512.0} | values


def test_a_row_is_in_the_file_before_the_table_is_closed(tmp_path):
    table = TrialTable(tmp_path / "trials.tsv")
    table.add(row(image_id="AF01AFS"))
    table.add(row(trial=2, correct=False, rt_ms=1234.5678))
    read = read_table(
        tmp_path / "trials.tsv", what="", columns={"correct": bool, "rt_ms": float, "response": str}
    )
    table.close()
    assert list(read["correct"]) == [True, False]
    assert list(read["rt_ms"]) == [512.0, 1234.568]
    assert read["response"].isna().all()


def test_a_row_without_all_its_columns_is_refused(tmp_path):
    table = TrialTable(tmp_path / "trials.tsv")
    with pytest.raises(ValueError, match="key"):
        table.add({name: 1 for name in TRIAL_COLUMNS if name != "key"})
    table.close()


def test_every_column_is_described_in_the_sidecar(tmp_path):
    TrialTable(tmp_path / "trials.tsv").close()
    sidecar = json.loads((tmp_path / "trials.json").read_text(encoding="utf-8"))
    assert list(sidecar) == list(TRIAL_COLUMNS)


def test_a_session_with_rows_is_never_started_again(tmp_path):
    table = TrialTable(tmp_path / "trials.tsv")
    table.add(row())
    table.close()
    before = (tmp_path / "trials.tsv").read_bytes()
    with pytest.raises(InputError, match=r"holds 1 trials.*plan another session"):
        TrialTable(tmp_path / "trials.tsv")
    assert (tmp_path / "trials.tsv").read_bytes() == before


@pytest.mark.parametrize("name", ["trials.tsv", "sub-001_ses-01.asc", "sub-001_ses-01.edf"])
def test_what_a_start_without_a_trial_left_is_named(tmp_path, name):
    (tmp_path / name).write_text("header\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}.*Move them away"):
        TrialTable(tmp_path / "trials.tsv")


def test_the_record_says_that_the_session_is_running_and_then_how_it_ended(tmp_path):
    record = SessionRecord(tmp_path / "session.json", {"tracker": "mouse"})
    running = json.loads((tmp_path / "session.json").read_text(encoding="utf-8"))
    record.write("quit", n_trials=3)
    ended = json.loads((tmp_path / "session.json").read_text(encoding="utf-8"))
    assert (running["status"], running["finished"]) == ("running", None)
    assert (ended["status"], ended["n_trials"], ended["tracker"]) == ("quit", 3, "mouse")
    assert ended["started"] == running["started"] <= ended["finished"]


def test_a_missing_package_has_no_version_but_is_named():
    assert versions("numpy", "no-such-package")["no-such-package"] == "not installed"
