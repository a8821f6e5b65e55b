"""A recipe: a commented study.toml, and the commands that make a published study of it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from tomlkit.items import Table

import faceoff
from study.errors import InputError, did_you_mean
from study.settings import explain_problems, parse_settings
from study.settings.base import Section

#: Beside the packages, in a checkout as in an installation.
RECIPES_DIR = Path(faceoff.__file__).parent.parent / "recipes"
#: What may stand in braces in a step: folders that are known only when it runs.
PLACES = ("faces", "other_faces", "other")


class Small(BaseModel):
    """What a recipe replaces where it runs small; the sections of study.toml are extra fields."""

    model_config = ConfigDict(extra="allow", frozen=True)

    actors: int = Field(18, ge=2, le=70, description="actors of the synthetic faces")
    networks: list[str] = Field([], description="networks of [cnn.networks] to keep; empty: all")
    steps: list[str] = Field([], description="commands in place of the recipe's; empty: the same")
    results: list[str] = Field([], description="files to look at, likewise")
    other: dict[str, Any] = Field({}, description="settings of the second study, by section")


class RecipeSection(Section):
    """The section [recipe] of a recipe: what the study is, and which commands make it."""

    title: str = Field(min_length=1, description="what the study asks, in one line")
    source: str = Field(min_length=1, description="whose study it is")
    data: str = Field(min_length=1, description="the published face set: what --faces must name")
    other_data: str = Field("", description="a second face set: what --other-faces must name")
    actors: int = Field(70, ge=2, le=70, description="actors of the synthetic faces")
    steps: list[str] = Field(min_length=1, description="commands of faceoff, in their order")
    results: list[str] = Field(min_length=1, description="files to look at, from the study folder")
    other: dict[str, Any] = Field({}, description="settings of the second study, by section")
    small: Small = Small()

    @field_validator("steps")
    @classmethod
    def _check_places(cls, steps: list[str]) -> list[str]:
        """Refuse a step with a place that nothing fills."""
        for step in steps:
            if unknown := set(re.findall(r"{(.*?)}", step)) - set(PLACES):
                raise ValueError(f"braces may hold {', '.join(PLACES)}, and not {unknown.pop()!r}")
        return steps


@dataclass(frozen=True)
class Recipe:
    """A published study as settings and commands, in the form that is to run.

    Parameters
    ----------
    name : str
        The recipe's name: that of its file.
    section : RecipeSection
        What the study is.
    steps : tuple of str
        Commands of faceoff.
    results : tuple of str
        Patterns of files to look at, from the study folder.
    actors : int
        Actors of the synthetic faces, where no others are given.
    settings_toml : str
        Text of the study.toml, with the recipe's comments.
    other_toml : str
        That of the second study; empty where there is none.
    """

    name: str
    section: RecipeSection
    steps: tuple[str, ...]
    results: tuple[str, ...]
    actors: int
    settings_toml: str
    other_toml: str


def recipe_names() -> list[str]:
    """Name the recipes that come with faceoff.

    Returns
    -------
    list of str
        In alphabetical order.
    """
    return sorted(path.stem for path in RECIPES_DIR.glob("*.toml"))


def recipe_file(name: str) -> Path:
    """Find a recipe's file.

    Parameters
    ----------
    name : str
        One of `recipe_names`, or the path of a file of one's own, which ends in ``.toml``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If there is none.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES_DIR / f"{name}.toml"
    if not path.is_file():
        raise InputError(
            f"A recipe must be one that faceoff brings, or a .toml file, but it is {name!r}."
            f"{did_you_mean(name, recipe_names())} See them: faceoff recipes list."
        )
    return path


def read_recipe(name: str, *, small: bool = False) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    name : str
        One of `recipe_names`, or the path of a file of one's own.
    small : bool, default False
        Take the form that runs in a minute or so, in place of the published one.

    Returns
    -------
    Recipe
        Checked: its settings are those of a study.

    Raises
    ------
    InputError
        If there is no such recipe, or it is wrong.

    Examples
    --------
    >>> recipe = read_recipe("vggface_gaze")
    >>> recipe.section.source
    'Bartnik (2020)'
    """
    path = recipe_file(name)
    text = path.read_text(encoding="utf-8")
    section = _recipe_section(path, text)
    document = tomlkit.parse(text)
    document.remove("recipe")
    other = dict(section.other)
    steps, results, actors = section.steps, section.results, section.actors
    if small:
        _merge(document, section.small.model_extra or {})
        _keep_networks(document, section.small.networks, path)
        _merge(other, section.small.other)
        steps, results = section.small.steps or steps, section.small.results or results
        actors = section.small.actors
    recipe = Recipe(
        name=path.stem,
        section=section,
        steps=tuple(steps),
        results=tuple(results),
        actors=actors,
        settings_toml=tomlkit.dumps(document).lstrip(),
        other_toml=tomlkit.dumps(other) if section.other else "",
    )
    for toml in (recipe.settings_toml, recipe.other_toml):
        parse_settings(tomllib.loads(toml), source=str(path))
    return recipe


def _recipe_section(path: Path, text: str) -> RecipeSection:
    """Read and check what a recipe says of itself."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} must be TOML, but {error}. Mend that line.") from error
    if "recipe" not in values:
        raise InputError(
            f"{path} must have a section [recipe], but it has none. "
            "See one: faceoff recipes show vggface_gaze."
        )
    try:
        return RecipeSection.model_validate(values["recipe"])
    except ValidationError as error:
        raise InputError(explain_problems(error, f"{path}, [recipe]", RecipeSection)) from error


def _merge(table: Any, changes: Mapping[str, Any]) -> None:
    """Set values in a table and the tables within it; what is not named stays, with comments."""
    for key, value in changes.items():
        if isinstance(value, Mapping):
            if key not in table:
                table[key] = {}
            _merge(table[key], value)
        else:
            table[key] = value


def _keep_networks(document: tomlkit.TOMLDocument, kept: list[str], path: Path) -> None:
    """Take out the networks that the small form does without."""
    if not kept:
        return
    cnn = document.get("cnn", {})
    networks: Table | dict[str, Any] = cnn.get("networks", {})
    if missing := sorted(set(kept) - set(networks)):
        raise InputError(
            f"{path}: recipe.small.networks must name some of [cnn.networks], but {missing[0]!r} "
            f"is none of them.{did_you_mean(missing[0], networks)} Correct the name."
        )
    for name in [name for name in networks if name not in kept]:
        del networks[name]
