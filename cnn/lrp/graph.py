"""A network as a plain list of operations, without nesting, normalisation layers or dropout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal[
    "input",
    "conv",  # kernel (h, w, in, out), bias (out,); strides, padding (SAME or VALID), dilation
    "depthwise",  # kernel (h, w, in, multiplier), bias (in * multiplier,); as conv
    "dense",  # kernel (in, out), bias (out,)
    "affine",  # scale and shift, (channels,) each: what could not be folded
    "activation",  # function: relu, relu6, leaky_relu (slope), swish, sigmoid, hard_sigmoid, ...
    "max_pool",  # size, strides, padding
    "average_pool",  # size, strides, padding
    "global_max_pool",  # keepdims
    "global_average_pool",  # keepdims
    "pad",  # value (1,) or (channels,); margins ((top, bottom), (left, right))
    "reshape",  # shape, without the batch: Flatten and Reshape
    "add",
    "concatenate",  # axis, counted with the batch as axis 0
    "multiply",  # gate: which of its two inputs, 0 or 1, is the gate (values of a sigmoid)
]


@dataclass(frozen=True)
class Node:
    """One operation of a network.

    Parameters
    ----------
    name : str
        The Keras layer that it comes from; of layers that were folded into one, the one that
        holds the kernel. The activation of a layer is a node of its own, ``<layer>/activation``.
    kind : str
        What is done, one of `Kind`.
    inputs : tuple of int
        Places in the graph of the nodes that it takes, each smaller than its own.
    weights : mapping of str to ndarray of float32
        As named beside `Kind`.
    options : mapping of str to object
        As named beside `Kind`.
    """

    name: str
    kind: Kind
    inputs: tuple[int, ...] = ()
    weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A network from its input, the first node, to its logits, the last one.

    Parameters
    ----------
    nodes : tuple of Node
        In an order in which each comes after its inputs.
    """

    nodes: tuple[Node, ...]
