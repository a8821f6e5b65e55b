"""Galleries: right and wrong answers with their probabilities, and where the network looked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.data import LabelledPictures, read_labels
from cnn.experiments.pictures import known_pictures, rows_of
from cnn.methods import explain_pictures
from cnn.network import load_network
from cnn.visual.layers import stretched
from study.figures import BLUE, GREY, TWO_COLUMNS_CM, VERMILION, new_figure, save_figure
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GALLERY = {
    "image_id": "test picture",
    "expression": "expression that it shows",
    "predicted": "expression with the greatest probability",
    "probability": "that the network gives to it",
    "figure": "which figure shows it: gallery (with its map and all probabilities) or grid",
}
# Pictures of the grid: six by six, as published.
_GRID = 36
_ACROSS = 6


def draw_gallery(
    study: Study, model: str, method: str, n_right: int, n_wrong: int, images: Sequence[str]
) -> None:
    """Draw right and wrong answers, each with its map and all probabilities, and a grid of many.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    method : str
        The explanation whose maps are laid over the pictures.
    n_right, n_wrong : int
        Test pictures named rightly and wrongly, drawn with the seed; fewer where there are fewer.
    images : sequence of str
        These in place of drawn ones.

    Raises
    ------
    InputError
        If the network was not trained, or a picture is not among the test pictures.
    """
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    test = known_pictures(study, read_labels(study), network)
    probabilities = network.probabilities(test.pictures)
    best = probabilities.argmax(axis=1)
    right = best == test.labels
    random = generator(study.settings.study.seed, "cnn", "gallery")
    rows = rows_of(test, images) or [
        *_drawn(right, n_right, random), *_drawn(~right, n_wrong, random)
    ]  # fmt: skip
    maps = explain_pictures(network, test.pictures[rows], best[rows], method).maps
    grid = sorted(random.permutation(len(right))[:_GRID].tolist())
    table = pd.concat([_answers(test, probabilities, rows), _answers(test, probabilities, grid)])
    table["figure"] = ["gallery"] * len(rows) + ["grid"] * len(grid)
    folder = study.cnn_dir(model) / "visual"
    write_table(folder / "gallery.tsv", table, GALLERY)
    figure = gallery_figure(
        test.pictures[rows], maps, probabilities[rows], network.expressions,
        test.labels[rows].tolist(),
    )  # fmt: skip
    save_figure(figure, folder / "gallery")
    save_figure(
        grid_figure(test.pictures[grid], _answers(test, probabilities, grid)),
        folder / "gallery_grid",
    )
    say(f"{int(right.sum())} of {len(right)} test pictures are named rightly; maps by {method}")


def _answers(
    test: LabelledPictures, probabilities: NDArray[np.float64], rows: Sequence[int]
) -> pd.DataFrame:
    """Say what the network answers to some pictures."""
    table = test.table.iloc[list(rows)][["image_id", "expression"]].reset_index(drop=True)
    own = probabilities[list(rows)]
    table["predicted"] = np.array(test.expressions)[own.argmax(axis=1)]
    table["probability"] = own.max(axis=1).round(6)
    return table


def _drawn(among: NDArray[np.bool_], most: int, random: np.random.Generator) -> list[int]:
    """Draw some of the pictures for which something holds."""
    rows = np.flatnonzero(among)
    return sorted(random.permutation(rows)[:most].tolist())


def gallery_figure(
    pictures: NDArray[np.uint8],
    maps: NDArray[np.float32],
    probabilities: NDArray[np.float64],
    expressions: Sequence[str],
    shown: Sequence[int],
) -> "Figure":
    """Draw each picture, its map laid over it, and the probability of each expression.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB.
    maps : ndarray of float32, shape (n, side, side)
        Each is stretched from its least to its greatest value.
    probabilities : ndarray of float, shape (n, n_expressions)
        What the network answers.
    expressions : sequence of str
        Names of the outputs.
    shown : sequence of int
        Index of the expression that each picture shows.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each picture; the bar of the expression shown is blue, a wrong answer's red.
    """
    figure = new_figure(TWO_COLUMNS_CM, 3.2 * len(pictures) + 0.8)
    grid = figure.subplots(len(pictures), 3, width_ratios=(1, 1, 2.2), squeeze=False)
    for row, picture, values, own, truth in zip(
        grid, pictures, maps, probabilities, shown, strict=True
    ):
        row[0].imshow(picture)
        # Dark on bright, so that the map's colours stand out.
        row[1].imshow(picture.mean(axis=2), cmap="binary_r")
        row[1].imshow(stretched(values), cmap="coolwarm", alpha=0.5, vmin=0, vmax=1)
        for axes in row[:2]:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        _draw_probabilities(row[2], own, expressions, truth)
    grid[0][0].set_title("picture", fontsize=7)
    grid[0][1].set_title("map", fontsize=7)
    grid[0][2].set_title("probability", fontsize=7)
    return figure


def _draw_probabilities(
    axes: "Axes", own: NDArray[np.float64], expressions: Sequence[str], truth: int
) -> None:
    """Draw the probability of each expression."""
    colours = [GREY] * len(own)
    colours[int(own.argmax())] = VERMILION
    colours[truth] = BLUE
    places = np.arange(len(own))[::-1]
    axes.barh(places, own, color=colours)
    axes.set_yticks(places, expressions, fontsize=6.5)
    axes.set(xlim=(0, 1.02))


def grid_figure(pictures: NDArray[np.uint8], answers: pd.DataFrame) -> "Figure":
    """Draw many pictures with what they show and what the network answered.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB.
    answers : pandas.DataFrame
        Their rows of `GALLERY`.

    Returns
    -------
    matplotlib.figure.Figure
        Six in a row; wrong answers are red.
    """
    lines = -(-len(pictures) // _ACROSS)
    figure = new_figure(TWO_COLUMNS_CM, 3.5 * lines)
    grid = figure.subplots(lines, _ACROSS, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    said = answers[["expression", "predicted", "probability"]].to_numpy(object)
    for axes, picture, row in zip(grid[: len(pictures)], pictures, said, strict=True):
        axes.imshow(picture)
        axes.set_title(
            f"{row[0]} –\n({row[1]} – {row[2]:.2f})", fontsize=6.5,
            color="black" if row[0] == row[1] else VERMILION,
        )  # fmt: skip
    return figure
