"""The commands adopt, explain, sanity and methods."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cnn.opening import AllOption, ModelOption, open_networks, open_with
from study.cli import ForceOption, SchedulerOption, StudyOption, open_for_command

app = typer.Typer()

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
    scheduler: SchedulerOption = "",
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
    opened = open_with(study, scheduler)
    names = [chosen.settings.cnn.model for chosen in open_networks(study, model, every)]
    asked = [
        open_with(study, model=name, target=target, **_chosen_method(one, argument)).settings.cnn
        for name in names
        for one in methods
    ]
    # All are looked at before the first one is made.
    steps = [
        positives_step(open_with(study, scheduler, model=one.model), one, positives)
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

    opened = open_with(study, model=model, **_chosen_method(method, argument))
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
