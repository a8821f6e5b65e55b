"""The steps of map against map: other explanations, few people, few pictures, bad maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparison.agreement import NO_CEILING, ONE_PICTURE
from comparison.resolution import GRIDS, SIGMA_FACTORS
from comparison.steps_maps import maps_step, metrics_step
from comparison.tests.fake_study import make_study
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps, write_maps
from study.provenance import is_current, run_step

needs_mne = pytest.mark.usefixtures("_mne")


@pytest.fixture
def _mne() -> None:
    pytest.importorskip("mne", reason="cluster tests are MNE's")


def _edit(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_csv(path, sep="\t")).to_csv(path, sep="\t", index=False, na_rep="n/a")


def _read(study: Study, name: str) -> pd.DataFrame:
    path = study.comparison_dir / f"{name}.tsv"
    return pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)


def _second_method(study: Study, change: Callable[[xr.Dataset], xr.Dataset]) -> Path:
    """Write another explanation, made of the first."""
    folder = study.cnn_dir(study.settings.cnn.model)
    maps = change(read_maps(folder / "relevance.nc"))
    maps.attrs["method"] = "gradient"
    write_maps(folder / "relevance_gradient.nc", maps)
    return folder / "relevance_gradient.nc"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study whose metrics are done."""
    study = make_study(tmp_path_factory.mktemp("judged") / "study")
    run_step(study, metrics_step(study))
    return study


def test_every_value_has_its_controls_and_its_ceiling_beside_it(judged: Study) -> None:
    table = _read(judged, "agreement")
    own = table[(table["expression"] == "all") & (table["map"] == "relevance_smooth")]
    assert own.groupby("metric").size().eq(7).all()
    assert own["ceiling_value"].notna().all()
    # Where there is no normalised value, the note says why.
    assert (own["normalised"].isna() == own["note"].notna()).all()
    people = own[(own["metric"] == "CC") & (own["control"] == "uniform")].iloc[0]
    shift = people["value"] / people["ceiling_value"]
    assert people["normalised"] == pytest.approx(shift)


def test_sweeps_reach_every_point_and_meet_the_metrics_at_the_study_s_own(judged: Study) -> None:
    table, metrics = _read(judged, "resolution"), _read(judged, "metrics")
    grids = table[table["sweep"] == "grid"]
    assert sorted(grids["cells_per_side"].unique()) == sorted(GRIDS)
    ratios = table.loc[table["sweep"] == "relevance smoothed", "sigma_ratio"].unique()
    np.testing.assert_allclose(sorted(ratios), SIGMA_FACTORS)
    assert 0 not in table.loc[table["sweep"] == "both smoothed", "sigma_ratio"].to_numpy()
    own = metrics[metrics["reference"] == "gaze"].groupby(["map", "metric"])["value"].mean()
    swept = table[table["sweep"] == "relevance smoothed"].set_index(["map", "metric"])
    for name, ratio in (("relevance", 0.0), ("relevance_smooth", 1.0)):
        at = swept[swept["sigma_ratio"] == ratio]
        for metric in ("CC", "KL", "NSS", "AUC", "IG", "rho"):
            mean = at.loc[("relevance", metric), "mean"]
            assert mean == pytest.approx(own[name, metric]), (name, metric)


def test_no_table_holds_a_bare_missing_value(judged: Study) -> None:
    for name in ("metrics", "agreement", "resolution"):
        text = (judged.comparison_dir / f"{name}.tsv").read_text(encoding="utf-8")
        assert "nan" not in text.lower(), name


def test_one_participant_has_values_and_no_ceiling(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    _edit(study.gaze_dir / "fixations.tsv", lambda t: t[t["participant_id"] == "sub-001"])
    run_step(study, metrics_step(study))
    table = _read(study, "agreement")
    assert (table["note"] == NO_CEILING).all()
    assert table["value"].notna().all()
    assert table["normalised"].isna().all()


def test_one_picture_has_values_and_says_so(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    _edit(study.splits_tsv, lambda t: t.assign(split=["test"] + ["unused"] * 6))
    run_step(study, metrics_step(study))
    table = _read(study, "agreement")
    assert set(table["note"]) == {ONE_PICTURE}
    assert set(table["control"]) == {"uniform", "centre"}


def test_flat_relevance_is_judged_like_the_uniform_map(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    path = study.cnn_dir(study.settings.cnn.model) / "relevance.nc"
    maps = read_maps(path)
    maps["relevance"][:] = -2.5
    write_maps(path, maps)
    run_step(study, metrics_step(study))
    table = _read(study, "metrics")
    wide = table[table["reference"] == "gaze"].pivot_table(
        index=["image_id", "metric"], columns="map", values="value"
    )
    np.testing.assert_allclose(wide["relevance"], wide["uniform"], atol=1e-9)


def test_a_setting_of_the_metrics_makes_them_stale(judged: Study) -> None:
    assert is_current(judged, metrics_step(judged))
    comparison = judged.settings.comparison.model_copy(update={"emd_cells": 5})
    changed = judged.settings.model_copy(update={"comparison": comparison})
    assert not is_current(judged, metrics_step(Study(judged.root, changed)))


@needs_mne
def test_every_explanation_is_compared_by_its_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(tmp_path / "study")
    _second_method(study, lambda maps: maps)
    run_step(study, maps_step(study))
    similar, rsa = _read(study, "similarity"), _read(study, "rsa")
    assert set(similar["source_a"]) == {"people", "relevance", "gradient"}
    same = similar[(similar["source_a"] == "relevance") & (similar["source_b"] == "gradient")]
    own = same[same["expression_a"] == same["expression_b"]]
    assert len(own) == 7
    np.testing.assert_allclose(own["r"], 1.0)
    pair = rsa[(rsa["a"] == "relevance") & (rsa["b"] == "gradient")].iloc[0]
    assert pair["tau_a"] == pytest.approx(1.0)
    assert pair["p"] == pytest.approx(1 / 5040)
    tests = _read(study, "map_tests")
    assert tests["n"].to_numpy()[0] == 14
    assert tests["smallest_p"].to_numpy()[0] < 0.05
    maps = read_maps(study.comparison_dir / "map_differences.nc")
    assert float(maps["significant"].sel(unit="pictures", expression="all").sum()) > 0
    assert "over 14 pictures" in capsys.readouterr().err
    # A new explanation makes the step stale.
    assert is_current(study, maps_step(study))
    (study.cnn_dir(study.settings.cnn.model) / "relevance_gradient.nc").unlink()
    assert not is_current(study, maps_step(study))


@needs_mne
def test_few_expressions_have_no_rsa_and_this_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(tmp_path / "study")
    _edit(
        study.splits_tsv,
        lambda t: t.assign(
            split=["test" if name[2:] in ("HA", "SA") else "x" for name in t.image_id]
        ),
    )
    run_step(study, maps_step(study))
    assert "no RSA: it takes 4 expressions" in capsys.readouterr().err
    assert _read(study, "rsa").empty


def test_an_explanation_that_lacks_pictures_is_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    _second_method(study, lambda maps: maps.isel(image=slice(2, None)))
    with pytest.raises(InputError, match="gradient lacks 2 of 7"):
        run_step(study, maps_step(study))
    assert not (study.comparison_dir / "similarity.tsv").exists()


def test_an_explanation_of_another_size_is_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    _second_method(study, lambda maps: maps.assign_coords(x=maps["x"] * 2))
    with pytest.raises(InputError, match="span the study's picture of 64 px"):
        run_step(study, maps_step(study))
