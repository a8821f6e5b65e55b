"""The engine: one logit sent back through a network, layer by layer, to the pixels."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn.backend import import_tensorflow
from cnn.lrp.composites import composite
from cnn.lrp.forward import run
from cnn.lrp.graph import Graph, Node
from cnn.lrp.reading import canonical_graph
from cnn.lrp.rules import Linear, per_picture, prepare
from study.errors import InputError
from study.progress import track

_BATCH = 8
_KERNELS = ("conv", "depthwise", "dense")
_LINEAR = (*_KERNELS, "affine", "average_pool", "global_average_pool")
_NEVER_NEGATIVE = ("relu", "relu6", "sigmoid", "hard_sigmoid", "softplus")


@dataclass(frozen=True)
class LrpResult:
    """Relevance, and where the rest of the logit is.

    Parameters
    ----------
    relevance : ndarray of float32, shape (n, height, width, channels)
        Signed.
    logits : ndarray of float32, shape (n,)
        What is explained.
    bias_share, stabiliser_share : ndarray of float32, shape (n,)
        What biases and what the stabilisers (epsilon) took, in logits.
    residual : ndarray of float32, shape (n,)
        The logit less all of these: near 0, but for what reached layers without any contribution
        of the sign that their rule shares.
    """

    relevance: NDArray[np.float32]
    logits: NDArray[np.float32]
    bias_share: NDArray[np.float32]
    stabiliser_share: NDArray[np.float32]
    residual: NDArray[np.float32]


class Lrp:
    """A network's relevance, compiled once.

    Parameters
    ----------
    model : keras.Model
        From its input to logits.
    name : str
        A key of `cnn.lrp.composites.COMPOSITES`.
    bounds : pair of array_like, shape (channels,), optional
        The smallest and the greatest value of an input, which the box needs.
    **arguments : float
        Of the composite.

    Raises
    ------
    InputError
        If a layer is unknown, or the composite or an argument of it.
    """

    def __init__(
        self, model: Any, name: str, *, bounds: tuple[Any, Any] | None = None, **arguments: float
    ) -> None:
        tf = import_tensorflow()
        graph = canonical_graph(model)
        self._rules = composite(name, bounded=bounds is not None, arguments=arguments)
        self._first, pixels = _what_sees_pixels(graph)
        self._linear = _linear_operations(graph, self._first, pixels, bounds)
        self._name = name
        # Tensors are handed to the compiled function; arrays would be copied into its graph.
        self._graph = Graph(tuple(_with_tensors(node, self._linear.get(place))
                                  for place, node in enumerate(graph.nodes)))  # fmt: skip
        self._n_logits = int(model.output_shape[-1])
        shape = (None, *model.input_shape[1:])
        self._explain = tf.function(
            self._propagate,
            input_signature=[tf.TensorSpec(shape, tf.float32), tf.TensorSpec((None,), tf.int32)],
            autograph=False,
        )

    def explain(self, inputs: NDArray[np.float32], targets: NDArray[np.int64]) -> LrpResult:
        """Explain one logit of each picture.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, height, width, channels)
            What the network takes.
        targets : ndarray of int, shape (n,)
            Which logit.

        Returns
        -------
        LrpResult
            In the order of the inputs.

        Raises
        ------
        InputError
            If a target is no logit of the network, or relevance grows beyond all numbers.
        """
        wrong = targets[(targets < 0) | (targets >= self._n_logits)]
        if len(wrong):
            raise InputError(
                f"Targets must be logits of the network, from 0 to {self._n_logits - 1}, but one "
                f"is {wrong[0]}. Give the index of an expression."
            )
        parts = [[np.empty((0, *inputs.shape[1:]), np.float32), *np.empty((3, 0), np.float32)]]
        for start in track(range(0, len(inputs), _BATCH), "relevance"):
            rows = slice(start, start + _BATCH)
            part = self._explain(inputs[rows].astype(np.float32), targets[rows].astype(np.int32))
            parts.append([value.numpy() for value in part])
        relevance, logits, bias, stabiliser = (
            np.concatenate(values) for values in zip(*parts, strict=True)
        )
        sums = relevance.sum(axis=(1, 2, 3), dtype=np.float64)
        if not np.isfinite(sums).all():
            raise InputError(
                f"Relevance must be a number everywhere, but under {self._name} it grows beyond "
                f"all numbers in {(~np.isfinite(sums)).sum()} of {len(sums)} pictures on this "
                "network. Take a greater epsilon or another method."
            )
        residual = (logits - sums - bias - stabiliser).astype(np.float32)
        return LrpResult(relevance, logits, bias, stabiliser, residual)

    def _propagate(self, inputs: Any, targets: Any) -> tuple[Any, Any, Any, Any]:
        """Compute relevance, logits, and the shares of biases and stabilisers."""
        tf = import_tensorflow()
        nodes = self._graph.nodes
        results = run(self._graph, inputs)
        chosen = tf.one_hot(targets, results[-1].shape[-1])
        start = results[-1] * chosen
        waiting: list[list[Any]] = [[] for _ in nodes]
        waiting[-1].append(start)
        bias = stabiliser = tf.zeros_like(start[:, 0])
        for place in range(len(nodes) - 1, 0, -1):
            if not waiting[place]:
                continue  # what leads to a gate alone
            node = nodes[place]
            relevance = tf.add_n(waiting[place])
            taken = [results[before] for before in node.inputs]
            if place in self._linear:
                back, at_bias, at_stabiliser = self._through_linear(
                    place, taken[0], results[place], relevance
                )
                shares = [back]
                bias, stabiliser = bias + at_bias, stabiliser + at_stabiliser
            elif node.kind == "add":
                shares, at_stabiliser = _through_sum(
                    taken, results[place], relevance, self._rules.epsilon
                )
                stabiliser += at_stabiliser
            else:
                shares = _through(node, taken, results[place], relevance)
                if node.kind == "pad":  # what stands around the pixels is as fixed as a bias
                    bias += per_picture(relevance) - per_picture(shares[0])
            for before, share in zip(node.inputs, shares, strict=True):
                if share is not None:
                    waiting[before].append(share)
        return tf.add_n(waiting[0]), per_picture(start), bias, stabiliser

    def _through_linear(self, place: int, x: Any, z: Any, relevance: Any) -> Any:
        """Send relevance through a linear operation, by its rule."""
        layer, rules = self._linear[place], self._rules
        if layer.kernel is None:
            return rules.average(layer, x, z, relevance)
        if place in self._first:
            return rules.first(layer, x, z, relevance)
        rule = rules.dense if layer.node.kind == "dense" else rules.conv
        return rule(layer, x, z, relevance)


def _linear_operations(
    graph: Graph, first: set[int], pixels: set[int], bounds: tuple[Any, Any] | None
) -> dict[int, Linear]:
    """Make the linear operations ready for their rules."""
    followers: dict[int, list[Node]] = {place: [] for place in range(len(graph.nodes))}
    for node in graph.nodes:
        for before in node.inputs:
            followers[before].append(node)
    nonnegative: list[bool] = []
    found = {}
    for place, node in enumerate(graph.nodes):
        known = all(nonnegative[before] for before in node.inputs) and bool(node.inputs)
        if node.kind in _LINEAR and place not in pixels:
            passed = graph.nodes[_before(graph, node, ("affine",))]
            found[place] = prepare(
                node,
                nonnegative=known,
                rectified=all(_is_relu(after) for after in followers[place]),
                margins=passed.options.get("margins"),
                bounds=_bounds_at(graph, node, bounds) if bounds and place in first else None,
            )
        if node.kind == "activation":
            known = known or node.options["function"] in _NEVER_NEGATIVE
        elif node.kind == "pad":
            known = known and bool(np.all(node.weights["value"] >= 0))
        elif node.kind in (*_KERNELS, "affine"):
            known = False
        nonnegative.append(known)
    return found


def _is_relu(node: Node) -> bool:
    """Tell whether an operation turns what is below 0 into 0."""
    return node.kind == "activation" and node.options["function"] in ("relu", "relu6")


def _what_sees_pixels(graph: Graph) -> tuple[set[int], set[int]]:
    """Find the convolutions and dense layers that see pixels, and what still is pixels."""
    pixels: set[int] = set()
    found = set()
    for place, node in enumerate(graph.nodes):
        sees = node.kind == "input" or any(before in pixels for before in node.inputs)
        if sees and node.kind in _KERNELS:
            found.add(place)
        if sees and node.kind in ("input", "pad", "affine", "reshape", "concatenate"):
            pixels.add(place)
    return found, pixels


def _bounds_at(graph: Graph, node: Node, bounds: tuple[Any, Any]) -> tuple[Any, Any]:
    """Send bounds of the pixels through each scale and shift before an operation."""
    before = graph.nodes[_before(graph, node, ("pad", "reshape"))]
    if before.kind != "affine":
        return bounds
    scale, shift = before.weights["scale"], before.weights["shift"]
    inner = _bounds_at(graph, before, bounds)
    ends = [np.asarray(bound, np.float32) * scale + shift for bound in inner]
    return np.minimum(*ends), np.maximum(*ends)


def _before(graph: Graph, node: Node, passed: tuple[str, ...]) -> int:
    """Find the place of what a node takes, looking through operations of some kinds."""
    place = node.inputs[0]
    while graph.nodes[place].kind in passed:
        place = graph.nodes[place].inputs[0]
    return place


def _with_tensors(node: Node, layer: Linear | None) -> Node:
    """Put tensors in the place of arrays; those of a linear operation are shared with its rule."""
    tf = import_tensorflow()
    if layer is not None and layer.kernel is not None:
        return replace(
            node, weights=dict(zip(node.weights, (layer.kernel, layer.bias), strict=True))
        )
    return replace(node, weights={name: tf.constant(w) for name, w in node.weights.items()})


def _through_sum(
    taken: list[Any], z: Any, relevance: Any, epsilon: float | None
) -> tuple[list[Any], Any]:
    """Share a sum's relevance by contribution; evenly where it is 0 and no epsilon takes it."""
    tf = import_tensorflow()
    if epsilon is None:
        return [relevance / len(taken)] * len(taken), 0.0
    stabiliser = tf.where(z >= 0, epsilon, -epsilon)
    share = tf.math.divide_no_nan(relevance, z + stabiliser)
    even = 0.0 if epsilon else tf.where(z == 0, relevance, 0.0) / len(taken)
    return [x * share + even for x in taken], per_picture(stabiliser * share)


