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
from cnn.shuffled_labels import FITTED, train_on_shuffled_labels
from study.figures import CHANCE, NETWORK, PEOPLE, new_figure, save_figure
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
# Above this, two maps are called the same, and a map of a random network is called unchanged.
_SAME, _UNCHANGED = 0.95, 0.5

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


def verdicts(table: pd.DataFrame, method: str) -> list[str]:
    """Say what the checks mean.

    Parameters
    ----------
    table : pandas.DataFrame
        As `check_method_on` gives it.
    method : str
        The method's name.

    Returns
    -------
    list of str
        Sentences.
    """
    weights = table[(table["check"] == "weights") & (table["measure"] == "spearman")].iloc[-1]
    classes = table[table["check"] == "classes"].iloc[0]
    ratio = table[table["check"] == "completeness"].iloc[0]
    noise = table[table["check"] == "noise"].iloc[-1]
    changed = (
        "they hardly depend on what the network learnt"
        if weights["mean"] > _UNCHANGED
        else "they come from what the network learnt"
    )
    spoken = "it cannot speak of classes" if classes["mean"] > _SAME else "it tells classes apart"
    said = [
        f"{method}: maps of the network with all its weights random correlate "
        f"{weights['mean']:.2f} with its own (Spearman, without the sign): {changed}.",
        f"{method}: maps of different expressions for one picture correlate "
        f"{classes['mean']:.3f} on average: {spoken}.",
        f"{method}: noise of {noise['step']} grey levels leaves a correlation of "
        f"{noise['mean']:.2f}; sum of relevance over logit is {ratio['mean']:.3f} on average "
        f"({ratio['smallest']:.3f} to {ratio['greatest']:.3f}).",
    ]
    labels = table[table["check"] == "labels"].set_index("measure")["mean"]
    return said if labels.empty else [*said, _verdict_of_labels(labels, method)]


def _verdict_of_labels(means: pd.Series, method: str) -> str:
    """Say what the network with shuffled labels tells, if it learnt them."""
    if means["training_accuracy"] < FITTED:
        meaning = "it did not learn them, so that this tells little"
    elif means["spearman"] > _UNCHANGED:
        meaning = "they hardly depend on what the pictures are said to show"
    else:
        meaning = "they depend on what the pictures are said to show"
    return (
        f"{method}: maps of the same network trained on shuffled labels, of which it names "
        f"{100 * means['training_accuracy']:.0f} % as told, correlate {means['spearman']:.2f} "
        f"with its own (Spearman, without the sign): {meaning}."
    )


def sanity_figure(table: pd.DataFrame, method: str) -> "Figure":
    """Draw how maps change with random weights, noise and class.

    Parameters
    ----------
    table : pandas.DataFrame
        As `check_method_on` gives it.
    method : str
        For the title.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.
    """
    figure = new_figure(height_cm=8.5)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [2, 1]})
    weights = table[table["check"] == "weights"]
    for measure, colour, label in (
        ("spearman", NETWORK, "signed"), ("spearman_absolute", PEOPLE, "absolute"),
    ):  # fmt: skip
        part = weights[weights["measure"] == measure]
        left.plot(
            ["none", *part["step"]], [1, *part["mean"]], "o-", ms=3, color=colour, label=label
        )
        left.fill_between(
            range(1, len(part) + 1),
            part["smallest"],
            part["greatest"],
            color=colour,
            alpha=0.15,
            lw=0,
        )
    left.set(ylim=(-1.02, 1.02), xlabel="random down to layer", ylabel="rank correlation of pixels")
    left.tick_params(axis="x", rotation=60)
    left.legend(title="maps", loc="lower left")
    left.axhline(0, color=CHANCE, lw=0.8)
    rest = table[table["check"].isin(["classes", "noise", "labels"])]
    rest = rest[rest["measure"] == "pearson"]
    words = {"classes": "other class", "labels": "shuffled labels"}
    names = [
        words.get(check, f"noise {step}")
        for check, step in zip(rest["check"], rest["step"], strict=True)
    ]
    right.bar(names, rest["mean"], color=NETWORK, alpha=0.8)
    spread = [rest["mean"] - rest["smallest"], rest["greatest"] - rest["mean"]]
    right.errorbar(names, rest["mean"], yerr=spread, fmt="none", color="0.2", lw=0.8)
    right.set(ylim=(-1.02, 1.02), ylabel="correlation of tiles")
    right.tick_params(axis="x", rotation=60)
    right.axhline(0, color=CHANCE, lw=0.8)
    figure.suptitle(f"{method}: mean and range over pictures", fontsize=9)
    return figure


def _row(check: str, step: str, measure: str, values: NDArray[np.float64]) -> tuple[Any, ...]:
    """Summarise one measure over pictures."""
    known = values[np.isfinite(values)]
    if not len(known):
        return check, step, measure, np.nan, np.nan, np.nan, 0
    summary = (known.mean(), known.min(), known.max())
    return check, step, measure, *(round(float(value), 6) for value in summary), len(known)
