"""The order of looking: transitions between regions, entropies, and the length of scanpaths."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gaze_analysis.region_measures import TRIAL_KEYS

SCANPATH_COLUMNS = {
    "participant_id": "Who looked.",
    "session": "Label of the session.",
    "trial": "Number of the trial in the session.",
    "image_id": "The picture that was shown.",
    "expression": "The expression that it shows.",
    "n_fixations": "Number of included fixations.",
    "dwell_ms": "Their summed duration, in ms; n/a where durations are not known.",
    "path_length_deg": "Summed distance between successive included fixations, in degrees.",
    "mean_amplitude_deg": "Mean distance between successive included fixations, in degrees.",
    "first_region": "The region of the first included fixation.",
    "n_regions": "Number of different regions that were looked at.",
    "stationary_entropy_bits": "Entropy of the shares of fixations in the regions, in bits; n/a "
    "for few fixations.",
    "stationary_entropy": "The same as a share of its largest value, log2 of the regions' number.",
    "transition_entropy_bits": "Mean entropy of the next region given the present one, in bits.",
    "transition_entropy": "The same as a share of its largest value.",
}
TRANSITION_COLUMNS = {
    "participant_id": "Who looked.",
    "expression": "The expression that was shown; all: every trial.",
    "from": "The region of a fixation.",
    "to": "The region of the next included fixation of the trial.",
    "count": "Number of such pairs.",
    "probability": "Their share among the pairs that begin in `from`; n/a if there is none.",
    "probability_leaving": "Their share among the pairs that begin in `from` and leave it; n/a "
    "for staying.",
}
ENTROPY_COLUMNS = {
    "participant_id": "Who looked.",
    "expression": "The expression that was shown; all: every trial.",
    "n_trials": "Number of trials.",
    "n_fixations": "Number of included fixations in them.",
    "n_transitions": "Number of pairs of successive fixations.",
    "stationary_entropy_bits": "Entropy of the shares of fixations in the regions, all trials "
    "pooled, in bits.",
    "stationary_entropy": "The same as a share of its largest value, log2 of the regions' number.",
    "transition_entropy_bits": "Mean entropy of the next region given the present one, in bits.",
    "transition_entropy": "The same as a share of its largest value.",
    "leaving_entropy_bits": "The same for pairs that leave the region, in bits.",
    "leaving_entropy": "The same as a share of its largest value, log2 of the other regions' "
    "number.",
}


def stationary_entropy(counts: ArrayLike) -> float:
    """Measure how evenly looks are spread over regions.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Fixations (or their time) in each region.

    Returns
    -------
    float
        Shannon's entropy of the shares in bits, from 0 (one region) to log2 n; NaN without
        fixations. The shares estimate the chain's stationary distribution: the eigenvector of a
        transition matrix of few fixations need not be unique.

    References
    ----------
    Krejtz et al. (2014), Entropy-based statistical analysis of eye movement transitions, ETRA,
    H_s; Krejtz et al. (2015), Gaze transition entropy, ACM Transactions on Applied Perception
    13(1):4.

    Examples
    --------
    >>> stationary_entropy([5, 5, 5, 5]), stationary_entropy([7, 0])
    (2.0, 0.0)
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum()
    if not total > 0:
        return float("nan")
    shares = counts[counts > 0] / total
    return float(np.sum(shares * np.log2(1 / shares)))


