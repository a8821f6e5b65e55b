"""The baseline without a network: a support vector machine on pixels, with a grid search."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cnn.data import LabelledPictures, load_split, read_labels
from cnn.experiments.accuracy import ACCURACY, accuracy_of, frame_accuracy, plot_accuracy
from cnn.experiments.pictures import experiments_dir
from study.errors import InputError
from study.figures import BLUE, GREEN, NETWORK, PEOPLE, PURPLE, panel_figure, save_figure
from study.folder import Study
from study.progress import say, track
from study.seeds import generator
from study.tables import read_table, write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The grid of the published study.
GRID: list[dict[str, list[Any]]] = [
    {"kernel": ["rbf", "poly"], "C": [1.0, 10.0, 100.0], "gamma": ["scale", "auto"]},
    {"kernel": ["linear"], "C": [1.0, 10.0, 100.0]},
]
#: What scikit-learn does unless told otherwise, which is the published "untuned" machine.
UNTUNED = {"kernel": "rbf", "C": 1.0, "gamma": "scale"}

SVM_GRID = {
    "kernel": "of the support vector machine",
    "C": "how much a picture on the wrong side costs",
    "gamma": "of the kernel: auto, 1 / number of features, or scale, 1 / (number of features x "
    "variance); n/a of the linear kernel",
    "accuracy": "mean over the folds of the cross-validation",
    "sd": "standard deviation over the folds, with n - 1",
    "smallest": "of the folds",
    "greatest": "of the folds",
    "rank": "from 1, the best; the first of the grid where several are the best",
    "n_folds": "number of folds, of actors where the study splits by actor",
    "n_pictures": "number of training pictures that the search took",
}
SVM = {
    "classifier": "svm: with the best settings of the grid; svm_untuned: with scikit-learn's own; "
    "any other: the network of that name",
    "kernel": "of the machine; n/a of a network",
    "C": "of the machine",
    "gamma": "of the machine",
    "n_train": "number of training pictures; n/a of a network",
    **ACCURACY,
    "macro_f1": "mean F1 over the expressions",
    "weighted_f1": "mean F1 over the expressions, weighted by their pictures",
}


def svm_experiment(study: Study, model: str, side_px: int, subset: int, n_folds: int) -> None:
    """Search the grid, judge the best machine on the test pictures; write tables and figure.

    Parameters
    ----------
    study : Study
        The study, with manifest, crops and splits.
    model : str
        The network that it is set beside, if it was judged.
    side_px : int
        Side of the pictures.
    subset : int
        Training pictures that the search takes, drawn with the seed; 0 for all.
    n_folds : int
        Folds of the cross-validation, 2 or more.

    Raises
    ------
    InputError
        If a part of the splits is empty, or there are fewer actors than folds.
    """
    labels, seed = read_labels(study), study.settings.study.seed
    known = tuple(study.settings.cnn.for_network(model).expressions)
    training, test = (
        load_split(study, labels, split, side_px, known) for split in ("train", "test")
    )
    actors = training.table["actor"]
    by_actor = actors.notna().all() and not actors.isin(test.table["actor"]).any()
    rows = _subset(len(training.table), subset, seed)
    grid = search_grid(
        pixels(training)[rows], training.labels[rows],
        actors.to_numpy(str)[rows] if by_actor else None, n_folds, seed,
        study.settings.execution.jobs or -1,
    )  # fmt: skip
    answers: list[tuple[Any, ...]] = [
        (name, chosen, len(training.table), test.table["expression"],
         _fitted_answers(training, test, chosen))
        for name, chosen in (("svm", best_of(grid)), ("svm_untuned", UNTUNED))
    ]  # fmt: skip
    predictions = study.cnn_dir(model) / "predictions.tsv"
    if predictions.is_file():
        own = read_table(predictions, what="The network's answers (faceoff cnn evaluate)")
        own = own[own["split"] == "test"]
        answers.append((model, {}, np.nan, own["expression"], own["predicted"].to_numpy(str)))
    else:
        say(f"the network {model} is left out: faceoff cnn evaluate has not judged it yet")
    table = pd.DataFrame([_row(*one) for one in answers], columns=list(SVM))
    stem = experiments_dir(study, model) / "svm"
    write_table(stem.with_suffix(".tsv"), table, SVM)
    write_table(stem.with_name("svm_grid.tsv"), grid, SVM_GRID)
    save_figure(svm_figure(grid, table, len(training.expressions)), stem)
    for row in table.to_dict("records"):
        say(f"{row['classifier']}: {100 * row['accuracy']:.1f} % of {row['n']} test pictures")


def pixels(pictures: LabelledPictures) -> NDArray[np.float32]:
    """Lay each picture's colours out in a row.

    Parameters
    ----------
    pictures : LabelledPictures
        Pictures.

    Returns
    -------
    ndarray of float32, shape (n, side * side * 3)
        Grey levels.
    """
    return pictures.pictures.reshape(len(pictures.pictures), -1).astype(np.float32)


def search_grid(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    actors: NDArray[np.str_] | None,
    n_folds: int,
    seed: int,
    jobs: int = 1,
) -> pd.DataFrame:
    """Cross-validate every machine of the grid.

    Parameters
    ----------
    features : ndarray of float32, shape (n, n_features)
        One row for each training picture; standardised within each fold.
    labels : ndarray of int, shape (n,)
        What each picture shows.
    actors : ndarray of str, shape (n,), or None
        Who is shown: nobody is then on both sides of a fold. None deals out pictures.
    n_folds : int
        Number of folds, 2 or more.
    seed : int
        Of the dealing.
    jobs : int, default 1
        Folds that are computed at once; -1 for as many as there are cores.

    Returns
    -------
    pandas.DataFrame
        With the columns of `SVM_GRID`.

    Raises
    ------
    InputError
        If there are fewer actors, or fewer pictures of an expression, than folds.
    """
    from sklearn.model_selection import (
        ParameterGrid,
        StratifiedGroupKFold,
        StratifiedKFold,
        cross_val_score,
    )

    rarest = int(np.unique(labels, return_counts=True)[1].min())
    fewest = rarest if actors is None else len(np.unique(actors))
    if fewest < n_folds:
        what = "actors" if actors is not None else "pictures of the rarest expression"
        raise InputError(
            f"A cross-validation of {n_folds} folds needs as many {what} in the training, but "
            f"there are {fewest}. Ask for fewer with --folds, or for a larger --subset."
        )
    kind = StratifiedKFold if actors is None else StratifiedGroupKFold
    state = int(generator(seed, "cnn", "svm", "folds").integers(2**31))
    folds = list(kind(n_folds, shuffle=True, random_state=state).split(features, labels, actors))
    rows = []
    for chosen in track(list(ParameterGrid(GRID)), "support vector machines"):
        scores = cross_val_score(_machine(chosen), features, labels, cv=folds, n_jobs=jobs)
        rows.append(
            (chosen["kernel"], chosen["C"], chosen.get("gamma"), scores.mean(),
             scores.std(ddof=1), scores.min(), scores.max())
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SVM_GRID)[:7])
    rank = table["accuracy"].rank(ascending=False, method="first").astype(int)
    return table.assign(rank=rank, n_folds=n_folds, n_pictures=len(labels))


def best_of(grid: pd.DataFrame) -> dict[str, Any]:
    """Give the settings of the best machine.

    Parameters
    ----------
    grid : pandas.DataFrame
        As `search_grid` gives it.

    Returns
    -------
    dict
        ``kernel``, ``C``, and ``gamma`` where the kernel has one.
    """
    best = grid.sort_values("rank").iloc[0]
    chosen = {"kernel": best["kernel"], "C": float(best["C"])}
    return chosen if best["kernel"] == "linear" else chosen | {"gamma": best["gamma"]}


def svm_figure(grid: pd.DataFrame, table: pd.DataFrame, n_expressions: int) -> "Figure":
    """Draw the grid, and the machines beside the network.

    Parameters
    ----------
    grid, table : pandas.DataFrame
        As `svm_experiment` writes them.
    n_expressions : int
        Number of answers that there are.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels: cross-validated on the training pictures, and on the test pictures.
    """
    figure, [[left, right]] = panel_figure(2, row_cm=(7.0, 7.5), width_ratios=(1.5, 1), sharey=True)
    kinds = grid.fillna({"gamma": ""}).groupby(["kernel", "gamma"])
    for colour, ((kernel, gamma), rows) in zip(
        (NETWORK, PEOPLE, GREEN, PURPLE, BLUE), kinds, strict=True
    ):
        left.errorbar(rows["C"], rows["accuracy"], yerr=rows["sd"], fmt="o-", ms=3, lw=1,
                      color=colour, elinewidth=0.8, label=f"{kernel} {gamma}")  # fmt: skip
    frame_accuracy(left, n_expressions, xlabel="C", xscale="log", title="cross-validation (SD)")
    left.legend()
    plot_accuracy(right, list(range(len(table))), table, fmt="o")
    frame_accuracy(right, n_expressions, title="test (95 % CI)", ylabel="")
    right.set_xticks(range(len(table)), list(table["classifier"]), rotation=30)
    right.set_xlim(-0.5, len(table) - 0.5)
    return figure


def _machine(chosen: dict[str, Any]) -> Any:
    """Put standardising and a machine together."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), SVC(**chosen))


def _subset(n: int, subset: int, seed: int) -> NDArray[np.int64]:
    """Draw the pictures that the search takes."""
    if not subset or subset >= n:
        return np.arange(n)
    return np.sort(generator(seed, "cnn", "svm", "subset").permutation(n)[:subset])


def _fitted_answers(
    training: LabelledPictures, test: LabelledPictures, chosen: dict[str, Any]
) -> NDArray[np.str_]:
    """Train a machine on all training pictures, and let it name the test pictures."""
    fitted = _machine(chosen).fit(pixels(training), training.labels)
    return np.array(training.expressions)[fitted.predict(pixels(test))]


def _row(
    name: str, chosen: dict[str, Any], n_train: float, shown: Any, said: NDArray[np.str_]
) -> tuple[Any, ...]:
    """Score one classifier."""
    from sklearn.metrics import f1_score

    shown = np.asarray(shown, str)
    f1 = [float(f1_score(shown, said, average=kind)) for kind in ("macro", "weighted")]
    settings = [chosen.get(key) for key in ("kernel", "C", "gamma")]
    return name, *settings, n_train, *accuracy_of(shown == said), *f1
