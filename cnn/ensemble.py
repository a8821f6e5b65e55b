"""An ensemble: networks of a study that answer together, by the mean of their probabilities."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from cnn.evaluation import ANSWERS, PREDICTIONS, write_answers
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.provenance import Step
from study.tables import read_table

_PROBABILITIES = [f"p_{name}" for name in EXPRESSIONS]


def ensemble_step(study: Study, models: Sequence[str], name: str) -> Step:
    """Describe the answers of several networks together.

    Parameters
    ----------
    study : Study
        The study, with networks that were evaluated.
    models : sequence of str
        Their names, two or more.
    name : str
        What the ensemble is called; its tables go to a folder of that name.

    Returns
    -------
    Step
        From the networks' answers to those of the ensemble and their scores.

    Raises
    ------
    InputError
        If there are fewer than two networks, one is named twice, or the name is that of a
        network.
    """
    if len(models) < 2 or len(set(models)) < len(models):
        raise InputError(
            "An ensemble needs two networks or more, each once, but got "
            f"{', '.join(models) or 'none'}. Name them: --model A --model B."
        )
    if (study.cnn_dir(name) / "network.json").is_file():
        raise InputError(
            f"An ensemble needs a name of its own, but {name!r} is a network of the study. Choose "
            "another one with --name."
        )
    folder = study.cnn_dir(name)
    return Step(
        f"cnn ensemble --name {name}",
        (*(study.cnn_dir(model) / "predictions.tsv" for model in models), study.manifest_tsv),
        tuple(folder / f"{table}.tsv" for table in ANSWERS),
        {"models": list(models)},
        partial(_write_ensemble, study, models, name),
        "cnn gallery",
    )


def _write_ensemble(study: Study, models: Sequence[str], name: str) -> None:
    """Average the networks' probabilities, and write answers and scores."""
    answers = {model: _answers(study, model) for model in models}
    write_answers(study, name, together(answers))


def _answers(study: Study, model: str) -> pd.DataFrame:
    """Read what a network answered."""
    return read_table(
        study.cnn_dir(model) / "predictions.tsv",
        what=f"The answers of {model} (faceoff cnn evaluate --model {model})",
        columns={"image_id": str, "split": str, "expression": str, "predicted": str},
    )


def together(answers: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Average the probabilities of several networks.

    Parameters
    ----------
    answers : dict of str to pandas.DataFrame
        By network, with the columns of `cnn.evaluation.PREDICTIONS`.

    Returns
    -------
    pandas.DataFrame
        With the same columns; the answer has the greatest mean probability.

    Raises
    ------
    InputError
        If the networks did not answer to the same pictures, or tell other expressions apart.
    """
    (first, table), *others = answers.items()
    known = table[_PROBABILITIES].notna().any()
    for model, other in others:
        if list(other["image_id"]) != list(table["image_id"]):
            raise InputError(
                f"The networks of an ensemble must have answered to the same pictures, but {first} "
                f"and {model} have not. Evaluate both: faceoff cnn evaluate --model {model}."
            )
        if (other[_PROBABILITIES].notna().any() != known).any():
            raise InputError(
                f"The networks of an ensemble must tell the same expressions apart, but {first} "
                f"and {model} do not. Leave one of them out."
            )
    mean = np.mean([own[_PROBABILITIES].to_numpy(float) for own in answers.values()], axis=0)
    made = table.assign(**dict(zip(_PROBABILITIES, mean.round(6).T, strict=True)))
    best = np.nan_to_num(mean, nan=-1.0).argmax(axis=1)
    made["predicted"] = np.array(EXPRESSIONS)[best]
    made["correct"] = made["predicted"].to_numpy(str) == made["expression"].to_numpy(str)
    return made[list(PREDICTIONS)]