def transition_entropy(counts: ArrayLike) -> float:
    """Measure how uncertain the next region is, given the present one.

    Parameters
    ----------
    counts : array_like, shape (n, n)
        Transitions from each region (rows) to each (columns).

    Returns
    -------
    float
        The entropy of each row's probabilities in bits, weighted by the row's share of all
        transitions: from 0 (the next region is certain) to log2 n. NaN without transitions.

    References
    ----------
    Krejtz et al. (2014), H_t = -sum_i pi_i sum_j p_ij log2 p_ij.

    Examples
    --------
    >>> transition_entropy([[0, 4], [4, 0]]), transition_entropy([[3, 3], [3, 3]])
    (0.0, 1.0)
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum()
    if not total > 0:
        return float("nan")
    leaving = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    made = counts > 0
    return float(np.sum(counts[made] / total * np.log2(leaving[made] / counts[made])))


def transition_counts(fixations: pd.DataFrame, regions: Sequence[str]) -> NDArray[np.int64]:
    """Count the transitions between successive fixations of the same trial.

    Parameters
    ----------
    fixations : pandas.DataFrame
        participant_id, session, trial and region, in the order in which they were made.
    regions : sequence of str
        All regions that occur.

    Returns
    -------
    ndarray of int, shape (n, n)
        From (rows) and to (columns), in the order of `regions`; staying is on the diagonal.
    """
    before, after, _ = _pairs(fixations, regions)
    n = len(regions)
    return np.bincount(before * n + after, minlength=n * n).reshape(n, n)


def _pairs(
    fixations: pd.DataFrame, regions: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """List the regions of each pair of successive fixations, and the pair's first row."""
    codes = _codes(fixations, regions)
    trial = fixations.groupby(TRIAL_KEYS, sort=False).ngroup().to_numpy()
    first = np.flatnonzero(trial[1:] == trial[:-1])
    return codes[first], codes[first + 1], first


def _codes(fixations: pd.DataFrame, regions: Sequence[str]) -> NDArray[np.int64]:
    """Give each fixation the place of its region among all."""
    codes = pd.Index(list(regions)).get_indexer(pd.Index(fixations["region"]))
    if (codes < 0).any():
        raise ValueError(f"regions must hold {fixations['region'][codes < 0].iloc[0]!r}")
    return codes.astype(np.int64)


