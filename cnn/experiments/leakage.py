"""Leakage: how much of an accuracy comes from having seen the same people in the training."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cnn.data import load_split
from cnn.experiments.accuracy import ACCURACY, accuracy_of, frame_accuracy, plot_accuracy
from cnn.experiments.clusters import bootstrap_interval, exchange_p_value, rate_difference
from cnn.experiments.pictures import experiments_dir
from cnn.members import draw_folds
from cnn.network import read_network
from stimuli.catalog import read_manifest
from study.errors import InputError
from study.figures import NETWORK, PEOPLE, panel_figure, save_figure
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Parts that the actors are dealt out to: one is tested, the next one validates.
N_FOLDS = 5
Arm = Literal["person", "picture"]
ARMS: tuple[Arm, Arm] = ("person", "picture")

LEAKAGE = {
    "round": "number of the fold of actors whose pictures are tested; all: every round together",
    "arm": "person: no actor of the test is in the training; picture: as many pictures, among "
    "them other pictures of the actors of the test",
    "n_train": "number of pictures in the training",
    "person_in_training": "number of test pictures whose actor is in the training",
    "twin_in_training": "number of test pictures whose actor is in the training with the same "
    "expression and view, of the other session",
    **ACCURACY,
}
DIFFERENCE = {
    "round": "as in leakage.tsv",
    "leakage": "accuracy by picture less accuracy by person, on the same test pictures",
    "ci_low": "lower end of its 95 % interval, by drawing actors with replacement",
    "ci_high": "upper end of its 95 % interval",
    "p": "two-sided p of an exchange of the two networks' answers, actor by actor",
    "n_actors": "number of actors in the test",
    "n": "number of test pictures",
}
ANSWERS = {
    "round": "as in leakage.tsv",
    "image_id": "test picture",
    "actor": "who is shown",
    "expression": "expression that the picture shows",
    "person": "answer of the network that never saw the actor",
    "picture": "answer of the network that saw other pictures of the actor",
}


def leakage_labels(study: Study, fold: int, arm: Arm) -> pd.DataFrame:
    """Give the splits of one round, by person or by picture.

    Half of the pictures of each actor of the fold are tested, in both arms. The next fold
    validates, in both arms. By person, all pictures of the other folds are trained on. By picture,
    the other half of the tested actors' pictures takes the place of as many of these, expression
    by expression, so that the two trainings differ in nothing but whom they show.

    Parameters
    ----------
    study : Study
        The study, with manifest and crops.
    fold : int
        The round, from 1 to `N_FOLDS`.
    arm : {"person", "picture"}
        How pictures are split.

    Returns
    -------
    pandas.DataFrame
        ``image_id``, ``actor``, ``expression``, ``view``, ``session`` and ``split``.

    Raises
    ------
    InputError
        If there are fewer actors than folds, or too few pictures to put others in their place.
    """
    random = generator(study.settings.study.seed, "cnn", "leakage", fold)
    manifest = read_manifest(study)[["image_id", "expression", "view", "session"]]
    labels = draw_folds(study, N_FOLDS).merge(manifest, on="image_id")
    tested = labels["fold"] == fold
    split = pd.Series("train", index=labels.index)
    split[labels["fold"] == fold % N_FOLDS + 1] = "validation"
    split[tested] = "unused"
    split[_half_of_each(labels[tested], random)] = "test"
    if arm == "picture":
        for name, added in labels[split == "unused"].groupby("expression"):
            others = labels.index[(split == "train") & (labels["expression"] == name)]
            if len(added) > len(others):
                raise InputError(
                    f"A split by picture needs as many training pictures as one by person, but "
                    f"there are {len(others)} of {name} to put {len(added)} others in their place. "
                    "Register a face set with more actors."
                )
            split[random.permutation(others)[: len(added)]] = "unused"
            split[added.index] = "train"
    return labels.assign(split=split)


def _half_of_each(labels: pd.DataFrame, random: np.random.Generator) -> list[Any]:
    """Draw half of each actor's pictures of each expression, and say their rows.

    Where a number is odd, every second such group gives the greater half.
    """
    chosen: list[Any] = []
    greater = 0
    for _, rows in labels.groupby(["actor", "expression"]):
        n, odd = divmod(len(rows), 2)
        chosen += random.permutation(rows.index)[: n + odd * greater].tolist()
        greater = greater ^ odd
    return chosen


def count_known(labels: pd.DataFrame) -> tuple[int, int]:
    """Count the test pictures whose person, and whose twin shot, is in the training.

    Parameters
    ----------
    labels : pandas.DataFrame
        With the columns ``actor``, ``expression``, ``view``, ``session`` and ``split``.

    Returns
    -------
    n_person, n_twin : int
        A twin shows the same actor with the same expression from the same side in another
        session; pictures without a session have none.
    """
    test, training = (labels[labels["split"] == name] for name in ("test", "train"))
    n_person = int(test["actor"].isin(set(training["actor"])).sum())
    keys = ["actor", "expression", "view"]
    pairs = test.reset_index()[["index", *keys, "session"]].merge(
        training[[*keys, "session"]], on=keys, suffixes=("", "_trained")
    )
    known = pairs["session"].notna() & pairs["session_trained"].notna()
    twins = pairs[known & (pairs["session"] != pairs["session_trained"])]
    return n_person, int(twins["index"].nunique())


def arm_dir(study: Study, model: str, fold: int, arm: Arm) -> Path:
    """Name the folder of the network of one round and arm.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    fold : int
        The round, from 1.
    arm : {"person", "picture"}
        How its pictures were split.

    Returns
    -------
    Path
        The folder.
    """
    return experiments_dir(study, model) / "leakage" / f"{arm}-{fold}"


def judge_leakage(study: Study, model: str, rounds: int) -> None:
    """Let the networks of all rounds name their test pictures; write tables and figure.

    Parameters
    ----------
    study : Study
        The study, whose networks of both arms are trained.
    model : str
        The network's name.
    rounds : int
        From 1 to `N_FOLDS`.
    """
    answers, counts = [], []
    for fold in range(1, rounds + 1):
        labels = {arm: leakage_labels(study, fold, arm) for arm in ARMS}
        answers.append(_answers(study, model, fold, labels["person"]))
        for arm in ARMS:
            n_train = int((labels[arm]["split"] == "train").sum())
            counts.append((fold, arm, n_train, *count_known(labels[arm])))
    answered = pd.concat(answers, ignore_index=True)
    known = pd.DataFrame(counts, columns=list(LEAKAGE)[:5])
    table = leakage_table(answered, known)
    differences = leakage_differences(answered, study.settings.study.seed)
    stem = experiments_dir(study, model) / "leakage"
    write_table(stem.with_suffix(".tsv"), table, LEAKAGE)
    write_table(stem.with_name("leakage_difference.tsv"), differences, DIFFERENCE)
    write_table(stem.with_name("leakage_answers.tsv"), answered, ANSWERS)
    save_figure(leakage_figure(table, differences, answered["expression"].nunique()), stem)
    row = differences.iloc[-1]
    say(
        f"leakage: {100 * row['leakage']:+.1f} percentage points by having seen the people, "
        f"95 % CI {100 * row['ci_low']:+.1f} to {100 * row['ci_high']:+.1f} ({row['n']} pictures "
        f"of {row['n_actors']} actors)"
    )


def leakage_table(answers: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Put the accuracy of both arms together, round by round and over all.

    Parameters
    ----------
    answers : pandas.DataFrame
        With the columns of `ANSWERS`.
    known : pandas.DataFrame
        ``round``, ``arm``, ``n_train``, ``person_in_training`` and ``twin_in_training``.

    Returns
    -------
    pandas.DataFrame
        With the columns of `LEAKAGE`.
    """
    rows = []
    for name, group in _rounds(answers):
        of_round = known if name == "all" else known[known["round"] == int(name)]
        for arm in ARMS:
            counts = of_round.loc[of_round["arm"] == arm].iloc[:, 2:].sum()
            right = group[arm] == group["expression"]
            rows.append((name, arm, *counts.tolist(), *accuracy_of(right)))
    return pd.DataFrame(rows, columns=list(LEAKAGE))


