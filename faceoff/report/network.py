"""How the network was trained, how well it does, and whether its explanations add up."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from faceoff.report.charts import panel_places
from faceoff.report.content import ReportFigure, ReportSection, ReportTable
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError
from study.figures import NETWORK, SKY_BLUE, panel_figure
from study.folder import Study
from study.tables import read_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def network_section(study: Study) -> ReportSection:
    """Show the network's training, its accuracy and the check of its explanations.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    ReportSection
        Two figures and two tables.

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
    frozen = network["frozen_layers"]
    text = (
        f"The network '{network['name']}' has {network['parameters']:,} parameters "
        f"({len(frozen)} layers frozen) and sees pictures of "
        f"{network['input_px']} px."
    )
    origin = network.get("adopted")
    if origin:
        text += (
            f" It was trained elsewhere and adopted from the file {origin['file']} (written by "
            f"Keras {origin['keras_version']}): which pictures it has seen before is not known "
            "here, and the accuracy below may be overstated."
        )
    scores = read_table(
        folder / "evaluation.tsv",
        what="The network's evaluation (faceoff cnn evaluate)",
        columns={"metric": str, "value": float, "ci_low": float, "ci_high": float, "n": int},
    )
    of_one = scores["metric"].str.contains("_(?:" + "|".join(EXPRESSIONS) + ")$")
    tables = (
        ReportTable(
            "network", "The network on the test pictures, with 95% Wilson intervals; ece is the "
            "expected calibration error, brier Brier's score.", scores[~of_one], decimals=3,
        ),
        _by_expression(scores[of_one]),
    )  # fmt: skip
    figures = (*_training_figure(study, trained=not origin), _judging_figure(study))
    return ReportSection("The network", (text,), figures, tables)


def _by_expression(scores: pd.DataFrame) -> ReportTable:
    """Put recall, precision and F1 of each expression in a row."""
    kinds = scores.assign(
        kind=scores["metric"].str.rsplit("_", n=1).str[0],
        expression=scores["metric"].str.rsplit("_", n=1).str[1],
    )
    recall = kinds[kinds["kind"] == "recall"].set_index("expression")
    wide = kinds.pivot_table(index="expression", columns="kind", values="value")
    frame = pd.DataFrame(
        {
            "pictures": recall["n"],
            "recall": recall["value"],
            "ci_low": recall["ci_low"],
            "ci_high": recall["ci_high"],
            "precision": wide.reindex(recall.index, columns=["precision"])["precision"],
            "F1": wide["f1"].reindex(recall.index),
        }
    ).reset_index()
    caption = "The network by expression: recall with its 95% Wilson interval, precision, F1."
    return ReportTable("network_expressions", caption, frame, decimals=3)


