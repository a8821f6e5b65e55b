"""How alike the maps of expressions are: people's and every explainer's, all with each other.

Each picture's map is standardised and averaged over the pictures of an expression, so that no
picture counts more because its logit is larger. Representational similarity analysis (Kriegeskorte
et al. 2008) compares the patterns of distances between expressions, not the maps themselves.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.common_maps import PeopleMaps
from comparison.map_metrics import Floats, standardise
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

PEOPLE = "people"
SIMILARITY_COLUMNS = {
    "source_a": "whose maps: people (gaze density), or the method of an explanation (relevance, "
    "smoothed like the gaze density)",
    "expression_a": "expression of the pictures",
    "source_b": "the same of the other map",
    "expression_b": "the same of the other map",
    "r": "Pearson's correlation over the cells of the mean maps; each picture's map is "
    "standardised before it is averaged; 0 where a mean map is constant",
}
RSA_COLUMNS = {
    "a": "people, or the method of an explanation",
    "b": "the same of the other one",
    "n_expressions": "number of expressions; their distances (1 - r of mean maps) are compared",
    "tau_a": "Kendall's tau-a of the two patterns of distances",
    "p": "share of all relabellings of the expressions whose tau-a is as large or larger "
    "(exact, one-sided)",
    "n_permutations": "number of relabellings, the factorial of the number of expressions",
    "p_holm": "p after Holm; the family is all pairs of this table",
    "tau_participants": "with people: mean tau-a of b with each participant's own pattern",
    "ceiling_low": "with people: lower noise ceiling, mean tau-a of each participant's pattern "
    "with the mean of the others",
    "ceiling_high": "with people: upper noise ceiling, the same with the mean of all",
    "n_participants": "with people: participants who saw pictures of every expression",
}
# With three expressions there are six relabellings: no p can be below 1/6.
FEWEST_EXPRESSIONS = 4


def class_maps(maps: npt.ArrayLike, expressions: Sequence[str]) -> dict[str, Floats]:
    """Average maps by expression.

    Parameters
    ----------
    maps : array_like, shape (n_pictures, n_cells)
        Maps of either sign.
    expressions : sequence of str
        What each picture shows.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_cells,)
        Means of the standardised maps, in the order of `EXPRESSIONS`.
    """
    z, labels = standardise(maps), np.array(expressions, dtype=object)
    return {name: z[labels == name].mean(axis=0) for name in EXPRESSIONS if name in set(labels)}


def participants_class_maps(
    people: Sequence[PeopleMaps], expressions: Sequence[str]
) -> dict[str, dict[str, Floats]]:
    """Average each participant's maps by expression.

    Parameters
    ----------
    people : sequence of PeopleMaps
        What each participant looked at on each picture.
    expressions : sequence of str
        What each picture shows.

    Returns
    -------
    dict of str to dict of str to numpy.ndarray
        By participant, then by expression; an expression of which someone saw no picture is
        missing.
    """
    stacks: dict[str, list[Floats]] = {}
    labels: dict[str, list[str]] = {}
    for own, expression in zip(people, expressions, strict=True):
        for name, row in zip(own.names, own.maps, strict=True):
            stacks.setdefault(name, []).append(row)
            labels.setdefault(name, []).append(expression)
    return {name: class_maps(np.stack(stacks[name]), labels[name]) for name in sorted(stacks)}


def similarity_matrix(sources: Mapping[str, Mapping[str, Floats]]) -> pd.DataFrame:
    """Correlate the mean maps of all sources and expressions with each other.

    Parameters
    ----------
    sources : mapping of str to mapping of str to numpy.ndarray
        By source, then by expression.

    Returns
    -------
    pandas.DataFrame
        Square; rows and columns are pairs of source and expression.
    """
    keys = [(source, name) for source, maps in sources.items() for name in maps]
    z = standardise(np.stack([sources[source][name] for source, name in keys]))
    index = pd.MultiIndex.from_tuples(keys, names=["source", "expression"])
    matrix = np.clip(z @ z.T / z.shape[-1], -1.0, 1.0)
    return pd.DataFrame((matrix + matrix.T) / 2, index=index, columns=index)


def similarity_table(matrix: pd.DataFrame) -> pd.DataFrame:
    """Put a matrix of correlations in rows.

    Parameters
    ----------
    matrix : pandas.DataFrame
        That of `similarity_matrix`.

    Returns
    -------
    pandas.DataFrame
        The columns of `SIMILARITY_COLUMNS`, one row for each cell of the matrix.
    """
    values = matrix.to_numpy()
    rows = [
        (*a, *b, float(values[i, j]))
        for i, a in enumerate(matrix.index)
        for j, b in enumerate(matrix.columns)
    ]
    return pd.DataFrame(rows, columns=list(SIMILARITY_COLUMNS))


def average_linkage(matrix: pd.DataFrame) -> tuple[Floats, float]:
    """Cluster maps by average linkage on 1 - r.

    Parameters
    ----------
    matrix : pandas.DataFrame
        That of `similarity_matrix`, of two maps or more.

    Returns
    -------
    linkage : numpy.ndarray, shape (n - 1, 4)
        As scipy's.
    cophenetic_r : float
        Correlation of the tree's distances with those of the maps; missing for two maps.
    """
    from scipy.cluster.hierarchy import cophenet, linkage

    distances = condensed(1.0 - matrix.to_numpy())
    tree = np.asarray(linkage(distances, method="average"))
    if len(distances) < 2 or np.ptp(distances) == 0:
        return tree, float("nan")
    return tree, float(cophenet(tree, distances)[0])


def condensed(matrix: Floats) -> Floats:
    """Take the values above the diagonal of a square matrix, row by row."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)], dtype=np.float64)


