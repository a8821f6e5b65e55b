"""Which map is judged by which: grids, controls and ceilings."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparison.map_metrics import METRICS, cc, nss
from comparison.metrics import (
    MAPS,
    METRIC_COLUMNS,
    ComparedMaps,
    ceiling_rows,
    centre_map,
    common_maps,
    fixated_cells,
    metrics_table,
    smooth,
)
from study.errors import InputError


def _maps(n: int = 5, side: int = 6, seed: int = 1) -> ComparedMaps:
    rng = np.random.default_rng(seed)
    gaze = rng.gamma(1.0, size=(n, side**2))
    return ComparedMaps(
        image_ids=tuple(f"P{i}" for i in range(n)),
        expressions=("happy", "happy", "sad", "sad", "afraid")[:n],
        gaze=gaze / gaze.sum(axis=1, keepdims=True),
        relevance=rng.normal(size=(n, side**2)),
        fixated_cells=tuple(rng.integers(0, side**2, size=4 + i) for i in range(n)),
        cells_per_side=side,
    )


def _table(maps: ComparedMaps) -> pd.DataFrame:
    return metrics_table(maps, sigma_cells=1.0, centre_sigma=0.25)


def test_fixations_fall_into_the_cell_that_holds_them() -> None:
    # Four cells over 8 px: edges at -0.5, 1.5, 3.5, 5.5, 7.5.
    x = [-0.5, 1.49, 1.51, 7.49, 7.51, -0.51]
    assert fixated_cells(x, np.zeros(6), 8, 4).tolist() == [0, 0, 1, 3]
    assert fixated_cells([0.0], [6.0], 8, 4).tolist() == [12]


def test_controls_against_slow_averages() -> None:
    maps = _maps()
    table = _table(maps).set_index(["image_id", "metric", "map", "reference"])["value"]
    for i in range(5):
        others = [j for j in range(5) if j != i]
        image, cells = f"P{i}", maps.fixated_cells[i]
        slow = {
            ("CC", "other_gaze", "gaze"): [cc(maps.gaze[j], maps.gaze[i]) for j in others],
            ("NSS", "other_gaze", "gaze"): [nss(maps.gaze[j], cells) for j in others],
            ("NSS", "other_relevance", "gaze"): [nss(maps.relevance[j], cells) for j in others],
            ("NSS", "relevance", "other_gaze"): [
                nss(maps.relevance[i], maps.fixated_cells[j]) for j in others
            ],
        }
        for key, values in slow.items():
            assert table[(image, *key)] == pytest.approx(float(np.mean(values)))
        mean = maps.gaze[others].mean(axis=0)
        assert table[image, "CC", "mean_gaze", "gaze"] == pytest.approx(
            float(cc(mean, maps.gaze[i]))
        )


def test_relevance_that_is_the_gaze_reaches_the_top() -> None:
    maps = _maps()
    same = ComparedMaps(**(vars(maps) | {"relevance": 3 * maps.gaze}))
    table = _table(same)
    means = table[table["reference"] == "gaze"].groupby(["metric", "map"])["value"].mean()
    assert means["CC", "relevance"] == pytest.approx(1.0)
    assert means["SIM", "relevance"] == pytest.approx(1.0)
    assert means["KL", "relevance"] == pytest.approx(0.0, abs=1e-9)


def test_uniform_maps_have_the_values_of_chance() -> None:
    table = _table(_maps())
    for metric, chance in (("CC", 0.0), ("NSS", 0.0), ("AUC", 0.5)):
        chosen = table[(table["map"] == "uniform") & (table["metric"] == metric)]
        assert (chosen["value"] == chance).all()


def test_every_picture_has_every_value_once() -> None:
    table = _table(_maps())
    keys = ["image_id", "metric", "map", "reference"]
    assert not table.duplicated(keys).any()
    assert len(table) == 5 * len(METRICS) * (len(MAPS) - 2 + 1)
    assert list(table.columns) == list(METRIC_COLUMNS)


def test_a_picture_alone_has_no_other_picture() -> None:
    table = _table(_maps(n=1))
    missing = set(table.loc[table["value"].isna(), "map"])
    assert missing == {"other_gaze", "expression_gaze", "mean_gaze", "other_relevance", "relevance"}
    own = table[(table["map"] == "relevance") & (table["reference"] == "gaze")]
    assert own["value"].notna().all()


def test_pictures_alone_in_their_expression_have_no_mean_of_it() -> None:
    table = _table(_maps())
    alone = table[(table["map"] == "expression_gaze") & table["value"].isna()]
    assert set(alone["image_id"]) == {"P4"}


def test_pictures_without_fixations_are_refused() -> None:
    maps = _maps()
    empty = (np.empty(0, dtype=np.int64), *maps.fixated_cells[1:])
    with pytest.raises(InputError, match="P0 has none"):
        _table(ComparedMaps(**(vars(maps) | {"fixated_cells": empty})))


def test_flat_relevance_equals_the_uniform_map() -> None:
    maps = _maps()
    flat = ComparedMaps(**(vars(maps) | {"relevance": np.full_like(maps.gaze, -2.0)}))
    table = _table(flat)
    wide = table[table["reference"] == "gaze"].pivot_table(
        index=["image_id", "metric"], columns="map", values="value"
    )
    np.testing.assert_allclose(wide["relevance"], wide["uniform"], atol=1e-12)


def test_centre_map_is_a_symmetric_density_with_its_peak_in_the_middle() -> None:
    centre = centre_map(8, 0.25).reshape(8, 8)
    assert centre.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(centre, centre[::-1, ::-1])
    np.testing.assert_allclose(centre, centre.T)
    # One standard deviation (two cells of eight) lies between the cells of the 2nd ring.
    ratio = centre[4, 6] / centre[4, 4]
    assert ratio == pytest.approx(np.exp(-(2.5**2 - 0.5**2) / (2 * 2.0**2)))


def test_smoothing_keeps_the_sum_away_from_the_edge_and_the_sign() -> None:
    spot = np.zeros((1, 21 * 21))
    spot[0, 10 * 21 + 10] = -3.0
    blurred = smooth(spot, 21, 2.0)
    assert blurred.sum() == pytest.approx(-3.0, abs=1e-3)
    assert blurred.max() <= 0


def test_maps_on_different_grids_meet_on_one() -> None:
    def dataset(name: str, n: int) -> xr.Dataset:
        centres = (np.arange(n) + 0.5) * 24 / n - 0.5
        plane = np.broadcast_to(centres + 10 * centres[:, None], (2, n, n))
        coords = {"image": ["A", "B"], "y": centres, "x": centres}
        return xr.Dataset({name: (("image", "y", "x"), plane)}, coords=coords)

    used = pd.DataFrame({"image_id": ["B"], "expression": ["sad"]})
    fixations = pd.DataFrame({"image_id": ["A", "B"], "x_px": [1.0, 23.0], "y_px": [1.0, 2.0]})
    maps = common_maps(used, dataset("density", 12), dataset("relevance", 24), fixations, 24, 6)
    # A plane keeps its values at cell centres, whatever grid it came on.
    np.testing.assert_allclose(maps.gaze, maps.relevance)
    assert maps.fixated_cells[0].tolist() == [5]


def test_ceilings_are_those_of_the_compared_pictures() -> None:
    ceilings = pd.DataFrame(
        {
            "level": ["image", "image", "expression"],
            "image_id": ["A", "B", None],
            "expression": ["sad", "happy", "sad"],
            "spearman_brown_r": [0.9, 0.8, 0.99],
            "leave_one_out_r": [0.6, 0.5, 0.7],
        }
    )
    rows = ceiling_rows(ceilings, ("A",))
    assert rows[["map", "value"]].to_numpy().tolist() == [["people", 0.9], ["one_person", 0.6]]