def _through(node: Node, taken: list[Any], z: Any, relevance: Any) -> list[Any]:
    """Send relevance through an operation that mixes nothing; None is none at all."""
    tf = import_tensorflow()
    x, options = taken[0], node.options
    match node.kind:
        case "activation" | "affine":
            # A scale and shift of pixels leaves them what they are; others have a rule.
            return [relevance]
        case "max_pool":
            window = {"ksize": (1, *options["size"], 1), "strides": (1, *options["strides"], 1)}
            grad = tf.raw_ops.MaxPoolGrad(
                orig_input=x, orig_output=z, grad=relevance, padding=options["padding"], **window
            )
            return [grad]
        case "global_max_pool":
            back = relevance if options["keepdims"] else relevance[:, None, None, :]
            winners = tf.cast(x == tf.reduce_max(x, axis=(1, 2), keepdims=True), x.dtype)
            return [winners / tf.reduce_sum(winners, axis=(1, 2), keepdims=True) * back]
        case "pad":
            (top, _), (left, _) = options["margins"]
            height, width = x.shape[1], x.shape[2]
            return [relevance[:, top : top + height, left : left + width]]
        case "reshape":
            return [tf.reshape(relevance, tf.shape(x))]
        case "concatenate":
            axis = options["axis"]
            return list(tf.split(relevance, [part.shape[axis] for part in taken], axis))
        case "multiply":
            # All of it to the signal: the gate only says how much of it passes.
            return [None, relevance] if options["gate"] == 0 else [relevance, None]
    raise AssertionError(node.kind)
