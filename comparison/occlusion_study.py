"""Occlusion for people: a study folder whose test pictures lost the tiles of the perturbation."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from comparison.occlusion import (
    OCCLUSION_COLUMNS,
    occlude,
    occlusion_cells,
    occlusion_plan,
    occlusions_tsv,
)
from comparison.perturbation import Removal
from comparison.tiles import tile_edges
from participants.practice import first_round
from stimuli.catalog import (
    CROP_COLUMNS,
    LANDMARK_COLUMNS,
    LIST_COLUMNS,
    MANIFEST_COLUMNS,
    PROBLEM_COLUMNS,
    SPLIT_COLUMNS,
    picture_landmarks,
    read_crops,
    read_manifest,
    read_splits,
)
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.folder import Study, create_study
from study.progress import bar, say
from study.seeds import generator
from study.tables import write_table
from study.writing import write_text

Pixels = npt.NDArray[np.uint8]
_COPIED = ("study", "screen", "stimuli", "participants", "experiment", "observers")


def write_occlusion_study(
    study: Study, folder: Path, conditions: Sequence[str], steps: Sequence[int], input_px: int
) -> Study:
    """Make a study in which people name faces that lost the tiles the network lost.

    Parameters
    ----------
    study : Study
        The main study; its orders.parquet is current.
    folder : Path
        The folder to make; it is empty or not there.
    conditions : sequence of str
        Whose orders, as in orders.parquet; of random ones the first repeat is taken.
    steps : sequence of int
        Removal steps; at 0 the face is intact, the same for all conditions.
    input_px : int
        Side of the pictures that the network saw.

    Returns
    -------
    Study
        The new study, with as many lists of pictures as there are combinations of condition
        and step. Each list shows each face once, and each combination equally often.

    Raises
    ------
    InputError
        If the folder is in use, or a condition or step is not in the main study's curves.
    """
    folder = Path(folder).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"The new study needs a folder of its own, but {folder} is not empty. "
            "Choose another name."
        )
    orders = pd.read_parquet(study.comparison_dir / "orders.parquet")
    settings = study.settings.comparison
    edges = tile_edges(input_px, settings.grid)
    n_tiles = (len(edges) - 1) ** 2
    removal = Removal(edges, settings.fill, settings.steps or n_tiles, study.settings.study.seed)
    cells = occlusion_cells(orders, conditions, steps, removal.steps)
    faces = read_manifest(study).set_index("image_id", drop=False)
    faces = faces.loc[sorted(orders["image_id"].unique())]
    plan = occlusion_plan(orders, faces, cells, removal)
    practice = _practice_faces(study)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Built beside and renamed: a folder that is half made is no study.
    with TemporaryDirectory(dir=folder.parent, prefix=".occlusion-") as temporary:
        made = create_study(Path(temporary) / "study", _settings(study, practice))
        _write_faces(study, made, plan, practice, input_px, removal)
        _copy_texts(study, made)
        if folder.exists():
            folder.rmdir()
        made.root.rename(folder)
    n_trials = len(faces)
    say(
        f"  {folder}: {len(plan)} pictures of {n_trials} faces, {n_trials} trials for each person, "
        f"{len(cells)} lists, which participants take in turn: record a multiple of {len(cells)}"
    )
    return Study(folder, made.settings)


def _practice_faces(study: Study) -> pd.DataFrame:
    """Draw intact faces of actors that are not tested, enough for all rounds of practice."""
    settings = study.settings.participants
    splits = read_splits(study)
    train = splits["image_id"][splits["split"] == "train"]
    pool = read_manifest(study)
    pool = pool[pool["image_id"].isin(train) & pool["image_id"].isin(read_crops(study)["image_id"])]
    n_faces = min(settings.practice_trials * settings.practice_rounds, len(pool))
    rng = generator(study.settings.study.seed, "occlusion practice")
    drawn = [trial.image_id for trial in first_round(pool, n_faces, rng)] if n_faces else []
    return pool[pool["image_id"].isin(drawn)]


def _settings(study: Study, practice: pd.DataFrame) -> dict[str, Any]:
    """Copy what the main study's session was like."""
    values = study.settings.model_dump(mode="json", exclude_defaults=True, include={*_COPIED})
    values.get("stimuli", {}).pop("folder", None)
    title = f"{study.settings.study.name}: occlusion"
    values["study"] = values.get("study", {}) | {"name": title}
    if len(practice) < study.settings.participants.practice_trials:
        say(f"  practice: {len(practice)} faces of actors that are not tested; no more are there")
        values["participants"] = values.get("participants", {}) | {"practice_trials": len(practice)}
    return values


