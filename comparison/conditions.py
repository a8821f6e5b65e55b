"""Conditions: the maps by whose order tiles are removed, scored on the tiles of each picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import sobel

from comparison.common_maps import centre_map
from comparison.map_inputs import read_explanations
from comparison.tiles import picture_edges_px, tile_scores
from gaze_analysis.answer_maps import answer_maps
from gaze_analysis.controls import mean_of_others
from stimuli.catalog import picture_landmarks
from stimuli.ekman import ekman_mask
from study.errors import InputError
from study.folder import Study
from study.progress import say

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

CONDITIONS = {
    "gaze": "gaze on this picture",
    "gaze_right": "gaze on this picture in trials with the right answer",
    "gaze_any": "gaze on this picture in trials with any answer",
    "expression_gaze": "mean gaze on the other pictures of the same expression",
    "class_gaze": "mean gaze on all pictures of the same expression, this one included",
    "mean_gaze": "mean gaze on all other pictures",
    "relevance": "the network's relevance, by the study's method",
    "explanations": "every other explanation that was asked for, each by its method's name",
    "ekman": "where the expression is said to show (Gaya-Morey et al., 2024)",
    "centre": "a Gaussian in the middle of the picture",
    "edges": "strength of the picture's edges (Sobel)",
    "oracle": "the tile whose loss changes the network's answer most, found by trial at each step",
    "random": "random orders",
}
# Found by asking the network, or drawn; they have no map.
WITHOUT_MAP = ("oracle", "random")


@dataclass(frozen=True)
class ConditionInputs:
    """What the maps of conditions are made of.

    Parameters
    ----------
    study : Study
        The study.
    image_ids, expressions : sequence of str
        The pictures that are compared, and what they show.
    density : xarray.Dataset
        Gaze density.
    relevance : xarray.Dataset or None
        The network's relevance; None where no condition asks for it.
    pictures : numpy.ndarray of uint8, shape (n, side, side, 3)
        The pictures as the network sees them.
    """

    study: Study
    image_ids: Sequence[str]
    expressions: Sequence[str]
    density: "xr.Dataset"
    relevance: "xr.Dataset | None"
    pictures: Pixels


# Maps (n, y, x), and the points' coordinates in the picture frame.
Maps = tuple[npt.NDArray, Floats, Floats]


def condition_scores(
    read: ConditionInputs, names: Sequence[str], edges: npt.NDArray[np.int64], score: str
) -> dict[str, Floats]:
    """Score the tiles of all pictures under each condition that has a map.

    Parameters
    ----------
    read : ConditionInputs
        What maps are made of.
    names : sequence of str
        Keys of `CONDITIONS`, or the methods of explanations.
    edges : numpy.ndarray, shape (tiles_per_side + 1,)
        Edges of the tiles on the network's input, px.
    score : {"mean", "positive", "absolute", "maximum"}
        How a tile's score comes from the map within it.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_pictures, n_tiles)
        By condition, in the order of `names`; explanations by their methods. Gaze on other
        pictures is left out, and that said, where a picture has no other one.

    Raises
    ------
    InputError
        If a condition is not known, or what its map needs is missing.
    """
    study, side_px = read.study, read.pictures.shape[1]
    edges_px = picture_edges_px(edges, side_px, study.settings.stimuli.picture_px)
    return {
        name: tile_scores(values, y_px, x_px, edges_px, score=score)
        for name, (values, y_px, x_px) in condition_maps(read, names).items()
    }


def condition_maps(read: ConditionInputs, names: Sequence[str]) -> dict[str, Maps]:
    """Make the maps of conditions, each once.

    Parameters
    ----------
    read : ConditionInputs
        What maps are made of.
    names : sequence of str
        As `condition_scores` takes them.

    Returns
    -------
    dict of str to tuple
        By condition: maps (n_pictures, y, x), and the centres of their cells in y and in x, px of
        the picture frame.

    Raises
    ------
    InputError
        If a condition is not known, or what its map needs is missing.
    """
    makers: dict[str, Callable[[ConditionInputs], Maps | None]] = {
        "gaze": _gaze,
        "gaze_right": lambda read: _gaze_by_answer(read, right=True),
        "gaze_any": lambda read: _gaze_by_answer(read, right=False),
        "expression_gaze": lambda read: _gaze_of_others(read, read.expressions),
        "class_gaze": _class_gaze,
        "mean_gaze": lambda read: _gaze_of_others(read, [""] * len(read.image_ids)),
        "relevance": _relevance,
        "ekman": _ekman,
        "centre": _centre,
        "edges": _edges,
    }
    found: dict[str, Maps] = {}
    for name in names:
        if name in WITHOUT_MAP:
            continue
        if name not in makers:
            found |= _explanations(read, name)
        elif (made := makers[name](read)) is not None:
            found[name] = made
        else:
            say(f"  left out, {name}: a picture has no other one whose gaze could be averaged")
    return found


def _of_dataset(read: ConditionInputs, maps: "xr.Dataset", name: str) -> Maps:
    """Take the pictures' maps out of a file."""
    if missing := sorted(set(read.image_ids) - set(map(str, maps["image"].to_numpy()))):
        raise InputError(
            f"The condition {maps.attrs.get('method', name)!r} needs a map of every picture, but "
            f"{len(missing)} have none ({', '.join(missing[:4])}). Make them: faceoff cnn explain."
        )
    values = maps[name].sel(image=list(read.image_ids)).to_numpy()
    return values, maps["y"].to_numpy(), maps["x"].to_numpy()


