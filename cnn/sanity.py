"""Sanity: whether a method's maps depend on what the network learnt, and on the class asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import import_tensorflow, make_deterministic
from cnn.data import LabelledPictures, load_split, read_labels
from cnn.map_correlation import between_classes, pearson, spearman
from cnn.methods import Explained, explain_pictures
from cnn.network import Network, load_network
from cnn.sanity_results import sanity_figure, verdicts
from cnn.shuffled_labels import train_on_shuffled_labels
from study.figures import save_figure
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    pass

SANITY = {
    "check": "weights: layers made random from the logits down; classes: maps of two expressions "
    "for one picture, without the sign of r; noise: the picture with a little noise; "
    "completeness: sum of the map and of what biases took, over the logit; labels: the same "
    "network trained on shuffled labels, without the sign of r",
    "step": "weights: the last layer that was made random; noise: its standard deviation in grey "
    "levels; n/a otherwise",
    "measure": "spearman: rank correlation of pixels, without its sign, since a negative logit "
    "turns a map round; spearman_absolute: of their absolute values; "
    "pearson: of the means of 14 x 14 tiles; ratio; training_accuracy: part of the shuffled "
    "labels that were learnt",
    "mean": "mean over pictures",
    "smallest": "smallest of the pictures",
    "greatest": "greatest of the pictures",
    "n": "number of pictures for which it can be computed; a constant map has no correlation",
}

NOISE_GREY_LEVELS = (1, 2, 4)

Explain = Callable[[Network, NDArray[np.uint8], NDArray[np.int64]], Explained]


def sanity(
    study: Study,
    model: str,
    method: str,
    arguments: Mapping[str, Any],
    per_expression: int,
    *,
    labels: bool = False,
) -> None:
    """Put a method to the test on a study's network, and write table and figure.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    method : str
        The method's name, as `cnn.methods.explain_pictures` takes it.
    arguments : mapping
        The method's arguments.
    per_expression : int
        Number of test pictures of each expression, 1 or more.
    labels : bool, default False
        Whether to train the same network on shuffled labels, and compare its maps too.

    Raises
    ------
    InputError
        If the network was not trained, or the method does not take it.
    """
    # Compiled functions give the same bits only if they are told so.
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    test = load_split(study, read_labels(study), "test", network.input_px)
    chosen = test.table.groupby("expression", sort=False).head(per_expression).index.to_numpy()
    pictures = LabelledPictures(test.table.loc[chosen], test.pictures[chosen])
    targets = np.array([network.expressions.index(name) for name in pictures.table["expression"]])

    def explain(network: Network, seen: NDArray[np.uint8], wanted: NDArray[np.int64]) -> Explained:
        return explain_pictures(network, seen, wanted, method, arguments)

    table = check_method_on(network, pictures.pictures, targets, explain, study.settings.study.seed)
    if labels:
        other, accuracy = train_on_shuffled_labels(study, network)
        rows = label_rows(network, other, accuracy, pictures.pictures, targets, explain)
        table = pd.concat([table, rows], ignore_index=True)
    stem = study.cnn_dir(model) / f"sanity_{method}"
    write_table(stem.with_name(stem.name + ".tsv"), table, SANITY)
    save_figure(sanity_figure(table, method), stem)
    for sentence in verdicts(table, method):
        say(sentence)


def check_method_on(
    network: Network,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    explain: Explain,
    seed: int,
) -> pd.DataFrame:
    """Compare a method's maps with those of other weights, other classes and noisy pictures.

    Parameters
    ----------
    network : Network
        The trained network.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    targets : ndarray of int, shape (n,)
        Index in ``network.expressions`` of what each picture shows.
    explain : callable
        Takes a network, pictures and targets, and gives their maps.
    seed : int
        Of the random weights and of the noise.

    Returns
    -------
    pandas.DataFrame
        With the columns of `SANITY`.

    References
    ----------
    Adebayo, J., Gilmer, J., Muelly, M., Goodfellow, I., Hardt, M. and Kim, B. (2018). Sanity
    checks for saliency maps. Advances in Neural Information Processing Systems, 31: the cascading
    randomisation of weights. Sixt, L., Granz, M. and Landgraf, T. (2020). When explanations lie.
    ICML: maps that do not depend on the class.
    """
    plain = explain(network, pictures, targets)
    rows = []
    for layer, random_network in track([*randomised_networks(network, seed)], "random weights"):
        maps = explain(random_network, pictures, targets).maps
        rows.append(_row("weights", layer, "spearman", np.abs(spearman(plain.maps, maps))))
        ranks = spearman(np.abs(plain.maps), np.abs(maps))
        rows.append(_row("weights", layer, "spearman_absolute", ranks))
    by_class = [
        explain(network, pictures, np.full(len(pictures), index)).maps
        for index in track(range(len(network.expressions)), "other classes")
    ]
    rows.append(_row("classes", "n/a", "pearson", between_classes(by_class)))
    for grey_levels in NOISE_GREY_LEVELS:
        noisy = with_noise(pictures, grey_levels, generator(seed, "cnn", "sanity", grey_levels))
        maps = explain(network, noisy, targets).maps
        rows.append(_row("noise", str(grey_levels), "pearson", pearson(plain.maps, maps)))
    taken = np.nan_to_num(plain.bias_share.astype(np.float64))
    sums = plain.maps.sum(axis=(1, 2), dtype=np.float64) + taken
    rows.append(_row("completeness", "n/a", "ratio", sums / plain.logits))
    return pd.DataFrame(rows, columns=list(SANITY))


def label_rows(
    network: Network,
    other: Network,
    accuracy: float,
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    explain: Explain,
) -> pd.DataFrame:
    """Compare a method's maps with those of a network that was trained on shuffled labels.

    Parameters
    ----------
    network : Network
        The trained network.
    other : Network
        The same network, trained on shuffled labels.
    accuracy : float
        Part of the shuffled labels that it learnt.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    targets : ndarray of int, shape (n,)
        Index in ``network.expressions`` of what each picture shows.
    explain : callable
        Takes a network, pictures and targets, and gives their maps.

    Returns
    -------
    pandas.DataFrame
        With the columns of `SANITY`. Signs of correlations are left out: the other network's logit
        can be negative, which turns a map round, and tells nothing of where.
    """
    own, others = (explain(one, pictures, targets).maps for one in (network, other))
    rows = [
        ("labels", "n/a", "training_accuracy", round(accuracy, 6), np.nan, np.nan, len(pictures)),
        _row("labels", "n/a", "spearman", np.abs(spearman(own, others))),
        _row("labels", "n/a", "spearman_absolute", spearman(np.abs(own), np.abs(others))),
        _row("labels", "n/a", "pearson", np.abs(pearson(own, others))),
    ]
    return pd.DataFrame(rows, columns=list(SANITY))


def randomised_networks(network: Network, seed: int) -> Iterator[tuple[str, Network]]:
    """Give the network with more and more random layers, from the logits down.

    The values of each of a layer's arrays are put into a random order: they keep their
    distribution, so that activations keep their size, and lose all that was learnt.

    Parameters
    ----------
    network : Network
        The trained network; it is left as it is.
    seed : int
        Of the orders.

    Yields
    ------
    layer : str
        The last layer that was made random.
    network : Network
        With that layer and all above it random.
    """
    keras = import_tensorflow().keras
    weights = [layer.get_weights() for layer in network.model.layers]
    for index in reversed(range(len(weights))):
        if not weights[index]:
            continue
        name = network.model.layers[index].name
        random = generator(seed, "cnn", "sanity", name)
        weights[index] = [random.permutation(values.ravel()).reshape(values.shape)
                          for values in weights[index]]  # fmt: skip
        model = keras.models.clone_model(network.model)
        for layer, values in zip(model.layers, weights, strict=True):
            layer.set_weights(values)
        yield name, replace(network, model=model)


def with_noise(
    pictures: NDArray[np.uint8], grey_levels: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Add Gaussian noise to pictures.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.
    grey_levels : float
        Standard deviation, of 255 grey levels.
    random : numpy.random.Generator
        Where the noise comes from.

    Returns
    -------
    ndarray of uint8, shape (n, side, side, 3)
        Rounded, and cut at 0 and 255.
    """
    noisy = pictures + random.normal(0, grey_levels, pictures.shape)
    return noisy.round().clip(0, 255).astype(np.uint8)


def _row(check: str, step: str, measure: str, values: NDArray[np.float64]) -> tuple[Any, ...]:
    """Summarise one measure over pictures."""
    known = values[np.isfinite(values)]
    if not len(known):
        return check, step, measure, np.nan, np.nan, np.nan, 0
    summary = (known.mean(), known.min(), known.max())
    return check, step, measure, *(round(float(value), 6) for value in summary), len(known)
