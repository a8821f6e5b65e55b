"""`faceoff compare masks` within a study: its files, and gaze that was planted in the masks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cnn.folds import folds_tsv
from comparison.cli import app
from comparison.mask_tables import FOLD, FOLDS, POOLED
from comparison.masks_step import masks_step
from comparison.tests.fake_networks import make_masked_study
from comparison.tests.fake_study import make_study
from study.errors import InputError
from study.maps import read_maps, write_maps
from study.provenance import is_current, run_step


def test_gaze_in_the_masks_covers_them_and_other_maps_do_not(tmp_path: Path) -> None:
    study = make_masked_study(tmp_path / "study")
    assert run_step(study, masks_step(study))
    assert is_current(study, masks_step(study))
    folder = study.comparison_dir
    table = pd.read_csv(folder / "masks.tsv", sep="\t", na_values=["n/a"])
    folds = table[table["map"] == FOLDS]
    own = folds.pivot_table(index="net", columns="expression", values="iou")
    assert set(own.index) == {"people", "relevance", "mean_gaze", "centre", "edges"}
    assert set(own.columns) == {
        "afraid", "angry", "disgusted", "happy", "sad", "surprised", "mean",
    }  # fmt: skip
    assert (own.loc["people"] > 0.75).all()
    assert (own.drop("people")["mean"] < 0.6).all()
    trees = pd.read_csv(folder / "mask_trees.tsv", sep="\t")
    assert set(trees["kind"]) == {"by expression", "by network", "all maps"}
    assert trees["left"].str.cat(trees["right"]).str.contains("people").any()
    maps = read_maps(folder / "mask_maps.nc")
    assert dict(maps["heat"].sizes) == {"source": 5, "fold": 1, "expression": 6, "y": 275, "x": 224}
    assert (folder / "figures" / "masks_trees_networks.svg").is_file()
    assert not (folder / "figures" / "masks_trees_folds.svg").exists()


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    studies = [make_masked_study(tmp_path / name, per_expression=1) for name in "ab"]
    for study in studies:
        run_step(study, masks_step(study))
    for first, second in zip(*(masks_step(study).outputs for study in studies), strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


def test_folds_are_told_apart_and_those_without_a_picture_have_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_masked_study(tmp_path / "study")
    names = pd.read_csv(study.manifest_tsv, sep="\t")["image_id"]
    folds = pd.DataFrame({"image_id": names, "actor": "F01", "fold": names.str[1].astype(int) + 1})
    path = folds_tsv(study, study.settings.cnn.model)
    folds.to_csv(path, sep="\t", index=False)
    run_step(study, masks_step(study))
    folder = study.comparison_dir
    table = pd.read_csv(folder / "masks.tsv", sep="\t", na_values=["n/a"])
    of_people = table[(table["net"] == "people") & (table["expression"] == "happy")]
    values = of_people.set_index("map")["iou"]
    assert values[FOLDS] == pytest.approx(values[FOLD].mean())
    assert POOLED in values
    assert (folder / "figures" / "masks_trees_folds.svg").is_file()
    trees = pd.read_csv(folder / "mask_trees.tsv", sep="\t")
    assert (trees["kind"] == "by fold").sum() == 6 * 9
    folds.assign(fold=[1] * 13 + [2]).to_csv(
        folds_tsv(study, study.settings.cnn.model), sep="\t", index=False
    )
    run_step(study, masks_step(study))
    assert "no picture: 5 of 12 maps of people by fold" in capsys.readouterr().err
    table = pd.read_csv(folder / "masks.tsv", sep="\t", na_values=["n/a"])
    of_people = table[(table["net"] == "people") & (table["map"] == FOLDS)]
    assert of_people.set_index("expression")["n_values"].to_dict() == dict.fromkeys(
        ["afraid", "angry", "disgusted", "happy", "sad"], 1
    ) | {"surprised": 2, "mean": 6}
    folds.iloc[1:].to_csv(path, sep="\t", index=False)
    with pytest.raises(InputError, match="P0AF is in none"):
        run_step(study, masks_step(study))


def test_every_explanation_stands_beside_the_study_s_own(tmp_path: Path) -> None:
    study = make_masked_study(tmp_path / "study", per_expression=1)
    folder = study.cnn_dir(study.settings.cnn.model)
    other = read_maps(folder / "relevance.nc").assign_attrs(method="grad_cam")
    write_maps(folder / "relevance_grad_cam.nc", other)
    run_step(study, masks_step(study))
    table = pd.read_csv(study.comparison_dir / "masks.tsv", sep="\t", na_values=["n/a"])
    own = table.set_index(["net", "map", "expression"])["iou"].sort_index()
    np.testing.assert_allclose(own["grad_cam"], own["relevance"])


def test_missing_landmarks_name_their_command(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    result = CliRunner().invoke(app, ["masks", "--study", str(study.root)])
    assert isinstance(result.exception, InputError)
    assert "faceoff stimuli register" in str(result.exception)


def test_one_expression_is_too_few(tmp_path: Path) -> None:
    study = make_masked_study(tmp_path / "study", per_expression=1)
    splits = pd.read_csv(study.splits_tsv, sep="\t")
    keep = splits["image_id"].isin(["P0HA", "P0NE"])
    splits.assign(split=np.where(keep, "test", "train")).to_csv(
        study.splits_tsv, sep="\t", index=False
    )
    with pytest.raises(InputError, match="but there are pictures of happy"):
        run_step(study, masks_step(study))