def leakage_differences(answers: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Set both arms against each other on the same pictures.

    Parameters
    ----------
    answers : pandas.DataFrame
        With the columns of `ANSWERS`.
    seed : int
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        With the columns of `DIFFERENCE`.
    """
    rows = []
    for name, group in _rounds(answers):
        right = pd.DataFrame({arm: group[arm] == group["expression"] for arm in ARMS})
        sums = right.groupby(group["actor"]).agg(["sum", "size"])
        by_person, by_picture = (sums[arm].to_numpy(float) for arm in ARMS)
        random = generator(seed, "cnn", "leakage", "draws", name)
        rows.append(
            (name, rate_difference(by_person, by_picture),
             *bootstrap_interval(by_person, by_picture, random, paired=True),
             exchange_p_value(by_person, by_picture, random, paired=True),
             len(sums), len(group))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(DIFFERENCE))


def leakage_figure(table: pd.DataFrame, differences: pd.DataFrame, n_expressions: int) -> "Figure":
    """Draw the accuracy of both arms, and their difference.

    Parameters
    ----------
    table, differences : pandas.DataFrame
        As `leakage_table` and `leakage_differences` give them.
    n_expressions : int
        Number of answers that there are.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels, with all rounds together at the right of each.
    """
    figure, [[left, right]] = panel_figure(2, row_cm=(7.0, 7.5))
    places = list(range(len(differences)))
    for arm, colour, off in (("person", NETWORK, -0.08), ("picture", PEOPLE, 0.08)):
        part = table[table["arm"] == arm]
        plot_accuracy(left, [place + off for place in places], part, colour, fmt="o",
                      label=f"split by {arm}")  # fmt: skip
    frame_accuracy(left, n_expressions, xlabel="round")
    left.legend()
    leak = differences.rename(columns={"leakage": "accuracy"})
    plot_accuracy(right, places, leak, "black", fmt="o")
    right.axhline(0, color="0.6", lw=0.8)
    right.set(xlabel="round", ylabel="leakage: by picture less by person")
    for axes in (left, right):
        axes.set_xticks(places, list(differences["round"]))
        axes.set_xlim(-0.5, len(places) - 0.5)
    return figure


def _rounds(answers: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    """Go through the rounds, and all of them together."""
    yield from ((str(name), group) for name, group in answers.groupby("round"))
    yield "all", answers


def _answers(study: Study, model: str, fold: int, labels: pd.DataFrame) -> pd.DataFrame:
    """Let both networks of a round name its test pictures, which are the same."""
    networks = {arm: read_network(arm_dir(study, model, fold, arm)) for arm in ARMS}
    expressions = networks["person"].expressions
    labels = labels[labels["expression"].isin(expressions)]
    test = load_split(study, labels, "test", networks["person"].input_px)
    table = test.table[["image_id", "actor", "expression"]].assign(round=fold)
    for arm, network in networks.items():
        best = network.logits(test.pictures).argmax(axis=1)
        table[arm] = [expressions[index] for index in best]
    return table[list(ANSWERS)]
