"""Figures of the comparison: perturbation curves, their areas by expression, agreement of maps."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.map_metrics import LESS_IS_BETTER, METRICS
from comparison.orders import MOST_FIRST
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
    new_figure,
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
LINES = {"gaze": "-", "relevance": "--", "random": ":", "mean_gaze": "-.", "edges": "-."}
_OTHER_LINE = (0, (5, 1, 1, 1, 1, 1))
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


def mean_curves(curves: pd.DataFrame, measure: str = "p_true") -> dict[str, pd.DataFrame]:
    """Average the repeats of each picture and lay the pictures' curves side by side.

    Parameters
    ----------
    curves : pandas.DataFrame
        As in ``curves.parquet``.
    measure : str, default "p_true"
        The column to take.

    Returns
    -------
    dict of str to pandas.DataFrame, shape (n_pictures, n_steps + 1)
        By condition, most relevant tiles first; rows are pictures, columns steps.
    """
    most_first = curves[curves["direction"] == MOST_FIRST]
    return {
        str(condition): sheet.pivot_table(index="image_id", columns="step", values=measure)
        for condition, sheet in most_first.groupby("condition")
    }


def perturbation_figure(
    curves: pd.DataFrame, *, confidence: float = 0.95, seed: int = 1
) -> "Figure":
    """Draw the perturbation curves, and their difference to the random orders.

    Parameters
    ----------
    curves : pandas.DataFrame
        As in ``curves.parquet``.
    confidence : float, default 0.95
        Confidence of the bands.
    seed : int, default 1
        Seed of the bootstrap over pictures.

    Returns
    -------
    matplotlib.figure.Figure
        Left the mean probability of the true expression after each step, for every condition;
        right the differences of gaze and relevance, one thin line for each picture. Bands are
        bootstrap intervals over pictures.
    """
    sheets = mean_curves(curves)
    figure = new_figure(height_cm=7.5)
    left, right = figure.subplots(1, 2)
    main = [name for name in ("random", "relevance", "gaze") if name in sheets]
    for condition in [*(name for name in sheets if name not in main), *main]:
        _draw_mean(left, sheets[condition], condition, confidence, seed)
    left.set(xlabel="removal step", ylabel="probability of the true expression", ylim=(0, 1))
    left.set_title("Perturbation")
    left.legend(reversed(left.lines), [line.get_label() for line in reversed(left.lines)])
    for condition in main[1:]:
        difference = sheets["random"] - sheets[condition]
        steps = difference.columns.to_numpy()
        right.plot(steps, difference.T, color=COLOURS[condition], linewidth=0.4, alpha=0.18)
        _draw_mean(right, difference, condition, confidence, seed)
    right.axhline(0, color=BLACK, linewidth=0.8)
    right.set(xlabel="removal step", ylabel="drop beyond that of random orders")
    right.set_title("Difference to random")
    for axes in (left, right):
        axes.set_xlim(0, sheets["random"].columns.max())
    return figure


def _draw_mean(
    axes: "Axes", sheet: pd.DataFrame, condition: str, confidence: float, seed: int
) -> None:
    """Draw a mean curve with its interval."""
    steps = sheet.columns.to_numpy()
    mean, low, high = mean_interval(sheet.to_numpy(), confidence=confidence, seed=seed)
    colour = COLOURS.get(condition, ORANGE)
    axes.fill_between(steps, low, high, color=colour, alpha=0.25, linewidth=0)
    style = LINES.get(condition, _OTHER_LINE)
    label = condition.replace("_", " ")
    axes.plot(steps, mean, linestyle=style, color=colour, label=label)


def conditions_figure(
    perturbation: pd.DataFrame, *, confidence: float = 0.95, seed: int = 1
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

    Returns
    -------
    matplotlib.figure.Figure
        The area of the difference to random, and the symmetric relevance gain; strokes are
        pictures, marks with bars their mean and its bootstrap interval. The condition with the
        greatest area is at the top.
    """
    means = perturbation.groupby("condition")["auc_signed"].mean().drop("random", errors="ignore")
    names = list(means.sort_values().index)
    figure = new_figure(height_cm=2.2 + 0.55 * len(names))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, measure in zip(panels, ("auc_signed", "srg"), strict=True):
        for place, name in enumerate(names):
            values = perturbation.loc[perturbation["condition"] == name, measure].to_numpy()
            _draw_row(axes, values, place, COLOURS.get(name, ORANGE), confidence, seed)
        axes.axvline(0, color=BLACK, linewidth=0.8)
    panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    panels[0].set_xlabel("AUC of the difference to random")
    panels[1].set_xlabel("symmetric relevance gain")
    return figure


def area_figure(
    perturbation: pd.DataFrame,
    *,
    measure: str = "auc_signed",
    confidence: float = 0.95,
    seed: int = 1,
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

    Returns
    -------
    matplotlib.figure.Figure
        Dots are pictures, marks with bars their mean and its bootstrap interval.
    """
    figure = new_figure(height_cm=7)
    axes = figure.subplots()
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


def agreement_figure(metrics: pd.DataFrame, *, confidence: float = 0.95, seed: int = 1) -> "Figure":
    """Draw how well relevance, the controls and people predict the gaze on each picture.

    Parameters
    ----------
    metrics : pandas.DataFrame
        As in ``metrics.tsv``.
    confidence : float, default 0.95
        Confidence of the intervals.
    seed : int, default 1
        Seed of the bootstrap over pictures.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each metric that there is, four in a row; strokes are pictures, marks with
        bars their mean and its bootstrap interval.
    """
    own = metrics[(metrics["reference"] == "gaze") & metrics["value"].notna()]
    names = [name for name in MAP_LABELS if name in set(own["map"])]
    shown = [metric for metric in METRICS if metric in set(own["metric"])]
    n_rows = -(-len(shown) // 4)
    figure = new_figure(height_cm=1.0 + n_rows * (1.6 + 0.36 * len(names)))
    panels = figure.subplots(n_rows, 4, sharey=True, squeeze=False)
    for axes in panels.ravel()[len(shown) :]:
        axes.set_visible(False)
    for axes, metric in zip(panels.ravel(), shown, strict=False):
        for place, name in enumerate(reversed(names)):
            chosen = own[(own["metric"] == metric) & (own["map"] == name)]["value"].to_numpy()
            if chosen.size:
                colour = NETWORK if "relevance" in name else PEOPLE
                colour = CHANCE if name in ("uniform", "centre") else colour
                _draw_row(axes, chosen, place, colour, confidence, seed)
        note = " (less is better)" if metric in LESS_IS_BETTER else ""
        axes.set_title(metric.replace("_", ", by ").replace("rho", "rank r") + note)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    for axes in panels[:, 0]:
        axes.set_yticks(range(len(names)), [MAP_LABELS[name] for name in reversed(names)])
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
