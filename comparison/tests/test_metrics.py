"""Which map is judged by which: grids, controls and ceilings."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr

from comparison.common_maps import (
    ComparedMaps,
    PeopleMaps,
    centre_map,
    fixated_cells,
    on_grid,
    people_maps,
    region_weights,
    smooth,
)
from comparison.fixation_metrics import nss
from comparison.map_metrics import METRICS, as_density, cc, emd
from comparison.metrics import CEILINGS, MAPS, METRIC_COLUMNS, JudgeRule, metrics_table
from gaze_analysis.density import Grid, density_map
from gaze_analysis.trial_maps import MapRule
from stimuli.region_outlines import Outlines
from study.errors import InputError
from study.settings.execution import ExecutionSettings


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
        sigma_cells=1.0,
        centre_sigma=0.25,
        tiles_per_side=2,
        regions=(None,) * n,
    )


def people(n: int, n_people: int = 4, side: int = 6) -> list[PeopleMaps]:
    """Participants with two fixations each on every picture."""
    rng = np.random.default_rng(9)
    names = tuple(f"sub-{k}" for k in range(n_people))
    return [
        PeopleMaps(
            names,
            as_density(rng.gamma(1.0, size=(n_people, side**2))),
            np.ones(n_people),
            tuple(rng.integers(0, side**2, size=2) for _ in names),
        )
        for _ in range(n)
    ]


def _table(maps: ComparedMaps, n_people: int = 4) -> pd.DataFrame:
    rule = JudgeRule(n_halves=2, emd_cells=3, seed=1)
    own = people(len(maps.image_ids), n_people)
    return metrics_table(maps, own, rule, ExecutionSettings(jobs=1))


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
            ("CC", "shuffled_gaze", "gaze"): [
                cc(maps.gaze[j], maps.gaze[i])
                for j in others
                if maps.expressions[j] != maps.expressions[i]
            ],
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
    assert means["EMD", "relevance"] == pytest.approx(0.0, abs=1e-9)
    assert means["rho", "relevance"] == pytest.approx(1.0)


def test_uniform_maps_have_the_values_of_chance() -> None:
    table = _table(_maps())
    chances = {"CC": 0.0, "NSS": 0.0, "AUC": 0.5, "sAUC": 0.5, "rho": 0.0, "rho_tiles": 0.0}
    for metric, chance in chances.items():
        chosen = table[(table["map"] == "uniform") & (table["metric"] == metric)]
        assert (chosen["value"] == chance).all()


def test_every_picture_has_every_value_once() -> None:
    table = _table(_maps())
    keys = ["image_id", "metric", "map", "reference"]
    assert not table.duplicated(keys).any()
    # Nothing has regions; EMD is not computed for one person and by other gaze.
    metrics = [name for name in METRICS if name != "rho_regions"]
    assert len(table) == 5 * (len(metrics) * (len(MAPS) + 1) - 2)
    assert list(table.columns) == list(METRIC_COLUMNS)


def test_a_picture_alone_has_no_other_picture() -> None:
    table = _table(_maps(n=1))
    own = table[(table["reference"] == "gaze") & table["value"].notna()]
    there = {"relevance", "relevance_smooth", "uniform", "centre", *CEILINGS}
    assert set(own["map"]) == there
    assert not table.loc[table["map"] == "relevance", "metric"].isin(["sAUC"]).any()
    assert "nan" not in table["metric"].str.lower().tolist()


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
    def dataset(n: int) -> xr.Dataset:
        centres = (np.arange(n) + 0.5) * 24 / n - 0.5
        plane = np.broadcast_to(centres + 10 * centres[:, None], (2, n, n))
        coords = {"image": ["A", "B"], "y": centres, "x": centres}
        return xr.Dataset({"m": (("image", "y", "x"), plane)}, coords=coords)

    # A plane keeps its values at cell centres, whatever grid it came on.
    coarse, fine = (on_grid(dataset(n), "m", ["B"], 24, 6) for n in (12, 24))
    np.testing.assert_allclose(coarse, fine)


def test_people_s_mean_is_the_density_of_the_picture() -> None:
    rng = np.random.default_rng(3)
    fixations = pd.DataFrame(
        {
            "participant_id": np.repeat(["a", "b", "c"], 4),
            "x_px": rng.uniform(2, 22, 12),
            "y_px": rng.uniform(2, 22, 12),
            "duration_ms": rng.integers(100, 300, 12).astype(float),
        }
    )
    rule = MapRule(Grid(24, 24), sigma_px=3.0)
    made = people_maps(fixations, rule, 6)
    whole = np.mean(
        [
            density_map(
                own["x_px"], own["y_px"], rule.grid, sigma_px=3.0, weights=own["duration_ms"]
            )
            for _, own in fixations.groupby("participant_id")
        ],
        axis=0,
    )
    cells = whole.reshape(6, 4, 6, 4).mean(axis=(1, 3)).ravel()
    np.testing.assert_allclose(made.mean(np.ones(3)), cells / cells.sum(), rtol=1e-9)
    assert [len(cells) for cells in made.fixated_cells] == [4, 4, 4]


def test_region_weights_average_the_cells_whose_middle_is_inside() -> None:
    square: npt.NDArray[np.float64] = np.array([[-0.5, -0.5], [3.5, -0.5], [3.5, 3.5], [-0.5, 3.5]])
    outlines = {"A": Outlines(("nose", "mouth"), (square, square + 4.0))}
    weights, none = region_weights(outlines, ["A", "B"], 8, 4)
    assert none is None
    assert weights is not None
    expected = np.zeros((2, 4, 4))
    expected[0, :2, :2] = expected[1, 2:, 2:] = 0.25
    np.testing.assert_allclose(weights.reshape(2, 4, 4), expected)


def test_ceilings_against_slow_averages() -> None:
    maps, own = _maps(), people(5)
    table = _table(maps).set_index(["image_id", "metric", "map", "reference"])["value"]
    for i in range(5):
        m, cells = own[i].maps, own[i].fixated_cells
        others = [np.mean([m[q] for q in range(4) if q != p], axis=0) for p in range(4)]
        slow = np.mean([float(nss(others[p], cells[p])) for p in range(4)])
        assert table[f"P{i}", "NSS", "one_person", "gaze"] == pytest.approx(slow)
        slow = np.mean([float(cc(others[p], m[p])) for p in range(4)])
        assert table[f"P{i}", "CC", "one_person", "gaze"] == pytest.approx(slow)


def test_two_participants_have_one_pair_of_halves() -> None:
    maps, own = _maps(), people(5, 2)
    table = _table(maps, 2).set_index(["image_id", "metric", "map", "reference"])["value"]
    for i in range(5):
        a, b = own[i].maps
        r = float(cc(a, b))
        stepped = 2 * r / (1 + r) if r > 0 else r
        assert table[f"P{i}", "CC", "people", "gaze"] == pytest.approx(stepped)


def test_one_participant_has_no_ceiling() -> None:
    assert not set(_table(_maps(), 1)["map"]) & set(CEILINGS)


def test_emd_of_other_pictures_is_the_mean_over_drawn_ones() -> None:
    maps = _maps(n=2)
    table = _table(maps).set_index(["image_id", "metric", "map", "reference"])["value"]
    coarse = maps.gaze.reshape(2, 3, 2, 3, 2).mean(axis=(2, 4)).reshape(2, 9)
    expected = emd(coarse[0], coarse[1], 3)
    assert table["P0", "EMD", "other_gaze", "gaze"] == pytest.approx(expected)
    # Both pictures show the same expression.
    assert ("P0", "EMD", "shuffled_gaze", "gaze") not in table.index
