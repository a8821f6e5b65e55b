"""The commands `faceoff recipes`: list, show, run."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Published studies as settings that run.", no_args_is_help=True)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A recipe, or a .toml file of your own.")
]
SmallOption = Annotated[
    bool, typer.Option("--small", help="The form that runs in a minute or so, to see it work.")
]


@app.callback()
def commands() -> None:
    """Run published studies, on their own data or on synthetic faces."""


@app.command("list")
def list_recipes() -> None:
    """List the recipes."""
    from faceoff.recipes.recipe import read_recipe, recipe_names

    for name in recipe_names():
        section = read_recipe(name).section
        typer.echo(f"{name}: {section.title} ({section.source})")
        typer.echo(f"  on {section.data}" + (f"; {section.other_data}" * bool(section.other_data)))


@app.command()
def show(name: NameArgument, small: SmallOption = False) -> None:
    """Print a recipe: its settings, with comments, and its commands."""
    from faceoff.recipes.recipe import read_recipe, recipe_file

    if not small:
        typer.echo(recipe_file(name).read_text(encoding="utf-8").rstrip())
        return
    recipe = read_recipe(name, small=True)
    typer.echo(f"# {recipe.section.title}, small, on {recipe.actors} synthetic actors")
    typer.echo(recipe.settings_toml.rstrip())
    for step in recipe.steps:
        typer.echo(f"# faceoff {step}")


@app.command()
def run(
    name: NameArgument,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The study folder to make.")],
    faces: Annotated[
        Path | None,
        typer.Option(help="The face set; synthetic faces are drawn without.", show_default=False),
    ] = None,
    other_faces: Annotated[
        Path | None,
        typer.Option(help="The second face set, where a recipe has one.", show_default=False),
    ] = None,
    small: SmallOption = False,
) -> None:
    """Make a recipe's study and run its commands; what was stopped goes on."""
    from faceoff.recipes.recipe import read_recipe
    from faceoff.recipes.run import run_recipe

    run_recipe(read_recipe(name, small=small), folder, faces=faces, other_faces=other_faces)
