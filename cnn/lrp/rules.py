"""The rules: how a linear operation's relevance is shared out among its inputs.

Each takes a `Linear`, the operation's input and its result, and the relevance of the result; it
gives the relevance of the input, and what biases and what stabilisers took, summed over each
picture. With x the input, w the weights, b the bias and z = x w + b the result, R_j is the
relevance of output j.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from cnn.backend import import_tensorflow
from cnn.lrp.forward import linear, transposed
from cnn.lrp.graph import Node


@dataclass(frozen=True)
class Linear:
    """A linear operation, ready for its rule.

    Parameters
    ----------
    node : Node
        The operation.
    kernel, bias : tensor or None
        Its weights; None for an average.
    nonnegative : bool
        Whether the input is never negative.
    rectified : bool, default False
        Whether a ReLU follows, so that outputs without positive contributions have no relevance.
    margins : pairs of int or None
        Rows and columns that an operation before this one padded around the pixels.
    bounds : pair of ndarray of float32, shape (channels,), or None
        The smallest and the greatest input, where it is a picture.
    """

    node: Node
    kernel: Any
    bias: Any
    nonnegative: bool
    rectified: bool = False
    margins: Any = None
    bounds: Any = None

    @cached_property
    def positive(self) -> Any:
        """The kernel's positive part, made when a rule first asks for it."""
        tf = import_tensorflow()
        with tf.init_scope():  # once, outside of the function that is being compiled
            return tf.nn.relu(self.kernel)

    @cached_property
    def negative(self) -> Any:
        """The kernel's negative part."""
        tf = import_tensorflow()
        with tf.init_scope():
            return tf.minimum(self.kernel, 0.0)

    def inside(self, x: Any) -> Any:
        """Give 1 for pixels and 0 for what was padded around them; one picture is enough."""
        tf = import_tensorflow()
        if self.margins is None:
            return tf.ones_like(x[:1])
        (top, bottom), (left, right) = self.margins
        pixels = tf.ones_like(x[:1, top : x.shape[1] - bottom, left : x.shape[2] - right])
        return tf.pad(pixels, ((0, 0), *self.margins, (0, 0)))

    def forward(self, x: Any, kernel: Any) -> Any:
        """Apply a kernel, without a bias."""
        return linear(self.node, x, kernel)

    def back(self, x: Any, kernel: Any, values: Any) -> Any:
        """Apply a kernel's transpose; `x` gives the shape."""
        return transposed(self.node, x, kernel, values)


Shared = tuple[Any, Any, Any]
Rule = Callable[[Linear, Any, Any, Any], Shared]


def prepare(node: Node, **known: Any) -> Linear:
    """Make the tensors that rules work with.

    Parameters
    ----------
    node : Node
        A convolution, dense layer, scale and shift, or average.
    **known : object
        What is known of its input and output, by the names of `Linear`.

    Returns
    -------
    Linear
        With tensors in the place of arrays.
    """
    names = ("scale", "shift") if node.kind == "affine" else ("kernel", "bias")
    weights = [node.weights.get(name) for name in names]
    tf = import_tensorflow()
    kernel, bias = (None if values is None else tf.constant(values) for values in weights)
    return Linear(replace(node, weights={}), kernel, bias, **known)


def epsilon_rule(layer: Linear, x: Any, z: Any, relevance: Any, *, epsilon: float) -> Shared:
    """Share by contribution: R_i = sum_j x_i w_ij / (z_j + epsilon sign(z_j)) R_j.

    The sign of 0 is 1. With an epsilon of 0 this is LRP-0, and what has z_j = 0 passes nothing on.

    Parameters
    ----------
    layer : Linear
        The operation.
    x, z, relevance : tensor
        Its input, its result, and the result's relevance.
    epsilon : float
        0 or greater.

    Returns
    -------
    relevance, bias, stabiliser : tensor
        Of the input; what the biases took and what epsilon took, of each picture.

    References
    ----------
    Bach et al. (2015), PLoS ONE 10(7), e0130140, eq. 56 and 58.
    """
    tf = import_tensorflow()
    stabiliser = tf.where(z >= 0, epsilon, -epsilon)
    share = tf.math.divide_no_nan(relevance, z + stabiliser)
    back = x * layer.back(x, layer.kernel, share)
    bias = 0.0 if layer.bias is None else per_picture(layer.bias * share)
    return back, bias, per_picture(stabiliser * share)


