"""Which regions a study's pictures have: from landmarks, drawn by hand, or from recordings."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gaze_analysis.importing import messages_path, recorded_sessions
from gaze_analysis.interest_areas import (
    has_interest_areas,
    interest_area_files,
    recorded_outlines,
)
from gaze_analysis.region_measures import trial_keys
from gaze_analysis.steps_density import px_per_deg, shown_picture
from stimuli.catalog import crop_rects, picture_frame, picture_landmarks, read_manifest
from stimuli.frames import Rect, move_points
from stimuli.region_outlines import Outlines, ellipse, face_outlines, rectangle
from stimuli.regions import Polygon
from study.errors import InputError
from study.folder import Study
from study.tables import read_table

_HOW_TO_GET = (
    "Register the face set, which finds landmarks (faceoff stimuli register DIR), or draw regions "
    "into stimuli/regions.tsv: a table of image_id (or * for every picture), region, and x_px, "
    "y_px, width_px, height_px, or corners as 'x,y x,y x,y', in pixels of the picture as shown."
)
# The pixels of a picture's file are those of the tables if the proportions agree this well.
_SAME_SHAPE = 0.02


@dataclass(frozen=True)
class StudyOutlines:
    """The regions of all trials.

    Parameters
    ----------
    source : str
        Where they come from, in words.
    of_trials : tuple of Outlines or None
        For each trial in order; None where its picture has no landmarks, or its recording no
        interest areas.
    """

    source: str
    of_trials: tuple[Outlines | None, ...]


def drawn_tsv(study: Study) -> Path:
    """Name the table of regions that are drawn by hand."""
    return study.stimuli_dir / "regions.tsv"


def region_source(study: Study) -> str:
    """Find where a study's regions come from.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    str
        ``drawn``, ``landmarks``, ``recordings``, or nothing where there are no regions.
    """
    wanted = study.settings.gaze.regions.source
    if wanted != "auto":
        return wanted
    if drawn_tsv(study).is_file():
        return "drawn"
    if study.landmarks_tsv.is_file():
        return "landmarks"
    return "recordings" if has_interest_areas(study) else ""


def source_files(study: Study) -> tuple[Path, ...]:
    """List the files from which a study's regions are read.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    tuple of Path
        What `trial_outlines` reads.
    """
    source = region_source(study)
    if source == "drawn":
        return (drawn_tsv(study),)
    if source == "landmarks":
        tables = (study.landmarks_tsv, study.crops_tsv)
        return (*tables, study.manifest_tsv) if study.settings.gaze.table.in_use else tables
    sessions = recorded_sessions(study)
    messages = (messages_path(study, session.name) for session in sessions)
    places = (study.gaze_dir / "trials.tsv", study.manifest_tsv, study.crops_tsv)
    files = (*places, *messages, *interest_area_files(study))
    return tuple(path for path in files if path.is_file())


def trial_outlines(study: Study, trials: pd.DataFrame) -> StudyOutlines:
    """Find the regions of the picture of each trial.

    Parameters
    ----------
    study : Study
        The study.
    trials : pandas.DataFrame
        participant_id, session, trial and image_id, one row for each trial.

    Returns
    -------
    StudyOutlines
        In the frame of ``fixations.tsv``.

    Raises
    ------
    InputError
        If there are no regions, a picture has none, or their table is wrong.
    """
    source = region_source(study)
    if source == "recordings":
        return StudyOutlines("interest areas of the recordings", _of_recordings(study, trials))
    images = sorted({str(name) for name in trials["image_id"]})
    if source == "drawn":
        words, found = "drawn in stimuli/regions.tsv", drawn_outlines(study, images)
    elif source == "landmarks":
        shape = study.settings.gaze.regions.shape
        words = f"{'Voronoi cells' if shape == 'voronoi' else f'{shape}s'} from 68 landmarks"
        found = landmark_outlines(study, images)
    else:
        raise InputError(
            "Regions need landmarks, drawn regions or interest areas, but the study has neither "
            f"{study.landmarks_tsv} nor {drawn_tsv(study)}, and no imported recording has a "
            f"message !V IAREA. {_HOW_TO_GET}"
        )
    return StudyOutlines(words, tuple(found.get(str(name)) for name in trials["image_id"]))


def landmark_outlines(study: Study, image_ids: Iterable[str]) -> dict[str, Outlines]:
    """Draw the regions of faces around their landmarks.

    Parameters
    ----------
    study : Study
        The study.
    image_ids : iterable of str
        The pictures.

    Returns
    -------
    dict of str to Outlines
        In the frame of ``fixations.tsv``; a picture without landmarks is not in it.

    Raises
    ------
    InputError
        If no picture has landmarks, or nothing says how large a degree is.
    """
    if not study.landmarks_tsv.is_file():
        raise InputError(
            f"Regions of faces need landmarks, but there is no {study.landmarks_tsv}. {_HOW_TO_GET}"
        )
    settings = study.settings.gaze.regions
    reach_deg = settings.radius_deg if settings.shape == "voronoi" else settings.margin_deg
    per_deg = _px_per_deg(study) if reach_deg else 1.0
    image_ids = list(image_ids)
    landmarks = _landmarks(study, set(image_ids))
    if not landmarks:
        raise InputError(
            "Pictures that were looked at must have landmarks, but none does in the frame of the "
            f"fixations: {', '.join(image_ids[:3])}. {_HOW_TO_GET}"
        )
    return {name: face_outlines(points, settings, per_deg) for name, points in landmarks.items()}


def _landmarks(study: Study, image_ids: set[str]) -> dict[str, Polygon]:
    """Give landmarks in the frame of the fixations: the crop, or the whole picture file."""
    frame, shown = shown_picture(study), picture_frame(study)
    in_crop = {
        name: points for name, points in picture_landmarks(study).items() if name in image_ids
    }
    if frame == shown:
        return in_crop
    manifest = read_manifest(study)
    sizes = manifest[["width_px", "height_px"]].itertuples(index=False, name=None)
    files = dict(zip(manifest["image_id"], sizes, strict=True))
    crops = crop_rects(study)
    placed = {}
    for image_id, points in in_crop.items():
        whole = Rect(0, 0, *files[image_id])
        if _same_shape(frame, whole):
            placed[image_id] = move_points(
                move_points(points, shown, crops[image_id]), whole, frame
            )
        elif _same_shape(frame, shown):
            placed[image_id] = move_points(points, shown, frame)
    return placed


def _same_shape(one: Rect, two: Rect) -> bool:
    """Tell whether two frames have the same proportions, but for rounding to whole pixels."""
    proportions = (one.width_px / one.height_px, two.width_px / two.height_px)
    return abs(proportions[0] / proportions[1] - 1) <= _SAME_SHAPE


def drawn_outlines(study: Study, image_ids: Iterable[str]) -> dict[str, Outlines]:
    """Read the regions that are drawn by hand.

    Parameters
    ----------
    study : Study
        The study; its ``stimuli/regions.tsv`` has the columns image_id (``*`` for every picture),
        region, and either x_px, y_px, width_px, height_px (a rectangle by its first pixel and
        its size; an ellipse within it where a column ``shape`` says so) or corners
        (``x,y x,y x,y``). The first of two regions that overlap is meant.
    image_ids : iterable of str
        The pictures.

    Returns
    -------
    dict of str to Outlines
        A picture's own regions replace those of every picture that have the same name.

    Raises
    ------
    InputError
        If the table is missing or wrong, or a picture has no region.
    """
    path = drawn_tsv(study)
    table = read_table(
        path, what="The drawn regions", columns=dict.fromkeys(("image_id", "region"), str)
    )
    margin_deg = study.settings.gaze.regions.margin_deg
    reach_px = margin_deg * _px_per_deg(study) if margin_deg else 0.0
    drawn: dict[str, list[tuple[str, Polygon]]] = {}
    for line, row in enumerate(table.to_dict("records"), start=2):
        image_id, region = row["image_id"], row["region"]
        if not isinstance(image_id, str) or not isinstance(region, str):
            raise InputError(
                f"{path}: each region must have an image_id (or *) and a name, but line {line} "
                "lacks one. Complete it."
            )
        drawn.setdefault(image_id, []).append((region, _polygon(row, path, line)))
    outlines = {}
    for image_id in image_ids:
        own = drawn.get(image_id, [])
        named = {region for region, _ in own}
        both = own + [(region, p) for region, p in drawn.get("*", []) if region not in named]
        if not both:
            raise InputError(
                f"Each picture must have regions, but {image_id!r} has none in {path}. Add rows "
                "for it, or rows with * that hold for every picture."
            )
        names, polygons = zip(*both, strict=True)
        outlines[image_id] = Outlines(names, polygons, reach_px)
    return outlines


def _polygon(row: Mapping[Hashable, Any], path: Path, line: int) -> Polygon:
    """Read the corners of one drawn region."""
    corners = row.get("corners")
    if isinstance(corners, str) and corners.strip():
        try:
            points = np.array([pair.split(",") for pair in corners.split()], dtype=float)
        except ValueError:
            points = np.empty((0, 2))
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
            raise InputError(
                f"{path}: corners must be at least three, written 'x,y x,y x,y', but line {line} "
                f"has {corners!r}. Correct it."
            )
        return points
    sizes = [_number(row.get(name)) for name in ("x_px", "y_px", "width_px", "height_px")]
    x_px, y_px, width_px, height_px = sizes
    shape = row.get("shape")
    shape = shape if isinstance(shape, str) and shape else "rectangle"
    if not (np.isfinite(sizes).all() and min(width_px, height_px) > 0) or shape not in _SHAPES:
        raise InputError(
            f"{path}: a region must have corners, or x_px, y_px and a width_px and height_px "
            "greater than 0, and its shape may be rectangle or ellipse, but line "
            f"{line} has {', '.join(f'{v:g}' for v in sizes)} and {shape!r}. Correct it."
        )
    # Pixel centres are at integers, so a pixel's edge is half a pixel before it.
    left, top = x_px - 0.5, y_px - 0.5
    return _SHAPES[shape](left, top, left + width_px, top + height_px)


_SHAPES = {"rectangle": rectangle, "ellipse": ellipse}


def _number(value: Any) -> float:
    """Read a cell as a number; NaN where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _of_recordings(study: Study, trials: pd.DataFrame) -> tuple[Outlines | None, ...]:
    """Read the interest areas of each trial."""
    columns = {
        "participant_id": str, "session": str, "trial": int, "image_id": str, "part": float,
        "start_ms": float, "next_ms": float, "picture_x_px": float, "picture_y_px": float,
        "picture_width_px": float, "picture_height_px": float,
    }  # fmt: skip
    table = read_table(
        study.gaze_dir / "trials.tsv", what="The trials (faceoff gaze events)", columns=columns
    )
    margin_deg = study.settings.gaze.regions.margin_deg
    margin_px = margin_deg * _px_per_deg(study) if margin_deg else 0.0
    found = recorded_outlines(study, table[list(columns)], margin_px)
    if not found:
        raise InputError(
            "Regions need interest areas in trials whose picture's place on the screen is known, "
            f"but no trial has a message !V IAREA and such a picture. {_HOW_TO_GET}"
        )
    return tuple(found.get(key) for key in trial_keys(trials))


def _px_per_deg(study: Study) -> float:
    """Give the pixels in a degree, which a margin or radius needs."""
    per_deg = px_per_deg(study)
    if per_deg is None:
        raise InputError(
            "A margin or radius in degrees needs the size at which pictures were seen, but "
            "px_per_deg in [gaze.table] is not set. Set it, or set margin_deg and radius_deg in "
            "[gaze.regions] to 0."
        )
    return per_deg
