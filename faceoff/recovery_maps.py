"""The density map that planted strategies imply, and how near so many fixations come to it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from stimuli.regions import REGIONS, region_masks
from study.seeds import generator

Map = NDArray[np.float64]

_N_DRAWS = 200
_TRIAL = ["participant_id", "session", "trial"]


def planted_shares(faces: Sequence[tuple[Map, Map]], shape: tuple[int, ...]) -> Map:
    """Spread the probabilities of regions evenly over them.

    Parameters
    ----------
    faces : sequence of tuple
        For each face looked at, the probability of each of `REGIONS`, and its landmarks in cells
        of the map, shape (68, 2).
    shape : tuple of int
        Rows and columns of the map.

    Returns
    -------
    ndarray, shape `shape`
        The probability of each cell, the mean over the faces.
    """
    total = np.zeros(shape)
    for probabilities, points in faces:
        masks = region_masks(points, shape[1], shape[0])
        for region, probability in zip(REGIONS, probabilities, strict=True):
            if masks[region].any():
                total += probability * masks[region] / masks[region].sum()
    return total / total.sum()


def smoothed(shares: Map, sigma_cells: float) -> Map:
    """Smooth a map as fixations are smoothed, and bring its sum to one.

    Parameters
    ----------
    shares : ndarray
        Weight of each cell.
    sigma_cells : float
        Standard deviation of the Gaussian, in cells.

    Returns
    -------
    ndarray
        What lies outside the map is dropped.
    """
    smooth: Map = gaussian_filter(shares, sigma_cells, mode="constant")
    return smooth / smooth.sum()


def effective_fixations(fixations: pd.DataFrame, refixation: float) -> float:
    """Tell how many independent fixations of equal weight would make as rough a map.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The fixations of one expression's map: participant_id, session, trial, duration_ms.
    refixation : float
        Probability that a fixation stays in the region of the last one.

    Returns
    -------
    float
        One over the sum of squared weights (Kish 1965), where participants, and each one's
        trials, weigh the same, fixations by their duration; less what refixations take away.

    Examples
    --------
    >>> columns = ["participant_id", "session", "trial", "duration_ms"]
    >>> rows = [("sub-001", "01", 1, 200.0), ("sub-001", "01", 1, 200.0), ("sub-002", "01", 1, 9.0)]
    >>> round(effective_fixations(pd.DataFrame(rows, columns=columns), 0.0), 3)
    2.667
    """
    trials = fixations.groupby(_TRIAL)["duration_ms"].transform("sum")
    n_trials = (
        fixations.drop_duplicates(_TRIAL)
        .groupby("participant_id")
        .size()[fixations["participant_id"]]
    ).to_numpy(float)
    weights = (fixations["duration_ms"] / trials).to_numpy(float) / n_trials
    weights /= weights.sum()
    return float((1 - refixation) / (1 + refixation) / np.sum(weights**2))


def least_correlation(shares: Map, sigma_cells: float, n_fixations: float, z: float) -> float:
    """Tell how well a map of so many fixations agrees, at the least, with what it is drawn from.

    Parameters
    ----------
    shares : ndarray
        Probability of each cell.
    sigma_cells : float
        Standard deviation of the Gaussian, in cells.
    n_fixations : float
        Independent fixations of equal weight, rounded to a whole number, at least one.
    z : float
        How many standard deviations below the mean.

    Returns
    -------
    float
        Correlation, by drawing maps from the probabilities, on Fisher's z scale.
    """
    draws = generator(1, "maps of fixations")
    whole = smoothed(shares, sigma_cells).ravel()
    flat = shares.ravel() / shares.sum()
    counts = draws.multinomial(max(1, round(n_fixations)), flat, size=_N_DRAWS)
    found = [
        np.corrcoef(smoothed(own.reshape(shares.shape).astype(float), sigma_cells).ravel(), whole)
        for own in counts
    ]
    fisher = np.arctanh([min(float(r[0, 1]), 1 - 1e-12) for r in found])
    return float(np.tanh(fisher.mean() - z * fisher.std(ddof=1)))
