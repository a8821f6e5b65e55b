"""Maps of a study: who weighs what, and what they are labelled with."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.density import Grid, density_map
from gaze_analysis.maps import study_maps
from gaze_analysis.participant_maps import maps_by_participant
from gaze_analysis.trial_maps import MapRule
from study.errors import InputError
from study.maps import read_maps, write_maps

GRID = Grid(40, 30, 2)


def rule(**changes):
    return replace(MapRule(GRID, sigma_px=5.0, n_splits=20), **changes)


@pytest.fixture
def fixations():
    rng = np.random.default_rng(5)
    rows = [
        (f"sub-{person}", image, expression, *rng.uniform(3, 27, 2), rng.uniform(100, 600))
        for person in "abc"
        for image, expression in (("P1", "sad"), ("P2", "sad"), ("P3", "happy"))
        for _ in range(rng.integers(1, 6))
    ]
    columns = ["participant_id", "image_id", "expression", "x_px", "y_px", "duration_ms"]
    return pd.DataFrame(rows, columns=columns)


def one_map(rows, weighted=True):
    weights = rows["duration_ms"] if weighted else None
    return density_map(rows["x_px"], rows["y_px"], GRID, sigma_px=5.0, weights=weights)


def test_participants_weigh_equally(fixations):
    maps = study_maps(fixations, rule()).maps
    people = ["sub-a", "sub-b", "sub-c"]

    def of(person, image):
        chosen = (fixations["participant_id"] == person) & (fixations["image_id"] == image)
        return one_map(fixations[chosen])

    expected = np.mean([of(person, "P1") for person in people], axis=0)
    np.testing.assert_allclose(maps["density"].sel(image="P1"), expected, rtol=1e-10)
    sad = np.mean([(of(person, "P1") + of(person, "P2")) / 2 for person in people], axis=0)
    np.testing.assert_allclose(maps["density_by_expression"].sel(expression="sad"), sad, rtol=1e-10)
    everything = np.mean(
        [sum(of(person, f"P{i}") for i in (1, 2, 3)) / 3 for person in people], axis=0
    )
    np.testing.assert_allclose(maps["mean_density"], everything, rtol=1e-10)


@pytest.mark.parametrize("weighting", ["duration", "count"])
def test_pooled_fixations_make_one_map(fixations, weighting):
    maps = study_maps(fixations, rule(participants="pooled", weighting=weighting)).maps
    weighted = weighting == "duration"
    on_image = fixations[fixations["image_id"] == "P2"]
    np.testing.assert_allclose(
        maps["density"].sel(image="P2"), one_map(on_image, weighted), rtol=1e-10
    )
    np.testing.assert_allclose(maps["mean_density"], one_map(fixations, weighted), rtol=1e-10)


def test_a_participant_without_fixations_on_a_picture_is_left_out(fixations):
    gone = (fixations["participant_id"] == "sub-b") & (fixations["expression"] == "sad")
    made = study_maps(fixations[~gone], rule())
    assert made.maps["n_participants"].to_series().to_dict() == {"P1": 2, "P2": 2, "P3": 3}
    for name in ("density", "density_by_expression", "mean_density"):
        mass = made.maps[name].sum(("y", "x")) * GRID.cell_area_px2
        np.testing.assert_allclose(mass, 1, rtol=1e-12)
    counts = made.ceilings.set_index(["level", "image_id", "expression"])["n_participants"]
    assert list(counts) == [2, 2, 3, 3, 2, 3]


def test_maps_are_labelled_and_survive_the_disk(fixations, tmp_path):
    made = study_maps(fixations.sample(frac=1, random_state=1), rule())
    write_maps(tmp_path / "density.nc", made.maps)
    maps = read_maps(tmp_path / "density.nc")
    assert list(maps["image"].values) == ["P1", "P2", "P3"]
    assert list(maps["expression"].values) == ["happy", "sad"]
    assert maps["expression_of_image"].sel(image="P3").item() == "happy"
    assert maps["n_fixations"].sum() == len(fixations)
    assert (maps["x"][0], maps["x"][-1]) == (0.5, 38.5)
    assert maps.attrs["sigma_px"] == 5.0
    assert maps["density"].dtype == np.float64
    pd.testing.assert_frame_equal(made.ceilings, study_maps(fixations, rule()).ceilings)


def by_participant(fixations, rule_, **options):
    """Gather the maps of participants, by expression, from the bands in which they come."""
    found: dict[str, np.ndarray] = {}

    n_people = fixations["participant_id"].nunique()

    def keep(expression, rows, people, maps):
        shape = (n_people, *GRID.shape)
        found.setdefault(expression, np.full(shape, -1.0))[people, rows] = maps

    study_maps(fixations, rule_, keep=keep, **options)
    return found


def test_each_participant_has_a_map_of_each_expression(fixations):
    gone = (fixations["participant_id"] == "sub-b") & (fixations["expression"] == "sad")
    made = by_participant(fixations[~gone], rule())
    assert list(made) == ["happy", "sad"]
    assert np.isnan(made["sad"][1]).all()
    own = fixations[(fixations["participant_id"] == "sub-c") & (fixations["expression"] == "sad")]
    expected = np.mean([one_map(rows) for _, rows in own.groupby("image_id")], axis=0)
    np.testing.assert_allclose(made["sad"][2], expected, rtol=1e-10)
    pooled = by_participant(fixations, rule(participants="pooled"))
    np.testing.assert_allclose(pooled["sad"][2], one_map(own), rtol=1e-10)


@pytest.mark.parametrize("edges", ["renormalised", "reflected"])
@pytest.mark.parametrize("participants", ["equal", "pooled"])
def test_bands_and_halves_give_what_whole_maps_give(fixations, edges, participants):
    """With two halves the three participants are more than the halves: another way is taken."""
    gone = (fixations["participant_id"] == "sub-b") & (fixations["expression"] == "sad")
    chosen = rule(edges=edges, participants=participants, n_splits=2)
    left = fixations[~gone]
    whole, small = study_maps(left, chosen), study_maps(left, chosen, block_mb=1e-6)
    for name in whole.maps.data_vars:
        np.testing.assert_allclose(small.maps[name], whole.maps[name], rtol=1e-12)
    pd.testing.assert_frame_equal(small.ceilings, whole.ceilings, rtol=1e-10)
    for expression, maps in by_participant(left, chosen, block_mb=1e-6).items():
        np.testing.assert_allclose(maps, by_participant(left, chosen)[expression], rtol=1e-12)
    rows = whole.ceilings.set_index(["level", "image_id", "expression"])
    by_gram = study_maps(left, replace(chosen, n_splits=3)).ceilings
    by_gram = by_gram.set_index(["level", "image_id", "expression"])
    np.testing.assert_allclose(
        rows["leave_one_out_r"], by_gram["leave_one_out_r"], rtol=1e-10, equal_nan=True
    )


def test_maps_of_each_participant_on_each_picture_are_made_on_demand(fixations):
    gone = (fixations["participant_id"] == "sub-b") & (fixations["image_id"] == "P2")
    left = fixations[~gone]
    each = maps_by_participant(left, rule())
    assert each.dims == ("participant", "image", "y", "x")
    assert each["expression_of_image"].sel(image="P3").item() == "happy"
    assert np.isnan(each.sel(participant="sub-b", image="P2")).all()
    maps = study_maps(left, rule()).maps
    np.testing.assert_allclose(each.mean("participant"), maps["density"], rtol=1e-10)
    own = (left["participant_id"] == "sub-a") & (left["image_id"] == "P3")
    np.testing.assert_allclose(
        each.sel(participant="sub-a", image="P3"), one_map(left[own]), rtol=1e-10
    )
    only = maps_by_participant(left, rule(), images=["P3"])
    np.testing.assert_array_equal(only.isel(image=0), each.sel(image="P3"))
    with pytest.raises(InputError, match="P9 has none"):
        maps_by_participant(left, rule(), images=["P3", "P9"])


def test_more_pictures_and_people_than_a_small_integer_holds():
    rng = np.random.default_rng(8)
    names = [f"{i:03d}" for i in range(150)]
    rows = pd.DataFrame(
        {
            "participant_id": [f"sub-{name}" for name in names],
            "image_id": [f"P{name}" for name in names[::-1]],
            "expression": rng.choice(["sad", "happy"], 150),
            "x_px": rng.integers(0, 40, 150).astype(np.int8),
            "y_px": rng.integers(0, 30, 150).astype(np.uint8),
            "duration_ms": rng.integers(80, 500, 150).astype(np.int16),
        }
    )
    mixed = rows.sample(frac=1, random_state=2)
    made, of_people = study_maps(mixed, rule(n_splits=2)).maps, by_participant(mixed, rule())
    for place in (0, 99, 127, 128, 149):
        own = rows[rows["image_id"] == f"P{names[place]}"]
        np.testing.assert_allclose(made["density"][place], one_map(own), rtol=1e-10)
        person = own["participant_id"].item()
        expression = own["expression"].item()
        by_person = of_people[expression][int(person.removeprefix("sub-"))]
        np.testing.assert_allclose(by_person, one_map(own), rtol=1e-10)


def test_dropped_mass_lowers_the_integral_of_averages_as_well(fixations):
    made = study_maps(fixations, rule(edges="dropped")).maps
    mass = made["density"].sum(("y", "x")) * GRID.cell_area_px2
    np.testing.assert_allclose(mass, made["mass_inside"], rtol=1e-12)
    assert (mass < 0.99).all()
    kept = study_maps(fixations, rule()).maps["mass_inside"]
    np.testing.assert_allclose(kept, made["mass_inside"], rtol=1e-12)


def test_refuses_fixations_without_what_a_map_needs(fixations):
    with pytest.raises(InputError, match="at least one included fixation"):
        study_maps(fixations.iloc[:0], rule())
    with pytest.raises(InputError, match='Set weighting = "count"'):
        study_maps(fixations.assign(duration_ms=np.nan), rule())
    with pytest.raises(InputError, match="must show one expression"):
        study_maps(fixations.assign(image_id="P1"), rule())
    partly = fixations["expression"].where(fixations["participant_id"] != "sub-a")
    with pytest.raises(InputError, match="must show one expression, but P1 has 2"):
        study_maps(fixations.assign(expression=partly), rule())


def test_pictures_without_an_expression_have_maps_all_the_same(fixations, tmp_path):
    unnamed = fixations.assign(expression=np.nan)
    made = study_maps(unnamed, rule())
    write_maps(tmp_path / "density.nc", made.maps)
    maps = read_maps(tmp_path / "density.nc")
    assert maps.sizes["expression"] == 0
    assert set(maps["expression_of_image"].values) == {"n/a"}
    np.testing.assert_array_equal(maps["density"], study_maps(fixations, rule()).maps["density"])
    assert list(made.ceilings["level"]) == ["image"] * 3 + ["all"]
    partly = fixations.assign(expression=fixations["expression"].where(lambda s: s == "sad"))
    assert list(study_maps(partly, rule()).maps["expression"].values) == ["sad"]
    with pytest.raises(InputError, match="name grumpy"):
        study_maps(fixations.assign(expression="grumpy"), rule())
