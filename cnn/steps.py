"""The steps of the network's part: train, evaluate, explain."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.settings.cnn import CnnSettings


def train_step(study: Study) -> Step:
    """Describe the training of the network that the settings name.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        From manifest, crops and splits to the network and its history.

    Raises
    ------
    InputError
        If the network was adopted: training would overwrite it.
    """
    from cnn.training import train

    model = study.settings.cnn.model
    run = partial(train, study, model)
    seed = study.settings.study.seed
    return _training(study, study.cnn_dir(model), {"seed": seed}, run, "cnn evaluate")


def seed_steps(study: Study, n_seeds: int) -> Iterator[Step]:
    """Go through the training of several networks that differ in their seeds, and their judging.

    Parameters
    ----------
    study : Study
        The study; its seed is the first one.
    n_seeds : int
        Number of networks, 2 or more.

    Yields
    ------
    Step
        Each training, then the judging.
    """
    from cnn.members import judge_seeds, seed_dir, train_seed

    model, first = study.settings.cnn.model, study.settings.study.seed
    seeds = range(first, first + n_seeds)
    yield train_step(study)
    for seed in seeds[1:]:
        run = partial(train_seed, study, model, seed)
        yield _training(study, seed_dir(study, model, seed), {"seed": seed}, run)
    folders = [seed_dir(study, model, seed) for seed in seeds]
    run = partial(judge_seeds, study, model, seeds)
    yield _judging(study, "seeds", {"seeds": list(seeds)}, folders, run)


def fold_steps(study: Study, n_folds: int) -> Iterator[Step]:
    """Go through the training of one network for each fold of actors, and their judging.

    Parameters
    ----------
    study : Study
        The study.
    n_folds : int
        Number of folds, 3 or more.

    Yields
    ------
    Step
        Each training, then the judging.
    """
    from cnn.members import draw_folds, fold_dir, judge_folds, train_fold

    model, seed = study.settings.cnn.model, study.settings.study.seed
    folds = draw_folds(study, n_folds)
    for fold in range(1, n_folds + 1):
        chosen = {"seed": seed, "fold": fold, "n_folds": n_folds}
        run = partial(train_fold, study, model, folds, fold)
        yield _training(study, fold_dir(study, model, fold), chosen, run)
    folders = [fold_dir(study, model, fold) for fold in range(1, n_folds + 1)]
    run = partial(judge_folds, study, model, folds)
    yield _judging(study, "folds", {"seed": seed, "n_folds": n_folds}, folders, run)


def _training(
    study: Study,
    folder: Path,
    chosen: dict[str, Any],
    run: Callable[[], None],
    follows: str = "",
) -> Step:
    """Describe one training, of a network that was not adopted."""
    from cnn.adoption import is_adopted
    from cnn.training import training_values

    settings = study.settings.cnn.for_network(study.settings.cnn.model)
    if is_adopted(study, settings.model):
        raise InputError(
            f"A network that is trained must be one of the registry, but {settings.model!r} was "
            f"adopted into {study.cnn_dir(settings.model)} and is kept as it is. Train another one "
            "with --model, or go on with it: faceoff cnn evaluate."
        )
    own_file = () if settings.weights in ("own", "random") else (study.root / settings.weights,)
    return Step(
        "cnn train",
        (study.manifest_tsv, study.crops_tsv, study.splits_tsv, *own_file),
        (folder / "network.json", folder / "weights.h5", folder / "history.tsv"),
        {"cnn": training_values(settings), **chosen},
        run,
        follows,
    )


def _judging(
    study: Study,
    name: str,
    chosen: dict[str, Any],
    folders: Sequence[Path],
    run: Callable[[], None],
) -> Step:
    """Describe the judging of several networks."""
    folder = study.cnn_dir(study.settings.cnn.model)
    networks = [path / file for path in folders for file in ("network.json", "weights.h5")]
    return Step(
        f"cnn train --{name}",
        (*networks, study.manifest_tsv, study.crops_tsv, study.splits_tsv),
        (folder / f"{name}_evaluation.tsv", folder / f"{name}_predictions.tsv"),
        chosen,
        run,
    )


def evaluate_step(study: Study) -> Step:
    """Describe the judging of the network that the settings name.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        From the network to its answers and scores.

    Raises
    ------
    InputError
        If it is the network of a fold, which was trained on test pictures.
    """
    from cnn.evaluation import ANSWERS, evaluate
    from cnn.folds import check_unseen_test

    model = study.settings.cnn.model
    check_unseen_test(model)
    known = study.settings.cnn.for_network(model).expressions
    folder = study.cnn_dir(model)
    return Step(
        "cnn evaluate",
        (*_network_files(study), study.manifest_tsv, study.crops_tsv, study.splits_tsv),
        tuple(folder / f"{name}.tsv" for name in ANSWERS),
        {"model": model, "expressions": list(known)},
        partial(evaluate, study, model),
        "cnn explain",
    )


def explain_step(study: Study, asked: CnnSettings | None = None, *, by_fold: bool = False) -> Step:
    """Describe the explanation that the settings name, or another one beside it.

    Parameters
    ----------
    study : Study
        The study.
    asked : CnnSettings, optional
        What is asked for in place of the study's own network, method, arguments and target.
    by_fold : bool, default False
        Whether each picture is explained by the network of its fold.

    Returns
    -------
    Step
        From the network to its relevance maps of the test pictures: to ``relevance.nc`` if what
        is asked for is the study's own choice, and otherwise to a file that is named after it;
        with folds, its name ends in ``_folds``.
    """
    from cnn.explanation import explain, relevance_stem
    from cnn.fold_explanation import explain_folds
    from cnn.folds import folds_tsv, read_folds
    from cnn.methods import resolve_method

    own = study.settings.cnn
    command, stem, settings = "cnn explain", "relevance", own
    if asked is not None:
        given = (asked.method, resolve_method(asked.method, asked.method_arguments), asked.target)
        if given == (own.method, resolve_method(own.method, own.method_arguments), own.target):
            settings = own.model_copy(update={"model": asked.model})
        else:
            stem, settings = relevance_stem(*given), asked
            command = f"cnn explain {stem.removeprefix('relevance_')}"
    folder = study.cnn_dir(settings.model)
    networks, run = [folder], cast("Callable[..., None]", explain)
    if by_fold:
        from cnn.members import fold_dir

        command, stem, run = f"{command} --folds", f"{stem}_folds", explain_folds
        folds = sorted(set(read_folds(study, settings.model)["fold"]))
        networks = [fold_dir(study, settings.model, fold) for fold in folds]
    chosen = settings.model_dump(
        mode="json", include={"model", "method", "method_arguments", "target"}
    )
    return Step(
        command,
        (
            *(path / name for path in networks for name in ("network.json", "weights.h5")),
            study.manifest_tsv, study.crops_tsv, study.splits_tsv,
            *([folds_tsv(study, settings.model)] if by_fold else []),
        ),
        # Not by with_suffix: there are dots in the names of methods.
        (folder / f"{stem}.nc", folder / f"{stem}.tsv"),
        {"cnn": chosen, "picture_px": study.settings.stimuli.picture_px},
        partial(
            run, study, settings.model, settings.method, settings.method_arguments,
            settings.target, stem,
        ),
        "compare perturb" if stem == "relevance" else "",
    )  # fmt: skip


def positives_step(study: Study, asked: CnnSettings, per_class: int) -> Step:
    """Describe the explanation of a drawn number of pictures that are predicted as each class.

    Parameters
    ----------
    study : Study
        The study.
    asked : CnnSettings
        The network, the method and its arguments; what is explained is the predicted class.
    per_class : int
        Most pictures of each fold and class.

    Returns
    -------
    Step
        From the networks of folds to ``positives.nc`` if the method is the study's own choice,
        and otherwise to a file that is named after it.

    Raises
    ------
    InputError
        If there are no folds, or no such method.
    """
    from cnn.folds import folds_tsv, read_folds
    from cnn.members import fold_dir
    from cnn.positives import explain_positives, folds_predictions_tsv, positives_stem

    model = asked.model
    stem = positives_stem(study, asked.method, asked.method_arguments)
    folder, folds = study.cnn_dir(model), sorted(set(read_folds(study, model)["fold"]))
    networks = [fold_dir(study, model, fold) for fold in folds]
    return Step(
        f"cnn explain {stem}",
        (
            *(path / name for path in networks for name in ("network.json", "weights.h5")),
            study.manifest_tsv, study.crops_tsv, folds_tsv(study, model),
            folds_predictions_tsv(study, model),
        ),
        (folder / f"{stem}.nc", folder / f"{stem}.tsv"),
        {
            "cnn": asked.model_dump(mode="json", include={"model", "method", "method_arguments"}),
            "per_class": per_class, "seed": study.settings.study.seed,
            "picture_px": study.settings.stimuli.picture_px,
        },
        partial(
            explain_positives, study, model, asked.method, asked.method_arguments, per_class, stem
        ),
        "compare masks",
    )  # fmt: skip


def sanity_step(study: Study, per_expression: int, *, labels: bool = False) -> Step:
    """Describe the sanity checks of the method that the settings name.

    Parameters
    ----------
    study : Study
        The study.
    per_expression : int
        Number of test pictures of each expression, 1 or more.
    labels : bool, default False
        Whether to train the same network on shuffled labels, and compare its maps too.

    Returns
    -------
    Step
        From the network to a table and a figure.
    """
    from cnn.sanity import sanity

    settings = study.settings.cnn
    stem = study.cnn_dir(settings.model) / f"sanity_{settings.method}"
    chosen = settings.model_dump(mode="json", include={"model", "method", "method_arguments"})
    training = settings.for_network(settings.model).model_dump(
        mode="json", include={"epochs", "batch_size", "learning_rate", "schedule"}
    )
    return Step(
        "cnn sanity",
        (*_network_files(study), study.manifest_tsv, study.crops_tsv, study.splits_tsv),
        tuple(stem.with_name(stem.name + suffix) for suffix in (".tsv", ".svg", ".png")),
        {
            "cnn": chosen, "per_expression": per_expression, "seed": study.settings.study.seed,
            "labels": training if labels else None,
        },
        partial(
            sanity, study, settings.model, settings.method, settings.method_arguments,
            per_expression, labels=labels,
        ),
    )  # fmt: skip


def steps(study: Study) -> Iterator[Step]:
    """Go through this package's steps in their order.

    Parameters
    ----------
    study : Study
        The study.

    Yields
    ------
    Step
        Training, judging, explaining. An adopted network is not trained.
    """
    from cnn.adoption import is_adopted

    model = study.settings.cnn.model
    if is_adopted(study, model):
        say(f"cnn train: left out, for the network {model} was adopted and not trained here")
    else:
        yield train_step(study)
    yield evaluate_step(study)
    yield explain_step(study)


def _network_files(study: Study) -> tuple[Path, ...]:
    """Name the files of the trained network."""
    folder = study.cnn_dir(study.settings.cnn.model)
    return folder / "network.json", folder / "weights.h5"
