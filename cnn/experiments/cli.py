"""The commands of the experiments: noise, fgsm."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from study.cli import ForceOption, StudyOption, open_for_command

if TYPE_CHECKING:
    from study.folder import Study

app = typer.Typer()

ModelOption = Annotated[
    str, typer.Option("--model", help="The network; by default the study's.", show_default=False)
]


@app.command()
def noise(
    study: StudyOption = Path(),
    model: ModelOption = "",
    variances: Annotated[
        str,
        typer.Option(metavar="V,V,...", help="Of the noise, in units of a picture from 0 to 1."),
    ] = "0,0.01,0.05,0.07,0.1,0.15,0.2",
    repeats: Annotated[int, typer.Option(min=1, help="Draws of noise for each variance.")] = 10,
    box: Annotated[float, typer.Option(help="The variance shown as a box plot.")] = 0.1,
    after: Annotated[
        bool,
        typer.Option(
            "--after",
            help="Add it after ImageNet's normalisation and cut at -1 and 1, as published.",
        ),
    ] = False,
    force: ForceOption = False,
) -> None:
    """Let the network name test pictures with Gaussian noise."""
    from cnn.experiments.steps import noise_step
    from study.provenance import run_step

    opened = _open(study, model)
    step = noise_step(opened, _numbers(variances, "--variances"), repeats, box, after=after)
    run_step(opened, step, force=force)


@app.command()
def fgsm(
    study: StudyOption = Path(),
    model: ModelOption = "",
    epsilons: Annotated[
        str, typer.Option(metavar="E,E,...", help="Steps of the attack.")
    ] = "0,0.001,0.005,0.007,0.01,0.05,0.07,0.1",
    show: Annotated[
        str, typer.Option(metavar="E,E,...", help="Steps at which examples are shown.")
    ] = "0.01,0.3",
    image: Annotated[
        list[str] | None,
        typer.Option(help="A test picture to show, by its id; may be given again.", metavar="ID"),
    ] = None,
    unit: Annotated[
        Literal["input", "grey"],
        typer.Option(help="Of the steps: the network's input, as published, or grey levels."),
    ] = "input",
    clip: Annotated[
        bool, typer.Option("--clip", help="Keep pixels between black and white.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Attack the test pictures by the fast gradient sign method."""
    from cnn.experiments.steps import fgsm_step
    from study.provenance import run_step

    opened = _open(study, model)
    step = fgsm_step(
        opened, _numbers(epsilons, "--epsilons"), _numbers(show, "--show"), image or [],
        grey=unit == "grey", clip=clip,
    )  # fmt: skip
    run_step(opened, step, force=force)


def _numbers(text: str, option: str) -> list[float]:
    """Read numbers that stand between commas."""
    from study.errors import InputError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputError(
            f"{option} must be numbers between commas, but it is {text!r}. "
            f"Write, for example, {option} 0.01,0.1."
        ) from error


def _open(folder: Path, model: str) -> "Study":
    """Open the study, with the network that was asked for in place of its own."""
    from study.folder import Study

    opened = open_for_command(folder)
    if not model:
        return opened
    chosen = opened.settings.cnn.model_copy(update={"model": model})
    return Study(opened.root, opened.settings.model_copy(update={"cnn": chosen}))
