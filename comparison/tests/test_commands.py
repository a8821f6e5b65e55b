"""The three commands on a small study: their files, and their answers to bad input."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from comparison.cli import app
from comparison.plan import register
from comparison.robustness import robustness_step
from comparison.steps import steps
from comparison.steps_maps import maps_step, metrics_step
from comparison.steps_perturbation import perturb_step
from comparison.steps_statistics import stats_step
from comparison.tests.fake_study import FakeNetwork, make_study
from study.errors import InputError
from study.folder import Study
from study.maps import read_maps, write_maps
from study.provenance import is_current, run_step
from study.settings import parse_settings
from study.tables import read_table


@pytest.fixture(autouse=True)
def _fake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnn.network.load_network", lambda study, model: FakeNetwork())


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with all three steps done."""
    study = make_study(tmp_path_factory.mktemp("done") / "study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnn.network.load_network", lambda study, model: FakeNetwork())
        for step in steps(study):
            assert run_step(study, step)
    return study


def _edit(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_csv(path, sep="\t")).to_csv(path, sep="\t", index=False, na_rep="n/a")


def test_curves_hold_every_picture_condition_and_step(done: Study) -> None:
    curves = pd.read_parquet(done.comparison_dir / "curves.parquet")
    assert len(curves) == 14 * (2 * 4 + 3) * 17
    assert set(curves["condition"]) == {"gaze", "mean_gaze", "relevance", "centre", "random"}
    ends = curves[curves["step"].isin([0, 16])]
    same = ends.groupby(["image_id", "step"])[["p_true", "logit_true", "p_predicted"]].nunique()
    assert (same == 1).to_numpy().all()


def test_relevance_that_marks_the_evidence_beats_gaze_that_does_not(done: Study) -> None:
    areas = pd.read_csv(done.comparison_dir / "perturbation.tsv", sep="\t")
    means = areas.groupby("condition")["auc_signed"].mean()
    assert means["relevance"] > 2
    assert means["relevance"] > means["gaze"]
    orders = pd.read_parquet(done.comparison_dir / "orders.parquet")
    first = orders[
        (orders["condition"] == "relevance")
        & (orders["direction"] == "most_first")
        & (orders["rank"] == 1)
    ]
    happy = first[first["image_id"].str.endswith("HA")]
    assert (happy["tile"] == 7).all()
    table = pd.read_csv(done.comparison_dir / "statistics.tsv", sep="\t")
    row = table[(table["question"] == "auc_signed: gaze - relevance")].iloc[0]
    assert row["ci_high"] < 0
    assert row["p"] < 0.05


def test_statistics_have_no_bare_missing_value(done: Study) -> None:
    text = (done.comparison_dir / "statistics.tsv").read_text(encoding="utf-8")
    assert "nan" not in text.lower()
    table = read_table(done.comparison_dir / "statistics.tsv", what="x", columns={"sentence": str})
    assert table["sentence"].str.endswith(".").all()
    assert set(table["topic"]) == {"perturbation", "agreement", "accuracy"}


def test_metrics_have_controls_and_ceilings(done: Study) -> None:
    values = pd.read_csv(done.comparison_dir / "metrics.tsv", sep="\t")
    means = values.groupby(["map", "reference", "metric"])["value"].mean()
    assert means["uniform", "gaze", "CC"] == 0
    assert means["uniform", "gaze", "AUC"] == 0.5
    assert 0.5 < means["people", "gaze", "CC"] < 1
    assert means["one_person", "gaze", "NSS"] > 1
    assert means["mean_gaze", "gaze", "CC"] > 0.9 > means["relevance", "gaze", "CC"]
    assert ("relevance", "other_gaze", "NSS") in means.index


def test_done_steps_are_skipped_and_the_same_seed_gives_the_same_bytes(
    done: Study, tmp_path: Path
) -> None:
    assert all(is_current(done, step) for step in steps(done))
    again = make_study(tmp_path / "study")
    for step in steps(again):
        run_step(again, step)
        for path in step.outputs:
            twin = done.comparison_dir / path.name
            assert path.read_bytes() == twin.read_bytes(), path.name


def test_pictures_without_gaze_or_relevance_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(tmp_path / "study")
    path = study.gaze_dir / "density.nc"
    maps = read_maps(path).isel(image=slice(1, None))
    maps["density"][0] = 0.0
    write_maps(path, maps)
    _edit(study.splits_tsv, lambda t: t.assign(split=["test"] * 13 + ["train"]))
    run_step(study, perturb_step(study))
    said = capsys.readouterr().err
    assert "no included fixation: 2 of 14 pictures (P0AF, P0AN)" in said
    assert "not a test picture of the network: 1 of 14 pictures (P1SU)" in said
    table = pd.read_csv(study.comparison_dir / "pictures.tsv", sep="\t")
    assert table["used"].sum() == 11
    areas = pd.read_csv(study.comparison_dir / "perturbation.tsv", sep="\t")
    assert areas["image_id"].nunique() == 11


