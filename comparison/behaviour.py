"""Behaviour: whether people and network take the same expressions, and the same pictures, wrongly.

Answers are a frame with a row for each picture that a person named: ``participant_id``,
``image_id``, ``expression`` and ``response`` (missing where no answer came in time, which counts
as wrong but confuses nothing). The network's are ``image_id``, ``expression``, ``predicted`` and
``p_<expression>``. Both have the same pictures.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.expressions import EXPRESSIONS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """One measure of how alike people and network are.

    Parameters
    ----------
    estimate : float
        The measure; NaN where it is not defined.
    ci_low, ci_high : float
        Its 95 % interval; NaN where there is none.
    p : float
        Of the test against no agreement; NaN where there is none.
    n : int
        Number of pictures, or of cells of a matrix.
    note : str, default ""
        What to know about it, such as why it is not defined.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p: float
    n: int
    note: str = ""


def confusion_shares(shown: pd.Series, answered: pd.Series) -> pd.DataFrame:
    """Compute how often each expression is taken for each other one.

    Parameters
    ----------
    shown : Series of str
        Expression of each picture.
    answered : Series of str
        The answer; missing ones are left out.

    Returns
    -------
    pandas.DataFrame
        Shares of the answers to each expression: rows shown, columns answered, only expressions
        that are shown. An answer that is never shown counts in its row's sum.
    """
    counts = pd.crosstab(shown[answered.notna()], answered.dropna())
    names = [name for name in EXPRESSIONS if name in counts.index]
    shares = counts.div(counts.sum(axis=1), axis=0)
    return shares.reindex(index=names, columns=names, fill_value=0.0)


def confusion_correlation(people: pd.DataFrame, network: pd.DataFrame) -> Agreement:
    """Correlate the errors of two confusion matrices, cell by cell without the diagonal.

    The test renames the expressions of one matrix, rows and columns alike, in every possible way
    (7! = 5040 for seven): which expressions are alike is then chance, while the matrix keeps its
    structure. The p value is the share of namings with a correlation at least as great (Mantel,
    1967; one-sided).

    Parameters
    ----------
    people, network : pandas.DataFrame, shape (k, k)
        As `confusion_shares` gives them, of the same expressions.

    Returns
    -------
    Agreement
        Pearson's r over the k (k - 1) cells; NaN where one of them makes no errors, or the same
        share of each.

    References
    ----------
    Mantel, N. (1967). The detection of disease clustering and a generalized regression approach.
    Cancer Research, 27, 209-220.
    """
    k = len(people)
    off = ~np.eye(k, dtype=bool)
    first = people.to_numpy(float)
    second = network.loc[people.index, people.columns].to_numpy(float)
    for name, matrix in (("people make", first), ("the network makes", second)):
        if k < 3 or np.ptp(matrix[off]) == 0:
            note = f"not defined: {name} no errors that differ between cells"
            return Agreement(np.nan, np.nan, np.nan, np.nan, k * (k - 1), note)
    wanted = _standardised(first[off])
    orders = np.array(list(permutations(range(k))))
    renamed = second[orders[:, :, None], orders[:, None, :]][:, off]
    found = (renamed - renamed.mean(axis=1, keepdims=True)) @ wanted
    found /= second[off].std() * off.sum()
    # The first naming is the true one; a hair's breadth lets ties of rounding count.
    p = float((found >= found[0] - 1e-12).mean())
    return Agreement(float(found[0]), np.nan, np.nan, p, k * (k - 1))


def _standardised(values: Floats) -> Floats:
    """Bring values to a mean of 0 and a standard deviation of 1."""
    return np.asarray((values - values.mean()) / values.std())


def by_picture(people: pd.DataFrame, network: pd.DataFrame) -> pd.DataFrame:
    """Set people's answers to each picture beside the network's.

    Parameters
    ----------
    people, network : pandas.DataFrame
        Answers, as the module describes them.

    Returns
    -------
    pandas.DataFrame
        ``image_id``, ``expression``, ``n_people``, ``people_right`` (share), ``majority`` (the
        answer given most often; missing where two are), ``network``, ``network_right`` and
        ``p_true`` (the network's probability of the expression shown).
    """
    rows = []
    answers = dict(list(people.groupby("image_id")))
    # An adopted network may not know an expression: it gives it nothing.
    probabilities = [f"p_{name}" for name in EXPRESSIONS]
    network = network.assign(**network[probabilities].fillna(0.0))
    for picture in network.to_dict("records"):
        own = answers[picture["image_id"]]
        counts = own["response"].value_counts()
        alone = len(counts) > 0 and (counts == counts.iloc[0]).sum() == 1
        rows.append(
            {
                "image_id": picture["image_id"],
                "expression": picture["expression"],
                "n_people": len(own),
                "people_right": float((own["response"] == picture["expression"]).mean()),
                "majority": counts.index[0] if alone else None,
                "network": picture["predicted"],
                "network_right": picture["predicted"] == picture["expression"],
                "p_true": picture[f"p_{picture['expression']}"],
            }
        )
    return pd.DataFrame(rows)


