"""Explaining the networks of folds: each test picture by the one that never saw its actor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cnn.backend import make_deterministic
from cnn.data import load_split, read_labels
from cnn.explanation import explained, write_relevance
from cnn.members import fold_dir
from cnn.network import read_network
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


def explain_folds(
    study: Study, model: str, method: str, arguments: Mapping[str, Any], target: str, stem: str
) -> None:
    """Explain the answers to the test pictures, each by the network of its fold.

    Parameters
    ----------
    study : Study
        The study, with the networks of folds.
    model : str
        The network's name.
    method, arguments, target
        As `cnn.explanation.explain` takes them.
    stem : str
        Name of the files, without what comes after the dot.

    Raises
    ------
    InputError
        If the folds or their networks are missing, a test picture is in no fold, or the method
        cannot explain them.
    """
    import xarray as xr

    make_deterministic(study.settings.study.seed)
    folds, labels = read_folds(study, model), read_labels(study)
    test = labels[labels["split"] == "test"]
    if missing := sorted(set(test["image_id"]) - set(folds["image_id"])):
        raise InputError(
            f"Every test picture must be in a fold, but {missing[0]} is in none in "
            f"{folds_tsv(study, model)}. Draw the folds anew: faceoff cnn train --folds 5."
        )
    parts, tables = [], []
    for fold, own in folds.groupby("fold"):
        chosen = test[test["image_id"].isin(own["image_id"])]
        # Where folds are many and test actors few, a fold may have none of them.
        if chosen.empty:
            continue
        network = read_network(fold_dir(study, model, int(str(fold))))
        pictures = load_split(study, chosen, "test", network.input_px)
        parts.append(explained(study, network, pictures, method, arguments, target))
        tables.append(pictures.table)
    table = pd.concat(tables).set_index("image_id").loc[test["image_id"]].reset_index()
    # The networks' names are those of their folders; together they are those of the model.
    whole = xr.concat(parts, dim="image", combine_attrs="override")
    whole = whole.sel(image=test["image_id"].to_numpy(object))
    whole.attrs |= {"network": model, "by_fold": 1}
    write_relevance(study.cnn_dir(model), stem, whole, table)
