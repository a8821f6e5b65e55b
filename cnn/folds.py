"""In which fold each picture is: the network of that fold never saw its actor."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from study.errors import InputError
from study.folder import Study
from study.tables import read_table


def folds_tsv(study: Study, model: str) -> Path:
    """Name the table that says in which fold each picture is.

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
    return study.cnn_dir(model) / "folds.tsv"


def read_folds(study: Study, model: str) -> pd.DataFrame:
    """Read in which fold each picture is.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.

    Returns
    -------
    pandas.DataFrame
        With ``image_id`` and ``fold``, from 1.

    Raises
    ------
    InputError
        If there are no folds.
    """
    return read_table(
        folds_tsv(study, model),
        what="The folds (faceoff cnn train --folds 5)",
        columns={"image_id": str, "fold": int},
    )


def folds_of(study: Study, model: str, image_ids: Iterable[str]) -> list[int]:
    """Tell the fold of each of some pictures.

    Parameters
    ----------
    study : Study
        The study.
    model : str
        The network's name.
    image_ids : iterable of str
        The pictures.

    Returns
    -------
    list of int
        From 1, in the order of the pictures.

    Raises
    ------
    InputError
        If there are no folds, or a picture is in none.
    """
    table, names = read_folds(study, model), list(image_ids)
    fold_of = dict(zip(table["image_id"], table["fold"].astype(int).tolist(), strict=True))
    if missing := sorted(set(names) - set(fold_of)):
        raise InputError(
            f"Every picture must be in a fold, but {missing[0]} is in none in "
            f"{folds_tsv(study, model)}. Draw the folds anew: faceoff cnn train --folds 5."
        )
    return [fold_of[name] for name in names]


def check_unseen_test(model: str) -> None:
    """Refuse a network that was trained on pictures that the study tests.

    Parameters
    ----------
    model : str
        The network's name.

    Raises
    ------
    InputError
        If it is the network of a fold or of an experiment, which has splits of its own.

    Examples
    --------
    >>> check_unseen_test("small/seed-2")
    """
    kind, *within = model.split("/")
    if any(part == "experiments" or part.startswith("fold-") for part in within):
        raise InputError(
            f"Test pictures must be such as the network never saw, but {model!r} was trained on "
            f"splits of its own. Take {kind!r} or one of its seeds; its folds are judged together "
            "in folds_evaluation.tsv."
        )
