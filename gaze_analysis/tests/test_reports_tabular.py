"""Tables in every shape that programs and people hand out."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaze_analysis.reports.cells import numbers, pairs, texts, whole_number_in
from gaze_analysis.reports.table import Table
from gaze_analysis.reports.tabular import (
    _read_text,
    read_columns,
    read_tables,
    table_header,
)
from gaze_analysis.tests.report_text import biff2
from study.errors import InputError

TEXT = 'a\tb\tc\r\n003\t1,5\t"x, y"\r\n.\t\t["586"]\r\n'
CELLS = [["003", "1,5", "x, y"], [".", "", '["586"]']]


def read(folder: Path, data: bytes, name: str = "t.xls") -> Table:
    path = folder / name
    path.write_bytes(data)
    return next(read_tables(path))


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        gzip.compress(TEXT.encode()),
        TEXT.replace("\r\n", "\n\n").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.replace("\r\n", "\t\r\n").encode(),
        ('"a"\t"b"\t"c"\n' + TEXT.split("\r\n", 1)[1].replace('["586"]', '"[""586""]"')).encode(),
    ],
    ids=[
        "utf8",
        "bom",
        "utf16",
        "utf16be",
        "no-bom",
        "gzip",
        "blank",
        "cr",
        "last-empty",
        "quoted",
    ],
)
def test_one_table_in_many_codes(tmp_path: Path, data: bytes) -> None:
    table = read(tmp_path, data)
    assert table.header == ["a", "b", "c"]
    assert table.cells.to_numpy().tolist() == CELLS
    assert table.skipped.empty
    assert table_header(tmp_path / "t.xls") == ["a", "b", "c"]


def test_rows_of_another_width_are_named_with_line_and_text(tmp_path: Path) -> None:
    text = 'a;b;c\n1;2;3\n\n4;5\n"6\n";7;8\n9;10;11;12\n;;\n13;14;15'
    table = read(tmp_path, text.encode())
    assert table.cells.to_numpy().tolist() == [
        ["1", "2", "3"],
        ["6\n", "7", "8"],
        ["13", "14", "15"],
    ]
    assert table.line.tolist() == [2, 5, 9]
    assert table.skipped.to_numpy().tolist() == [
        [4, "2 cells instead of 3", "4;5"],
        [7, "4 cells instead of 3", "9;10;11;12"],
    ]


def test_quotes_that_do_not_pair_up_are_text(tmp_path: Path) -> None:
    table = read(tmp_path, b'a\tb\n5" tall\t1\n"open\t2\n"open\t3\n')
    assert table.cells["a"].tolist() == ['5" tall', '"open', '"open']


def test_what_r_and_latin_1_and_excel_add(tmp_path: Path) -> None:
    assert read(tmp_path, b'"x","y"\n"1",5,6\n"2",7,8\n').header == ["", "x", "y"]
    assert read(tmp_path, "x;y\nKöln;1\n".encode("latin-1")).cells["x"].tolist() == ["Köln"]
    assert read(tmp_path, b"sep=;\nx;y\n1;2,5\n").cells["y"].tolist() == ["2,5"]
    assert read(tmp_path, b"x\tx\ty\n1\t2\t3\n").header == ["x", "x.1", "y"]


def test_true_workbooks(tmp_path: Path) -> None:
    old = read(tmp_path, biff2([["id", "x"], ["003", 1.5], ["x", 4.0]]), "report.txt")
    assert old.cells.to_numpy().tolist() == [["003", "1.5"], ["x", "4"]]
    book = openpyxl.Workbook()
    for row in (["id", "x"], ["003", 1.5], [None, None], ["004", "."]):
        book.active.append(row)
    book.create_sheet("notes").append(["see below"])
    book.save(tmp_path / "new.xlsx")
    new = next(read_tables(tmp_path / "new.xlsx"))
    assert new.cells.to_numpy().tolist() == [["003", "1.5"], ["004", "."]]
    assert new.line.tolist() == [2, 4]
    assert new.skipped["text"].tolist() == ["notes: 1 rows"]
    assert table_header(tmp_path / "new.xlsx") == ["id", "x"]


def test_archives_hold_several(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("b.csv.gz", gzip.compress(b"x,y\n3,4\n"))
        archive.writestr("a.csv", "x,y\n1,2\n")
        archive.writestr("__MACOSX/._a.csv", "no")
    tables = list(read_tables(tmp_path / "all.zip"))
    assert [(t.name, t.cells["x"].tolist()) for t in tables] == [("a.csv", ["1"]), ("b.csv", ["3"])]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"", "empty"),
        (b"\x1f\x8bno", "damaged"),
        (b"PK\x03\x04no", "zip"),
        (b"\xd0\xcf\x11\xe0 no workbook", "workbook"),
        (b"a\x00\x01\x02\x03" * 50, "neither"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, data)
    assert table_header(tmp_path / "t.xls") == []


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6)
ROWS = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6)


@given(rows=ROWS)
def test_whatever_a_csv_writer_writes_is_read_whole(rows: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    table = _read_text("t", text.getvalue().encode("utf-8"))
    assert table.skipped.empty
    expected = [row for row in rows if any(cell.strip() for cell in row)]
    assert table.cells.to_numpy().tolist() == expected


def test_small_tables_are_read_alike_as_lists(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('x,y\n1,"2\n"\n\n,\n3\n4,5\n', encoding="utf-8")
    small, table = next(read_columns(path)), next(read_tables(path))
    assert small.columns == {name: table.cells[name].tolist() for name in "xy"}
    assert small.line == table.line.tolist() == [2, 7]
    assert small.odd == [(6, 1)]


def test_numbers_with_points_and_commas() -> None:
    cases = {
        "511.80": 511.8, " 3": 3.0, "1e3": 1000.0, "-2": -2.0, ".": np.nan, "NA": np.nan,
        "-": np.nan, "": np.nan,
    }  # fmt: skip
    values, wrong = numbers(pd.Series(list(cases)))
    np.testing.assert_array_equal(values, list(cases.values()))
    assert not wrong.any()
    values, wrong = numbers(pd.Series(["892,10", "1.234,50", "7", ".", "1,2x"]))
    np.testing.assert_array_equal(values, [892.1, 1234.5, 7, np.nan, np.nan])
    assert wrong.tolist() == [False, False, False, False, True]
    assert numbers(pd.Series(["1,234.5"]))[0].tolist() == [1234.5]


def test_texts_places_and_labels() -> None:
    assert texts(pd.Series(["003", '["586"]', "[]", " . "])).tolist() == ["003", "586", None, None]
    np.testing.assert_array_equal(
        pairs(pd.Series(["(799, 251)", "?"])), np.array([[799, 251], [np.nan, np.nan]])
    )
    labels = whole_number_in(pd.Series(["Trial: 12", "7.0", "s1t2", "x"]))
    np.testing.assert_array_equal(labels, [12, 7, np.nan, np.nan])


def test_a_stray_return_does_not_stop_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "damaged.txt"
    path.write_bytes(b"a\tb\rc\td\n1\t2\n3\t4\n")
    assert table_header(path) == ["a", "b"]
    assert [table.header for table in read_tables(path)] == [["a", "b"]]