def alpha_beta_rule(
    layer: Linear,
    x: Any,
    z: Any,
    relevance: Any,
    *,
    alpha: float,
    beta: float,
    whole_bias: bool = False,
) -> Shared:
    """Share what speaks for and what speaks against an output apart, alpha : -beta.

    R_i = sum_j (alpha (x_i w_ij)+ / z_j+ - beta (x_i w_ij)- / z_j-) R_j, where z_j+ and z_j- are
    the sums of the positive and of the negative parts, the bias among them. Alpha 1 and beta 0
    is the rule z+. Where an output has contributions of one sign only, which the paper leaves
    open, they take all of its relevance, so that none is lost and none is made.

    Parameters
    ----------
    layer : Linear
        The operation.
    x, z, relevance : tensor
        Its input, its result, and the result's relevance.
    alpha, beta : float
        With alpha - beta = 1.
    whole_bias : bool, default False
        Count the whole bias on both sides, as innvestigate does, and not only its own sign.

    Returns
    -------
    relevance, bias, stabiliser : tensor
        Of the input; what the biases took and 0, of each picture.

    References
    ----------
    Bach et al. (2015), PLoS ONE 10(7), e0130140, eq. 60.
    """
    tf = import_tensorflow()
    plus = _sum_of_sign(layer, x, whole_bias, positive=True)
    if not beta and layer.rectified:
        return *_to_sign(layer, x, tf.math.divide_no_nan(relevance, plus), whole_bias), 0.0
    # Without any contribution for it, an output's own sum is that of those against it.
    minus = _sum_of_sign(layer, x, whole_bias, positive=False) if beta else z
    for_it = tf.where(minus == 0, 1.0, alpha) if beta else 1.0
    against = tf.where(plus == 0, -1.0, beta)
    back, bias = _to_sign(layer, x, tf.math.divide_no_nan(for_it * relevance, plus), whole_bias)
    share = tf.math.divide_no_nan(against * relevance, minus)
    taken, at_bias = _to_sign(layer, x, share, whole_bias, positive=False)
    return back - taken, bias - at_bias, 0.0


def _sum_of_sign(layer: Linear, x: Any, whole_bias: bool, *, positive: bool) -> Any:
    """Sum the contributions of one sign to each output, the bias among them."""
    above, below, same, other, bias = _parts(layer, x, whole_bias, positive)
    total = layer.forward(above, same) + bias
    return total if layer.nonnegative else total + layer.forward(below, other)


def _to_sign(
    layer: Linear, x: Any, share: Any, whole_bias: bool, *, positive: bool = True
) -> tuple[Any, Any]:
    """Give each contribution of one sign its share; the biases' is summed over each picture."""
    above, below, same, other, bias = _parts(layer, x, whole_bias, positive)
    back = above * layer.back(x, same, share)
    if not layer.nonnegative:
        back += below * layer.back(x, other, share)
    return back, per_picture(bias * share)


def _parts(layer: Linear, x: Any, whole_bias: bool, positive: bool) -> tuple[Any, ...]:
    """Give the inputs above and below 0, what makes them contributions of a sign, and the bias."""
    tf = import_tensorflow()
    same, other = layer.positive, layer.negative
    if not positive:
        same, other = other, same
    clip = tf.nn.relu if positive else partial(tf.minimum, 0.0)
    bias = layer.bias if whole_bias else clip(layer.bias)
    if layer.nonnegative:
        return x, None, same, other, bias
    return tf.nn.relu(x), tf.minimum(x, 0.0), same, other, bias


