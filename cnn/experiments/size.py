"""Size of the training set: accuracy of one network trained on more and more pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from cnn.data import read_labels
from cnn.experiments.accuracy import ACCURACY, accuracy_of, frame_accuracy, plot_accuracy
from cnn.experiments.leakage import count_known
from cnn.experiments.pictures import (
    SPLITS,
    check_actors_known,
    experiments_dir,
    known_pictures,
)
from cnn.network import read_network
from stimuli.catalog import read_crops, read_manifest
from study.errors import InputError
from study.figures import new_figure, save_figure
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.tables import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Shares of all pictures of the published study.
SHARES = (0.1, 0.2, 0.5, 0.7, 0.8)
# What validates where the test set grows, as published.
_VALIDATION = 0.1

SIZE = {
    "share": "of all actors, or of all pictures of each expression, that is trained on",
    "by": "actor: whole actors are trained on; picture: single pictures, whoever they show",
    "test": "same: the study's own test pictures; growing: all that are neither trained on nor "
    "validate, so that a smaller training has a larger test",
    "n_train": "number of pictures in the training",
    "n_train_actors": "number of people in the training",
    "n_validation": "number of pictures that validate",
    "person_in_training": "number of test pictures whose actor is in the training",
    **ACCURACY,
}


@dataclass(frozen=True)
class Design:
    """How training sets of several sizes are drawn.

    Parameters
    ----------
    by : {"actor", "picture"}
        What is drawn.
    test : {"same", "growing"}
        The study's own test pictures, or all that are left over.
    """

    by: Literal["actor", "picture"] = "actor"
    test: Literal["same", "growing"] = "same"

    @property
    def name(self) -> str:
        """What files of the design are called after."""
        return f"size_{self.by}_{self.test}"


@dataclass(frozen=True)
class _Stratum:
    """Rows of pictures that are drawn together, in the order in which they are drawn.

    Parameters
    ----------
    units : list of list of int
        Each an actor's rows, or one picture's.
    n_all : int
        Of how many a share is meant.
    """

    units: list[list[int]]
    n_all: int


def size_labels(study: Study, share: float, design: Design) -> pd.DataFrame:
    """Give the splits of one size of the training set.

    A smaller training set is part of a larger one. With the same test, validation is the study's
    own too, and the training is drawn from the study's training pictures. With a growing test, a
    tenth validates. Numbers of actors, or of pictures of each expression, are rounded down.

    Parameters
    ----------
    study : Study
        The study, with manifest, crops and splits.
    share : float
        Of all actors, or of all pictures of each expression; above 0, below 1.
    design : Design
        What is drawn, and what is tested.

    Returns
    -------
    pandas.DataFrame
        ``image_id``, ``actor``, ``expression``, ``view``, ``session`` and ``split``.

    Raises
    ------
    InputError
        If nothing would be left for one of training, validation and test, or the study's
        training part holds less than the share.
    """
    labels = _labels(study, design)
    split = labels["split"].mask(labels["split"] == "train", "unused")
    if design.test == "growing":
        split[:] = "test"
    for stratum in _strata(labels, design, study.settings.study.seed):
        n_train, n_validation = int(share * stratum.n_all), int(_VALIDATION * stratum.n_all)
        if n_train > len(stratum.units):
            raise InputError(
                f"A share of {share:g} must lie within the study's training pictures, but these "
                f"are {len(stratum.units)} of {stratum.n_all} {design.by}s. Ask for a smaller "
                "share, or for --test growing."
            )
        split[[*chain(*stratum.units[:n_train])]] = "train"
        if design.test == "growing":
            split[[*chain(*stratum.units[n_train : n_train + n_validation])]] = "validation"
    for name in SPLITS:
        if not (split == name).any():
            raise InputError(
                f"A share of {share:g} must leave pictures for training, validation and test, but "
                f"there are none for {name}. Choose another share."
            )
    return labels.assign(split=split).drop(columns="sex")


def reachable_shares(study: Study, design: Design) -> list[float]:
    """Give those of the published shares that a study has enough training pictures for.

    Parameters
    ----------
    study : Study
        The study.
    design : Design
        What is drawn, and what is tested.

    Returns
    -------
    list of float
        Part of `SHARES`; what is left out is said.

    Raises
    ------
    InputError
        If there is none.
    """
    strata = _strata(_labels(study, design), design, study.settings.study.seed)
    reached = [
        share for share in SHARES
        if all(int(share * one.n_all) <= len(one.units) for one in strata)
        and any(int(share * one.n_all) for one in strata)
    ]  # fmt: skip
    if not reached:
        raise InputError(
            "The published sizes need a study with more pictures, but this one has none of "
            f"{', '.join(f'{share:g}' for share in SHARES)}. Give --shares of your own."
        )
    if left_out := [f"{share:g}" for share in SHARES if share not in reached]:
        say(
            f"shares of {', '.join(left_out)} are left out: the study's training pictures do not "
            "hold them"
        )
    return reached


def size_dir(study: Study, model: str, share: float, design: Design) -> Path:
    """Name the folder of the network of one size.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    share : float
        Of the pictures.
    design : Design
        What is drawn, and what is tested.

    Returns
    -------
    Path
        The folder.
    """
    return experiments_dir(study, model) / design.name / f"share-{share:g}"


def judge_sizes(study: Study, model: str, shares: Sequence[float], design: Design) -> None:
    """Let the networks of all sizes name their test pictures; write table and figure.

    Parameters
    ----------
    study : Study
        The study, whose networks of all sizes are trained.
    model : str
        The network's name.
    shares : sequence of float
        Of the pictures.
    design : Design
        What is drawn, and what is tested.
    """
    rows, n_expressions = [], 1
    for share in shares:
        labels = size_labels(study, share, design)
        network = read_network(size_dir(study, model, share, design))
        test = known_pictures(study, labels, network)
        training = labels[labels["split"] == "train"]
        right = network.logits(test.pictures).argmax(axis=1) == test.labels
        n_expressions = len(network.expressions)
        rows.append(
            (share, design.by, design.test, len(training), training["actor"].nunique(),
             int((labels["split"] == "validation").sum()), count_known(labels)[0],
             *accuracy_of(right))
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SIZE))
    stem = experiments_dir(study, model) / design.name
    write_table(stem.with_suffix(".tsv"), table, SIZE)
    save_figure(size_figure(table, n_expressions), stem)
    for row in table.to_dict("records"):
        say(
            f"{100 * row['share']:g} % ({row['n_train']} pictures, actors: "
            f"{row['n_train_actors']}): {100 * row['accuracy']:.1f} % of {row['n']} test pictures "
            "named rightly"
        )


def size_figure(table: pd.DataFrame, n_expressions: int) -> "Figure":
    """Draw accuracy over the number of training pictures.

    Parameters
    ----------
    table : pandas.DataFrame
        As `judge_sizes` writes it.
    n_expressions : int
        Number of answers that there are.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; bars are 95 % Wilson intervals.
    """
    figure = new_figure(width_cm=10.0, height_cm=7.5)
    axes = figure.subplots()
    plot_accuracy(axes, list(table["n_train"]), table, label="accuracy, 95 % CI")
    for n_train, share in zip(table["n_train"], table["share"], strict=True):
        axes.annotate(f"{100 * share:g} %", (n_train, 0.02), ha="center", fontsize=7)
    by, test = table["by"].iloc[0], table["test"].iloc[0]
    words = "the same test" if test == "same" else "the test grows as the training shrinks"
    frame_accuracy(axes, n_expressions, xlabel="training pictures", title=f"by {by}, {words}")
    axes.legend()
    return figure


def _labels(study: Study, design: Design) -> pd.DataFrame:
    """Read the pictures that take part, with their splits in the study."""
    manifest = read_manifest(study)[["image_id", "actor", "sex", "expression", "view", "session"]]
    if design.test == "growing":
        usable = set(read_crops(study)["image_id"])
        known = study.settings.cnn.for_network(study.settings.cnn.model).expressions
        manifest = manifest[manifest["image_id"].isin(usable) & manifest["expression"].isin(known)]
        return manifest.assign(split="unused").reset_index(drop=True)
    labels = read_labels(study)
    labels = labels[labels["split"].isin(SPLITS)]
    return manifest.merge(labels[["image_id", "split"]], on="image_id")


def _strata(labels: pd.DataFrame, design: Design, seed: int) -> list[_Stratum]:
    """Put what is drawn into a random order: actors, women and men in turns, or pictures."""
    random = generator(seed, "cnn", "size", design.by, design.test)
    pool = labels if design.test == "growing" else labels[labels["split"] == "train"]
    if design.by == "picture":
        n_all = labels["expression"].value_counts()
        return [
            _Stratum([[row] for row in random.permutation(rows.index).tolist()], int(n_all[name]))
            for name, rows in pool.groupby("expression")
        ]
    check_actors_known(labels, "A training set of whole actors")
    by_sex = [
        [
            actors.groups[name].tolist()
            for name in random.permutation(sorted(map(str, actors.groups)))
        ]
        for _, rows in pool.groupby("sex", dropna=False)
        for actors in [rows.groupby("actor")]
    ]
    units = [unit for unit in chain(*zip_longest(*by_sex)) if unit is not None]
    return [_Stratum(units, labels["actor"].nunique())]