def test_one_picture_is_enough_for_everything_but_tests(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    _edit(study.splits_tsv, lambda t: t.assign(split=["test"] + ["unused"] * 13))
    for step in steps(study):
        run_step(study, step)
    table = pd.read_csv(study.comparison_dir / "statistics.tsv", sep="\t", na_values=["n/a"])
    table = table[table["topic"] != "accuracy"]
    assert (table["n"] == 1).all()
    assert table["p"].isna().all()
    assert table["estimate"].notna().all()


def test_every_condition_stands_beside_the_oracle(tmp_path: Path) -> None:
    conditions = [
        "gaze", "expression_gaze", "class_gaze", "mean_gaze", "relevance", "centre", "edges",
        "oracle",
    ]  # fmt: skip
    study = make_study(tmp_path / "study", conditions=conditions)
    run_step(study, perturb_step(study))
    areas = pd.read_csv(study.comparison_dir / "perturbation.tsv", sep="\t", na_values=["n/a"])
    means = areas.groupby("condition")[["auc_signed", "srg", "share_of_oracle"]].mean()
    assert set(means.index) == {*conditions, "random"}
    share, gain = means["share_of_oracle"], means["srg"]
    assert share["oracle"] == 1
    assert 1 > share["relevance"] > 0.5 > share["gaze"]
    assert means["auc_signed"].idxmax() == "oracle"
    assert gain["relevance"] > gain["gaze"]


def test_unknown_conditions_are_named(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", conditions=["gaze", "lrp.nonsense"])
    with pytest.raises(InputError, match=r"but comparison.conditions has 'lrp.nonsense'"):
        run_step(study, perturb_step(study))


def test_a_run_that_was_stopped_goes_on_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(tmp_path / "study", conditions=["gaze", "relevance", "oracle"])
    run_step(study, perturb_step(study))
    files = ("curves.parquet", "orders.parquet", "perturbation.tsv")
    whole = [(study.comparison_dir / name).read_bytes() for name in files]
    asked: list[int] = []

    class Breaking(FakeNetwork):
        def covered_logits(self, *arguments: Any) -> np.ndarray:
            asked.append(1)
            if len(asked) == 200:
                raise KeyboardInterrupt
            return super().covered_logits(*arguments)

    monkeypatch.setattr("cnn.network.load_network", lambda study, model: Breaking())
    with pytest.raises(KeyboardInterrupt):
        run_step(study, perturb_step(study), force=True)
    kept = list((study.comparison_dir / "perturbation_parts").rglob("*.npz"))
    assert 3 < len(kept) < 14
    run_step(study, perturb_step(study), force=True)
    # 33 calls for each picture, and none for those that were kept.
    assert len(asked) == 200 + 33 * (14 - len(kept))
    assert [(study.comparison_dir / name).read_bytes() for name in files] == whole
    assert not (study.comparison_dir / "perturbation_parts").exists()


def test_flat_maps_are_drawn_lots_for(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    path = study.gaze_dir / "density.nc"
    maps = read_maps(path)
    maps["density"][:] = 1 / 64**2
    write_maps(path, maps)
    run_step(study, perturb_step(study))
    areas = pd.read_csv(study.comparison_dir / "perturbation.tsv", sep="\t")
    shares = areas.groupby("condition")["tied_share"].mean()
    assert shares["gaze"] == 1.0
    assert shares["random"] == 0.0


@pytest.mark.parametrize(
    ("missing", "command", "remedy"),
    [
        ("gaze/density.nc", "perturb", "faceoff gaze density"),
        ("cnn/small/relevance.nc", "perturb", "faceoff cnn explain"),
        ("gaze/fixations.tsv", "metrics", "faceoff gaze events"),
        ("cnn/small/relevance.nc", "maps", "faceoff cnn explain"),
        ("comparison/perturbation.tsv", "stats", "faceoff compare perturb"),
        ("comparison/metrics.tsv", "stats", "faceoff compare metrics"),
        ("gaze/trials.tsv", "stats", "faceoff gaze import"),
        ("cnn/small/predictions.tsv", "stats", "faceoff cnn evaluate"),
    ],
)
def test_missing_files_name_the_command_that_makes_them(
    missing: str, command: str, remedy: str, tmp_path: Path
) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    if command == "stats":
        run_step(study, perturb_step(study))
        run_step(study, metrics_step(study))
    (study.derivatives / missing).unlink()
    steps_by_name = {"metrics": metrics_step, "maps": maps_step, "stats": stats_step}
    step = (steps_by_name | {"perturb": perturb_step})[command](study)
    with pytest.raises(InputError, match=remedy):
        run_step(study, step)
    assert not is_current(study, step)


def test_maps_of_another_picture_size_are_refused(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    path = study.gaze_dir / "density.nc"
    maps = read_maps(path)
    write_maps(path, maps.assign_coords(x=maps["x"] * 2, y=maps["y"] * 2))
    with pytest.raises(InputError, match="span the study's picture of 64 px"):
        run_step(study, perturb_step(study))
    write_maps(path, maps.rename(density="something"))
    with pytest.raises(InputError, match="must hold density"):
        run_step(study, metrics_step(study))


def test_a_network_without_an_expression_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    known = FakeNetwork(expressions=("happy", "sad"))
    monkeypatch.setattr("cnn.network.load_network", lambda study, model: known)
    with pytest.raises(InputError, match="does not know afraid, angry"):
        run_step(study, perturb_step(study))
    assert not study.comparison_dir.exists()


def test_no_common_picture_is_an_error(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    _edit(study.splits_tsv, lambda t: t.assign(split="train"))
    with pytest.raises(InputError, match="of 7 pictures none has both"):
        run_step(study, perturb_step(study))


def test_pictures_with_a_map_and_no_fixation_are_an_error(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    _edit(study.gaze_dir / "fixations.tsv", lambda t: t.assign(x_px=np.float64(-50)))
    with pytest.raises(InputError, match="none in fixations"):
        run_step(study, metrics_step(study))


def test_commands_run_from_the_command_line(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", per_expression=1)
    for command in ("perturb", "metrics", "maps", "stats"):
        result = CliRunner().invoke(app, [command, "--study", str(study.root)])
        assert result.exit_code == 0, result.output
    assert (study.comparison_dir / "statistics.json").is_file()


def test_no_study_is_bad_input(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["perturb", "--study", str(tmp_path)])
    assert isinstance(result.exception, InputError)


def test_pictures_that_the_network_names_wrongly_may_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study(tmp_path / "study", network_answers="correct")
    predictions = study.cnn_dir(study.settings.cnn.model) / "predictions.tsv"
    table = pd.read_csv(predictions, sep="\t")
    wrong = table["image_id"].iloc[0]
    right = table["image_id"] != wrong
    _edit(predictions, lambda frame: frame.assign(correct=[str(v).lower() for v in right]))
    assert run_step(study, perturb_step(study))
    assert "only pictures that it names rightly" in capsys.readouterr().err
    pictures = pd.read_csv(study.comparison_dir / "pictures.tsv", sep="\t").set_index("image_id")
    assert not pictures.loc[wrong, "used"]
    assert pictures.loc[wrong, "reason"] == "named wrongly by the network"
    assert pictures["used"].sum() == len(pictures) - 1
    assert wrong not in set(pd.read_parquet(study.comparison_dir / "curves.parquet")["image_id"])
    predictions.unlink()
    with pytest.raises(InputError, match="faceoff cnn evaluate"):
        run_step(study, metrics_step(study))


def test_a_registered_plan_is_answered_and_marked(done: Study, tmp_path: Path) -> None:
    copied = tmp_path / "study"
    shutil.copytree(done.root, copied)
    question = {"topic": "perturbation", "measure": "auc_signed", "a": "gaze", "b": "relevance"}
    settings = done.settings.model_dump()
    settings["confirmatory"]["questions"] = [question | {"alternative": "less"}]
    settings["comparison"]["equivalence_d"] = 0.5
    study = Study(copied, parse_settings(settings, source="test"))
    register(study)
    assert not is_current(study, stats_step(study))
    run_step(study, stats_step(study))
    folder = study.comparison_dir
    answers = pd.read_csv(folder / "confirmatory.tsv", sep="\t")
    assert answers["met"].tolist() == [True]
    deviations = pd.read_csv(folder / "deviations.tsv", sep="\t")
    assert deviations["what"].tolist() == ["statistics.tsv"]
    table = pd.read_csv(folder / "statistics.tsv", sep="\t", na_values=["n/a"])
    (row,) = table[table["status"] == "confirmatory"].to_dict("records")
    assert (row["question"], row["expression"]) == ("auc_signed: gaze - relevance", "all")
    assert row["test"] == "sign-flip permutation"
    of_t = table[table["test"] == "paired t"]
    assert of_t["equivalence_bound"].eq(0.5).all()
    assert of_t["detectable_d_z"].notna().sum() == (of_t["n"] > 1).sum()


def test_ranks_of_conditions_under_other_fills_and_grids(tmp_path: Path) -> None:
    study = make_study(
        tmp_path / "study", conditions=["gaze", "relevance", "edges", "oracle"],
        robustness_fills=["uniform", "black"], robustness_grids=[4], robustness_pictures=7,
    )  # fmt: skip
    run_step(study, robustness_step(study))
    ranks = read_table(study.comparison_dir / "condition_ranks.tsv", what="ranks")
    assert (ranks["n_pictures"] == 7).all()
    assert len(ranks) == 2 * 2 * 3
    assert (ranks.groupby(["fill", "grid", "shifted"])["rank"].sum() == 6).all()
    table = read_table(study.comparison_dir / "rank_agreement.tsv", what="agreement")
    assert len(table) == 4 * 3 / 2
    for row in table.itertuples():
        one, other = (
            ranks[
                (ranks["fill"] == getattr(row, f"fill_{side}"))
                & (ranks["grid"] == getattr(row, f"grid_{side}"))
                & (ranks["shifted"] == getattr(row, f"shifted_{side}"))
            ].set_index("condition")["auc_signed"]
            for side in "ab"
        )
        signs = [
            np.sign(one[a] - one[b]) * np.sign(other[a] - other[b])
            for a, b in (("gaze", "relevance"), ("gaze", "edges"), ("relevance", "edges"))
        ]
        assert row.tau == pytest.approx(sum(signs) / 3)
