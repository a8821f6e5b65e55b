"""The commands of saliency pictures and of the transfer to another face set."""

from pathlib import Path
from typing import Annotated

import typer

from cnn.opening import ModelOption, open_with_model
from study.cli import ForceOption, StudyOption, open_for_command

app = typer.Typer()


@app.command()
def saliency(
    study: StudyOption = Path(),
    model: ModelOption = "",
    image: Annotated[
        list[str] | None,
        typer.Option(help="A test picture, by its id; may be given again.", metavar="ID"),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Show vanilla gradients and guided backpropagation beside pictures."""
    from cnn.experiments.picture_steps import saliency_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, saliency_step(opened, image or []), force=force)


@app.command()
def transfer(
    on: Annotated[Path, typer.Option(metavar="DIR", help="The study of the other face set.")],
    study: StudyOption = Path(),
    model: ModelOption = "",
    split: Annotated[
        str, typer.Option(help="Which of its pictures: train, validation, test or all.")
    ] = "all",
    force: ForceOption = False,
) -> None:
    """Test the network on the pictures of another study."""
    from cnn.experiments.picture_steps import transfer_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, transfer_step(opened, open_for_command(on), split), force=force)
