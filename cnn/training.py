"""Training: from the registry and a study's pictures to a network on the disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cnn.architectures import architecture, build
from cnn.backend import make_deterministic
from cnn.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from cnn.data import load_split, read_labels
from cnn.learning import HISTORY, fit
from cnn.network import save_network
from cnn.preprocessing import PREPROCESSINGS, Preprocessing
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import sha256_of
from study.settings.cnn import CnnSettings, TrainingSettings
from study.tables import write_table
from study.writing import remove_file

# The settings that a training's result hangs on.
TRAINING = {"model", *TrainingSettings.model_fields}


def train(study: Study, model: str) -> None:
    """Train a network on a study's pictures and write it to its folder.

    Parameters
    ----------
    study : Study
        The study, with manifest, crops and splits.
    model : str
        The network's name in the registry.

    Raises
    ------
    InputError
        If there is no such network, pictures or weights are missing, or TensorFlow is not
        installed.
    """
    labels = read_labels(study)
    stimuli = study.settings.stimuli
    if stimuli.split_by in ("picture", "set"):
        say(
            f"[stimuli] split_by is {stimuli.split_by}: people in the test pictures may be in the "
            "training too, so the accuracy may say nothing of unseen people (faceoff cnn leakage)"
        )
    elif stimuli.validation_by == "picture":
        say(
            "[stimuli] validation_by is picture: people in the validation pictures are in the "
            "training too, so the accuracy in validation says nothing of unseen people"
        )
    train_on(study, model, labels, study.settings.study.seed, study.cnn_dir(model))


def train_on(
    study: Study,
    model: str,
    labels: pd.DataFrame,
    seed: int,
    folder: Path,
    *,
    validation_split: str = "validation",
) -> None:
    """Train a network on pictures with given splits.

    A training that was broken off goes on behind the last whole epoch, with the same result as
    if it had not been.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name in the registry.
    labels : pandas.DataFrame
        ``image_id``, ``expression`` and ``split``, as `cnn.data.read_labels` gives them.
    seed : int
        Of the first weights, and of the order and the changes of the pictures.
    folder : Path
        Where the network goes.
    validation_split : str, default "validation"
        The split that validates; the test pictures only where the last weights are kept.

    Raises
    ------
    InputError
        If there is no such network, or pictures or weights are missing.
    """
    settings = study.settings.cnn.for_network(model)
    labels = labels[labels["expression"].isin(settings.expressions)]
    check_every_expression(labels, settings.expressions)
    make_deterministic(seed)
    network = start(study, model)
    known = tuple(settings.expressions)
    training = load_split(study, labels, "train", settings.input_px, known)
    validation = load_split(study, labels, validation_split, settings.input_px, known)
    say(
        f"network {model}: {describe(network)}; {len(training.table)} pictures to train on, "
        f"{len(validation.table)} to validate"
    )
    preprocessing = chosen_preprocessing(settings)
    checkpoint = folder / "checkpoint.npz"
    identity = _identity(study, model, labels, seed, network)

    def keep(state: Checkpoint) -> None:
        write_table(folder / "history.tsv", state.history, HISTORY)
        write_checkpoint(checkpoint, state, identity)

    before = read_checkpoint(checkpoint, identity)
    if before is not None:
        say(f"the training was broken off: it goes on behind epoch {len(before.history)}")
    history = fit(network, training, validation, settings, preprocessing, seed, keep, before)
    kept = history.iloc[-1] if settings.keep == "last" else history[history["best"]].iloc[-1]
    say(
        f"kept epoch {kept['epoch']} of {len(history)}: "
        f"{100 * kept['val_accuracy']:.1f} % of the validation pictures named rightly"
    )
    save_network(
        folder,
        network,
        name=model,
        expressions=known,
        preprocessing=preprocessing,
        seed=seed,
    )
    remove_file(checkpoint)


def start(study: Study, model: str) -> Any:
    """Build a network as its training starts, with the layers frozen that the settings name.

    Parameters
    ----------
    study : Study
        The study; its settings say what the weights and the frozen layers are.
    model : str
        The network's name in the registry.

    Returns
    -------
    keras.Model
        With probabilities as its output.

    Raises
    ------
    InputError
        If there is no such network, its weights are missing, or a pattern names no layer or
        nothing is left to train.
    """
    settings = study.settings.cnn.for_network(model)
    weights = settings.weights
    if weights not in ("own", "random"):
        weights = str(study.root / weights)
    network = build(settings.architecture, settings.input_px, len(settings.expressions), weights)
    for pattern in settings.freeze:
        named = [layer for layer in network.layers if fnmatchcase(layer.name, pattern)]
        if not named:
            known = ", ".join(layer.name for layer in network.layers if layer.weights)
            raise InputError(
                f"[cnn] freeze must name layers of {model}, but {pattern!r} fits none. "
                f"Layers with weights are: {known}."
            )
        for layer in named:
            layer.trainable = False
    if not network.trainable_weights:
        raise InputError(
            f"A training needs layers to train, but [cnn] freeze names all those of {model}. "
            "Leave some out."
        )
    return network


def describe(network: Any) -> str:
    """Say how large a network is, and what of it is frozen.

    Parameters
    ----------
    network : keras.Model
        The network.

    Returns
    -------
    str
        Such as ``1,234 parameters, frozen layers: none``.
    """
    frozen = [layer.name for layer in network.layers if layer.weights and not layer.trainable]
    fixed = sum(int(np.prod(weight.shape)) for weight in network.non_trainable_weights)
    return (
        f"{network.count_params():,} parameters, of which {fixed:,} are not trained; "
        f"frozen layers: {', '.join(frozen) or 'none'}"
    )


def chosen_preprocessing(settings: CnnSettings) -> Preprocessing:
    """Give what is done to pixels before the first layer.

    Parameters
    ----------
    settings : CnnSettings
        The network's kind, and whether another preprocessing than its own is asked for.

    Returns
    -------
    Preprocessing
        Of the network.
    """
    chosen = architecture(settings.architecture).preprocessing
    if settings.preprocessing != "own":
        chosen = PREPROCESSINGS[settings.preprocessing]
    # Means and factors stay those of the network's channels, whichever their order is.
    return replace(chosen, channels="grey") if settings.grey else chosen


def _identity(
    study: Study, model: str, labels: pd.DataFrame, seed: int, network: Any
) -> dict[str, Any]:
    """Put together what a training's result hangs on."""
    weights = hashlib.sha256()
    for values in network.get_weights():
        weights.update(values.tobytes())
    return {
        "faceoff": metadata.version("faceoff"),
        "settings": training_values(study.settings.cnn.for_network(model)),
        "seed": seed,
        "labels": labels[["image_id", "expression", "split"]].to_csv(index=False),
        "pictures": [sha256_of(path) for path in (study.manifest_tsv, study.crops_tsv)],
        "first_weights": weights.hexdigest(),
    }


def training_values(settings: CnnSettings) -> dict[str, Any]:
    """Give the settings that the result of a training hangs on.

    Parameters
    ----------
    settings : CnnSettings
        Those of one network, as `CnnSettings.for_network` gives them.

    Returns
    -------
    dict
        Values by name, for a record.
    """
    return settings.model_dump(mode="json", include=TRAINING)


def check_every_expression(labels: pd.DataFrame, expressions: Sequence[str]) -> None:
    """Refuse to train a network that would never see one of its expressions.

    Parameters
    ----------
    labels : pandas.DataFrame
        With the columns ``expression`` and ``split``.
    expressions : sequence of str
        What the outputs stand for.

    Raises
    ------
    InputError
        If an expression has no picture to train on.
    """
    shown = set(labels.loc[labels["split"] == "train", "expression"])
    missing = [name for name in expressions if name not in shown]
    if missing:
        raise InputError(
            f"Every expression needs pictures to train on, but there are none of "
            f"{', '.join(missing)}. Register a face set that has them, or leave them out of [cnn] "
            "expressions."
        )
