"""Training: epochs over the training pictures, until the validation loss falls no more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from cnn.architectures import architecture, build
from cnn.backend import import_tensorflow, make_deterministic
from cnn.data import (
    LabelledPictures,
    load_split,
    margin_px,
    read_labels,
    training_batches,
    with_margin,
)
from cnn.network import save_network
from cnn.preprocessing import Preprocessing
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.progress import bar, say
from study.seeds import generator
from study.settings.cnn import CnnSettings
from study.tables import write_table

_BATCH = 64

HISTORY = {
    "epoch": "pass over the training pictures, from 1",
    "loss": "mean cross-entropy of the training pictures as they were changed, in nats",
    "accuracy": "part of the training pictures, as they were changed, that were named rightly",
    "val_loss": "mean cross-entropy of the validation pictures, unchanged, in nats",
    "val_accuracy": "part of the validation pictures that were named rightly",
    "best": "whether these weights were the best so far and were kept",
}


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
        If there is no such network, pictures are missing, or TensorFlow is not installed.
    """
    settings, seed = study.settings.cnn, study.settings.study.seed
    chosen = architecture(model)
    labels = read_labels(study)
    check_every_expression(labels)
    make_deterministic(seed)
    network = build(model, settings.input_px, len(EXPRESSIONS))
    training = load_split(study, labels, "train", settings.input_px)
    validation = load_split(study, labels, "validation", settings.input_px)
    frozen = [layer.name for layer in network.layers if not layer.trainable]
    say(
        f"network {model}: {network.count_params():,} parameters, frozen layers: "
        f"{', '.join(frozen) or 'none'}; {len(training.table)} pictures to train on, "
        f"{len(validation.table)} of other actors to validate"
    )
    folder = study.cnn_dir(model)

    def write_history(history: pd.DataFrame) -> None:
        write_table(folder / "history.tsv", history, HISTORY)

    history = fit(
        network, training, validation, settings, chosen.preprocessing, seed, write_history
    )
    best = history[history["best"]].iloc[-1]
    say(
        f"kept epoch {best['epoch']} of {len(history)}: "
        f"{100 * best['val_accuracy']:.1f} % of the validation pictures named rightly"
    )
    save_network(
        folder,
        network,
        name=model,
        expressions=EXPRESSIONS,
        preprocessing=chosen.preprocessing,
        seed=seed,
    )


def check_every_expression(labels: pd.DataFrame) -> None:
    """Refuse to train a network that would never see one of the expressions.

    Parameters
    ----------
    labels : pandas.DataFrame
        With the columns ``expression`` and ``split``.

    Raises
    ------
    InputError
        If an expression has no picture to train on.
    """
    shown = set(labels.loc[labels["split"] == "train", "expression"])
    missing = [name for name in EXPRESSIONS if name not in shown]
    if missing:
        raise InputError(
            f"Every expression needs pictures to train on, but there are none of "
            f"{', '.join(missing)}. Register a face set that has them."
        )


def fit(
    network: Any,
    training: LabelledPictures,
    validation: LabelledPictures,
    settings: CnnSettings,
    preprocessing: Preprocessing,
    seed: int,
    report: Callable[[pd.DataFrame], None],
    *,
    until: float = np.inf,
) -> pd.DataFrame:
    """Train a network, and leave it with the weights of the lowest validation loss.

    Parameters
    ----------
    network : keras.Model
        From preprocessed pictures to probabilities; its weights are changed.
    training, validation : LabelledPictures
        Pictures of different actors; those for validation are never changed.
    settings : CnnSettings
        Epochs, patience, batch size, learning rate and changes of the training pictures.
    preprocessing : Preprocessing
        What is done to pixels before the first layer.
    seed : int
        Of the order and the changes of the pictures.
    report : callable
        Called after each epoch with the history so far.
    until : float, default infinity
        End once this part of the validation pictures is named rightly by the best weights.

    Returns
    -------
    pandas.DataFrame
        The history, one row for each epoch, with the columns of `HISTORY`.
    """
    pictures = with_margin(training.pictures, margin_px(settings.input_px, settings))
    n_steps = -(-len(training.table) // settings.batch_size)
    learner = _Learner(network, settings, n_steps, preprocessing)
    best_weights, best_loss, best_epoch = network.get_weights(), np.inf, 0
    rows: list[tuple[float, ...]] = []
    with bar("train", settings.epochs * n_steps) as advance:
        for epoch in range(1, settings.epochs + 1):
            random = generator(seed, "cnn", "epoch", epoch)
            batches = training_batches(pictures, training.labels, settings, preprocessing, random)
            loss, accuracy = learner.pass_over(batches, advance)
            val_loss, val_accuracy = learner.judge(validation)
            better = val_loss < best_loss
            if better:
                best_weights, best_loss, best_epoch = network.get_weights(), val_loss, epoch
            rows.append((epoch, loss, accuracy, val_loss, val_accuracy, better))
            report(pd.DataFrame(rows, columns=list(HISTORY)))
            fitted = better and val_accuracy >= until
            if fitted or epoch - best_epoch >= settings.patience:
                break
    network.set_weights(best_weights)
    return pd.DataFrame(rows, columns=list(HISTORY))


class _Learner:
    """A network while it is trained: its optimiser's state and its compiled step."""

    def __init__(
        self, network: Any, settings: CnnSettings, n_steps: int, preprocessing: Preprocessing
    ) -> None:
        """Compile the step; `n_steps` is the number of batches in an epoch."""
        tf = import_tensorflow()
        self._preprocessing = preprocessing
        self._losses = tf.keras.losses.SparseCategoricalCrossentropy(reduction="none")
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            settings.learning_rate, settings.epochs * n_steps
        )
        optimiser = tf.keras.optimizers.Adam(schedule)
        optimiser.build(network.trainable_variables)

        @tf.function(reduce_retracing=True)
        def step(inputs: Any, labels: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                probabilities = network(inputs, training=True)
                losses = self._losses(labels, probabilities)
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, network.trainable_variables)
            optimiser.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
            right = tf.argmax(probabilities, axis=1) == labels
            return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

        @tf.function(reduce_retracing=True)
        def answer(inputs: Any) -> Any:
            return network(inputs, training=False)

        self._step = step
        self._answer = answer

    def pass_over(self, batches: Any, advance: Callable[[int], None]) -> tuple[float, float]:
        """Learn from each batch once; give the mean loss and the accuracy."""
        loss, right, n = 0.0, 0, 0
        for inputs, labels in batches:
            batch_loss, batch_right = self._step(inputs, labels)
            loss, right, n = loss + float(batch_loss), right + int(batch_right), n + len(labels)
            advance(1)
        return loss / n, right / n

    def judge(self, validation: LabelledPictures) -> tuple[float, float]:
        """Give the mean loss and the accuracy on pictures as they are."""
        n = len(validation.table)
        loss, right = 0.0, 0
        for start in range(0, n, _BATCH):
            rows = slice(start, start + _BATCH)
            inputs = self._preprocessing.apply(validation.pictures[rows].astype(np.float32))
            probabilities = self._answer(inputs.astype(np.float32))
            labels = validation.labels[rows]
            loss += float(np.sum(self._losses(labels, probabilities)))
            right += int(np.sum(np.argmax(probabilities, axis=1) == labels))
        return loss / n, right / n
