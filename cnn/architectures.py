"""The registry of networks: what each is called, what its input must be, how it starts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cnn.backend import import_tensorflow
from cnn.layouts import small, vgg_face, with_head
from cnn.preprocessing import AS_IS, CAFFE, CENTRED_RGB, RGB_255, TORCH, VGG_FACE, Preprocessing
from cnn.published.ekman import alexnet, silnet, songnet, weinet
from cnn.published.fer2013 import (
    ccpccpccpff,
    cpcpcpfff,
    five_layers,
    origin_head,
    transfer_head,
)
from cnn.published.sizes import CONVOLUTIONS, plain
from cnn.weights import keras_cache, load_imagenet, load_layers
from study.errors import InputError, did_you_mean

VGG_FACE_FILE = Path("vggface") / "rcmalli_vggface_tf_notop_vgg16.h5"


@dataclass(frozen=True)
class Architecture:
    """A kind of network that can be trained.

    Parameters
    ----------
    description : str
        One line for the user.
    preprocessing : Preprocessing
        What is done to pictures before it sees them.
    smallest_px : int
        The smallest side of a square input.
    build : callable
        Makes the Keras model for a side in pixels, a number of classes and weights (``own``,
        ``random`` or a file); its output is the probability of each class.
    """

    description: str
    preprocessing: Preprocessing
    smallest_px: int
    build: Callable[[int, int, str], Any]


def _small(input_px: int, n_classes: int, weights: str) -> Any:
    """Build the demo's network, which has no weights of its own to start from."""
    model = small(input_px, n_classes)
    if weights not in ("own", "random"):
        load_layers(model, Path(weights), _with_weights(model, but=("dense", "logits")))
    return model


def _vgg_face(input_px: int, n_classes: int, weights: str) -> Any:
    """Build VGG-Face, with the convolutions that were trained on faces."""
    model = vgg_face(input_px, n_classes)
    if weights != "random":
        file = keras_cache() / VGG_FACE_FILE if weights == "own" else Path(weights)
        load_layers(model, file, _with_weights(model, but=("fc6", "fc7", "fc8")))
    return model


def _with_weights(model: Any, *, but: tuple[str, ...]) -> list[str]:
    """Name the layers that have weights, without those of the head."""
    return [layer.name for layer in model.layers if layer.weights and layer.name not in but]


def _random(
    make: Callable[[int, int], Any], about: str, preprocessing: Preprocessing, smallest_px: int
) -> Architecture:
    """Describe a published network that starts from random weights."""

    def build_it(input_px: int, n_classes: int, weights: str) -> Any:
        model = make(input_px, n_classes)
        if weights not in ("own", "random"):
            load_layers(model, Path(weights), _with_weights(model, but=("logits",)))
        return model

    return Architecture(f"{about}; random weights", preprocessing, smallest_px, build_it)


def _with_own_head(
    application: str, head: Callable[[Any, int, str], Any], about: str
) -> Architecture:
    """Describe a network of keras.applications with the dense layers of a study of FER2013."""

    def build_it(input_px: int, n_classes: int, weights: str) -> Any:
        make = getattr(import_tensorflow().keras.applications, application)
        shape = (input_px, input_px, 3)
        body = load_imagenet(make, application, shape, weights, pooled=False)
        return head(body, n_classes, f"fer_{application.lower()}")

    return Architecture(f"{about}; ImageNet weights", RGB_255, 32, build_it)


_EKMAN, _FER = "of Gaya-Morey et al. (2024)", "of BU CS523 (2022) for FER2013"
_PUBLISHED = {
    "AlexNet": _random(alexnet, f"variant of AlexNet {_EKMAN}, at 224 px", RGB_255, 32),
    "WeiNet": _random(weinet, f"three convolutions {_EKMAN}, at 64 px", RGB_255, 16),
    "SongNet": _random(songnet, f"four convolutions {_EKMAN}, at 224 px", RGB_255, 16),
    "SilNet": _random(silnet, f"five convolutions {_EKMAN}, at 150 px", RGB_255, 16),
    "fer_5layer": _random(
        five_layers, f"eight convolutions and three dense layers {_FER}, at 48 px", RGB_255, 18
    ),
    "CPCPCPFFF": _random(cpcpcpfff, f"three convolutions {_FER}, at 48 px", RGB_255, 28),
    "CCPCCPCCPFF": _random(ccpccpccpff, f"five convolutions {_FER}, at 48 px", RGB_255, 45),
    "fer_vgg16": _with_own_head("VGG16", transfer_head, f"VGG16 with dense layers {_FER}"),
    "fer_vgg16_origin": _with_own_head(
        "VGG16", origin_head, f"VGG16 with normalised dense layers {_FER}"
    ),
    "fer_resnet50": _with_own_head("ResNet50", transfer_head, f"ResNet50 with dense layers {_FER}"),
    **{
        name: _random(
            partial(plain, name),
            f"convolutions of VT CS4664 ({len(channels)} of them), at 224 px",
            TORCH,
            2 ** len(channels),
        )
        for name, (channels, _) in CONVOLUTIONS.items()
    },
}

