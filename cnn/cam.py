"""Class activation maps: the channels of one layer weighted by gradients of the logit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.gradients import Floats, in_batches
from cnn.network import Network
from study.errors import InputError

# Parts of the names of layers that only move, thin out or select what a convolution found.
_PASSED_OVER = ("Pool", "Dropout", "Noise", "Padding", "Cropping", "UpSampling", "Reshape", "Input")


def grad_cam(
    network: Network, inputs: Floats, targets: NDArray[np.int64], *, layer: str, signed: bool
) -> Floats:
    """Weight the channels of the last convolution by their mean gradients.

    Parameters
    ----------
    network : Network
        The network; models within it are looked into.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.
    layer : str
        Name of the layer; empty for the last one whose result is a picture, before it is pooled.
    signed : bool
        Keep what speaks against the class, which the paper cuts off.

    Returns
    -------
    ndarray of float32, shape (n, side, side)
        Interpolated bilinearly to the picture's size; 0 or greater unless signed.

    Raises
    ------
    InputError
        If there is no such layer, its result is no picture, or it does not lead to the logits.

    References
    ----------
    Selvaraju, R. R. et al. (2017). Grad-CAM: visual explanations from deep networks via
    gradient-based localization. ICCV, eq. 1 and 2.
    """
    tf = import_tensorflow()

    def weigh(activity: Any, slopes: Any) -> Any:
        return tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)

    return in_batches(_class_map(network, layer, weigh, signed=signed), inputs, targets)


def grad_cam_plus_plus(
    network: Network, inputs: Floats, targets: NDArray[np.int64], *, layer: str
) -> Floats:
    """Weight the channels of the last convolution by their positive gradients, pixel by pixel.

    With the score Y = exp(S) of the logit S, its derivatives by the activity A_ij of channel k
    are Y g, Y g^2 and Y g^3, where g = dS/dA_ij (the part behind the layer is taken as piecewise
    linear, as in the paper). Then

        alpha_ij = g_ij^2 / (2 g_ij^2 + g_ij^3 sum_ab A_ab),   w_k = sum_ij alpha_ij relu(g_ij)

    and the map is relu(sum_k w_k A_k). In the paper relu takes the derivative of Y, which is Y g:
    that factor Y is left out, as it is one positive number for each picture and overflows for
    large logits. The score is the exponential of the logit, not the paper's variant for a
    softmax; alpha is 0 where its divisor is, and is not normalised.

    Parameters
    ----------
    network : Network
        The network; models within it are looked into.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.
    layer : str
        Name of the layer; empty for the last one whose result is a picture, before it is pooled.

    Returns
    -------
    ndarray of float32, shape (n, side, side)
        0 or greater, interpolated bilinearly to the picture's size. Its sum says nothing of the
        logit's size.

    Raises
    ------
    InputError
        If there is no such layer, its result is no picture, or it does not lead to the logits.

    References
    ----------
    Chattopadhyay, A., Sarkar, A., Howlader, P. and Balasubramanian, V. N. (2018). Grad-CAM++:
    generalized gradient-based visual explanations for deep convolutional networks. WACV,
    section 3.2.
    """
    tf = import_tensorflow()

    def weigh(activity: Any, slopes: Any) -> Any:
        total = tf.reduce_sum(activity, axis=(1, 2), keepdims=True)
        below = 2.0 * slopes**2 + slopes**3 * total
        alpha = tf.math.divide_no_nan(slopes**2, below)
        return tf.reduce_sum(alpha * tf.nn.relu(slopes), axis=(1, 2), keepdims=True)

    return in_batches(_class_map(network, layer, weigh, signed=False), inputs, targets)


def grad_cam_guided(
    network: Network, inputs: Floats, targets: NDArray[np.int64], *, layer: str
) -> Floats:
    """Weight the channels of the last picture by mean gradients that are guided.

    The gradient is that of the probability, and counts only where it and the channel are above 0.

    Parameters
    ----------
    network : Network
        The network; models within it are looked into.
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which expression.
    layer : str
        Name of the layer; empty for the last one whose result is a picture, pooled or not.

    Returns
    -------
    ndarray of float32, shape (n, side, side)
        Interpolated bilinearly to the picture's size, with either sign.

    Raises
    ------
    InputError
        If there is no such layer, its result is no picture, or it does not lead to the logits.

    References
    ----------
    BU CS523 (2022), a study of FER2013; after Selvaraju et al. (2017) and Springenberg et al.
    (2015).
    """
    tf = import_tensorflow()

    def weigh(activity: Any, slopes: Any) -> Any:
        guided = tf.where((activity > 0) & (slopes > 0), slopes, 0.0)
        return tf.reduce_mean(guided, axis=(1, 2), keepdims=True)

    chosen = layer or _last_picture(network.model)
    compiled = _class_map(network, chosen, weigh, signed=True, probability=True)
    return in_batches(compiled, inputs, targets)


def _last_picture(model: Any) -> str:
    """Name the last layer whose result has height, width and channels."""
    found = [path for path, layer in _layers(model, "") if _is_picture(layer)]
    if not found:
        raise InputError(
            "A class activation map needs a layer whose result is a picture, but the network has "
            "none. Take another network."
        )
    return found[-1]


def _class_map(
    network: Network,
    layer: str,
    weigh: Callable[[Any, Any], Any],
    *,
    signed: bool,
    probability: bool = False,
) -> Callable[[Any, Any], Any]:
    """Compile the weighted sum of a layer's channels, as large as the picture."""
    tf = import_tensorflow()
    chosen = _layer(network.model, layer)

    @tf.function(reduce_retracing=True, autograph=False)
    def maps(inputs: Any, targets: Any) -> Any:
        with (
            tf.GradientTape(watch_accessed_variables=False) as tape,
            _watching(chosen, tape) as seen,
        ):
            answers = network.model(inputs, training=False)
            answers = tf.nn.softmax(answers) if probability else answers
            answer = tf.gather(answers, targets, axis=1, batch_dims=1)
        slopes = tape.gradient(answer, seen[-1])
        if slopes is None:
            raise InputError(
                f"A class activation map needs a layer that leads to the logits, but "
                f"{chosen.name!r} does not. Name another one with layer=NAME."
            )
        weighted = tf.reduce_sum(weigh(seen[-1], slopes) * seen[-1], axis=3, keepdims=True)
        shown = weighted if signed else tf.nn.relu(weighted)
        return tf.image.resize(shown, tf.shape(inputs)[1:3])[..., 0]

    return maps