def _gaze(read: ConditionInputs) -> Maps:
    return _of_dataset(read, read.density, "density")


def _relevance(read: ConditionInputs) -> Maps:
    if read.relevance is None:
        raise ValueError("relevance is a condition, but was not read")
    return _of_dataset(read, read.relevance, "relevance")


def _gaze_by_answer(read: ConditionInputs, *, right: bool) -> Maps:
    """Make the maps of trials with the right answer, or with any, by the study's own rule."""
    study = read.study
    maps = answer_maps(study, read.image_ids, float(read.density.attrs["sigma_px"]), right=right)
    return maps, read.density["y"].to_numpy(), read.density["x"].to_numpy()


def _gaze_of_others(read: ConditionInputs, groups: Sequence[str]) -> Maps | None:
    """Average the gaze on the other pictures of a group; nothing where a picture is alone."""
    values, y_px, x_px = _gaze(read)
    means = mean_of_others(values, groups)
    return None if np.isnan(means).any() else (means, y_px, x_px)


def _class_gaze(read: ConditionInputs) -> Maps:
    """Average the gaze on all pictures of an expression."""
    values, y_px, x_px = _gaze(read)
    shown = np.asarray(read.expressions)
    means = {name: values[shown == name].mean(axis=0) for name in set(read.expressions)}
    return np.stack([means[name] for name in read.expressions]), y_px, x_px


def _explanations(read: ConditionInputs, name: str) -> dict[str, Maps]:
    """Take one explanation by its method, or all but the study's own."""
    there = read_explanations(read.study)
    own = next(iter(there))
    chosen = [key for key in there if key == name or (name == "explanations" and key != own)]
    if not chosen and name != "explanations":
        known = [key for key in CONDITIONS if key not in ("explanations", "random")]
        raise InputError(
            f"A condition must be one of {', '.join(known)}, or the method of an explanation "
            f"({', '.join(there)}), but comparison.conditions has {name!r}. Correct it, or make "
            f"the explanation: faceoff cnn explain --method {name}."
        )
    return {key: _of_dataset(read, there[key], "relevance") for key in chosen}


def _even_axis(n: int, length_px: float) -> Floats:
    """Give the centres of n cells along a picture's side, in its frame."""
    return (np.arange(n) + 0.5) * length_px / n - 0.5


def _ekman(read: ConditionInputs) -> Maps:
    """Mark the areas of each picture's expression."""
    side = read.study.settings.stimuli.picture_px
    landmarks = picture_landmarks(read.study, read.image_ids)
    masks = [
        ekman_mask(landmarks[name], expression, side, side)
        for name, expression in zip(read.image_ids, read.expressions, strict=True)
    ]
    axis = np.arange(side, dtype=np.float64)
    return np.stack(masks).astype(np.float32), axis, axis


def _centre(read: ConditionInputs) -> Maps:
    """Draw the same Gaussian for all pictures."""
    settings = read.study.settings
    cells = settings.comparison.cells_per_side
    one = centre_map(cells, settings.comparison.centre_sigma).reshape(cells, cells)
    axis = _even_axis(cells, settings.stimuli.picture_px)
    return np.broadcast_to(one, (len(read.image_ids), cells, cells)), axis, axis


def _edges(read: ConditionInputs) -> Maps:
    """Measure the gradient of each picture's grey levels."""
    grey = read.pictures.mean(axis=3)
    strength = np.hypot(sobel(grey, axis=1), sobel(grey, axis=2))
    axis = _even_axis(grey.shape[1], read.study.settings.stimuli.picture_px)
    return strength, axis, axis
