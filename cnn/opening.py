"""What the commands of networks share: their options, and the study opened with a network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from study.cli import open_for_command

if TYPE_CHECKING:
    from study.folder import Study

ModelOption = Annotated[
    str, typer.Option("--model", help="The network; by default the study's.", show_default=False)
]
TrainingsOption = Annotated[
    int, typer.Option(min=1, help="Trainings at the same time, each with its share of cores.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every network of [cnn.networks] in study.toml.")
]


def open_networks(folder: Path, model: str, every: bool, scheduler: str = "") -> "list[Study]":
    """Open the study with one network, or once with each of those that it names.

    Parameters
    ----------
    folder : Path
        The study folder.
    model : str
        The network's name; empty for the study's own.
    every : bool
        Each network of ``[cnn.networks]`` in place of one.
    scheduler : str, default ""
        Address of a Dask scheduler; empty takes the study's own setting.

    Returns
    -------
    list of Study
        The study with each network as its own.

    Raises
    ------
    InputError
        If both are asked for, or every network of a study that names none.
    """
    from study.errors import InputError

    if every and model:
        raise InputError(
            f"A command takes --all or --model, but both were given (--model {model}). Leave one "
            "of them out."
        )
    if not every:
        return [open_with(folder, scheduler, model=model)]
    names = list(open_with(folder).settings.cnn.networks)
    if not names:
        raise InputError(
            "--all needs networks in study.toml, but it has none. Name each by a section of its "
            "own, such as [cnn.networks.VGG16], with what differs from [cnn] below it."
        )
    return [open_with(folder, scheduler, model=name) for name in names]


def open_with(folder: Path, scheduler: str = "", **options: Any) -> "Study":
    """Open the study, with the options that were given in place of its settings.

    Parameters
    ----------
    folder : Path
        The study folder.
    scheduler : str, default ""
        Address of a Dask scheduler; empty takes the study's own setting.
    **options
        Settings of ``[cnn]``; an empty text leaves the study's own.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    InputError
        If a value is out of its range.
    """
    from study.folder import Study
    from study.settings import parse_settings

    opened = open_for_command(folder, scheduler=scheduler)
    given = {name: value for name, value in options.items() if value != ""}
    # What is not set stays so: the table of a network names only what differs.
    values: dict[str, Any] = opened.settings.model_dump(mode="json", exclude_unset=True)
    values["cnn"] = values.get("cnn", {}) | given
    return Study(opened.root, parse_settings(values, source="The command line"))


def open_with_model(folder: Path, model: str, scheduler: str = "") -> "Study":
    """Open a command's study, with the network that was asked for in place of its own.

    Parameters
    ----------
    folder : Path
        The study folder.
    model : str
        The network's name; empty for that of the study.
    scheduler : str, default ""
        Address of a Dask scheduler; empty takes the study's own setting.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    InputError
        If the network is one of a fold or an experiment, which was trained on test pictures.
    """
    from cnn.folds import check_unseen_test
    from study.folder import Study

    check_unseen_test(model)
    opened = open_for_command(folder, scheduler=scheduler)
    if not model:
        return opened
    chosen = opened.settings.cnn.model_copy(update={"model": model})
    return Study(opened.root, opened.settings.model_copy(update={"cnn": chosen}))
