"""How the network was trained, how well it does, and whether its explanations add up."""

import json

import numpy as np
import pandas as pd

from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from study.errors import InputError
from study.figures import NETWORK, SKY_BLUE, new_figure
from study.folder import Study
from study.tables import read_table


def network_section(study: Study) -> ReportSection:
    """Show the network's training, its accuracy and the check of its explanations.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        A figure and a table.

    Raises
    ------
    InputError
        If no network has been trained.
    """
    folder = study.cnn_dir(study.settings.cnn.model)
    if not (folder / "network.json").is_file():
        raise InputError(
            f"A network must be in {folder}, but none has been trained. Run: faceoff cnn train."
        )
    network = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    text = (
        f"The network '{network['name']}' has {network['parameters']:,} parameters "
        f"({len(network.get('frozen_layers') or [])} layers frozen) and sees pictures of "
        f"{network['input_px']} px."
    )
    origin = network.get("adopted")
    if origin:
        text += (
            f" It was trained elsewhere and adopted from the file {origin['file']} (written by "
            f"Keras {origin['keras_version']}): which pictures it has seen before is not known "
            "here, and the accuracy below may be overstated."
        )
    evaluation = read_table(
        folder / "evaluation.tsv",
        what="The network's evaluation (faceoff cnn evaluate)",
        columns={"metric": str, "value": float, "ci_low": float, "ci_high": float},
    )
    table = ReportTable(
        "network", "The network on the test pictures, with 95% intervals.", evaluation, decimals=3
    )
    return ReportSection(
        "The network", (text,), (_training_figure(study, trained=not origin),), (table,)
    )


def _training_figure(study: Study, *, trained: bool) -> ReportFigure:
    """Draw the training history where there is one, and relevance sums against the logits."""
    folder = study.cnn_dir(study.settings.cnn.model)
    figure = new_figure(height_cm=6.5)
    left, right = figure.subplots(1, 2)
    if trained:
        history = read_table(
            folder / "history.tsv",
            what="The training history (faceoff cnn train)",
            columns={"epoch": int, "loss": float, "accuracy": float, "val_accuracy": float},
        )
        left.plot(
            history["epoch"], history["accuracy"], color=SKY_BLUE, label="training, augmented"
        )
        left.plot(history["epoch"], history["val_accuracy"], color=NETWORK, label="validation")
        left.set(xlabel="epoch", ylabel="share right", ylim=(0, 1.02), title="Training")
        left.legend(loc="lower right")
    else:
        left.set_axis_off()
    relevance_tsv = folder / "relevance.tsv"
    caption = "Left: accuracy by epoch." if trained else "The network was not trained here."
    if relevance_tsv.is_file():
        check = read_table(
            relevance_tsv,
            what="The explanations (faceoff cnn explain)",
            columns={"image_id": str, "logit": float, "relevance_sum": float, "flagged": bool},
        )
        right.plot(check["logit"], check["relevance_sum"], "o", ms=3, color=NETWORK, alpha=0.7)
        low, high = np.nanmin(check["logit"]), np.nanmax(check["logit"])
        right.plot([low, high], [low, high], color="0.6", lw=0.8, zorder=0)
        right.set(xlabel="logit explained", ylabel="sum of relevance", title="Conservation")
        caption += (
            f" Right: sum of the relevance against the logit that it explains, {len(check)} "
            "pictures; on the line all of the logit is accounted for. "
            f"{_flagged_maps(check)}"
        )
    else:
        right.set_axis_off()
    return ReportFigure("network", caption, figure)


def _flagged_maps(check: pd.DataFrame) -> str:
    """Say which maps do not add up, even with what biases took."""
    flagged = check.loc[check["flagged"], "image_id"]
    if flagged.empty:
        return "With what biases took, every map adds up or its method does not tell."
    return (
        f"{len(flagged)} maps do not add up, even with what biases took, and are to be doubted: "
        f"{', '.join(flagged.head(10))}."
    )
