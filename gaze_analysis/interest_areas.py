"""Interest areas in recordings: Data Viewer's `!V IAREA` messages, and the files that they name."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from gaze_analysis.importing import messages_path, recorded_sessions
from gaze_analysis.picture_place import PicturePlaces, fixation_frame
from gaze_analysis.region_measures import TRIAL_KEYS, trial_keys
from stimuli.catalog import MANIFEST_COLUMNS, read_manifest
from stimuli.region_outlines import Outlines, ellipse, rectangle
from stimuli.regions import Polygon
from study.errors import InputError
from study.folder import Study

_MESSAGE = re.compile(r"\s*!V\s+IAREA\s+(.*)", re.DOTALL)
_FILE = re.compile(r"FILE\s+(.+)")
_NUMBER = r"\s+(-?\d+(?:\.\d*)?)"
_BOX = re.compile(rf"(RECTANGLE|ELLIPSE)\s+(\S+){_NUMBER * 4}\s*(.*)")
_CORNER = r"-?\d+(?:\.\d*)?\s*,\s*-?\d+(?:\.\d*)?"
_FREEHAND = re.compile(rf"FREEHAND\s+(\S+)((?:\s+{_CORNER})+)\s*(.*)")
_MOVING = re.compile(r"-?\d+\s+-?\d+\s+(RECTANGLE|ELLIPSE|FREEHAND)\b")
_Area = tuple[str, Polygon]


def read_interest_area(text: str) -> _Area:
    """Read the definition of one interest area.

    Parameters
    ----------
    text : str
        ``RECTANGLE id left top right bottom label``, ``ELLIPSE`` likewise, or
        ``FREEHAND id x,y x,y ... label``, separated by blanks or tabs. The label may be missing.

    Returns
    -------
    name : str
        The label, else the id.
    polygon : ndarray, shape (n, 2)
        Corners in screen pixels.

    Raises
    ------
    InputError
        If it is none of these, or an area that comes and goes within the trial.

    Examples
    --------
    >>> name, corners = read_interest_area("RECTANGLE 2 85 95 285 185 body")
    >>> name, corners[0].tolist(), corners[2].tolist()
    ('body', [85.0, 95.0], [285.0, 185.0])
    """
    text = text.strip()
    if match := _BOX.fullmatch(text):
        sides = [float(match[place]) for place in (3, 4, 5, 6)]
        draw = rectangle if match[1] == "RECTANGLE" else ellipse
        return match[7].strip() or match[2], draw(*sides)
    if match := _FREEHAND.fullmatch(text):
        corners = [corner.split(",") for corner in re.findall(_CORNER, match[2])]
        return match[3].strip() or match[1], np.array(corners, dtype=float)
    if _MOVING.match(text):
        raise InputError(
            f"An interest area must stay for the whole trial, but one comes and goes: {text!r}. "
            "Draw the regions in stimuli/regions.tsv."
        )
    raise InputError(
        "An interest area must be RECTANGLE or ELLIPSE with id, left, top, right and bottom, or "
        f"FREEHAND with id and corners x,y, but it is {text!r}. Draw the regions in "
        "stimuli/regions.tsv."
    )


def has_interest_areas(study: Study) -> bool:
    """Tell whether any imported recording holds interest areas.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    bool
        Whether there is a message ``!V IAREA``.
    """
    return any(bool(_area_messages(study, name).size) for name in _imported(study))


def interest_area_files(study: Study) -> list[Path]:
    """List the files of interest areas that recordings name and the study holds.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    list of Path
        In stimuli/ or sourcedata/, by their names.
    """
    texts = {text for name in _imported(study) for text in _area_messages(study, name)["text"]}
    found = (_area_file(study, text) for text in texts)
    return sorted({path for path in found if path is not None})


def recorded_outlines(
    study: Study, trials: pd.DataFrame, margin_px: float
) -> dict[tuple[str, str, int], Outlines]:
    """Read the interest areas of trials, in the picture frame.

    Parameters
    ----------
    study : Study
        The study, whose recordings are imported and cut into trials.
    trials : pandas.DataFrame
        ``trials.tsv``: participant_id, session, trial, part, start_ms, next_ms, image_id and the
        picture's place on the screen.
    margin_px : float
        How far beyond its outline an area reaches, in pixels of the picture frame.

    Returns
    -------
    dict of tuple to Outlines
        By participant, session and trial; trials without interest areas are not in it.

    Raises
    ------
    InputError
        If an area cannot be read, or names a file that the study does not hold.
    """
    corners = [
        frame
        for (person, session), own in trials.groupby(["participant_id", "session"], sort=False)
        if (frame := _session_corners(study, f"{person}_ses-{session}", own)) is not None
    ]
    if not corners:
        return {}
    frame = _in_picture(study, pd.concat(corners, ignore_index=True))
    return {
        trial_keys(rows.head(1))[0]: _outlines(rows, margin_px)
        for _, rows in frame.groupby(TRIAL_KEYS, sort=False)
    }


def _outlines(rows: pd.DataFrame, margin_px: float) -> Outlines:
    """Put one trial's corners together."""
    areas = [
        (str(area["region"].iloc[0]), area[["x_px", "y_px"]].to_numpy(float))
        for _, area in rows.groupby("area", sort=True)
    ]
    return Outlines(tuple(name for name, _ in areas), tuple(p for _, p in areas), margin_px)


