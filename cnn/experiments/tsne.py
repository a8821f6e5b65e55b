"""Neighbourhoods: t-SNE of what the network makes of pictures, and how far apart classes are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import import_tensorflow, make_deterministic
from cnn.data import LabelledPictures, read_labels
from cnn.experiments.pictures import experiments_dir, known_pictures
from cnn.heads import before_logits
from cnn.network import Network, load_network
from study.errors import InputError
from study.figures import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILION,
    panel_figure,
    save_figure,
)
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Perplexities of the published study.
PERPLEXITIES = tuple(range(10, 101, 10))
FEATURES = ("logits", "penultimate")
DIMENSIONS = (2, 3)

TSNE = {
    "features": "logits, or penultimate: what the layer of the logits takes",
    "dimensions": "of the map, 2 or 3",
    "perplexity": "about how many neighbours each picture has",
    "image_id": "picture",
    "split": "what it was used for: train, validation or test",
    "expression": "expression that it shows",
    "x": "first coordinate, from 0 to 1 over the pictures",
    "y": "second coordinate, from 0 to 1",
    "z": "third coordinate, from 0 to 1; n/a of a map in two dimensions",
}
SEPARATION = {
    "features": "as in tsne.tsv",
    "dimensions": "of the map, 2 or 3; n/a of the features themselves",
    "perplexity": "of the map; n/a of the features themselves",
    "silhouette": "mean silhouette of the pictures with their expressions as clusters: 1 far "
    "apart, 0 no clusters, below 0 nearer to others than to their own",
    "kl_divergence": "what t-SNE leaves over, in nats",
    "n": "number of pictures",
}
_COLOURS = (VERMILION, ORANGE, GREEN, PURPLE, BLACK, BLUE, SKY_BLUE)


def tsne_experiment(study: Study, model: str, perplexities: Sequence[float], split: str) -> None:
    """Map what a network makes of pictures; write tables and figures.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    perplexities : sequence of float
        Each makes a map.
    split : str
        ``test``, or ``all`` pictures that are trained on, validate or are tested.

    Raises
    ------
    InputError
        If the network was not trained, or a perplexity is too large for the pictures.
    """
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    labels = read_labels(study)
    pictures = known_pictures(study, labels, network, split)
    features = network_features(network, pictures.pictures)
    maps, separation = map_features(
        features, pictures.labels, perplexities, study.settings.study.seed
    )
    table = maps_table(maps, pictures, labels)
    stem = experiments_dir(study, model) / "tsne"
    write_table(stem.with_suffix(".tsv"), table, TSNE)
    write_table(stem.with_name("tsne_separation.tsv"), separation, SEPARATION)
    for name in FEATURES:
        for n in DIMENSIONS:
            figure = tsne_figure(table, separation, name, n)
            save_figure(figure, stem.with_name(f"tsne_{name}_{n}d"))
    best = separation.dropna(subset="perplexity").sort_values("silhouette").iloc[-1]
    for name in FEATURES:
        own = separation[(separation["features"] == name) & separation["perplexity"].isna()]
        say(f"{name}: silhouette {own['silhouette'].item():.2f} of the features themselves")
    say(
        f"the map with classes farthest apart: {best['features']}, {best['dimensions']:.0f}-D, "
        f"perplexity {best['perplexity']:g}, silhouette {best['silhouette']:.2f}"
    )


def network_features(
    network: Network, pictures: NDArray[np.uint8]
) -> dict[str, NDArray[np.float32]]:
    """Compute a network's logits, and what the layer of the logits takes.

    Parameters
    ----------
    network : Network
        The network.
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB pictures.

    Returns
    -------
    dict
        ``logits``, shape (n, n_expressions), and ``penultimate``, shape (n, n_features).
    """
    tf = import_tensorflow()
    inner = before_logits(network.model)
    both = tf.keras.Model(network.model.inputs, [network.model.outputs[0], inner])
    parts = []
    for start in range(0, len(pictures), 64):
        batch = tf.constant(network.prepare(pictures[start : start + 64]))
        logits, before = both(batch, training=False)
        parts.append((logits.numpy(), before.numpy().reshape(len(batch), -1)))
    logits, before = (np.concatenate(values) for values in zip(*parts, strict=True))
    return {"logits": logits, "penultimate": before}


def map_features(
    features: dict[str, NDArray[np.float32]],
    labels: NDArray[np.int64],
    perplexities: Sequence[float],
    seed: int,
) -> tuple[dict[tuple[str, int, float], NDArray[np.float64]], pd.DataFrame]:
    """Map features to two and three dimensions, and say how far apart classes are.

    Parameters
    ----------
    features : dict of str to ndarray, shape (n, n_features)
        By name.
    labels : ndarray of int, shape (n,)
        What each picture shows; at least two of them differ.
    perplexities : sequence of float
        Each makes a map.
    seed : int
        Of t-SNE.

    Returns
    -------
    maps : dict
        By features, dimensions and perplexity: coordinates from 0 to 1, shape (n, dimensions).
    separation : pandas.DataFrame
        With the columns of `SEPARATION`.

    Raises
    ------
    InputError
        If a perplexity is not between 1 and the number of pictures.

    References
    ----------
    van der Maaten, L. and Hinton, G. (2008). Visualizing data using t-SNE. Journal of Machine
    Learning Research, 9, 2579-2605. Rousseeuw, P. J. (1987). Silhouettes. Journal of
    Computational and Applied Mathematics, 20, 53-65.
    """
    from sklearn import manifold
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    n = len(labels)
    for perplexity in perplexities:
        if not 1 <= perplexity < n:
            raise InputError(
                f"A perplexity must be 1 or greater and less than the number of pictures, but "
                f"{perplexity:g} of {n} pictures is not. Choose others with --perplexities, or "
                "more pictures with --split all."
            )
    maps, rows = {}, []
    for name, values in features.items():
        rows.append((name, np.nan, np.nan, float(silhouette_score(values, labels)), np.nan, n))
    runs = [(name, d, p) for name in features for d in DIMENSIONS for p in perplexities]
    for name, n_dimensions, perplexity in track(runs, "t-SNE"):
        state = int(generator(seed, "cnn", "tsne", name, n_dimensions).integers(2**31))
        embedding = manifold.TSNE(n_dimensions, perplexity=perplexity, max_iter=1000, init="pca",
                                  random_state=state, n_jobs=1)  # fmt: skip
        # Threads wait for each other longer than they compute, and add in another order.
        with threadpool_limits(1):
            found = embedding.fit_transform(features[name]).astype(np.float64)
        rows.append(
            (name, n_dimensions, perplexity, float(silhouette_score(found, labels)),
             float(embedding.kl_divergence_), n)
        )  # fmt: skip
        maps[name, n_dimensions, perplexity] = (found - found.min(0)) / np.ptp(found, axis=0)
    return maps, pd.DataFrame(rows, columns=list(SEPARATION)).round(6)


def maps_table(
    maps: dict[tuple[str, int, float], NDArray[np.float64]],
    pictures: LabelledPictures,
    labels: pd.DataFrame,
) -> pd.DataFrame:
    """Put maps into a table.

    Parameters
    ----------
    maps : dict
        As `map_features` gives them.
    pictures : LabelledPictures
        The pictures, in the order of the maps.
    labels : pandas.DataFrame
        ``image_id`` and ``split``: what each picture was used for.

    Returns
    -------
    pandas.DataFrame
        With the columns of `TSNE`.
    """
    shown = pictures.table[["image_id", "expression"]].merge(
        labels[["image_id", "split"]], on="image_id"
    )
    tables = []
    for (name, n_dimensions, perplexity), places in maps.items():
        axes = dict(zip("xyz", places.T.round(6), strict=False))
        tables.append(
            shown.assign(
                features=name, dimensions=n_dimensions, perplexity=perplexity,
                **({"z": np.nan} | axes),
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)[list(TSNE)]


def tsne_figure(
    table: pd.DataFrame, separation: pd.DataFrame, features: str, n_dimensions: int
) -> "Figure":
    """Draw the maps of one kind of features, a panel for each perplexity.

    Parameters
    ----------
    table, separation : pandas.DataFrame
        As `maps_table` and `map_features` give them.
    features : str
        ``logits`` or ``penultimate``.
    n_dimensions : int
        2 or 3.

    Returns
    -------
    matplotlib.figure.Figure
        A grid of panels, with the colours of the expressions below it.
    """
    chosen = table[(table["features"] == features) & (table["dimensions"] == n_dimensions)]
    perplexities = list(dict.fromkeys(chosen["perplexity"]))
    figure, [panels] = panel_figure(
        len(perplexities), row_cm=(4.0, 4.0), across=(2, 4), extra_cm=1.5
    )
    expressions = sorted(set(chosen["expression"]))
    apart = separation[
        (separation["features"] == features) & (separation["dimensions"] == n_dimensions)
    ].set_index("perplexity")["silhouette"]
    marks: list[Any] = []
    for axes, perplexity in zip(panels, perplexities, strict=True):
        if n_dimensions == 3:
            place = axes.get_subplotspec()
            axes.remove()
            axes = figure.add_subplot(place, projection="3d")
        rows = chosen[chosen["perplexity"] == perplexity]
        marks = [
            axes.plot(
                *(part[axis] for axis in "xyz"[:n_dimensions]), ".", ms=3.5, alpha=0.6, mew=0,
                color=_COLOURS[number % len(_COLOURS)], label=name,
            )[0]
            for number, name in enumerate(expressions)
            for part in [rows[rows["expression"] == name]]
        ]  # fmt: skip
        axes.set_title(f"perplexity {perplexity:g}, silhouette {apart[perplexity]:.2f}", fontsize=6)
        for axis in "xyz"[:n_dimensions]:
            getattr(axes, f"set_{axis}ticks")([])
    figure.legend(handles=marks, loc="outside lower center", ncols=7, markerscale=2)
    return figure
