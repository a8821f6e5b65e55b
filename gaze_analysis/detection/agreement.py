"""How well two labellings of the same gaze agree: sample by sample, and event by event."""

import numpy as np
from numpy.typing import NDArray

from gaze_analysis.detection.trace import Flags, runs


def cohen_kappa(first: Flags, second: Flags) -> float:
    """Measure the agreement of two labellings beyond chance.

    Parameters
    ----------
    first, second : ndarray of bool, shape (n,)
        Whether each sample has the label, to one judge and to the other.

    Returns
    -------
    float
        (observed - chance) / (1 - chance); NaN where both give all samples the same label.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46.

    Examples
    --------
    >>> a = np.array([True, True, False, False])
    >>> cohen_kappa(a, a), cohen_kappa(a, ~a), cohen_kappa(a, np.array([True, False] * 2))
    (1.0, -1.0, 0.0)
    """
    share, other = first.mean(), second.mean()
    chance = share * other + (1 - share) * (1 - other)
    if chance == 1:
        return float("nan")
    return float(((first == second).mean() - chance) / (1 - chance))


def match_events(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> list[tuple[int, int, float]]:
    """Match events of two judges that overlap, each at most once, the best overlaps first.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_events, 2)
        First sample and first one after the last, in the order of time, without overlap
        among the events of one judge.

    Returns
    -------
    list of (int, int, float)
        Place in `first`, place in `second`, and intersection over union.

    Examples
    --------
    >>> match_events(np.array([[0, 10], [20, 30]]), np.array([[0, 5], [5, 30]]))
    [(0, 0, 0.5), (1, 1, 0.4)]
    """
    pairs = []
    for i, (start, end) in enumerate(first.tolist()):
        begin = int(np.searchsorted(second[:, 1], start, side="right"))
        for j in range(begin, len(second)):
            other_start, other_end = second[j].tolist()
            if other_start >= end:
                break
            common = min(end, other_end) - max(start, other_start)
            union = max(end, other_end) - min(start, other_start)
            pairs.append((common / union, i, j))
    matched, taken, used = [], set(), set()
    for overlap, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if i not in taken and j not in used:
            taken.add(i)
            used.add(j)
            matched.append((i, j, overlap))
    return sorted(matched)


def event_f1(n_matched: int, n_first: int, n_second: int) -> float:
    """Give the harmonic mean of precision and recall of matched events.

    Parameters
    ----------
    n_matched : int
        Events of one judge that have a partner.
    n_first, n_second : int
        Events of each judge.

    Returns
    -------
    float
        2 matched / (first + second); NaN where neither found any.

    References
    ----------
    Startsev and Zemblys (2023), Behavior Research Methods 55, 1653-1714, on matching by overlap.
    """
    total = n_first + n_second
    return 2 * n_matched / total if total else float("nan")


def labelled_events(labels: NDArray[np.int64], label: int) -> NDArray[np.int64]:
    """Take the events of one kind out of labels of samples.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        A label for each sample.
    label : int
        The kind.

    Returns
    -------
    ndarray of int, shape (n_events, 2)
        First sample, and first one after the last.
    """
    return runs(labels == label)
