"""Figures of the fast gradient sign method."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.experiments.accuracy import frame_accuracy, plot_accuracy
from study.figures import BLACK, GREEN, ORANGE, PEOPLE, new_figure, panel_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Of a change as it is shown, in grey levels: far enough from grey to be seen.
_SHOWN_LEVELS = 100.0


def fgsm_figure(table: pd.DataFrame, n_expressions: int) -> "Figure":
    """Draw accuracy and the errors of the first answers over the step.

    Parameters
    ----------
    table : pandas.DataFrame
        As `cnn.experiments.fgsm.accuracy_under_attack` gives it.
    n_expressions : int
        Number of answers that there are.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels. Steps are at even distances, for they are no even series.
    """
    figure, [[left, right]] = panel_figure(2, row_cm=(7.0, 7.5))
    places = list(range(len(table)))
    plot_accuracy(left, places, table, label="accuracy, 95 % CI")
    unit = "grey levels" if table["unit"].iloc[0] == "grey" else "units of the input"
    frame_accuracy(left, n_expressions, xlabel=f"epsilon ({unit})")
    left.legend()
    for k, colour in zip((1, 2, 3, 5), (BLACK, ORANGE, PEOPLE, GREEN), strict=True):
        if table[f"top_{k}_error"].notna().all():
            right.plot(places, table[f"top_{k}_error"], "o-", ms=3, lw=1, color=colour,
                       label=f"top {k}")  # fmt: skip
    right.set(ylim=(0, 1.02), xlabel=f"epsilon ({unit})", ylabel="error")
    right.legend()
    for axes in (left, right):
        axes.set_xticks(places, [f"{value:g}" for value in table["epsilon"]], rotation=60)
    return figure


def examples_figure(
    pictures: NDArray[np.uint8], attacked: NDArray[np.float64], examples: pd.DataFrame
) -> "Figure":
    """Draw pictures, what was added to them, and what came of it.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        As they are.
    attacked : ndarray of float, shape (n, 1 + n_steps, side, side, 3)
        As `cnn.experiments.fgsm.attack_examples` gives them, in grey levels.
    examples : pandas.DataFrame
        Its table, in the same order.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each picture and step: the picture, the change, and the attacked picture, each
        with the answer and its probability. The change is multiplied so that its greatest is 100
        grey levels; 127.5 is none.
    """
    n, n_steps = attacked.shape[0], attacked.shape[1] - 1
    figure = new_figure(width_cm=12.5, height_cm=4.6 * n * n_steps)
    grid = figure.subplots(n * n_steps, 3, squeeze=False)
    answers = [group for _, group in examples.groupby("image_id", sort=False)]
    for place, (own, versions, said) in enumerate(zip(pictures, attacked, answers, strict=True)):
        for step in range(n_steps):
            panels = grid[place * n_steps + step]
            change = versions[step + 1] - versions[0]
            greatest = np.abs(change).max()
            gain = _SHOWN_LEVELS / greatest if greatest else 1.0
            shown = (own, 127.5 + gain * change, versions[step + 1])
            before, after = said.iloc[0], said.iloc[step + 1]
            titles = (
                f"{before['image_id']} ({before['expression']})\n{_answer(before)}",
                f"epsilon {after['epsilon']:g}\nchange × {gain:.3g}",
                f"attacked\n{_answer(after)}",
            )
            for axes, picture, title in zip(panels, shown, titles, strict=True):
                axes.imshow(np.clip(picture, 0, 255).round().astype(np.uint8))
                axes.set_title(title, fontsize=7)
                axes.axis("off")
    return figure


def _answer(row: pd.Series) -> str:
    """Say what a picture is taken for."""
    return f"{row['predicted']}: {100 * row['probability']:.1f} %"