def _write_faces(
    study: Study,
    made: Study,
    plan: pd.DataFrame,
    practice: pd.DataFrame,
    input_px: int,
    removal: Removal,
) -> None:
    """Write the pictures and the tables that a registration would have made."""
    side_px = study.settings.stimuli.picture_px
    faces = [*plan["face"].unique(), *practice["image_id"]]
    shown = dict(zip(faces, load_pictures(study, faces, side_px), strict=True))
    tested = list(plan["face"].unique())
    cnn = study.settings.cnn
    resampling = cnn.for_network(cnn.model).resampling
    pictures = load_pictures(study, tested, input_px, resampling)
    seen = dict(zip(tested, pictures, strict=True))
    marks = picture_landmarks(study, faces)
    made.pictures_dir.mkdir(parents=True)
    # Pictures under licence stay on this computer: no repository is to take them along.
    write_text(made.pictures_dir / ".gitignore", "*\n")
    manifest = read_manifest(study).set_index("image_id", drop=False)
    rows, points = [], []

    def add(image_id: str, face: str, picture: Pixels) -> None:
        path = made.pictures_dir / f"{image_id}.png"
        Image.fromarray(picture).save(path, format="PNG", compress_level=1)
        own = {"image_id": image_id, "file": path.name, "width_px": side_px, "height_px": side_px}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(manifest.loc[face].to_dict() | own | {"sha256": digest})
        x, y = marks[face].round(2).T
        table = {"image_id": image_id, "point": range(1, 69), "x_px": x, "y_px": y}
        points.append(pd.DataFrame(table | {"method": "from the main study"}))

    with bar("occluded pictures", len(plan)) as advance:
        for image_id, face, text in zip(plan["image_id"], plan["face"], plan["tiles"], strict=True):
            tiles = [int(tile) for tile in text.split()]
            add(image_id, face, occlude(shown[face], seen[face], face, tiles, removal))
            advance(1)
    for face in practice["image_id"]:
        add(face, face, shown[face])
    names = [row["image_id"] for row in rows]
    crops = {"x_px": 0, "y_px": 0, "width_px": side_px, "height_px": side_px, "method": "fixed"}
    split = ["test"] * len(plan) + ["train"] * len(practice)
    write_table(made.crops_tsv, pd.DataFrame({"image_id": names, **crops}), CROP_COLUMNS)
    write_table(made.landmarks_tsv, pd.concat(points, ignore_index=True), LANDMARK_COLUMNS)
    write_table(made.splits_tsv, pd.DataFrame({"image_id": names, "split": split}), SPLIT_COLUMNS)
    write_table(
        made.problems_tsv, pd.DataFrame(columns=list(PROBLEM_COLUMNS), dtype=str), PROBLEM_COLUMNS
    )
    write_table(made.lists_tsv, plan[list(LIST_COLUMNS)], LIST_COLUMNS)
    what = plan.assign(tiles=plan["tiles"].mask(plan["tiles"] == ""))
    write_table(occlusions_tsv(made), what[list(OCCLUSION_COLUMNS)], OCCLUSION_COLUMNS)
    write_table(made.manifest_tsv, pd.DataFrame(rows), MANIFEST_COLUMNS)


def _copy_texts(study: Study, made: Study) -> None:
    """Take along the lab's own words, where they are a file of the main study."""
    name = study.settings.experiment.texts
    source = study.root / name
    if source.is_file() and not Path(name).is_absolute():
        (made.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, made.root / name)