@contextmanager
def _watching(layer: Any, tape: Any) -> Iterator[list[Any]]:
    """Let a tape watch what a layer gives, however deep in models within models it stands."""
    seen: list[Any] = []
    call = layer.call

    def watched(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        tape.watch(result)
        seen.append(result)
        return result

    # Not by setattr, by which Keras would take note of it.
    vars(layer)["call"] = watched
    try:
        yield seen
    finally:
        vars(layer).pop("call")


def _layer(model: Any, name: str) -> Any:
    """Find a layer by its name, or the last picture that a convolution had a part in."""
    found = list(_layers(model, ""))
    kernels = [place for place, (_, layer) in enumerate(found) if "Conv" in type(layer).__name__]
    named = [layer for path, layer in found if name in (path, layer.name)]
    if name and len(named) > 1:
        paths = ", ".join(path for path, layer in found if layer in named)
        raise InputError(
            f"A class activation map needs one layer, but {len(named)} are called {name!r}: "
            f"{paths}. Name one of them by its whole path."
        )
    shown = [
        layer for _, layer in found[kernels[0] if kernels else len(found) :]
        if _is_picture(layer) and not any(part in type(layer).__name__ for part in _PASSED_OVER)
    ]  # fmt: skip
    fitting = [layer for layer in named if _is_picture(layer)] if name else shown
    if not fitting:
        known = ", ".join([path for path, layer in found if layer in shown][-5:]) or "none"
        raise InputError(
            "A class activation map needs a layer whose result is a picture, but the network has "
            f"no {name or 'convolution'!r} of that kind; it has {known}. "
            "Name another one with layer=NAME."
        )
    return fitting[-1]


def _layers(model: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Go through a network's layers and those of the models within it, with their paths."""
    for layer in model.layers:
        if isinstance(layer, import_tensorflow().keras.Model):
            yield from _layers(layer, f"{path}{layer.name}/")
        else:
            yield path + layer.name, layer


def _is_picture(layer: Any) -> bool:
    """Tell whether a layer gives something with height, width and channels."""
    shape = layer.get_output_shape_at(0)
    return isinstance(shape, tuple) and len(shape) == 4 and (shape[1] or 2) * (shape[2] or 2) > 1
