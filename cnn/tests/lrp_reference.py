"""Layer-wise relevance propagation, written slowly from the papers, in loops and 64 bits.

Bach et al. (2015), PLoS ONE 10(7), e0130140: the epsilon rule (eq. 58) and the alpha-beta rule
(eq. 60). Lapuschkin et al. (2017), ICCV Workshops, 1629-1638: the flat rule. Maxima pass relevance
to their winner (Bach et al., section on pooling).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Rule = Callable[[Any, Any, Any, Any], Any]


def epsilon_rule(epsilon: float) -> Rule:
    """R_i = sum_j x_i w_ij / (z_j + epsilon sign(z_j)) R_j, with the sign of 0 being +1."""

    def rule(x: Any, w: Any, b: Any, relevance: Any) -> Any:
        z = x @ w + b
        stabilised = z + np.where(z >= 0, epsilon, -epsilon)
        return sum(x * w[:, j] / stabilised[j] * relevance[j] for j in range(len(z)))

    return rule


def alpha1_beta0_rule(x: Any, w: Any, b: Any, relevance: Any) -> Any:
    """R_i = sum_j (x_i w_ij)+ / (sum_i (x_i w_ij)+ + b_j+) R_j."""
    shares = np.maximum(x[:, None] * w, 0)
    totals = shares.sum(axis=0) + np.maximum(b, 0)
    safe = np.where(totals == 0, 1, totals)
    return (shares / safe * relevance).sum(axis=1)


def flat_rule(x: Any, w: Any, b: Any, relevance: Any) -> Any:
    """R_i = sum_j R_j / n, n being the number of inputs that output j sees."""
    return np.full(len(x), relevance.sum() / len(x))


def explain(layers: list[Any], picture: Any, target: int, rules: dict[str, Rule]) -> Any:
    """Send one logit back to the pixels; rules are by layer name."""
    inputs = [np.asarray(picture, dtype=np.float64)]
    for layer in layers:
        inputs.append(forward(layer, inputs[-1]))
    relevance = np.zeros_like(inputs[-1])
    relevance[target] = inputs[-1][target]
    for layer, x in zip(reversed(layers), reversed(inputs[:-1]), strict=True):
        relevance = backward(layer, x, relevance, rules.get(layer.name))
    return relevance


def forward(layer: Any, x: Any) -> Any:
    """Compute a layer's output for one picture."""
    kind = type(layer).__name__
    if kind == "Conv2D":
        w, b = parameters(layer)
        out = np.empty(window_grid(layer, x))
        for row, column, window, _ in windows(layer, x):
            out[row, column] = window @ w + b
        return np.maximum(out, 0) if layer.activation.__name__ == "relu" else out
    if kind == "MaxPooling2D":
        return x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max(axis=(1, 3))
    if kind == "Flatten":
        return x.reshape(-1)
    if kind == "Dense":
        w, b = parameters(layer)
        return np.maximum(x @ w + b, 0) if layer.activation.__name__ == "relu" else x @ w + b
    assert kind == "Activation" and layer.activation.__name__ == "relu"
    return np.maximum(x, 0)


def backward(layer: Any, x: Any, relevance: Any, rule: Rule | None) -> Any:
    """Send a layer's relevance to its inputs."""
    kind = type(layer).__name__
    if kind == "Activation":
        return relevance
    if kind == "Flatten":
        return relevance.reshape(x.shape)
    if kind == "MaxPooling2D":
        return to_winners(x, relevance)
    assert rule is not None
    w, b = parameters(layer)
    if kind == "Dense":
        return rule(x, w, b, relevance)
    back = np.zeros_like(x)
    for row, column, window, inside in windows(layer, x):
        # What lies beyond the picture's border is no input, and gets no relevance.
        shares = rule(window[inside], w[inside], b, relevance[row, column])
        add_window(layer, back, row, column, inside, shares)
    return back


def to_winners(x: Any, relevance: Any) -> Any:
    """Give the relevance of each 2 x 2 window to its greatest value."""
    back = np.zeros_like(x)
    for row, column, channel in np.ndindex(*relevance.shape):
        window = x[2 * row : 2 * row + 2, 2 * column : 2 * column + 2, channel]
        down, right = np.unravel_index(window.argmax(), (2, 2))
        back[2 * row + down, 2 * column + right, channel] += relevance[row, column, channel]
    return back


def parameters(layer: Any) -> tuple[Any, Any]:
    """Give a layer's weights as a matrix (inputs, outputs), and its bias."""
    weights = [np.asarray(values, dtype=np.float64) for values in layer.get_weights()]
    matrix = weights[0].reshape(-1, weights[0].shape[-1])
    return matrix, weights[1] if len(weights) > 1 else np.zeros(matrix.shape[1])


def window_grid(layer: Any, x: Any) -> tuple[int, int, int]:
    """Give the shape of a convolution's output with the padding `same`."""
    stride = layer.strides[0]
    return -(-x.shape[0] // stride), -(-x.shape[1] // stride), layer.filters


def pixels_of(layer: Any, x: Any, row: int, column: int) -> Any:
    """List the pixels that one output sees, also those beyond the border."""
    size, stride = layer.kernel_size[0], layer.strides[0]
    before = [max((-(-n // stride) - 1) * stride + size - n, 0) // 2 for n in x.shape[:2]]
    top, left = row * stride - before[0], column * stride - before[1]
    return [(top + i, left + j) for i in range(size) for j in range(size)]


def windows(layer: Any, x: Any) -> Any:
    """Go through a convolution's outputs: place, inputs as a vector, which are inside."""
    height, width, _ = window_grid(layer, x)
    for row, column in np.ndindex(height, width):
        values, inside = [], []
        for i, j in pixels_of(layer, x, row, column):
            is_inside = 0 <= i < x.shape[0] and 0 <= j < x.shape[1]
            values.append(x[i, j] if is_inside else np.zeros(x.shape[2]))
            inside.append(np.full(x.shape[2], is_inside))
        yield row, column, np.concatenate(values), np.concatenate(inside)


def add_window(layer: Any, back: Any, row: int, column: int, inside: Any, shares: Any) -> None:
    """Add the relevance of the inputs that one output sees."""
    values = np.zeros(len(inside))
    values[inside] = shares
    cells = values.reshape(-1, back.shape[2])
    for (i, j), cell in zip(pixels_of(layer, back, row, column), cells, strict=True):
        if 0 <= i < back.shape[0] and 0 <= j < back.shape[1]:
            back[i, j] += cell
