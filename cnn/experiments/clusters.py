"""Differences of accuracy where the people shown, not their pictures, are the unit of chance."""

import numpy as np
from numpy.typing import NDArray

N_DRAWS = 9999
Counts = NDArray[np.float64]


def rate_difference(first: Counts, second: Counts) -> float:
    """Give the difference of two shares of right answers, the second less the first.

    Parameters
    ----------
    first, second : ndarray, shape (n_actors, 2)
        For each actor, the number of right answers and of pictures.

    Returns
    -------
    float
        Over all pictures, so that an actor counts by their number.

    Examples
    --------
    >>> rate_difference(np.array([[1.0, 4.0]]), np.array([[2.0, 4.0], [4.0, 4.0]]))
    0.5
    """
    return float(second[:, 0].sum() / second[:, 1].sum() - first[:, 0].sum() / first[:, 1].sum())


def bootstrap_interval(
    first: Counts,
    second: Counts,
    random: np.random.Generator,
    *,
    paired: bool,
    n_draws: int = N_DRAWS,
) -> tuple[float, float]:
    """Give the 95 % interval of the difference, by drawing actors with replacement.

    Parameters
    ----------
    first, second : ndarray, shape (n_actors, 2)
        For each actor, the number of right answers and of pictures.
    random : numpy.random.Generator
        Where the draws come from.
    paired : bool
        Whether rows at the same place are the same actor, who is then drawn on both sides.
    n_draws : int, default 9999
        Number of draws.

    Returns
    -------
    low, high : float
        The 2.5 and 97.5 percentiles, NaN where a side has one actor only. Deviations from the
        difference are stretched by the root of n / (n - 1) of the smaller side, which percentiles
        of few clusters lack.

    References
    ----------
    Davison, A. C. and Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
    University Press, section 3.8 (resampling of clusters).
    """
    fewest = min(len(first), len(second))
    if fewest < 2:
        return np.nan, np.nan
    weights = _weights(len(first), n_draws, random)
    others = weights if paired else _weights(len(second), n_draws, random)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = _rates(others, second) - _rates(weights, first)
    middle = rate_difference(first, second)
    ends = np.nanpercentile(drawn, [2.5, 97.5])
    low, high = middle + (ends - middle) * np.sqrt(fewest / (fewest - 1))
    return float(max(low, -1.0)), float(min(high, 1.0))


def exchange_p_value(
    first: Counts,
    second: Counts,
    random: np.random.Generator,
    *,
    paired: bool,
    n_draws: int = N_DRAWS,
) -> float:
    """Test a difference by dealing actors, or the two sides of each actor, out anew.

    Parameters
    ----------
    first, second : ndarray, shape (n_actors, 2)
        For each actor, the number of right answers and of pictures.
    random : numpy.random.Generator
        Where the draws come from.
    paired : bool
        True: rows at the same place are the same actor, whose two sides change places by chance.
        False: whole actors are dealt out to the two sides.
    n_draws : int, default 9999
        Number of draws.

    Returns
    -------
    float
        Two-sided p, greater than 0: the observed difference counts as one of the draws. NaN
        where a side has one actor only.

    References
    ----------
    Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical
    Applications in Genetics and Molecular Biology, 9, 39.
    """
    if min(len(first), len(second)) < 2:
        return np.nan
    if paired:
        swapped = random.random((n_draws, len(first))) < 0.5
        onto = swapped.astype(float)
        one = onto @ second + (1 - onto) @ first
        other = onto @ first + (1 - onto) @ second
    else:
        pooled = np.concatenate([first, second])
        places = np.tile(np.arange(len(pooled)) >= len(first), (n_draws, 1))
        onto = random.permuted(places, axis=1).astype(float)
        one, other = (1 - onto) @ pooled, onto @ pooled
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = np.abs(other[:, 0] / other[:, 1] - one[:, 0] / one[:, 1])
    drawn = drawn[np.isfinite(drawn)]
    # Sums of the same numbers in another order differ in their last digits.
    reached = int((drawn >= abs(rate_difference(first, second)) - 1e-12).sum())
    return (1 + reached) / (1 + len(drawn))


def _weights(n_actors: int, n_draws: int, random: np.random.Generator) -> Counts:
    """Draw how often each actor is in each sample."""
    return random.multinomial(n_actors, np.full(n_actors, 1 / n_actors), n_draws).astype(float)


def _rates(weights: Counts, counts: Counts) -> Counts:
    """Give the share of right answers in each sample."""
    sums = weights @ counts
    rates: Counts = sums[:, 0] / sums[:, 1]
    return rates
