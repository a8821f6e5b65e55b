"""The tests of one simulated study: over participants, over pictures, and over both.

A value stands for one participant and one picture; what the rules leave out is missing (NaN).
Over participants alone, or over pictures alone, a result holds for these pictures, or for these
participants; over both, for new ones of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from comparison.resampling import Draws, sign_flip_p

Floats = NDArray[np.float64]

OVER_PARTICIPANTS = "paired t over participants"
OVER_PICTURES = "sign-flip permutation over pictures"
OVER_BOTH = "quasi-F over participants and pictures"


@dataclass(frozen=True)
class Spread:
    """The variance of a mean.

    Parameters
    ----------
    variance : float
        Its estimate.
    df : float
        Its degrees of freedom.
    """

    variance: float
    df: float


@dataclass(frozen=True)
class Differences:
    """The differences of one study, summed up in two ways.

    Parameters
    ----------
    participants : ndarray, shape (n_participants,)
        Mean difference of each participant.
    pictures : tuple of ndarray
        One array: the difference of each picture. Or two: the values of the pictures of either
        condition, where each has its own pictures.
    noise : Spread
        The variance of the mean difference that is due to single trials.
    """

    participants: Floats
    pictures: tuple[Floats, ...]
    noise: Spread

    @property
    def estimate(self) -> float:
        """The mean difference, in which participants weigh the same."""
        return float(self.participants.mean())

    def minus(self, value: float) -> "Differences":
        """Take a value off every difference: what is tested is then whether it is the true one."""
        first, *others = self.pictures
        return Differences(self.participants - value, (first - value, *others), self.noise)


def between_expressions(first: Floats, second: Floats) -> Differences:
    """Compare the pictures of two expressions that the same participants saw.

    Parameters
    ----------
    first, second : ndarray, shape (n_participants, n_pictures)
        The values on the pictures of each expression.

    Returns
    -------
    Differences
        Without participants or pictures that have no value.

    Examples
    --------
    >>> found = between_expressions(np.array([[3.0, 5.0], [4.0, 4.0]]), np.ones((2, 2)))
    >>> found.participants, found.estimate
    (array([3., 3.]), 3.0)
    """
    differences = _means(first, axis=1) - _means(second, axis=1)
    of_pictures = tuple(_known(_means(values, axis=0)) for values in (first, second))
    return Differences(_known(differences), of_pictures, _sum([_noise(first), _noise(second)]))


def from_network(gaze: Floats, network: Floats) -> Differences:
    """Compare gaze with the network on the same pictures.

    Parameters
    ----------
    gaze : ndarray, shape (n_participants, n_pictures)
        Each participant's share on each picture.
    network : ndarray, shape (n_pictures,)
        The network's share.

    Returns
    -------
    Differences
        A picture's gaze is the mean over participants, as in its density map.
    """
    of_people = _known(_means(gaze - network, axis=1))
    of_pictures = (_known(_means(gaze, axis=0) - network),)
    return Differences(of_people, of_pictures, _noise(gaze))


def p_values(differences: Differences, draws: Draws) -> dict[str, float]:
    """Test whether the differences are zero.

    Parameters
    ----------
    differences : Differences
        Of one study.
    draws : Draws
        How the permutation is done.

    Returns
    -------
    dict of str to float
        Two-sided p by the name of the test: the one that the analysis makes, and that over
        participants and pictures.
    """
    if len(differences.pictures) == 2:
        people = stats.ttest_1samp(differences.participants, 0.0)
        own = {OVER_PARTICIPANTS: float(people.pvalue)}
    else:
        own = {OVER_PICTURES: sign_flip_p(differences.pictures[0], draws)}
    both = quasi_f_p(
        differences.estimate,
        _of_mean(differences.participants),
        _sum([_of_mean(values) for values in differences.pictures]),
        differences.noise,
    )
    return own | {OVER_BOTH: both}


def quasi_f_p(estimate: float, people: Spread, pictures: Spread, noise: Spread) -> float:
    """Test over participants and pictures at once, by the quasi-F ratio.

    The variance of the mean difference is that over participants plus that over pictures, less
    the noise of single trials, which both of them hold.

    Parameters
    ----------
    estimate : float
        The mean difference.
    people, pictures, noise : Spread
        The variance of the mean difference as participants, pictures and trials have it.

    Returns
    -------
    float
        Two-sided p, with Satterthwaite's degrees of freedom. The variance is at least that over
        participants and that over pictures, where the rest would be negative.

    References
    ----------
    Clark (1973), Journal of Verbal Learning and Verbal Behavior 12:335-359; Forster and
    Dickinson (1976), the same journal 15:135-142.

    Examples
    --------
    >>> round(quasi_f_p(0.1, Spread(0.0012, 23), Spread(0.0009, 30), Spread(0.0003, 300)), 3)
    0.024
    """
    variance = people.variance + pictures.variance - noise.variance
    larger = max(people, pictures, key=lambda spread: spread.variance)
    if variance <= larger.variance:
        variance, df = larger.variance, larger.df
    else:
        parts = (spread.variance**2 / spread.df for spread in (people, pictures, noise))
        df = variance**2 / sum(parts)
    if variance == 0:
        return 1.0 if estimate == 0 else 0.0
    return float(2 * stats.t.sf(abs(estimate) / np.sqrt(variance), df))


def _of_mean(values: Floats) -> Spread:
    """Give the variance of a mean."""
    return Spread(float(values.var(ddof=1)) / len(values), len(values) - 1)


def _noise(values: Floats) -> Spread:
    """Give the variance of a mean of single trials that comes from themselves alone."""
    whole = values[np.isfinite(values).any(axis=1)][:, np.isfinite(values).any(axis=0)]
    there = np.isfinite(whole)
    rest = whole - _means(whole, 1)[:, None] - _means(whole, 0) + whole[there].mean()
    df = max(int(there.sum()) - sum(whole.shape) + 1, 1)
    return Spread(float((rest[there] ** 2).sum()) / df / int(there.sum()), df)


def _sum(spreads: Sequence[Spread]) -> Spread:
    """Add variances of independent means; their degrees of freedom add, too."""
    return Spread(sum(s.variance for s in spreads), sum(s.df for s in spreads))


def _means(values: Floats, axis: int) -> Floats:
    """Average what is there; NaN where nothing is."""
    there = np.isfinite(values)
    counts = there.sum(axis=axis)
    sums = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _known(values: Floats) -> Floats:
    """Leave out what is missing."""
    return values[np.isfinite(values)]
