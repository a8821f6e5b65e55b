"""Figures of the comparison: areas by condition and by expression, agreement of maps."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.map_metrics import LESS_IS_BETTER, METRICS
from stimuli.expressions import EXPRESSIONS
from study.figures import (
    BLACK,
    CHANCE,
    GREEN,
    NETWORK,
    ORANGE,
    PEOPLE,
    PURPLE,
    SKY_BLUE,
    Columns,
    panel_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
COLOURS = {
    "gaze": PEOPLE, "relevance": NETWORK, "random": CHANCE, "expression_gaze": SKY_BLUE,
    "class_gaze": SKY_BLUE, "mean_gaze": SKY_BLUE, "ekman": PURPLE, "centre": GREEN,
    "edges": GREEN, "oracle": BLACK,
}  # fmt: skip
MARKERS = {"gaze": "o", "relevance": "s"}
# From top to bottom: what is judged, what it is held against, and what can be reached.
MAP_LABELS = {
    "relevance": "relevance",
    "relevance_smooth": "relevance, smoothed",
    "other_relevance": "relevance, other pictures",
    "uniform": "uniform",
    "centre": "centre",
    "other_gaze": "gaze, other pictures",
    "shuffled_gaze": "gaze, other expressions",
    "expression_gaze": "mean gaze, same expression",
    "mean_gaze": "mean gaze, all pictures",
    "one_person": "one person, by the others",
    "people": "people, by other people",
}


def mean_interval(
    values: Floats, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 1
) -> tuple[Floats, Floats, Floats]:
    """Compute means over pictures and their bootstrap percentile intervals.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_pictures, n)
        One row for each picture; the same pictures are drawn for all columns.
    confidence : float, default 0.95
        Confidence of the intervals.
    resamples : int, default 2000
        Number of bootstrap samples.
    seed : int, default 1
        Draws follow from it.

    Returns
    -------
    mean, low, high : numpy.ndarray, each of shape (n,)
        With one picture all three are its values: it says nothing about others.
    """
    n = len(values)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    means = counts @ values / n
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    return values.mean(axis=0), low, high


def conditions_figure(
    perturbation: pd.DataFrame, *, confidence: float = 0.95, seed: int = 1, columns: Columns = 2
) -> "Figure":
    """Draw what each condition reaches, beside the others.

    Parameters
    ----------
    perturbation : pandas.DataFrame
        As in ``perturbation.tsv``.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int, default 1
        Seed of the bootstrap over pictures.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        The area of the difference to random, and the symmetric relevance gain; strokes are
        pictures, marks with bars their mean and its bootstrap interval. The condition with the
        greatest area is at the top.
    """
    means = perturbation.groupby("condition")["auc_signed"].mean().drop("random", errors="ignore")
    names = list(means.sort_values().index)
    height_cm = 2.2 + 0.55 * len(names)
    figure, [panels] = panel_figure(2, columns, row_cm=(height_cm, height_cm), sharey=True)
    for axes, measure in zip(panels, ("auc_signed", "srg"), strict=True):
        for place, name in enumerate(names):
            values = perturbation.loc[perturbation["condition"] == name, measure].to_numpy()
            _draw_row(axes, values, place, COLOURS.get(name, ORANGE), confidence, seed)
        axes.axvline(0, color=BLACK, linewidth=0.8)
    panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    panels[0].set_ylim(-0.6, len(names) - 0.4)
    panels[0].set_xlabel("AUC of the difference to random")
    panels[1].set_xlabel("symmetric relevance gain")
    return figure


def area_figure(
    perturbation: pd.DataFrame,
    *,
    measure: str = "auc_signed",
    confidence: float = 0.95,
    seed: int = 1,
    columns: Columns = 2,
) -> "Figure":
    """Draw the areas of gaze and relevance for each expression.

    Parameters
    ----------
    perturbation : pandas.DataFrame
        As in ``perturbation.tsv``.
    measure : str, default "auc_signed"
        The area.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int, default 1
        Seed of the bootstrap over pictures, and of the sideways scatter of the dots.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        Dots are pictures, marks with bars their mean and its bootstrap interval.
    """
    figure, [[axes]] = panel_figure(1, columns, row_cm=(6.5, 7.0))
    found = set(perturbation["expression"])
    groups = ["all", *(name for name in EXPRESSIONS if name in found)]
    rng = np.random.default_rng(seed)
    for shift, condition in ((-0.18, "gaze"), (0.18, "relevance")):
        sheet = perturbation[perturbation["condition"] == condition]
        if sheet.empty:
            continue
        for place, group in enumerate(groups):
            part = sheet if group == "all" else sheet[sheet["expression"] == group]
            _draw_group(axes, part[measure].to_numpy(), place + shift, condition, rng, confidence)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.set_xticks(range(len(groups)), groups)
    if columns == 1:
        axes.tick_params(axis="x", rotation=90)
    axes.set_ylabel("AUC of the difference to random")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    axes.legend(unique.values(), unique.keys(), loc="best")
    return figure


def _draw_group(
    axes: "Axes",
    values: Floats,
    place: float,
    condition: str,
    rng: np.random.Generator,
    confidence: float,
) -> None:
    """Draw the pictures of one group, and their mean with its interval."""
    colour = COLOURS[condition]
    sideways = place + rng.uniform(-0.1, 0.1, size=len(values))
    axes.plot(sideways, values, ".", color=colour, alpha=0.3, markersize=3, markeredgewidth=0)
    mean, low, high = (end[0] for end in mean_interval(values[:, None], confidence=confidence))
    axes.errorbar(
        place,
        mean,
        yerr=_arms(mean, low, high),
        fmt=MARKERS[condition],
        color=colour,
        markeredgecolor="white",
        markersize=6,
        elinewidth=1.5,
        label=condition,
        zorder=3,
    )


def _arms(mean: float, low: float, high: float) -> Floats:
    """Give the lengths of an error bar's arms; rounding may not turn one inside out."""
    return np.clip([[mean - low], [high - mean]], 0.0, None)


