"""Practice rounds: which training pictures they show, and in which order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from participants.order import arrange
from study.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_DRAWS = 50


class PracticeTrial(NamedTuple):
    """A picture that is shown in practice."""

    image_id: str
    expression: str
    actor: str


def first_round(
    pool: "pd.DataFrame", n_trials: int, rng: np.random.Generator
) -> list[PracticeTrial]:
    """Draw practice pictures: each expression in turn, no actor twice in a row.

    Parameters
    ----------
    pool : pandas.DataFrame
        image_id, expression and actor of the pictures of actors that are not tested.
    n_trials : int
        Number of trials.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    list of PracticeTrial
        In the order in which they are shown.

    Raises
    ------
    InputError
        If there are too few pictures or actors.
    """
    if len(pool) < n_trials:
        raise InputError(
            f"Practice needs {n_trials} pictures of actors that are not tested, but there are "
            f"{len(pool)}. Set fewer: [participants] practice_trials."
        )
    drawn = _draw(pool, n_trials, rng, after=None)
    if drawn is None:
        raise InputError(
            "Practice must not show an actor twice in a row, but the training pictures are of "
            f"{pool['actor'].nunique()} actors. Use a larger face set, or set [participants] "
            "practice_trials = 0."
        )
    return drawn


def next_round(
    pool: "pd.DataFrame", earlier: Sequence[PracticeTrial], n_trials: int, rng: np.random.Generator
) -> list[PracticeTrial]:
    """Draw another round of practice: other pictures, or else those of the last round again.

    Parameters
    ----------
    pool : pandas.DataFrame
        As for `first_round`.
    earlier : sequence of PracticeTrial
        The rounds before, of n_trials each.
    n_trials : int
        Number of trials, 1 or more.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    list of PracticeTrial
        In the order in which they are shown; the pictures of the last round in another order
        where the pool has not enough others.
    """
    shown, last = {trial.image_id for trial in earlier}, list(earlier[-n_trials:])
    others = pool[~pool["image_id"].isin(shown)]
    drawn = None
    if len(others) >= n_trials:
        drawn = _draw(others, n_trials, rng, after=last[-1].actor)
    return drawn or _shuffled(last, rng)


def _draw(
    pool: "pd.DataFrame", n_trials: int, rng: np.random.Generator, after: str | None
) -> list[PracticeTrial] | None:
    """Draw pictures until there is an order in which no actor follows itself."""
    for _ in range(_DRAWS):
        # Each expression's pictures in random order, then one of each in turn.
        mixed = pool.iloc[rng.permutation(len(pool))]
        turn = mixed.groupby("expression").cumcount().to_numpy()
        chosen = mixed.iloc[np.argsort(turn, kind="stable")[:n_trials]]
        order = arrange(list(chosen["actor"]), rng, after=after)
        if order is not None:
            cells = zip(chosen["image_id"], chosen["expression"], chosen["actor"], strict=True)
            trials = [PracticeTrial(*cell) for cell in cells]
            return [trials[place] for place in order]
    return None


def _shuffled(trials: list[PracticeTrial], rng: np.random.Generator) -> list[PracticeTrial]:
    """Put a round into another order; the same one where no other keeps actors apart."""
    actors = [trial.actor for trial in trials]
    order = arrange(actors, rng, after=actors[-1]) or arrange(actors, rng)
    return [trials[place] for place in order] if order else trials
