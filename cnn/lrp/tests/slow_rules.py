"""The rules for one picture and one dense matrix, in 64 bits, written from the papers in loops."""

from typing import Any

import numpy as np


def epsilon(x: Any, w: Any, b: Any, r: Any, eps: float) -> Any:
    """Bach et al. (2015), eq. 58."""
    back = np.zeros_like(x)
    for j in range(len(r)):
        z = sum(x[i] * w[i, j] for i in range(len(x))) + b[j]
        for i in range(len(x)):
            back[i] += x[i] * w[i, j] / (z + (eps if z >= 0 else -eps)) * r[j]
    return back


def alpha_beta(x: Any, w: Any, b: Any, r: Any, alpha: float, beta: float) -> Any:
    """Bach et al. (2015), eq. 60, with what it leaves open where a sign is missing."""
    back = np.zeros_like(x)
    for j in range(len(r)):
        parts = [x[i] * w[i, j] for i in range(len(x))]
        above = sum(max(part, 0) for part in parts) + max(b[j], 0)
        below = sum(min(part, 0) for part in parts) + min(b[j], 0)
        # Contributions of one sign only take all.
        for_it = alpha if below < 0 else 1
        against = beta if above > 0 else -1
        for i, part in enumerate(parts):
            if above > 0:
                back[i] += for_it * max(part, 0) / above * r[j]
            if below < 0:
                back[i] -= against * min(part, 0) / below * r[j]
    return back


def gamma(x: Any, w: Any, b: Any, r: Any, g: float) -> Any:
    """Montavon et al. (2019), section 10.2.1, with the sign of the output made general."""
    back = np.zeros_like(x)
    for j in range(len(r)):
        parts = [x[i] * w[i, j] for i in range(len(x))]
        clip = max if sum(parts) + b[j] >= 0 else min
        grown = [part + g * clip(part, 0) for part in parts]
        total = sum(grown) + b[j] + g * clip(b[j], 0)
        for i in range(len(x)):
            back[i] += grown[i] / total * r[j]
    return back


def w_square(x: Any, w: Any, b: Any, r: Any) -> Any:
    """Montavon et al. (2017), eq. 14."""
    return sum(w[:, j] ** 2 / (w[:, j] ** 2).sum() * r[j] for j in range(len(r)))


def flat(x: Any, w: Any, b: Any, r: Any) -> Any:
    """Lapuschkin et al. (2017): each input the same."""
    return np.full(len(x), sum(r) / len(x))


def box(x: Any, w: Any, b: Any, r: Any, low: float, high: float) -> Any:
    """Montavon et al. (2017), eq. 15."""
    back = np.zeros_like(x)
    for j in range(len(r)):
        parts = [
            x[i] * w[i, j] - low * max(w[i, j], 0) - high * min(w[i, j], 0) for i in range(len(x))
        ]
        for i, part in enumerate(parts):
            back[i] += part / sum(parts) * r[j]
    return back
