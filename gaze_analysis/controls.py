"""Controls: maps that know less than gaze on this very picture, and how well they tell it.

A model of gaze on faces has to beat what needs no look at the picture: gaze on other pictures of
the same expression, gaze on all other faces, gaze on a picture of another expression, a Gaussian in
the middle. Ceilings say how well it can do at best, controls how well it does for nothing.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from gaze_analysis.density import Map, density_map
from gaze_analysis.map_labels import UNNAMED
from gaze_analysis.trial_maps import MapRule, fixation_weights
from study.errors import InputError
from study.seeds import generator

if TYPE_CHECKING:
    import xarray as xr

CONTROL_COLUMNS = {
    "image_id": "The picture",
    "expression": "The expression",
    "class_mean_r": "Correlation of the picture's map with the mean map of the other pictures of "
    "its expression",
    "mean_face_r": "With the mean map of all other pictures",
    "shuffled_r": "With the map of a picture of another expression, mean over all of them (any "
    "other picture, where all show the same)",
    "centre_bias_r": "With a Gaussian in the middle of the picture",
    "class_mean_with_it_r": "With the mean map of its expression, this picture included",
    "mean_face_with_it_r": "With the mean map of all faces, this picture included",
    "n_class": "Number of other pictures of its expression",
    "shuffled_image": "One picture of another expression, drawn at random",
}


def mean_of_others(maps: ArrayLike, groups: ArrayLike) -> Map:
    """Average, for each picture, the maps of the other pictures in its group.

    Parameters
    ----------
    maps : array_like, shape (n_pictures, ...)
        Maps.
    groups : array_like, shape (n_pictures,)
        The group of each picture.

    Returns
    -------
    ndarray, shape (n_pictures, ...)
        Missing (NaN) where a picture is alone in its group.

    Examples
    --------
    >>> mean_of_others(np.array([[1.0], [2.0], [6.0]]), ["a", "a", "a"]).ravel()
    array([4. , 3.5, 1.5])
    """
    values, labels = np.asarray(maps, dtype=np.float64), np.asarray(groups)
    means = np.full(values.shape, np.nan)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            means[members] = 0.0
            # Those before it and those after it: a difference would lose the digits of tails.
            for order in (members, members[::-1]):
                total = np.zeros(values.shape[1:])
                for member in order:
                    means[member] += total
                    total += values[member]
            means[members] /= len(members) - 1
    return means


def centre_bias(rule: MapRule, sigma_px: float) -> Map:
    """Draw a round Gaussian in the middle of the picture.

    Parameters
    ----------
    rule : MapRule
        Its grid and its edges.
    sigma_px : float
        Standard deviation of the Gaussian, in picture pixels.

    Returns
    -------
    ndarray, shape (rows, columns)
        Density per square pixel.
    """
    middle = (rule.grid.width_px - 1) / 2, (rule.grid.height_px - 1) / 2
    return density_map([middle[0]], [middle[1]], rule.grid, sigma_px=sigma_px, edges=rule.edges)


def fitted_centre_sigma_px(fixations: pd.DataFrame, rule: MapRule) -> float:
    """Fit the centre bias to all fixations: a round Gaussian in the middle of the picture.

    Parameters
    ----------
    fixations : pandas.DataFrame
        The included fixations: participant_id, image_id, x_px, y_px, duration_ms.
    rule : MapRule
        What fixations and participants count, as in maps.

    Returns
    -------
    float
        Standard deviation of the likeliest such Gaussian, px: the root of half the mean
        squared distance from the middle.

    Raises
    ------
    InputError
        If all fixations are in the middle.
    """
    grid = rule.grid
    square_px2 = (fixations["x_px"] - (grid.width_px - 1) / 2) ** 2 + (
        fixations["y_px"] - (grid.height_px - 1) / 2
    ) ** 2
    table = fixations[["participant_id", "image_id"]].assign(
        weight=fixation_weights(fixations, rule)
    )
    table["sum"] = table["weight"] * square_px2
    if rule.participants == "pooled":
        mean = table["sum"].sum() / table["weight"].sum()
    else:
        trials = table.groupby(["participant_id", "image_id"])[["sum", "weight"]].sum()
        of_trials = trials["sum"] / trials["weight"]
        mean = of_trials.groupby("participant_id").mean().mean()
    if not mean > 0:
        raise InputError(
            "A centre bias can be fitted to fixations beside the picture's middle, but all are on "
            "it. Give centre_sigma in [gaze.density]."
        )
    return float(np.sqrt(mean / 2))


def shuffled_pictures(expressions: ArrayLike, rng: np.random.Generator) -> list[int | None]:
    """Draw, for each picture, one of another expression.

    Parameters
    ----------
    expressions : array_like of str, shape (n_pictures,)
        What each picture shows; where all show the same, any other picture is drawn.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    list of int or None
        Index of a picture for each; None where there is no other.

    Examples
    --------
    >>> shuffled_pictures(["happy", "sad"], np.random.default_rng(1))
    [1, 0]
    """
    return [
        int(rng.choice(np.flatnonzero(row))) if row.any() else None for row in _others(expressions)
    ]


def control_maps(
    maps: "xr.Dataset", fixations: pd.DataFrame, rule: MapRule, *, centre_px: float | None = None
) -> "xr.Dataset":
    """Make the controls of a study's density maps, on the same grid.

    Parameters
    ----------
    maps : xarray.Dataset
        Those of `study_maps`: ``density(image, y, x)``, ``expression_of_image(image)``.
    fixations : pandas.DataFrame
        What they were made of.
    rule : MapRule
        How they were made.
    centre_px : float, optional
        Standard deviation of the centre bias, in picture pixels. Defaults to the fitted one.

    Returns
    -------
    xarray.Dataset
        ``class_mean(image, y, x)`` the mean map of the other pictures of the same expression,
        ``mean_face(image, y, x)`` of all other pictures (NaN where there is none; pictures weigh
        the same), ``centre_bias(y, x)``, and ``shuffled_image(image)``, the name of a picture of
        another expression whose map stands in for the picture's own.
    """
    import xarray as xr

    density, labels = maps["density"].to_numpy(), _labels(maps)
    images = maps["image"].to_numpy()
    drawn = shuffled_pictures(labels, generator(rule.seed, "controls", "shuffled"))
    sigma_px = fitted_centre_sigma_px(fixations, rule) if centre_px is None else centre_px
    everyone = np.zeros(len(images))
    unit, dims = maps["density"].attrs, ("image", "y", "x")
    classes = np.where(labels == UNNAMED, images, labels)  # unnamed: each a class of its own
    return xr.Dataset(
        {
            "class_mean": (
                dims, mean_of_others(density, classes),
                unit | {"long_name": "mean density on the other pictures of the same expression"},
            ),
            "mean_face": (
                dims, mean_of_others(density, everyone),
                unit | {"long_name": "mean density on all other pictures"},
            ),
            "centre_bias": (
                ("y", "x"), centre_bias(rule, sigma_px),
                unit | {"long_name": "Gaussian in the middle of the picture"},
            ),
            "shuffled_image": (
                "image",
                np.array([UNNAMED if i is None else images[i] for i in drawn], dtype=object),
                {"long_name": "a picture of another expression, drawn at random"},
            ),
        },
        coords={name: maps[name] for name in ("image", "y", "x", "expression_of_image")},
        attrs=_attributes(maps, sigma_px, fitted=centre_px is None),
    )  # fmt: skip


def control_table(maps: "xr.Dataset", controls: "xr.Dataset") -> pd.DataFrame:
    """Correlate each picture's map with its controls.

    Parameters
    ----------
    maps : xarray.Dataset
        Those of `study_maps`.
    controls : xarray.Dataset
        Those of `control_maps`.

    Returns
    -------
    pandas.DataFrame
        The columns of `CONTROL_COLUMNS`, one row for each picture; NaN where a control does not
        exist.
    """
    own, labels = _standardised(maps["density"].to_numpy()), _labels(maps)
    others = _others(labels)
    same_class = (labels[:, None] == labels) & (labels != UNNAMED)
    with_class = np.full(len(labels), np.nan)
    for mean in maps["density_by_expression"]:
        members = labels == mean["expression"].item()
        with_class[members] = own[members] @ _standardised(mean.to_numpy()[None])[0]
    between = np.where(others, own @ own.T, 0.0).sum(axis=1)

    def correlation(name: str) -> Map:
        return np.einsum("ij,ij->i", own, _standardised(controls[name].to_numpy()))

    return pd.DataFrame(
        {
            "image_id": maps["image"].to_numpy(),
            "expression": pd.Series(labels).where(labels != UNNAMED),
            "class_mean_r": correlation("class_mean"),
            "mean_face_r": correlation("mean_face"),
            "shuffled_r": between / np.where(others.any(axis=1), others.sum(axis=1), np.nan),
            "centre_bias_r": own @ _standardised(controls["centre_bias"].to_numpy()[None])[0],
            "class_mean_with_it_r": with_class,
            "mean_face_with_it_r": own @ _standardised(maps["mean_density"].to_numpy()[None])[0],
            "n_class": np.maximum(same_class.sum(axis=1) - 1, 0),
            "shuffled_image": controls["shuffled_image"].to_numpy(),
        }
    )


def _labels(maps: "xr.Dataset") -> NDArray[np.object_]:
    """Give the expression of each picture."""
    labels: NDArray[np.object_] = maps["expression_of_image"].to_numpy().astype(object)
    return labels


def _others(expressions: ArrayLike) -> NDArray[np.bool_]:
    """Tell for each picture which are of another expression; where none is, all but itself."""
    labels = np.asarray(expressions, dtype=object)
    itself = np.eye(len(labels), dtype=bool)
    differ = (labels[:, None] != labels) | ((labels == UNNAMED)[:, None] & ~itself)
    return np.where(differ.any(axis=1, keepdims=True), differ, ~itself)


def _standardised(maps: Map) -> Map:
    """Centre each map and scale it to length 1; a constant map becomes 0, a missing one NaN."""
    flat = maps.reshape(len(maps), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    flat /= np.where(length == 0, 1.0, length)
    return flat


def _attributes(maps: "xr.Dataset", sigma_px: float, *, fitted: bool) -> dict[str, Any]:
    """Say how the controls were made."""
    origin = "fitted to all fixations" if fitted else "given"
    return maps.attrs | {"centre_sigma_px": sigma_px, "centre_sigma_from": origin}
