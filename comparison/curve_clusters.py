"""At which steps perturbation curves differ: cluster-based permutation over pictures.

The difference of two conditions' curves is tested at every step, and neighbouring steps that
differ in one direction are judged together, so that the family-wise error is kept over the steps.
Differences at step 0, and where nothing is left, are zero for every picture and in no cluster.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from comparison import apa
from comparison.map_differences import ALPHA, FEWEST_UNITS, ClusterTest, cluster_test
from comparison.map_metrics import Floats
from study.seeds import generator

PAIRS = (("gaze", "relevance"), ("gaze", "random"), ("relevance", "random"))
CURVE_CLUSTER_COLUMNS = {
    "a": "first condition",
    "b": "second condition",
    "expression": "pictures of one expression, or all",
    "n": "number of pictures",
    "threshold_t": "steps whose absolute t is larger form clusters (two-sided p < .01)",
    "n_permutations": "sign flips of whole pictures; all there are, where they are fewer; n/a "
    "where no cluster asked for any",
    "cluster": "number of the cluster, by p and mass; n/a where no step is beyond the threshold",
    "first_step": "first step of the cluster, in steps of removal (0: intact picture)",
    "last_step": "last step of the cluster",
    "lower": "condition whose curve is lower there: its tiles matter more",
    "mean_difference": "a - b of the true expression's probability, mean over the cluster's steps",
    "mass": "sum of t over the cluster's steps",
    "p": "share of sign flips whose largest cluster has as much mass or more (two-sided, "
    "family-wise over the steps of one pair and expression, not over pairs or expressions). A "
    "significant cluster says that the curves differ, not exactly at which steps",
    "note": "why there is no test",
    "sentence": "the result as APA 7 prints it",
}


def curve_clusters(
    sheets: Mapping[str, pd.DataFrame],
    expressions: Mapping[str, str],
    *,
    n_permutations: int,
    seed: int,
) -> pd.DataFrame:
    """Test at which steps the curves of gaze, relevance and random orders differ.

    Parameters
    ----------
    sheets : mapping of str to pandas.DataFrame, shape (n_pictures, n_steps + 1)
        Curves by condition, as `curve_figure.mean_curves` gives them.
    expressions : mapping of str to str
        What each picture shows.
    n_permutations : int
        Sign flips of each test.
    seed : int
        They follow from it.

    Returns
    -------
    pandas.DataFrame
        The columns of `CURVE_CLUSTER_COLUMNS`; pairs without both conditions are left out, and a
        test without any cluster has one row.
    """
    rows: list[dict[str, object]] = []
    for a, b in PAIRS:
        if a not in sheets or b not in sheets:
            continue
        difference = (sheets[a] - sheets[b]).dropna()
        shown = difference.index.map(expressions)
        for group in ("all", *sorted(set(shown))):
            values = difference.to_numpy()[(shown == group) | (group == "all")]
            head: dict[str, object] = {"a": a, "b": b, "expression": group, "n": len(values)}
            draw = int(generator(seed, "curve clusters", a, b, group).integers(2**31))
            rows += [head | row for row in _rows((a, b), values, n_permutations, draw)]
    table = pd.DataFrame(rows, columns=list(CURVE_CLUSTER_COLUMNS))
    table["sentence"] = [_sentence(row) for row in table.to_dict(orient="records")]
    whole = ("n", "n_permutations", "cluster", "first_step", "last_step")
    return table.astype(dict.fromkeys(whole, "Int64"))


def step_clusters(differences: Floats, *, n_permutations: int, seed: int) -> ClusterTest:
    """Find clusters of steps at which curves differ.

    Parameters
    ----------
    differences : numpy.ndarray, shape (n_pictures, n_steps + 1)
        One curve of differences for each picture, six or more.
    n_permutations : int
        Sign flips of whole pictures.
    seed : int
        They follow from it.

    Returns
    -------
    ClusterTest
        With one column.
    """
    # Rounding of equal probabilities is no difference.
    values = np.where(np.abs(differences) < 1e-12, 0.0, differences)
    return cluster_test(values[:, :, None], n_permutations=n_permutations, seed=seed)


def _rows(
    pair: tuple[str, str], values: Floats, n_permutations: int, seed: int
) -> Iterator[dict[str, object]]:
    """Describe the clusters of one pair and group."""
    if len(values) < FEWEST_UNITS:
        yield {"note": f"a test takes {FEWEST_UNITS} pictures or more"}
        return
    test = step_clusters(values, n_permutations=n_permutations, seed=seed)
    if not len(test.p):
        yield {"threshold_t": test.threshold_t}
    shared = {"threshold_t": test.threshold_t, "n_permutations": test.n_permutations}
    for number, (p, mass) in enumerate(zip(test.p, test.mass, strict=True), start=1):
        steps = np.flatnonzero(test.labels[:, 0] == number)
        yield shared | {
            "cluster": number,
            "first_step": int(steps[0]),
            "last_step": int(steps[-1]),
            "lower": pair[0] if mass < 0 else pair[1],
            "mean_difference": float(values[:, steps].mean()),
            "mass": float(mass),
            "p": float(p),
        }


def significant_steps(clusters: pd.DataFrame, a: str, b: str) -> list[tuple[int, int]]:
    """Give the steps at which two conditions differ over all pictures.

    Parameters
    ----------
    clusters : pandas.DataFrame
        As `curve_clusters` makes it.
    a, b : str
        The two conditions.

    Returns
    -------
    list of tuple of int
        First and last step of each cluster with p below .05.
    """
    own = clusters[(clusters["a"] == a) & (clusters["b"] == b) & (clusters["expression"] == "all")]
    own = own[own["p"] < ALPHA].sort_values("first_step")
    return [
        (int(low), int(high)) for low, high in zip(own["first_step"], own["last_step"], strict=True)
    ]


def _sentence(row: Mapping[Any, Any]) -> str:
    """Write one row as a sentence."""
    where = "" if row["expression"] == "all" else f" of {row['expression']} faces"
    curves = f"the curves{where} of {row['a']} and {row['b']}"
    if isinstance(row["note"], str):
        return f"Steps at which {curves} differ were not tested: {row['note']}."
    if pd.isna(row["cluster"]):
        return f"At no step did {curves} differ enough to form a cluster (n = {row['n']} pictures)."
    steps = f"step {row['first_step']:.0f}"
    if row["first_step"] < row["last_step"]:
        steps = f"steps {row['first_step']:.0f} to {row['last_step']:.0f}"
    return (
        f"At {steps}, {curves} formed a cluster with {row['lower']} lower (mean difference "
        f"{apa.number(row['mean_difference'], 3)}, cluster {apa.p_value(row['p'])}, "
        f"n = {row['n']} pictures)."
    )
