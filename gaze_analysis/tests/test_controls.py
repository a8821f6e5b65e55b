"""Controls against correlations and means that are made one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from gaze_analysis.controls import (
    CONTROL_COLUMNS,
    control_maps,
    control_table,
    fitted_centre_sigma_px,
    mean_of_others,
    shuffled_pictures,
)
from gaze_analysis.density import Grid
from gaze_analysis.maps import study_maps
from gaze_analysis.trial_maps import MapRule
from stimuli.expressions import EXPRESSIONS
from study.errors import InputError

RULE = MapRule(Grid(40, 30, 2), 5.0, n_splits=10)
SHOWN = {"P1": "sad", "P2": "sad", "P3": "happy", "P4": "sad", "P5": "happy", "P6": "afraid"}


@pytest.fixture
def fixations():
    rng = np.random.default_rng(5)
    rows = [
        (f"sub-{person}", image, expression, *rng.uniform(3, 27, 2), rng.uniform(100, 600))
        for person in "abc"
        for image, expression in SHOWN.items()
        for _ in range(rng.integers(1, 6))
    ]
    columns = ["participant_id", "image_id", "expression", "x_px", "y_px", "duration_ms"]
    return pd.DataFrame(rows, columns=columns)


def r(one, other):
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1]


def made(fixations, **kwargs):
    maps = study_maps(fixations, RULE).maps
    controls = control_maps(maps, fixations, RULE, **kwargs)
    return maps, controls, control_table(maps, controls).set_index("image_id")


def test_each_control_leaves_the_picture_out(fixations):
    maps, controls, table = made(fixations)
    density = {image: maps["density"].sel(image=image).to_numpy() for image in SHOWN}
    for image, expression in SHOWN.items():
        others = [density[name] for name in SHOWN if name != image]
        row = table.loc[image]
        np.testing.assert_allclose(
            controls["mean_face"].sel(image=image), np.mean(others, axis=0), rtol=1e-12
        )
        assert row["mean_face_r"] == pytest.approx(r(density[image], np.mean(others, axis=0)))
        same = [density[n] for n, e in SHOWN.items() if e == expression and n != image]
        assert row["n_class"] == len(same)
        if same:
            assert row["class_mean_r"] == pytest.approx(r(density[image], np.mean(same, axis=0)))
        else:
            assert np.isnan(row["class_mean_r"])
        elsewhere = [r(density[image], density[n]) for n, e in SHOWN.items() if e != expression]
        assert row["shuffled_r"] == pytest.approx(np.mean(elsewhere))
        assert SHOWN[row["shuffled_image"]] != expression
        assert row["centre_bias_r"] == pytest.approx(r(density[image], controls["centre_bias"]))
        whole_class = maps["density_by_expression"].sel(expression=expression)
        assert row["class_mean_with_it_r"] == pytest.approx(r(density[image], whole_class))
        assert row["mean_face_with_it_r"] == pytest.approx(r(density[image], maps["mean_density"]))
    assert [*table.reset_index().columns] == list(CONTROL_COLUMNS)
    assert list(table["shuffled_image"]) == list(controls["shuffled_image"].to_numpy())


def test_controls_integrate_to_one_on_the_maps_own_grid(fixations):
    maps, controls, _ = made(fixations)
    np.testing.assert_array_equal(controls["x"], maps["x"])
    for name in ("mean_face", "class_mean"):
        mass = controls[name].dropna("image").sum(("y", "x")) * maps.attrs["cell_area_px2"]
        np.testing.assert_allclose(mass, 1, rtol=1e-12)
    assert float(controls["centre_bias"].sum()) * maps.attrs["cell_area_px2"] == pytest.approx(1)
    assert controls.attrs["sigma_px"] == 5.0


def test_the_same_seed_draws_the_same_pictures(fixations):
    first, again = (made(fixations)[1] for _ in range(2))
    assert first.identical(again)


def test_the_fitted_centre_is_the_likeliest_gaussian(fixations):
    x, y = fixations["x_px"] - 19.5, fixations["y_px"] - 14.5
    pooled = MapRule(RULE.grid, 5.0, weighting="count", participants="pooled")

    def loss(sigma):
        return np.mean((x**2 + y**2) / (2 * sigma**2) + 2 * np.log(sigma))

    likeliest = minimize_scalar(loss, bounds=(1, 30), method="bounded", options={"xatol": 1e-9}).x
    assert fitted_centre_sigma_px(fixations, pooled) == pytest.approx(likeliest, rel=1e-6)
    square = (x**2 + y**2) / 2
    trial = [fixations["participant_id"], fixations["image_id"]]
    weighted = (square * fixations["duration_ms"]).groupby(trial).sum()
    of_trials = weighted / fixations["duration_ms"].groupby(trial).sum()
    expected = np.sqrt(of_trials.groupby("participant_id").mean().mean())
    assert fitted_centre_sigma_px(fixations, RULE) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(InputError, match="all are on it"):
        fitted_centre_sigma_px(fixations.assign(x_px=19.5, y_px=14.5), RULE)


def test_a_given_centre_is_round_and_in_the_middle(fixations):
    _, controls, _ = made(fixations, centre_px=7.0)
    centre = controls["centre_bias"]
    assert controls.attrs["centre_sigma_px"] == 7.0
    np.testing.assert_allclose(centre, centre[::-1, ::-1], rtol=1e-12)
    ratio = float(centre.sel(x=20.5, y=14.5) / centre.sel(x=20.5, y=20.5))
    assert ratio == pytest.approx(np.exp(6**2 / (2 * 7**2)), rel=1e-12)


def test_pictures_without_an_expression_have_no_class(fixations):
    _, controls, table = made(fixations.assign(expression=np.nan))
    assert table["class_mean_r"].isna().all()
    assert table["class_mean_with_it_r"].isna().all()
    assert table["expression"].isna().all()
    assert table["mean_face_r"].notna().all()
    assert table["shuffled_r"].notna().all()
    assert (controls["shuffled_image"] != controls["image"]).all()


def test_a_picture_alone_has_no_control_but_the_centre(fixations):
    _, controls, table = made(fixations[fixations["image_id"] == "P1"])
    row = table.iloc[0]
    assert np.isnan(row[["class_mean_r", "mean_face_r", "shuffled_r"]].astype(float)).all()
    assert np.isfinite(row["centre_bias_r"])
    assert controls["shuffled_image"].item() == "n/a"


@given(
    st.lists(st.sampled_from([*EXPRESSIONS, "n/a"]), min_size=2, max_size=300), st.integers(0, 9)
)
def test_shuffled_pictures_are_of_another_expression_where_there_is_one(expressions, seed):
    drawn = shuffled_pictures(expressions, np.random.default_rng(seed))
    assert len(drawn) == len(expressions)
    for i, j in enumerate(drawn):
        assert j is not None
        assert i != j
        if expressions[i] != "n/a" and len(set(expressions)) > 1:
            assert expressions[i] != expressions[j]


@given(st.integers(2, 200), st.integers(1, 200))
def test_means_of_others_keep_their_pictures_whatever_the_number_of_groups(n, n_groups):
    rng = np.random.default_rng(n)
    maps, groups = rng.integers(0, 255, (n, 2)).astype(np.uint8), rng.integers(0, n_groups, n)
    found = mean_of_others(maps, groups)
    for i in range(n):
        same = [j for j in range(n) if groups[j] == groups[i] and j != i]
        if same:
            np.testing.assert_allclose(found[i], maps[same].astype(float).mean(axis=0))
        else:
            assert np.isnan(found[i]).all()
