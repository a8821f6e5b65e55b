"""The catalogue of registered pictures: manifest, crops, landmarks and splits, as tables."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stimuli.frames import Rect, move_points
from study.errors import InputError, did_you_mean
from study.folder import Study
from study.tables import read_table

MANIFEST_COLUMNS = {
    "image_id": "name of the picture: session, actor, expression and view in KDEF's code",
    "file": "picture file, from the face set's folder ([stimuli] folder in study.toml)",
    "face_set": "kdef or synthetic",
    "actor": "sex (F, M) and number of the person shown",
    "sex": "female or male",
    "session": "A or B: the occasion on which the picture was taken",
    "expression": "expression shown",
    "view": "where the camera stood; straight: in front of the face",
    "width_px": "width of the picture file in pixels",
    "height_px": "height of the picture file in pixels",
    "sha256": "SHA-256 of the picture file",
}
#: Of a set in folders, which may say less of its pictures, or more.
SET_MANIFEST_COLUMNS = MANIFEST_COLUMNS | {
    "image_id": "name of the picture: that of its file, with its folders where that is not enough",
    "face_set": "name of the face set's folder",
    "actor": "who is shown; n/a where the set does not say it",
    "sex": "female or male; n/a where the set does not say it",
    "session": "occasion on which the picture was taken; n/a where the set does not say it",
    "ethnicity": "of the person shown, in the set's own words; n/a where it does not say it",
    "view": "n/a: the set does not say it",
    "set_split": "what the set itself has the picture for; n/a where it does not say it",
}
CROP_COLUMNS = {
    "image_id": "name of the picture",
    "x_px": "left pixel of the part that is shown, in the picture file",
    "y_px": "top pixel of the part that is shown, in the picture file",
    "width_px": "width of the part that is shown, in pixels of the picture file",
    "height_px": "height of the part that is shown, in pixels of the picture file",
    "method": "how the crop was found: landmarks (KDEF: of the whole set), fixed (study.toml) or "
    "whole (the picture as it is); and how its light was evened out, if it was",
}
LANDMARK_COLUMNS = {
    "image_id": "name of the picture",
    "point": "number of the landmark in the iBUG order, 1 to 68",
    "x_px": "horizontal position in the picture file, in pixels; pixel centres at integers",
    "y_px": "vertical position in the picture file, in pixels, downward",
    "method": "how the landmark was found: synthetic (known exactly) or the model's name",
}
SPLIT_COLUMNS = {
    "image_id": "name of the picture",
    "split": "train, validation, test or unused; no actor is in two of the first three, unless "
    "[stimuli] asks for a split by picture or for the set's own",
}
LIST_COLUMNS = {
    "image_id": "name of a test picture; it may be in several lists",
    "list": "number of the list, from 1; participants take the lists in turn",
}
PROBLEM_COLUMNS = {
    "image_id": "name of the picture, where it has one",
    "file": "file, from the face set's folder, where there is one",
    "kind": "missing, name, duplicate, unreadable, size, dark, face, crop or split",
    "problem": "what is wrong",
    "remedy": "what to do about it, or what was done",
}


def read_manifest(study: Study) -> pd.DataFrame:
    """Read the table of all registered pictures.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        The columns of `MANIFEST_COLUMNS`, one row for each picture.

    Raises
    ------
    InputError
        If no pictures are registered yet.
    """
    kinds = dict.fromkeys(MANIFEST_COLUMNS, str) | {"width_px": int, "height_px": int}
    return read_table(
        study.manifest_tsv, what="The manifest (faceoff stimuli register)", columns=kinds
    )


def read_crops(study: Study) -> pd.DataFrame:
    """Read which part of each picture is shown.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        The columns of `CROP_COLUMNS`; a picture without a found face has no row.

    Raises
    ------
    InputError
        If no pictures are registered yet.
    """
    kinds = dict.fromkeys(CROP_COLUMNS, int) | {"image_id": str, "method": str}
    return read_table(
        study.crops_tsv, what="The table of crops (faceoff stimuli register)", columns=kinds
    )


def read_splits(study: Study) -> pd.DataFrame:
    """Read which pictures serve for training, validation and test.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        The columns of `SPLIT_COLUMNS`, one row for each picture.

    Raises
    ------
    InputError
        If no pictures are registered yet.
    """
    return read_table(
        study.splits_tsv,
        what="The table of splits (faceoff stimuli register)",
        columns=dict.fromkeys(SPLIT_COLUMNS, str),
    )


def read_lists(study: Study) -> list[set[str]]:
    """Read which test pictures are shown to whom, where not everybody sees all of them.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of set of str
        The test pictures of each list; nothing where the study has no lists.

    Raises
    ------
    InputError
        If the lists are not numbered from 1 on without gaps, or hold a picture that is no test
        picture.
    """
    if not study.lists_tsv.is_file():
        return []
    table = read_table(
        study.lists_tsv, what="The table of lists", columns={"image_id": str, "list": int}
    )
    numbers = sorted(set(table["list"]))
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        found = ", ".join(map(str, numbers)) or "none"
        raise InputError(
            f"{study.lists_tsv} must number the lists 1, 2, 3 and so on, but it has {found}. "
            "Mend the numbers, or remove the file to show everybody all pictures."
        )
    splits = read_splits(study)
    strange = sorted(set(table["image_id"]) - set(splits["image_id"][splits["split"] == "test"]))
    if strange:
        raise InputError(
            f"{study.lists_tsv} must hold test pictures only, but {strange[0]} is none. "
            "Take it out, or see stimuli/splits.tsv."
        )
    return [set(table["image_id"][table["list"] == number]) for number in numbers]


def picture_frame(study: Study) -> Rect:
    """Give the frame of all pictures as they are shown.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    Rect
        A square at (0, 0) with the side of [stimuli] picture_px.
    """
    side_px = study.settings.stimuli.picture_px
    return Rect(0, 0, side_px, side_px)


def crop_rects(study: Study, image_ids: Iterable[str] | None = None) -> dict[str, Rect]:
    """Give the part of the picture file that is shown, for each picture.

    Parameters
    ----------
    study : Study
        The study.
    image_ids : iterable of str, optional
        The pictures; by default all that have a crop.

    Returns
    -------
    dict of str to Rect
        In pixels of the picture file.

    Raises
    ------
    InputError
        If a picture has no crop.
    """
    crops = read_crops(study).set_index("image_id")
    wanted = list(crops.index) if image_ids is None else list(image_ids)
    _check_known(wanted, crops.index, "a crop")
    sides = crops[["x_px", "y_px", "width_px", "height_px"]].to_numpy(int)
    rects = {name: Rect(*side.tolist()) for name, side in zip(crops.index, sides, strict=True)}
    return {image_id: rects[image_id] for image_id in wanted}


def picture_landmarks(
    study: Study, image_ids: Iterable[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Give the landmarks of pictures in the picture frame.

    Parameters
    ----------
    study : Study
        The study.
    image_ids : iterable of str, optional
        The pictures; by default all that have a crop.

    Returns
    -------
    dict of str to ndarray, shape (68, 2)
        x and y of the iBUG points, in pixels of the picture as it is shown.

    Raises
    ------
    InputError
        If a picture has no landmarks or no crop.
    """
    kinds = {"image_id": str, "point": int, "x_px": float, "y_px": float}
    table = read_table(
        study.landmarks_tsv, what="The landmarks (faceoff stimuli register)", columns=kinds
    )
    rects = crop_rects(study, image_ids)
    frame = picture_frame(study)
    table = table.sort_values(["image_id", "point"], kind="stable")
    names, counts = np.unique(table["image_id"].to_numpy(str), return_counts=True)
    if (counts != 68).any():
        wrong = int(np.argmax(counts != 68))
        raise InputError(
            f"{study.landmarks_tsv} must hold 68 points for each picture, but {names[wrong]} has "
            f"{counts[wrong]}. Register the face set anew: faceoff stimuli register --force."
        )
    points = table[["x_px", "y_px"]].to_numpy(float).reshape(-1, 68, 2)
    rows = {str(name): row for row, name in enumerate(names)}
    _check_known(list(rects), list(rows), "landmarks")
    return {name: move_points(points[rows[name]], rect, frame) for name, rect in rects.items()}


def _check_known(wanted: list[str], known: Iterable[str], what: str) -> None:
    """Refuse pictures that the study does not have."""
    names = list(known)
    strange = sorted(set(wanted) - set(names))
    if strange:
        raise InputError(
            f"A picture must have {what} in this study, but {strange[0]!r} has none."
            f"{did_you_mean(strange[0], names) if len(names) < 8 else ''} "
            "Look into stimuli/problems.tsv, and register the face set: faceoff stimuli register."
        )
