"""Folding: batch normalisation into its neighbours, and what is spread over several operations."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from cnn.lrp.graph import Graph, Node
from study.errors import InputError

_KERNELS = ("conv", "depthwise", "dense")
_GATES = ("sigmoid", "hard_sigmoid")


def fold(graph: Graph, last: int) -> Graph:
    """Fold scales and shifts into convolutions and dense layers, exactly.

    Parameters
    ----------
    graph : Graph
        As it is read from a model.
    last : int
        Place of the logits.

    Returns
    -------
    Graph
        That computes the same; scales and shifts are left only where neither neighbour is a
        convolution or dense layer of their own.

    Raises
    ------
    InputError
        If a product has no gate.
    """
    nodes = _reachable(list(graph.nodes), last)
    for rewrite in (_hard_sigmoid, _merge, _into_previous, _before_padding, _into_next):
        while (changed := _once(nodes, rewrite)) is not None:
            nodes = changed
    return Graph(tuple(_with_gate(nodes, place) for place in range(len(nodes))))


def _once(nodes: list[Node], rewrite: Callable[[list[Node], int], list[Node] | None]) -> (
    list[Node] | None
):  # fmt: skip
    """Rewrite the first place where that is possible."""
    counts = Counter(place for node in nodes for place in node.inputs)
    for place, node in enumerate(nodes):
        # Only a result that nothing else takes may be changed.
        if len(node.inputs) == 1 and counts[node.inputs[0]] == 1:
            changed = rewrite(nodes, place)
            if changed is not None:
                return _reachable(changed, len(changed) - 1)
    return None


def _reachable(nodes: list[Node], last: int) -> list[Node]:
    """Leave out what does not lead to the last operation."""
    needed = {0, last}
    for place in range(last, -1, -1):
        if place in needed:
            needed |= set(nodes[place].inputs)
    new = {old: place for place, old in enumerate(sorted(needed))}
    return [
        _moved(nodes[old], [new[place] for place in nodes[old].inputs]) for old in sorted(needed)
    ]


def _moved(node: Node, inputs: list[int]) -> Node:
    return Node(node.name, node.kind, tuple(inputs), node.weights, node.options)


def _hard_sigmoid(nodes: list[Node], place: int) -> list[Node] | None:
    """Recognise relu6(x + 3) / 6, three operations, as a hard sigmoid (MobileNetV3)."""
    node = nodes[place]
    cut = nodes[node.inputs[0]]
    if node.kind != "affine" or cut.options.get("function") != "relu6":
        return None
    before = nodes[cut.inputs[0]]
    plain = before.kind == "affine" and np.all(before.weights["scale"] == 1)
    if not (
        plain
        and np.allclose(before.weights["shift"], 3)
        and np.allclose(node.weights["scale"], 1 / 6)
        and np.all(node.weights["shift"] == 0)
    ):
        return None
    options = {"function": "hard_sigmoid"}
    return _replaced(nodes, place, Node(node.name, "activation", before.inputs, options=options))


def _merge(nodes: list[Node], place: int) -> list[Node] | None:
    """Make one of two scales and shifts in a row."""
    node, before = nodes[place], nodes[nodes[place].inputs[0]]
    if (node.kind, before.kind) != ("affine", "affine"):
        return None
    weights = {
        "scale": before.weights["scale"] * node.weights["scale"],
        "shift": before.weights["shift"] * node.weights["scale"] + node.weights["shift"],
    }
    return _replaced(nodes, place, Node(node.name, "affine", before.inputs, weights))


def _into_previous(nodes: list[Node], place: int) -> list[Node] | None:
    """Fold a scale and shift into the convolution or dense layer before it."""
    node, before = nodes[place], nodes[nodes[place].inputs[0]]
    if node.kind != "affine" or before.kind not in _KERNELS:
        return None
    kernel, bias = before.weights["kernel"], before.weights["bias"]
    scale = np.broadcast_to(node.weights["scale"], bias.shape)
    # A depthwise kernel's last two axes, channel and multiplier, are the output's channels.
    shaped = scale.reshape(kernel.shape[2:]) if before.kind == "depthwise" else scale
    weights = {"kernel": kernel * shaped, "bias": bias * scale + node.weights["shift"]}
    folded = Node(before.name, before.kind, before.inputs, weights, before.options)
    return _replaced(nodes, place, folded)


def _before_padding(nodes: list[Node], place: int) -> list[Node] | None:
    """Pad first, with the values that scale and shift turn into what was padded."""
    node, before = nodes[place], nodes[nodes[place].inputs[0]]
    if (node.kind, before.kind) != ("pad", "affine") or not np.all(before.weights["scale"]):
        return None
    value = (node.weights["value"] - before.weights["shift"]) / before.weights["scale"]
    changed = list(nodes)
    changed[node.inputs[0]] = Node(node.name, "pad", before.inputs, {"value": value}, node.options)
    changed[place] = Node(before.name, "affine", node.inputs, before.weights)
    return changed


def _into_next(nodes: list[Node], place: int) -> list[Node] | None:
    """Fold a scale and shift into the convolution or dense layer behind it."""
    node, before = nodes[place], nodes[nodes[place].inputs[0]]
    if before.kind != "affine" or node.kind not in _KERNELS:
        return None
    kernel = node.weights["kernel"]
    n_inputs = kernel.shape[0] if node.kind == "dense" else kernel.shape[2]
    scale = np.broadcast_to(before.weights["scale"], n_inputs)
    shift = np.broadcast_to(before.weights["shift"], n_inputs)
    options, inputs, changed = dict(node.options), before.inputs, list(nodes)
    if options.get("padding") == "SAME" and shift.any():
        return None  # what is padded is 0 behind the shift, and would not be before it
    column = (slice(None), None)
    moved = kernel * shift[column]
    if node.kind == "dense":
        bias = moved.sum(axis=0)
    elif node.kind == "conv":
        bias = moved.sum(axis=(0, 1, 2))
    else:
        bias = moved.sum(axis=(0, 1)).reshape(-1)
    weights = {"kernel": kernel * scale[column], "bias": node.weights["bias"] + bias}
    changed[place] = Node(node.name, node.kind, inputs, weights, options)
    return changed


def _replaced(nodes: list[Node], place: int, node: Node) -> list[Node]:
    return [*nodes[:place], node, *nodes[place + 1 :]]


def _with_gate(nodes: list[Node], place: int) -> Node:
    """Find out which input of a product is the gate."""
    node = nodes[place]
    if node.kind != "multiply":
        return node
    gates = [index for index, taken in enumerate(node.inputs) if _is_gate(nodes, taken)]
    if len(node.inputs) != 2 or len(gates) != 1:
        raise InputError(
            f"A product must have one gate, the output of a sigmoid, but {node.name!r} has "
            f"{len(gates)} among its {len(node.inputs)} inputs. Relevance has no rule for it."
        )
    return Node(node.name, node.kind, node.inputs, options={"gate": gates[0]})


def _is_gate(nodes: list[Node], place: int) -> bool:
    while nodes[place].kind == "reshape":
        place = nodes[place].inputs[0]
    return nodes[place].options.get("function") in _GATES
