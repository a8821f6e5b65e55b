"""Recipes: each is a study that faceoff has, names only commands that exist, and runs small."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from faceoff.cli import app
from faceoff.recipes import run as recipe_run
from faceoff.recipes.recipe import PLACES, read_recipe, recipe_names
from faceoff.recipes.run import run_recipe
from study.errors import InputError
from study.folder import open_study

RECIPE = """
# What the study is.
[recipe]
title = "A study"
source = "Somebody (2020)"
data = "a folder of faces"
steps = ["stimuli register {faces}"]
results = ["stimuli/manifest.tsv"]

[recipe.small]
actors = 2

[recipe.small.stimuli]
validation_actors = 0

[recipe.small.cnn]
epochs = 1

[cnn]
epochs = 600  # as published
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own recipe.toml"
    path.write_text(RECIPE)
    return path


def _command_of(words: list[str]) -> tuple[Any, list[str]]:
    command: Any = typer.main.get_command(app)
    while isinstance(command, TyperGroup):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_names_commands_and_options_that_exist(
    name: str, small: bool, tmp_path: Path
) -> None:
    for step in read_recipe(name, small=small).steps:
        words = [part.format(**dict.fromkeys(PLACES, str(tmp_path))) for part in shlex.split(step)]
        command, rest = _command_of(words)
        command.make_context("faceoff", [*rest, "--study", str(tmp_path)]).close()


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_runs_small_to_its_results(name: str, tmp_path: Path) -> None:
    recipe = read_recipe(name, small=True)
    run_recipe(recipe, tmp_path / "study")
    for result in recipe.results:
        assert any((tmp_path / "study").glob(result)), result


def test_settings_keep_the_comments_of_the_recipe_and_lose_what_is_not_the_studys(
    own: Path,
) -> None:
    published, small = read_recipe(str(own)), read_recipe(str(own), small=True)
    assert "epochs = 600  # as published" in published.settings_toml
    assert "epochs = 1  # as published" in small.settings_toml
    assert "recipe" not in small.settings_toml
    assert published.actors == 70
    assert small.actors == 2


def test_a_recipe_of_ones_own_runs_and_goes_on(own: Path, tmp_path: Path) -> None:
    recipe = read_recipe(str(own), small=True)
    folder = tmp_path / "study"
    run_recipe(recipe, folder)
    record = next(folder.glob("stimuli/*.provenance.json"))
    written = record.stat().st_mtime_ns
    assert open_study(folder).settings.cnn.epochs == 1
    run_recipe(recipe, folder)
    assert record.stat().st_mtime_ns == written
    with pytest.raises(InputError, match="holds another study, or the same recipe in another form"):
        run_recipe(read_recipe(str(own)), folder)


def test_faces_in_a_folder_with_a_blank_in_its_name(own: Path, tmp_path: Path) -> None:
    recipe = read_recipe(str(own), small=True)
    run_recipe(recipe, tmp_path / "first")
    faces = tmp_path / "my faces"
    (tmp_path / "first" / "stimuli" / "pictures").rename(faces)
    run_recipe(recipe, tmp_path / "second", faces=faces)
    assert open_study(tmp_path / "second").settings.stimuli.folder == str(faces)


def test_a_failing_command_ends_the_recipe_with_its_status(own: Path, tmp_path: Path) -> None:
    own.write_text(RECIPE.replace("stimuli register {faces}", "cnn evaluate"))
    with pytest.raises(InputError, match="The network must be at"):
        run_recipe(read_recipe(str(own), small=True), tmp_path / "study")
    own.write_text(RECIPE.replace("stimuli register {faces}", "cnn evaluate --bogus"))
    with pytest.raises(SystemExit) as ended:
        run_recipe(read_recipe(str(own), small=True), tmp_path / "other")
    assert ended.value.code == 2


def test_a_result_that_is_missing_is_a_failure(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe_run, "_run_command", lambda *words: None)
    with pytest.raises(SystemExit) as ended:
        run_recipe(read_recipe(str(own), small=True), tmp_path / "study")
    assert ended.value.code == 1
    assert "stimuli/manifest.tsv was NOT made" in capsys.readouterr().err


def test_faces_that_are_not_there_make_nothing(own: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        run_recipe(read_recipe(str(own)), tmp_path / "study", faces=tmp_path / "none")
    with pytest.raises(InputError, match="takes only one"):
        run_recipe(read_recipe(str(own)), tmp_path / "study", other_faces=tmp_path)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[recipe", "[recipes", r"must have a section \[recipe\]"),
        ("{faces}", "{fases}", "braces may hold faces, other_faces, other, and not 'fases'"),
        ('source = "Somebody (2020)"\n', "", r"\[recipe\] must hold 'source', but it does not"),
        ("title =", "titel =", "titel.*Did you mean 'title'"),
        ("epochs = 1\n", "epochs = 0\n", "cnn.epochs is out of its range"),
        ("epochs = 1\n", "epoch = 1\n", "cnn.epoch'.*Did you mean 'epochs'"),
        ("actors = 2", 'networks = ["VGG"]', r"must name some of \[cnn.networks\], but 'VGG'"),
        ("[cnn]", "[cnn", "must be TOML"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_named(own: Path, old: str, new: str, message: str) -> None:
    own.write_text(RECIPE.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_recipe(str(own), small=True)


def test_an_unknown_recipe_is_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"vggface_gaze.*faceoff recipes list"):
        read_recipe("vggface")
