"""Size of the network: accuracy of several networks of a study over their trainable parameters."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cnn.data import read_labels
from cnn.experiments.accuracy import ACCURACY, accuracy_of, frame_accuracy, plot_accuracy
from cnn.experiments.pictures import known_pictures
from cnn.network import Network, load_network
from study.figures import new_figure, save_figure
from study.folder import Study
from study.progress import say, track
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEPTH = {
    "model": "name of the network",
    "convolutions": "number of its layers that convolve",
    "layers": "number of its layers that have weights",
    "trainable_parameters": "numbers that a training changes",
    "parameters": "all its numbers, those of frozen layers and of batch normalisation among them",
    **ACCURACY,
}


def depth_dir(study: Study) -> Path:
    """Name the folder of what compares the networks of a study.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Path
        The folder of all networks.
    """
    return study.cnn_dir("")


def trained_models(study: Study) -> list[str]:
    """Name the networks that a study has.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of str
        Those trained or adopted, in the order of their names, without those of seeds and folds.
    """
    return sorted(file.parent.name for file in depth_dir(study).glob("*/network.json"))


def depth_experiment(study: Study, models: Sequence[str]) -> None:
    """Let several networks name the test pictures; write table and figure.

    Parameters
    ----------
    study : Study
        The study, whose networks are trained.
    models : sequence of str
        The networks' names.

    Raises
    ------
    InputError
        If a network was not trained, or there are no test pictures.
    """
    labels, rows, n_expressions = read_labels(study), [], 2
    for model in track(models, "networks"):
        network = load_network(study, model)
        test = known_pictures(study, labels, network)
        right = network.logits(test.pictures).argmax(axis=1) == test.labels
        n_expressions = max(n_expressions, len(network.expressions))
        rows.append((model, *network_size(network), *accuracy_of(right)))
    table = pd.DataFrame(rows, columns=list(DEPTH))
    table = table.sort_values(["trainable_parameters", "model"], ignore_index=True)
    stem = depth_dir(study) / "depth"
    write_table(stem.with_suffix(".tsv"), table, DEPTH)
    save_figure(depth_figure(table, n_expressions), stem)
    for row in table.to_dict("records"):
        say(
            f"{row['model']}: {row['trainable_parameters']:,} trainable parameters, "
            f"{100 * row['accuracy']:.1f} % of {row['n']} test pictures named rightly"
        )


def network_size(network: Network) -> tuple[int, int, int, int]:
    """Count a network's layers and numbers.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    convolutions, layers : int
        Number of layers that convolve, and of layers with weights, also within models within it.
    trainable, parameters : int
        Numbers that a training changes, and all.
    """
    # A model within the network is gone through, and does not count itself.
    layers = [
        layer for layer in network.model._flatten_layers(include_self=False)
        if layer.weights and not hasattr(layer, "layers")
    ]  # fmt: skip
    convolutions = sum("Conv" in type(layer).__name__ for layer in layers)
    trainable = sum(int(np.prod(weight.shape)) for weight in network.model.trainable_weights)
    return convolutions, len(layers), trainable, network.model.count_params()


def depth_figure(table: pd.DataFrame, n_expressions: int) -> "Figure":
    """Draw accuracy over the number of trainable parameters.

    Parameters
    ----------
    table : pandas.DataFrame
        As `depth_experiment` writes it.
    n_expressions : int
        Number of answers that there are.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; bars are 95 % Wilson intervals.
    """
    figure = new_figure(width_cm=12.0, height_cm=8.0)
    axes = figure.subplots()
    plot_accuracy(axes, list(table["trainable_parameters"]), table, fmt="o")
    frame_accuracy(
        axes, n_expressions, xscale="log", xlabel="trainable parameters",
        title="accuracy on the test pictures, 95 % CI",
    )  # fmt: skip
    for row in table.to_dict("records"):
        place = (row["trainable_parameters"], row["accuracy"])
        axes.annotate(row["model"], place, xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.margins(x=0.15)
    return figure
