"""The figures: what they show, and that one picture is enough to draw them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparison.curve_figure import mean_curves, perturbation_figure
from comparison.figures import (
    COLOURS,
    agreement_figure,
    area_figure,
    conditions_figure,
    mean_interval,
)
from comparison.map_metrics import METRICS
from study.figures import save_figure


def _curves(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for picture in range(n):
        for condition, repeats in (("gaze", 1), ("relevance", 1), ("random", 3)):
            for repeat in range(repeats):
                p = np.sort(rng.random(17))[::-1]
                rows += [
                    {"condition": condition, "repeat": repeat, "image_id": f"P{picture}"}
                    | {"direction": "most_first"}
                    | {"step": step, "p_true": value}
                    for step, value in enumerate(p)
                ]
    return pd.DataFrame(rows)


def test_mean_interval_against_a_slow_bootstrap() -> None:
    values = np.random.default_rng(2).gamma(1.0, size=(30, 1))
    mean, low, high = mean_interval(values, resamples=8000)
    rng = np.random.default_rng(3)
    means = [rng.choice(values[:, 0], 30).mean() for _ in range(8000)]
    assert float(mean[0]) == pytest.approx(values.mean())
    np.testing.assert_allclose([low[0], high[0]], np.quantile(means, [0.025, 0.975]), atol=0.03)


def test_mean_curves_average_repeats_within_pictures() -> None:
    curves = _curves(2)
    sheets = mean_curves(curves)
    assert sheets["random"].shape == (2, 17)
    chosen = curves[(curves["image_id"] == "P1") & (curves["condition"] == "random")]
    expected = chosen[chosen["step"] == 4]["p_true"].mean()
    assert sheets["random"].loc["P1", 4] == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 6])
def test_perturbation_figure_has_a_line_for_each_picture(n: int, tmp_path: Path) -> None:
    figure = perturbation_figure(_curves(n))
    left, right = figure.axes
    assert [line.get_color() for line in left.lines] == [
        COLOURS[name] for name in ("random", "relevance", "gaze")
    ]
    # Two conditions with n pictures each, two means and the line at zero.
    assert len(right.lines) == 2 * n + 3
    assert all(path.is_file() for path in save_figure(figure, tmp_path / "curves"))


def test_conditions_are_drawn_from_the_best_to_the_worst() -> None:
    rows = [
        {"image_id": f"P{i}", "condition": name, "auc_signed": value + i, "srg": value}
        for i in range(3)
        for name, value in (("gaze", 1.0), ("lrp.z", 3.0), ("centre", 2.0), ("random", 0.0))
    ]
    left, right = conditions_figure(pd.DataFrame(rows)).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["gaze", "centre", "lrp.z"]
    assert right.get_xlabel() == "symmetric relevance gain"


@pytest.mark.parametrize("expressions", [("happy",), ("happy", "sad", "happy")])
def test_area_figure_has_a_place_for_each_expression(expressions: tuple[str, ...]) -> None:
    rows = [
        {"image_id": f"P{i}", "expression": name, "condition": condition, "auc_signed": 0.1 * i}
        for i, name in enumerate(expressions)
        for condition in ("gaze", "relevance", "random")
    ]
    (axes,) = area_figure(pd.DataFrame(rows)).axes
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["all", *sorted(set(expressions))]


def test_agreement_figure_has_a_panel_for_each_metric() -> None:
    rows = [
        {"metric": metric, "map": name, "reference": "gaze", "value": value}
        for metric in METRICS
        for name in ("relevance", "uniform", "mean_gaze")
        for value in (0.1, 0.4, np.nan)
    ]
    figure = agreement_figure(pd.DataFrame(rows))
    assert len(figure.axes) == len(METRICS)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["mean gaze, all pictures", "uniform", "relevance"]


def test_significant_clusters_are_bars_below_the_curves() -> None:
    clusters = pd.DataFrame(
        {"a": "gaze", "b": ["random", "relevance"], "expression": "all"}
        | {"first_step": [2, 5], "last_step": [4, 6], "p": [0.01, 0.2]}
    )
    _, right = perturbation_figure(_curves(6), clusters).axes
    (bar,) = [line for line in right.lines if line.get_label() == "gaze - random"]
    assert list(np.asarray(bar.get_xdata())) == pytest.approx([1.6, 4.4])
    assert not [line for line in right.lines if line.get_label() == "gaze - relevance"]
