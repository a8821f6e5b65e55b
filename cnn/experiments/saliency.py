"""Saliency pictures: the vanilla gradient, and guided backpropagation in four pictures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.backend import make_deterministic
from cnn.data import LabelledPictures, read_labels
from cnn.experiments.pictures import Floats, experiments_dir, known_pictures, rows_of
from cnn.gradients import gradient
from cnn.network import Network, load_network, softmax
from cnn.rectifiers import guided_backprop
from study.figures import TWO_COLUMNS_CM, new_figure, save_figure
from study.folder import Study
from study.maps import write_maps
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

SALIENCY = {
    "image_id": "test picture",
    "expression": "expression that it shows",
    "predicted": "expression with the greatest probability, whose logit the maps explain",
    "probability": "that the network gives to it",
}
#: The pictures of guided backpropagation, in the order in which they are shown.
GUIDED = ("colour", "grey", "positive", "negative")
# The brightest hundredth of a grey picture is cut, so that single pixels do not darken the rest.
_BRIGHTEST = 99


def saliency_experiment(study: Study, model: str, images: Sequence[str]) -> None:
    """Make saliency pictures of test pictures, and write maps, table and figure.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    images : sequence of str
        Test pictures; by default four of different expressions, drawn with the seed.

    Raises
    ------
    InputError
        If the network was not trained, it has units for which guided backpropagation is not
        defined, or a picture is not among the test pictures.

    References
    ----------
    Simonyan, K., Vedaldi, A. and Zisserman, A. (2014). Deep inside convolutional networks. ICLR
    workshop. Springenberg, J. T., Dosovitskiy, A., Brox, T. and Riedmiller, M. (2015). Striving
    for simplicity: the all convolutional net. ICLR workshop.
    """
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    test = known_pictures(study, read_labels(study), network)
    rows = _chosen(test, images, study.settings.study.seed)
    shown = LabelledPictures(
        test.table.loc[rows].reset_index(drop=True), test.pictures[rows], test.expressions
    )
    maps, table = saliency_maps(network, shown)
    stem = experiments_dir(study, model) / "saliency"
    write_maps(stem.with_suffix(".nc"), maps)
    write_table(stem.with_suffix(".tsv"), table, SALIENCY)
    save_figure(saliency_figure(shown.pictures, maps, table), stem)


def saliency_maps(network: Network, shown: LabelledPictures) -> tuple["xr.Dataset", pd.DataFrame]:
    """Compute the gradients of the most probable expression's logit, plain and guided.

    Parameters
    ----------
    network : Network
        The network.
    shown : LabelledPictures
        The pictures, at the network's size.

    Returns
    -------
    maps : xarray.Dataset
        ``vanilla(image, y, x)``, the greatest size of the gradient over the colours, and
        ``guided(image, y, x, colour)``, with its sign, red first; of the network's input.
    table : pandas.DataFrame
        With the columns of `SALIENCY`.
    """
    import xarray as xr

    inputs = network.prepare(shown.pictures)
    logits = network.logits(shown.pictures)
    best = logits.argmax(axis=1)
    vanilla = np.abs(gradient(network, inputs, best)).max(axis=-1)
    guided = guided_backprop(network, inputs, best)
    if network.preprocessing.channels == "bgr":
        guided = guided[..., ::-1]
    side = np.arange(network.input_px, dtype=np.float64)
    maps = xr.Dataset(
        {
            "vanilla": (("image", "y", "x"), vanilla),
            "guided": (("image", "y", "x", "colour"), guided),
        },
        coords={
            "image": shown.table["image_id"].to_numpy(object),
            "y": side,
            "x": side,
            "colour": np.array(["red", "green", "blue"], dtype=object),
        },
        attrs={"network": network.name, "frame": "pixels of the network's input"},
    )
    table = shown.table[["image_id", "expression"]].assign(
        predicted=[network.expressions[label] for label in best],
        probability=softmax(logits).max(axis=1).round(6),
    )
    return maps, table


def guided_pictures(values: Floats) -> dict[str, Floats]:
    """Turn one guided gradient into the four pictures in which it is shown.

    Parameters
    ----------
    values : ndarray of float, shape (side, side, 3)
        The gradient, red first.

    Returns
    -------
    dict of str to ndarray of float, 0 to 1
        ``colour`` (side, side, 3): from its least to its greatest value; ``grey`` (side, side):
        the sum of its size over the colours, from the least to the 99th percentile; ``positive``
        and ``negative`` (side, side, 3): what is above and below 0, as a share of the greatest.
        A part that is 0 everywhere stays black.

    Examples
    --------
    >>> values = np.array([[[0.0, 2.0, -2.0]]], dtype=np.float32)
    >>> {name: picture.round(2).tolist() for name, picture in guided_pictures(values).items()}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'colour': [[[0.5, 1.0, 0.0]]], 'grey': [[0.0]],
     'positive': [[[0.0, 1.0, 0.0]]], 'negative': [[[0.0, 0.0, 1.0]]]}
    """
    size = np.abs(values).sum(axis=-1)
    above, below = np.maximum(values, 0), np.maximum(-values, 0)
    return {
        "colour": _stretched(values, float(values.min()), float(values.max())),
        "grey": _stretched(size, float(size.min()), float(np.percentile(size, _BRIGHTEST))),
        "positive": _stretched(above, 0.0, float(above.max())),
        "negative": _stretched(below, 0.0, float(below.max())),
    }


def _stretched(values: Floats, low: float, high: float) -> Floats:
    """Stretch values to 0 and 1, and cut what lies beyond; nothing to stretch is 0."""
    if high <= low:
        return np.zeros_like(values, np.float32)
    return ((values - low) / (high - low)).clip(0, 1).astype(np.float32)


def saliency_figure(
    pictures: NDArray[np.uint8], maps: "xr.Dataset", table: pd.DataFrame
) -> "Figure":
    """Draw each picture beside its saliency pictures.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, side, side, 3)
        RGB.
    maps : xarray.Dataset
        As `saliency_maps` gives it.
    table : pandas.DataFrame
        With the columns of `SALIENCY`.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each picture.
    """
    titles = ("picture", "vanilla gradient", *(f"guided, {name}" for name in GUIDED))
    figure = new_figure(TWO_COLUMNS_CM, 2.9 * len(pictures) + 0.6)
    grid = figure.subplots(len(pictures), len(titles), squeeze=False)
    for n, (axes, picture) in enumerate(zip(grid, pictures, strict=True)):
        one, expression = maps.isel(image=n), str(table["expression"].iloc[n])
        named = str(table["predicted"].iloc[n])
        guided = guided_pictures(one["guided"].to_numpy())
        shown: Mapping[str, NDArray[np.generic]] = {
            "picture": picture, "vanilla": one["vanilla"].to_numpy(), **guided
        }  # fmt: skip
        for place, (name, values) in zip(axes, shown.items(), strict=True):
            place.imshow(values, cmap="hot" if name == "vanilla" else "gray", aspect="equal")
            place.set(xticks=[], yticks=[])
            place.spines[:].set_visible(False)
        said = "" if named == expression else f"\nnamed {named}"
        axes[0].set_ylabel(f"{expression}{said}", fontsize=7)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=7)
    return figure


def _chosen(test: LabelledPictures, images: Sequence[str], seed: int) -> list[int]:
    """Find the rows of the pictures that were asked for, or draw some."""
    if images:
        return rows_of(test, images)
    random = generator(seed, "cnn", "saliency")
    order = random.permutation(len(test.table))
    first = test.table.iloc[order].drop_duplicates("expression").index[:4]
    return sorted(int(row) for row in first)
