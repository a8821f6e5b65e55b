"""Explanations that change what a gradient does at a ReLU: guided backpropagation, deconvnet."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.gradients import Floats, in_batches
from cnn.lrp.forward import apply
from cnn.lrp.graph import Graph
from cnn.lrp.reading import canonical_graph
from cnn.network import Network
from study.errors import InputError

# The greatest value of each kind of ReLU.
_TOPS = {"relu": np.inf, "relu6": 6.0}


def guided_backprop(network: Network, inputs: Floats, targets: NDArray[np.int64]) -> Floats:
    """Send the gradient back through ReLUs only where both it and the signal are positive.

    Parameters
    ----------
    network : Network
        The network, all of whose activations are ReLUs (or end at 6).
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures.
    targets : ndarray of int, shape (n,)
        Which logit.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        In logits for each unit of the input; it starts with 1 at the logit, so that its sum says
        nothing of the logit's size.

    Raises
    ------
    InputError
        If the network has no ReLU, or an activation that is none.

    References
    ----------
    Springenberg, J. T., Dosovitskiy, A., Brox, T. and Riedmiller, M. (2015). Striving for
    simplicity: the all convolutional net. ICLR workshop, section 3.4.
    """
    return in_batches(_rectified(network, "guided_backprop", guided=True), inputs, targets)


def deconvnet(network: Network, inputs: Floats, targets: NDArray[np.int64]) -> Floats:
    """Send the logit back through ReLUs wherever what comes back is positive.

    Parameters
    ----------
    network : Network
        The network, all of whose activations are ReLUs (or end at 6).
    inputs : ndarray of float32, shape (n, side, side, 3)
        Preprocessed pictures; only through the winners of maxima do they matter.
    targets : ndarray of int, shape (n,)
        Which logit.

    Returns
    -------
    ndarray of float32, shape (n, side, side, 3)
        It starts with 1 at the logit, so that its sum says nothing of the logit's size.

    Raises
    ------
    InputError
        If the network has no ReLU, or an activation that is none.

    References
    ----------
    Zeiler, M. D. and Fergus, R. (2014). Visualizing and understanding convolutional networks.
    ECCV, section 2.1: unpooling by switches, rectification, filtering by the transposed kernels.
    """
    return in_batches(_rectified(network, "deconvnet", guided=False), inputs, targets)


def _rectified(network: Network, method: str, *, guided: bool) -> Callable[[Any, Any], Any]:
    """Compile the gradient of one logit of each picture, with another derivative at ReLUs."""
    tf = import_tensorflow()
    graph = canonical_graph(network.model)
    _check_activations(graph, network.name, method)
    # Tensors are handed to the compiled function; arrays would be copied into its graph.
    nodes = [
        replace(node, weights={name: tf.constant(w) for name, w in node.weights.items()})
        for node in graph.nodes
    ]
    rectifiers = {name: _rectifier(top, guided) for name, top in _TOPS.items()}

    def logits_of(inputs: Any) -> Any:
        results: list[Any] = []
        for node in nodes:
            taken = [results[place] for place in node.inputs]
            if node.kind == "input":
                results.append(inputs)
            elif node.kind == "activation":
                results.append(rectifiers[node.options["function"]](taken[0]))
            else:
                results.append(apply(node, taken))
        return results[-1]

    @tf.function(reduce_retracing=True, autograph=False)
    def compute(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            logit = tf.gather(logits_of(inputs), targets, axis=1, batch_dims=1)
        return tape.gradient(logit, inputs)

    return compute


def _rectifier(top: float, guided: bool) -> Callable[[Any], Any]:
    """Make a ReLU that lets back only what is positive, and if guided, only where it is open."""
    tf = import_tensorflow()

    @tf.custom_gradient
    def rectify(x: Any) -> Any:
        def back(upstream: Any) -> Any:
            positive = tf.nn.relu(upstream)
            return tf.where((x > 0) & (x < top), positive, 0.0) if guided else positive

        return tf.clip_by_value(x, 0.0, top), back

    return rectify


def _check_activations(graph: Graph, network: str, method: str) -> None:
    """Refuse a network with no ReLU, or with something between its layers that is none."""
    activations = [node for node in graph.nodes if node.kind in ("activation", "multiply")]
    for node in activations:
        function = node.options.get("function", "product of two signals")
        if function not in _TOPS:
            raise InputError(
                f"{method} is defined for networks with ReLUs alone, but {node.name!r} is a "
                f"{function}. Take input_t_gradient or lrp.epsilon_plus_flat."
            )
    if not activations:
        raise InputError(
            f"{method} must have a ReLU to go through, but the network {network!r} has none. "
            "Take gradient, which is the same there."
        )
