"""The steps of the experiments that train a network anew, on splits of their own."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cnn.experiments.pictures import experiments_dir
from cnn.experiments.steps import files_of, networks_inputs
from study.errors import InputError
from study.folder import Study
from study.provenance import Step


def leakage_steps(study: Study, rounds: int) -> Iterator[Step]:
    """Go through the trainings by person and by picture, and their judging.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    rounds : int
        Folds of actors that are tested in turn, 1 or more.

    Yields
    ------
    Step
        Two trainings for each round, then the judging.
    """
    from cnn.experiments.leakage import ARMS, arm_dir, judge_leakage, leakage_labels

    model, folders = study.settings.cnn.model, []
    for fold in range(1, rounds + 1):
        for arm in ARMS:
            folder = arm_dir(study, model, fold, arm)
            labels = partial(leakage_labels, study, fold, arm)
            chosen = {"round": fold, "arm": arm}
            yield training_step(study, "cnn leakage", folder, chosen, labels)
            folders.append(folder)
    stem = experiments_dir(study, model) / "leakage"
    tables = [stem.with_name(f"leakage{name}.tsv") for name in ("", "_difference", "_answers")]
    yield Step(
        "cnn leakage",
        networks_inputs(study, folders),
        (*tables, *files_of(stem, ".svg", ".png")),
        {"model": model, "rounds": rounds, "seed": study.settings.study.seed},
        partial(judge_leakage, study, model, rounds),
        "cnn groups",
    )


def size_steps(
    study: Study,
    shares: Sequence[float],
    *,
    by: Literal["actor", "picture"],
    test: Literal["same", "growing"],
) -> Iterator[Step]:
    """Go through the trainings on more and more pictures, and their judging.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    shares : sequence of float
        Of the pictures; the published ones, as far as the study has them, where there are none.
    by : {"actor", "picture"}
        What is drawn.
    test : {"same", "growing"}
        The study's own test pictures, or all that are left over.

    Yields
    ------
    Step
        A training for each share, then the judging.

    Raises
    ------
    InputError
        If a share is not between 0 and 1, or the study has too few pictures for it.
    """
    from cnn.experiments.size import Design, judge_sizes, reachable_shares, size_dir, size_labels

    design = Design(by, test)
    shares = sorted(set(shares)) or reachable_shares(study, design)
    for share in shares:
        if not 0 < share < 1:
            raise InputError(
                f"A share of the pictures must be between 0 and 1, but {share:g} is not. Write "
                "0.1 for a tenth."
            )
        # Before the first training: what cannot be drawn is said at once.
        size_labels(study, share, design)
    model, folders = study.settings.cnn.model, []
    for share in shares:
        folder = size_dir(study, model, share, design)
        chosen = {"share": share, "by": by, "test": test}
        labels = partial(size_labels, study, share, design)
        yield training_step(study, "cnn size", folder, chosen, labels)
        folders.append(folder)
    stem = experiments_dir(study, model) / design.name
    yield Step(
        f"cnn size --by {by} --test {test}",
        networks_inputs(study, folders),
        files_of(stem, ".tsv", ".svg", ".png"),
        {"model": model, "shares": list(shares), "seed": study.settings.study.seed},
        partial(judge_sizes, study, model, shares, design),
    )


def training_step(
    study: Study,
    command: str,
    folder: Path,
    chosen: dict[str, Any],
    labels: Callable[[], Any],
) -> Step:
    """Describe a training of the study's network on splits of an experiment's own.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    command : str
        The experiment's command.
    folder : Path
        Where the network goes.
    chosen : dict
        What the splits hang on, beside the study's seed.
    labels : callable
        Gives the splits, as `cnn.training.train_on` takes them.

    Returns
    -------
    Step
        From pictures to a network.

    Raises
    ------
    InputError
        If the network was adopted: how it was trained is not known.
    """
    from cnn.adoption import is_adopted
    from cnn.training import train_on, training_values

    settings = study.settings.cnn.for_network(study.settings.cnn.model)
    seed = study.settings.study.seed
    if is_adopted(study, settings.model):
        raise InputError(
            f"This experiment trains a network anew, but {settings.model!r} was adopted, and how "
            "it was trained is not known. Take another one with --model."
        )
    own_file = () if settings.weights in ("own", "random") else (study.root / settings.weights,)
    return Step(
        command,
        (study.manifest_tsv, study.crops_tsv, study.splits_tsv, *own_file),
        (folder / "network.json", folder / "weights.h5", folder / "history.tsv"),
        {"cnn": training_values(settings), "seed": seed, **chosen},
        lambda: train_on(study, settings.model, labels(), seed, folder),
    )
