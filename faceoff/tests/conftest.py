"""A small study, done once by the functions that the commands call."""

from typing import Any

import pytest

from experiment.simulate import simulate_sample
from faceoff.pipeline import run_everything
from stimuli.steps import steps as stimuli_steps
from stimuli.synth.set import draw_set
from study.folder import Study, create_study
from study.provenance import run_step

SETTINGS: dict[str, dict[str, Any]] = {
    "study": {"name": "A small study"},
    "stimuli": {"test_actors": ["F01", "M01"], "validation_actors": 2},
    "participants": {"blocks": 2, "practice_trials": 2},
    "cnn": {"input_px": 48, "epochs": 2},
    "comparison": {
        "random_orders": 3, "resamples": 199, "cells_per_side": 16,
        "emd_cells": 4, "halves": 2, "map_permutations": 99,
    },
    "report": {"example_images": 1, "figure_dpi": 72},
    "execution": {"jobs": 1},
}  # fmt: skip


@pytest.fixture(scope="session")
def small_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Six actors, two of them shown to four simulated people; a network that hardly learns."""
    study = create_study(tmp_path_factory.mktemp("whole") / "study", SETTINGS)
    draw_set(study.pictures_dir, n_actors=6, seed=1, execution=study.settings.execution)
    for step in stimuli_steps(study):
        run_step(study, step)
    simulate_sample(study, 4, "01", None)
    run_everything(study)
    return study
