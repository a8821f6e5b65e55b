"""Problems of a face set: what is missing, misnamed, doubled, dark or without a face."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath

import pandas as pd

from stimuli.catalog import PROBLEM_COLUMNS
from stimuli.expressions import EXPRESSIONS, KDEF_CODES
from stimuli.files import Measures, PictureFile
from stimuli.folder_sets import SetPicture
from stimuli.frames import Rect
from stimuli.landmarks import Landmarks
from stimuli.names import MISNAMED, N_ACTORS, SESSIONS
from study.errors import InputError
from study.tables import MISSING

PICTURE_SIZE_PX = (562, 762)
_NOT_USED = "Nothing: pictures of this view are not used."
_CODE_OF = {expression: code for code, expression in KDEF_CODES.items()}


@dataclass(frozen=True)
class Problem:
    """A row of problems.tsv.

    Parameters
    ----------
    kind, problem, remedy : str
        As in the table's columns.
    image_id, file : str, default "n/a"
        The picture and the file, where there are such.
    """

    kind: str
    problem: str
    remedy: str
    image_id: str = MISSING
    file: str = MISSING


def problem_table(problems: Iterable[Problem]) -> pd.DataFrame:
    """Put problems into a table.

    Parameters
    ----------
    problems : iterable of Problem
        In the order of the table.

    Returns
    -------
    pandas.DataFrame
        With the columns of `stimuli.catalog.PROBLEM_COLUMNS`.
    """
    return pd.DataFrame(map(asdict, problems), columns=list(PROBLEM_COLUMNS))


def wrong_names(pictures: Iterable[PictureFile], strangers: Iterable[str]) -> list[Problem]:
    """List the files that are not named as KDEF names its pictures.

    Parameters
    ----------
    pictures : iterable of PictureFile
        The pictures of the set; two of KDEF's are known to be misnamed.
    strangers : iterable of str
        Picture files with other names.

    Returns
    -------
    list of Problem
        Of kind ``name``.
    """
    problems = [
        Problem(
            "name",
            f"this file of KDEF is misnamed: it is {picture.name.image_id}",
            _NOT_USED,
            picture.name.image_id,
            picture.file,
        )
        for picture in pictures
        if PurePath(picture.file).stem.upper() in MISNAMED
    ]
    remedy = "Left out. Give it its right name if it belongs to the set."
    rule = "the name is not of KDEF's form, such as AF01AFS.JPG"
    return problems + [Problem("name", rule, remedy, file=file) for file in strangers]


def bad_picture(
    picture: PictureFile, measure: Measures, darkest: float, *, wanted: bool = True
) -> Problem | None:
    """Say what is wrong with a picture file of KDEF.

    Parameters
    ----------
    picture : PictureFile
        The picture.
    measure : Measures
        What was measured on it.
    darkest : float
        Mean grey level below which a picture counts as black, 0 to 255.
    wanted : bool, default True
        Whether its view is one of those that are used.

    Returns
    -------
    Problem or None
        Of kind ``unreadable``, ``size`` or ``dark``.
    """
    if measure.error:
        kind, what = "unreadable", f"the file cannot be decoded: {measure.error}"
    elif (measure.width_px, measure.height_px) != PICTURE_SIZE_PX:
        kind, what = "size", f"it has {measure.width_px} x {measure.height_px} px, not 562 x 762"
    elif measure.luminance < darkest:
        kind, what = "dark", f"nearly black: its mean grey level is {measure.luminance:.1f} of 255"
    else:
        return None
    remedy = "Left out. Copy the original file again." if wanted else _NOT_USED
    return Problem(kind, what, remedy, picture.name.image_id, picture.file)


def duplicates(pictures: Iterable[PictureFile], measures: Mapping[str, Measures]) -> list[Problem]:
    """List the files to leave out because their content or name occurs more than once.

    Parameters
    ----------
    pictures : iterable of PictureFile
        The pictures of the set.
    measures : mapping of str to Measures
        What was measured, by file.

    Returns
    -------
    list of Problem
        Of kind ``duplicate``. Of true copies the first file is kept and not listed; where
        name or content contradict each other, none is kept.
    """
    by_content, by_name = defaultdict(list), defaultdict(list)
    for picture in pictures:
        by_content[measures[picture.file].sha256].append(picture)
        by_name[picture.name.image_id].append(picture)
    problems = []
    for same in by_content.values():
        if len({picture.name.image_id for picture in same}) > 1:
            what = f"one picture under several names: {', '.join(p.file for p in same)}"
            remedy = "All left out. Find out which picture it is, and copy the others again."
            problems += [_duplicate(picture, what, remedy) for picture in same]
    for same in by_name.values():
        if len({measures[picture.file].sha256 for picture in same}) > 1:
            what = f"several pictures under one name: {', '.join(p.file for p in same)}"
            problems += [_duplicate(p, what, "All left out. Keep the original.") for p in same]
        else:
            what = f"a copy of {same[0].file}"
            problems += [_duplicate(picture, what, "Left out.") for picture in same[1:]]
    return problems


def _duplicate(picture: PictureFile, what: str, remedy: str) -> Problem:
    """Make the row of one file."""
    return Problem("duplicate", what, remedy, picture.name.image_id, picture.file)


def missing_pictures(pictures: Iterable[PictureFile], *, synthetic: bool) -> list[Problem]:
    """Name the straight pictures that the folder should hold and does not.

    Parameters
    ----------
    pictures : iterable of PictureFile
        The pictures of the set.
    synthetic : bool
        A synthetic set may have any number of actors; KDEF has seventy.

    Returns
    -------
    list of Problem
        Of kind ``missing``; one row for an actor's session of which there is nothing.
    """
    there = {
        (p.name.session, p.name.actor, p.name.expression) for p in pictures if p.name.is_straight
    }
    actors = [f"{sex}{number:02d}" for sex in "FM" for number in range(1, N_ACTORS + 1)]
    if synthetic:
        actors = sorted({actor for _, actor, _ in there})
    problems = []
    for who, session, actor in ((s + a, s, a) for s in SESSIONS for a in actors):
        absent = [name for name in EXPRESSIONS if (session, actor, name) not in there]
        remedy = "Copy it into the folder, if you have it."
        if len(absent) == len(EXPRESSIONS):
            what = f"all straight pictures of {who} are missing"
            problems.append(Problem("missing", what, remedy))
        else:
            ids = [f"{who}{_CODE_OF[name]}S" for name in absent]
            what = "the straight picture is missing"
            problems += [Problem("missing", what, remedy, image_id) for image_id in ids]
    return problems


def strange_files(files: Iterable[str]) -> list[Problem]:
    """List pictures of a set in folders that show nobody knows what.

    Parameters
    ----------
    files : iterable of str
        Picture files.

    Returns
    -------
    list of Problem
        Of kind ``name``.
    """
    rule = "neither its folder nor its name says an expression that is known"
    remedy = "Left out. Put it into the folder of its expression if it belongs to the set."
    return [Problem("name", rule, remedy, file=file) for file in files]


def usable_set_pictures(
    pictures: Iterable[SetPicture], measures: Mapping[str, Measures], darkest: float
) -> tuple[list[SetPicture], list[Problem]]:
    """Choose the pictures of a set in folders that can be read and are not black.

    Parameters
    ----------
    pictures : iterable of SetPicture
        The pictures of the set.
    measures : mapping of str to Measures
        What was measured, by file.
    darkest : float
        Mean grey level below which a picture counts as black, 0 to 255.

    Returns
    -------
    good : list of SetPicture
        In their order. A picture that is there twice stays so, for it is so in published sets.
    problems : list of Problem
        Of kind ``unreadable``, ``dark`` or ``duplicate``.

    Raises
    ------
    InputError
        If none is usable.
    """
    good, problems, first = [], [], dict[str, SetPicture]()
    left_out = "Left out. Copy the original file again."
    for picture in pictures:
        measure = measures[picture.file]
        who = (picture.image_id, picture.file)
        if measure.error:
            what = f"the file cannot be decoded: {measure.error}"
            problems.append(Problem("unreadable", what, left_out, *who))
            continue
        if measure.luminance < darkest:
            what = f"nearly black: its mean grey level is {measure.luminance:.1f} of 255"
            problems.append(Problem("dark", what, left_out, *who))
            continue
        same = first.setdefault(measure.sha256, picture)
        if same is not picture:
            what = f"the same picture as {same.file}"
            problems.append(Problem("duplicate", what, "Kept. Mind where the two are used.", *who))
        good.append(picture)
    if not good:
        raise InputError(
            "A face set must hold pictures that can be read, but none of its can. Name another "
            "folder, or lower [stimuli] darkest_luminance."
        )
    return good, problems


def bad_faces(
    manifest: pd.DataFrame, landmarks: Landmarks, crops: Mapping[str, Rect]
) -> list[Problem]:
    """List pictures without a found face, and those whose face leaves the crop.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the columns image_id and file.
    landmarks : dict of str to ndarray, shape (68, 2)
        The points of each picture with a face, in pixels of the picture file.
    crops : mapping of str to Rect
        The part of each picture file that is shown.

    Returns
    -------
    list of Problem
        Of kind ``face`` or ``crop``.
    """
    problems = []
    for image_id, file in zip(manifest["image_id"], manifest["file"], strict=True):
        if image_id not in landmarks:
            remedy = "Left out of crops and splits. Look at it, or name another landmark_model."
            problems.append(Problem("face", "no face was found", remedy, image_id, file))
            continue
        n_outside = int((~crops[image_id].contains(landmarks[image_id])).sum())
        if n_outside:
            what = f"{n_outside} of 68 landmarks lie outside the crop"
            remedy = "Used all the same. To show the whole face, raise [stimuli] crop_factor."
            problems.append(Problem("crop", what, remedy, image_id, file))
    return problems


def absent_test_actors(manifest: pd.DataFrame, actors: Iterable[str]) -> list[Problem]:
    """List test actors of the settings that the set does not have.

    Parameters
    ----------
    manifest : pandas.DataFrame
        With the column actor.
    actors : iterable of str
        Such as ``F01``.

    Returns
    -------
    list of Problem
        Of kind ``split``.
    """
    remedy = "Copy the pictures, or choose other [stimuli] test_actors."
    return [
        Problem("split", f"the test actor {actor} has no usable picture", remedy)
        for actor in sorted(set(actors) - set(manifest["actor"]))
    ]
