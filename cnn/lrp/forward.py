"""Running a plain list of operations forward, and each of them backward."""

from collections.abc import Sequence
from typing import Any

from cnn.backend import import_tensorflow
from cnn.lrp.graph import Graph, Node


def run(graph: Graph, inputs: Any) -> list[Any]:
    """Compute every operation's result.

    Parameters
    ----------
    graph : Graph
        The network.
    inputs : tensor of float32, shape (n, height, width, channels)
        What its first layer takes.

    Returns
    -------
    list of tensor
        One for each operation; the last one is the logits.
    """
    results: list[Any] = []
    for node in graph.nodes:
        taken = [results[place] for place in node.inputs]
        results.append(inputs if node.kind == "input" else apply(node, taken))
    return results


def apply(node: Node, taken: Sequence[Any]) -> Any:
    """Compute one operation.

    Parameters
    ----------
    node : Node
        The operation.
    taken : sequence of tensor
        Its inputs.

    Returns
    -------
    tensor
        Its result.
    """
    tf = import_tensorflow()
    x, weights, options = taken[0], node.weights, node.options
    match node.kind:
        case "conv" | "depthwise" | "dense":
            return linear(node, x, weights["kernel"]) + weights["bias"]
        case "affine":
            return x * weights["scale"] + weights["shift"]
        case "activation":
            return activation(options["function"], x, options.get("slope", 0.0))
        case "max_pool":
            return tf.nn.max_pool2d(x, options["size"], options["strides"], options["padding"])
        case "average_pool" | "global_average_pool":
            return linear(node, x, None)
        case "global_max_pool":
            return tf.reduce_max(x, axis=(1, 2), keepdims=options["keepdims"])
        case "pad":
            # Padded around 0, so that every channel can have its own value.
            value = weights["value"]
            return tf.pad(x - value, ((0, 0), *options["margins"], (0, 0))) + value
        case "reshape":
            return tf.reshape(x, (-1, *options["shape"]))
        case "add":
            return tf.add_n(list(taken))
        case "concatenate":
            return tf.concat(list(taken), options["axis"])
        case "multiply":
            return taken[0] * taken[1]
    raise AssertionError(node.kind)


def activation(function: str, x: Any, slope: float) -> Any:
    """Apply an activation.

    Parameters
    ----------
    function : str
        Its name, as in `cnn.lrp.reading.ACTIVATIONS`.
    x : tensor
        What it is applied to.
    slope : float
        Below 0, of a leaky ReLU.

    Returns
    -------
    tensor
        Of the same shape.
    """
    tf = import_tensorflow()
    match function:
        case "hard_sigmoid":
            return tf.nn.relu6(x + 3.0) / 6.0
        case "leaky_relu":
            return tf.nn.leaky_relu(x, slope)
        case "relu6" | "relu" | "elu" | "selu" | "gelu" | "softplus" | "swish":
            return getattr(tf.nn, function)(x)
    return getattr(tf.math, function)(x)


def linear(node: Node, x: Any, kernel: Any) -> Any:
    """Apply the linear part of an operation.

    Parameters
    ----------
    node : Node
        A convolution, dense layer, scale and shift, or average.
    x : tensor
        Its input, or part of it.
    kernel : tensor or None
        Its kernel, or part of it; None for an average.

    Returns
    -------
    tensor
        Without a bias.
    """
    tf = import_tensorflow()
    options = node.options
    match node.kind:
        case "dense":
            return tf.linalg.matmul(x, kernel)
        case "conv":
            return tf.nn.conv2d(
                x, kernel, options["strides"], options["padding"], dilations=options["dilation"]
            )
        case "depthwise":
            return tf.nn.depthwise_conv2d(
                x, kernel, (1, *options["strides"], 1), options["padding"],
                dilations=options["dilation"],
            )  # fmt: skip
        case "affine":
            return x * kernel
        case "average_pool":
            return tf.nn.avg_pool2d(x, options["size"], options["strides"], options["padding"])
    return tf.reduce_mean(x, axis=(1, 2), keepdims=options["keepdims"])


def transposed(node: Node, x: Any, kernel: Any, back: Any) -> Any:
    """Apply the transpose of the linear part of an operation.

    Parameters
    ----------
    node : Node
        A convolution, dense layer, scale and shift, or average.
    x : tensor
        Its input; only the shape is used.
    kernel : tensor or None
        Its kernel, or part of it; None for an average.
    back : tensor
        Of the shape of its result.

    Returns
    -------
    tensor
        Of the shape of the input.
    """
    tf = import_tensorflow()
    options, shape = node.options, tf.shape(x)
    match node.kind:
        case "dense":
            return tf.linalg.matmul(back, kernel, transpose_b=True)
        # On most processors TensorFlow's own transposes know no dilation.
        case "conv":
            spread = _spread(kernel, options["dilation"])
            return tf.nn.conv2d_transpose(
                back, spread, shape, options["strides"], options["padding"]
            )
        case "depthwise":
            spread = _spread(kernel, options["dilation"])
            return tf.nn.depthwise_conv2d_backprop_input(
                shape, spread, back, (1, *options["strides"], 1), options["padding"]
            )
        case "affine":
            return back * kernel
        case "average_pool":
            return tf.raw_ops.AvgPoolGrad(
                orig_input_shape=shape, grad=back, ksize=(1, *options["size"], 1),
                strides=(1, *options["strides"], 1), padding=options["padding"],
            )  # fmt: skip
    if not options["keepdims"]:
        back = back[:, None, None, :]
    return tf.ones_like(x) * back / tf.cast(shape[1] * shape[2], x.dtype)


def _spread(kernel: Any, dilation: tuple[int, int]) -> Any:
    """Put the zeros between a kernel's weights that a dilation leaves out."""
    tf = import_tensorflow()
    for axis, step in enumerate(dilation):
        if step > 1:
            n = kernel.shape[axis]
            apart = tf.expand_dims(kernel, axis + 1)
            margins = [(0, step - 1 if place == axis + 1 else 0) for place in range(5)]
            shape = [*kernel.shape[:axis], n * step, *kernel.shape[axis + 1 :]]
            kernel = tf.reshape(tf.pad(apart, margins), shape)
            kernel = tf.gather(kernel, tf.range((n - 1) * step + 1), axis=axis)
    return kernel
