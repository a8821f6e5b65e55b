"""The perturbation engine: pictures that lose tile after tile, shown to the network."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from comparison.fills import IMPUTING, cover, imputer
from study.errors import InputError
from study.seeds import generator

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]
Tiles = npt.NDArray[np.int64]
_PICTURES_PER_CALL = 16


class Network(Protocol):
    """What the engine asks of a network."""

    def logits(self, pictures: Pixels) -> npt.NDArray:
        """Give the logits of pictures (n, height, width, 3), 0..255, as (n, n_classes)."""

    def covered_logits(
        self, picture: Pixels, cover: Pixels, covered: Flags, tile_of_pixel: Tiles
    ) -> npt.NDArray:
        """Give the logits of a picture whose covered tiles (n, n_tiles) show the cover."""


@dataclass(frozen=True)
class Removal:
    """How tiles are removed from pictures.

    Parameters
    ----------
    edges : numpy.ndarray, shape (tiles_per_side + 1,)
        Index of each tile's first pixel along either axis, and the side.
    fill : str
        What removed tiles show: one of `comparison.fills.FILLS`.
    steps : int
        Number of steps until nothing is left, 1 to the number of tiles.
    seed : int
        The study's seed.
    """

    edges: Tiles
    fill: str
    steps: int
    seed: int

    @property
    def n_tiles(self) -> int:
        """Number of tiles."""
        return (len(self.edges) - 1) ** 2

    @property
    def tile_of_pixel(self) -> Tiles:
        """The tile that each pixel belongs to, in reading order, shape (side, side)."""
        line = np.repeat(np.arange(len(self.edges) - 1), np.diff(self.edges))
        tiles: Tiles = line[:, None] * (len(self.edges) - 1) + line
        return tiles

    @property
    def tiles_removed(self) -> Tiles:
        """Number of tiles that are gone at each step, step 0 among them.

        Examples
        --------
        >>> Removal(np.arange(5), "uniform", 3, 1).tiles_removed
        array([ 0,  5, 11, 16])
        """
        return np.rint(np.linspace(0, self.n_tiles, self.steps + 1)).astype(np.int64)


def random_orders(seed: int, image_id: str, repeats: int, n_tiles: int) -> Tiles:
    """Draw a picture's random orders, the same for whatever else is compared with them.

    Parameters
    ----------
    seed : int
        The study's seed.
    image_id : str
        The picture.
    repeats : int
        Number of orders; more repeats leave the first ones as they are.
    n_tiles : int
        Number of tiles.

    Returns
    -------
    numpy.ndarray, shape (repeats, n_tiles)
        Each row holds the indices of the tiles, the first to be removed first.
    """
    return np.stack(
        [
            generator(seed, "perturbation order", image_id, repeat).permutation(n_tiles)
            for repeat in range(1, repeats + 1)
        ]
    )


def masked_logits(
    network: Network, picture: Pixels, image_id: str, removed: Flags, removal: Removal
) -> Floats:
    """Show a network a picture without some of its tiles.

    Parameters
    ----------
    network : Network
        Answers.
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The intact picture.
    image_id : str
        Its name, on which the fill's noise hangs.
    removed : numpy.ndarray of bool, shape (n, n_tiles)
        Which tiles are gone.
    removal : Removal
        Tiles and fill.

    Returns
    -------
    numpy.ndarray, shape (n, n_classes)
        Logits. Equal sets of tiles are shown once.

    Raises
    ------
    InputError
        If the network answers with numbers that are not finite.
    """
    distinct, place = np.unique(removed, axis=0, return_inverse=True)
    tiles = removal.tile_of_pixel
    if removal.fill in IMPUTING:
        fill_in = imputer(removal.fill, picture, removal.seed, image_id)
        parts = [
            network.logits(
                np.stack(
                    [fill_in(mask[tiles]) for mask in distinct[start : start + _PICTURES_PER_CALL]]
                )
            )
            for start in range(0, len(distinct), _PICTURES_PER_CALL)
        ]
        answers = np.concatenate(parts)
    else:
        shown = cover(removal.fill, picture, removal.seed, image_id)
        answers = network.covered_logits(picture, shown, distinct, tiles)
    answers = np.asarray(answers, dtype=np.float64)
    if not np.isfinite(answers).all():
        raise InputError(
            "A network must answer with finite numbers, but its logits are not. "
            "Train it again: faceoff cnn train."
        )
    return answers[place.ravel()]


def order_logits(
    network: Network, picture: Pixels, image_id: str, orders: Tiles, removal: Removal
) -> Floats:
    """Show a network every step of removal orders of a picture.

    Parameters
    ----------
    network : Network
        Answers.
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The intact picture.
    image_id : str
        Its name.
    orders : numpy.ndarray, shape (n_orders, n_tiles)
        Each row holds the indices of the tiles, the first to be removed first.
    removal : Removal
        Tiles, fill and steps.

    Returns
    -------
    numpy.ndarray, shape (n_orders, steps + 1, n_classes)
        Logits at step 0 (the intact picture) to the last (nothing is left).
    """
    rank = np.argsort(orders, axis=1)
    removed = rank[:, None, :] < removal.tiles_removed[:, None]
    flat = removed.reshape(-1, removal.n_tiles)
    answers = masked_logits(network, picture, image_id, flat, removal)
    return answers.reshape(*removed.shape[:2], -1)


def greedy_order(
    network: Network,
    picture: Pixels,
    image_id: str,
    true_class: int,
    removal: Removal,
    *,
    least_first: bool = False,
) -> Tiles:
    """Find by trial which tile matters most at each step: what a map could reach at the best.

    Parameters
    ----------
    network : Network
        Answers.
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The intact picture.
    image_id : str
        Its name.
    true_class : int
        Index of the expression that the picture shows.
    removal : Removal
        Tiles and fill; one tile goes at each step.
    least_first : bool, default False
        Take the tile whose loss leaves the true expression's probability highest, instead of
        lowest.

    Returns
    -------
    numpy.ndarray, shape (n_tiles,)
        Indices of the tiles. Greedy: no order is lower (or higher) at the first step, but
        another may be at a later one. Of equal tiles the first is taken.
    """
    gone = np.zeros(removal.n_tiles, dtype=bool)
    order: list[int] = []
    while len(order) < removal.n_tiles:
        left = np.flatnonzero(~gone)
        trials = np.repeat(gone[None], len(left), axis=0)
        trials[np.arange(len(left)), left] = True
        answers = masked_logits(network, picture, image_id, trials, removal)
        # Probabilities of 0 and 1 are alike in their last digits; their logarithms are not.
        sure = log_softmax(answers, axis=1)[:, true_class]
        best = left[sure.argmax() if least_first else sure.argmin()]
        order.append(int(best))
        gone[best] = True
    return np.array(order, dtype=np.int64)
