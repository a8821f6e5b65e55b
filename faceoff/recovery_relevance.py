"""Does relevance fall where synthetic faces show their expression? Set against places elsewhere."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from comparison.inputs import read_relevance, relevance_nc
from comparison.resampling import Draws, sign_flip_p
from stimuli.catalog import picture_landmarks, read_manifest
from stimuli.expressions import EXPRESSIONS
from stimuli.regions import region_masks
from stimuli.synth.expression import expressive_regions
from study.folder import Study

Flags = NDArray[np.bool_]
Map = NDArray[np.float64]

FEATURES = ("left_brow", "right_brow", "left_eye", "right_eye", "nose", "mouth")
# A copy of a region may leave the face by this share of its area.
_BEYOND_THE_FACE = 0.2


def relevance_table(study: Study) -> pd.DataFrame | None:
    """Set relevance on the regions that show the expression against equal regions elsewhere.

    A region is copied, in shape and size, to every place on the same face where it covers none
    of the features (brows, eyes, nose, mouth); relevance is counted by its positive part, as a
    multiple of the picture's mean.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame or None
        Columns expression (or all), regions, n (pictures), inside, elsewhere (means over
        pictures) and p (one-sided, sign-flip permutation of the differences). None unless the
        faces are synthetic and have been explained.

    Raises
    ------
    InputError
        If the relevance maps are damaged.
    """
    manifest = read_manifest(study)
    if not (manifest["face_set"] == "synthetic").all() or not relevance_nc(study).is_file():
        return None
    maps = read_relevance(study)
    cell_px = float(maps["x"][1] - maps["x"][0])
    shown = maps["expression_of_image"].to_series()
    landmarks = picture_landmarks(study, list(shown.index))
    rows = []
    for image_id, expression in shown.items():
        relevance = maps["relevance"].sel(image=image_id).to_numpy().astype(float)
        masks = region_masks(landmarks[str(image_id)] / cell_px, *relevance.shape[::-1])
        found = inside_and_elsewhere(relevance, masks, expressive_regions(str(expression)))
        rows.append((expression, *found))
    values = pd.DataFrame(rows, columns=["expression", "inside", "elsewhere"]).dropna()
    names = [name for name in EXPRESSIONS if (values["expression"] == name).any()]
    draws = Draws(seed=study.settings.study.seed)
    return pd.DataFrame([_row("all", values, draws)] + [
        _row(name, values[values["expression"] == name], draws) for name in names
    ])  # fmt: skip


def _row(name: str, values: pd.DataFrame, draws: Draws) -> dict[str, object]:
    """Sum up the pictures of an expression."""
    difference = (values["inside"] - values["elsewhere"]).to_numpy(float)
    p = sign_flip_p(difference, draws)
    return {
        "expression": name,
        "regions": "those of its pictures"
        if name == "all"
        else ", ".join(expressive_regions(name)),
        "n": len(values),
        "inside": values["inside"].mean(),
        "elsewhere": values["elsewhere"].mean(),
        "p": p / 2 if difference.mean() > 0 else 1 - p / 2,
    }


def inside_and_elsewhere(
    relevance: Map, masks: dict[str, Flags], regions: tuple[str, ...]
) -> tuple[float, float]:
    """Average relevance over regions, and over their copies elsewhere on the face.

    Parameters
    ----------
    relevance : ndarray, shape (height, width)
        A signed map.
    masks : dict of str to ndarray of bool, shape (height, width)
        The face's regions.
    regions : tuple of str
        Those that count; those with no cell, or whose copies fit nowhere, are left out.

    Returns
    -------
    tuple of float
        Means per cell of the positive part, in multiples of the whole map's mean: inside,
        elsewhere. Both are missing where no relevance is positive or no copy fits.
    """
    positive = np.maximum(relevance, 0.0)
    features = np.any([masks[name] for name in FEATURES], axis=0)
    beyond = ~np.any(list(masks.values()), axis=0)
    inside, elsewhere, weights = [], [], []
    for name in regions:
        size = int(masks[name].sum())
        if not size or not (copies := _copies(masks[name], features, beyond)).any():
            continue
        inside.append(positive[masks[name]].mean())
        elsewhere.append(_under(positive, masks[name])[copies].mean() / size)
        weights.append(size)
    if not weights or not positive.any():
        return np.nan, np.nan
    means = [np.average(values, weights=weights) for values in (inside, elsewhere)]
    return float(means[0] / positive.mean()), float(means[1] / positive.mean())


def _copies(mask: Flags, features: Flags, beyond: Flags) -> Flags:
    """Find the places where a region's copy covers no feature and lies on the face."""
    on_face = _under(beyond, mask) <= _BEYOND_THE_FACE * mask.sum() + 0.5
    fits: Flags = on_face & (_under(features, mask) < 0.5)
    return fits


def _under(values: NDArray, mask: Flags) -> Map:
    """Sum values under a mask moved to every place."""
    shape = mask[np.ix_(mask.any(axis=1), mask.any(axis=0))]
    moved: Map = fftconvolve(values.astype(float), shape[::-1, ::-1].astype(float), mode="valid")
    return moved
