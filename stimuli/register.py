"""Registration: from a folder of pictures to the study's tables, with every check on the way."""

import pandas as pd

from stimuli.catalog import (
    CROP_COLUMNS,
    LANDMARK_COLUMNS,
    MANIFEST_COLUMNS,
    PROBLEM_COLUMNS,
    SPLIT_COLUMNS,
)
from stimuli.crops import common_crop
from stimuli.files import (
    SYNTHETIC_LANDMARKS,
    Measures,
    PictureFile,
    find_pictures,
    measure_pictures,
)
from stimuli.frames import Rect
from stimuli.landmarks import Landmarks, picture_file_landmarks
from stimuli.problems import (
    PICTURE_SIZE_PX,
    Problem,
    absent_test_actors,
    bad_faces,
    bad_picture,
    duplicates,
    missing_pictures,
    problem_table,
    wrong_names,
)
from stimuli.splits import split_pictures
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.tables import write_table


def register_pictures(study: Study) -> None:
    """Read the face set's folder, check every picture, and write the study's tables of them.

    Parameters
    ----------
    study : Study
        The study; [stimuli] says which folder, crop and actors.

    Raises
    ------
    InputError
        If the folder holds no face set, a straight picture has another size than KDEF's, or
        no straight picture is usable. Lesser problems are listed in problems.tsv.
    """
    folder, settings = study.pictures_dir, study.settings.stimuli
    pictures, strangers = find_pictures(folder)
    files = [picture.file for picture in pictures]
    measures = measure_pictures(folder, files, study.settings.execution.jobs)
    synthetic = (folder / SYNTHETIC_LANDMARKS).is_file()
    good, problems = _usable_pictures(pictures, measures, settings.darkest_luminance)
    manifest = _manifest(good, measures, "synthetic" if synthetic else "kdef")
    landmarks, method = picture_file_landmarks(study, manifest)
    crop = common_crop(landmarks, *PICTURE_SIZE_PX, settings)
    rng = generator(study.settings.study.seed, "stimuli", "validation actors")
    splits = split_pictures(manifest, set(landmarks), settings, rng)
    problems = [
        *wrong_names(pictures, strangers),
        *problems,
        *missing_pictures(pictures, synthetic=synthetic),
        *bad_faces(manifest, landmarks, crop),
        *absent_test_actors(manifest, settings.test_actors),
    ]
    write_table(study.landmarks_tsv, _landmark_table(landmarks, method), LANDMARK_COLUMNS)
    write_table(study.crops_tsv, _crop_table(landmarks, crop, settings.crop), CROP_COLUMNS)
    write_table(study.splits_tsv, splits, SPLIT_COLUMNS)
    write_table(study.problems_tsv, problem_table(problems), PROBLEM_COLUMNS)
    write_table(study.manifest_tsv, manifest, MANIFEST_COLUMNS)
    n_other = sum(not picture.name.is_straight for picture in pictures)
    _say_result(splits, n_other, problems, study)


def _usable_pictures(
    pictures: list[PictureFile], measures: dict[str, Measures], darkest: float
) -> tuple[list[PictureFile], list[Problem]]:
    """Choose the straight pictures that are whole, bright enough and there once."""
    problems = duplicates(pictures, measures)
    left_out = {problem.file for problem in problems}
    for picture in pictures:
        problem = bad_picture(picture, measures[picture.file], darkest)
        if problem is None:
            continue
        if problem.kind == "size" and picture.name.is_straight:
            measure = measures[picture.file]
            raise InputError(
                f"A KDEF picture must have {PICTURE_SIZE_PX[0]} x {PICTURE_SIZE_PX[1]} px, but "
                f"{picture.file} has {measure.width_px} x {measure.height_px} px. "
                "Put the original picture there, or take it out of the folder."
            )
        problems.append(problem)
        left_out.add(picture.file)
    good = [p for p in pictures if p.name.is_straight and p.file not in left_out]
    if not good:
        raise InputError(
            "A face set must hold straight views (names that end in S), but none of its "
            f"{len(pictures)} pictures is a usable one. Name KDEF's whole folder."
        )
    return good, problems


def _manifest(
    pictures: list[PictureFile], measures: dict[str, Measures], face_set: str
) -> pd.DataFrame:
    """Make the table of usable pictures."""
    rows = [
        {
            "image_id": picture.name.image_id,
            "file": picture.file,
            "face_set": face_set,
            "actor": picture.name.actor,
            "sex": picture.name.sex,
            "session": picture.name.session,
            "expression": picture.name.expression,
            "view": picture.name.view,
            "width_px": measures[picture.file].width_px,
            "height_px": measures[picture.file].height_px,
            "sha256": measures[picture.file].sha256,
        }
        for picture in pictures
    ]
    return pd.DataFrame(rows, columns=list(MANIFEST_COLUMNS))


def _landmark_table(landmarks: Landmarks, method: str) -> pd.DataFrame:
    """Make the table of landmarks, 68 rows for each picture."""
    tables = [
        pd.DataFrame(
            {
                "image_id": image_id,
                "point": range(1, len(points) + 1),
                "x_px": points[:, 0].round(2),
                "y_px": points[:, 1].round(2),
                "method": method,
            }
        )
        for image_id, points in sorted(landmarks.items())
    ]
    return pd.concat(tables, ignore_index=True)


def _crop_table(landmarks: Landmarks, crop: Rect, method: str) -> pd.DataFrame:
    """Make the table of crops: the same for every picture with a face."""
    return pd.DataFrame(
        {
            "image_id": sorted(landmarks),
            "x_px": crop.x_px,
            "y_px": crop.y_px,
            "width_px": crop.width_px,
            "height_px": crop.height_px,
            "method": method,
        }
    )


def _say_result(splits: pd.DataFrame, n_other: int, problems: list[Problem], study: Study) -> None:
    """Tell how many pictures there are of which kind."""
    counts = splits["split"].value_counts()
    parts = ", ".join(
        f"{counts.get(name, 0)} {name}" for name in ("train", "validation", "test", "unused")
    )
    others = f"; {n_other} pictures of other views are not used" if n_other else ""
    say(f"{len(splits)} straight pictures registered ({parts}){others}")
    if problems:
        kinds = problem_table(problems)["kind"].value_counts()
        summary = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        say(f"{len(problems)} problems ({summary}): see {study.problems_tsv}")
