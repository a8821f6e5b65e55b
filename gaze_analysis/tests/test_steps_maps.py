"""From a study folder to quality tables, as the command does it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gaze_analysis.steps_maps import quality_step
from study.errors import InputError
from study.folder import create_study
from study.provenance import run_step
from study.tables import read_table, write_table

TABLE = {"picture_width_px": 100, "picture_height_px": 80}


def test_quality_says_what_it_needs(tmp_path):
    study = create_study(tmp_path / "study", {"gaze": {"table": TABLE}})
    with pytest.raises(InputError, match="come from tables"):
        run_step(study, quality_step(study))
    bare = create_study(tmp_path / "bare")
    with pytest.raises(InputError, match="gaze import"):
        run_step(bare, quality_step(bare))


def test_quality_of_every_imported_session(tmp_path):
    study = create_study(tmp_path / "study", {"execution": {"jobs": 1}})
    folder = study.gaze_dir
    who: dict[str, Any] = {"participant_id": ["sub-1", "sub-2"], "session": "01"}
    tables: dict[str, dict[str, Any]] = {
        "recordings": {"sampling_rate_hz": 1000.0},
        "validations": {"time_ms": 0.0, "eye": "left", "error_avg_deg": [0.2, 0.4],
                        "error_max_deg": 0.9},
        "events": {"event": "fixation", "eye": "left", "onset_ms": 100.0, "offset_ms": 300.0},
        "trials": {"trial": 1, "image_id": "P1", "face_onset_ms": 50.0, "face_offset_ms": 450.0},
    }  # fmt: skip
    for name, columns in tables.items():
        frame = pd.DataFrame(who | columns)
        write_table(folder / f"{name}.tsv", frame, dict.fromkeys(frame.columns, "test"))
    (folder / "samples").mkdir()
    rng = np.random.default_rng(1)
    for person in who["participant_id"]:
        samples = pd.DataFrame(rng.normal(500, 3, (500, 2)), columns=["x_left_px", "y_left_px"])
        samples = samples.assign(time_ms=np.arange(500.0), part=1, block=1)
        samples.to_parquet(folder / "samples" / f"{person}_ses-01.parquet")
    assert run_step(study, quality_step(study))
    quality = read_table(folder / "quality.tsv", what="quality").set_index("participant_id")
    assert quality["accuracy_deg"].to_dict() == {"sub-1": 0.2, "sub-2": 0.4}
    assert quality["sd_deg"].between(0.05, 0.15).all()
    assert set(quality["n_fixations"]) == {1}
    trials = read_table(folder / "quality_trials.tsv", what="trials")
    assert list(trials["data_loss"]) == [0, 0]
    assert not run_step(study, quality_step(study))
