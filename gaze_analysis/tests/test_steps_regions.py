"""From fixations and landmarks to tables and figures of regions, as the command does it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.region_figures import dwell_figure
from gaze_analysis.region_measures import name_regions, trial_keys
from gaze_analysis.region_plots import Panel, region_sheet, scanpath_sheet
from gaze_analysis.steps import steps
from gaze_analysis.steps_region_figures import FIGURES, example_trials, regions_figures_step
from gaze_analysis.steps_regions import TABLES, amplitudes_deg, looked_regions, regions_step
from gaze_analysis.tests.region_study import region_study, write_fixations
from stimuli.frames import Rect, screen_from
from stimuli.pictures import figure_picture
from stimuli.region_outlines import Outlines, rectangle
from study.errors import InputError
from study.folder import create_study
from study.provenance import run_step
from study.tables import read_table

KEYS = ["participant_id", "session", "trial"]


def test_the_step_writes_every_table_and_does_it_once(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    assert run_step(study, regions_step(study))
    tables = {name: read_table(study.gaze_dir / f"{name}.tsv", what=name) for name in TABLES}
    assert len(tables["regions"]) == 12 * 12
    assert len(tables["scanpaths"]) == 12
    assert len(tables["entropies"]) == 3 * 3
    assert len(tables["transitions"]) == 3 * 3 * 11**2
    assert len(tables["regions_by_expression"]) == 3 * 12
    trials = tables["regions"].groupby(KEYS)
    np.testing.assert_allclose(trials["dwell_share"].sum(), 1)
    kept = write_fixations(study).query("included")
    assert trials["n_fixations"].sum().sum() == len(kept)
    assert tables["scanpaths"]["dwell_ms"].sum() == pytest.approx(kept["duration_ms"].sum())
    first = (study.gaze_dir / "regions.tsv").read_bytes()
    assert not run_step(study, regions_step(study))
    assert run_step(study, regions_step(study), force=True)
    assert (study.gaze_dir / "regions.tsv").read_bytes() == first
    wider = region_study(tmp_path / "wider", gaze={"regions": {"margin_deg": 0.5}})
    run_step(wider, regions_step(wider))
    assert (wider.gaze_dir / "regions.tsv").read_bytes() != first


def test_other_landmarks_make_the_result_stale(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    run_step(study, regions_step(study))
    text = study.landmarks_tsv.read_text(encoding="utf-8")
    study.landmarks_tsv.write_text(text.replace("\ttest\n", "\tother\n"), encoding="utf-8")
    assert run_step(study, regions_step(study))


def test_what_is_said_is_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = region_study(tmp_path / "study")
    run_step(study, regions_step(study))
    said = capsys.readouterr().err
    assert "12 trials; regions: polygons from 68 landmarks" in said
    header = next(line for line in said.splitlines() if "happy" in line)
    assert header.split() == ["happy", "sad", "all"]
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if "." in line}
    means = read_table(study.gaze_dir / "regions_by_expression.tsv", what="means")
    shares = means[means["expression"] == "happy"].set_index("region")["dwell_share"]
    assert float(rows["nose"][0]) == pytest.approx(100 * shares["nose"], abs=0.051)
    assert "off_picture" not in rows


def test_fixations_beside_the_picture_are_a_region_of_their_own(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    write_fixations(study, x_px=-40.0)
    run_step(study, regions_step(study))
    regions = read_table(study.gaze_dir / "regions.tsv", what="regions").set_index("region")
    assert set(regions.loc[["off_picture"], "dwell_share"]) == {1.0}
    transitions = read_table(study.gaze_dir / "transitions.tsv", what="transitions")
    assert transitions.loc[transitions["to"] == "off_picture", "count"].sum() > 0


def test_distances_are_visual_angles(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    named, _, _ = looked_regions(study)
    screen = screen_from(study.settings.screen)
    far = amplitudes_deg(study, named)
    assert np.isnan(far[0])
    corner = np.array(screen.centre_px) - 223.5
    points = named[["x_px", "y_px"]].to_numpy()
    expected = screen.distance_deg(points[3] + corner, points[4] + corner)
    assert far[4] == pytest.approx(float(expected))
    table = {"picture_width_px": 448, "picture_height_px": 448}
    unknown = create_study(tmp_path / "unknown", {"gaze": {"table": table}})
    assert np.isnan(amplitudes_deg(unknown, named)).all()
    known = create_study(tmp_path / "known", {"gaze": {"table": table | {"px_per_deg": 20.0}}})
    assert amplitudes_deg(known, named)[4] == pytest.approx(np.hypot(*(points[4] - points[3])) / 20)


def test_nothing_included_is_said(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    write_fixations(study, included=False)
    with pytest.raises(InputError, match="of the 84 in"):
        run_step(study, regions_step(study))
    with pytest.raises(InputError, match="faceoff gaze events"):
        run_step(study, regions_step(create_study(tmp_path / "bare")))


def test_the_pipeline_leaves_regions_out_where_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {"picture_width_px": 100, "picture_height_px": 80}
    bare = create_study(tmp_path / "bare", {"gaze": {"table": table}})
    assert [step.command for step in steps(bare)] == ["gaze import", "gaze density"]
    assert "gaze regions: left out" in capsys.readouterr().err
    study = region_study(tmp_path / "study", gaze={"table": table})
    commands = [step.command for step in steps(study)]
    assert commands == ["gaze import", "gaze regions", "gaze density"]


def test_figures_are_files_and_the_same_each_time(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    run_step(study, regions_step(study))
    assert run_step(study, regions_figures_step(study))
    folder = study.gaze_dir / "figures"
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.*g"))}
    assert set(files) == {f"{name}.{end}" for name in FIGURES for end in ("svg", "png")}
    assert not run_step(study, regions_figures_step(study))
    run_step(study, regions_figures_step(study), force=True)
    for name, content in files.items():
        assert (folder / name).read_bytes() == content


def test_hidden_faces_are_in_no_figure(tmp_path: Path) -> None:
    frame = Rect(0, 0, 448, 448)
    study = region_study(tmp_path / "shown")
    picture = figure_picture(study, "AF01HAS", frame)
    assert picture is not None
    assert picture.shape == (224, 224, 3)
    assert figure_picture(study, "unknown", frame) is None
    assert figure_picture(study, "AF01HAS", Rect(0, 0, 400, 100)) is None
    whole = figure_picture(study, "AF01HAS", Rect(0, 0, 281, 381))
    assert whole is not None
    assert not np.array_equal(whole[:100, :100], picture[:100, :100])
    hidden = region_study(tmp_path / "hidden", report={"faces": "hide"})
    assert figure_picture(hidden, "AF01HAS", frame) is None


def test_sheets_show_what_they_were_given() -> None:
    frame = Rect(0, 0, 40, 30)
    path = pd.DataFrame(
        {"x_px": [5.0, 20.0], "y_px": [5.0, 9.0], "duration_ms": [100.0, 400.0], "index": [1, 2]}
    )
    picture = np.full((3, 4, 3), 90, np.uint8)
    outlines = Outlines(("box",), (rectangle(0, 0, 20, 20),))
    panels = [Panel(str(k), picture, outlines, path) for k in range(5)]
    axes: Any = region_sheet(panels, frame).axes
    assert [one.get_title() for one in axes[:5]] == ["0", "1", "2", "3", "4"]
    assert [text.get_text() for text in axes[0].texts] == ["box"]
    assert axes[0].texts[0].xy == pytest.approx((10, 10), abs=0.3)
    assert axes[0].get_ylim() == (29.5, -0.5)
    sheet = scanpath_sheet(panels, frame)
    shown: Any = sheet.axes
    sizes = shown[0].collections[0].get_sizes()
    assert sizes[1] / sizes[0] == 4
    colours = shown[0].collections[0].get_facecolors()
    assert not np.array_equal(colours[0], colours[1])
    words = [text.get_text() for text in sheet.legends[0].get_texts()]
    assert words == ["first fixation", "100 ms", "200 ms", "400 ms"]
    untimed = [Panel("0", None, None, path.assign(duration_ms=np.nan))]
    words = [text.get_text() for text in scanpath_sheet(untimed, frame).legends[0].get_texts()]
    assert words[1] == "durations are not known"


def test_the_dwell_figure_has_the_means_and_their_intervals(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    run_step(study, regions_step(study))
    means = read_table(study.gaze_dir / "regions_by_expression.tsv", what="means")
    left, right = dwell_figure(means).axes
    shown: Any = left.images[0].get_array()
    nose = means[means["region"] == "nose"].set_index("expression")["dwell_share"]
    row = [text.get_text() for text in left.get_yticklabels()].index("nose")
    np.testing.assert_allclose(shown[row], [100 * nose["happy"], 100 * nose["sad"]])
    bars: Any = right.patches
    assert bars[row].get_width() == pytest.approx(100 * nose["all"])


def test_examples_are_of_typical_length_on_different_pictures(tmp_path: Path) -> None:
    study = region_study(tmp_path / "study")
    named, _, _ = looked_regions(study)
    examples = example_trials(named, 2)
    assert [rows["expression"].iloc[0] for _, rows in examples] == ["happy"] * 2 + ["sad"] * 2
    assert len({rows["image_id"].iloc[0] for _, rows in examples}) == 4
    outlines = dict.fromkeys(trial_keys(named), Outlines(("a",), (rectangle(0, 0, 9, 9),)))
    plain = name_regions(named.drop(columns="expression"), outlines, np.ones(len(named), bool))
    (only,) = example_trials(plain.assign(expression=None), 1)
    assert set(only[1]["trial"]) == {only[0][2]}
