"""How well the maps of the others foretell a participant's fixations: leave-one-out likelihood."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gaze_analysis.density import Map, axis_kernel
from gaze_analysis.trial_maps import MapRule, fixation_weights
from study.errors import InputError

# The others' map is mixed with so much of a uniform one before its logarithm is taken, so that no
# stray fixation decides alone how wide all maps are (and none far out has the density zero).
UNIFORM_SHARE = 0.01
# Rows of the kernels between fixations that are in memory at once.
_BLOCK = 1024


@dataclass(frozen=True)
class SharedPicture:
    """The fixations on one picture, sorted by participant.

    Parameters
    ----------
    people : ndarray of int, shape (n_participants,)
        Who looked at it, as numbers of the study.
    starts : ndarray of int, shape (n_participants,)
        Index of each one's first fixation.
    who : ndarray of int, shape (n_fixations,)
        Index of each fixation's participant, in `people`.
    x, y, weights : ndarray, shape (n_fixations,)
        Where, in picture pixels, and what it counts.
    """

    people: NDArray[np.int64]
    starts: NDArray[np.int64]
    who: NDArray[np.int64]
    x: Map
    y: Map
    weights: Map


def leave_one_out_gain(fixations: pd.DataFrame, rule: MapRule) -> float:
    """Measure how well the maps of the others foretell each participant's fixations.

    Each fixation is judged by the mean map of all other participants on the picture, made by
    the same rule (weights, edges) and mixed with 1 % of a uniform map. Fixations weigh what
    they weigh in maps: within a picture by the rule's weighting, and participants the same,
    each by the mean over their pictures; or pooled.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations: participant_id, image_id, x_px, y_px, duration_ms.
    rule : MapRule
        How maps are made.

    Returns
    -------
    float
        Mean log2 of the density over that of a uniform map: bits for each fixation.

    Raises
    ------
    InputError
        If no picture was looked at by two people.

    References
    ----------
    Habbema, Hermans and van den Broek (1974), COMPSTAT; Kümmerer, Wallis and Bethge (2015),
    PNAS 112:16054 (information gain); leaving out people in place of points: fixations of one
    participant depend on each other.
    """
    return mean_gain(shared_pictures(fixations, rule), rule)


def shared_pictures(fixations: pd.DataFrame, rule: MapRule) -> list[SharedPicture]:
    """Sort out the pictures that at least two people looked at.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As for `leave_one_out_gain`.
    rule : MapRule
        Says what a fixation counts.

    Returns
    -------
    list of SharedPicture
        They are the same for kernels of any width.

    Raises
    ------
    InputError
        If there is no such picture.
    """
    _, person = np.unique(fixations["participant_id"].to_numpy(dtype=str), return_inverse=True)
    weights = fixation_weights(fixations, rule)
    x, y = (fixations[axis].to_numpy(dtype=np.float64) for axis in ("x_px", "y_px"))
    pictures = []
    for rows in fixations.groupby("image_id").indices.values():
        order = rows[np.argsort(person[rows], kind="stable")]
        people, starts, who = np.unique(person[order], return_index=True, return_inverse=True)
        if len(people) > 1:
            pictures.append(SharedPicture(people, starts, who, x[order], y[order], weights[order]))
    if not pictures:
        raise InputError(
            "A kernel's width by likelihood needs pictures that two people looked at, but there is "
            'none. Set bandwidth = "given" or "scott" in [gaze.density].'
        )
    return pictures


def mean_gain(pictures: list[SharedPicture], rule: MapRule) -> float:
    """Average the information gain over fixations, as `leave_one_out_gain` says.

    Parameters
    ----------
    pictures : list of SharedPicture
        Who looked where.
    rule : MapRule
        How maps are made.

    Returns
    -------
    float
        Bits for each fixation.
    """
    uniform = 1.0 / (rule.grid.width_px * rule.grid.height_px)
    gains, totals = [], []
    for picture in pictures:
        density = _others_density(picture, rule)
        bits = np.log2((1 - UNIFORM_SHARE) * density / uniform + UNIFORM_SHARE)
        totals.append(np.add.reduceat(picture.weights, picture.starts))
        gains.append(np.add.reduceat(picture.weights * bits, picture.starts) / totals[-1])
    of_trials, people = np.concatenate(gains), np.concatenate([p.people for p in pictures])
    if rule.participants == "pooled":
        return float(np.average(of_trials, weights=np.concatenate(totals)))
    n_pictures = np.bincount(people)
    seen = n_pictures > 0
    return float(np.mean(np.bincount(people, of_trials)[seen] / n_pictures[seen]))


def _others_density(picture: SharedPicture, rule: MapRule) -> Map:
    """Evaluate, at each fixation on a picture, the mean map of all other participants."""
    counted, inside = picture.weights, _inside(picture.x, picture.y, rule)
    norm = np.add.reduceat(counted * inside, picture.starts)
    if rule.participants == "equal":
        counted = counted / norm[picture.who]
        norm = np.ones_like(norm)
    density = np.empty_like(picture.x)
    for start in range(0, len(density), _BLOCK):
        block = slice(start, start + _BLOCK)
        kernels = _kernels_at(picture, block, rule)
        kernels *= counted
        of_people = np.add.reduceat(kernels, picture.starts, axis=1)
        of_people[np.arange(len(of_people)), picture.who[block]] = 0.0
        density[block] = of_people.sum(axis=1)
    others: Map = density / (norm.sum() - norm)[picture.who]
    return others


def _kernels_at(picture: SharedPicture, block: slice, rule: MapRule) -> Map:
    """Evaluate all kernels at some of the fixations: (n_block, n_fixations)."""
    x, y, sigma_px = picture.x, picture.y, rule.sigma_px
    if rule.edges == "reflected":
        kernels = axis_kernel(x[block], x, sigma_px, reflect_px=rule.grid.width_px)
        kernels *= axis_kernel(y[block], y, sigma_px, reflect_px=rule.grid.height_px)
        return kernels
    # One exponential for each pair in place of two.
    kernels = np.square(x[block, None] - x)
    kernels += np.square(y[block, None] - y)
    kernels *= -0.5 / sigma_px**2
    np.exp(kernels, out=kernels)
    kernels /= 2 * np.pi * sigma_px**2
    return kernels


def _inside(x: Map, y: Map, rule: MapRule) -> Map:
    """Give the share of each kernel's mass that counts: that on the picture if renormalised."""
    if rule.edges != "renormalised":
        return np.ones_like(x)
    from scipy.special import ndtr

    grid = rule.grid
    shares = [
        ndtr((length - 0.5 - centre) / rule.sigma_px) - ndtr((-0.5 - centre) / rule.sigma_px)
        for centre, length in ((x, grid.width_px), (y, grid.height_px))
    ]
    inside: Map = shares[0] * shares[1]
    return inside