def agreement_figure(
    metrics: pd.DataFrame, *, confidence: float = 0.95, seed: int = 1, columns: Columns = 2
) -> "Figure":
    """Draw how well relevance, the controls and people predict the gaze on each picture.

    Parameters
    ----------
    metrics : pandas.DataFrame
        As in ``metrics.tsv``.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int, default 1
        Seed of the bootstrap over pictures.
    columns : int, default 2
        Columns of a journal that the figure is as wide as, 1 or 2.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each metric that there is, four in a row, or two; strokes are pictures,
        marks with bars their mean and its bootstrap interval.
    """
    own = metrics[(metrics["reference"] == "gaze") & metrics["value"].notna()]
    names = [name for name in MAP_LABELS if name in set(own["map"])]
    shown = [metric for metric in METRICS if metric in set(own["metric"])]
    row_cm = (1.6 + 0.31 * len(names), 1.6 + 0.36 * len(names))
    figure, [panels] = panel_figure(
        len(shown), columns, row_cm=row_cm, across=(2, 4), extra_cm=0.5, sharey=True
    )
    for axes, metric in zip(panels, shown, strict=True):
        for place, name in enumerate(reversed(names)):
            chosen = own[(own["metric"] == metric) & (own["map"] == name)]["value"].to_numpy()
            if chosen.size:
                colour = NETWORK if "relevance" in name else PEOPLE
                colour = CHANCE if name in ("uniform", "centre") else colour
                _draw_row(axes, chosen, place, colour, confidence, seed)
        by = ",\nby " if columns == 1 else ", by "
        axes.set_title(metric.replace("_", by).replace("rho", "rank r"))
        if columns == 1:
            axes.locator_params(axis="x", nbins=2, steps=[1, 2, 4, 5, 10])
        if metric in LESS_IS_BETTER:
            axes.set_xlabel("less is better", fontsize=7)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    panels[0].set_yticks(range(len(names)), [MAP_LABELS[name] for name in reversed(names)])
    return figure


def _draw_row(
    axes: "Axes", values: Floats, place: int, colour: str, confidence: float, seed: int
) -> None:
    """Draw one map's values in a panel, and their mean with its interval."""
    axes.plot(values, np.full(values.size, place), "|", color=colour, alpha=0.25, markersize=6)
    mean, low, high = (
        end[0] for end in mean_interval(values[:, None], confidence=confidence, seed=seed)
    )
    axes.errorbar(
        mean,
        place,
        xerr=_arms(mean, low, high),
        fmt="o",
        color=colour,
        markeredgecolor="white",
        markersize=5,
        zorder=3,
    )
