"""Landmarks: 68 points on each face, exact for synthetic faces, found by a model on real ones."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.files import SYNTHETIC_LANDMARKS
from study.errors import InputError
from study.folder import Study
from study.progress import bar, say
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
        landmarks, method = _found_landmarks(study, manifest)
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


def _found_landmarks(study: Study, manifest: pd.DataFrame) -> tuple[Landmarks, str]:
    """Find the landmarks on real pictures, with a model of its own for each thread."""
    from stimuli.facemesh import open_finder

    pictures = list(zip(manifest["image_id"], manifest["file"], strict=True))
    n_threads = min(study.settings.execution.jobs or os.cpu_count() or 1, len(pictures))
    say("Loading the landmark model")
    with ExitStack() as stack:
        opened = [open_finder(study, stack) for _ in range(n_threads)]
        advance = stack.enter_context(bar("Finding landmarks", len(pictures)))

        def find(thread: int) -> Landmarks:
            found = {}
            for image_id, file in pictures[thread::n_threads]:
                points = opened[thread][0](study.pictures_dir / file)
                if points is not None:
                    found[image_id] = points
                advance(1)
            return found

        with ThreadPoolExecutor(max_workers=n_threads) as pool:
            parts = list(pool.map(find, range(n_threads)))
        return {name: points for part in parts for name, points in part.items()}, opened[0][1]