# The families of keras.applications: preprocessing, smallest input, members. Those fed as is
# rescale the picture in layers of their own.
_FAMILIES: tuple[tuple[Preprocessing, int, tuple[str, ...]], ...] = (
    (CAFFE, 32, ("VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet152")),
    (CENTRED_RGB, 32, ("ResNet50V2", "ResNet101V2", "ResNet152V2", "MobileNet", "MobileNetV2",
                       "NASNetMobile", "NASNetLarge")),
    (CENTRED_RGB, 75, ("InceptionV3", "InceptionResNetV2")),
    (CENTRED_RGB, 71, ("Xception",)),
    (TORCH, 32, ("DenseNet121", "DenseNet169", "DenseNet201")),
    (AS_IS, 32, (
        "MobileNetV3Small", "MobileNetV3Large",
        *(f"EfficientNetB{size}" for size in range(8)),
        *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
        *(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
        *(f"RegNet{kind}{size}" for kind in "XY" for size in (
            "002", "004", "006", "008", "016", "032", "040", "064", "080", "120", "160", "320")),
        *(f"ResNetRS{size}" for size in (50, 101, 152, 200, 270, 350, 420)),
    )),
)  # fmt: skip


def _application(name: str, preprocessing: Preprocessing, smallest_px: int) -> Architecture:
    """Describe a network of keras.applications."""

    def build_it(input_px: int, n_classes: int, weights: str) -> Any:
        make = getattr(import_tensorflow().keras.applications, name)
        shape = (input_px, input_px, 3)
        body = load_imagenet(make, name, shape, weights)
        return with_head(body, n_classes, name)

    return Architecture(
        f"keras.applications.{name}, global average pooling, a dense layer; ImageNet weights",
        preprocessing,
        smallest_px,
        build_it,
    )


ARCHITECTURES = {
    "small": Architecture(
        "four convolutions and two dense layers, for the demo and for quick looks; random weights",
        CENTRED_RGB,
        32,
        _small,
    ),
    "vgg_face": Architecture(
        "VGG16 trained on faces, dense layers of 512, 512 and 7, as in Bartnik (2020); weights of "
        f"{VGG_FACE_FILE.name}",
        VGG_FACE,
        32,
        _vgg_face,
    ),
    **_PUBLISHED,
    **{
        name: _application(name, preprocessing, smallest_px)
        for preprocessing, smallest_px, names in _FAMILIES
        for name in names
    },
}


def architecture(name: str) -> Architecture:
    """Look a network up by its name.

    Parameters
    ----------
    name : str
        A key of `ARCHITECTURES`.

    Returns
    -------
    Architecture
        How it is built and fed.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> architecture("small").smallest_px
    32
    """
    if name not in ARCHITECTURES:
        raise InputError(
            f"A network must be one of those in the registry, but it is {name!r}."
            f"{did_you_mean(name, ARCHITECTURES)}"
        )
    return ARCHITECTURES[name]


def build(name: str, input_px: int, n_classes: int, weights: str = "own") -> Any:
    """Build a network with the weights that its training starts from.

    Parameters
    ----------
    name : str
        A key of `ARCHITECTURES`.
    input_px : int
        Side of the square input.
    n_classes : int
        Number of outputs.
    weights : str, default "own"
        ``own``: those that the registry names; ``random``; or an HDF5 file in their layout. The
        head is random in all three.

    Returns
    -------
    keras.Model
        With probabilities as its output.

    Raises
    ------
    InputError
        If there is no network of that name, the input is too small for it, or the weights are
        missing or of another layout.
    """
    chosen = architecture(name)
    if input_px < chosen.smallest_px:
        raise InputError(
            f"The network {name!r} needs pictures of at least {chosen.smallest_px} px, "
            f"but cnn.input_px is {input_px}. Raise it in study.toml."
        )
    return chosen.build(input_px, n_classes, weights)
