"""The commands of the network: train, evaluate, explain."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from study.cli import ForceOption, StudyOption, open_for_command

if TYPE_CHECKING:
    from study.folder import Study

app = typer.Typer(help="Train, judge and explain networks.", no_args_is_help=True)

ModelOption = Annotated[
    str, typer.Option("--model", help="The network; by default the study's.", show_default=False)
]


@app.callback()
def commands() -> None:
    """Train, judge and explain networks."""


@app.command()
def train(study: StudyOption = Path(), model: ModelOption = "", force: ForceOption = False) -> None:
    """Train a network on the study's pictures, split by actor."""
    from cnn.steps import train_step
    from study.provenance import run_step

    opened = _open(study, model=model)
    run_step(opened, train_step(opened), force=force)


@app.command()
def evaluate(
    study: StudyOption = Path(), model: ModelOption = "", force: ForceOption = False
) -> None:
    """Let the network name every picture, and score it on unseen actors."""
    from cnn.steps import evaluate_step
    from study.provenance import run_step

    opened = _open(study, model=model)
    run_step(opened, evaluate_step(opened), force=force)


@app.command()
def explain(
    study: StudyOption = Path(),
    model: ModelOption = "",
    method: Annotated[
        str,
        typer.Option(help="innvestigate's method, such as lrp.epsilon.", show_default=False),
    ] = "",
    target: Annotated[
        str, typer.Option(help="Explain the true or the predicted expression.", show_default=False)
    ] = "",
    force: ForceOption = False,
) -> None:
    """Make relevance maps of the test pictures."""
    from cnn.steps import explain_step
    from study.provenance import run_step

    opened = _open(study, model=model, method=method, target=target)
    run_step(opened, explain_step(opened), force=force)


def _open(folder: Path, **options: str) -> "Study":
    """Open the study, with the options that were given in place of its settings."""
    from study.folder import Study
    from study.settings import parse_settings

    opened = open_for_command(folder)
    given = {name: value for name, value in options.items() if value}
    values: dict[str, Any] = opened.settings.model_dump(mode="json")
    values["cnn"] |= given
    return Study(opened.root, parse_settings(values, source="The command line"))