def gamma_rule(layer: Linear, x: Any, z: Any, relevance: Any, *, gamma: float) -> Shared:
    """Share by contribution, with those of the output's own sign made greater by gamma.

    For inputs of 0 and more and outputs above 0 it is R_i = sum_j x_i (w_ij + gamma w_ij+) /
    (sum_i x_i (w_ij + gamma w_ij+) + b_j + gamma b_j+) R_j; for outputs below 0 the negative
    contributions grow.

    Parameters
    ----------
    layer : Linear
        The operation.
    x, z, relevance : tensor
        Its input, its result, and the result's relevance.
    gamma : float
        0 or greater.

    Returns
    -------
    relevance, bias, stabiliser : tensor
        Of the input; what the biases took and 0, of each picture.

    References
    ----------
    Montavon et al. (2019), Layer-wise relevance propagation: an overview, section 10.2.1.
    """
    tf = import_tensorflow()
    above, below = tf.nn.relu(x), tf.minimum(x, 0.0)
    back, taken = 0.0, 0.0
    for positive in (True, False):
        same, other = layer.positive, layer.negative
        clip = tf.nn.relu
        if not positive:
            same, other = other, same
            clip = partial(tf.minimum, 0.0)
        bias = layer.bias + gamma * clip(layer.bias)
        for_above, for_below = layer.kernel + gamma * same, layer.kernel + gamma * other
        total = layer.forward(above, for_above) + bias
        if not layer.nonnegative:
            total += layer.forward(below, for_below)
        own = tf.where((z >= 0) == positive, relevance, 0.0)
        share = tf.math.divide_no_nan(own, total)
        back += above * layer.back(x, for_above, share)
        if not layer.nonnegative:
            back += below * layer.back(x, for_below, share)
        taken += per_picture(bias * share)
    return back, taken, 0.0


def weight_rule(layer: Linear, x: Any, z: Any, relevance: Any, *, flat: bool) -> Shared:
    """Share by the squares of the weights, or evenly: the input's values play no part.

    R_i = sum_j w_ij² / sum_i w_ij² R_j, or R_i = sum_j R_j / n, n being the number of inputs that
    output j sees.

    Parameters
    ----------
    layer : Linear
        The operation.
    x, z, relevance : tensor
        Its input, its result, and the result's relevance.
    flat : bool
        Evenly.

    Returns
    -------
    relevance, bias, stabiliser : tensor
        Of the input, and 0 twice.

    References
    ----------
    Montavon et al. (2017), Pattern Recognition 65, 211-222, eq. 14 (squares); Lapuschkin et al.
    (2017), ICCV Workshops, 1629-1638 (flat).
    """
    tf = import_tensorflow()
    kernel = layer.kernel  # None for an average, whose weights are the same
    if kernel is not None:
        kernel = tf.ones_like(kernel) if flat else kernel**2
    inside = layer.inside(x)
    totals = layer.forward(inside, kernel)
    share = tf.math.divide_no_nan(relevance, totals)
    return inside * layer.back(x, kernel, share), 0.0, 0.0


def box_rule(layer: Linear, x: Any, z: Any, relevance: Any) -> Shared:
    """Share at the pixels, whose values lie between known bounds.

    R_i = sum_j (x_i w_ij - l_i w_ij+ - h_i w_ij-) / sum_i (x_i w_ij - l_i w_ij+ - h_i w_ij-) R_j.

    Parameters
    ----------
    layer : Linear
        The operation, with the bounds l and h of its input.
    x, z, relevance : tensor
        Its input, its result, and the result's relevance.

    Returns
    -------
    relevance, bias, stabiliser : tensor
        Of the input, and 0 twice.

    References
    ----------
    Montavon et al. (2017), Pattern Recognition 65, 211-222, eq. 15.
    """
    tf = import_tensorflow()
    inside = layer.inside(x)
    x = x * inside
    low, high = (tf.zeros_like(x) + inside * np.float32(bound) for bound in layer.bounds)
    total = (
        layer.forward(x, layer.kernel)
        - layer.forward(low, layer.positive)
        - layer.forward(high, layer.negative)
    )
    share = tf.math.divide_no_nan(relevance, total)
    back = (
        x * layer.back(x, layer.kernel, share)
        - low * layer.back(x, layer.positive, share)
        - high * layer.back(x, layer.negative, share)
    )
    return back, 0.0, 0.0


def per_picture(values: Any) -> Any:
    """Sum over everything but the first axis.

    Parameters
    ----------
    values : tensor, shape (n, ...)
        Values.

    Returns
    -------
    tensor, shape (n,)
        A sum for each picture.
    """
    tf = import_tensorflow()
    return tf.reduce_sum(values, axis=range(1, len(values.shape)))
