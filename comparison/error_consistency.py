"""Error consistency: whether two observers are right and wrong on the same pictures."""

import numpy as np
import pandas as pd

from comparison.behaviour import Agreement, Floats


def right_answers(people: pd.DataFrame, network: pd.DataFrame) -> tuple[list[str], Floats]:
    """Put right and wrong answers into a matrix, people first, the network last.

    Parameters
    ----------
    people, network : pandas.DataFrame
        Answers, as the module describes them.

    Returns
    -------
    participants : list of str
        The people, in the order of the rows.
    right : ndarray of float, shape (n_people + 1, n_pictures)
        1 or 0; NaN where a person did not see a picture. Seen twice, it is right if more than
        half of the answers were, and NaN where half were.
    """
    marked = people.assign(right=(people["response"] == people["expression"]).astype(float))
    means = marked.pivot_table(index="participant_id", columns="image_id", values="right")
    means = means.reindex(columns=network["image_id"])
    right = np.sign(means.to_numpy() - 0.5)
    right = np.where(right == 0, np.nan, (right + 1) / 2)
    own = (network["predicted"] == network["expression"]).to_numpy(float)
    return [str(name) for name in means.index], np.vstack([right, own])


def error_consistency(right: Floats, weights: Floats | None = None) -> Floats:
    """Compute Cohen's kappa of right and wrong answers between every two observers.

    Two observers of 90 % each are right together often by chance alone; kappa is what they agree
    above that, 0 for independent errors and 1 for the same ones.

    Parameters
    ----------
    right : ndarray of float, shape (n_observers, n_pictures)
        1 for right, 0 for wrong, NaN for not seen; each pair is compared on what both saw.
    weights : ndarray of float, shape (n_pictures,), optional
        How often each picture counts; 1 by default.

    Returns
    -------
    ndarray of float, shape (n_observers, n_observers)
        NaN where chance alone would agree always (both always right, or both always wrong), or
        nothing was seen by both.

    References
    ----------
    Geirhos, R., Meding, K. and Wichmann, F. A. (2020). Beyond accuracy: quantifying trial-by-trial
    behaviour of CNNs and humans by measuring error consistency. NeurIPS, eq. 1 to 3.

    Examples
    --------
    >>> error_consistency(np.array([[1.0, 1, 0, 0], [1.0, 1, 0, 0], [1.0, 0, 1, 0]])).round(2)
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """
    seen = (~np.isnan(right)).astype(float)
    hit = np.nan_to_num(right)
    weighted = hit if weights is None else hit * weights
    both_seen = (seen if weights is None else seen * weights) @ seen.T
    both_right = weighted @ hit.T
    of_first = weighted @ seen.T  # rows' hits on what columns saw too
    with np.errstate(invalid="ignore", divide="ignore"):
        p_both, first, second = (part / both_seen for part in (both_right, of_first, of_first.T))
        observed = 1 - first - second + 2 * p_both
        expected = first * second + (1 - first) * (1 - second)
        kappa = (observed - expected) / (1 - expected)
    # Rounding leaves a hair of chance where there is none.
    return np.where(1 - expected < 1e-12, np.nan, kappa)


def consistency(
    right: Floats, resamples: int, random: np.random.Generator
) -> tuple[Agreement, Agreement, Agreement]:
    """Compare the errors of people and network with those of people among themselves.

    Parameters
    ----------
    right : ndarray of float, shape (n_people + 1, n_pictures)
        As `right_answers` gives it, the network last.
    resamples : int
        Of the bootstrap over pictures.
    random : numpy.random.Generator
        Where the resamples come from.

    Returns
    -------
    people, network, difference : Agreement
        Mean kappa over pairs of people; over people with the network; the second less the first.
        Intervals are percentiles of a bootstrap over pictures; pairs whose kappa is not defined
        are left out and counted in the note.
    """
    n = right.shape[1]
    kappas = error_consistency(right)
    means = np.array(
        [_means(kappas)]
        + [
            _means(error_consistency(right, np.bincount(drawn, minlength=n).astype(float)))
            for drawn in random.integers(0, n, (resamples, n))
        ]
    )
    pairs = _pairs(kappas)
    return (
        _with_interval(means[:, 0], pairs[0], n),
        _with_interval(means[:, 1], pairs[1], n),
        _with_interval(means[:, 2], np.array([]), n),
    )


def _with_interval(means: Floats, pairs: Floats, n: int) -> Agreement:
    """Summarise a mean and its resamples, which follow it."""
    resampled = means[1:][np.isfinite(means[1:])]
    low = high = np.nan
    if len(resampled) > len(means) / 2:
        low, high = map(float, np.percentile(resampled, [2.5, 97.5]))
    unknown = int(np.isnan(pairs).sum())
    note = f"{unknown} of {len(pairs)} pairs not defined" if unknown else ""
    return Agreement(float(means[0]), low, high, np.nan, n, note)


def _pairs(kappas: Floats) -> tuple[Floats, Floats]:
    """Take the pairs of people, and those of people and network."""
    n_people = len(kappas) - 1
    return kappas[:-1, :-1][np.triu_indices(n_people, 1)], kappas[:-1, -1]


def _means(kappas: Floats) -> tuple[float, float, float]:
    """Average over pairs of people, people and network, and give the difference."""
    means = [
        float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan
        for values in _pairs(kappas)
    ]
    return means[0], means[1], means[1] - means[0]
