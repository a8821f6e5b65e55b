"""Transfer: what a network answers to the pictures of another face set."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cnn.backend import make_deterministic
from cnn.data import LabelledPictures, read_labels
from cnn.experiments.pictures import experiments_dir, known_pictures
from cnn.network import Network, load_network, softmax
from cnn.scores import EVALUATION, confusion, score
from stimuli.expressions import EXPRESSIONS
from study.figures import TWO_COLUMNS_CM, new_figure, save_figure
from study.folder import Study
from study.progress import say
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OWN, OTHER = "own", "other"
_PICTURES = {
    "pictures": "own: test pictures of the network's study; other: pictures of the other study"
}
TRANSFER = {
    **_PICTURES,
    "metric": "as in evaluation.tsv; weighted_f1: mean F1 of the expressions, weighted by their "
    "pictures",
    **{name: EVALUATION[name] for name in ("value", "ci_low", "ci_high", "n")},
}
CONFUSION = {
    **_PICTURES,
    "expression": "expression that the pictures show",
    "predicted": "expression that the network answered",
    "n": "number of pictures",
    "share": "of the pictures that show this expression",
}
ANSWERS = {
    "image_id": "picture of the other study",
    "expression": "expression that it shows",
    "predicted": "expression with the greatest probability",
    **{f"p_{name}": f"probability given to {name}" for name in EXPRESSIONS},
}


def transfer_experiment(study: Study, model: str, other: Study, split: str) -> None:
    """Let a network name the pictures of another study, and write answers, scores and figure.

    Parameters
    ----------
    study : Study
        The study, with a trained network.
    model : str
        The network's name.
    other : Study
        The study whose pictures are named.
    split : str
        Which of them: ``train``, ``validation``, ``test``, or ``all`` of these.

    Raises
    ------
    InputError
        If the network was not trained, or there are no pictures that show what it knows.
    """
    make_deterministic(study.settings.study.seed)
    network = load_network(study, model)
    own = answers_of(network, known_pictures(study, read_labels(study), network))
    foreign = answers_of(network, known_pictures(other, read_labels(other), network, split))
    scores = pd.concat(
        [all_scores(table).assign(pictures=name) for name, table in ((OWN, own), (OTHER, foreign))]
    )
    pairs = {name: confusion(table) for name, table in ((OWN, own), (OTHER, foreign))}
    confusions = pd.concat([table.assign(pictures=name) for name, table in pairs.items()])
    stem = experiments_dir(study, model) / transfer_stem(other)
    write_table(stem.with_name(f"{stem.name}_answers.tsv"), foreign[list(ANSWERS)], ANSWERS)
    write_table(
        stem.with_name(f"{stem.name}_confusion.tsv"), confusions[list(CONFUSION)], CONFUSION
    )
    write_table(stem.with_suffix(".tsv"), scores[list(TRANSFER)], TRANSFER)
    save_figure(transfer_figure(pairs, other.root.name), stem)
    for name, table in ((OWN, own), (OTHER, foreign)):
        right = (table["expression"] == table["predicted"]).mean()
        where = study.root if name == OWN else other.root
        say(f"{100 * right:.1f} % of {len(table)} pictures of {where} named rightly")
    never = sorted(set(foreign["expression"]) - set(foreign["predicted"]))
    if never:
        say(f"never answered there: {', '.join(never)}")


def transfer_stem(other: Study) -> str:
    """Name the files of a transfer to another study.

    Parameters
    ----------
    other : Study
        The other study.

    Returns
    -------
    str
        Without a suffix.
    """
    return f"transfer_{other.root.name.replace('.', '_')}"


def answers_of(network: Network, pictures: LabelledPictures) -> pd.DataFrame:
    """Let a network name pictures.

    Parameters
    ----------
    network : Network
        The network.
    pictures : LabelledPictures
        The pictures, at its size.

    Returns
    -------
    pandas.DataFrame
        With the columns of `ANSWERS`; an expression that the network does not know is n/a.
    """
    probabilities = softmax(network.logits(pictures.pictures))
    names = [f"p_{name}" for name in network.expressions]
    table = pictures.table[["image_id", "expression"]].reset_index(drop=True)
    table["predicted"] = np.array(network.expressions)[probabilities.argmax(axis=1)]
    table = table.join(pd.DataFrame(probabilities.round(6), columns=names))
    return table.reindex(columns=list(ANSWERS))


def all_scores(answers: pd.DataFrame) -> pd.DataFrame:
    """Score answers, also by the mean F1 that weighs expressions by their pictures.

    Parameters
    ----------
    answers : pandas.DataFrame
        With the columns of `ANSWERS`.

    Returns
    -------
    pandas.DataFrame
        With the columns of `cnn.scores.EVALUATION`.
    """
    from sklearn.metrics import f1_score

    value = f1_score(answers["expression"], answers["predicted"], average="weighted")
    row = {"metric": "weighted_f1", "value": float(value), "n": len(answers)}
    return pd.concat([score(answers), pd.DataFrame([row])], ignore_index=True)


def transfer_figure(confusions: dict[str, pd.DataFrame], other: str) -> "Figure":
    """Draw the confusions on the network's own pictures and on the other ones.

    Parameters
    ----------
    confusions : dict of str to pandas.DataFrame
        By `OWN` and `OTHER`, as `cnn.scores.confusion` gives them.
    other : str
        Name of the other study.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels with the same scale.
    """
    figure = new_figure(TWO_COLUMNS_CM, 8.2)
    panels = figure.subplots(1, 2)
    titles = {OWN: "own test pictures", OTHER: f"pictures of {other}"}
    for axes, (name, table) in zip(panels, confusions.items(), strict=True):
        _draw_confusion(axes, table)
        right = table.loc[table["expression"] == table["predicted"], "n"].sum() / table["n"].sum()
        axes.set_title(f"{titles[name]}: {100 * right:.1f} % right")
    return figure


def _draw_confusion(axes: "Axes", table: pd.DataFrame) -> None:
    """Draw the shares of answers as a matrix, with the number of pictures in each cell."""
    shown = [name for name in EXPRESSIONS if name in set(table["expression"])]
    cells = table.set_index(["expression", "predicted"])
    places = [(name, answer) for name in shown for answer in EXPRESSIONS]
    shares = cells["share"].loc[places].to_numpy(float).reshape(len(shown), -1)
    counts = cells["n"].loc[places].to_numpy(int).reshape(len(shown), -1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        axes.text(
            column, row, counts[row, column], ha="center", va="center", fontsize=7,
            color="white" if shares[row, column] > 0.5 else "black",
        )  # fmt: skip
    axes.set_xticks(range(len(EXPRESSIONS)), EXPRESSIONS, rotation=45, ha="right")
    axes.set_yticks(range(len(shown)), shown)
    axes.set(xlabel="answered", ylabel="shown")
