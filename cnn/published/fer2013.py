"""The networks of a study of FER2013 (BU CS523, 2022), for seven expressions at 48 px."""

from typing import Any

from cnn.backend import import_tensorflow
from cnn.published.stack import convolution, dense, dropout, maximum, on_top, stacked


def _to_one_channel() -> Any:
    """Make the convolution over single pixels with which the study's own networks begin."""
    decay = import_tensorflow().keras.regularizers.L2(0.01)
    return convolution(1, 1, kernel_regularizer=decay)


def _normalised() -> Any:
    """Make a batch normalisation."""
    return import_tensorflow().keras.layers.BatchNormalization()


def five_layers(input_px: int, n_classes: int) -> Any:
    """Build the network that the study calls its 5-layer CNN.

    Parameters
    ----------
    input_px : int
        Side of the square input; 48 in the study.
    n_classes : int
        Number of outputs; 7 in the study.

    Returns
    -------
    keras.Model
        With 5,905,867 parameters as in the study.
    """
    layers = [
        _to_one_channel(), convolution(64, 3, padding="valid"), convolution(64, 3), _normalised(),
        maximum(2, 2, "valid"), dropout(0.5),
    ]  # fmt: skip
    for channels in (128, 256, 512):
        layers += [
            convolution(channels, 3), _normalised(), convolution(channels, 3), _normalised(),
            maximum(2, 2, "valid"), dropout(0.5),
        ]  # fmt: skip
    layers += [
        import_tensorflow().keras.layers.Flatten(), dense(512), dropout(0.4), dense(256),
        dropout(0.4), dense(128), dropout(0.5),
    ]  # fmt: skip
    return stacked("fer_5layer", input_px, n_classes, layers)


def cpcpcpfff(input_px: int, n_classes: int) -> Any:
    """Build CPCPCPFFF: three times a convolution and a maximum, then dense layers.

    Parameters
    ----------
    input_px : int
        Side of the square input; 48 in the study, at least 28.
    n_classes : int
        Number of outputs; 7 in the study.

    Returns
    -------
    keras.Model
        With 60,779 parameters as in the study.
    """
    layers = [_to_one_channel()]
    for size, rate in ((5, 0.1), (5, 0.15), (3, 0.1)):
        whole = convolution(10, size, padding="valid")
        layers += [whole, maximum(2, 2, "valid"), dropout(rate)]
    layers += [
        import_tensorflow().keras.layers.Flatten(), dense(256), dropout(0.2), dense(128),
        dropout(0.2),
    ]  # fmt: skip
    return stacked("CPCPCPFFF", input_px, n_classes, layers)


def ccpccpccpff(input_px: int, n_classes: int) -> Any:
    """Build CCPCCPCCPFF: three times two convolutions and a maximum, then dense layers.

    Parameters
    ----------
    input_px : int
        Side of the square input; 48 in the study, at least 45.
    n_classes : int
        Number of outputs; 7 in the study.

    Returns
    -------
    keras.Model
        With 1,485,835 parameters as in the study.
    """
    inner = {"padding": "valid"}
    layers = [
        _to_one_channel(), convolution(64, 5, **inner), maximum(5, 2, "valid"), dropout(0.2),
        convolution(64, 3, **inner), convolution(64, 3, **inner), maximum(3, 2, "valid"),
        dropout(0.2),
        convolution(128, 3, **inner), convolution(128, 3, **inner), maximum(3, 2, "valid"),
        dropout(0.2),
        import_tensorflow().keras.layers.Flatten(), dense(1024), dropout(0.1), dense(1024),
        dropout(0.1),
    ]  # fmt: skip
    return stacked("CCPCCPCCPFF", input_px, n_classes, layers)


def transfer_head(body: Any, n_classes: int, name: str) -> Any:
    """Put the study's dense layers on a network that was trained on ImageNet.

    Parameters
    ----------
    body : keras.Model
        To a picture of channels.
    n_classes : int
        Number of outputs; 7 in the study.
    name : str
        Of the whole.

    Returns
    -------
    keras.Model
        On VGG16 at 48 px with 14,887,623 parameters as in the study.
    """
    layers = [
        import_tensorflow().keras.layers.Flatten(),
        dense(256), dropout(0.2), dense(128), dropout(0.2),
        dense(64),
    ]  # fmt: skip
    return on_top(body.input, body.output, layers, n_classes, name)


def origin_head(body: Any, n_classes: int, name: str) -> Any:
    """Put the normalised dense layers of the study's last network on VGG16.

    Parameters
    ----------
    body : keras.Model
        To a picture of channels.
    n_classes : int
        Number of outputs; 7 in the study.
    name : str
        Of the whole.

    Returns
    -------
    keras.Model
        On VGG16 at 48 px with 14,735,879 parameters as in the study, of which 7,099,399 are
        trained where ``freeze`` names blocks 1 to 4.
    """
    keras = import_tensorflow().keras
    layers = [dropout(0.5), keras.layers.Flatten(), _normalised()]
    for place in range(1, 4):
        layers += [
            dense(32, activation="linear", kernel_initializer="he_uniform"),
            _normalised(),
            keras.layers.ReLU(),
        ]
        if place < 3:
            layers.append(dropout(0.5))
    return on_top(body.input, body.output, layers, n_classes, name)
