"""The table of all networks of a study: how large each is, and how right."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.tables import read_table, write_table

#: Scores of the table, as in evaluation.tsv.
SCORES = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
NETWORKS = {
    "network": "its name in the study",
    "architecture": "what it is built as",
    "parameters": "number of its weights",
    "input_px": "side of the square picture that it takes",
    "n_networks": "number of networks: one, or one for each fold",
    **{
        f"{name}{part}": f"{name} on pictures of unseen people{what}"
        for name in SCORES
        for part, what in (
            ("", "; with folds the mean over the folds"),
            ("_sd", ": standard deviation over the folds, with n - 1; n/a of one network"),
        )
    },
    "ci_low": "lower end of the 95 % Wilson interval of the accuracy, of the pictures of all folds",
    "ci_high": "its upper end",
    "n_pictures": "number of pictures, of all folds",
}


def networks_tsv(study: Study) -> Path:
    """Name the table of all networks.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Path
        The file.
    """
    return study.cnn_dir("networks.tsv")


def networks_step(study: Study, *, by_fold: bool) -> Step:
    """Describe the making of the table of all networks of the settings.

    Parameters
    ----------
    study : Study
        The study, with networks in ``[cnn.networks]`` that are trained and judged.
    by_fold : bool
        Whether they were judged in folds.

    Returns
    -------
    Step
        From the networks' scores to networks.tsv.
    """
    names = list(study.settings.cnn.networks)
    file = "folds_evaluation.tsv" if by_fold else "evaluation.tsv"
    run: Callable[[], None] = partial(_write_networks, study, names, by_fold=by_fold)
    return Step(
        f"cnn {'train' if by_fold else 'evaluate'} --all",
        tuple(study.cnn_dir(name) / file for name in names),
        (networks_tsv(study),),
        {"networks": names, "by_fold": by_fold},
        run,
        "cnn explain --all --folds" if by_fold else "cnn explain --all",
    )


def _write_networks(study: Study, names: Sequence[str], *, by_fold: bool) -> None:
    """Write the table, and say it."""
    rows = [_row(study, name, by_fold=by_fold) for name in names]
    table = pd.DataFrame(rows, columns=list(NETWORKS))
    write_table(networks_tsv(study), table.round(6), NETWORKS)
    for row in rows:
        scores = ", ".join(f"{name} {row[name]:.4f}" for name in SCORES)
        say(f"  {row['network']} ({row['parameters']:,} parameters): {scores}")


def _row(study: Study, name: str, *, by_fold: bool) -> dict[str, Any]:
    """Gather what is known of one network."""
    folder = study.cnn_dir(name)
    file = folder / ("folds_evaluation.tsv" if by_fold else "evaluation.tsv")
    scores = read_table(file, what=f"The scores of {name}", columns={"metric": str})
    by_metric: dict[Any, dict[str, Any]] = scores.set_index("metric").T.to_dict()
    if missing := [metric for metric in SCORES if metric not in by_metric]:
        command = "train --all --folds N" if by_fold else "evaluate --all"
        raise InputError(
            f"{file} must hold {', '.join(SCORES)}, but it lacks {', '.join(missing)}: it was made "
            f"by an earlier version. Judge the network anew: faceoff cnn {command} --force."
        )
    first = folder / "fold-1" if by_fold else folder
    stored = json.loads((first / "network.json").read_text(encoding="utf-8"))
    right = by_metric["accuracy"]
    row: dict[str, Any] = {
        "network": name,
        "architecture": study.settings.cnn.for_network(name).architecture,
        "parameters": stored["parameters"],
        "input_px": stored["input_px"],
        "n_networks": int(right["n_networks"]) if by_fold else 1,
        "ci_low": right["ci_low"],
        "ci_high": right["ci_high"],
        "n_pictures": int(right["n_pictures" if by_fold else "n"]),
    }
    for metric in SCORES:
        values = by_metric[metric]
        row[metric] = values["mean" if by_fold else "value"]
        row[f"{metric}_sd"] = values["sd"] if by_fold else None
    return row
