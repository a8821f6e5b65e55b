"""From a Keras model to a plain list of operations."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.lrp.folding import fold
from cnn.lrp.graph import Graph, Kind, Node
from cnn.lrp.missing import missing_rule
from study.errors import InputError

ACTIVATIONS = (
    "relu", "relu6", "leaky_relu", "swish", "sigmoid", "hard_sigmoid", "tanh", "elu", "selu",
    "gelu", "softplus",
)  # fmt: skip
# Keras' and TensorFlow's names of the same functions.
_SYNONYMS = {"silu": "swish"}
# They do nothing once a network is trained.
_DROPPED = {
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise",
    "InputLayer", "RandomBrightness", "RandomContrast", "RandomFlip", "RandomHeight",
    "RandomRotation", "RandomTranslation", "RandomWidth", "RandomZoom", "SpatialDropout2D",
}  # fmt: skip


def canonical_graph(model: Any) -> Graph:
    """Write a Keras model as a plain list of operations, with batch normalisation folded.

    Parameters
    ----------
    model : keras.Model
        With one input and one output, the logits. Models within it are unrolled.

    Returns
    -------
    Graph
        That computes the same.

    Raises
    ------
    InputError
        Naming the first layer that is not known here.

    References
    ----------
    Guillemot, M., Heusele, C., Korichi, R., Schnebert, S. and Chen, L. (2020). Breaking batch
    normalization for better explainability of deep neural networks through layer-wise relevance
    propagation. arXiv:2002.11018.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            "A network that is explained must have one input and one output, but it has "
            f"{len(model.inputs)} and {len(model.outputs)}. Cut it to one of each."
        )
    reader = _Reader()
    first = reader.add(Node(model.inputs[0].name, "input"))
    last = reader.read(model, [first])
    return fold(Graph(tuple(reader.nodes)), last)


class _Reader:
    """The list of operations while it grows."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, node: Node) -> int:
        """Append an operation and give its place."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def read(self, model: Any, inputs: Sequence[int]) -> int:
        """Append all of a model's operations and give the place of its output."""
        places = {str(id(t)): place for t, place in zip(model.inputs, inputs, strict=True)}
        by_depth = model._nodes_by_depth
        for depth in sorted(by_depth, reverse=True):
            for call in by_depth[depth]:
                if call.is_input:
                    continue
                taken = [places[str(name)] for name in call.flat_input_ids]
                place = self.convert(call.layer, call, taken)
                places |= {str(name): place for name in call.flat_output_ids}
        return places[str(id(model.outputs[0]))]

    def convert(self, layer: Any, call: Any, taken: list[int]) -> int:
        """Append what a layer does to its inputs and give the place of the result."""
        keras = import_tensorflow().keras
        kind = type(layer).__name__
        if isinstance(layer, keras.Model):
            return self.read(layer, taken)
        if kind in _DROPPED:
            return taken[0]
        if kind in ("TFOpLambda", "SlicingOpLambda"):
            return self._operator(layer, call, taken)
        if kind not in _CONVERTERS:
            raise InputError(
                f"The relevance engine must know every layer, but {layer.name!r} is a {kind}. It "
                f"would need {missing_rule(kind)}. Until then, explain the network by a method "
                "that needs gradients alone, such as --method integrated_gradients or grad_cam, "
                "or replace the layer."
            )
        for node in _CONVERTERS[kind](layer):
            taken = [self.add(_with_inputs(node, taken))]
        return self._activated(layer, taken[0])

    def _activated(self, layer: Any, place: int) -> int:
        """Append a layer's activation, if it has one that does anything."""
        activation = getattr(layer, "activation", None)
        if activation is None or getattr(activation, "__name__", "") == "linear":
            return place
        # A layer can be another layer's activation; it then has a kind, but no function's name.
        function = getattr(activation, "__name__", type(activation).__name__)
        return self.activation(f"{layer.name}/activation", function, place)

    def activation(self, name: str, function: str, place: int, **options: Any) -> int:
        """Append an activation."""
        function = _SYNONYMS.get(function, function)
        if function not in ACTIVATIONS:
            raise InputError(
                f"The relevance engine passes activations on that it knows, but {name!r} is a "
                f"{function!r}. It would need {missing_rule(function)}. Known are "
                f"{', '.join(ACTIVATIONS)}; at the end, a softmax must be cut off."
            )
        node = Node(name, "activation", (place,), options={"function": function, **options})
        return self.add(node)

    def _operator(self, layer: Any, call: Any, taken: list[int]) -> int:
        """Append an operator that stands in the model as a layer."""
        symbol = str(layer.symbol).rsplit(".", maxsplit=1)[-1]
        arguments = (*call.call_args, *call.call_kwargs.values())
        constants = [np.asarray(value, np.float32) for value in arguments if _is_constant(value)]
        if symbol in ("relu", "relu6", "silu", "swish", "sigmoid", "tanh", "elu", "softplus"):
            return self.activation(layer.name, symbol, taken[0])
        if symbol in ("add", "multiply") and len(taken) == 2:
            return self.add(Node(layer.name, "add" if symbol == "add" else "multiply", (*taken,)))
        # x - 1 and x / 2, but not 1 - x and 2 / x; one number, or one for each channel.
        turned = symbol not in ("add", "multiply", "mul") and _is_constant(arguments[0])
        if (
            symbol in ("add", "subtract", "multiply", "truediv", "mul", "sub")
            and len(constants) == 1
            and not turned
            and _by_channel(constants[0])
        ):
            scale, shift = _constant_operator(symbol, constants[0])
            weights = {"scale": scale.reshape(-1), "shift": shift.reshape(-1)}
            return self.add(Node(layer.name, "affine", (taken[0],), weights))
        raise InputError(
            f"The relevance engine must know every operation, but {layer.name!r} is "
            f"{layer.symbol!r}. It would need {missing_rule(symbol)}. Put a Keras layer that it "
            "knows in its place, or take a method that needs gradients alone, such as "
            "--method integrated_gradients."
        )


