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
        _files(stem, ".tsv", ".svg", ".png"),
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
    from cnn.experiments.fgsm import Unit, fgsm_experiment, fgsm_stem

    model = study.settings.cnn.model
    _check_not_negative([*epsilons, *shown], "epsilon")
    unit: Unit = "grey" if grey else "input"
    stem = experiments_dir(study, model) / fgsm_stem(unit, clip=clip)
    beside = stem.with_name(f"{stem.name}_examples")
    kinds = (".tsv", ".svg", ".png")
    return Step(
        f"cnn fgsm{' --unit grey' if grey else ''}{' --clip' if clip else ''}",
        network_inputs(study),
        (*_files(stem, *kinds), *_files(beside, *kinds)),
        {
            "model": model, "epsilons": list(epsilons), "shown": list(shown),
            "images": list(images), "seed": study.settings.study.seed,
        },
        partial(
            fgsm_experiment, study, model, epsilons, shown, images, unit=unit, clip=clip
        ),
        "cnn groups",
    )  # fmt: skip


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


def _files(stem: Path, *suffixes: str) -> tuple[Path, ...]:
    """Name files by a stem that may hold points."""
    return tuple(stem.with_name(stem.name + suffix) for suffix in suffixes)


def _check_not_negative(values: Sequence[float], what: str) -> None:
    """Refuse numbers below 0, and no number at all."""
    if not values:
        raise InputError(f"The experiment needs a {what}, but none was given. Give one or more.")
    wrong = [value for value in values if not value >= 0]
    if wrong:
        raise InputError(f"Every {what} must be 0 or greater, but {wrong[0]:g} is not. Correct it.")
