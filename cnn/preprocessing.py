"""From the pixels of a picture to the numbers that a network was trained on."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

#: Of red, green and blue in a grey level (ITU-R BT.601).
GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Preprocessing:
    """What is done to the pixels of a picture before a network sees them.

    It belongs to the network's weights and is stored with them: other numbers than those of
    the training give other answers.

    Parameters
    ----------
    channels : {"rgb", "bgr", "grey"}
        Order of the colour channels; grey puts the grey level in place of each of the three.
    mean : tuple of float
        Subtracted from the channels, in their new order, in grey levels 0 to 255.
    scale : tuple of float
        What the channels are multiplied by after that.
    """

    channels: Literal["rgb", "bgr", "grey"]
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]

    def apply(self, pixels: Any) -> Any:
        """Turn pixels into the numbers that the network takes.

        Parameters
        ----------
        pixels : ndarray or tensor of float, shape (..., 3)
            RGB in grey levels, 0 to 255.

        Returns
        -------
        ndarray or tensor of float, shape (..., 3)
            The network's input.

        Examples
        --------
        >>> CENTRED_RGB.apply(np.array([0.0, 127.5, 255.0])).round(6)
        array([-1.,  0.,  1.])
        """
        if self.channels == "grey":
            weights = np.repeat(np.asarray(GREY, np.float32)[:, None], 3, axis=1)
            ordered = pixels @ weights
        else:
            ordered = pixels if self.channels == "rgb" else pixels[..., ::-1]
        # Single precision leaves the pixels' own precision as it is.
        return (ordered - np.asarray(self.mean, np.float32)) * np.asarray(self.scale, np.float32)

    def as_json(self) -> dict[str, Any]:
        """Give the values as they are stored with the network."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Preprocessing":
        """Take the values as they are stored with the network.

        Parameters
        ----------
        values : dict
            As `as_json` gives them.

        Returns
        -------
        Preprocessing
            The same values.
        """
        mean, scale = (tuple(map(float, values[name])) for name in ("mean", "scale"))
        return cls(values["channels"], mean, scale)  # type: ignore[arg-type]


def _even(factor: float) -> tuple[float, float, float]:
    """Give the same number for three channels."""
    return factor, factor, factor


CENTRED_RGB = Preprocessing("rgb", _even(127.5), _even(1 / 127.5))
RGB_255 = Preprocessing("rgb", _even(0.0), _even(1 / 255))
AS_IS = Preprocessing("rgb", _even(0.0), _even(1.0))
# Means of ImageNet, and its standard deviations, as Keras has them.
CAFFE = Preprocessing("bgr", (103.939, 116.779, 123.68), _even(1.0))
TORCH = Preprocessing(
    "rgb",
    (0.485 * 255, 0.456 * 255, 0.406 * 255),
    (1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)),
)
# Means of the faces that VGG-Face was trained on (Parkhi, Vedaldi and Zisserman, 2015).
VGG_FACE = Preprocessing("bgr", (93.5940, 104.7624, 129.1863), _even(1.0))

PREPROCESSINGS = {
    "centred_rgb": CENTRED_RGB,
    "rgb_255": RGB_255,
    "as_is": AS_IS,
    "caffe": CAFFE,
    "torch": TORCH,
    "vgg_face": VGG_FACE,
}
