"""Bad input at every command: one message that says what to do, status 2, nothing half-written."""

import sys
from pathlib import Path

import pytest

from faceoff.cli import main
from study.folder import create_study

COMMANDS = [
    ["run"],
    ["report"],
    ["stimuli", "register"],
    ["stimuli", "check"],
    ["participants", "add"],
    ["participants", "list"],
    ["participants", "plan"],
    ["experiment", "run", "sub-001"],
    ["experiment", "simulate"],
    ["gaze", "import"],
    ["gaze", "events"],
    ["gaze", "quality"],
    ["gaze", "regions"],
    ["gaze", "density"],
    ["gaze", "bids"],
    ["cnn", "train"],
    ["cnn", "evaluate"],
    ["cnn", "explain"],
    ["compare", "perturb"],
    ["compare", "metrics"],
    ["compare", "stats"],
]


def ids(arguments: list[str]) -> str:
    return " ".join(arguments)


def answer(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["faceoff", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return (code if isinstance(code, int) else 0), capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_a_folder_that_is_no_study(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, message = answer([*command, "--study", str(tmp_path)], monkeypatch, capsys)
    assert status == 2
    assert message.startswith("Error: A study folder must hold study.toml")
    assert "Traceback" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_an_unknown_setting_is_answered_with_the_right_one(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "study.toml").write_text("[screen]\nwidht_px = 1280\n", encoding="utf-8")
    status, message = answer([*command, "--study", str(tmp_path)], monkeypatch, capsys)
    assert status == 2
    assert "Did you mean 'width_px'?" in message


NEEDS_MORE = [
    command
    for command in COMMANDS
    if command[0] != "report"
    and command[:2] not in (["participants", "add"], ["participants", "list"])
]


@pytest.mark.parametrize("command", NEEDS_MORE, ids=ids)
def test_a_new_study_lacks_what_the_command_needs(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = create_study(tmp_path / "new")
    before = sorted(path.name for path in study.root.rglob("*"))
    status, message = answer([*command, "--study", str(study.root)], monkeypatch, capsys)
    assert status == 2
    assert "Error: " in message
    assert "Traceback" not in message
    assert sorted(path.name for path in study.root.rglob("*")) == before


def test_a_command_that_does_not_exist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, message = answer(["gaze", "densities"], monkeypatch, capsys)
    assert status == 2
    assert "densit" in message


def test_a_study_is_not_made_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create_study(tmp_path / "new")
    status, message = answer(["init", str(tmp_path / "new")], monkeypatch, capsys)
    assert status == 2
    assert "Choose another name" in message


def test_the_demo_touches_no_other_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create_study(tmp_path / "mine", {"study": {"name": "Mine"}})
    status, message = answer(["demo", str(tmp_path / "mine")], monkeypatch, capsys)
    assert status == 2
    assert "'Mine'" in message
