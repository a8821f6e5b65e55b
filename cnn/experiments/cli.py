"""The commands of the experiments: noise, fgsm, leakage, groups, size, svm, tsne, depth."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cnn.opening import ModelOption, TrainingsOption, open_with_model
from study.cli import ForceOption, SchedulerOption, StudyOption

app = typer.Typer()


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

    opened = open_with_model(study, model)
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

    opened = open_with_model(study, model)
    step = fgsm_step(
        opened, _numbers(epsilons, "--epsilons"), _numbers(show, "--show"), image or [],
        grey=unit == "grey", clip=clip,
    )  # fmt: skip
    run_step(opened, step, force=force)


@app.command()
def leakage(
    study: StudyOption = Path(),
    model: ModelOption = "",
    rounds: Annotated[
        int, typer.Option(min=1, max=5, help="Fifths of the actors that are tested in turn.")
    ] = 1,
    jobs: TrainingsOption = 1,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Train with and without the tested people, on as many pictures, and compare.

    Two networks are trained for each round. Both are tested on the same pictures.
    """
    from cnn.experiments.training_steps import leakage_steps
    from cnn.placement import train_and_judge

    opened = open_with_model(study, model, scheduler)
    steps = leakage_steps(opened, rounds)
    train_and_judge([(opened, step) for step in steps], jobs=jobs, force=force)


@app.command()
def groups(
    study: StudyOption = Path(),
    model: ModelOption = "",
    folds: Annotated[
        bool,
        typer.Option("--folds", help="Answers of the networks of folds, to every actor."),
    ] = False,
    force: ForceOption = False,
) -> None:
    """Compare the network's accuracy between groups of the people shown."""
    from cnn.experiments.steps import groups_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, groups_step(opened, folds=folds), force=force)


@app.command()
def size(
    study: StudyOption = Path(),
    model: ModelOption = "",
    shares: Annotated[
        str,
        typer.Option(
            metavar="S,S,...",
            help="Of all actors or pictures; by default 0.1,0.2,0.5,0.7,0.8, as far as the study "
            "has them.",
            show_default=False,
        ),
    ] = "",
    by: Annotated[
        Literal["actor", "picture"],
        typer.Option(help="Draw whole actors, or single pictures, as published."),
    ] = "actor",
    test: Annotated[
        Literal["same", "growing"],
        typer.Option(help="The study's test pictures, or all that are left over, as published."),
    ] = "same",
    jobs: TrainingsOption = 1,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Train the network on more and more pictures."""
    from cnn.experiments.training_steps import size_steps
    from cnn.placement import train_and_judge

    opened = open_with_model(study, model, scheduler)
    chosen = _numbers(shares, "--shares") if shares else []
    steps = size_steps(opened, chosen, by=by, test=test)
    train_and_judge([(opened, step) for step in steps], jobs=jobs, force=force)


@app.command()
def svm(
    study: StudyOption = Path(),
    model: Annotated[
        str,
        typer.Option(
            "--model", help="The network beside it; by default the study's.", show_default=False
        ),
    ] = "",
    side: Annotated[
        int,
        typer.Option(min=0, help="Side of the pictures in px; by default the network's input."),
    ] = 0,
    subset: Annotated[
        int, typer.Option(min=0, help="Training pictures for the grid search; 0 for all.")
    ] = 0,
    folds: Annotated[int, typer.Option(min=2, help="Folds of its cross-validation.")] = 10,
    force: ForceOption = False,
) -> None:
    """Set the network beside support vector machines on pixels, by a grid search."""
    from cnn.experiments.steps import svm_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    run_step(opened, svm_step(opened, side, subset, folds), force=force)


@app.command()
def tsne(
    study: StudyOption = Path(),
    model: ModelOption = "",
    perplexities: Annotated[
        str, typer.Option(metavar="P,P,...", help="Each makes a map.")
    ] = "10,20,30,40,50,60,70,80,90,100",
    split: Annotated[
        Literal["test", "all"],
        typer.Option(help="Test pictures, or also those that were trained on, as published."),
    ] = "test",
    force: ForceOption = False,
) -> None:
    """Map logits and last features to two and three dimensions by t-SNE."""
    from cnn.experiments.steps import tsne_step
    from study.provenance import run_step

    opened = open_with_model(study, model)
    step = tsne_step(opened, _numbers(perplexities, "--perplexities"), split)
    run_step(opened, step, force=force)


@app.command()
def depth(
    study: StudyOption = Path(),
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="A network of the study; may be given again. By default all that it has.",
            show_default=False,
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Set the accuracy of networks over their number of parameters."""
    from cnn.experiments.steps import depth_step
    from study.provenance import run_step

    opened = open_with_model(study, "")
    run_step(opened, depth_step(opened, model or []), force=force)


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
