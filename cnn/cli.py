"""The commands of the network: networks, train, evaluate, and those of other modules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import cnn.experiments.cli
import cnn.experiments.picture_cli
import cnn.explain_cli
import cnn.visual.cli
from cnn.opening import AllOption, ModelOption, TrainingsOption, open_networks
from study.cli import ForceOption, SchedulerOption, StudyOption

if TYPE_CHECKING:
    from study.folder import Study
    from study.provenance import Step

app = typer.Typer(help="Train, judge and explain networks.", no_args_is_help=True)
app.add_typer(cnn.explain_cli.app)
app.add_typer(cnn.experiments.cli.app)
app.add_typer(cnn.experiments.picture_cli.app)
app.add_typer(cnn.visual.cli.app)


@app.callback()
def commands() -> None:
    """Train, judge and explain networks."""


@app.command()
def train(
    study: StudyOption = Path(),
    model: ModelOption = "",
    seeds: Annotated[
        int | None,
        typer.Option(min=2, help="Train so many networks that differ in their seeds."),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(min=3, help="Train one network for each of so many folds of actors."),
    ] = None,
    every: AllOption = False,
    jobs: TrainingsOption = 1,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Train a network on the study's pictures, split by actor.

    A training that was broken off goes on behind its last whole epoch; --force starts it anew.
    """
    from cnn.networks_table import networks_step
    from cnn.placement import train_and_judge
    from cnn.steps import fold_steps, seed_steps, train_step
    from study.errors import InputError
    from study.provenance import run_step

    if seeds and folds:
        raise InputError(
            "A training takes --seeds or --folds, but both were given. Run the command twice."
        )
    chosen = open_networks(study, model, every, scheduler)
    steps: list[tuple[Study, Step]] = []
    for opened in chosen:
        if seeds:
            own = seed_steps(opened, seeds)
        elif folds:
            own = fold_steps(opened, folds)
        else:
            own = iter([train_step(opened)])
        steps += [(opened, step) for step in own]
    train_and_judge(steps, jobs=jobs, force=force)
    if every and folds:
        run_step(opened, networks_step(opened, by_fold=True), force=force)


@app.command()
def networks() -> None:
    """List the networks that can be trained."""
    from cnn.architectures import ARCHITECTURES

    for name, chosen in ARCHITECTURES.items():
        typer.echo(f"{name}: {chosen.description}; at least {chosen.smallest_px} px")


@app.command()
def evaluate(
    study: StudyOption = Path(),
    model: ModelOption = "",
    every: AllOption = False,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Let the network name every picture, and score it on unseen actors."""
    from cnn.networks_table import networks_step
    from cnn.steps import evaluate_step
    from study.provenance import run_step

    for opened in open_networks(study, model, every, scheduler):
        run_step(opened, evaluate_step(opened), force=force)
    if every:
        run_step(opened, networks_step(opened, by_fold=False), force=force)