def _session_corners(study: Study, name: str, trials: pd.DataFrame) -> pd.DataFrame | None:
    """List the corners of all interest areas of one session, in screen pixels."""
    messages = _area_messages(study, name)
    if messages.empty:
        return None
    rows = []
    placed = trials.dropna(subset=["start_ms", "picture_width_px", "image_id"])
    for trial in placed.itertuples(index=False):
        own = messages[
            (messages["part"] == trial.part)
            & (messages["time_ms"] >= trial.start_ms)
            & (messages["time_ms"] < trial.next_ms)
        ]
        areas = [area for text in own["text"] for area in _areas_of(study, text)]
        for place, (region, polygon) in enumerate(areas):
            rows += [(trial.trial, place, region, x, y) for x, y in polygon.tolist()]
    columns = ["trial", "area", "region", "screen_x_px", "screen_y_px"]
    return pd.DataFrame(rows, columns=columns).merge(trials, on="trial", how="left")


def _in_picture(study: Study, corners: pd.DataFrame) -> pd.DataFrame:
    """Carry corners from the screen into the picture frame, as fixations are."""
    known = read_manifest(study) if study.manifest_tsv.is_file() else None
    manifest = pd.DataFrame(columns=list(MANIFEST_COLUMNS)) if known is None else known
    places = PicturePlaces(study, manifest.set_index("image_id"), fixation_frame(study))
    return places.to_picture(corners)


def _imported(study: Study) -> list[str]:
    """Name the sessions whose messages are there."""
    names = [session.name for session in recorded_sessions(study)]
    return [name for name in names if messages_path(study, name).is_file()]


def _area_messages(study: Study, name: str) -> pd.DataFrame:
    """Read a session's messages about interest areas, without their keyword."""
    path = messages_path(study, name)
    if not path.is_file():
        return pd.DataFrame(columns=["part", "time_ms", "text"])
    messages = pd.read_parquet(path, columns=["part", "time_ms", "text"])
    found = messages["text"].str.extract(_MESSAGE, expand=False)
    return messages.assign(text=found)[found.notna()].reset_index(drop=True)


def _areas_of(study: Study, text: str) -> Iterator[_Area]:
    """Read what a message says, or the file that it names."""
    match = _FILE.fullmatch(text.strip())
    if match is None:
        yield read_interest_area(text)
        return
    path = _area_file(study, text)
    if path is None:
        raise InputError(
            f"Interest areas must be in the study, but the recording names the file {match[1]!r} "
            f"and there is none of that name in {study.stimuli_dir} or {study.sourcedata}. Copy "
            "it there, or draw the regions in stimuli/regions.tsv."
        )
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield read_interest_area(line)


def _area_file(study: Study, text: str) -> Path | None:
    """Find the file that a message names, by its name alone: its folder was another computer's."""
    match = _FILE.fullmatch(text.strip())
    if match is None:
        return None
    name = re.split(r"[/\\]", match[1].strip())[-1]
    folders = (study.stimuli_dir, study.sourcedata)
    return next((path for folder in folders for path in sorted(folder.rglob(name))), None)
