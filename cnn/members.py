"""Members: one kind of network trained with several seeds, or on several folds of actors."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cnn.data import load_split, read_labels
from cnn.folds import folds_tsv
from cnn.network import read_network, softmax
from cnn.placement import logits_apart
from cnn.scores import score
from cnn.training import train_on
from stimuli.catalog import read_manifest
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.tables import write_table

FOLDS = {
    "image_id": "picture",
    "actor": "who is shown",
    "fold": "fold in which the network is judged on this picture, from 1",
}

_PROBABILITIES = {f"p_{name}": f"probability given to {name}" for name in EXPRESSIONS}

PREDICTIONS = {
    "image_id": "picture, of an actor that the network never saw",
    "member": "the network that answers: its seed or its fold; ensemble: the mean of all seeds",
    "expression": "expression that the picture shows",
    "predicted": "expression with the greatest probability",
    "correct": "whether the two agree",
    **_PROBABILITIES,
}

EVALUATION = {
    "metric": "as in evaluation.tsv, on pictures of unseen actors",
    "mean": "mean over the networks",
    "sd": "standard deviation over the networks, with n - 1",
    "smallest": "of the networks",
    "greatest": "of the networks",
    "n_networks": "number of networks",
    "together": "seeds: score of the mean of their probabilities; folds: score of all pictures, "
    "each answered in the fold that had not seen its actor",
    "ci_low": "lower end of the 95 % Wilson interval of that; n/a where it is no proportion",
    "ci_high": "upper end of the 95 % Wilson interval of that; n/a where it is no proportion",
    "n_pictures": "number of pictures",
}


def seed_dir(study: Study, model: str, seed: int) -> Path:
    """Name the folder of the network of one seed.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    seed : int
        Its seed; that of the study is the network itself.

    Returns
    -------
    Path
        The folder.
    """
    return study.cnn_dir(model if seed == study.settings.study.seed else f"{model}/seed-{seed}")


def fold_dir(study: Study, model: str, fold: int) -> Path:
    """Name the folder of the network of one fold.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    fold : int
        From 1.

    Returns
    -------
    Path
        The folder.
    """
    return study.cnn_dir(f"{model}/fold-{fold}")


def draw_folds(study: Study, n_folds: int) -> pd.DataFrame:
    """Deal the actors of a study out to folds, women and men in turns.

    Parameters
    ----------
    study : Study
        The study, with manifest, crops and splits; all pictures with a crop take part that show
        what the network is to tell apart, those of the test actors' other session among them.
    n_folds : int
        Number of folds, 3 or more: one to judge, one to validate, the rest to train.

    Returns
    -------
    pandas.DataFrame
        One row for each picture, with the columns of `FOLDS`.

    Raises
    ------
    InputError
        If there are fewer actors than folds.
    """
    settings = study.settings.cnn
    manifest = read_manifest(study)
    known = settings.for_network(settings.model).expressions
    manifest = manifest[manifest["expression"].isin(known)][["image_id", "actor", "sex"]]
    usable = pd.read_csv(study.crops_tsv, sep="\t", usecols=["image_id"])["image_id"]
    manifest = manifest[manifest["image_id"].isin(usable)]
    if manifest["actor"].isna().any():
        raise InputError(
            "Folds are of people, but the face set does not say who is shown on "
            f"{manifest.loc[manifest['actor'].isna(), 'image_id'].iloc[0]}. Say it in a table or "
            "by [stimuli] name_pattern, and register anew."
        )
    actors = manifest.drop_duplicates("actor")
    if len(actors) < n_folds:
        raise InputError(
            f"Each fold needs an actor, but there are {len(actors)} actors for {n_folds} folds. "
            "Ask for fewer folds."
        )
    random = generator(study.settings.study.seed, "cnn", "folds", n_folds)
    dealt = [
        actor
        for _, group in actors.groupby("sex", dropna=False)
        for actor in random.permutation(sorted(group["actor"]))
    ]
    folds = {actor: place % n_folds + 1 for place, actor in enumerate(dealt)}
    return manifest[["image_id", "actor"]].assign(fold=manifest["actor"].map(folds))


def fold_labels(study: Study, folds: pd.DataFrame, fold: int) -> pd.DataFrame:
    """Give the splits of one fold: it is tested, the next one validates, the others train.

    Where the settings validate on the test pictures, the next one trains as well.

    Parameters
    ----------
    study : Study
        The study.
    folds : pandas.DataFrame
        As `draw_folds` gives it.
    fold : int
        From 1.

    Returns
    -------
    pandas.DataFrame
        ``image_id``, ``actor``, ``expression`` and ``split``.
    """
    expressions = read_manifest(study)[["image_id", "expression"]]
    labels = folds.merge(expressions, on="image_id")
    following = fold % folds["fold"].max() + 1
    if _validation_split(study) == "test":
        following = 0
    split = np.select(
        [labels["fold"] == fold, labels["fold"] == following], ["test", "validation"], "train"
    )
    return labels.assign(split=split)[["image_id", "actor", "expression", "split"]]


def train_fold(study: Study, model: str, folds: pd.DataFrame, fold: int) -> None:
    """Train the network of one fold.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name in the registry.
    folds : pandas.DataFrame
        As `draw_folds` gives it.
    fold : int
        From 1.
    """
    labels, folder = fold_labels(study, folds, fold), fold_dir(study, model, fold)
    seed, validation = study.settings.study.seed, _validation_split(study)
    train_on(study, model, labels, seed, folder, validation_split=validation)


def _validation_split(study: Study) -> str:
    """Name the split that validates the networks of folds."""
    settings = study.settings.cnn
    own = settings.for_network(settings.model).fold_validation
    return "test" if own == "test" else "validation"


def train_seed(study: Study, model: str, seed: int) -> None:
    """Train the network of one seed.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name in the registry.
    seed : int
        In place of the study's.
    """
    train_on(study, model, read_labels(study), seed, seed_dir(study, model, seed))


def judge_seeds(study: Study, model: str, seeds: Sequence[int]) -> None:
    """Let the networks of several seeds name the test pictures, and write answers and scores.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    seeds : sequence of int
        Of the networks, which are trained.
    """
    labels = read_labels(study)
    members = {str(seed): _answers(study, labels, seed_dir(study, model, seed)) for seed in seeds}
    names = list(_PROBABILITIES)
    together = next(iter(members.values())).copy()
    together[names] = np.mean([table[names] for table in members.values()], axis=0).round(6)
    together = _named(together)
    folder = study.cnn_dir(model)
    table = pd.concat([_of_member(name, members[name]) for name in members])
    table = pd.concat([table, _of_member("ensemble", together)])
    _write(folder, "seeds", table, summary(list(members.values()), together))


def judge_folds(study: Study, model: str, folds: pd.DataFrame) -> None:
    """Let the network of each fold name the pictures of its fold, and write answers and scores.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    folds : pandas.DataFrame
        As `draw_folds` gives it; their networks are trained.
    """
    members = {
        str(fold): _answers(study, fold_labels(study, folds, fold), fold_dir(study, model, fold))
        for fold in range(1, folds["fold"].max() + 1)
    }
    folder = study.cnn_dir(model)
    write_table(folds_tsv(study, model), folds, FOLDS)
    table = pd.concat([_of_member(name, members[name]) for name in members])
    _write(folder, "folds", table, summary(list(members.values()), table))


def summary(members: Sequence[pd.DataFrame], together: pd.DataFrame) -> pd.DataFrame:
    """Summarise the scores of several networks.

    Parameters
    ----------
    members : sequence of pandas.DataFrame
        The answers of each, with ``expression`` and ``predicted``.
    together : pandas.DataFrame
        What they answer together.

    Returns
    -------
    pandas.DataFrame
        With the columns of `EVALUATION`.
    """
    scores = pd.concat([score(table) for table in members])
    values = scores.groupby("metric", sort=False)["value"]
    spread = values.agg(["mean", "std", "min", "max", "count"]).reset_index()
    spread.columns = pd.Index(list(EVALUATION)[:6])
    joint = score(together).rename(columns={"value": "together", "n": "n_pictures"})
    return spread.merge(joint, on="metric", how="outer", sort=False)[list(EVALUATION)]


def _answers(study: Study, labels: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Let a network name the test pictures."""
    network = read_network(folder)
    pictures = load_split(study, labels, "test", network.input_px)
    probabilities = softmax(logits_apart(study, network, pictures.pictures)).round(6)
    names = [f"p_{name}" for name in network.expressions]
    table = pictures.table[["image_id", "expression"]]
    return _named(table.join(pd.DataFrame(probabilities, columns=names)))


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Add the expression with the greatest probability, and whether it is shown."""
    names = np.array([name.removeprefix("p_") for name in _PROBABILITIES])
    # A network that tells fewer expressions apart gives the others nothing.
    others = [name for name in table.columns if name not in _PROBABILITIES]
    table = table.reindex(columns=[*others, *_PROBABILITIES])
    given = table[list(_PROBABILITIES)].fillna(-1.0).to_numpy()
    predicted = names[given.argmax(axis=1)]
    return table.assign(predicted=predicted, correct=predicted == table["expression"].to_numpy())


def _of_member(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Say whose answers they are."""
    return table.assign(member=name)[list(PREDICTIONS)]


def _write(folder: Path, name: str, answers: pd.DataFrame, scores: pd.DataFrame) -> None:
    """Write the answers and scores of several networks, and say how accurate they are."""
    write_table(folder / f"{name}_predictions.tsv", answers, PREDICTIONS)
    write_table(folder / f"{name}_evaluation.tsv", scores, EVALUATION)
    row = scores.set_index("metric").loc["accuracy"]
    say(
        f"{name}: accuracy {100 * row['mean']:.1f} % on average of {row['n_networks']:.0f} "
        f"networks (SD {100 * row['sd']:.1f}, {100 * row['smallest']:.1f} to "
        f"{100 * row['greatest']:.1f}); together {100 * row['together']:.1f} %, 95 % CI "
        f"{100 * row['ci_low']:.1f} to {100 * row['ci_high']:.1f}"
    )
