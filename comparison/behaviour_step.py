"""The step `compare behaviour`: from people's and the network's answers to tables."""

import numpy as np
import pandas as pd

from comparison import inputs
from comparison.apa import bounded, interval, p_value
from comparison.behaviour import (
    Agreement,
    Floats,
    by_picture,
    confusion_correlation,
    confusion_shares,
    difficulty,
    mcnemar,
)
from comparison.error_consistency import consistency, error_consistency, right_answers
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.provenance import Step
from study.seeds import generator
from study.tables import read_table, write_table

BEHAVIOUR = {
    "question": "what was asked",
    "measure": "what answers it",
    "estimate": "the measure; n/a where it is not defined",
    "ci_low": "lower end of its 95 % interval",
    "ci_high": "upper end of its 95 % interval",
    "test": "how the p value was found; n/a where none is asked for",
    "p": "p value",
    "n": "number of pictures, or of cells of the confusion matrix",
    "n_people": "number of people who named these pictures",
    "note": "what to know about it",
    "sentence": "the result as APA 7 prints it",
}
PICTURES = {
    "image_id": "picture",
    "expression": "expression that it shows",
    "n_people": "number of people's answers, given or due",
    "people_right": "share of them that are right",
    "majority": "the answer given most often; n/a where two are",
    "network": "the network's answer",
    "network_right": "whether it is right",
    "p_true": "the network's probability of the expression shown",
}
CONFUSIONS = {
    "who": "people or network",
    "expression": "expression that is shown",
    "answer": "expression that is answered",
    "share": "of the answers to the expression shown, over the pictures that both named",
}
CONSISTENCY = {
    "participant_id": "person",
    "with_network": "error consistency (kappa) with the network; n/a where it is not defined",
    "with_people": "mean error consistency with the other people",
    "n": "number of pictures",
}

_QUESTIONS = {
    "confusions": (
        "do people and network confuse the same expressions",
        "correlation of the confusion matrices without their diagonals",
        "exact renaming of expressions, one-sided",
    ),
    "accuracy": (
        "are people or the network right on more pictures",
        "share right, people's majority less network",
        "McNemar, exact",
    ),
    "difficulty": (
        "are the same pictures hard",
        "Spearman correlation of people's share right with the network's probability",
        "permutation of pictures",
    ),
    "difficulty_within": (
        "are the same pictures of an expression hard",
        "the same within expressions",
        "permutation of pictures within expressions",
    ),
    "people": ("are people wrong on the same pictures", "mean error consistency", None),
    "network": ("is the network wrong on people's pictures", "mean error consistency", None),
    "difference": (
        "is the network as consistent with people as they are",
        "error consistency with the network less that between people",
        None,
    ),
}


def behaviour_step(study: Study) -> Step:
    """Describe the step that sets people's answers beside the network's.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Step
        From trials and predictions to four tables.
    """
    names = ("behaviour", "behaviour_pictures", "confusions", "error_consistency")
    folder = study.comparison_dir
    return Step(
        "compare behaviour",
        (study.gaze_dir / "trials.tsv", inputs.predictions_tsv(study)),
        tuple(folder / f"{name}.tsv" for name in names),
        {
            "model": study.settings.cnn.model,
            "resamples": study.settings.comparison.resamples,
            "seed": study.settings.study.seed,
        },
        lambda: _behaviour(study),
        "compare perturb",
    )


def people_were_asked(study: Study) -> bool:
    """Tell whether people were asked what they see, so that their answers can be compared.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    bool
        False in a study of free viewing, and of fixations from elsewhere without answers.
    """
    path = study.gaze_dir / "trials.tsv"
    if not path.is_file():
        return True  # the step then says what it lacks
    trials = pd.read_csv(path, sep="\t", usecols=lambda name: name == "answer_known")
    return "answer_known" in trials and bool((trials["answer_known"] == True).any())  # noqa: E712


