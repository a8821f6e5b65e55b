"""Feature maps: what each convolution makes of a picture, as strips of its channels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn.data import read_labels
from cnn.network import load_network
from cnn.visual.layers import convolutions, feature_maps, named_convolution, strip
from stimuli.pictures import load_pictures
from study.errors import InputError, did_you_mean
from study.figures import TWO_COLUMNS_CM, new_figure, save_figure
from study.folder import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_features(study: Study, model: str, image: str, layers: Sequence[str], stem: str) -> None:
    """Draw what convolutions make of a picture.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    image : str
        A picture's id; empty for the first test picture.
    layers : sequence of str
        Names of convolutions; empty for all.
    stem : str
        Name of the figure's files, without their endings.

    Raises
    ------
    InputError
        If the network was not trained, or there is no such picture or convolution.
    """
    network = load_network(study, model)
    labels = read_labels(study)
    known = list(labels["image_id"])
    image = image or str(labels.loc[labels["split"] == "test", "image_id"].iloc[0])
    if image not in known:
        raise InputError(
            f"A picture must be one of the study's, but {image!r} is none."
            f"{did_you_mean(image, known)} They are those of stimuli/splits.tsv."
        )
    resampling = study.settings.cnn.for_network(model).resampling
    picture = load_pictures(study, [image], network.input_px, resampling)
    chosen = [named_convolution(network, name) for name in layers] or convolutions(network)
    inputs = network.prepare(picture)
    strips = {layer.name: strip(feature_maps(network, inputs, layer)[0]) for layer in chosen}
    figure = features_figure(picture[0], strips, image)
    save_figure(figure, study.cnn_dir(model) / "visual" / stem)


def features_figure(
    picture: NDArray[np.uint8], strips: dict[str, NDArray[np.uint8]], image_id: str
) -> "Figure":
    """Draw a picture, and below it the strip of each layer.

    Parameters
    ----------
    picture : ndarray of uint8, shape (side, side, 3)
        RGB.
    strips : dict of str to ndarray of uint8, shape (rows, columns)
        By the layer's name, as `cnn.visual.layers.strip` gives them.
    image_id : str
        The picture's id.

    Returns
    -------
    matplotlib.figure.Figure
        Each strip as wide as the figure.
    """
    heights = [2.6] + [
        max(0.8, (TWO_COLUMNS_CM - 0.5) * values.shape[0] / values.shape[1])
        for values in strips.values()
    ]
    figure = new_figure(TWO_COLUMNS_CM, sum(heights) + 0.6 * len(heights))
    panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    panels[0].imshow(picture)
    panels[0].set_title(image_id, fontsize=7)
    for axes, (name, values) in zip(panels[1:], strips.items(), strict=True):
        axes.imshow(values, cmap="gray", vmin=0, vmax=255)
        axes.set_title(name, fontsize=7, loc="left")
    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure
