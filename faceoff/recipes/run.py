"""Running a recipe: its study folder, its faces, its commands, and what came of it."""

import json
import shlex
import sys
from pathlib import Path

from faceoff.recipes.recipe import Recipe
from study.errors import InputError
from study.folder import SETTINGS_NAME, Study, create_study, open_study
from study.progress import say
from study.writing import write_json

#: The second study's folder within the first.
OTHER = "other"


def run_recipe(
    recipe: Recipe, folder: Path, *, faces: Path | None = None, other_faces: Path | None = None
) -> None:
    """Make a recipe's study, give it faces, and run its commands.

    A recipe that was stopped goes on: a command whose results are up to date does nothing.

    Parameters
    ----------
    recipe : Recipe
        What is to run.
    folder : Path
        The study's folder; made where it is missing.
    faces, other_faces : Path, optional
        The face sets; synthetic faces are drawn where they are not given.

    Raises
    ------
    InputError
        If the folder holds another study, or a second face set is given where none is used.
    SystemExit
        With the status of a command that failed; with 1 if a result is missing at the end.
    """
    if other_faces is not None and not recipe.other_toml:
        raise InputError(
            f"A second face set must be of use, but the recipe {recipe.name} takes only one. "
            "Leave --other-faces out."
        )
    given = (faces, other_faces)
    missing = next((path for path in given if path and not path.exists()), None)
    if missing is not None:
        raise InputError(
            f"A face set must be a folder or file, but {missing} does not exist. Correct the path."
        )
    study = _recipe_study(recipe, folder)
    places = {"faces": str(faces.resolve() if faces else _drawn(study, recipe, 1))}
    if recipe.other_toml:
        other = _open_or_create(study.root / OTHER, recipe.other_toml)
        own = other_faces.resolve() if other_faces else _drawn(other, recipe, 2)
        places |= {"other": str(other.root), "other_faces": str(own)}
    for number, step in enumerate(recipe.steps, start=1):
        say(f"[{number}/{len(recipe.steps)}] faceoff {step}")
        # Split before the places are filled: a folder's name may hold blanks.
        _run_command(study, *(part.format(**places) for part in shlex.split(step)))
    _say_results(recipe, study)


def _recipe_study(recipe: Recipe, folder: Path) -> Study:
    """Make the study, or open the one that this recipe made; its settings may have been edited."""
    wanted = {"recipe": recipe.name, "actors": recipe.actors, "steps": list(recipe.steps)}
    record = Path(folder) / "derivatives" / "faceoff" / "recipe.json"
    if (Path(folder) / SETTINGS_NAME).is_file():
        there = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        if there != wanted:
            raise InputError(
                f"A recipe needs a folder of its own, but {folder} holds another study, or the "
                "same recipe in another form. Name another folder."
            )
        return open_study(folder)
    study = create_study(folder, settings_toml=recipe.settings_toml)
    write_json(record, wanted)
    return study


def _open_or_create(folder: Path, settings_toml: str) -> Study:
    """Open the second study, or make it."""
    if (folder / SETTINGS_NAME).is_file():
        return open_study(folder)
    return create_study(folder, settings_toml=settings_toml)


def _drawn(study: Study, recipe: Recipe, seed: int) -> Path:
    """Draw the synthetic faces of a study, unless they are there."""
    say(f"no faces were given: {recipe.actors} synthetic actors take their place")
    _run_command(study, "stimuli", "synth", "--actors", str(recipe.actors), "--seed", str(seed))
    return study.pictures_dir


def _run_command(study: Study, *words: str) -> None:
    """Run a command of faceoff on a study, as a user would; what it says of bad input is said."""
    # Later than this module: the command line knows the recipes.
    from faceoff.cli import app

    chosen = words if "--study" in words else (*words, "--study", str(study.root))
    try:
        app(chosen)
    except SystemExit as ended:
        if ended.code:
            raise


def _say_results(recipe: Recipe, study: Study) -> None:
    """Name the files to look at; a missing one is a failure."""
    missing = [name for name in recipe.results if not any(study.root.glob(name))]
    say(f"{recipe.section.title}: the results are in {study.root}")
    for name in recipe.results:
        say(f"  {name}" + (" was NOT made" if name in missing else ""))
    if missing:
        sys.exit(1)
