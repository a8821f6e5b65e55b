"""Maps of many faces in one face space: warped, and averaged by expression and fold."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from comparison.conditions import Maps
from comparison.mask_files import Heatmaps
from stimuli.frames import Rect
from stimuli.normalised import HEIGHT_PX, WIDTH_PX, mesh_points, normalised_places
from study.errors import InputError
from study.progress import track

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def warp_map(
    values: npt.ArrayLike, y_px: npt.ArrayLike, x_px: npt.ArrayLike, places: Floats, picture: Rect
) -> Floats:
    """Read a picture's map at the places of the normalised face space.

    Parameters
    ----------
    values : array_like, shape (n_y, n_x)
        The map.
    y_px, x_px : array_like, shape (n_y,) and (n_x,)
        Centres of its cells in the picture frame, px, ascending.
    places : numpy.ndarray, shape (height, width, 2)
        x and y in the picture frame, px, as `stimuli.normalised.normalised_places` gives them.
    picture : Rect
        The picture.

    Returns
    -------
    numpy.ndarray, shape (height, width)
        Between centres bilinear, from the outermost centres to the picture's edge as there, 0
        beyond the picture. Values are carried over; a triangle that is larger here than on
        the picture does not dilute them.

    Examples
    --------
    >>> places = np.array([[[0.0, 0.0], [0.5, 0.0], [9.0, 0.0]]])
    >>> warp_map([[2.0, 4.0]], [0.0], [0.0, 1.0], places, Rect(0, 0, 2, 1))
    array([[2., 3., 0.]])
    """
    values = np.asarray(values, dtype=np.float64)
    at = [
        np.interp(places[..., axis], centres, np.arange(len(centres)))
        for axis, centres in ((1, np.asarray(y_px)), (0, np.asarray(x_px)))
    ]
    # By np.interp no place is outside of the cells' centres, whatever lies there.
    found = map_coordinates(values, at, order=1, mode="nearest")
    return np.where(picture.contains(places), found, 0.0)


def smooth_maps(maps: Maps, sigma_px: float) -> Maps:
    """Smooth the pictures' maps by a Gaussian; nothing lies beyond the picture's edges.

    Parameters
    ----------
    maps : tuple
        Maps (n_pictures, y, x) of either sign, and the evenly spaced centres of their cells in
        y and in x, px.
    sigma_px : float
        Standard deviation, px of the picture frame.

    Returns
    -------
    tuple
        The smoothed maps on the same cells.
    """
    values, y_px, x_px = maps
    steps = [float(centres[1] - centres[0]) for centres in (y_px, x_px)]
    sigma = [sigma_px / step for step in steps]
    smoothed = gaussian_filter(values, sigma, axes=(1, 2), mode="constant", output=np.float64)
    return smoothed, y_px, x_px


def global_maps(
    sources: Mapping[str, Maps],
    landmarks: Sequence[npt.ArrayLike],
    picture: Rect,
    expressions: Sequence[str],
    folds: Sequence[str],
) -> "xr.Dataset":
    """Average the warped maps of pictures by source, fold and expression.

    Only the positive part of a map counts, and each picture counts the same, whatever the unit
    of its map.

    Parameters
    ----------
    sources : mapping of str to tuple
        Maps (n_pictures, y, x), and the centres of their cells in y and in x, px of the frame.
    landmarks : sequence of array_like, each of shape (68, 2)
        The pictures' landmarks, px of the picture frame.
    picture : Rect
        The picture frame.
    expressions, folds : sequence of str
        What each picture shows, and the fold that it is in.

    Returns
    -------
    xarray.Dataset
        ``heat(source, fold, expression, y, x)``, ``pooled(source, expression, y, x)`` over the
        pictures of all folds, and ``n_pictures(fold, expression)``; NaN where there is none.

    Raises
    ------
    InputError
        If a picture's map has no positive value.

    References
    ----------
    Gaya-Morey et al. (2024), arXiv:2401.11835: the mean over warped maps; theirs are of LIME.
    """
    import xarray as xr

    shown, parts = list(dict.fromkeys(expressions)), sorted(set(folds))
    sums = np.zeros((len(sources), len(parts), len(shown), HEIGHT_PX, WIDTH_PX))
    counts = np.zeros((len(parts), len(shown)), dtype=np.int64)
    for n in track(range(len(landmarks)), "warping maps"):
        places = normalised_places(mesh_points(landmarks[n], picture))
        cell = parts.index(folds[n]), shown.index(expressions[n])
        counts[cell] += 1
        for i, (name, (values, y_px, x_px)) in enumerate(sources.items()):
            positive = np.clip(values[n].astype(np.float64), 0, None)
            if not positive.any():
                raise InputError(
                    f"A map must be positive somewhere, but that of {name} of a picture that is "
                    f"{expressions[n]} is not. Leave the explanation out: delete its file."
                )
            sums[(i, *cell)] += warp_map(positive / positive.mean(), y_px, x_px, places, picture)
    means = np.full(sums.shape, np.nan)
    there = counts > 0
    means[:, there] = sums[:, there] / counts[there][:, None, None]
    pooled = sums.sum(axis=1) / counts.sum(axis=0)[:, None, None]
    return xr.Dataset(
        {
            "heat": (("source", "fold", "expression", "y", "x"), means.astype(np.float32)),
            "pooled": (("source", "expression", "y", "x"), pooled.astype(np.float32)),
            "n_pictures": (("fold", "expression"), counts),
        },
        coords={
            "source": np.array(list(sources), dtype=object),
            "fold": np.array(parts, dtype=object),
            "expression": np.array(shown, dtype=object),
            "y": np.arange(HEIGHT_PX, dtype=np.float64),
            "x": np.arange(WIDTH_PX, dtype=np.float64),
        },
    )


def as_heatmaps(maps: "xr.Dataset") -> Heatmaps:
    """Bring global maps to the form in which maps of other studies are read.

    Parameters
    ----------
    maps : xarray.Dataset
        That of `global_maps`, with a picture in each fold and expression.

    Returns
    -------
    Heatmaps
        Sources are its networks; pooled maps are there where there are several folds.

    Raises
    ------
    InputError
        If a map is constant.
    """
    by_fold = maps["heat"].to_numpy()
    flat = by_fold.min(axis=(3, 4)) == by_fold.max(axis=(3, 4))
    if flat.any():
        source = str(maps["source"].to_numpy()[np.argwhere(flat)[0][0]])
        raise InputError(
            f"A map must vary over the face, but one of {source} is constant. Leave the "
            "explanation out: delete its file."
        )
    return Heatmaps(
        nets=tuple(map(str, maps["source"].to_numpy())),
        expressions=tuple(map(str, maps["expression"].to_numpy())),
        folds=tuple(map(str, maps["fold"].to_numpy())),
        by_fold=by_fold,
        by_net=maps["pooled"].to_numpy() if maps.sizes["fold"] > 1 else None,
    )
