"""Explaining positives: pictures of each fold that its network takes for an expression."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cnn.backend import make_deterministic
from cnn.data import load_split
from cnn.explanation import explained, relevance_stem
from cnn.members import fold_dir
from cnn.methods import resolve_method
from cnn.network import read_network
from cnn.relevance import write_relevance
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.tables import read_table

_TARGET = "predicted"


def folds_predictions_tsv(study: Study, model: str) -> Path:
    """Name the table of what the networks of folds answer to the pictures of their folds.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.

    Returns
    -------
    Path
        The file.
    """
    return study.cnn_dir(model) / "folds_predictions.tsv"


def positives_stem(study: Study, method: str, arguments: Mapping[str, Any]) -> str:
    """Name the files of an explanation of positives.

    Parameters
    ----------
    study : Study
        The study.
    method : str
        One of `cnn.methods.METHODS`.
    arguments : mapping
        The method's arguments, in place of its defaults.

    Returns
    -------
    str
        ``positives`` for the study's own method, and otherwise with method and arguments.

    Raises
    ------
    InputError
        If the method or an argument is unknown.
    """
    own, values = study.settings.cnn, resolve_method(method, arguments)
    if (method, values) == (own.method, resolve_method(own.method, own.method_arguments)):
        return "positives"
    return relevance_stem(method, values, "true").replace("relevance", "positives", 1)


def draw_positives(
    predictions: pd.DataFrame, per_class: int, seed: int, model: str
) -> pd.DataFrame:
    """Draw pictures that are predicted as each class, from each fold, without replacement.

    Rightly and wrongly predicted ones take part alike.

    Parameters
    ----------
    predictions : pandas.DataFrame
        ``image_id``, ``member`` (the fold), ``expression`` and ``predicted``.
    per_class : int
        Most pictures of each fold and class; where there are fewer, all are taken.
    seed : int
        The study's.
    model : str
        The network's name: each network has a draw of its own, as its predictions are its own.

    Returns
    -------
    pandas.DataFrame
        The rows that were drawn, in their order.

    References
    ----------
    Gaya-Morey et al. (2024), arXiv:2401.11835: up to 100 for each network, fold and class.

    Examples
    --------
    >>> table = pd.DataFrame({"image_id": list("abc"), "member": 1, "predicted": "happy"})
    >>> len(draw_positives(table, 2, 1, "small"))
    2
    """
    drawn = []
    for (fold, name), rows in predictions.groupby(["member", "predicted"]):
        random = generator(seed, "cnn", "positives", model, str(fold), str(name))
        # From an order of their own, whatever that of the file.
        ids = sorted(rows["image_id"])
        drawn += random.permutation(ids)[:per_class].tolist()
    return predictions[predictions["image_id"].isin(drawn)].reset_index(drop=True)


def explain_positives(
    study: Study,
    model: str,
    method: str,
    arguments: Mapping[str, Any],
    per_class: int,
    stem: str,
) -> None:
    """Explain pictures of each fold for what the fold's network predicts, and write their maps.

    Parameters
    ----------
    study : Study
        The study, with the networks of folds and their answers.
    model : str
        The network's name.
    method, arguments
        As `cnn.explanation.explain` takes them.
    per_class : int
        Most pictures of each fold and class.
    stem : str
        Name of the files, without what comes after the dot.

    Raises
    ------
    InputError
        If the networks or their answers are missing, or the method cannot explain them.
    """
    import xarray as xr

    make_deterministic(study.settings.study.seed)
    predictions = _read_predictions(study, model)
    drawn = draw_positives(predictions, per_class, study.settings.study.seed, model)
    parts, tables = [], []
    for fold in sorted(set(drawn["member"].tolist())):
        rows = drawn[drawn["member"] == fold]
        network = read_network(fold_dir(study, model, fold))
        chosen = rows.assign(split="test")
        pictures = load_split(study, chosen, "test", network.input_px, network.expressions)
        part = explained(study, network, pictures, method, arguments, _TARGET)
        parts.append(part.assign_coords(fold_of_image=("image", np.full(len(rows), fold))))
        tables.append(pictures.table)
    # The networks' names are those of their folders; together they are those of the model.
    whole = xr.concat(parts, dim="image", combine_attrs="override")
    whole.attrs |= {"network": model, "positives": per_class}
    counts = drawn.groupby(["member", "predicted"]).size()
    classes = len(set(predictions["member"])) * len(network.expressions)
    say(
        f"positives of {model}: {len(drawn)} pictures, {counts.min()} to {counts.max()} of each "
        f"fold and class" + (f"; none in {classes - len(counts)}" * (classes > len(counts)))
    )
    write_relevance(study.cnn_dir(model), stem, whole, pd.concat(tables, ignore_index=True))


def _read_predictions(study: Study, model: str) -> pd.DataFrame:
    """Read what the networks of folds answer."""
    path = folds_predictions_tsv(study, model)
    names = ["image_id", "member", "expression", "predicted"]
    table = read_table(
        path,
        what="The answers of the networks of folds (faceoff cnn train --folds 5)",
        columns={name: int if name == "member" else str for name in names},
    )
    if table.empty or table["image_id"].duplicated().any():
        raise InputError(
            f"{path} must hold each picture once, but it does not. Make it anew: faceoff cnn train "
            "--folds 5."
        )
    return table[names]