def read_answers(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the answers of people and network to the pictures that both named.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    people, network : pandas.DataFrame
        As `comparison.behaviour` describes them: trials of the main blocks in which an answer was
        asked for; test pictures.

    Raises
    ------
    InputError
        If a table is missing, people were not asked, or no picture was named by both.
    """
    trials = read_table(
        study.gaze_dir / "trials.tsv",
        what="The trials (faceoff gaze events)",
        columns={
            "participant_id": str, "phase": str, "image_id": str, "expression": str,
            "response": str, "answer_known": bool,
        },
    )  # fmt: skip
    predictions = read_table(
        inputs.predictions_tsv(study),
        what="The network's predictions (faceoff cnn evaluate)",
        columns={"image_id": str, "split": str, "expression": str, "predicted": str}
        | {f"p_{name}": float for name in EXPRESSIONS},
    )
    asked = trials["answer_known"].fillna(False).astype(bool) & (trials["phase"] != "practice")
    people, network = trials[asked], predictions[predictions["split"] == "test"]
    shared = set(people["image_id"]) & set(network["image_id"])
    if not shared:
        raise InputError(
            "People and network are compared on pictures that both named, but of "
            f"{people['image_id'].nunique()} pictures that people named none is among the "
            f"network's {len(network)} test pictures. Show people the test pictures."
        )
    network = network[network["image_id"].isin(shared)].reset_index(drop=True)
    return people[people["image_id"].isin(shared)].reset_index(drop=True), network


def _behaviour(study: Study) -> None:
    """Compare the answers and write what is found."""
    people, network = read_answers(study)
    resamples, seed = study.settings.comparison.resamples, study.settings.study.seed
    pictures = by_picture(people, network)
    shares = {
        "people": confusion_shares(people["expression"], people["response"]),
        "network": confusion_shares(network["expression"], network["predicted"]),
    }
    participants, right = right_answers(people, network)
    between, with_network, difference = consistency(
        right, resamples, generator(seed, "behaviour", "consistency")
    )
    found = {
        "confusions": confusion_correlation(shares["people"], shares["network"]),
        "accuracy": mcnemar(pictures),
        **{
            name: difficulty(pictures, resamples, generator(seed, "behaviour", name), within=within)
            for name, within in (("difficulty", False), ("difficulty_within", True))
        },
        "people": between,
        "network": with_network,
        "difference": difference,
    }
    table = results_table(found, len(participants))
    kappas = consistency_table(participants, right)
    folder = study.comparison_dir
    write_table(folder / "behaviour.tsv", table, BEHAVIOUR)
    write_table(folder / "behaviour_pictures.tsv", pictures, PICTURES)
    write_table(folder / "confusions.tsv", _long(shares), CONFUSIONS)
    write_table(folder / "error_consistency.tsv", kappas, CONSISTENCY)
    for sentence in table["sentence"]:
        say(f"  {sentence}")


def results_table(found: dict[str, Agreement], n_people: int) -> pd.DataFrame:
    """Put what was found into a table with sentences.

    Parameters
    ----------
    found : dict of str to Agreement
        By the names of the questions.
    n_people : int
        Number of people.

    Returns
    -------
    pandas.DataFrame
        With the columns of `BEHAVIOUR`.
    """
    rows = []
    for name, agreement in found.items():
        question, measure, test = _QUESTIONS[name]
        rows.append(
            {
                "question": question,
                "measure": measure,
                "estimate": agreement.estimate,
                "ci_low": agreement.ci_low,
                "ci_high": agreement.ci_high,
                "test": test,
                "p": agreement.p,
                "n": agreement.n,
                "n_people": n_people,
                "note": agreement.note or None,
                "sentence": _sentence(name, agreement),
            }
        )
    return pd.DataFrame(rows, columns=list(BEHAVIOUR))


def _sentence(name: str, found: Agreement) -> str:
    """Write a result as APA 7 prints it, without calling it significant or not."""
    _, measure, _ = _QUESTIONS[name]
    start = measure[:1].upper() + measure[1:]
    if name == "difficulty_within":
        start = "Within expressions the correlation of people's share right with the network's"
        start += " probability"
    if name in ("people", "network"):
        start += {"people": " between people", "network": " of people with the network"}[name]
    if not np.isfinite(found.estimate):
        return f"{start} is {found.note or 'not defined: nobody errs, or nobody is right'}."
    symbol = {
        "confusions": "r", "accuracy": "difference", "difficulty": "r_s",
        "difficulty_within": "r_s", "difference": "difference",
    }.get(name, "kappa")  # fmt: skip
    parts = [f"{symbol} = {bounded(found.estimate)}"]
    if np.isfinite(found.ci_low):
        parts.append(interval(found.ci_low, found.ci_high))
    if np.isfinite(found.p):
        parts.append(p_value(found.p))
    unit = "cells" if name == "confusions" else "pictures"
    return f"{start} over {found.n} {unit}: {', '.join(parts)}."


def consistency_table(participants: list[str], right: Floats) -> pd.DataFrame:
    """Give each person's error consistency with the network and with the others.

    Parameters
    ----------
    participants : list of str
        The people.
    right : ndarray of float, shape (n_people + 1, n_pictures)
        As `comparison.error_consistency.right_answers` gives it.

    Returns
    -------
    pandas.DataFrame
        With the columns of `CONSISTENCY`.
    """
    kappas = error_consistency(right)
    np.fill_diagonal(kappas, np.nan)
    among = pd.DataFrame(kappas[:-1, :-1]).mean(axis=1)
    seen = (~np.isnan(right[:-1])).sum(axis=1)
    columns = (participants, kappas[:-1, -1], among, seen)
    return pd.DataFrame(dict(zip(CONSISTENCY, columns, strict=True)))


def _long(shares: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Put confusion matrices below each other, a row for each cell."""
    rows = [
        (who, shown, answer, matrix.loc[shown, answer])
        for who, matrix in shares.items()
        for shown in matrix.index
        for answer in matrix.columns
    ]
    return pd.DataFrame(rows, columns=list(CONFUSIONS))
