"""`faceoff compare masks` over several networks: positives of each, and people as one more."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cnn.folds import folds_tsv
from comparison.mask_figures import bar_panels
from comparison.mask_files import ALL_NETWORKS
from comparison.mask_tables import FOLD, FOLDS, POOLED
from comparison.masks_step import masks_step
from comparison.tests.fake_networks import (
    MASKED,
    NETS,
    make_masked_study,
    study_of_networks,
    with_settings,
    write_positives,
)
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps
from study.provenance import run_step
from study.settings.cnn import TrainingSettings


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of_networks(tmp_path_factory.mktemp("study") / "study")


def test_people_are_one_more_network_in_the_table_and_in_every_tree(study: Study) -> None:
    table = pd.read_csv(study.comparison_dir / "masks.tsv", sep="\t", na_values=["n/a"])
    assert list(dict.fromkeys(table["net"])) == [
        "people", *NETS, "mean_gaze", "centre", "edges", ALL_NETWORKS, "mean",
    ]  # fmt: skip
    iou = table.set_index(["net", "map", "expression"])["iou"].sort_index()
    assert (iou["people", FOLDS] > 0.75).all()
    assert (iou["VGG16", POOLED][MASKED] > 0.75).all()
    assert (iou["AlexNet", POOLED][MASKED] < 0.5).all()
    # The means are over networks, not over people and controls.
    for name in [*MASKED, "mean"]:
        own = [iou[net, FOLDS].loc[name] for net in NETS]
        assert iou["mean", FOLDS].loc[name] == pytest.approx(np.mean(own), abs=1e-6)
    trees = pd.read_csv(study.comparison_dir / "mask_trees.tsv", sep="\t")
    joined = trees["left"] + ", " + trees["right"]
    for kind in ("by expression", "by fold", "all maps"):
        assert joined[trees["kind"] == kind].str.contains("people").any()
    assert ALL_NETWORKS in set(trees.loc[trees["kind"] == "by network", "of"])


def test_a_picture_counts_for_what_it_is_taken_for(study: Study) -> None:
    maps = read_maps(study.comparison_dir / "mask_maps.nc")
    counts = maps["n_pictures"].sel(fold="1")
    assert counts.sel(source="VGG16", expression=["happy", "sad"]).to_numpy().tolist() == [0, 2]
    assert counts.sel(source="people", expression=["happy", "sad"]).to_numpy().tolist() == [1, 1]
    table = pd.read_csv(study.comparison_dir / "masks.tsv", sep="\t", na_values=["n/a"])
    own = table[(table["net"] == "VGG16") & (table["expression"] == "happy")].set_index("map")
    assert own["n_values"][FOLDS] == 1
    # The fold without such a picture has no value.
    assert own.loc[[FOLD], "iou"].dropna().tolist() == [own["iou"][FOLDS]]


def test_bars_are_in_order_and_means_only_of_sources_with_every_expression(study: Study) -> None:
    path = study.comparison_dir / "masks.tsv"
    table = pd.read_csv(path, sep="\t", na_values=["n/a"], dtype={"fold": str})
    panels = bar_panels(table)
    assert list(panels["expression"]) == [*MASKED, "mean"]
    assert panels["expression"]["sad"].is_monotonic_increasing
    assert {*NETS, "people", ALL_NETWORKS} < set(panels["expression"]["mean"].index)
    assert {"people 1", "people 2", "VGG16 2"} < set(panels["fold"]["happy"].index)
    assert "VGG16 1" not in panels["fold"]["happy"].index
    assert set(panels["net"]["people"].index) == set(MASKED)
    lacking = table["net"].eq("VGG16") & table["expression"].eq("mean")
    fewer = bar_panels(table.assign(n_values=table["n_values"].mask(lacking, 5)))
    assert "VGG16" not in fewer["expression"]["mean"].index


def test_weights_and_smoothing_are_of_the_settings(study: Study) -> None:
    for change in ({"mask_weight": "as_given"}, {"mask_smoothing": False}):
        other = with_settings(study, "comparison", **change)
        assert masks_step(other).settings != masks_step(study).settings


def test_without_gaze_there_are_networks_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_masked_study(tmp_path / "study", per_expression=1)
    made = with_settings(
        made, "cnn", networks={name: TrainingSettings() for name in [*NETS, "late"]}
    )
    made = with_settings(made, "comparison", mask_smoothing=False, mask_weight="as_given")
    for net in NETS:
        write_positives(made, net, "positives", 1.0)
    (made.gaze_dir / "density.nc").unlink()
    run_step(made, masks_step(made))
    told = capsys.readouterr().err
    assert "left out, people and controls: there is no gaze density" in told
    assert "--positives 100): late" in told
    table = pd.read_csv(made.comparison_dir / "masks.tsv", sep="\t")
    assert set(table["net"]) == {*NETS, ALL_NETWORKS, "mean"}


def test_two_explanations_of_a_network_are_two_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_masked_study(tmp_path / "study", per_expression=1)
    made = with_settings(made, "cnn", networks={"VGG16": TrainingSettings()})
    for name in ("positives", "positives_grad_cam"):
        write_positives(made, "VGG16", name, 1.0)
    run_step(made, masks_step(made))
    assert "more than one explanation" in capsys.readouterr().err
    table = pd.read_csv(made.comparison_dir / "masks.tsv", sep="\t")
    assert {"VGG16 grad_cam", f"VGG16 {made.settings.cnn.method}"} < set(table["net"])
    assert not set(table["net"]) & {ALL_NETWORKS, "mean"}


def test_networks_of_different_folds_are_refused(tmp_path: Path) -> None:
    made = make_masked_study(tmp_path / "study", per_expression=1)
    made = with_settings(made, "cnn", networks={name: TrainingSettings() for name in NETS})
    for net in NETS:
        write_positives(made, net, "positives", 1.0)
    path = folds_tsv(made, "VGG16")
    pd.read_csv(path, sep="\t").assign(fold=2).to_csv(path, sep="\t", index=False)
    with pytest.raises(InputError, match="those of AlexNet and VGG16 differ"):
        run_step(made, masks_step(made))
