"""Maps of one picture: sums and products against the maps themselves, one by one."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaze_analysis import trial_maps
from gaze_analysis.density import Grid, density_map
from gaze_analysis.trial_maps import MapRule, picture_maps
from study.errors import InputError

GRID = Grid(40, 30, 2)
CHOICES: dict[str, Any] = {
    "weighting": ("duration", "count"),
    "participants": ("equal", "pooled"),
    "edges": ("renormalised", "dropped", "reflected"),
}
RULES = [
    MapRule(GRID, 5.0, **dict(zip(CHOICES, choice, strict=True)))
    for choice in itertools.product(*CHOICES.values())
]


def on_one_picture(n_people=5, seed=3):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 7, n_people)
    table = pd.DataFrame(
        {
            "participant_id": np.repeat([f"sub-{i:03d}" for i in range(n_people)], counts),
            "x_px": rng.uniform(-0.5, 39.5, counts.sum()),
            "y_px": rng.uniform(-0.5, 29.5, counts.sum()),
            "duration_ms": rng.uniform(80, 700, counts.sum()),
        }
    )
    return table.sample(frac=1, random_state=seed)


def slow_maps(table, rule):
    """One map after the other, and what each counts in an average."""
    maps, weights = [], []
    for _, own in table.groupby("participant_id", sort=True):
        w = own["duration_ms"] if rule.weighting == "duration" else np.ones(len(own))
        made = density_map(
            own["x_px"], own["y_px"], rule.grid, sigma_px=rule.sigma_px, weights=w, edges=rule.edges
        )
        inside = density_map(
            own["x_px"], own["y_px"], rule.grid, sigma_px=rule.sigma_px, weights=w, edges="dropped"
        ).sum() * rule.grid.cell_area_px2  # fmt: skip
        left = inside if rule.edges == "renormalised" else 1.0
        maps.append(made)
        weights.append(np.sum(w) * left if rule.participants == "pooled" else 1.0)
    return np.array(maps), np.array(weights)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.weighting}-{r.participants}-{r.edges}")
def test_sums_and_products_are_those_of_the_maps(rule, monkeypatch):
    monkeypatch.setattr(trial_maps, "_BLOCK", 4)
    table = on_one_picture()
    made = picture_maps(table, rule)
    maps, weights = slow_maps(table, rule)
    np.testing.assert_allclose(made.each(), maps, rtol=1e-11)
    np.testing.assert_allclose(made.weights, weights, rtol=1e-11)
    mean = np.average(maps, axis=0, weights=weights)
    np.testing.assert_allclose(made.mean(), mean, rtol=1e-11)
    centred = (maps - maps.mean(axis=(1, 2), keepdims=True)) * weights[:, None, None]
    expected = np.einsum("iyx,jyx->ij", centred, centred)
    np.testing.assert_allclose(made.gram(), expected, rtol=1e-9, atol=1e-12 * expected.max())


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.floats(2.0, 200.0), st.integers(0, 99))
def test_products_hold_for_kernels_of_any_width(n_people, sigma, seed):
    table = on_one_picture(n_people, seed)
    rule = replace(RULES[0], sigma_px=sigma)
    made = picture_maps(table, rule)
    maps = slow_maps(table, rule)[0]
    centred = maps - maps.mean(axis=(1, 2), keepdims=True)
    expected = np.einsum("iyx,jyx->ij", centred, centred)
    # The slow way loses digits where maps are nearly constant: to the rounding of their values.
    rounding = 1e-14 * np.sqrt(GRID.shape[0] * GRID.shape[1]) * maps.max() * np.sqrt(expected.max())
    np.testing.assert_allclose(made.gram(), expected, rtol=1e-9, atol=rounding + 1e-300)


def test_the_mass_on_the_picture_is_what_the_edges_leave():
    corner = pd.DataFrame({"participant_id": ["a"], "x_px": [-0.5], "y_px": [-0.5]})
    fine = MapRule(Grid(400, 300, 1), 6.0, weighting="count")
    assert picture_maps(corner, fine).mass_inside == pytest.approx(0.25, abs=1e-4)
    reflected = picture_maps(corner, replace(fine, edges="reflected"))
    assert reflected.mass_inside == pytest.approx(1, abs=1e-9)
    dropped = picture_maps(corner, replace(fine, edges="dropped"))
    assert dropped.mean().sum() == pytest.approx(dropped.mass_inside, rel=1e-12)


def test_more_people_than_a_small_integer_holds_keep_their_maps():
    table = on_one_picture(300)
    made = picture_maps(table, RULES[0])
    assert made.names == sorted(table["participant_id"].unique())
    own = table[table["participant_id"] == "sub-257"]
    expected = density_map(own["x_px"], own["y_px"], GRID, sigma_px=5.0, weights=own["duration_ms"])
    np.testing.assert_allclose(made.each()[257], expected, rtol=1e-11)


def test_whole_numbers_are_taken_as_they_are():
    table = on_one_picture().round()
    small = table.astype({"x_px": np.int8, "y_px": np.uint8, "duration_ms": np.uint16})
    np.testing.assert_array_equal(
        picture_maps(small, RULES[0]).mean(), picture_maps(table, RULES[0]).mean()
    )


def test_a_participant_whose_fixations_weigh_nothing_is_named():
    table = on_one_picture(3)
    table.loc[table["participant_id"] == "sub-001", "duration_ms"] = 0.0
    with pytest.raises(InputError, match="sub-001 have none"):
        picture_maps(table, RULES[0])
