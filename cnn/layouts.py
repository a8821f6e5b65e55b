"""Networks by their layers: the demo's small one, and VGG-Face as in Bartnik (2020)."""

from typing import Any

from cnn.backend import import_tensorflow

# Channels and number of the convolutions of each of VGG-Face's five blocks.
VGG_FACE_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def small(input_px: int, n_classes: int) -> Any:
    """Build a small convolutional network that trains within two minutes on two cores.

    Four convolutions, each followed by a maximum over 2 x 2, then two dense layers. The
    convolutions have no bias: relevance is then conserved in them exactly, whichever way a
    toolbox treats biases.

    Parameters
    ----------
    input_px : int
        Side of the square input, at least 32.
    n_classes : int
        Number of outputs.

    Returns
    -------
    keras.Model
        From ``(n, input_px, input_px, 3)`` to probabilities ``(n, n_classes)``.
    """
    layers = import_tensorflow().keras.layers
    keras = import_tensorflow().keras
    stack = [
        layers.Input((input_px, input_px, 3), name="picture"),
        layers.Conv2D(
            16, 5, strides=2, padding="same", use_bias=False, activation="relu", name="conv1"
        ),
        layers.MaxPooling2D(2, name="pool1"),
    ]
    for index, filters in enumerate((32, 48, 64), start=2):
        stack += [
            layers.Conv2D(
                filters, 3, padding="same", use_bias=False, activation="relu", name=f"conv{index}"
            ),
            layers.MaxPooling2D(2, name=f"pool{index}"),
        ]
    stack += [
        layers.Flatten(name="flatten"),
        layers.Dropout(0.4, name="dropout"),
        layers.Dense(64, activation="relu", name="dense"),
        layers.Dense(n_classes, name="logits"),
        layers.Activation("softmax", name="probabilities"),
    ]
    return keras.Sequential(stack, name="small")


def vgg_face(input_px: int, n_classes: int) -> Any:
    """Build VGG-Face with the head of Bartnik (2020).

    Thirteen convolutions in five blocks, then dense layers of 512, 512 and one for each class.
    At 224 px with seven classes it has 27,826,503 parameters.

    Parameters
    ----------
    input_px : int
        Side of the square input, at least 32.
    n_classes : int
        Number of outputs.

    Returns
    -------
    keras.Model
        From ``(n, input_px, input_px, 3)`` to probabilities ``(n, n_classes)``.

    References
    ----------
    Parkhi, O. M., Vedaldi, A. and Zisserman, A. (2015). Deep face recognition. BMVC, table 3.
    """
    keras = import_tensorflow().keras
    layers = keras.layers
    stack = [layers.Input((input_px, input_px, 3), name="picture")]
    for block, (channels, n_convolutions) in enumerate(VGG_FACE_BLOCKS, start=1):
        stack += [
            layers.Conv2D(
                channels, 3, padding="same", activation="relu", name=f"conv{block}_{index}"
            )
            for index in range(1, n_convolutions + 1)
        ]
        stack.append(layers.MaxPooling2D(2, name=f"pool{block}"))
    stack += [
        layers.Flatten(name="flatten"),
        layers.Dense(512, activation="relu", name="fc6"),
        layers.Dense(512, activation="relu", name="fc7"),
        layers.Dense(n_classes, name="fc8"),
        layers.Activation("softmax", name="probabilities"),
    ]
    return keras.Sequential(stack, name="vgg_face")


def with_head(body: Any, n_classes: int, name: str) -> Any:
    """Put a dense layer on a network that ends in one number for each channel.

    Parameters
    ----------
    body : keras.Model
        To ``(n, channels)``.
    n_classes : int
        Number of outputs.
    name : str
        Of the whole.

    Returns
    -------
    keras.Model
        To probabilities ``(n, n_classes)``; the body's layers are its own, not nested.
    """
    keras = import_tensorflow().keras
    logits = keras.layers.Dense(n_classes, name="logits")(body.output)
    probabilities = keras.layers.Activation("softmax", name="probabilities")(logits)
    return keras.Model(body.input, probabilities, name=name)
