import json
import math
import os
import shutil
from pathlib import Path

import pytest

from study.errors import InputError
from study.growing import GrowingTable
from study.tables import read_table

COLUMNS = {"trial": "Number.", "correct": "Right.", "rt_ms": "Time.", "name": "Who."}


def row(**values):
    return {"trial": 1, "correct": True, "rt_ms": 512.0, "name": "a"} | values


def test_a_row_is_in_the_file_before_the_table_is_closed(tmp_path):
    table = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    table.add(row())
    table.add(row(trial=2, correct=False, rt_ms=1234.5678, name=None))
    read = read_table(tmp_path / "t.tsv", what="", columns={"correct": bool, "name": str})
    table.close()
    assert list(read["correct"]) == [True, False]
    assert list(read["rt_ms"]) == [512.0, 1234.568]
    assert read["name"].isna().tolist() == [False, True]


def test_missing_values_and_signs_that_would_break_a_line(tmp_path):
    table = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    table.add(row(rt_ms=math.nan, name="two\twords\nhere"))
    table.close()
    assert (tmp_path / "t.tsv").read_text("utf-8").splitlines()[1] == "1\ttrue\tn/a\ttwo words here"


def test_a_row_without_all_its_columns_is_refused(tmp_path):
    table = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    with pytest.raises(ValueError, match="name"):
        table.add({"trial": 1, "correct": True, "rt_ms": 1.0})
    table.close()


def test_every_column_is_described_in_the_sidecar(tmp_path):
    GrowingTable(tmp_path / "t.tsv", COLUMNS).close()
    assert list(json.loads((tmp_path / "t.json").read_text("utf-8"))) == list(COLUMNS)


def test_a_table_is_gone_on_with_and_an_incomplete_last_line_taken_off(tmp_path):
    first = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    first.add(row())
    first.close()
    with (tmp_path / "t.tsv").open("a", encoding="utf-8") as file:
        file.write("2\ttr")
    second = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    second.add(row(trial=3))
    second.close()
    assert second.cut_off == "2\ttr"
    assert read_table(tmp_path / "t.tsv", what="")["trial"].tolist() == [1, 3]


def test_a_last_line_may_end_within_a_letter(tmp_path):
    GrowingTable(tmp_path / "t.tsv", COLUMNS).close()
    with (tmp_path / "t.tsv").open("ab") as file:
        file.write("2\ttrue\t5\tü".encode()[:-1])
    table = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    table.add(row(trial=3))
    table.close()
    assert table.cut_off.startswith("2\ttrue\t5\t")
    assert read_table(tmp_path / "t.tsv", what="")["trial"].tolist() == [3]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody take away an open file")
@pytest.mark.parametrize("how", ["removed", "moved", "replaced"])
def test_no_row_goes_into_a_file_that_is_not_there_any_more(tmp_path, how):
    path = tmp_path / "t.tsv"
    table = GrowingTable(path, COLUMNS)
    table.add(row())
    if how == "removed":
        path.unlink()
    else:
        copied = shutil.copy(path, tmp_path / "copy.tsv")
        path.rename(tmp_path / "elsewhere.tsv")
        if how == "replaced":
            Path(copied).rename(path)
    with pytest.raises(InputError, match="must stay where it is"):
        table.add(row(trial=2))
    table.close()


def test_a_table_of_other_columns_is_refused_and_stays(tmp_path):
    (tmp_path / "t.tsv").write_text("trial\tanswer\n1\tx\n", encoding="utf-8")
    with pytest.raises(InputError, match="answer"):
        GrowingTable(tmp_path / "t.tsv", COLUMNS)
    assert (tmp_path / "t.tsv").read_text("utf-8") == "trial\tanswer\n1\tx\n"


def test_a_full_disk_is_said_and_leaves_no_half_line(tmp_path, monkeypatch):
    table = GrowingTable(tmp_path / "t.tsv", COLUMNS)
    table.add(row())
    whole = table._file

    class Full:
        def write(self, line: bytes) -> int:
            return whole.write(line[:5])

        def __getattr__(self, name: str) -> object:
            return getattr(whole, name)

    monkeypatch.setattr(table, "_file", Full())
    with pytest.raises(InputError, match="Make room on the disk"):
        table.add(row(trial=2))
    monkeypatch.setattr(table, "_file", whole)
    table.add(row(trial=3))
    table.close()
    assert read_table(tmp_path / "t.tsv", what="")["trial"].tolist() == [1, 3]