def _judging_figure(study: Study) -> ReportFigure:
    """Draw accuracy by actor, and how often the network is right when it is how sure."""
    folder = study.cnn_dir(study.settings.cnn.model)
    what = "The network's evaluation (faceoff cnn evaluate)"
    numbers = dict.fromkeys(("accuracy", "ci_low", "ci_high"), float)
    actors = read_table(folder / "actors.tsv", what=what, columns={"actor": str, **numbers})
    bins = read_table(
        folder / "calibration.tsv", what=what, columns={"n": int, "confidence": float, **numbers}
    )
    columns = study.settings.report.columns
    figure, [[left, right]] = panel_figure(2, columns, row_cm=(6.0, 7.0), width_ratios=(3, 2))
    places = range(len(actors))
    _draw_intervals(left, places, actors)
    # At both widths so many names have room beside each other.
    every_nth = -(-len(actors) // 22)
    left.set_xticks(places[::every_nth], actors["actor"][::every_nth], rotation=90)
    left.set(ylim=(0, 1.02), ylabel="share right", title="Accuracy by actor")
    used = bins[bins["n"] > 0]
    right.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    _draw_intervals(right, used["confidence"], used)
    for row in used.itertuples():
        right.annotate(str(row.n), (row.confidence, row.ci_low), xytext=(0, -8),
                       textcoords="offset points", ha="center", fontsize=7)  # fmt: skip
    right.set(xlim=(0, 1.02), ylim=(-0.08, 1.02), xlabel="mean greatest probability",
              ylabel="share right", title="Calibration")  # fmt: skip
    first, last = panel_places(2, columns)
    caption = (
        f"Test pictures, with 95% Wilson intervals. {first}: accuracy by actor, the least first. "
        f"{last}: how often the network is right, by how sure it is; on the line it is as sure as "
        "it may be, below it is too sure. Numbers are pictures."
    )
    return ReportFigure("network_judged", caption, figure)


def _draw_intervals(axes: Any, places: Any, table: pd.DataFrame) -> None:
    """Draw accuracies with their intervals."""
    off = [table["accuracy"] - table["ci_low"], table["ci_high"] - table["accuracy"]]
    axes.errorbar(places, table["accuracy"], yerr=off, fmt="o", ms=3, lw=0.8, color=NETWORK)


def _training_figure(study: Study, *, trained: bool) -> Iterator[ReportFigure]:
    """Draw the training history and relevance sums against the logits, where there are these."""
    folder, columns = study.cnn_dir(study.settings.cnn.model), study.settings.report.columns
    drawn: list[Callable[[Axes], str]] = []
    if trained:
        history = read_table(
            folder / "history.tsv",
            what="The training history (faceoff cnn train)",
            columns={"epoch": int, "loss": float, "accuracy": float, "val_accuracy": float},
        )
        drawn.append(partial(_draw_history, history))
    if (folder / "relevance.tsv").is_file():
        check = read_table(
            folder / "relevance.tsv",
            what="The explanations (faceoff cnn explain)",
            columns={
                "image_id": str,
                "logit": float,
                "relevance_sum": float,
                "flagged": bool,
                "doubt": str,
            },
        )
        drawn.append(partial(_draw_sums, check))
    if not drawn:
        return
    figure, [panels] = panel_figure(len(drawn), columns, row_cm=(6.0, 6.5))
    texts = [draw(axes) for draw, axes in zip(drawn, panels, strict=True)]
    if len(texts) == 2:
        places = panel_places(2, columns)
        texts = [f"{place}: {text}" for place, text in zip(places, texts, strict=True)]
    else:
        texts = [f"{text[0].upper()}{text[1:]}" for text in texts]
    if not trained:
        texts.insert(0, "The network was not trained here.")
    yield ReportFigure("network", " ".join(texts), figure)


def _draw_history(history: pd.DataFrame, axes: "Axes") -> str:
    """Draw the accuracy by epoch, and say so."""
    axes.plot(history["epoch"], history["accuracy"], color=SKY_BLUE, label="training, augmented")
    axes.plot(history["epoch"], history["val_accuracy"], color=NETWORK, label="validation")
    axes.set(xlabel="epoch", ylabel="share right", ylim=(0, 1.02), title="Training")
    axes.legend(loc="lower right")
    return "accuracy by epoch."


def _draw_sums(check: pd.DataFrame, axes: "Axes") -> str:
    """Draw the sums of relevance against the logits, and say what is seen."""
    axes.plot(check["logit"], check["relevance_sum"], "o", ms=3, color=NETWORK, alpha=0.7)
    low, high = np.nanmin(check["logit"]), np.nanmax(check["logit"])
    axes.plot([low, high], [low, high], color="0.6", lw=0.8, zorder=0)
    axes.set(xlabel="logit explained", ylabel="sum of relevance", title="Conservation")
    return (
        f"sum of the relevance against the logit that it explains, {len(check)} pictures; on the "
        f"line all of the logit is accounted for. {_flagged_maps(check)}"
    )


def _flagged_maps(check: pd.DataFrame) -> str:
    """Say which maps are to be doubted, and why."""
    if not check["flagged"].any():
        return "With what biases took, every map adds up or its method does not tell."
    reasons = {
        "lost": "do not add up, even with what biases took,",
        "biases": "make up for biases that took more than the logit",
    }
    parts = []
    for doubt, reason in reasons.items():
        names = check.loc[check["doubt"] == doubt, "image_id"]
        if len(names):
            parts.append(f"{len(names)} maps {reason} ({', '.join(names.head(10))})")
    return f"{' and '.join(parts)} and are to be doubted."
