"""Judging: what a network answers to every picture, and how often it is right on unseen people."""

import numpy as np
import pandas as pd

from cnn.data import load_split, read_labels
from cnn.network import Network, load_network, softmax
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.progress import say, track
from study.tables import write_table

PREDICTIONS = {
    "image_id": "picture",
    "split": "what the picture was used for: train, validation, test or unused",
    "expression": "expression that the picture shows",
    "predicted": "expression with the greatest probability",
    "correct": "whether the two agree",
    **{f"p_{name}": f"probability that the network gives to {name}" for name in EXPRESSIONS},
}

EVALUATION = {
    "metric": "accuracy, macro_f1, or recall of one expression, on the test pictures",
    "value": "from 0 to 1",
    "ci_low": "lower end of the 95 % Wilson interval; n/a where it is no proportion",
    "ci_high": "upper end of the 95 % Wilson interval; n/a where it is no proportion",
    "n": "number of pictures",
}


def evaluate(study: Study, model: str) -> None:
    """Let a trained network name every picture, and write its answers and scores.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.

    Raises
    ------
    InputError
        If the network was not trained yet, or there are no test pictures.
    """
    network = load_network(study, model)
    predictions = predict(study, network)
    scores = score(predictions[predictions["split"] == "test"])
    folder = study.cnn_dir(model)
    write_table(folder / "predictions.tsv", predictions, PREDICTIONS)
    write_table(folder / "evaluation.tsv", scores, EVALUATION)
    accuracy = scores.iloc[0]
    say(
        f"network {model}: {100 * accuracy['value']:.1f} % of {accuracy['n']} test pictures named "
        f"rightly, 95 % CI {100 * accuracy['ci_low']:.1f} to {100 * accuracy['ci_high']:.1f}"
    )
    unknown = [name for name in EXPRESSIONS if name not in network.expressions]
    if unknown:
        names = ", ".join(unknown)
        say(f"warning: the network cannot answer {names}; their pictures count as wrong")


def predict(study: Study, network: Network) -> pd.DataFrame:
    """Let a network name every picture of a study's splits.

    Parameters
    ----------
    study : Study
        The study.
    network : Network
        The network.

    Returns
    -------
    pandas.DataFrame
        One row for each picture, with the columns of `PREDICTIONS`.
    """
    labels = read_labels(study)
    tables = []
    for split in track([*dict.fromkeys(labels["split"])], "evaluate"):
        pictures = load_split(study, labels, split, network.input_px)
        probabilities = softmax(network.logits(pictures.pictures))
        names = [f"p_{name}" for name in network.expressions]
        table = pictures.table[["image_id", "split", "expression"]].copy()
        best = probabilities.argmax(axis=1)
        table["predicted"] = [network.expressions[index] for index in best]
        table["correct"] = table["predicted"] == table["expression"]
        # Six digits: more would differ from one processor to another.
        tables.append(table.join(pd.DataFrame(probabilities.round(6), columns=names)))
    predictions = pd.concat(tables).set_index("image_id")
    # A network can have been adopted that knows fewer expressions: it gives the others nothing.
    answers = predictions.loc[labels["image_id"]].reset_index()
    return answers.reindex(columns=list(PREDICTIONS))


def score(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score a network's answers.

    Parameters
    ----------
    predictions : pandas.DataFrame
        With the columns ``expression`` and ``predicted``.

    Returns
    -------
    pandas.DataFrame
        Accuracy, macro F1 and each expression's recall, with the columns of `EVALUATION`.

    Raises
    ------
    InputError
        If there are no pictures.
    """
    if predictions.empty:
        raise InputError(
            "A network is judged on test pictures, but the splits name none. "
            "Make the splits anew: faceoff stimuli register."
        )
    right = predictions["predicted"] == predictions["expression"]
    n = len(predictions)
    rows = [("accuracy", right.mean(), *wilson_interval(int(right.sum()), n), n)]
    rows.append(("macro_f1", macro_f1(predictions), np.nan, np.nan, n))
    for name in EXPRESSIONS:
        hits = right[predictions["expression"] == name]
        if len(hits):
            interval = wilson_interval(int(hits.sum()), len(hits))
            rows.append((f"recall_{name}", hits.mean(), *interval, len(hits)))
    return pd.DataFrame(rows, columns=list(EVALUATION))


def wilson_interval(n_right: int, n: int) -> tuple[float, float]:
    """Compute the 95 % confidence interval of a proportion.

    Parameters
    ----------
    n_right : int
        Number of hits.
    n : int
        Number of trials, greater than 0.

    Returns
    -------
    low, high : float
        Ends of the interval, within 0 and 1.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association, 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    from scipy.stats import binomtest

    interval = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def macro_f1(predictions: pd.DataFrame) -> float:
    """Compute the mean over expressions of the harmonic mean of precision and recall.

    Parameters
    ----------
    predictions : pandas.DataFrame
        With the columns ``expression`` and ``predicted``.

    Returns
    -------
    float
        From 0 to 1; over the expressions that are shown or answered.
    """
    scores = []
    for name in EXPRESSIONS:
        shown, said = predictions["expression"] == name, predictions["predicted"] == name
        if shown.any() or said.any():
            scores.append(2 * (shown & said).sum() / (shown.sum() + said.sum()))
    return float(np.mean(scores))
