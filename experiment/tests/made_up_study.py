"""A study with made-up faces: tables of pictures and landmarks, but no picture files."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from stimuli.catalog import CROP_COLUMNS, LANDMARK_COLUMNS, MANIFEST_COLUMNS, SPLIT_COLUMNS
from stimuli.expressions import KDEF_CODES
from study.folder import Study, create_study
from study.seeds import generator
from study.tables import write_table

WIDTH_PX, HEIGHT_PX, SIDE_PX = 562, 762, 448


def made_up_landmarks(shift: float = 0.0) -> np.ndarray:
    """Draw 68 points of a schematic face in a square of 448 pixels."""

    def arc(n, x, y, width, height, start, stop):
        angles = np.radians(np.linspace(start, stop, n))
        return np.stack([x + width * np.cos(angles), y - height * np.sin(angles)], axis=1)

    parts = [
        arc(17, 224, 180, 140, 230, 180, 360),
        arc(5, 150, 160, 50, 25, 160, 20),
        arc(5, 298, 160, 50, 25, 160, 20),
        np.stack([np.full(4, 224.0), np.linspace(180, 255, 4)], axis=1),
        np.stack([np.linspace(195, 253, 5), [265.0, 272, 276, 272, 265]], axis=1),
        arc(6, 155, 185, 32, 12, 180, -120),
        arc(6, 293, 185, 32, 12, 180, -120),
        arc(12, 224, 325, 55, 22, 180, -150),
        arc(8, 224, 325, 40, 8, 180, -135),
    ]
    return np.concatenate(parts) + shift


def make_study(folder: Path, n_actors: int = 4, **sections: dict) -> Study:
    """Register made-up pictures: `n_actors` to be tested, and two to practise with."""
    defaults = {"participants": {"practice_trials": 2, "blocks": 2}}
    study = create_study(folder, defaults | sections)
    actors = [f"F{number:02d}" for number in range(1, n_actors + 3)]
    rows, crops, landmarks, splits = [], [], [], []
    for actor, (code, expression) in product(actors, KDEF_CODES.items()):
        image_id = f"A{actor}{code}S"
        file = f"A{actor}/{image_id}.JPG"
        rows.append(
            [image_id, file, "synthetic", actor, "female", "A", expression, "straight",
             WIDTH_PX, HEIGHT_PX, "0" * 64]
        )  # fmt: skip
        crops.append([image_id, 57, 150, SIDE_PX, SIDE_PX, "fixed"])
        splits.append([image_id, "test" if actor in actors[:n_actors] else "train"])
        shift = generator(0, image_id).normal(0, 3, size=2)
        points = made_up_landmarks() + np.array([57, 150]) + shift
        landmarks += [[image_id, n, x, y, "synthetic"] for n, (x, y) in enumerate(points, 1)]
    for path, values, columns in (
        (study.manifest_tsv, rows, MANIFEST_COLUMNS),
        (study.crops_tsv, crops, CROP_COLUMNS),
        (study.landmarks_tsv, landmarks, LANDMARK_COLUMNS),
        (study.splits_tsv, splits, SPLIT_COLUMNS),
    ):
        write_table(path, pd.DataFrame(values, columns=list(columns)), columns)
    return study
