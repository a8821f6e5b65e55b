"""The commands that show what a network learnt: filters, features, gallery, ensemble."""

from pathlib import Path
from typing import Annotated

import typer

from cnn.opening import ModelOption, open_with_model
from study.cli import ForceOption, StudyOption, open_for_command

app = typer.Typer()


@app.command()
def filters(
    study: StudyOption = Path(),
    model: ModelOption = "",
    layer: Annotated[
        str, typer.Option(help="A convolution; by default the first.", show_default=False)
    ] = "",
    most: Annotated[int, typer.Option(min=1, help="Filters to draw, from the first on.")] = 16,
    force: ForceOption = False,
) -> None:
    """Draw the filters of a convolution."""
    from cnn.visual.steps import filters_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, filters_step(opened, layer, most), force=force)


@app.command()
def features(
    study: StudyOption = Path(),
    model: ModelOption = "",
    image: Annotated[
        str,
        typer.Option(
            metavar="ID", help="A picture; by default the first test picture.", show_default=False
        ),
    ] = "",
    layer: Annotated[
        list[str] | None,
        typer.Option(help="A convolution; may be given again; by default all."),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Draw what convolutions make of a picture, as strips of their channels."""
    from cnn.visual.steps import features_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, features_step(opened, image, layer or []), force=force)


@app.command()
def gallery(
    study: StudyOption = Path(),
    model: ModelOption = "",
    method: Annotated[
        str, typer.Option(help="The explanation that is laid over the pictures.")
    ] = "grad_cam_guided",
    right: Annotated[int, typer.Option(min=0, help="Pictures named rightly.")] = 6,
    wrong: Annotated[int, typer.Option(min=0, help="Pictures named wrongly.")] = 3,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A test picture in place of these; may be given again."),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Draw right and wrong answers with their probabilities, and where the network looked."""
    from cnn.visual.steps import gallery_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, gallery_step(opened, method, right, wrong, image or []), force=force)


@app.command()
def ensemble(
    model: Annotated[
        list[str], typer.Option("--model", help="A network that was evaluated; give two or more.")
    ],
    name: Annotated[str, typer.Option(help="What the ensemble is called.")] = "ensemble",
    study: StudyOption = Path(),
    force: ForceOption = False,
) -> None:
    """Let several networks answer together, by the mean of their probabilities."""
    from cnn.ensemble import ensemble_step
    from study.provenance import run_step

    opened = open_for_command(study)
    run_step(opened, ensemble_step(opened, model, name), force=force)
