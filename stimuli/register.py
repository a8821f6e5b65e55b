"""Registration: from a folder of pictures to the study's tables, with every check on the way."""

from dataclasses import asdict

import pandas as pd

from stimuli.catalog import (
    CROP_COLUMNS,
    LANDMARK_COLUMNS,
    MANIFEST_COLUMNS,
    PROBLEM_COLUMNS,
    SET_MANIFEST_COLUMNS,
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
from stimuli.folder_sets import find_set_pictures
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
    strange_files,
    usable_set_pictures,
    wrong_names,
)
from stimuli.splits import split_pictures
from study.errors import InputError
from study.folder import Study
from study.progress import say
from study.seeds import generator
from study.settings.stimuli import StimuliSettings
from study.tables import write_table


def register_pictures(study: Study) -> None:
    """Read the face set's folder, check every picture, and write the study's tables of them.

    Parameters
    ----------
    study : Study
        The study; [stimuli] says which folder, crop and splits.

    Raises
    ------
    InputError
        If the folder holds no face set, a straight picture of KDEF has another size, or no
        picture is usable. Lesser problems are listed in problems.tsv.
    """
    if study.settings.stimuli.face_set == "folders":
        _register_folders(study)
    else:
        _register_kdef(study)


def _register_kdef(study: Study) -> None:
    """Register KDEF, or a synthetic set in its form."""
    folder, settings = study.pictures_dir, study.settings.stimuli
    pictures, strangers = find_pictures(folder)
    files = [picture.file for picture in pictures]
    measures = measure_pictures(folder, files, study.settings.execution.jobs)
    synthetic = (folder / SYNTHETIC_LANDMARKS).is_file()
    good, problems = _usable_pictures(pictures, measures, settings)
    manifest = _manifest(good, measures, "synthetic" if synthetic else "kdef")
    problems = [
        *wrong_names(pictures, strangers),
        *problems,
        *missing_pictures(pictures, synthetic=synthetic),
    ]
    if settings.split_by == "test_actors":
        problems += absent_test_actors(manifest, settings.test_actors)
    n_other = sum(picture.name.view not in settings.views for picture in pictures)
    _write_tables(study, manifest, MANIFEST_COLUMNS, problems)
    if n_other:
        say(f"{n_other} pictures of other views are not used")


def _register_folders(study: Study) -> None:
    """Register a face set in folders."""
    folder, settings = study.pictures_dir, study.settings.stimuli
    pictures, strangers = find_set_pictures(folder, settings.name_pattern)
    files = [picture.file for picture in pictures]
    measures = measure_pictures(folder, files, study.settings.execution.jobs)
    good, problems = usable_set_pictures(pictures, measures, settings.darkest_luminance)
    rows = [
        asdict(picture) | {
            "face_set": folder.name, "view": None, "sha256": measures[picture.file].sha256,
            "width_px": measures[picture.file].width_px,
            "height_px": measures[picture.file].height_px,
        }
        for picture in good
    ]  # fmt: skip
    manifest = pd.DataFrame(rows, columns=list(SET_MANIFEST_COLUMNS))
    _write_tables(study, manifest, SET_MANIFEST_COLUMNS, [*strange_files(strangers), *problems])


def _write_tables(
    study: Study, manifest: pd.DataFrame, columns: dict[str, str], problems: list[Problem]
) -> None:
    """Find landmarks and crops, split, and write all tables."""
    settings = study.settings.stimuli
    landmarks, method, crops = _landmarks_and_crops(study, manifest)
    rng = generator(study.settings.study.seed, "stimuli", "validation actors")
    splits = split_pictures(manifest, set(crops), settings, rng)
    if settings.crop != "whole":
        problems = [*problems, *bad_faces(manifest, landmarks, crops)]
    write_table(study.landmarks_tsv, _landmark_table(landmarks, method), LANDMARK_COLUMNS)
    write_table(study.crops_tsv, _crop_table(crops, settings), CROP_COLUMNS)
    write_table(study.splits_tsv, splits, SPLIT_COLUMNS)
    write_table(study.problems_tsv, problem_table(problems), PROBLEM_COLUMNS)
    write_table(study.manifest_tsv, manifest, columns)
    _say_result(splits, problems, study)


def _landmarks_and_crops(
    study: Study, manifest: pd.DataFrame
) -> tuple[Landmarks, str, dict[str, Rect]]:
    """Find the landmarks, where the crop needs them, and the part of each picture that is shown."""
    settings = study.settings.stimuli
    sides = manifest[["width_px", "height_px"]].to_numpy(int).tolist()
    sizes = dict(zip(manifest["image_id"], sides, strict=True))
    if settings.crop == "whole":
        return {}, "", {name: Rect(0, 0, *size) for name, size in sizes.items()}
    landmarks, method = picture_file_landmarks(study, manifest)
    if settings.face_set == "kdef":
        crop = common_crop(landmarks, *PICTURE_SIZE_PX, settings)
        return landmarks, method, dict.fromkeys(landmarks, crop)
    # Other sets put their faces anywhere: each picture has a crop of its own.
    crops = {}
    for name, points in landmarks.items():
        width_px, height_px = sizes[name]
        crops[name] = common_crop({name: points}, width_px, height_px, settings)
    return landmarks, method, crops


def _usable_pictures(
    pictures: list[PictureFile], measures: dict[str, Measures], settings: StimuliSettings
) -> tuple[list[PictureFile], list[Problem]]:
    """Choose the pictures of the views that are wanted, whole, bright enough and there once."""
    problems = duplicates(pictures, measures)
    left_out = {problem.file for problem in problems}
    for picture in pictures:
        wanted = picture.name.view in settings.views
        problem = bad_picture(
            picture, measures[picture.file], settings.darkest_luminance, wanted=wanted
        )
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
    good = [p for p in pictures if p.name.view in settings.views and p.file not in left_out]
    if not good:
        ends = " (names that end in S)" * (settings.views == ["straight"])
        raise InputError(
            f"A face set must hold {' and '.join(settings.views)} views{ends}, but none of its "
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
    return (
        pd.concat(tables, ignore_index=True)
        if tables
        else pd.DataFrame(columns=list(LANDMARK_COLUMNS))
    )


def _crop_table(crops: dict[str, Rect], settings: StimuliSettings) -> pd.DataFrame:
    """Make the table of crops; it says all that is done to pictures, and others hang on it."""
    light = settings.illumination
    method = settings.crop if light == "none" else f"{settings.crop}, {light}"
    rows = [{"image_id": name, **asdict(crops[name]), "method": method} for name in sorted(crops)]
    return pd.DataFrame(rows, columns=list(CROP_COLUMNS))


def _say_result(splits: pd.DataFrame, problems: list[Problem], study: Study) -> None:
    """Tell how many pictures there are of which kind."""
    counts = splits["split"].value_counts()
    parts = ", ".join(
        f"{counts.get(name, 0)} {name}" for name in ("train", "validation", "test", "unused")
    )
    views = study.settings.stimuli.views
    straight = study.settings.stimuli.face_set == "kdef" and views == ["straight"]
    say(f"{len(splits)} {'straight ' * straight}pictures registered ({parts})")
    if problems:
        kinds = problem_table(problems)["kind"].value_counts()
        summary = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        say(f"{len(problems)} problems ({summary}): see {study.problems_tsv}")
