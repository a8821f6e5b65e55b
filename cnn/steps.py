"""The steps of the network's part: train, evaluate, explain."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step

_TRAINING = (
    "input_px", "epochs", "patience", "batch_size", "learning_rate",
    "shift", "zoom", "brightness", "flip",
)  # fmt: skip


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
    from cnn.adoption import is_adopted
    from cnn.training import train

    model = study.settings.cnn.model
    if is_adopted(study, model):
        raise InputError(
            f"A network that is trained must be one of the registry, but {model!r} was adopted "
            f"into {study.cnn_dir(model)} and is kept as it is. Train another one with --model, or "
            "go on with it: faceoff cnn evaluate."
        )
    folder = study.cnn_dir(model)
    settings = study.settings.cnn.model_dump(mode="json", include={"model", *_TRAINING})
    return Step(
        "cnn train",
        (study.manifest_tsv, study.crops_tsv, study.splits_tsv),
        (folder / "network.json", folder / "weights.h5", folder / "history.tsv"),
        {"cnn": settings, "seed": study.settings.study.seed},
        partial(train, study, model),
        "cnn evaluate",
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
    """
    from cnn.evaluation import evaluate

    model = study.settings.cnn.model
    folder = study.cnn_dir(model)
    return Step(
        "cnn evaluate",
        (*_network_files(study), study.manifest_tsv, study.crops_tsv, study.splits_tsv),
        (folder / "predictions.tsv", folder / "evaluation.tsv"),
        {"model": model},
        partial(evaluate, study, model),
        "cnn explain",
    )


def explain_step(study: Study) -> Step:
    """Describe the explanation of the network that the settings name.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        From the network to its relevance maps of the test pictures.
    """
    from cnn.explanation import explain

    settings = study.settings.cnn
    folder = study.cnn_dir(settings.model)
    chosen = settings.model_dump(
        mode="json", include={"model", "method", "method_arguments", "target"}
    )
    return Step(
        "cnn explain",
        (*_network_files(study), study.manifest_tsv, study.crops_tsv, study.splits_tsv),
        (folder / "relevance.nc", folder / "relevance.tsv"),
        {"cnn": chosen, "picture_px": study.settings.stimuli.picture_px},
        partial(
            explain,
            study,
            settings.model,
            settings.method,
            settings.method_arguments,
            settings.target,
        ),
        "compare perturb",
    )


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
    training = settings.model_dump(mode="json", include={"epochs", "batch_size", "learning_rate"})
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