def _is_constant(value: Any) -> bool:
    """Tell whether an operator's argument is a number or an array of numbers."""
    eager = import_tensorflow().is_tensor(value) and hasattr(value, "numpy")
    return eager or isinstance(value, (int, float, np.ndarray, np.generic))


def _by_channel(constant: NDArray[Any]) -> bool:
    """Tell whether a constant is one number, or one for each channel."""
    return constant.size == 1 or constant.size == constant.shape[-1]


def _with_inputs(node: Node, inputs: Sequence[int]) -> Node:
    """Connect an operation."""
    return Node(node.name, node.kind, tuple(inputs), node.weights, node.options)


def _constant_operator(symbol: str, value: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Write an operation with a constant as scale and shift."""
    one, zero = np.ones_like(value), np.zeros_like(value)
    match symbol:
        case "add":
            return one, value
        case "subtract" | "sub":
            return one, -value
        case "truediv":
            return 1 / value, zero
        case _:
            return value, zero


def _window(layer: Any) -> dict[str, Any]:
    """Describe a convolution's window."""
    if layer.data_format != "channels_last":
        raise InputError(
            f"A network must have its channels last, but {layer.name!r} has them first. "
            "Build it with data_format='channels_last'."
        )
    options = {"strides": tuple(layer.strides), "padding": layer.padding.upper()}
    return options | {"dilation": tuple(layer.dilation_rate)}


def _bias(layer: Any, n: int) -> NDArray[np.float32]:
    """Give a layer's bias, or zeros."""
    return layer.bias.numpy() if layer.use_bias else np.zeros(n, np.float32)


def _conv(layer: Any) -> list[Node]:
    if layer.groups != 1:
        raise InputError(
            f"A convolution must be of one group, but {layer.name!r} has {layer.groups}. "
            "TensorFlow cannot send anything back through it on a processor."
        )
    weights = {"kernel": layer.kernel.numpy(), "bias": _bias(layer, layer.filters)}
    return [Node(layer.name, "conv", weights=weights, options=_window(layer))]


def _depthwise(layer: Any) -> list[Node]:
    kernel = layer.depthwise_kernel.numpy()
    weights = {"kernel": kernel, "bias": _bias(layer, kernel.shape[2] * kernel.shape[3])}
    return [Node(layer.name, "depthwise", weights=weights, options=_window(layer))]


def _separable(layer: Any) -> list[Node]:
    kernel, pointwise = layer.depthwise_kernel.numpy(), layer.pointwise_kernel.numpy()
    none = np.zeros(kernel.shape[2] * kernel.shape[3], np.float32)
    own = {"kernel": pointwise, "bias": _bias(layer, layer.filters)}
    point = {"strides": (1, 1), "padding": "VALID", "dilation": (1, 1)}
    return [
        Node(f"{layer.name}/depthwise", "depthwise", weights={"kernel": kernel, "bias": none},
             options=_window(layer)),
        Node(layer.name, "conv", weights=own, options=point),
    ]  # fmt: skip


def _dense(layer: Any) -> list[Node]:
    weights = {"kernel": layer.kernel.numpy(), "bias": _bias(layer, layer.units)}
    return [Node(layer.name, "dense", weights=weights)]


def _pool(kind: Kind) -> Callable[[Any], list[Node]]:
    def convert(layer: Any) -> list[Node]:
        options = {
            "size": tuple(layer.pool_size),
            "strides": tuple(layer.strides),
            "padding": layer.padding.upper(),
        }
        return [Node(layer.name, kind, options=options)]

    return convert


def _global_pool(kind: Kind) -> Callable[[Any], list[Node]]:
    return lambda layer: [Node(layer.name, kind, options={"keepdims": bool(layer.keepdims)})]


def _reshape(layer: Any) -> list[Node]:
    shape = tuple(layer.output_shape[1:])
    return [Node(layer.name, "reshape", options={"shape": shape})]


def _padding(layer: Any) -> list[Node]:
    options = {"margins": tuple(tuple(pair) for pair in layer.padding)}
    return [Node(layer.name, "pad", weights={"value": np.zeros(1, np.float32)}, options=options)]


def _batch_norm(layer: Any) -> list[Node]:
    if list(layer.axis) != [len(layer.input_shape) - 1]:
        raise InputError(
            f"Batch normalisation must be by channel, the last axis, but {layer.name!r} is over "
            f"axis {list(layer.axis)}. Build the network with its channels last."
        )
    mean, variance = layer.moving_mean.numpy(), layer.moving_variance.numpy()
    gamma = layer.gamma.numpy() if layer.scale else np.ones_like(mean)
    beta = layer.beta.numpy() if layer.center else np.zeros_like(mean)
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return [_affine(layer, scale, beta - mean * scale)]


def _rescaling(layer: Any) -> list[Node]:
    scale, offset = (np.atleast_1d(np.float32(v)) for v in (layer.scale, layer.offset))
    return [_affine(layer, scale, offset)]


def _normalization(layer: Any) -> list[Node]:
    mean, variance = (np.asarray(v, np.float32).reshape(-1) for v in (layer.mean, layer.variance))
    # Keras: never divided by less than its epsilon.
    scale = 1 / np.maximum(np.sqrt(variance), import_tensorflow().keras.backend.epsilon())
    if layer.invert:
        return [_affine(layer, 1 / scale, mean)]
    return [_affine(layer, scale, -mean * scale)]


def _affine(layer: Any, scale: NDArray[Any], shift: NDArray[Any]) -> Node:
    weights = {"scale": scale.astype(np.float32), "shift": shift.astype(np.float32)}
    return Node(layer.name, "affine", weights=weights)


def _relu(layer: Any) -> list[Node]:
    slope, top = float(layer.negative_slope or 0), layer.max_value
    if float(layer.threshold or 0) or (top is not None and (slope or float(top) != 6)):
        raise InputError(
            f"A ReLU layer must be plain, leaky or end at 6, but {layer.name!r} has threshold "
            f"{layer.threshold}, greatest value {top} and slope {slope}. Use one of these."
        )
    if top is not None:
        return [Node(layer.name, "activation", options={"function": "relu6"})]
    if slope:
        options = {"function": "leaky_relu", "slope": slope}
        return [Node(layer.name, "activation", options=options)]
    return [Node(layer.name, "activation", options={"function": "relu"})]


def _leaky(layer: Any) -> list[Node]:
    options = {"function": "leaky_relu", "slope": float(layer.alpha)}
    return [Node(layer.name, "activation", options=options)]


def _nothing(layer: Any) -> list[Node]:
    return []


_CONVERTERS: dict[str, Callable[[Any], list[Node]]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "MaxPooling2D": _pool("max_pool"),
    "AveragePooling2D": _pool("average_pool"),
    "GlobalMaxPooling2D": _global_pool("global_max_pool"),
    "GlobalAveragePooling2D": _global_pool("global_average_pool"),
    "Flatten": _reshape,
    "Reshape": _reshape,
    "ZeroPadding2D": _padding,
    "Add": lambda layer: [Node(layer.name, "add")],
    "Concatenate": lambda layer: [
        Node(layer.name, "concatenate", options={"axis": int(layer.axis)})
    ],
    "Multiply": lambda layer: [Node(layer.name, "multiply")],
    "BatchNormalization": _batch_norm,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "Activation": _nothing,
}
