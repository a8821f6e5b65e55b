"""The questions that the statistics answer, built from the tables of the other steps."""

import numpy as np
import pandas as pd

from comparison.contrasts import Contrast

PERTURBATION_MEASURES = {
    "auc_signed": "the area between the random and the perturbation curve",
    "auc_absolute": "the absolute area between the random and the perturbation curve",
    "auc_logit": "the area between the random and the perturbation curve of the logit",
    "srg": "the symmetric relevance gain",
}
AGREEMENT_LABELS = {
    "CC": "the correlation (CC) with the gaze density",
    "SIM": "the similarity (SIM) to the gaze density",
    "KL": "the divergence (KL) of the gaze density",
    "NSS": "the normalised scanpath saliency (NSS)",
    "AUC": "the area under the ROC curve of fixations (AUC)",
    "sAUC": "the area under the ROC curve against fixations on other pictures (sAUC)",
    "IG": "the information gain over the centre map (IG)",
}
CONTROLS = (
    "uniform", "centre", "other_gaze", "shuffled_gaze", "expression_gaze", "mean_gaze",
    "other_relevance",
)  # fmt: skip


def perturbation_contrasts(perturbation: pd.DataFrame) -> list[Contrast]:
    """Ask whether gaze and relevance find tiles that matter, and which of them does better.

    Parameters
    ----------
    perturbation : pandas.DataFrame
        image_id, expression, condition and the areas.

    Returns
    -------
    list of Contrast
        For each area: gaze against relevance, every condition against the random orders, and
        gaze and relevance against every other condition.
    """
    found = list(dict.fromkeys(perturbation["condition"]))
    others = [name for name in found if name not in ("gaze", "relevance", "random")]
    pairs = [("gaze", "relevance"), ("gaze", "random"), ("relevance", "random")]
    pairs += [(name, "random") for name in others]
    pairs += [(name, other) for name in ("gaze", "relevance") for other in others]
    contrasts = []
    for measure, label in PERTURBATION_MEASURES.items():
        wide = perturbation.pivot_table(
            index=["image_id", "expression"], columns="condition", values=measure
        ).reset_index()
        for a, b in (pair for pair in pairs if set(pair) <= set(found)):
            values = wide.rename(columns={a: "a", b: "b"})[["image_id", "expression", "a", "b"]]
            contrasts.append(Contrast("perturbation", measure, label, a, b, values))
    return contrasts


def agreement_contrasts(metrics: pd.DataFrame) -> list[Contrast]:
    """Ask whether relevance tells where people look, better than the controls do.

    Parameters
    ----------
    metrics : pandas.DataFrame
        image_id, expression, metric, map, reference and value.

    Returns
    -------
    list of Contrast
        Relevance against each control, and against itself on other pictures' gaze, for each
        metric; controls without any value (one picture only) are left out.
    """
    contrasts = []
    for metric in AGREEMENT_LABELS:
        sheet = metrics[metrics["metric"] == metric]
        relevance = _values(sheet, "relevance", "gaze").rename(columns={"value": "a"})
        pairs = [(name, name, "gaze") for name in CONTROLS]
        pairs.append(("relevance on other_gaze", "relevance", "other_gaze"))
        for name, map_name, reference in pairs:
            control = _values(sheet, map_name, reference).rename(columns={"value": "b"})
            values = relevance.merge(control, on=["image_id", "expression"], how="inner")
            if values["b"].notna().any():
                label = AGREEMENT_LABELS[metric]
                contrasts.append(Contrast("agreement", metric, label, "relevance", name, values))
    return contrasts


def _values(sheet: pd.DataFrame, map_name: str, reference: str) -> pd.DataFrame:
    """Take one map's values of a metric."""
    chosen = sheet[(sheet["map"] == map_name) & (sheet["reference"] == reference)]
    return chosen[["image_id", "expression", "value"]]


def accuracy_table(trials: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Set people's accuracy on each picture beside the network's.

    Parameters
    ----------
    trials : pandas.DataFrame
        image_id, expression, phase and correct of all sessions' trials; practice and trials
        without an answer do not count.
    predictions : pandas.DataFrame
        image_id and correct of the network.

    Returns
    -------
    pandas.DataFrame
        image_id, expression, a (share of people who were right), b (1 where the network was
        right, else 0) and n_answers, for pictures that have both.
    """
    answered = trials[(trials["phase"] == "main") & trials["correct"].notna()]
    people = (
        answered.assign(correct=answered["correct"].astype(float))
        .groupby(["image_id", "expression"], as_index=False)["correct"]
        .agg(a="mean", n_answers="size")
    )
    network = predictions[["image_id", "correct"]].dropna()
    network = network.assign(b=network["correct"].astype(np.float64))[["image_id", "b"]]
    return people.merge(network, on="image_id", how="inner")


def accuracy_contrasts(trials: pd.DataFrame, predictions: pd.DataFrame) -> list[Contrast]:
    """Ask whether people and network name the same pictures equally well.

    Parameters
    ----------
    trials, predictions : pandas.DataFrame
        As for `accuracy_table`.

    Returns
    -------
    list of Contrast
        People against network; none if they share no picture.
    """
    values = accuracy_table(trials, predictions)
    if values.empty:
        return []
    return [Contrast("accuracy", "accuracy", "accuracy", "people", "network", values)]
