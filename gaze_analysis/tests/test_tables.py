"""Fixation tables made elsewhere, as their authors hand them out."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from gaze_analysis.tables import FIXATION_COLUMNS, read_fixation_tables, read_picture_map
from study.errors import InputError
from study.settings.gaze_maps import TableColumns, TableSettings

FACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces" / "uniss_ffd"
NAME = r"(?P<participant>\d+)_(?P<image>\d+)_(?P<expression>[A-Z]+)_.*"
MAP = {"7": "AF01HAS", "8": "AM02SAS"}


def settings(columns=None, **changes):
    values = {"picture_width_px": 100, "picture_height_px": 80, "file_name": NAME}
    values |= {"picture_map": "map.csv", "columns": TableColumns(**(columns or {}))}
    return TableSettings(**(values | changes))


def written(folder, name="02_007_HA_F_M.csv", text="x,y\n10,20\n30,40\n"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_takes_the_names_of_people_and_pictures_from_the_files(tmp_path):
    files = [written(tmp_path), written(tmp_path, "02_008_SA_M_M.csv", "x,y\n1,2\n")]
    frame = read_fixation_tables(files, settings(), MAP)
    assert list(frame.columns) == list(FIXATION_COLUMNS)
    assert list(frame["participant_id"]) == ["sub-02"] * 3
    assert list(frame["image_id"]) == ["AF01HAS", "AF01HAS", "AM02SAS"]
    assert list(frame["expression"]) == ["happy", "happy", "sad"]
    assert list(frame["trial"]) == [1, 1, 2]
    assert list(frame["index"]) == [1, 2, 1]
    assert frame["duration_ms"].isna().all()
    assert frame["included"].all()


def test_takes_them_from_columns(tmp_path):
    text = (
        "who;face;emotion;t;start;ms;px;py\n"
        "a1;happy_face.png;Happiness;3;250,5;180,25;10,5;20\n"
        "a1;happy_face.png;Happiness;3;12;0;11;21\n"
    )
    columns = {
        "x": "px", "y": "py", "onset": "start", "duration": "ms", "participant": "who",
        "image": "face", "expression": "emotion", "trial": "t",
    }  # fmt: skip
    frame = read_fixation_tables(
        [written(tmp_path, "all.txt", text)], settings(columns, file_name="", picture_map="")
    )
    assert list(frame["onset_ms"]) == [12, 250.5]
    assert list(frame["x_px"]) == [11, 10.5]
    assert set(frame["image_id"]) == {"happy_face"}
    assert set(frame["expression"]) == {"happy"}
    assert set(frame["trial"]) == {3}
    assert list(frame["reason"]) == ["no duration", None]


def test_leaves_out_what_is_not_on_the_picture_and_says_why(tmp_path):
    text = "x,y\n-0.5,-0.5\n99.4,79.4\n99.5,10\n10,-1\n.,5\n"
    frame = read_fixation_tables([written(tmp_path, text=text)], settings(), MAP)
    assert list(frame["included"]) == [True, True, False, False, False]
    assert list(frame["reason"])[2:] == ["off picture", "off picture", "no position"]


def test_reads_zips_and_skips_the_shadows_that_macos_adds(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("Fix/02_007_HA_F_M.csv", "\ufeffx\ty\r\n10\t20\r\n\r\n")
        archive.writestr("__MACOSX/Fix/._02_007_HA_F_M.csv", b"\x00\x05")
        archive.writestr("Fix/readme.md", "hello")
    frame = read_fixation_tables([tmp_path / "all.zip"], settings(), MAP)
    assert frame[["x_px", "y_px"]].to_numpy().tolist() == [[10, 20]]


@pytest.mark.parametrize(
    ("name", "text", "changes", "words"),
    [
        ("x.csv", "x,y\n1,2\n", {}, "must match"),
        ("02_007_HA_F_M.csv", "X,y\n1,2\n", {}, "must have the column 'x'"),
        ("02_007_HA_F_M.csv", "x,y\n1\n", {}, "line 2 has 1"),
        ("02_007_HA_F_M.csv", "x,y\n1,abc\n", {}, "line 2: a number must stand here"),
        ("02_007_HA_F_M.csv", "", {}, "it is empty"),
        ("02_007_HA_F_M.csv", "x,y\n", {}, "hold none"),
        ("02_009_HA_F_M.csv", "x,y\n1,2\n", {}, "'009' is not"),
        ("02_007_SA_F_M.csv", "x,y\n1,2\n", {}, "AF01HAS shows happy"),
        ("02_007_QQ_F_M.csv", "x,y\n1,2\n", {}, "'QQ'"),
        ("02_x_QQ_F_M.csv", "x,y\n1,2\n", {"file_name": ""}, "must have its participant"),
        (
            "02_me_.csv", "x,y\n1,2\n",
            {"file_name": r"(?P<participant>\d+)_(?P<image>.*)_(?P<expression>\w*)\.csv",
             "picture_map": ""},
            "none for 'me'",
        ),
    ],
    ids=["name", "column", "cells", "number", "empty", "no-rows", "map", "contradiction",
         "unknown", "nobody", "no-expression"],
)  # fmt: skip
def test_answers_a_wrong_table_by_one_message(tmp_path, name, text, changes, words):
    with pytest.raises(InputError, match=words):
        read_fixation_tables([written(tmp_path, name, text)], settings(**changes), MAP)


def test_pictures_need_not_show_an_expression(tmp_path):
    changes = {"file_name": r"(?P<participant>\d+)_(?P<image>.*)\.csv", "picture_map": ""}
    paths = [written(tmp_path, name, "x,y\n1,2\n") for name in ("02_me.csv", "02_AF01HAS.csv")]
    frame = read_fixation_tables(paths, settings(**changes), {})
    assert frame.set_index("image_id")["expression"].fillna("").to_dict() == {
        "me": "", "AF01HAS": "happy",
    }  # fmt: skip


def test_answers_a_broken_archive_by_one_message(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK no")
    with pytest.raises(InputError, match="must be a zip archive"):
        read_fixation_tables([tmp_path / "a.zip"], settings(), MAP)
    picture = tmp_path / "02_007_HA_F_M.csv"
    picture.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    with pytest.raises(InputError, match="is a JPEG picture"):
        read_fixation_tables([picture], settings(), MAP)


def test_reads_the_picture_map(tmp_path):
    path = written(tmp_path, "map.csv", "ID, FileName\n0,AF09SAS.JPG\n012,AM14SAS.JPG\n")
    assert read_picture_map(path) == {"0": "AF09SAS", "12": "AM14SAS"}
    with pytest.raises(InputError, match="there is no file"):
        read_picture_map(tmp_path / "none.csv")
    with pytest.raises(InputError, match="line 2"):
        read_picture_map(written(tmp_path, "short.csv", "ID\n0\n"))


@pytest.mark.skipif(not FACES.is_dir(), reason="the Sassari recordings are not beside the checkout")
def test_reads_every_fixation_of_the_sassari_faces():
    columns = TableColumns(x="FixationPointX", y="FixationPointY")
    sassari = settings(picture_width_px=562, picture_height_px=762).model_copy(
        update={"columns": columns}
    )
    names = read_picture_map(FACES / "StimuliMap.csv")
    frame = read_fixation_tables([FACES / "Fixations.zip"], sassari, names)
    assert len(frame) == 21093
    assert frame["included"].all()
    assert frame["participant_id"].nunique() == 20
    assert frame["image_id"].nunique() == 120
    assert frame.groupby("expression")["image_id"].nunique().to_dict() == dict.fromkeys(
        ("happy", "neutral", "sad"), 40
    )
    assert np.isfinite(frame[["x_px", "y_px"]]).all(axis=None)
