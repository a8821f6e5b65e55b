"""The filters of a convolution, drawn: a row for each, a panel for each channel that it takes."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnn.network import load_network
from cnn.visual.layers import named_convolution, stretched
from study.figures import TWO_COLUMNS_CM, new_figure, save_figure
from study.folder import Study
from study.progress import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {3: ("red", "green", "blue")}
_MOST_CHANNELS = 16


def draw_filters(study: Study, model: str, layer: str, most: int, stem: str) -> None:
    """Draw the filters of a convolution.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    layer : str
        Name of the convolution; empty for the first.
    most : int
        Filters that are drawn, from the first on.
    stem : str
        Name of the figure's files, without their endings.

    Raises
    ------
    InputError
        If the network was not trained, or has no such convolution.
    """
    network = load_network(study, model)
    chosen = named_convolution(network, layer)
    kernel = chosen.get_weights()[0]
    height, width, taken, made = kernel.shape
    say(f"{chosen.name}: {made} filters of {height} x {width} px on {taken} channels")
    names = _COLOURS.get(taken) if chosen is named_convolution(network, "") else None
    if names and network.preprocessing.channels == "bgr":
        names = names[::-1]
    shown = kernel[:, :, :_MOST_CHANNELS, :most]
    save_figure(filters_figure(shown, chosen.name, names), study.cnn_dir(model) / "visual" / stem)


def filters_figure(
    kernel: NDArray[np.float32], name: str, channels: tuple[str, ...] | None = None
) -> "Figure":
    """Draw filters, each from its least to its greatest weight.

    Parameters
    ----------
    kernel : ndarray of float32, shape (height, width, n_channels, n_filters)
        The weights.
    name : str
        Of the layer.
    channels : tuple of str, optional
        Names of the channels; by default their numbers.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each filter, and a grey panel for each channel.
    """
    n_channels, n_filters = kernel.shape[2:]
    panel_cm = min(1.4, (TWO_COLUMNS_CM - 1.5) / n_channels)
    figure = new_figure(max(4.0, panel_cm * n_channels + 1.5), panel_cm * n_filters + 1.5)
    grid = figure.subplots(n_filters, n_channels, squeeze=False)
    for number, row in enumerate(grid):
        shown = stretched(kernel[..., number])
        for channel, axes in enumerate(row):
            axes.imshow(shown[..., channel], cmap="gray", vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        row[0].set_ylabel(str(number + 1), fontsize=7, rotation=0, ha="right", va="center")
    for channel, axes in enumerate(grid[0]):
        axes.set_title(channels[channel] if channels else str(channel + 1), fontsize=7)
    figure.supylabel(f"filters of {name}", fontsize=7)
    return figure
