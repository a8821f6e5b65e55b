"""The four networks that Gaya-Morey et al. (2024) built themselves, for six expressions."""

from typing import Any

from cnn.backend import import_tensorflow
from cnn.published.stack import convolution, dense, dropout, maximum, stacked


def alexnet(input_px: int, n_classes: int) -> Any:
    """Build the variant of AlexNet: five convolutions, three dense layers of 4096.

    Parameters
    ----------
    input_px : int
        Side of the square input; 224 in the study.
    n_classes : int
        Number of outputs; 6 in the study.

    Returns
    -------
    keras.Model
        With 88,718,726 parameters as in the study. Neither local normalisation nor groups.

    References
    ----------
    Gaya-Morey, F. X. et al. (2024). arXiv:2401.11835; after Krizhevsky, Sutskever and Hinton
    (2012).
    """
    layers = [
        convolution(96, 11, strides=4), maximum(3, 2),
        convolution(256, 5), maximum(3, 2),
        convolution(384, 3), convolution(384, 3), convolution(256, 3), maximum(3, 2),
        import_tensorflow().keras.layers.Flatten(),
        dense(4096), dropout(0.4), dense(4096), dense(4096), dropout(0.4),
    ]  # fmt: skip
    return stacked("AlexNet", input_px, n_classes, layers)


def weinet(input_px: int, n_classes: int) -> Any:
    """Build WeiNet: three convolutions, whose maxima keep the picture's size.

    Parameters
    ----------
    input_px : int
        Side of the square input; 64 in the study.
    n_classes : int
        Number of outputs; 6 in the study.

    Returns
    -------
    keras.Model
        With 1,728,230 parameters as in the study.

    References
    ----------
    Gaya-Morey, F. X. et al. (2024). arXiv:2401.11835.
    """
    layers = [
        convolution(32, 7), maximum(2, 1), convolution(32, 7), maximum(2, 1),
        convolution(64, 7), maximum(2, 1), import_tensorflow().keras.layers.Flatten(),
    ]  # fmt: skip
    return stacked("WeiNet", input_px, n_classes, layers)


def songnet(input_px: int, n_classes: int) -> Any:
    """Build SongNet: four convolutions, the smallest of the study's networks.

    Parameters
    ----------
    input_px : int
        Side of the square input; 224 in the study.
    n_classes : int
        Number of outputs; 6 in the study.

    Returns
    -------
    keras.Model
        With 172,678 parameters as in the study.

    References
    ----------
    Gaya-Morey, F. X. et al. (2024). arXiv:2401.11835.
    """
    layers = [
        convolution(64, 5), maximum(3, 2), convolution(64, 5), maximum(3, 2),
        convolution(32, 3), maximum(3, 2), dropout(0.5),
        convolution(32, 3), maximum(3, 2), dropout(0.5),
        import_tensorflow().keras.layers.Flatten(),
    ]  # fmt: skip
    return stacked("SongNet", input_px, n_classes, layers)


def silnet(input_px: int, n_classes: int) -> Any:
    """Build SilNet: five convolutions, and a dense layer on 360,000 numbers.

    Parameters
    ----------
    input_px : int
        Side of the square input; 150 in the study.
    n_classes : int
        Number of outputs; 6 in the study.

    Returns
    -------
    keras.Model
        With 184,852,038 parameters as in the study.

    References
    ----------
    Gaya-Morey, F. X. et al. (2024). arXiv:2401.11835.
    """
    drawn = {"kernel_initializer": "glorot_normal"}
    layers = [
        convolution(32, 11, **drawn), maximum(2, 2),
        convolution(32, 7, **drawn), convolution(32, 7, **drawn), maximum(2, 1),
        convolution(64, 5, **drawn), convolution(64, 5, **drawn), maximum(2, 1),
        import_tensorflow().keras.layers.Flatten(),
        dense(512, **drawn), dropout(0.5), dense(512, **drawn),
    ]  # fmt: skip
    return stacked("SilNet", input_px, n_classes, layers)
