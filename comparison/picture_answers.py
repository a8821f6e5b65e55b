"""What a network answers to one picture that loses tile after tile, kept for a run that goes on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from comparison.perturbation import (
    Floats,
    Network,
    Pixels,
    Removal,
    Tiles,
    greedy_order,
    order_logits,
)
from study.writing import atomic_path


@dataclass(frozen=True)
class PictureWork:
    """A picture, and the orders in which it loses its tiles.

    Parameters
    ----------
    image_id : str
        Its name.
    picture : numpy.ndarray of uint8, shape (side, side, 3)
        The intact picture.
    true_class : int
        Index of the expression that it shows.
    tiles : numpy.ndarray, shape (n_orders, n_tiles)
        Each row holds the indices of the tiles, the first to be removed first.
    """

    image_id: str
    picture: Pixels
    true_class: int
    tiles: Tiles


def picture_answers(
    network: Network, work: PictureWork, *, removal: Removal, oracle: bool, parts: Path | None
) -> tuple[Tiles, Floats]:
    """Show a network every step of a picture's orders, and of the oracle's.

    Parameters
    ----------
    network : Network
        Answers.
    work : PictureWork
        The picture and its orders.
    removal : Removal
        Tiles, fill and steps.
    oracle : bool
        Whether to find the oracle's orders.
    parts : Path or None
        Where answers are kept, and taken from if they are there.

    Returns
    -------
    best : numpy.ndarray, shape (2, n_tiles) or (0, n_tiles)
        The oracle's orders, the most relevant tile first and last; none if not asked for.
    logits : numpy.ndarray, shape (n_orders + len(best), steps + 1, n_classes)
        As `comparison.perturbation.order_logits` gives them.
    """
    asked = f"{removal.fill} {removal.steps} {oracle}"
    key = digest((work.picture, work.tiles, removal.edges, asked))
    kept = parts and parts / f"{work.image_id}-{key.hex()[:16]}.npz"
    if kept and kept.is_file():
        with np.load(kept) as file:
            return file["best"], file["logits"]
    best = _oracle_orders(network, work, removal) if oracle else work.tiles[:0]
    orders = np.concatenate([work.tiles, best])
    logits = order_logits(network, work.picture, work.image_id, orders, removal)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(kept) as temporary, temporary.open("wb") as opened:
            np.savez(opened, best=best, logits=logits)
    return best, logits


def _oracle_orders(network: Network, work: PictureWork, removal: Removal) -> Tiles:
    """Find the oracle's orders in both directions."""
    return np.stack([
        greedy_order(
            network, work.picture, work.image_id, work.true_class, removal, least_first=least_first
        )
        for least_first in (False, True)
    ])  # fmt: skip


def digest(values: Iterable[Any]) -> bytes:
    """Hash arrays, bytes and texts.

    Parameters
    ----------
    values : iterable of ndarray, bytes or str
        What to hash, one after the other.

    Returns
    -------
    bytes
        Their SHA-256.

    Examples
    --------
    >>> digest(["a", b"b"]).hex()[:8]
    'fb8e20fc'
    """
    found = hashlib.sha256()
    for value in values:
        found.update(np.ascontiguousarray(value).tobytes() if hasattr(value, "shape") else (
            value if isinstance(value, bytes) else str(value).encode()
        ))  # fmt: skip
    return found.digest()
