"""Plain networks of one, two and six convolutions (VT CS4664), for the experiment on size."""

from collections.abc import Sequence
from typing import Any

from cnn.backend import import_tensorflow
from cnn.published.stack import convolution, dense, maximum, stacked

#: Channels of the convolutions, each 5 x 5 with a maximum over 2 x 2, and width of the dense
#: layer. Those of ``conv2`` are not published: its second convolution is ours.
CONVOLUTIONS = {
    "conv1": ((8,), 256),
    "conv2": ((8, 16), 256),
    "conv6": ((16, 32, 32, 32, 32, 32), 1024),
}


def plain(name: str, input_px: int, n_classes: int) -> Any:
    """Build a network of convolutions, each followed by a maximum, and a dense layer.

    Parameters
    ----------
    name : str
        A key of `CONVOLUTIONS`.
    input_px : int
        Side of the square input; 224 in the study.
    n_classes : int
        Number of outputs; 7 in the study.

    Returns
    -------
    keras.Model
        ``conv1`` has 25,692,775 parameters at 224 px (25.7 million in the study).
    """
    channels, width = CONVOLUTIONS[name]
    return stacked(name, input_px, n_classes, _layers(channels, width))


def _layers(channels: Sequence[int], width: int) -> list[Any]:
    """List the layers below the output."""
    layers = []
    for each in channels:
        layers += [convolution(each, 5), maximum(2, 2, "valid")]
    return [*layers, import_tensorflow().keras.layers.Flatten(), dense(width)]
