"""A study with landmarks and fixations, without recordings: what the step gaze regions reads."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.fixations import FIXATION_COLUMNS
from stimuli.catalog import LANDMARK_COLUMNS
from stimuli.tests.faces import image_ids, landmark_table, write_catalog, write_picture
from study.folder import Study, create_study
from study.tables import write_table

ACTORS = ("F01", "M01")


def region_study(folder: Path, **sections: Any) -> Study:
    """Faces of two actors, and random fixations of three people on four of them."""
    study = create_study(folder, {"report": {"example_images": 1, "figure_dpi": 72}} | sections)
    write_catalog(study, ACTORS, ACTORS)
    write_table(study.landmarks_tsv, landmark_table(image_ids(ACTORS)), LANDMARK_COLUMNS)
    for seed, name in enumerate(image_ids(ACTORS)):
        write_picture(study.pictures_dir / f"{name}.JPG", seed)
    write_fixations(study)
    return study


def write_fixations(study: Study, **changes: Any) -> pd.DataFrame:
    """Random fixations, every seventh of them left out."""
    rng = np.random.default_rng(3)
    rows: list[tuple[Any, ...]] = []
    for person in ("sub-1", "sub-2", "sub-3"):
        for trial, image_id in enumerate(("AF01HAS", "AF01SAS", "AM01HAS", "AM01SAS"), start=1):
            expression = {"HA": "happy", "SA": "sad"}[image_id[4:6]]
            for index in range(1, 8):
                x_px, y_px = rng.uniform(60, 390, 2)
                kept = len(rows) % 7 != 3
                rows.append(
                    (person, "01", trial, image_id, expression, True, index, 250.0 * index,
                     float(rng.integers(90, 240)), x_px, y_px, x_px + 700.0, y_px + 300.0, kept,
                     None if kept else "too short", kept)
                )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(FIXATION_COLUMNS)).assign(**changes)
    write_table(study.gaze_dir / "fixations.tsv", frame, FIXATION_COLUMNS)
    return frame
