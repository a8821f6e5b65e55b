"""Landmarks: 68 points on each face, exact for synthetic faces, found by a model on real ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.files import SYNTHETIC_LANDMARKS
from study.errors import InputError
from study.folder import Study
from study.progress import track
from study.tables import read_table

Landmarks = dict[str, NDArray[np.float64]]


def picture_file_landmarks(study: Study, manifest: pd.DataFrame) -> tuple[Landmarks, str]:
    """Find the landmarks of every picture.

    Parameters
    ----------
    study : Study
        The study; it names the face set's folder and the model.
    manifest : pandas.DataFrame
        With the columns image_id, file and face_set.

    Returns
    -------
    landmarks : dict of str to ndarray, shape (68, 2)
        The iBUG points in pixels of the picture file; a picture without a found face is not
        in it.
    method : str
        ``synthetic``, or the model's name.

    Raises
    ------
    InputError
        If the table of synthetic landmarks is damaged, the model cannot be loaded, or there
        is no face in any picture.
    """
    if (manifest["face_set"] == "synthetic").all():
        landmarks, method = _known_landmarks(study, manifest), "synthetic"
    else:
        from stimuli.facemesh import open_finder

        with ExitStack() as stack:
            finder, method = open_finder(study, stack)
            landmarks = dict(_found_landmarks(finder, study.pictures_dir, manifest))
    if not landmarks:
        raise InputError(
            f"A face set must show faces, but in none of its {len(manifest)} pictures was one "
            f"found ({method}). Look at the pictures, or name another model: [stimuli] "
            "landmark_model."
        )
    return landmarks, method


def _known_landmarks(study: Study, manifest: pd.DataFrame) -> Landmarks:
    """Read the landmarks that were drawn with the synthetic faces."""
    path = study.pictures_dir / SYNTHETIC_LANDMARKS
    kinds = {"image_id": str, "point": int, "x_px": float, "y_px": float}
    table = read_table(path, what="The landmarks (faceoff stimuli synth)", columns=kinds)
    table = table[table["image_id"].isin(manifest["image_id"])]
    landmarks = {}
    for image_id, points in table.groupby("image_id"):
        points = points.sort_values("point")
        if list(points["point"]) != list(range(1, 69)):
            raise InputError(
                f"{path} must hold the points 1 to 68 of each picture, but {image_id} has "
                f"{len(points)} rows. Draw the faces anew: faceoff stimuli synth."
            )
        landmarks[str(image_id)] = points[["x_px", "y_px"]].to_numpy(float)
    return landmarks


def _found_landmarks(
    finder: Callable[[Path], NDArray[np.float64] | None], folder: Path, manifest: pd.DataFrame
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Find the landmarks on real pictures, one after the other."""
    rows = list(zip(manifest["image_id"], manifest["file"], strict=True))
    for image_id, file in track(rows, "Finding landmarks"):
        points = finder(folder / file)
        if points is not None:
            yield image_id, points
