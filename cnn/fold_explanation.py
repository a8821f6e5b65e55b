"""Explaining the networks of folds: each test picture by the one that never saw its actor."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cnn.backend import make_deterministic
from cnn.data import load_split, read_labels
from cnn.explanation import explained
from cnn.folds import folds_of
from cnn.members import fold_dir
from cnn.network import read_network
from cnn.relevance import write_relevance
from study.folder import Study


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
    labels = read_labels(study)
    test = labels[labels["split"] == "test"]
    folds = folds_of(study, model, test["image_id"])
    parts, tables = [], []
    # Where folds are many and test actors few, a fold may have none of them.
    for fold in sorted(set(folds)):
        chosen = test[np.equal(folds, fold)]
        network = read_network(fold_dir(study, model, fold))
        pictures = load_split(study, chosen, "test", network.input_px)
        parts.append(explained(study, network, pictures, method, arguments, target))
        tables.append(pictures.table)
    table = pd.concat(tables).set_index("image_id").loc[test["image_id"]].reset_index()
    # The networks' names are those of their folders; together they are those of the model.
    whole = xr.concat(parts, dim="image", combine_attrs="override")
    whole = whole.sel(image=test["image_id"].to_numpy(object))
    whole.attrs |= {"network": model, "by_fold": 1}
    write_relevance(study.cnn_dir(model), stem, whole, table)
