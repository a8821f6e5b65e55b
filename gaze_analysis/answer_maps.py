"""Density maps of trials with certain answers, beside the study's own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gaze_analysis.steps_density import map_rule
from gaze_analysis.trial_maps import picture_maps
from study.errors import InputError
from study.folder import Study
from study.tables import read_table


def answer_maps(
    study: Study, image_ids: Sequence[str], sigma_px: float, *, right: bool
) -> NDArray[np.float64]:
    """Make density maps of pictures from the trials with certain answers.

    Parameters
    ----------
    study : Study
        The study.
    image_ids : sequence of str
        The pictures.
    sigma_px : float
        Width of the kernel, in pixels of the picture.
    right : bool
        Trials with the right answer alone, or those with any.

    Returns
    -------
    ndarray, shape (n_images, rows, columns)
        On the grid of the study's own maps; all other rules of exclusion hold.

    Raises
    ------
    InputError
        If fixations do not say which answer their trial had, or a picture has none left.
    """
    fixations = read_table(
        study.gaze_dir / "fixations.tsv",
        what="The table of fixations (faceoff gaze events)",
        columns={
            "participant_id": str, "image_id": str, "correct": bool, "duration_ms": float,
            "x_px": float, "y_px": float, "included_any_answer": bool,
        },
    )  # fmt: skip
    kept = fixations["included_any_answer"].fillna(False).astype(bool)
    if right:
        kept &= fixations["correct"].fillna(False).astype(bool)
    groups = dict(list(fixations[kept].groupby("image_id")))
    if missing := sorted(set(image_ids) - set(groups)):
        kind = "the right answer" if right else "any answer"
        raise InputError(
            f"Gaze in trials with {kind} needs such trials for every picture, but "
            f"{len(missing)} have none ({', '.join(missing[:4])}). Leave this condition out."
        )
    rule = map_rule(study, sigma_px=sigma_px)
    return np.stack([picture_maps(groups[name], rule).mean() for name in image_ids])
