"""The perturbation engine: pictures that lose tile after tile to noise, shown to the network."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from comparison.tiles import tile_edges
from study.errors import InputError
from study.seeds import generator

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]
Tiles = npt.NDArray[np.int64]
PICTURES_PER_CALL = 64


class Network(Protocol):
    """What the engine asks of a network."""

    def logits(self, pictures: Pixels) -> npt.NDArray:
        """Give the logits of pictures (n, height, width, 3), 0..255, as (n, n_classes)."""


def picture_noise(seed: int, image_id: str, side_px: int) -> Pixels:
    """Draw the noise that fills a picture's tiles, once for all its conditions.

    Each pixel and channel is drawn from the uniform distribution over the whole range, before
    the network's own preprocessing.

    Parameters
    ----------
    seed : int
        The study's seed.
    image_id : str
        The picture.
    side_px : int
        Side of the network's input, px.

    Returns
    -------
    numpy.ndarray of uint8, shape (side_px, side_px, 3)
        Values 0 to 255.

    References
    ----------
    Samek et al. (2017), IEEE Transactions on Neural Networks and Learning Systems 28, sect.
    III.B (uniform fill).
    """
    rng = generator(seed, "perturbation noise", image_id)
    return rng.integers(0, 256, size=(side_px, side_px, 3), dtype=np.uint8)


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


def n_pictures_needed(orders: Tiles) -> int:
    """Count the pictures that removal orders (n_orders, n_tiles) of one picture need.

    The first step and the last are the same for all orders, so they are needed once.

    Examples
    --------
    >>> n_pictures_needed(np.zeros((12, 16), dtype=np.int64))
    182
    """
    n_orders, n_tiles = orders.shape
    return 2 + n_orders * (n_tiles - 1)


def occlude(
    picture: Pixels, noise: Pixels, orders: Tiles, tiles_per_side: int, out: Pixels
) -> None:
    """Make all the pictures that several removal orders of one picture need.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The intact picture.
    noise : numpy.ndarray of uint8, shape (side, side, 3)
        What removed tiles show.
    orders : numpy.ndarray, shape (n_orders, n_tiles)
        Removal orders.
    tiles_per_side : int
        Tiles in a row and in a column.
    out : numpy.ndarray of uint8, shape (n_pictures_needed(orders), side, side, 3)
        Is filled with the intact picture, the noise alone, and for each order the steps 1 to
        n_tiles - 1.
    """
    edges = tile_edges(picture.shape[0], tiles_per_side)
    out[0], out[1] = picture, noise
    place = 2
    for order in orders:
        previous = out[0]
        for tile in order[:-1]:
            row, column = divmod(int(tile), tiles_per_side)
            window = np.s_[edges[row] : edges[row + 1], edges[column] : edges[column + 1]]
            out[place] = previous
            out[place][window] = noise[window]
            previous = out[place]
            place += 1


def _unfold(values: Floats, n_orders: int) -> Floats:
    """Bring the logits of `occlude`'s pictures to (n_orders, n_tiles + 1, n_classes)."""
    classes = values.shape[-1]
    steps = values[2:].reshape(n_orders, -1, classes)
    first = np.broadcast_to(values[0], (n_orders, 1, classes))
    last = np.broadcast_to(values[1], (n_orders, 1, classes))
    return np.concatenate([first, steps, last], axis=1)


def perturbation_logits(
    network: Network,
    pictures: Sequence[Pixels] | Pixels,
    noises: Sequence[Pixels] | Pixels,
    orders: Tiles,
    *,
    tiles_per_side: int,
    advance: Callable[[int], None] = lambda pictures_done: None,
) -> Floats:
    """Show a network every step of every removal order of every picture.

    Parameters
    ----------
    network : Network
        Has ``logits(pictures)``.
    pictures, noises : sequence of numpy.ndarray of uint8, each of shape (side, side, 3)
        The intact pictures, and the noise of each.
    orders : numpy.ndarray, shape (n_pictures, n_orders, n_tiles)
        Removal orders of each picture.
    tiles_per_side : int
        Tiles in a row and in a column.
    advance : callable, optional
        Called with the number of pictures that have been finished since the last call.

    Returns
    -------
    numpy.ndarray, shape (n_pictures, n_orders, n_tiles + 1, n_classes)
        Logits at step 0 (the intact picture) to step n_tiles (all noise).

    Raises
    ------
    InputError
        If the network answers with numbers that are not finite.
    """
    n_pictures, n_orders = orders.shape[:2]
    rows = n_pictures_needed(orders[0])
    together = max(1, 4 * PICTURES_PER_CALL // rows)
    # One buffer for all: fresh memory for each picture costs more than the copying into it.
    buffer = np.empty((min(together, n_pictures) * rows, *pictures[0].shape), dtype=np.uint8)
    results = []
    for first in range(0, n_pictures, together):
        chosen = range(first, min(first + together, n_pictures))
        made = buffer[: len(chosen) * rows]
        for place, i in enumerate(chosen):
            out = made[place * rows : (place + 1) * rows]
            occlude(pictures[i], noises[i], orders[i], tiles_per_side, out)
        answers = np.concatenate(
            [
                np.asarray(network.logits(made[start : start + PICTURES_PER_CALL]))
                for start in range(0, len(made), PICTURES_PER_CALL)
            ]
        ).astype(np.float64)
        if not np.isfinite(answers).all():
            raise InputError(
                "A network must answer with finite numbers, but its logits are not. "
                "Train it again: faceoff cnn train."
            )
        results += [_unfold(part, n_orders) for part in answers.reshape(len(chosen), rows, -1)]
        advance(len(chosen))
    return np.stack(results)
