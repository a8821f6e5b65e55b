"""Explanations by gradients of one logit with respect to the pixels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.network import Network
from study.progress import track
from study.seeds import generator

_BATCH = 16
Floats = NDArray[np.float32]


def gradient(network: Network, inputs: Floats, targets: NDArray[np.int64]) -> Floats:
    """Compute how the logit changes with each number of the input.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        The gradient.

    References
    ----------
    Simonyan, K., Vedaldi, A. and Zisserman, A. (2014). Deep inside convolutional networks. ICLR
    workshop. Its absolute value is their saliency map; here the sign is kept.
    """
    return in_batches(_gradient_of(network.model), inputs, targets)


def input_t_gradient(network: Network, inputs: Floats, targets: NDArray[np.int64]) -> Floats:
    """Compute the input times its gradient.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        Its sum is the logit where the network has no biases and only ReLUs.

    References
    ----------
    Shrikumar, A., Greenside, P. and Kundaje, A. (2017). Learning important features through
    propagating activation differences. ICML.
    """
    return inputs * gradient(network, inputs, targets)


def integrated_gradients(
    network: Network, inputs: Floats, targets: NDArray[np.int64], *, steps: int, baseline: float
) -> Floats:
    """Integrate the gradient along the straight line from an even picture.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.
    steps : int
        Points on the line, 1 or more; midpoints, so that few are enough.
    baseline : float
        Grey level of the even picture, 0 to 255, before preprocessing.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        Its sum tends to the logit less that of the even picture.

    References
    ----------
    Sundararajan, M., Taly, A. and Yan, Q. (2017). Axiomatic attribution for deep networks. ICML,
    eq. 1.
    """
    compiled = _gradient_of(network.model)
    even = network.preprocessing.apply(np.full((1, 1, 1, 3), baseline, np.float32))
    away = (inputs - even).astype(np.float32)
    total = np.zeros_like(away)
    for step in track(range(steps), "integrated gradients"):
        total += in_batches(compiled, even + away * np.float32((step + 0.5) / steps), targets, "")
    return away * total / np.float32(steps)


def smoothgrad(
    network: Network,
    inputs: Floats,
    targets: NDArray[np.int64],
    *,
    samples: int,
    noise: float,
    seed: int,
) -> Floats:
    """Average the gradients of noisy copies.

    Parameters
    ----------
    network : Network
        The network.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.
    samples : int
        Copies, 1 or more.
    noise : float
        Standard deviation of the noise as a share of each picture's range.
    seed : int
        Of the noise, which is the same for every picture.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        The mean gradient.

    References
    ----------
    Smilkov, D., Thorat, N., Kim, B., Viégas, F. and Wattenberg, M. (2017). SmoothGrad: removing
    noise by adding noise. arXiv:1706.03825.
    """
    compiled = _gradient_of(network.model)
    random = generator(seed, "cnn", "smoothgrad")
    spread = noise * np.ptp(inputs, axis=(1, 2, 3), keepdims=True)
    total = np.zeros_like(inputs)
    for _ in track(range(samples), "noisy copies"):
        drawn = random.standard_normal(inputs.shape[1:], dtype=np.float32)
        total += in_batches(compiled, (inputs + spread * drawn).astype(np.float32), targets, "")
    return total / np.float32(samples)


def _gradient_of(model: Any) -> Callable[[Any, Any], Any]:
    """Compile the gradient of one logit of each picture."""
    tf = import_tensorflow()

    @tf.function(reduce_retracing=True)
    def compute(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            logit = tf.gather(model(inputs, training=False), targets, axis=1, batch_dims=1)
        return tape.gradient(logit, inputs)

    return compute


def in_batches(
    compute: Callable[[Any, Any], Any],
    inputs: Floats,
    targets: NDArray[np.int64],
    said: str = "gradients",
) -> Floats:
    """Compute batch by batch.

    Parameters
    ----------
    compute : callable
        Takes a batch of inputs and their targets as tensors, and gives a tensor.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.
    said : str, default "gradients"
        What is shown beside the bar; empty for none, where another one is shown already.

    Returns
    -------
    ndarray of float32, shape (n, ...)
        In the order of the inputs.
    """
    tf = import_tensorflow()
    parts = []
    starts = range(0, len(inputs), _BATCH)
    for start in track(starts, said) if said else starts:
        rows = slice(start, start + _BATCH)
        batch = tf.constant(inputs[rows], tf.float32), tf.constant(targets[rows], tf.int32)
        parts.append(compute(*batch).numpy())
    return np.concatenate(parts)
