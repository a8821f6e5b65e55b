"""A study of a few pictures that a network can learn within a second."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from stimuli.catalog import CROP_COLUMNS, MANIFEST_COLUMNS, SPLIT_COLUMNS
from stimuli.expressions import EXPRESSIONS, KDEF_CODES
from study.folder import Study, create_study
from study.seeds import generator
from study.tables import write_table

SIDE_PX = 40
SPLITS = {"F01": "train", "M01": "train", "M02": "train", "F02": "validation", "F03": "test"}
CODES = {name: code for code, name in KDEF_CODES.items()}


def tiny_study(folder: Path, **settings: object) -> Study:
    """Make a study of five actors in two sessions, each expression a bar at another height."""
    study = create_study(
        folder,
        {
            "stimuli": {"picture_px": 64},
            "cnn": {"input_px": 32, "epochs": 2, "batch_size": 8, **settings},
        },
    )
    rows = []
    for session, actor, expression in itertools.product("AB", SPLITS, EXPRESSIONS):
        image_id = f"{session}{actor}{CODES[expression]}S"
        draw_picture(study.pictures_dir / f"{image_id}.PNG", actor, session, expression)
        rows.append((image_id, f"{image_id}.PNG", actor, session, expression))
    columns = ["image_id", "file", "actor", "session", "expression"]
    write_tables(study, pd.DataFrame(rows, columns=columns))
    return study


def draw_picture(path: Path, actor: str, session: str, expression: str) -> None:
    """Draw a bar on the actor's own background, with noise."""
    random = generator(3, actor, session, expression)
    background = generator(3, actor).uniform(40, 110, 3)
    pixels = background + random.normal(0, 5, (SIDE_PX, SIDE_PX, 3))
    top = 2 + 5 * EXPRESSIONS.index(expression)
    pixels[top : top + 4, 8:32] += 120
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def write_tables(study: Study, pictures: pd.DataFrame) -> None:
    """Write manifest, crops and splits."""
    sides = {"width_px": SIDE_PX, "height_px": SIDE_PX}
    sexes = pictures["actor"].str[0].map({"F": "female", "M": "male"})
    manifest = pictures.assign(
        face_set="synthetic", view="straight", sha256="0" * 64, sex=sexes, **sides
    )
    write_table(study.manifest_tsv, manifest, MANIFEST_COLUMNS)
    crops = pictures[["image_id"]].assign(x_px=0, y_px=0, method="fixed", **sides)
    write_table(study.crops_tsv, crops, CROP_COLUMNS)
    split = pictures["actor"].map(SPLITS)
    unused = (split == "test") & (pictures["session"] == "B")
    splits = pictures[["image_id"]].assign(split=split.mask(unused, "unused"))
    write_table(study.splits_tsv, splits, SPLIT_COLUMNS)
