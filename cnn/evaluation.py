"""Judging: what a network answers to every picture, and how often it is right on unseen people."""

import pandas as pd

from cnn.data import load_split, read_labels
from cnn.network import Network, load_network, softmax
from cnn.placement import logits_apart
from cnn.scores import (
    BY_ACTOR,
    CALIBRATION,
    CONFUSION,
    EVALUATION,
    by_actor,
    calibration,
    confusion,
    score,
)
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS
from study.folder import Study
from study.progress import say, track
from study.tables import write_table

#: Names of the tables of a network's answers and scores.
ANSWERS = ("predictions", "evaluation", "confusion", "actors", "calibration")
PREDICTIONS = {
    "image_id": "picture",
    "split": "what the picture was used for: train, validation, test or unused",
    "expression": "expression that the picture shows",
    "predicted": "expression with the greatest probability",
    "correct": "whether the two agree",
    **{f"p_{name}": f"probability that the network gives to {name}" for name in EXPRESSIONS},
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
    write_answers(study, model, predict(study, network))
    wanted = study.settings.cnn.for_network(model).expressions
    unknown = [name for name in wanted if name not in network.expressions]
    if unknown:
        names = ", ".join(unknown)
        say(f"warning: the network cannot answer {names}; their pictures count as wrong")


def write_answers(study: Study, model: str, predictions: pd.DataFrame) -> None:
    """Write what a network answers to every picture, and its scores on the test pictures.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    predictions : pandas.DataFrame
        With the columns of `PREDICTIONS`.

    Raises
    ------
    InputError
        If there are no test pictures.
    """
    test = predictions[predictions["split"] == "test"]
    scores, sureness = score(test), calibration(test)
    folder = study.cnn_dir(model)
    write_table(folder / "predictions.tsv", predictions, PREDICTIONS)
    write_table(folder / "evaluation.tsv", scores, EVALUATION)
    write_table(folder / "confusion.tsv", confusion(test), CONFUSION)
    write_table(folder / "actors.tsv", by_actor(test, read_manifest(study)), BY_ACTOR)
    write_table(folder / "calibration.tsv", sureness, CALIBRATION)
    accuracy = scores.iloc[0]
    say(
        f"network {model}: {100 * accuracy['value']:.1f} % of {accuracy['n']} test pictures named "
        f"rightly, 95 % CI {100 * accuracy['ci_low']:.1f} to {100 * accuracy['ci_high']:.1f}"
    )


def predict(study: Study, network: Network) -> pd.DataFrame:
    """Let a network name every picture of a study's splits that shows what it is to tell apart.

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
        probabilities = softmax(logits_apart(study, network, pictures.pictures))
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
