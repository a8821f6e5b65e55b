"""Simulated studies for power go through the real pipeline, and are kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from experiment.simulate import simulate_sample
from experiment.tests.made_up_study import make_study
from faceoff.cli import app
from faceoff.power.design import make_design
from faceoff.power.run import power_dir, run_power
from faceoff.power.studies import (
    gaze_mass,
    make_source,
    network_shares,
    region_mask,
    simulate_study,
)
from gaze_analysis.events import make_events
from gaze_analysis.importing import import_sessions
from gaze_analysis.maps import study_maps
from gaze_analysis.region_sources import landmark_outlines
from gaze_analysis.steps_density import included_fixations, map_rule
from study.errors import InputError
from study.folder import Study, create_study
from study.tables import read_table

SERIAL = {"execution": {"jobs": 1}}
QUESTION: dict[str, Any] = {
    "between": "happy,sad", "expression": "happy", "region": "mouth", "effect": 0.3,
    "participants": "3,4", "pictures": "2,3", "n_studies": 3, "wanted_power": 0.8,
    "alpha": 0.05, "network_spread": 0.05, "seed": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return make_study(tmp_path_factory.mktemp("power") / "study", 2, **SERIAL)


def test_a_simulated_study_has_a_value_for_everybody_and_every_picture(faces: Study) -> None:
    source = make_source(faces, make_design(**QUESTION))
    table = simulate_study(source, 1)
    pd.testing.assert_frame_equal(table, simulate_study(source, 1))
    assert not table.equals(simulate_study(source, 2))
    assert not table.duplicated(["participant", "picture", "expression"]).any()
    assert set(table["participant"]) <= set(range(4))
    assert set(table["picture"]) <= set(range(3))
    assert table["value"].between(0, 1).all()
    means = table.groupby("expression")["value"].mean()
    assert means["happy"] > means["sad"]  # a large effect was planted


def test_the_mass_on_a_region_is_that_of_the_density_maps(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", 2, **SERIAL)
    simulate_sample(study, 3)
    import_sessions(study)
    make_events(study)
    fixations, rule = included_fixations(study), map_rule(study)
    maps = study_maps(fixations, rule).maps["density"]
    outlines = landmark_outlines(study, maps["image"].to_numpy().tolist())
    found = gaze_mass(study, "mouth").groupby("image_id")["value"].mean()
    for image_id, regions in outlines.items():
        inside = region_mask(regions, "mouth", rule)
        density = maps.sel(image=image_id).to_numpy()
        assert found[image_id] == pytest.approx(density[inside].sum() / density.sum(), rel=1e-6)


def test_the_networks_share_is_that_of_its_positive_relevance(faces: Study) -> None:
    design = make_design(**(QUESTION | {"between": "gaze,network"}))
    rule = map_rule(faces)
    images = ["AF01HAS", "AF02HAS", "AF01SAS"]
    maps = np.zeros((len(images), *rule.grid.shape))
    for place, (image_id, regions) in enumerate(landmark_outlines(faces, images).items()):
        mouth = region_mask(regions, "mouth", rule)
        maps[images.index(image_id)] = np.where(mouth, 3.0 / mouth.sum(), 1.0 / (~mouth).sum())
        maps[place, :5] = -1.0  # what speaks against the expression does not count
    relevance = xr.Dataset(
        {"relevance": (("image", "y", "x"), maps)},
        coords={"image": images, "x": rule.grid.x_px, "y": rule.grid.y_px},
    )
    shares = network_shares(faces, relevance, design)
    assert len(shares) == 2  # the happy ones
    assert shares == pytest.approx(0.75, abs=0.02)


def test_results_are_written_and_studies_are_kept(faces: Study) -> None:
    design = make_design(**QUESTION)
    table = run_power(faces, design)
    folder = power_dir(faces)
    kept = sorted(folder.glob("studies/*/*.parquet"))
    assert len(kept) == 3
    times = [path.stat().st_mtime_ns for path in kept]
    written = read_table(folder / "power.tsv", what="power", columns={"power": float})
    assert len(written) == len(table) == 2 * 2 * 2
    for name in ("power.json", "power_answers.json", "power.svg", "power.png"):
        assert (folder / name).stat().st_size > 0
    answered = json.loads((folder / "power_answers.json").read_text("utf-8"))
    assert answered["question"]["effect"] == 0.3
    assert len(answered["answers"]) == 4
    again = run_power(faces, design)
    assert [path.stat().st_mtime_ns for path in kept] == times
    pd.testing.assert_frame_equal(table, again)


def test_gaze_and_network_by_the_command(faces: Study) -> None:
    arguments = ["experiment", "power", "--between", "gaze,network", "--participants", "3",
                 "--pictures", "2", "--studies", "10", "--jobs", "1"]  # fmt: skip
    done = CliRunner().invoke(app, [*arguments, "--study", str(faces.root)])
    assert done.exit_code == 0, done.output
    table = read_table(power_dir(faces) / "power.tsv", what="power")
    assert set(table["contrast"]) == {"gaze - network, happy, mouth"}
    assert np.allclose(table["bias"], 0.0, atol=0.08)


def test_without_faces_it_says_what_to_do(tmp_path: Path) -> None:
    study = create_study(tmp_path / "empty")
    with pytest.raises(InputError, match="faceoff stimuli register"):
        run_power(study, make_design(**QUESTION))
