"""What the sanity checks mean, in words and as a figure."""

from typing import TYPE_CHECKING

import pandas as pd

from cnn.shuffled_labels import FITTED
from study.figures import CHANCE, NETWORK, PEOPLE, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Above this, two maps are called the same, and a map of a random network is called unchanged.
_SAME, _UNCHANGED = 0.95, 0.5


def verdicts(table: pd.DataFrame, method: str) -> list[str]:
    """Say what the checks mean.

    Parameters
    ----------
    table : pandas.DataFrame
        As `check_method_on` gives it.
    method : str
        The method's name.

    Returns
    -------
    list of str
        Sentences.
    """
    weights = table[(table["check"] == "weights") & (table["measure"] == "spearman")].iloc[-1]
    classes = table[table["check"] == "classes"].iloc[0]
    ratio = table[table["check"] == "completeness"].iloc[0]
    noise = table[table["check"] == "noise"].iloc[-1]
    changed = (
        "they hardly depend on what the network learnt"
        if weights["mean"] > _UNCHANGED
        else "they come from what the network learnt"
    )
    spoken = "it cannot speak of classes" if classes["mean"] > _SAME else "it tells classes apart"
    said = [
        f"{method}: maps of the network with all its weights random correlate "
        f"{weights['mean']:.2f} with its own (Spearman, without the sign): {changed}.",
        f"{method}: maps of different expressions for one picture correlate "
        f"{classes['mean']:.3f} on average: {spoken}.",
        f"{method}: noise of {noise['step']} grey levels leaves a correlation of "
        f"{noise['mean']:.2f}; sum of relevance over logit is {ratio['mean']:.3f} on average "
        f"({ratio['smallest']:.3f} to {ratio['greatest']:.3f}).",
    ]
    labels = table[table["check"] == "labels"].set_index("measure")["mean"]
    return said if labels.empty else [*said, _verdict_of_labels(labels, method)]


def _verdict_of_labels(means: pd.Series, method: str) -> str:
    """Say what the network with shuffled labels tells, if it learnt them."""
    if means["training_accuracy"] < FITTED:
        meaning = "it did not learn them, so that this tells little"
    elif means["spearman"] > _UNCHANGED:
        meaning = "they hardly depend on what the pictures are said to show"
    else:
        meaning = "they depend on what the pictures are said to show"
    return (
        f"{method}: maps of the same network trained on shuffled labels, of which it names "
        f"{100 * means['training_accuracy']:.0f} % as told, correlate {means['spearman']:.2f} "
        f"with its own (Spearman, without the sign): {meaning}."
    )


def sanity_figure(table: pd.DataFrame, method: str) -> "Figure":
    """Draw how maps change with random weights, noise and class.

    Parameters
    ----------
    table : pandas.DataFrame
        As `check_method_on` gives it.
    method : str
        For the title.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.
    """
    figure = new_figure(height_cm=8.5)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [2, 1]})
    weights = table[table["check"] == "weights"]
    for measure, colour, label in (
        ("spearman", NETWORK, "signed"), ("spearman_absolute", PEOPLE, "absolute"),
    ):  # fmt: skip
        part = weights[weights["measure"] == measure]
        left.plot(
            ["none", *part["step"]], [1, *part["mean"]], "o-", ms=3, color=colour, label=label
        )
        left.fill_between(
            range(1, len(part) + 1),
            part["smallest"],
            part["greatest"],
            color=colour,
            alpha=0.15,
            lw=0,
        )
    left.set(ylim=(-1.02, 1.02), xlabel="random down to layer", ylabel="rank correlation of pixels")
    left.tick_params(axis="x", rotation=60)
    left.legend(title="maps", loc="lower left")
    left.axhline(0, color=CHANCE, lw=0.8)
    rest = table[table["check"].isin(["classes", "noise", "labels"])]
    rest = rest[rest["measure"] == "pearson"]
    words = {"classes": "other class", "labels": "shuffled labels"}
    names = [
        words.get(check, f"noise {step}")
        for check, step in zip(rest["check"], rest["step"], strict=True)
    ]
    right.bar(names, rest["mean"], color=NETWORK, alpha=0.8)
    spread = [rest["mean"] - rest["smallest"], rest["greatest"] - rest["mean"]]
    right.errorbar(names, rest["mean"], yerr=spread, fmt="none", color="0.2", lw=0.8)
    right.set(ylim=(-1.02, 1.02), ylabel="correlation of tiles")
    right.tick_params(axis="x", rotation=60)
    right.axhline(0, color=CHANCE, lw=0.8)
    figure.suptitle(f"{method}: mean and range over pictures", fontsize=9)
    return figure
