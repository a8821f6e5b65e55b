"""From a study folder to maps, ceilings and controls, as the command does it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gaze_analysis.controls import mean_of_others
from gaze_analysis.exclusions import EXCLUSION_COLUMNS
from gaze_analysis.steps_density import density_step, map_rule
from gaze_analysis.steps_tables import import_tables, table_step
from gaze_analysis.tables import FIXATION_COLUMNS
from study.errors import InputError
from study.folder import create_study
from study.maps import read_maps
from study.provenance import run_step
from study.tables import read_table, write_table

FACES = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces" / "uniss_ffd"
TABLE = {
    "picture_width_px": 100,
    "picture_height_px": 80,
    "file_name": r"(?P<participant>\w+?)_(?P<image>\w+)\.csv",
}
COUNT = {"weighting": "count", "sigma": 8.0, "sigma_unit": "percent", "splits": 10}


def table_study(folder, **sections):
    return create_study(folder, {"gaze": {"table": TABLE, "density": COUNT} | sections})


def write_fixations(folder, people="abc", images=("AF01HAS", "AF02SAS")):
    rng = np.random.default_rng(1)
    files = []
    for person in people:
        for image in images:
            points = rng.uniform(10, 70, (4, 2)).round(1)
            files.append(folder / f"{person}_{image}.csv")
            pd.DataFrame(points, columns=["x", "y"]).to_csv(files[-1], index=False)
    return files


def test_tables_become_maps_with_a_ceiling(tmp_path):
    study = table_study(tmp_path / "study")
    import_tables(study, write_fixations(tmp_path))
    assert run_step(study, density_step(study))
    maps = read_maps(study.gaze_dir / "density.nc")
    assert maps["density"].shape == (2, 40, 50)
    mass = maps["density"].sum(("y", "x")) * maps.attrs["cell_area_px2"]
    np.testing.assert_allclose(mass, 1, rtol=1e-12)
    assert maps.attrs["sigma_px"] == 8.0
    assert "sigma_deg" not in maps.attrs
    people = read_maps(study.gaze_dir / "density_by_participant.nc")["density_by_participant"]
    assert people.shape == (3, 2, 40, 50)
    assert people.attrs["units"] == "px-2"
    mean = people.mean("participant")
    np.testing.assert_allclose(mean, maps["density_by_expression"], rtol=1e-6)
    pytest.importorskip("dask")
    path = study.gaze_dir / "density_by_participant.nc"
    with xr.open_dataset(path, engine="h5netcdf", chunks={"participant": 1}) as piecemeal:
        assert piecemeal["density_by_participant"].chunksizes["participant"] == (1, 1, 1)
        spread = piecemeal["density_by_participant"].std("participant").compute()
    np.testing.assert_allclose(spread, people.std("participant"), rtol=1e-5)
    assert maps.attrs["edges"].startswith("renormalised: ")
    assert maps.attrs["bandwidth"] == "given"
    ceiling = read_table(study.gaze_dir / "ceiling.tsv", what="ceilings")
    assert (ceiling["split_half_low"] <= ceiling["split_half_r"]).all()
    assert (ceiling["split_half_r"] <= ceiling["split_half_high"]).all()
    assert list(ceiling["level"]) == ["image"] * 2 + ["expression"] * 2 + ["all"]
    assert set(ceiling["n_participants"]) == {3}
    assert ceiling["split_half_r"].between(-1, 1).all()
    exclusions = read_table(study.gaze_dir / "exclusions.tsv", what="exclusions")
    assert list(exclusions.columns) == list(EXCLUSION_COLUMNS)
    assert exclusions["n_fixations"].sum() == 24


def test_controls_lie_beside_the_maps(tmp_path):
    images = ("AF01HAS", "AF02HAS", "AF02SAS")
    study = table_study(tmp_path / "study", density=COUNT | {"centre_sigma": 20.0})
    import_tables(study, write_fixations(tmp_path, images=images))
    run_step(study, density_step(study))
    maps, controls = (read_maps(study.gaze_dir / f"{name}.nc") for name in ("density", "controls"))
    class_mean = mean_of_others(maps["density"], maps["expression_of_image"])  # as in the docs
    np.testing.assert_array_equal(class_mean[0], maps["density"].sel(image="AF02HAS"))
    assert np.isnan(class_mean[2]).all()
    assert set(controls.data_vars) == {"centre_bias", "shuffled_image"}
    assert controls.attrs["provenance"] == "gaze_density.provenance.json"
    assert controls.attrs["centre_sigma_px"] == 20.0
    assert controls.attrs["centre_sigma_from"] == "given"
    table = read_table(study.gaze_dir / "controls.tsv", what="controls")
    assert list(table["image_id"]) == list(images)
    assert list(table["shuffled_image"].iloc[:2]) == ["AF02SAS"] * 2


def test_one_person_has_maps_and_no_ceiling(tmp_path, capsys):
    study = table_study(tmp_path / "study")
    import_tables(study, write_fixations(tmp_path, people="a", images=("me", "you")))
    run_step(study, density_step(study))
    said = capsys.readouterr().err
    assert "pictures (mean) n/a  n/a  n/a  1" in said
    assert "nan" not in said
    maps = read_maps(study.gaze_dir / "density.nc")
    assert list(maps["expression_of_image"].to_numpy()) == ["n/a", "n/a"]
    assert maps.sizes["expression"] == 0


def test_the_width_can_come_from_the_data(tmp_path):
    files = write_fixations(tmp_path, people="abcdef")
    widths = {}
    for rule in ("given", "likelihood", "scott"):
        density = COUNT | {"bandwidth": rule, "grid_px": 1.0}
        study = table_study(tmp_path / rule, density=density)
        import_tables(study, files)
        run_step(study, density_step(study))
        table = read_table(
            study.gaze_dir / "bandwidth.tsv", what="widths", columns={"chosen": bool}
        )
        chosen = table[table["chosen"]]
        widths[rule] = read_maps(study.gaze_dir / "density.nc").attrs["sigma_px"]
        assert chosen["sigma_px"].item() == widths[rule]
        assert chosen["sigma_percent"].item() == pytest.approx(widths[rule])
        assert chosen["rule"].item() == rule
        assert table["sigma_deg"].isna().all()
    assert len(set(widths.values())) == 3
    assert widths["given"] == 8.0
    # Gaze was spread evenly: Scott's rule takes that for one wide spot.
    assert widths["scott"] == pytest.approx(17.3 * 24 ** (-1 / 6), rel=0.15)


def test_a_width_from_the_data_needs_no_degrees(tmp_path):
    density = COUNT | {"sigma_unit": "deg", "bandwidth": "scott"}
    study = table_study(tmp_path / "study", density=density)
    import_tables(study, write_fixations(tmp_path))
    assert run_step(study, density_step(study))
    coarse = table_study(tmp_path / "coarse", density=density | {"grid_px": 30.0})
    import_tables(coarse, sorted(tmp_path.glob("*.csv")))
    with pytest.raises(InputError, match="finer than the kernel"):
        run_step(coarse, density_step(coarse))
    assert not (coarse.gaze_dir / "density.nc").exists()


@pytest.mark.parametrize(("edges", "low", "high"), [("dropped", 0.9, 0.9999), ("reflected", 1, 1)])
def test_the_edges_are_those_of_the_settings(tmp_path, edges, low, high):
    study = table_study(tmp_path / "study", density=COUNT | {"edges": edges})
    import_tables(study, write_fixations(tmp_path))
    run_step(study, density_step(study))
    maps = read_maps(study.gaze_dir / "density.nc")
    mass = maps["density"].sum(("y", "x")) * maps.attrs["cell_area_px2"]
    np.testing.assert_allclose(mass, maps["mass_inside"], rtol=1e-12)
    assert (mass > low - 1e-9).all()
    assert (mass < high + 1e-9).all()
    assert maps.attrs["edges"].startswith(f"{edges}: ")


def test_a_second_run_does_nothing_and_another_width_makes_new_maps(tmp_path, monkeypatch):
    study = table_study(tmp_path / "study")
    import_tables(study, write_fixations(tmp_path))
    assert run_step(study, density_step(study))
    names = ("density", "controls", "density_by_participant")
    written = [study.gaze_dir / f"{name}.nc" for name in names]
    first = [path.read_bytes() for path in written]
    assert not run_step(study, table_step(study))
    assert not run_step(study, density_step(study))
    assert run_step(study, density_step(study), force=True)
    assert [path.read_bytes() for path in written] == first
    wider = table_study(tmp_path / "wider", density=COUNT | {"sigma": 12.0})
    import_tables(wider, sorted(tmp_path.glob("*.csv")))
    run_step(wider, density_step(wider))
    assert read_maps(wider.gaze_dir / "density.nc").attrs["sigma_px"] == 12.0


def test_a_table_that_cannot_be_read_does_not_stay_in_the_study(tmp_path):
    study = table_study(tmp_path / "study")
    bad = tmp_path / "a_AF01QQS.csv"
    bad.write_text("x,y\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="QQ"):
        import_tables(study, [bad])
    assert not (study.sourcedata / "tables").exists()
    assert not study.gaze_dir.exists()
    with pytest.raises(InputError, match="is missing"):
        import_tables(study, [tmp_path / "none.csv"])
    with pytest.raises(InputError, match=r"Fill that section"):
        import_tables(create_study(tmp_path / "bare"), [bad])


def test_a_kernel_in_degrees_needs_to_know_how_large_the_picture_was_seen(tmp_path):
    in_degrees = COUNT | {"sigma_unit": "deg", "sigma": 0.5}
    study = table_study(tmp_path / "one", density=in_degrees)
    with pytest.raises(InputError, match="px_per_deg"):
        map_rule(study)
    known = table_study(tmp_path / "two", density=in_degrees, table=TABLE | {"px_per_deg": 30.0})
    assert map_rule(known).sigma_px == 15.0
    screen = create_study(tmp_path / "three")
    assert map_rule(screen).sigma_px == pytest.approx(44.26, abs=0.01)
    assert map_rule(screen).grid.shape == (224, 224)
    with pytest.raises(InputError, match="finer than the kernel"):
        map_rule(create_study(tmp_path / "four", {"gaze": {"density": {"grid_px": 60}}}))


def test_maps_weighted_by_duration_need_durations(tmp_path):
    study = table_study(tmp_path / "study", density=COUNT | {"weighting": "duration"})
    import_tables(study, write_fixations(tmp_path))
    with pytest.raises(InputError, match='weighting = "count"'):
        run_step(study, density_step(study))
    assert not (study.gaze_dir / "density.nc").exists()


def test_only_included_fixations_enter_the_maps(tmp_path):
    study = create_study(tmp_path / "study", {"gaze": {"density": {"splits": 10}}})
    rows = [
        ("sub-1", "01", 1, "P1", "happy", True, 1, 5.0, 200.0, 100.0, 100.0, True, None),
        ("sub-1", "01", 1, "P1", "happy", True, 2, 300.0, 900.0, 400.0, 400.0, False, "x"),
    ]
    frame = pd.DataFrame(rows, columns=list(FIXATION_COLUMNS))
    write_table(study.gaze_dir / "fixations.tsv", frame, FIXATION_COLUMNS)
    run_step(study, density_step(study))
    maps = read_maps(study.gaze_dir / "density.nc")
    assert maps["n_fixations"].item() == 1
    density = maps["density"].isel(image=0)
    assert density.max("y").idxmax("x").item() == density.max("x").idxmax("y").item() == 100.5
    assert maps.attrs["sigma_deg"] == pytest.approx(1)
    nothing = frame.assign(included=False)
    write_table(study.gaze_dir / "fixations.tsv", nothing, FIXATION_COLUMNS)
    with pytest.raises(InputError, match="of the 2 in"):
        run_step(study, density_step(study))


@pytest.mark.skipif(not FACES.is_dir(), reason="the Sassari recordings are not beside the checkout")
def test_the_sassari_faces_become_maps_that_people_agree_on(tmp_path):
    table = {
        "picture_width_px": 562,
        "picture_height_px": 762,
        "file_name": r"(?P<participant>\d+)_(?P<image>\d+)_(?P<expression>[A-Z]+)_.*",
        "picture_map": str(FACES / "StimuliMap.csv"),
        "columns": {"x": "FixationPointX", "y": "FixationPointY"},
    }
    density = COUNT | {"sigma": 5.0, "grid_px": 8.0}
    study = table_study(tmp_path / "study", table=table, density=density)
    import_tables(study, [FACES / "Fixations.zip"])
    run_step(study, density_step(study))
    maps = read_maps(study.gaze_dir / "density.nc")
    assert maps["density"].shape == (120, 95, 70)
    assert list(maps["expression"].values) == ["happy", "neutral", "sad"]
    assert maps["n_fixations"].sum() == 21093
    ceiling = read_table(study.gaze_dir / "ceiling.tsv", what="ceilings").groupby("level")
    assert ceiling["split_half_r"].mean()["image"] == pytest.approx(0.877, abs=0.01)
    assert ceiling["spearman_brown_r"].min()["expression"] > 0.95
