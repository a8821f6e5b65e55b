"""The commands about faces, as a user calls them."""

import sys
from pathlib import Path

import pytest

from stimuli.cli import app
from stimuli.tests.faces import make_study, write_face_set, write_picture
from study.cli import run_app
from study.folder import open_study


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Run a command and give its exit status."""
    monkeypatch.setattr(sys, "argv", ["stimuli", *map(str, arguments)])
    try:
        run_app(app)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def study_dir(tmp_path: Path) -> Path:
    return make_study(tmp_path / "study").root


def test_a_set_elsewhere_is_registered_checked_and_remembered(
    study_dir, tmp_path, monkeypatch, capsys
):
    write_face_set(tmp_path / "faces", ["F01", "F02", "M01"])
    assert call(monkeypatch, "register", tmp_path / "faces", "--study", study_dir) == 0
    assert "42 straight pictures registered" in capsys.readouterr().err
    assert open_study(study_dir).pictures_dir == tmp_path / "faces"
    assert call(monkeypatch, "check", "--study", study_dir) == 0
    assert "42 pictures are there and unchanged" in capsys.readouterr().err
    assert call(monkeypatch, "register", "--study", study_dir) == 0
    assert "up to date" in capsys.readouterr().err
    write_picture(tmp_path / "faces" / "AF01" / "AF01AFS.JPG", 999)
    assert call(monkeypatch, "check", "--study", study_dir) == 2
    message = capsys.readouterr().err
    assert message.count("Error:") == 1
    assert "AF01AFS.JPG has other content" in " ".join(message.split())


@pytest.mark.parametrize("arguments", [["register"], ["register", "nowhere"], ["check"]])
def test_what_is_missing_is_one_message_and_status_two(study_dir, monkeypatch, capsys, arguments):
    before = sorted(study_dir.rglob("*")), (study_dir / "study.toml").read_bytes()
    assert call(monkeypatch, *arguments, "--study", study_dir) == 2
    assert capsys.readouterr().err.count("Error:") == 1
    assert before == (sorted(study_dir.rglob("*")), (study_dir / "study.toml").read_bytes())
