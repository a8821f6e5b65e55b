"""Accuracy with its interval, in tables and in charts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cnn.scores import wilson_interval
from study.figures import CHANCE, NETWORK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The columns of a table that holds accuracies.
ACCURACY = {
    "accuracy": "share of the pictures that are named rightly",
    "ci_low": "lower end of its 95 % Wilson interval, which takes pictures as independent",
    "ci_high": "upper end of its 95 % Wilson interval",
    "n": "number of pictures",
}


def accuracy_of(right: ArrayLike) -> tuple[float, float, float, int]:
    """Give the share of right answers with its interval.

    Parameters
    ----------
    right : array_like of bool, shape (n,)
        Whether each answer is right, at least one.

    Returns
    -------
    accuracy, ci_low, ci_high : float
        The share, and its 95 % Wilson interval.
    n : int
        Number of answers.

    Examples
    --------
    >>> accuracy, low, high, n = accuracy_of([True, True, True, False])
    >>> accuracy, round(low, 3), round(high, 3), n
    (0.75, 0.301, 0.954, 4)
    """
    values = np.asarray(right, bool)
    return float(values.mean()), *wilson_interval(int(values.sum()), len(values)), len(values)


def plot_accuracy(
    axes: "Axes", places: Sequence[Any], table: pd.DataFrame, colour: str = NETWORK, **style: Any
) -> None:
    """Draw accuracies with their intervals.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where.
    places : sequence
        Horizontal position of each row.
    table : pandas.DataFrame
        With the columns of `ACCURACY`.
    colour : str, default `NETWORK`
        Of points, bars and lines.
    **style
        More for matplotlib, such as ``label`` and ``fmt``.
    """
    off = np.abs(table[["ci_low", "ci_high"]].to_numpy(float).T - table["accuracy"].to_numpy(float))
    axes.errorbar(
        places, table["accuracy"], yerr=off,
        **{"fmt": "o-", "ms": 3.5, "lw": 1.0, "elinewidth": 0.8, "color": colour, **style},
    )  # fmt: skip


def frame_accuracy(axes: "Axes", n_expressions: int, **labels: Any) -> None:
    """Give a chart of accuracies its axis from 0 to 1, and the line of chance.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The chart.
    n_expressions : int
        Number of answers that there are.
    **labels
        More for ``axes.set``, such as ``xlabel``.
    """
    axes.axhline(1 / n_expressions, color=CHANCE, lw=0.8, ls="--", label="chance")
    axes.set(ylim=(0, 1.02), **({"ylabel": "accuracy"} | labels))
