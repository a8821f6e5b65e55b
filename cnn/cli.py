"""The commands of the network: networks, train, adopt, evaluate, explain, sanity, methods."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import cnn.experiments.cli
import cnn.experiments.picture_cli
import cnn.visual.cli
from study.cli import ForceOption, SchedulerOption, StudyOption, open_for_command

if TYPE_CHECKING:
    from study.folder import Study
    from study.provenance import Step

app = typer.Typer(help="Train, judge and explain networks.", no_args_is_help=True)
app.add_typer(cnn.experiments.cli.app)
app.add_typer(cnn.experiments.picture_cli.app)
app.add_typer(cnn.visual.cli.app)

ModelOption = Annotated[
    str, typer.Option("--model", help="The network; by default the study's.", show_default=False)
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every network of [cnn.networks] in study.toml.")
]


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
    jobs: Annotated[
        int, typer.Option(min=1, help="Trainings at the same time, each with its share of cores.")
    ] = 1,
    scheduler: SchedulerOption = "",
    force: ForceOption = False,
) -> None:
    """Train a network on the study's pictures, split by actor.

    A training that was broken off goes on behind its last whole epoch; --force starts it anew.
    """
    from cnn.networks_table import networks_step
    from cnn.placement import train_apart
    from cnn.steps import fold_steps, seed_steps, train_step
    from study.errors import InputError
    from study.provenance import run_step
    from study.writing import remove_file

    if seeds and folds:
        raise InputError(
            "A training takes --seeds or --folds, but both were given. Run the command twice."
        )
    chosen = _networks(study, model, every)
    trainings: list[tuple[Study, Step]] = []
    judgings: list[tuple[Study, Step]] = []
    for opened in chosen:
        steps = [train_step(opened)]
        if seeds:
            steps = list(seed_steps(opened, seeds))
        if folds:
            steps = list(fold_steps(opened, folds))
        kinds = (judgings, trainings)
        for step in steps:
            kinds[step.command == "cnn train"].append((opened, step))
    if force:
        for _, step in trainings:
            remove_file(step.outputs[0].with_name("checkpoint.npz"))
    if jobs > 1 or scheduler:
        only = [step for _, step in trainings]
        train_apart(opened, only, jobs=jobs, scheduler=scheduler, force=force)
    else:
        for opened, step in trainings:
            run_step(opened, step, force=force)
    for opened, step in judgings:
        run_step(opened, step, force=force)
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
    force: ForceOption = False,
) -> None:
    """Let the network name every picture, and score it on unseen actors."""
    from cnn.networks_table import networks_step
    from cnn.steps import evaluate_step
    from study.provenance import run_step

    for opened in _networks(study, model, every):
        run_step(opened, evaluate_step(opened), force=force)
    if every:
        run_step(opened, networks_step(opened, by_fold=False), force=force)


ExpressionsOption = Annotated[
    str,
    typer.Option(
        "--expressions",
        metavar="A,B,...",
        help="What the outputs stand for, in their order, such as afraid,angry,happy.",
        show_default=False,
    ),
]
PreprocessingOption = Annotated[
    str,
    typer.Option(
        "--preprocessing",
        help="What its training did to pixels: rgb_255 (0 to 1), centred_rgb (-1 to 1), caffe, "
        "torch, vgg_face, or none for a network that takes grey levels.",
        show_default=False,
    ),
]
LambdaOption = Annotated[
    bool, typer.Option("--allow-lambda", help="Run the Python code of the file's Lambda layers.")
]


@app.command()
def adopt(
    file: Annotated[Path, typer.Argument(help="A .h5 or .keras file, or a SavedModel folder.")],
    expressions: ExpressionsOption,
    preprocessing: PreprocessingOption,
    name: Annotated[
        str, typer.Option(help="What the study calls it; by default the file's name.")
    ] = "",
    study: StudyOption = Path(),
    allow_lambda: LambdaOption = False,
    force: ForceOption = False,
) -> None:
    """Take a network that was trained elsewhere into the study."""
    from cnn.adoption import adopt_step
    from study.provenance import run_step

    opened = open_for_command(study)
    step = adopt_step(
        opened, file, name or file.resolve().stem, expressions, preprocessing,
        allow_lambda=allow_lambda, force=force,
    )  # fmt: skip
    run_step(opened, step, force=force)


MethodOption = Annotated[
    str,
    typer.Option(
        "--method",
        help="An explanation that faceoff cnn methods lists; by default the study's.",
        show_default=False,
    ),
]
ArgumentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--argument",
        metavar="NAME=VALUE",
        help="An argument of the method, such as epsilon=0.01; may be given again.",
        show_default=False,
    ),
]


@app.command()
def explain(
    study: StudyOption = Path(),
    model: ModelOption = "",
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="An explanation that faceoff cnn methods lists; by default the study's. "
            "May be given again, where no argument is.",
            show_default=False,
        ),
    ] = None,
    argument: ArgumentOption = None,
    target: Annotated[
        str,
        typer.Option(
            help="Explain the true or the predicted expression, or one by its name.",
            show_default=False,
        ),
    ] = "",
    folds: Annotated[
        bool,
        typer.Option(
            "--folds",
            help="Each picture by the network of its fold, which never saw its actor.",
        ),
    ] = False,
    positives: Annotated[
        int,
        typer.Option(
            min=0,
            help="With --folds: up to so many pictures of each fold that are predicted as each "
            "expression, drawn by chance, and explained for it.",
            show_default=False,
        ),
    ] = 0,
    network: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Adopt this file first, under --model or its own name; needs --expressions and "
            "--preprocessing, as faceoff cnn adopt does.",
            show_default=False,
        ),
    ] = None,
    expressions: ExpressionsOption = "",
    preprocessing: PreprocessingOption = "",
    every: AllOption = False,
    force: ForceOption = False,
) -> None:
    """Make relevance maps of the test pictures.

    The study's own explanation becomes relevance.nc; another method, argument or target gets a
    file that is named after it, such as relevance_grad_cam.nc. With --positives, the files are
    called positives.nc and the like, and hold pictures of all splits.
    """
    from cnn.steps import explain_step, positives_step
    from study.errors import InputError
    from study.provenance import run_step

    methods = method or [""]
    if len(methods) > 1 and argument:
        raise InputError(
            f"Arguments are those of one method, but {len(methods)} methods were given: "
            f"{', '.join(methods)}. Give a method with arguments by itself."
        )
    if positives and (target or not folds):
        raise InputError(
            "--positives draws pictures of folds and explains what they are predicted as, but "
            + ("--target was given. Leave it out." if target else "--folds is missing. Add it.")
        )
    model = _adopted_first(network, model, expressions, preprocessing, study)
    opened = _open(study)
    names = [chosen.settings.cnn.model for chosen in _networks(study, model, every)]
    asked = [
        _open(study, model=name, target=target, **_chosen_method(one, argument)).settings.cnn
        for name in names
        for one in methods
    ]
    # All are looked at before the first one is made.
    steps = [
        positives_step(_open(study, model=one.model), one, positives)
        if positives
        else explain_step(opened, one, by_fold=folds)
        for one in asked
    ]
    for step in steps:
        run_step(opened, step, force=force)


@app.command()
def sanity(
    study: StudyOption = Path(),
    model: ModelOption = "",
    method: MethodOption = "",
    argument: ArgumentOption = None,
    pictures: Annotated[int, typer.Option(min=1, help="Test pictures of each expression.")] = 2,
    labels: Annotated[
        bool,
        typer.Option(
            "--labels", help="Also train the same network on shuffled labels; takes long."
        ),
    ] = False,
    force: ForceOption = False,
) -> None:
    """Test whether a method's maps depend on what the network learnt, and on the class."""
    from cnn.steps import sanity_step
    from study.provenance import run_step

    opened = _open(study, model=model, **_chosen_method(method, argument))
    run_step(opened, sanity_step(opened, pictures, labels=labels), force=force)


