"""Noise for people: a study folder whose test pictures have Gaussian noise of several levels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from comparison.picture_study import check_new_folder, write_picture_study
from participants.order import spread
from stimuli.catalog import read_crops, read_manifest, read_splits
from stimuli.noise import add_gaussian_noise
from study.errors import InputError
from study.folder import Study
from study.seeds import generator

Pixels = npt.NDArray[np.uint8]


def parse_variances(text: str) -> list[float]:
    """Read variances of noise.

    Parameters
    ----------
    text : str
        Numbers from 0 to 10 with commas between.

    Returns
    -------
    list of float
        Each once, from the lowest on.

    Raises
    ------
    InputError
        If it is something else, or there are fewer than two.

    Examples
    --------
    >>> parse_variances("0.1, 0,0.05")
    [0.0, 0.05, 0.1]
    """
    try:
        values = sorted({float(part) for part in text.split(",")})
    except ValueError:
        values = []
    if len(values) < 2 or not all(0 <= value <= 10 for value in values):
        raise InputError(
            "Noise needs two or more variances between 0 and 10, with commas, but they are "
            f"{text!r}. Write for example --variances 0,0.05,0.1,0.2."
        )
    return values


def write_noise_study(
    study: Study, folder: Path, variances: Sequence[float], noise_px: int
) -> Study:
    """Make a study in which people name the test faces under noise.

    Parameters
    ----------
    study : Study
        The main study, with registered pictures.
    folder : Path
        The folder to make; it is empty or not there.
    variances : sequence of float
        Of the noise, where black is 0 and white 1; with 0 the face is intact.
    noise_px : int
        Side of the pictures that the network sees: people see noise of the same grain.

    Returns
    -------
    Study
        The new study, with as many lists of pictures as there are variances. Each list shows
        each face once, and each variance equally often. A face has the same noise at every
        variance, only stronger.

    Raises
    ------
    InputError
        If the folder is in use, there are no test pictures, or the noise is finer than the
        picture.
    """
    folder = check_new_folder(folder)
    splits = read_splits(study)
    test = splits["image_id"][splits["split"] == "test"]
    shown = test[test.isin(read_crops(study)["image_id"])]
    if shown.empty:
        raise InputError(
            "Noise goes on the test pictures, but splits.tsv has none. Register the face set with "
            "other settings: faceoff stimuli register --force."
        )
    manifest = read_manifest(study).set_index("image_id", drop=False)
    seed = study.settings.study.seed
    plan = noise_plan(manifest.loc[sorted(shown)], variances, generator(seed, "noise lists"))

    def change(row: Any, picture: Pixels) -> Pixels:
        rng = generator(seed, "noise", row.face)
        return add_gaussian_noise(picture, row.level, rng, noise_px=noise_px)

    return write_picture_study(study, folder, plan, change, what="noise", tables={})


def noise_plan(
    faces: pd.DataFrame, variances: Sequence[float], rng: np.random.Generator
) -> pd.DataFrame:
    """Decide which list shows which face under which noise.

    Parameters
    ----------
    faces : pandas.DataFrame
        Rows of the manifest.
    variances : sequence of float
        Of the noise.
    rng : numpy.random.Generator
        Where the chance comes from.

    Returns
    -------
    pandas.DataFrame
        The columns of `stimuli.degraded.DEGRADED_COLUMNS`, and list. Over the lists each face is
        once under each variance; within a list each variance has, to within one, as many faces
        as any other, as many of each expression, and as many of each actor.
    """
    n = len(variances)
    groups = spread(list(zip(faces["actor"], faces["expression"], strict=True)), n, rng)
    rows = [
        {
            "image_id": f"{face}_noise_{place + 1:02d}",
            "face": face,
            "kind": "noise",
            "level": variance,
            "list": (place - group) % n + 1,
        }
        for place, variance in enumerate(variances)
        for face, group in zip(faces["image_id"], groups, strict=True)
    ]
    return pd.DataFrame(rows)
