"""From the pixels of a picture to the numbers that a network was trained on."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Preprocessing:
    """What is done to the pixels of a picture before a network sees them.

    It belongs to the network's weights and is stored with them: other numbers than those of
    the training give other answers.

    Parameters
    ----------
    channels : {"rgb", "bgr"}
        Order of the colour channels.
    mean : tuple of float
        Subtracted from the channels, in their new order, in grey levels 0 to 255.
    scale : float
        Multiplied after that.
    """

    channels: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    scale: float

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
        >>> CENTRED_RGB.apply(np.array([0.0, 127.5, 255.0]))
        array([-1.,  0.,  1.])
        """
        ordered = pixels if self.channels == "rgb" else pixels[..., ::-1]
        # Single precision leaves the pixels' own precision as it is.
        return (ordered - np.asarray(self.mean, np.float32)) * self.scale

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
        first, second, third = values["mean"]
        return cls(values["channels"], (first, second, third), values["scale"])


CENTRED_RGB = Preprocessing("rgb", (127.5, 127.5, 127.5), 1 / 127.5)