def distances_of(maps: Mapping[str, Floats], expressions: Sequence[str]) -> Floats:
    """Compute the representational distances between expressions.

    Parameters
    ----------
    maps : mapping of str to numpy.ndarray
        Mean map of each expression.
    expressions : sequence of str
        Which, in which order.

    Returns
    -------
    numpy.ndarray, shape (n_expressions, n_expressions)
        1 - r.

    References
    ----------
    Kriegeskorte, Mur and Bandettini (2008), Frontiers in Systems Neuroscience 2:4.
    """
    z = standardise(np.stack([maps[name] for name in expressions]))
    return np.asarray(1.0 - z @ z.T / z.shape[-1])


def tau_a(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Compute Kendall's tau-a, which ties make smaller and never larger.

    Parameters
    ----------
    a : array_like, shape (..., n)
        One row of values or several.
    b : array_like, shape (n,)
        Values.

    Returns
    -------
    numpy.ndarray, shape (...)
        (concordant - discordant) / all pairs.

    References
    ----------
    Nili, Wingfield, Walther, Su, Marslen-Wilson and Kriegeskorte (2014), PLoS Computational
    Biology 10:e1003553 (why tau-a and not tau-b, where models may predict ties).

    Examples
    --------
    >>> float(tau_a([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])), float(tau_a([1.0, 1.0, 1.0], [1, 2, 3]))
    (0.3333333333333333, 0.0)
    """
    first, second = np.triu_indices(np.shape(b)[-1], 1)
    a, b = _level(np.asarray(a, dtype=np.float64)), _level(np.asarray(b, dtype=np.float64))
    signs_a = np.sign(a[..., first] - a[..., second])
    signs_b = np.sign(b[..., first] - b[..., second])
    return np.asarray((signs_a * signs_b).mean(axis=-1))


def _level(values: Floats) -> Floats:
    """Make values that differ by rounding equal."""
    return np.round(values, 12)


def relabelling_test(a: Floats, b: Floats) -> tuple[float, float, int]:
    """Compare two patterns of distances, exactly: all relabellings of the expressions.

    Parameters
    ----------
    a, b : numpy.ndarray, shape (n_expressions, n_expressions)
        Distances between the same expressions.

    Returns
    -------
    tau : float
        Kendall's tau-a of the distances above the diagonal.
    p : float
        Share of relabellings of `a` whose tau-a with `b` is as large or larger, the one that is
        no relabelling included.
    n_permutations : int
        Number of relabellings.

    Raises
    ------
    InputError
        If there are more than eight expressions, whose relabellings are too many.
    """
    n = len(a)
    if n > 8:
        raise InputError(
            f"An exact test of relabellings takes at most 8 expressions, but there are {n}. "
            "Compare fewer."
        )
    orders = np.array(list(permutations(range(n))))
    row, column = np.triu_indices(n, 1)
    relabelled = a[orders[:, row], orders[:, column]]
    taus = tau_a(relabelled, condensed(b))
    # The first order is the one that changes nothing.
    return float(taus[0]), float(np.mean(taus >= taus[0] - 1e-12)), len(orders)


def noise_ceiling(patterns: Sequence[Floats]) -> tuple[float, float]:
    """Compute what tau-a any pattern can reach with those of single participants, on average.

    Parameters
    ----------
    patterns : sequence of numpy.ndarray, shape (n_distances,)
        Each participant's distances above the diagonal.

    Returns
    -------
    low, high : float
        Mean tau-a of each participant with the mean ranks of the others, and of all; missing
        for fewer than two participants.

    References
    ----------
    Nili et al. (2014), PLoS Computational Biology 10:e1003553, fig. 2.
    """
    from scipy.stats import rankdata

    if len(patterns) < 2:
        return float("nan"), float("nan")
    ranks = rankdata(_level(np.stack(patterns)), axis=1)
    total, n = ranks.sum(axis=0), len(ranks)
    low = np.mean([tau_a(own, (total - own) / (n - 1)) for own in ranks])
    high = np.mean([tau_a(own, total / n) for own in ranks])
    return float(low), float(high)


def rsa_table(
    sources: Mapping[str, Mapping[str, Floats]],
    participants: Mapping[str, Mapping[str, Floats]],
) -> pd.DataFrame:
    """Compare the patterns of distances between expressions of all sources.

    Parameters
    ----------
    sources : mapping of str to mapping of str to numpy.ndarray
        By source (people among them), then by expression.
    participants : mapping of str to mapping of str to numpy.ndarray
        By participant, then by expression.

    Returns
    -------
    pandas.DataFrame
        The columns of `RSA_COLUMNS`, one row for each pair of sources; none where there are
        fewer than four expressions.
    """
    from statsmodels.stats.multitest import multipletests

    expressions = [name for name in EXPRESSIONS if all(name in maps for maps in sources.values())]
    if len(expressions) < FEWEST_EXPRESSIONS:
        return pd.DataFrame(columns=list(RSA_COLUMNS))
    distances = {name: distances_of(maps, expressions) for name, maps in sources.items()}
    own = [
        condensed(distances_of(maps, expressions))
        for maps in participants.values()
        if all(name in maps for name in expressions)
    ]
    low, high = noise_ceiling(own)
    rows = []
    for place, a in enumerate(distances):
        for b in list(distances)[place + 1 :]:
            tau, p, count = relabelling_test(distances[a], distances[b])
            row = {
                "a": a, "b": b, "n_expressions": len(expressions),
                "tau_a": tau, "p": p, "n_permutations": count,
            }  # fmt: skip
            if a == PEOPLE and own:
                mean = float(np.mean(tau_a(np.stack(own), condensed(distances[b]))))
                row |= {"tau_participants": mean, "ceiling_low": low, "ceiling_high": high}
                row["n_participants"] = len(own)
            rows.append(row)
    table = pd.DataFrame(rows).reindex(columns=list(RSA_COLUMNS))
    corrected = multipletests(table["p"], method="holm")[1]
    return table.assign(p_holm=corrected).astype({"n_participants": "Int64"})