def mcnemar(pictures: pd.DataFrame) -> Agreement:
    """Test whether people's majority and the network name different shares of pictures rightly.

    Parameters
    ----------
    pictures : pandas.DataFrame
        As `by_picture` gives it; pictures without a majority are left out.

    Returns
    -------
    Agreement
        Share right of people less that of the network, with the interval of Bonett and Price
        (2012), and the exact p of McNemar's test.

    References
    ----------
    McNemar, Q. (1947). Psychometrika, 12, 153-157. Bonett, D. G. and Price, R. M. (2012).
    Adjusted Wald confidence interval for a difference of binomial proportions based on paired
    data. Journal of Educational and Behavioral Statistics, 37, 479-488.
    """
    from scipy.stats import norm
    from statsmodels.stats.contingency_tables import mcnemar as exact

    known = pictures[pictures["majority"].notna()]
    people = (known["majority"] == known["expression"]).to_numpy()
    network = known["network_right"].to_numpy(bool)
    n = len(known)
    only_people, only_network = int((people & ~network).sum()), int((network & ~people).sum())
    note = f"right are both: {(people & network).sum()}, only people: {only_people}, " \
           f"only the network: {only_network}, neither: {(~people & ~network).sum()}"  # fmt: skip
    if len(pictures) > n:
        note += f"; without a majority: {len(pictures) - n}"
    if not n:
        return Agreement(np.nan, np.nan, np.nan, np.nan, 0, note)
    table = [[0, only_people], [only_network, 0]]
    first, second = (only_people + 1) / (n + 2), (only_network + 1) / (n + 2)
    half = norm.ppf(0.975) * np.sqrt((first + second - (first - second) ** 2) / (n + 2))
    low, high = max(first - second - half, -1), min(first - second + half, 1)
    p = float(exact(table, exact=True).pvalue) if only_people + only_network else 1.0
    return Agreement((only_people - only_network) / n, low, high, p, n, note)


def difficulty(
    pictures: pd.DataFrame, resamples: int, random: np.random.Generator, *, within: bool
) -> Agreement:
    """Correlate how hard pictures are for people and for the network.

    Parameters
    ----------
    pictures : pandas.DataFrame
        As `by_picture` gives it.
    resamples : int
        Of the permutations and of the bootstrap.
    random : numpy.random.Generator
        Where they come from.
    within : bool
        Compare pictures of the same expression only: ranks less their expression's mean, and
        permutations within expressions.

    Returns
    -------
    Agreement
        Spearman's correlation of the share of people who are right with the network's probability
        of the expression shown; percentile interval over pictures; p two-sided, by permutation.
    """
    names = pictures["expression"] if within else np.zeros(len(pictures))
    groups = pd.factorize(names)[0]
    ranks = pictures[["people_right", "p_true"]].rank().to_numpy(float)
    n = len(pictures)
    first, second = (_centred(ranks[:, place], groups) for place in (0, 1))
    found = _cosine(first, second)
    if not np.isfinite(found):
        note = "not defined: all pictures are as hard for people or for the network"
        return Agreement(np.nan, np.nan, np.nan, np.nan, n, note)
    # Orders within groups leave the groups' means as they are.
    by_chance = np.array(
        [_cosine(first, second[_shuffled(groups, random)]) for _ in range(resamples)]
    )
    p = (1 + (np.abs(by_chance) >= abs(found) - 1e-12).sum()) / (resamples + 1)
    spread = [
        _cosine(_centred(ranks[rows, 0], groups[rows]), _centred(ranks[rows, 1], groups[rows]))
        for rows in random.integers(0, n, (resamples, n))
    ]
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return Agreement(found, float(low), float(high), float(p), n)


def _centred(values: Floats, groups: NDArray[np.int64]) -> Floats:
    """Subtract each group's mean."""
    counts = np.bincount(groups)
    means = np.bincount(groups, values) / np.maximum(counts, 1)
    return np.asarray(values - means[groups])


def _cosine(first: Floats, second: Floats) -> float:
    """Correlate values whose means are 0; NaN where all are."""
    norm = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / norm) if norm > 1e-9 else np.nan


def _shuffled(groups: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Put places into a random order within each group."""
    order = np.arange(len(groups))
    for name in np.unique(groups):
        places = np.flatnonzero(groups == name)
        order[places] = random.permutation(places)
    return order
