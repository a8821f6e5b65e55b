"""Learning: epochs over the training pictures, until the validation loss falls no more."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cnn.backend import import_tensorflow
from cnn.changes import margin_px, with_margin
from cnn.checkpoints import Checkpoint
from cnn.data import LabelledPictures, training_batches
from cnn.preprocessing import Preprocessing
from study.progress import bar
from study.seeds import generator
from study.settings.cnn import CnnSettings, TrainingSettings

_BATCH = 64
# Of the validation loss: a smaller fall is none. Keras' default.
_LEAST_FALL = 1e-4

HISTORY = {
    "epoch": "pass over the training pictures, from 1",
    "loss": "mean cross-entropy of the training pictures as they were changed, in nats",
    "accuracy": "part of the training pictures, as they were changed, that were named rightly",
    "val_loss": "mean cross-entropy of the validation pictures, unchanged, in nats",
    "val_accuracy": "part of the validation pictures that were named rightly",
    "best": "whether the validation loss was the lowest so far; of these the last was kept, "
    "unless the settings keep the last epoch's weights",
}


def fit(
    network: Any,
    training: LabelledPictures,
    validation: LabelledPictures,
    settings: CnnSettings,
    preprocessing: Preprocessing,
    seed: int,
    keep: Callable[[Checkpoint], None],
    before: Checkpoint | None = None,
    until: float = np.inf,
) -> pd.DataFrame:
    """Train a network, and leave it with the best weights or the last ones.

    Parameters
    ----------
    network : keras.Model
        From preprocessed pictures to probabilities; its weights are changed.
    training, validation : LabelledPictures
        Those for validation are never changed.
    settings : CnnSettings
        Epochs, patience, batch size, optimiser, changes of the training pictures, and whether
        the weights of the lowest validation loss or the last ones are kept.
    preprocessing : Preprocessing
        What is done to pixels before the first layer.
    seed : int
        Of the order and the changes of the pictures, and of the dropout.
    keep : callable
        Called after each epoch with the training as it is then.
    before : Checkpoint, optional
        Where a training that was broken off goes on.
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
    history, best_weights = pd.DataFrame(columns=list(HISTORY)), network.get_weights()
    if before is not None:
        learner.restore(before)
        history, best_weights = before.history, before.best_weights
    rows = [tuple(row) for row in history.itertuples(index=False)]
    with bar("train", settings.epochs * n_steps) as advance:
        advance(len(rows) * n_steps)
        while not _is_done(history, settings, until):
            epoch = len(rows) + 1
            if settings.schedule == "plateau":
                learner.set_rate(plateau_rate(history["val_loss"].tolist(), settings))
            random = generator(seed, "cnn", "epoch", epoch)
            batches = training_batches(pictures, training.labels, settings, preprocessing, random)
            seed_dropout(network, seed, epoch)
            loss, accuracy = learner.pass_over(batches, advance)
            val_loss, val_accuracy = learner.judge(validation)
            better = not rows or val_loss < history["val_loss"].min()
            if better:
                best_weights = network.get_weights()
            rows.append((epoch, loss, accuracy, val_loss, val_accuracy, better))
            history = pd.DataFrame(rows, columns=list(HISTORY))
            keep(Checkpoint(history, network.get_weights(), best_weights, learner.optimiser_state))
    if settings.keep == "best":
        network.set_weights(best_weights)
    return history


def plateau_rate(val_losses: Sequence[float], settings: TrainingSettings) -> float:
    """Give the step size of the epoch after those that are done.

    Parameters
    ----------
    val_losses : sequence of float
        Validation loss of each epoch so far.
    settings : TrainingSettings
        First and smallest step size, patience in epochs, and the factor.

    Returns
    -------
    float
        Multiplied by the factor each time that the loss has not fallen by more than 0.0001 for
        as many epochs as the patience, as Keras' ReduceLROnPlateau does.

    Examples
    --------
    >>> settings = TrainingSettings(learning_rate=0.1, plateau_patience=2)
    >>> plateau_rate([1.0, 1.1, 1.2], settings)
    0.05
    """
    rate, best, waited = settings.learning_rate, np.inf, 0
    for loss in val_losses:
        waited = 0 if loss < best - _LEAST_FALL else waited + 1
        best = loss if waited == 0 else best
        if waited == settings.plateau_patience:
            rate, waited = max(rate * settings.plateau_factor, settings.smallest_rate), 0
    return rate


def _is_done(history: pd.DataFrame, settings: CnnSettings, until: float) -> bool:
    """Tell whether all epochs are done, enough is learnt, or the loss has not fallen for long."""
    if history.empty:
        return False
    best = history[history["best"].astype(bool)].iloc[-1]
    patient = len(history) - best["epoch"] < settings.patience
    return len(history) >= settings.epochs or best["val_accuracy"] >= until or not patient


def seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Let every layer that draws random numbers start an epoch anew.

    A training that goes on at some epoch then draws what it would have drawn.

    Parameters
    ----------
    network : keras.Model
        The network, made after `cnn.backend.make_deterministic`.
    seed : int
        The study's.
    epoch : int
        From 1.
    """
    for layer in network.submodules:
        # Keras keeps it private, and has no other way to a layer's random numbers.
        random = getattr(layer, "_random_generator", None)
        if random is not None:
            drawn = generator(seed, "cnn", "dropout", layer.name, epoch).integers(2**31)
            random._generator.reset_from_seed(int(drawn))


class _Learner:
    """A network while it is trained: its optimiser's state and its compiled step."""

    def __init__(
        self, network: Any, settings: CnnSettings, n_steps: int, preprocessing: Preprocessing
    ) -> None:
        """Compile the step; `n_steps` is the number of batches in an epoch."""
        tf = import_tensorflow()
        self._network, self._preprocessing = network, preprocessing
        self._losses = tf.keras.losses.SparseCategoricalCrossentropy(reduction="none")
        rate: Any = settings.learning_rate
        if settings.schedule == "cosine":
            rate = tf.keras.optimizers.schedules.CosineDecay(rate, settings.epochs * n_steps)
        names = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop", "adamax": "Adamax"}
        made = getattr(tf.keras.optimizers, names[settings.optimiser])
        optimiser = self._optimiser = made(rate)
        optimiser.build(network.trainable_variables)

        @tf.function(reduce_retracing=True)
        def step(inputs: Any, labels: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                probabilities = network(inputs, training=True)
                losses = self._losses(labels, probabilities)
                # What layers add for large weights, where a network has such layers.
                loss = tf.add_n([tf.reduce_mean(losses), *network.losses])
            gradients = tape.gradient(loss, network.trainable_variables)
            optimiser.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
            right = tf.argmax(probabilities, axis=1) == labels
            return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.int32))

        @tf.function(reduce_retracing=True)
        def answer(inputs: Any) -> Any:
            return network(inputs, training=False)

        self._step = step
        self._answer = answer

    def set_rate(self, rate: float) -> None:
        """Choose the step size of the next epoch, where the schedule leaves it open."""
        self._optimiser.learning_rate = rate

    @property
    def optimiser_state(self) -> list[Any]:
        """The values of the optimiser's variables."""
        return [variable.numpy() for variable in self._optimiser.variables]

    def restore(self, before: Checkpoint) -> None:
        """Go back to where a training was broken off."""
        self._network.set_weights(before.weights)
        for variable, value in zip(self._optimiser.variables, before.optimiser, strict=True):
            variable.assign(value)

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