def transitions(fixations: pd.DataFrame, regions: Sequence[str]) -> pd.DataFrame:
    """Tabulate the transitions of each participant, by expression and for all trials.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As `region_measures.name_regions` gives them.
    regions : sequence of str
        All regions that occur.

    Returns
    -------
    pandas.DataFrame
        The columns of `TRANSITION_COLUMNS`, every pair of regions for each participant.
    """
    names = np.array(regions, dtype=object)
    tables = []
    for person, expression, own in _groups(fixations):
        counts = transition_counts(own, regions)
        leaving = counts - np.diag(np.diag(counts))
        shares = _row_shares(leaving)
        np.fill_diagonal(shares, np.nan)
        tables.append(
            pd.DataFrame(
                {
                    "participant_id": person,
                    "expression": expression,
                    "from": np.repeat(names, len(names)),
                    "to": np.tile(names, len(names)),
                    "count": counts.ravel(),
                    "probability": _row_shares(counts).ravel(),
                    "probability_leaving": shares.ravel(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)[list(TRANSITION_COLUMNS)]


def _row_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide each row by its sum; NaN for empty rows."""
    total = counts.sum(axis=1, keepdims=True).astype(float)
    return np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)


def _groups(fixations: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Go through the fixations of each participant by expression, and all of them."""
    for person, own in fixations.groupby("participant_id", sort=True):
        for expression, shown in own.groupby("expression", sort=True):
            yield str(person), str(expression), shown
        yield str(person), "all", own


def entropies(fixations: pd.DataFrame, regions: Sequence[str]) -> pd.DataFrame:
    """Measure the entropies of each participant's pooled scanpaths.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As `region_measures.name_regions` gives them.
    regions : sequence of str
        All regions that occur; their number gives the largest possible entropy.

    Returns
    -------
    pandas.DataFrame
        The columns of `ENTROPY_COLUMNS`, by expression and for all trials.
    """
    rows = []
    for person, expression, own in _groups(fixations):
        counts = transition_counts(own, regions)
        leaving = counts - np.diag(np.diag(counts))
        row: dict[str, object] = {
            "participant_id": person,
            "expression": expression,
            "n_trials": own.groupby(TRIAL_KEYS).ngroups,
            "n_fixations": len(own),
            "n_transitions": int(counts.sum()),
        }
        row |= _entropy_pair(own["region"].value_counts().to_numpy(), counts, len(regions))
        bits = transition_entropy(leaving)
        row |= {"leaving_entropy_bits": bits, "leaving_entropy": _share(bits, len(regions) - 1)}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(ENTROPY_COLUMNS))


def _entropy_pair(looks: ArrayLike, counts: ArrayLike, n_regions: int) -> dict[str, float]:
    """Give both entropies, in bits and as shares of their largest value."""
    stationary, transition = stationary_entropy(looks), transition_entropy(counts)
    return {
        "stationary_entropy_bits": stationary,
        "stationary_entropy": _share(stationary, n_regions),
        "transition_entropy_bits": transition,
        "transition_entropy": _share(transition, n_regions),
    }


def _share(bits: float, n: int) -> float:
    """Divide an entropy by its largest value, where that is not 0."""
    return bits / float(np.log2(n)) if n > 1 else float("nan")


def scanpaths(
    fixations: pd.DataFrame,
    regions: Sequence[str],
    amplitudes_deg: ArrayLike,
    min_fixations: int,
) -> pd.DataFrame:
    """Measure the scanpath of each trial.

    Parameters
    ----------
    fixations : pandas.DataFrame
        As `region_measures.name_regions` gives them.
    regions : sequence of str
        All regions that occur.
    amplitudes_deg : array_like, shape (n,)
        For each fixation, its distance from the row before it, in degrees; only those within a
        trial are used.
    min_fixations : int
        Trials with fewer fixations have no entropies.

    Returns
    -------
    pandas.DataFrame
        The columns of `SCANPATH_COLUMNS`.
    """
    before, after, first = _pairs(fixations, regions)
    steps = np.full(len(fixations), np.nan)
    steps[first + 1] = np.asarray(amplitudes_deg, dtype=float)[first + 1]
    rows = fixations.assign(step=steps)
    trials = rows.groupby(TRIAL_KEYS, sort=False)
    table = trials.agg(
        image_id=("image_id", "first"),
        expression=("expression", "first"),
        n_fixations=("region", "size"),
        dwell_ms=("duration_ms", "sum"),
        path_length_deg=("step", "sum"),
        mean_amplitude_deg=("step", "mean"),
        first_region=("region", "first"),
        n_regions=("region", "nunique"),
    )
    timed = rows["duration_ms"].notna().groupby([rows[key] for key in TRIAL_KEYS], sort=False).all()
    table["dwell_ms"] = table["dwell_ms"].where(timed)
    known = table["mean_amplitude_deg"].notna() | (table["n_fixations"] == 1)
    table["path_length_deg"] = table["path_length_deg"].where(known)
    numbers = _trial_entropies(rows, regions, (before, after, first), min_fixations)
    return pd.concat([table.reset_index(), numbers], axis=1)[list(SCANPATH_COLUMNS)]


def _trial_entropies(
    fixations: pd.DataFrame,
    regions: Sequence[str],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    min_fixations: int,
) -> pd.DataFrame:
    """Measure both entropies of each trial, in the order of the trials."""
    n = len(regions)
    trial = fixations.groupby(TRIAL_KEYS, sort=False).ngroup().to_numpy()
    codes = pd.Categorical(fixations["region"], categories=list(regions)).codes.astype(np.int64)
    n_trials = int(trial.max()) + 1
    looks = np.bincount(trial * n + codes, minlength=n_trials * n).reshape(n_trials, n)
    before, after, first = pairs
    moves = np.bincount((trial[first] * n + before) * n + after, minlength=n_trials * n * n)
    nothing = dict.fromkeys(_entropy_pair([0], [[0]], n), float("nan"))
    return pd.DataFrame(
        [
            _entropy_pair(own, made, n) if own.sum() >= min_fixations else nothing
            for own, made in zip(looks, moves.reshape(n_trials, n, n), strict=True)
        ]
    )
