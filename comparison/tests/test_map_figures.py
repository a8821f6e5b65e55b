"""Figures of map against map: what they show, and that little data are enough to draw them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparison.difference_tables import differences_dataset
from comparison.map_differences import Difference, cluster_test
from comparison.map_figures import (
    difference_figure,
    resolution_figure,
    rsa_figure,
    similarity_figure,
    similarity_square,
)
from comparison.resolution import SWEEPS
from comparison.similarity import PEOPLE, rsa_table, similarity_matrix, similarity_table
from stimuli.expressions import EXPRESSIONS
from study.figures import PAGE_CM, WIDTH_CM, Columns, save_figure
from study.tests.drawn_texts import cut_off, drawn_texts, overlaps


def _sources(n: int = 7) -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    return {
        source: {name: rng.normal(size=30) for name in EXPRESSIONS[:n]}
        for source in (PEOPLE, "lrp")
    }


def _sweeps() -> pd.DataFrame:
    rows = [
        {
            "sweep": sweep, "sigma_px": 1.0, "sigma_ratio": ratio, "cells_per_side": cells,
            "metric": metric, "map": name, "n": 3, "mean": ratio, "ci_low": ratio - 0.1,
            "ci_high": ratio + 0.1,
        }
        for sweep in SWEEPS
        for metric in ("CC", "NSS")
        for name in ("relevance", "centre")
        for ratio, cells in ((0.0, 4), (1.0, 8))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_resolution_figure_has_a_row_for_each_sweep_and_a_column_for_each_metric(
    tmp_path: Path,
) -> None:
    figure = resolution_figure(_sweeps())
    assert len(figure.axes) == len(SWEEPS) * 2
    assert [axes.get_title() for axes in figure.axes[:2]] == ["CC", "NSS"]
    assert all(len(axes.lines) == 2 for axes in figure.axes)
    drawn = np.asarray(figure.axes[0].lines[0].get_ydata())
    np.testing.assert_allclose(drawn, [0.0, 1.0])
    assert all(path.is_file() for path in save_figure(figure, tmp_path / "resolution"))


@pytest.mark.parametrize("n", [1, 7])
def test_similarity_figure_shows_the_matrix_in_the_order_of_the_tree(n: int) -> None:
    matrix = similarity_matrix(_sources(n))
    figure = similarity_figure(similarity_table(matrix))
    below = figure.axes[1]
    labels = [label.get_text() for label in below.get_yticklabels()]
    assert len(labels) == 2 * n
    shown = np.asarray(below.images[0].get_array())
    index = [tuple(label.split(": ")) for label in labels]
    np.testing.assert_allclose(shown, matrix.loc[index, index].to_numpy())


def test_similarity_comes_back_square() -> None:
    matrix = similarity_matrix(_sources())
    pd.testing.assert_frame_equal(
        similarity_square(similarity_table(matrix)), matrix, check_names=False
    )


def test_rsa_figure_draws_each_explanation_and_the_ceiling() -> None:
    sources = _sources()
    people = {f"s{k}": sources[PEOPLE] for k in range(3)}
    figure = rsa_figure(similarity_table(similarity_matrix(sources)), rsa_table(sources, people))
    assert [axes.get_title().split("\n")[0] for axes in figure.axes[:2]] == [PEOPLE, "lrp"]
    assert len(figure.axes[-1].containers[0]) == 1


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("n", [1, 4, 7])
def test_names_of_many_explanations_can_be_read(columns: Columns, n: int) -> None:
    names = [
        "lrp.sequential_preset_a_flat", "lrp.epsilon_argument-0.01_target-predicted",
        "integrated_gradients", "lrp.alpha_2_beta_1", "guided_backprop", "deep_taylor",
        "smoothgrad",
    ][:n]  # fmt: skip
    rng = np.random.default_rng(1)
    sources = {
        source: {name: rng.normal(size=30) for name in EXPRESSIONS} for source in (PEOPLE, *names)
    }
    people = {f"s{k}": sources[PEOPLE] for k in range(3)}
    similar = similarity_table(similarity_matrix(sources))
    figures = (
        similarity_figure(similar, columns=columns),
        rsa_figure(similar, rsa_table(sources, people), columns=columns),
    )
    for figure in figures:
        texts = drawn_texts(figure)
        assert cut_off(figure, texts) == []
        assert overlaps(texts) == []
        assert min(float(text.get_fontsize()) for text in texts) >= 7
        assert 2.54 * figure.get_figwidth() == pytest.approx(WIDTH_CM[columns])
        assert 2.54 * figure.get_figheight() <= PAGE_CM + 0.001


def _differences(with_test: bool) -> xr.Dataset:
    pytest.importorskip("mne", reason="cluster tests are MNE's")
    values = np.random.default_rng(2).normal(size=(10, 8, 8)) / 64
    values[:, 2:5, 2:5] += 4 / 64
    test = cluster_test(values, n_permutations=99, seed=1) if with_test else None
    mean = values.mean(axis=0)
    found = [Difference(unit, "all", mean, 10, test) for unit in ("pictures", "participants")]
    return differences_dataset(found, 16.0)


def test_difference_figure_surrounds_what_is_significant() -> None:
    drawn = difference_figure(_differences(with_test=True)).axes
    assert all(len(axes.collections) == 1 for axes in drawn[:2])
    plain = difference_figure(_differences(with_test=False)).axes
    assert all(len(axes.collections) == 0 for axes in plain[:2])
    assert [text.get_text() for text in plain[0].texts] == ["no test"]