@app.command()
def methods() -> None:
    """List the methods of explanation, and their arguments."""
    from cnn.methods import described_methods

    for line in described_methods():
        typer.echo(line)


def _adopted_first(
    file: Path | None, model: str, expressions: str, preprocessing: str, study: Path
) -> str:
    """Adopt the file of explain --network, and give the model's name."""
    from study.errors import InputError

    if bool(file) != bool(expressions) or bool(file) != bool(preprocessing):
        raise InputError(
            "A network from a file needs --network, --expressions and --preprocessing, but only "
            "some of them were given. Nothing of this is guessed: add the others."
        )
    if file is None:
        return model
    name = model or file.resolve().stem
    adopt(file, expressions, preprocessing, name, study)
    return name


def _chosen_method(method: str, arguments: list[str] | None) -> dict[str, Any]:
    """Turn the options of a method into settings; another method starts without arguments."""
    from study.errors import InputError

    if not method and not arguments:
        return {}
    values: dict[str, Any] = {}
    for text in arguments or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InputError(
                f"An argument of a method must be NAME=VALUE, but it is {text!r}. "
                "Write, for example, --argument epsilon=0.01."
            )
        values[name] = _number(value)
    return {"method_arguments": values} | ({"method": method} if method else {})


def _number(text: str) -> int | float | str:
    """Read a number where there is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _networks(folder: Path, model: str, every: bool) -> "list[Study]":
    """Open the study with one network, or once with each of those that it names."""
    from study.errors import InputError

    if every and model:
        raise InputError(
            f"A command takes --all or --model, but both were given (--model {model}). Leave one "
            "of them out."
        )
    if not every:
        return [_open(folder, model=model)]
    names = list(_open(folder).settings.cnn.networks)
    if not names:
        raise InputError(
            "--all needs networks in study.toml, but it has none. Name each by a section of its "
            "own, such as [cnn.networks.VGG16], with what differs from [cnn] below it."
        )
    return [_open(folder, model=name) for name in names]


def _open(folder: Path, **options: Any) -> "Study":
    """Open the study, with the options that were given in place of its settings."""
    from study.folder import Study
    from study.settings import parse_settings

    opened = open_for_command(folder)
    given = {name: value for name, value in options.items() if value != ""}
    # What is not set stays so: the table of a network names only what differs.
    values: dict[str, Any] = opened.settings.model_dump(mode="json", exclude_unset=True)
    values["cnn"] = values.get("cnn", {}) | given
    return Study(opened.root, parse_settings(values, source="The command line"))
