"""The tests of one simulated study: over participants, over pictures, and over both.

A value stands for one participant and one picture; what the rules leave out is missing (NaN).
Over participants alone, or over pictures alone, a result holds for these pictures, or for these
participants; over both, for new ones of each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from comparison.statistics import Draws, sign_flip_p

Floats = NDArray[np.float64]

OVER_PARTICIPANTS = "paired t over participants"
OVER_PICTURES = "sign-flip permutation over pictures"
OVER_BOTH = "min F' over participants and pictures"


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
    """

    participants: Floats
    pictures: tuple[Floats, ...]

    @property
    def estimate(self) -> float:
        """The mean difference, in which participants weigh the same."""
        return float(self.participants.mean())

    def minus(self, value: float) -> "Differences":
        """Take a value off every difference: what is tested is then whether it is the true one."""
        first, *others = self.pictures
        return Differences(self.participants - value, (first - value, *others))


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
    return Differences(_known(differences), of_pictures)


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
    return Differences(of_people, (_known(_means(gaze, axis=0) - network),))


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
    people = stats.ttest_1samp(differences.participants, 0.0)
    if len(differences.pictures) == 2:
        own = {OVER_PARTICIPANTS: float(people.pvalue)}
        pictures = stats.ttest_ind(*differences.pictures)
    else:
        own = {OVER_PICTURES: sign_flip_p(differences.pictures[0], draws)}
        pictures = stats.ttest_1samp(differences.pictures[0], 0.0)
    both = min_f_p(
        float(people.statistic), float(people.df), float(pictures.statistic), float(pictures.df)
    )
    return own | {OVER_BOTH: both}


def min_f_p(t_people: float, df_people: float, t_pictures: float, df_pictures: float) -> float:
    """Test over participants and pictures at once, by the lower bound of the quasi-F.

    Parameters
    ----------
    t_people, t_pictures : float
        The t statistics over participants and over pictures.
    df_people, df_pictures : float
        Their degrees of freedom.

    Returns
    -------
    float
        p of min F' = F1 F2 / (F1 + F2), which is a little too large: both F hold the noise of
        single trials.

    References
    ----------
    Clark (1973), Journal of Verbal Learning and Verbal Behavior 12:335-359, eq. 23 and 24.

    Examples
    --------
    >>> round(min_f_p(3.0, 23, 2.5, 30), 3)
    0.06
    """
    f_people, f_pictures = t_people**2, t_pictures**2
    both = f_people + f_pictures
    if both == 0:
        return 1.0
    df = both**2 / (f_people**2 / df_pictures + f_pictures**2 / df_people)
    return float(stats.f.sf(f_people * f_pictures / both, 1, df))


def _means(values: Floats, axis: int) -> Floats:
    """Average what is there; NaN where nothing is."""
    there = np.isfinite(values)
    counts = there.sum(axis=axis)
    sums = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _known(values: Floats) -> Floats:
    """Leave out what is missing."""
    return values[np.isfinite(values)]
