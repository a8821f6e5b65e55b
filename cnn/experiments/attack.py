"""The attack: the gradient of the loss, and one step up it (fast gradient sign method)."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.experiments.pictures import Floats
from cnn.gradients import in_batches
from cnn.network import Network
from cnn.preprocessing import Preprocessing

Unit = Literal["input", "grey"]


def loss_gradient(network: Network, inputs: Floats, labels: NDArray[np.int64]) -> Floats:
    """Compute how the cross-entropy with the true expression changes with the input.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    labels : ndarray of int, shape (n,)
        Index in ``network.expressions`` of what each picture shows.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        The gradient, picture by picture.
    """
    tf = import_tensorflow()

    @tf.function(reduce_retracing=True)
    def compute(batch: Any, wanted: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            logits = network.model(batch, training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, logits)
        return tape.gradient(losses, batch)

    return in_batches(compute, np.asarray(inputs, np.float32), labels, "fgsm")


def attack(
    inputs: Floats,
    slopes: Floats,
    preprocessing: Preprocessing,
    epsilon: float,
    *,
    unit: Unit = "input",
    clip: bool = False,
) -> Floats:
    """Move each number of the input by one step up the loss.

    Parameters
    ----------
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    slopes : ndarray of float32, shape (n, side, side, 3)
        Gradient of the loss; only its sign counts, and where it is 0 nothing moves.
    preprocessing : Preprocessing
        Of the network.
    epsilon : float
        The step, 0 or greater.
    unit : {"input", "grey"}, default "input"
        What the step is in.
    clip : bool, default False
        Keep pixels between black and white; the published study does not.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        The attacked input.

    References
    ----------
    Goodfellow, I. J., Shlens, J. and Szegedy, C. (2015). Explaining and harnessing adversarial
    examples. ICLR, section 4.
    """
    step = np.full(3, epsilon) if unit == "input" else epsilon * np.abs(preprocessing.scale)
    moved = inputs + (step * np.sign(slopes)).astype(np.float32)
    if clip:
        black, white = preprocessing.apply(np.array([[0.0] * 3, [255.0] * 3], np.float32))
        moved = moved.clip(np.minimum(black, white), np.maximum(black, white))
    return moved.astype(np.float32)


def in_grey_levels(inputs: Floats, preprocessing: Preprocessing) -> NDArray[np.float64]:
    """Turn a network's input back into grey levels.

    Parameters
    ----------
    inputs : ndarray of float32, shape (..., 3)
        What the network takes.
    preprocessing : Preprocessing
        What was done to the pixels.

    Returns
    -------
    ndarray of float, shape (..., 3)
        RGB.

    Examples
    --------
    >>> from cnn.preprocessing import TORCH
    >>> in_grey_levels(TORCH.apply(np.array([10.0, 20.0, 30.0])), TORCH).round(3).tolist()
    [10.0, 20.0, 30.0]
    """
    levels = inputs / np.array(preprocessing.scale) + np.array(preprocessing.mean)
    return levels if preprocessing.channels == "rgb" else levels[..., ::-1]
