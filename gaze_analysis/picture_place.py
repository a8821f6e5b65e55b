"""Positions on the screen carried into the picture frame, through where each picture stood."""

from typing import TypeAlias, cast

import numpy as np
import pandas as pd

from gaze_analysis.trial_content import RECT
from stimuli.catalog import crop_rects, picture_frame
from stimuli.frames import Rect, move_points
from study.folder import Study
from study.tables import read_table

_SIZE = list(RECT[2:])
_Place: TypeAlias = tuple[str, float, float, float, float]
# A shown picture may be off its file's proportions by rounding to whole pixels.
_SAME_SHAPE = 0.02


def fixation_frame(study: Study, trials: pd.DataFrame | None = None) -> Rect:
    """Give the frame that fixations of recordings are carried into.

    Parameters
    ----------
    study : Study
        The study.
    trials : pandas.DataFrame, optional
        All its trials, with picture_width_px and picture_height_px on the screen. Defaults to
        those of ``trials.tsv``.

    Returns
    -------
    Rect
        Where faces are registered, their crop as [stimuli] picture_px shows it. Else the size
        that pictures had on the screen in most trials, so that its pixels are the screen's.
    """
    if study.crops_tsv.is_file():
        return picture_frame(study)
    if trials is None:
        path = study.gaze_dir / "trials.tsv"
        if not path.is_file():
            return picture_frame(study)
        trials = read_table(
            path, what="The trials (faceoff gaze events)", columns=dict.fromkeys(RECT, float)
        )
    sizes = trials[_SIZE].astype(float).dropna()
    counts = sizes[(sizes > 0).all(axis=1)].groupby(_SIZE).size()
    if counts.empty:
        return picture_frame(study)
    width_px, height_px = cast(tuple[float, float], counts.idxmax())
    return Rect(0, 0, round(width_px), round(height_px))


class PicturePlaces:
    """Knows how the pictures of a study were shown.

    Parameters
    ----------
    study : Study
        The study; its crops are used where it has any.
    manifest : pandas.DataFrame
        Its pictures by image_id: width_px and height_px of the files.
    frame : Rect
        The frame of all pictures, by `fixation_frame`.
    """

    def __init__(self, study: Study, manifest: pd.DataFrame, frame: Rect) -> None:
        self._frame = frame
        sizes = manifest[["width_px", "height_px"]].itertuples(index=False, name=None)
        self._files = dict(zip(manifest.index, sizes, strict=True))
        self._crops = crop_rects(study) if study.crops_tsv.is_file() else {}

    def to_picture(self, fixations: pd.DataFrame) -> pd.DataFrame:
        """Carry fixations into the picture frame.

        Parameters
        ----------
        fixations : pandas.DataFrame
            image_id, the picture's place on the screen, screen_x_px and screen_y_px.

        Returns
        -------
        pandas.DataFrame
            With x_px and y_px in the picture frame, and ``on_picture``.
        """
        points = fixations[["screen_x_px", "screen_y_px"]].to_numpy(float)
        moved = np.full_like(points, np.nan)
        inside = np.zeros(len(fixations), dtype=bool)
        places = fixations.groupby(["image_id", *RECT], sort=False).indices
        for place, rows in places.items():
            image_id, x_px, y_px, width_px, height_px = cast(_Place, place)
            shown = Rect(x_px, y_px, width_px, height_px)
            moved[rows] = self._move(points[rows], image_id, shown)
            inside[rows] = shown.contains(points[rows])
        return fixations.assign(x_px=moved[:, 0], y_px=moved[:, 1], on_picture=inside)

    def _move(self, points: np.ndarray, image_id: str, shown: Rect) -> np.ndarray:
        """Carry points from a shown picture into the frame of all pictures."""
        frame = self._frame
        proportion = shown.width_px / shown.height_px
        if abs(proportion / (frame.width_px / frame.height_px) - 1) <= _SAME_SHAPE:
            return move_points(points, shown, frame)
        file = self._files.get(image_id)
        crop = self._crops.get(image_id)
        if file and crop and abs(proportion / (file[0] / file[1]) - 1) <= _SAME_SHAPE:
            # The whole picture file was on the screen.
            in_file = move_points(points, shown, Rect(0, 0, *file))
            return move_points(in_file, crop, frame)
        # A picture that the study does not know keeps its proportions.
        height_px = frame.width_px / proportion
        return move_points(points, shown, Rect(0, 0, frame.width_px, height_px))
