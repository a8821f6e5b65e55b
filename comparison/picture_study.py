"""A study folder of its own in which people name the main study's faces, changed in some way."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

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
from stimuli.degraded import DEGRADED_COLUMNS, degraded_tsv
from stimuli.pictures import load_pictures
from study.errors import InputError
from study.folder import Study, create_study
from study.progress import bar, say
from study.seeds import generator
from study.tables import write_table
from study.writing import write_text

Pixels = npt.NDArray[np.uint8]
#: Turns a row of the plan and its face, as people see it, into the picture that is shown.
Change = Callable[[Any, Pixels], Pixels]
_COPIED = ("study", "screen", "stimuli", "participants", "experiment", "observers")


def check_new_folder(folder: Path) -> Path:
    """Refuse a folder for a new study that is in use.

    Parameters
    ----------
    folder : Path
        The folder to make; it is empty or not there.

    Returns
    -------
    Path
        The same, from the root.

    Raises
    ------
    InputError
        If something is in it, or it is a file.
    """
    folder = Path(folder).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"The new study needs a folder of its own, but {folder} is not empty. "
            "Choose another name."
        )
    return folder


def write_picture_study(
    study: Study,
    folder: Path,
    plan: pd.DataFrame,
    change: Change,
    *,
    what: str,
    tables: Mapping[str, tuple[pd.DataFrame, Mapping[str, str]]],
) -> Study:
    """Make a study in which people name changed faces of the main study.

    Parameters
    ----------
    study : Study
        The main study.
    folder : Path
        As `check_new_folder` gives it.
    plan : pandas.DataFrame
        A row for each picture: image_id, face (its name in the main study), list, kind and
        level (see `stimuli.degraded`), and what `change` needs.
    change : callable
        Makes a row's picture.
    what : str
        What is done to the faces, one word for names and messages, such as ``"occlusion"``.
    tables : mapping of str to tuple of pandas.DataFrame and mapping
        Further tables of the new study's folder stimuli, with their columns, by name.

    Returns
    -------
    Study
        The new study, which participants can be planned in; each sees one of the lists.

    Raises
    ------
    InputError
        If a face cannot be read or has no landmarks.
    """
    practice = _practice_faces(study, what)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Built beside and renamed: a folder that is half made is no study.
    with TemporaryDirectory(dir=folder.parent, prefix=f".{what}-") as temporary:
        made = create_study(Path(temporary) / "study", _settings(study, practice, what))
        _write_faces(study, made, plan, practice, change, what)
        write_table(degraded_tsv(made), plan[list(DEGRADED_COLUMNS)], DEGRADED_COLUMNS)
        for name, (table, columns) in tables.items():
            write_table(made.stimuli_dir / name, table, columns)
        _copy_texts(study, made)
        if folder.exists():
            folder.rmdir()
        made.root.rename(folder)
    n_faces, n_lists = plan["face"].nunique(), plan["list"].nunique()
    say(
        f"  {folder}: {len(plan)} pictures of {n_faces} faces, {n_faces} trials for each person, "
        f"{n_lists} lists, which participants take in turn: record a multiple of {n_lists}"
    )
    return Study(folder, made.settings)


def _practice_faces(study: Study, what: str) -> pd.DataFrame:
    """Draw intact faces of actors that are not tested, enough for all rounds of practice."""
    settings = study.settings.participants
    splits = read_splits(study)
    train = splits["image_id"][splits["split"] == "train"]
    pool = read_manifest(study)
    pool = pool[pool["image_id"].isin(train) & pool["image_id"].isin(read_crops(study)["image_id"])]
    n_faces = min(settings.practice_trials * settings.practice_rounds, len(pool))
    rng = generator(study.settings.study.seed, f"{what} practice")
    drawn = [trial.image_id for trial in first_round(pool, n_faces, rng)] if n_faces else []
    return pool[pool["image_id"].isin(drawn)]


def _settings(study: Study, practice: pd.DataFrame, what: str) -> dict[str, Any]:
    """Copy what the main study's session was like."""
    values = study.settings.model_dump(mode="json", exclude_defaults=True, include={*_COPIED})
    values.get("stimuli", {}).pop("folder", None)
    title = f"{study.settings.study.name}: {what}"
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
    change: Change,
    what: str,
) -> None:
    """Write the pictures and the tables that a registration would have made."""
    side_px = study.settings.stimuli.picture_px
    faces = [*plan["face"].unique(), *practice["image_id"]]
    shown = dict(zip(faces, load_pictures(study, faces, side_px), strict=True))
    marks = picture_landmarks(study, faces)
    made.pictures_dir.mkdir(parents=True, exist_ok=True)
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

    with bar(f"pictures with {what}", len(plan)) as advance:
        for row in plan.itertuples():
            add(str(row.image_id), str(row.face), change(row, shown[str(row.face)]))
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
    write_table(made.manifest_tsv, pd.DataFrame(rows), MANIFEST_COLUMNS)


def _copy_texts(study: Study, made: Study) -> None:
    """Take along the lab's own words, where they are a file of the main study."""
    name = study.settings.experiment.texts
    source = study.root / name
    if source.is_file() and not Path(name).is_absolute():
        (made.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, made.root / name)
