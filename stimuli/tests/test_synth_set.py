import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import typer
from PIL import Image
from scipy.ndimage import gaussian_filter
from typer.testing import CliRunner

from stimuli.expressions import EXPRESSIONS
from stimuli.synth.cli import synth
from stimuli.synth.identity import draw_identity
from stimuli.synth.set import Picture, contact_sheet, draw, draw_set, pictures_of_set
from study.errors import InputError
from study.settings.execution import ExecutionSettings
from study.tables import read_table

ONE_JOB = ExecutionSettings(jobs=1)


def digest(folder):
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    assert draw_set(folder, n_actors=2, seed=5, execution=ONE_JOB)
    return folder


def test_the_whole_set_is_kdefs_straight_view():
    names = [picture.image_id for picture in pictures_of_set(70)]
    assert len(set(names)) == 980
    assert {"AF01AFS", "BM35SUS", "AF09HAS"} <= set(names)
    for number in (1, 71):
        with pytest.raises(InputError, match="from 2 to 70"):
            pictures_of_set(number)


def test_files_have_kdefs_names_and_format(drawn):
    wanted = {picture.file for picture in pictures_of_set(2)}
    assert {path.relative_to(drawn).as_posix() for path in drawn.rglob("*.JPG")} == wanted
    for file in wanted:
        with Image.open(drawn / file) as image:
            assert (image.size, image.mode, image.format) == ((562, 762), "RGB", "JPEG")
            assert image.info["dpi"] == (72, 72)
    record = json.loads((drawn / "synthetic.json").read_text(encoding="utf-8"))
    assert record == {"seed": 5, "version": 1, "actors": 2, "pictures": 28, "complete": True}


def test_landmarks_of_the_table_are_those_of_the_pictures(drawn):
    types = {"image_id": str, "point": int, "x_px": float, "y_px": float}
    frame = read_table(drawn / "synthetic_landmarks.tsv", what="Landmarks", columns=types)
    assert len(frame) == 28 * 68
    _, points, _ = draw(Picture("M01", "B", "angry"), 5)
    rows = frame[frame["image_id"] == "BM01ANS"]
    assert rows["point"].tolist() == list(range(1, 69))
    np.testing.assert_allclose(rows[["x_px", "y_px"]].to_numpy(), points, atol=5.1e-4)


def test_landmarks_stand_on_what_is_drawn():
    for actor in ("F02", "M03"):
        image, points, _ = draw(Picture(actor, "A", "surprised"), 1)
        grey = gaussian_filter(np.asarray(image.convert("L"), dtype=float), 2)
        for eye in (points[36:42], points[42:48]):
            (left, top), (right, bottom) = eye.min(axis=0), eye.max(axis=0)
            box = grey[round(top) + 3 : round(bottom) - 2, round(left) + 8 : round(right) - 8]
            row, column = np.unravel_index(box.argmin(), box.shape)
            assert abs(column + round(left) + 8 - (left + right) / 2) < 6
            assert abs(row + round(top) + 3 - (top + bottom) / 2) < 6
        mouth, chin = points[[61, 62, 63, 65, 66, 67]].mean(axis=0), points[8]
        inside = grey[round(mouth[1]), round(mouth[0])]
        assert inside < 0.6 * grey[round(chin[1]) - 18, round(chin[0])]


def test_identity_and_expression_vary_independently(drawn):
    frame = read_table(drawn / "synthetic_truth.tsv", what="Truth")
    names = tuple(vars(draw_identity("male", np.random.default_rng(1))))
    fixed = [column for column in map(str, frame) if column.startswith(names)]
    assert len(fixed) > 40
    assert len(frame.drop_duplicates(["actor", *fixed])) == frame["actor"].nunique() == 2
    assert frame["AU4"].nunique() == len(frame)
    sides = json.loads((drawn / "synthetic_truth.json").read_text(encoding="utf-8"))
    assert set(sides) >= set(frame)
    assert set(frame["expression"]) == set(EXPRESSIONS)


def test_same_seed_same_bytes_on_any_number_of_workers(drawn, tmp_path):
    draw_set(tmp_path, n_actors=2, seed=5, execution=ExecutionSettings(jobs=2))
    assert digest(tmp_path) == digest(drawn)
    first, _, _ = draw(Picture("F01", "A", "happy"), 5)
    other, _, _ = draw(Picture("F01", "A", "happy"), 6)
    assert first.tobytes() != other.tobytes()


def test_a_set_that_is_there_is_left_alone(drawn):
    before = {path: path.stat().st_mtime_ns for path in drawn.rglob("*.JPG")}
    assert not draw_set(drawn, n_actors=2, seed=5, execution=ONE_JOB)
    assert before == {path: path.stat().st_mtime_ns for path in drawn.rglob("*.JPG")}


def test_an_unfinished_set_is_drawn_anew_and_another_one_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr("stimuli.synth.set.EXPRESSIONS", ("happy",))
    assert draw_set(tmp_path, n_actors=3, seed=1, execution=ONE_JOB)
    whole = digest(tmp_path)
    record = tmp_path / "synthetic.json"
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace("true", "false"), encoding="utf-8")
    (tmp_path / "AF02" / "AF02HAS.JPG").unlink()
    assert draw_set(tmp_path, n_actors=3, seed=1, execution=ONE_JOB)
    assert digest(tmp_path) == whole
    assert draw_set(tmp_path, n_actors=2, seed=1, execution=ONE_JOB)
    assert not (tmp_path / "AF02" / "AF02HAS.JPG").exists()
    assert len(pd.read_csv(tmp_path / "synthetic_truth.tsv", sep="\t")) == 4


def test_the_sheet_shows_actors_by_expressions(drawn, tmp_path):
    contact_sheet(drawn, tmp_path / "sheet.png", n_actors=2)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (7 * 200, 2 * 238)
        assert np.asarray(sheet).std() > 20


def run(*arguments):
    app = typer.Typer()
    app.command()(synth)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_bad_input_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "AF01").mkdir()
    (tmp_path / "AF01" / "AF01HAS.JPG").write_bytes(b"a real face")
    refused = run(tmp_path, "--study", tmp_path, "--jobs", 1)
    assert isinstance(refused.exception, InputError)
    assert "must not hold other pictures" in str(refused.exception)
    assert (tmp_path / "AF01" / "AF01HAS.JPG").read_bytes() == b"a real face"
    new = tmp_path / "new"
    assert isinstance(run(new, "--actors", 99).exception, InputError)
    assert isinstance(run("--study", tmp_path / "no").exception, InputError)
    assert not new.exists()
    (tmp_path / "synthetic.json").write_text("{", encoding="utf-8")
    assert "must be JSON" in str(run(tmp_path, "--jobs", 1).exception)
