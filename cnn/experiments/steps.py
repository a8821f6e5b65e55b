"""The steps of the experiments on trained networks."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cnn.experiments.pictures import experiments_dir
from study.errors import InputError
from study.folder import Study
from study.provenance import Step


def noise_step(
    study: Study, variances: Sequence[float], repeats: int, box: float, *, after: bool
) -> Step:
    """Describe the experiment with Gaussian noise.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    variances : sequence of float
        Of the noise.
    repeats : int
        Draws for each variance, 1 or more.
    box : float
        The variance whose repeats are shown as a box plot.
    after : bool
        Add the noise after normalisation, as published.

    Returns
    -------
    Step
        From the network to a table and a figure.

    Raises
    ------
    InputError
        If a variance is negative, or that of the box plot is not among them.
    """
    from cnn.experiments.noise import noise_experiment

    model = study.settings.cnn.model
    _check_not_negative(variances, "variance")
    if box not in variances:
        raise InputError(
            f"The box plot must be of one of the variances, but {box:g} is not among "
            f"{', '.join(f'{value:g}' for value in variances)}. Choose another one with --box."
        )
    stem = experiments_dir(study, model) / ("noise_after" if after else "noise")
    return Step(
        "cnn noise --after" if after else "cnn noise",
        network_inputs(study),
        files_of(stem, ".tsv", ".svg", ".png"),
        {
            "model": model, "variances": list(variances), "repeats": repeats, "box": box,
            "seed": study.settings.study.seed,
        },
        partial(noise_experiment, study, model, variances, repeats, box, after=after),
        "cnn fgsm",
    )  # fmt: skip


def fgsm_step(
    study: Study,
    epsilons: Sequence[float],
    shown: Sequence[float],
    images: Sequence[str],
    *,
    grey: bool,
    clip: bool,
) -> Step:
    """Describe the attack by the fast gradient sign method.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    epsilons, shown : sequence of float
        Steps of the table, and of the examples.
    images : sequence of str
        Test pictures to show; drawn where there are none.
    grey : bool
        The steps are in grey levels, not in units of the network's input.
    clip : bool
        Keep pixels between black and white.

    Returns
    -------
    Step
        From the network to tables and figures.

    Raises
    ------
    InputError
        If a step is negative.
    """
    from cnn.experiments.attack import Unit
    from cnn.experiments.fgsm import fgsm_experiment, fgsm_stem

    model = study.settings.cnn.model
    _check_not_negative([*epsilons, *shown], "epsilon")
    unit: Unit = "grey" if grey else "input"
    stem = experiments_dir(study, model) / fgsm_stem(unit, clip=clip)
    beside = stem.with_name(f"{stem.name}_examples")
    kinds = (".tsv", ".svg", ".png")
    return Step(
        f"cnn fgsm{' --unit grey' if grey else ''}{' --clip' if clip else ''}",
        network_inputs(study),
        (*files_of(stem, *kinds), *files_of(beside, *kinds)),
        {
            "model": model, "epsilons": list(epsilons), "shown": list(shown),
            "images": list(images), "seed": study.settings.study.seed,
        },
        partial(
            fgsm_experiment, study, model, epsilons, shown, images, unit=unit, clip=clip
        ),
        "cnn groups",
    )  # fmt: skip


def groups_step(study: Study, *, folds: bool) -> Step:
    """Describe the comparison of groups of people.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    folds : bool
        Take the answers of the networks of folds, to pictures of every actor.

    Returns
    -------
    Step
        From the network's answers to tables and a figure.
    """
    from cnn.experiments.groups import groups_experiment

    model = study.settings.cnn.model
    name = "groups_folds" if folds else "groups"
    stem = experiments_dir(study, model) / name
    answers = "folds_predictions.tsv" if folds else "predictions.tsv"
    return Step(
        f"cnn groups{' --folds' if folds else ''}",
        (study.cnn_dir(model) / answers, study.manifest_tsv),
        files_of(stem, ".tsv", "_differences.tsv", ".svg", ".png"),
        {"model": model, "seed": study.settings.study.seed},
        partial(groups_experiment, study, model, folds=folds),
    )


def svm_step(study: Study, side_px: int, subset: int, n_folds: int) -> Step:
    """Describe the baseline of support vector machines.

    Parameters
    ----------
    study : Study
        The study; its settings name the network that it is set beside.
    side_px : int
        Side of the pictures; 0 takes that of the network's settings.
    subset : int
        Training pictures that the grid search takes; 0 for all.
    n_folds : int
        Folds of its cross-validation, 2 or more.

    Returns
    -------
    Step
        From pictures to tables and a figure.
    """
    from cnn.experiments.svm import svm_experiment

    model = study.settings.cnn.model
    side_px = side_px or study.settings.cnn.for_network(model).input_px
    stem = experiments_dir(study, model) / "svm"
    answers = study.cnn_dir(model) / "predictions.tsv"
    return Step(
        "cnn svm",
        (
            study.manifest_tsv, study.crops_tsv, study.splits_tsv,
            *([answers] if answers.is_file() else []),
        ),
        files_of(stem, ".tsv", "_grid.tsv", ".svg", ".png"),
        {
            "model": model, "side_px": side_px, "subset": subset, "n_folds": n_folds,
            "seed": study.settings.study.seed,
        },
        partial(svm_experiment, study, model, side_px, subset, n_folds),
    )  # fmt: skip


def tsne_step(study: Study, perplexities: Sequence[float], split: str) -> Step:
    """Describe the maps of what the network makes of pictures.

    Parameters
    ----------
    study : Study
        The study; its settings name the network.
    perplexities : sequence of float
        Each makes a map.
    split : {"test", "all"}
        Which pictures.

    Returns
    -------
    Step
        From the network to tables and figures.
    """
    from cnn.experiments.tsne import DIMENSIONS, FEATURES, tsne_experiment

    model = study.settings.cnn.model
    stem = experiments_dir(study, model) / "tsne"
    figures = [f"_{name}_{n}d{kind}" for name in FEATURES for n in DIMENSIONS
               for kind in (".svg", ".png")]  # fmt: skip
    return Step(
        "cnn tsne",
        network_inputs(study),
        files_of(stem, ".tsv", "_separation.tsv", *figures),
        {
            "model": model, "perplexities": list(perplexities), "split": split,
            "seed": study.settings.study.seed,
        },
        partial(tsne_experiment, study, model, perplexities, split),
    )  # fmt: skip


def depth_step(study: Study, models: Sequence[str]) -> Step:
    """Describe the comparison of networks of several sizes.

    Parameters
    ----------
    study : Study
        The study.
    models : sequence of str
        The networks' names; every one that it has where there are none.

    Returns
    -------
    Step
        From networks to a table and a figure.

    Raises
    ------
    InputError
        If the study has no network.
    """
    from cnn.experiments.depth import depth_dir, depth_experiment, trained_models

    chosen = list(dict.fromkeys(models)) or trained_models(study)
    if not chosen:
        raise InputError(
            f"A comparison of networks needs trained ones, but {depth_dir(study)} has none. Train "
            "them first: faceoff cnn train --all."
        )
    return Step(
        "cnn depth",
        networks_inputs(study, [study.cnn_dir(model) for model in chosen]),
        files_of(depth_dir(study) / "depth", ".tsv", ".svg", ".png"),
        {"models": chosen},
        partial(depth_experiment, study, chosen),
    )


def network_inputs(study: Study, model: str = "") -> tuple[Path, ...]:
    """Name the files that an experiment on a trained network reads.

    Parameters
    ----------
    study : Study
        The study.
    model : str, default ""
        The network's name; empty for that of the settings.

    Returns
    -------
    tuple of Path
        The network, and the tables of the pictures.
    """
    folder = study.cnn_dir(model or study.settings.cnn.model)
    tables = (study.manifest_tsv, study.crops_tsv, study.splits_tsv)
    return (folder / "network.json", folder / "weights.h5", *tables)


def networks_inputs(study: Study, folders: Sequence[Path]) -> tuple[Path, ...]:
    """Name the files of several networks, and the tables of the pictures.

    Parameters
    ----------
    study : Study
        The study.
    folders : sequence of Path
        Of the networks.

    Returns
    -------
    tuple of Path
        What an experiment on them reads.
    """
    files = [folder / name for folder in folders for name in ("network.json", "weights.h5")]
    return (*files, study.manifest_tsv, study.crops_tsv, study.splits_tsv)


def files_of(stem: Path, *suffixes: str) -> tuple[Path, ...]:
    """Name files by what they have in common, which may hold points.

    Parameters
    ----------
    stem : Path
        The folder and the beginning of the name.
    *suffixes : str
        The rest of each name.

    Returns
    -------
    tuple of Path
        The files.

    Examples
    --------
    >>> [file.name for file in files_of(Path("noise"), ".tsv", ".svg")]
    ['noise.tsv', 'noise.svg']
    """
    return tuple(stem.with_name(stem.name + suffix) for suffix in suffixes)


def _check_not_negative(values: Sequence[float], what: str) -> None:
    """Refuse numbers below 0, and no number at all."""
    if not values:
        raise InputError(f"The experiment needs a {what}, but none was given. Give one or more.")
    wrong = [value for value in values if not value >= 0]
    if wrong:
        raise InputError(f"Every {what} must be 0 or greater, but {wrong[0]:g} is not. Correct it.")
