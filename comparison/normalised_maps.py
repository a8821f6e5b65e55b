"""Maps of many faces in one face space: warped, and averaged by expression and fold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from comparison.conditions import Maps
from comparison.mask_files import Heatmaps
from stimuli.expressions import EXPRESSIONS
from stimuli.frames import Rect
from stimuli.normalised import HEIGHT_PX, WIDTH_PX, mesh_points, normalised_places
from study.progress import say, track

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SourceMaps:
    """Maps of one source, such as people or a network, and what they are of.

    Parameters
    ----------
    name : str
        The source.
    image_ids, expressions, folds : tuple of str
        The pictures; the expression that each shows, or is taken for; the fold that it is in.
    maps : callable
        Reads the pictures' maps (n, y, x), and the evenly spaced centres of their cells in y and
        in x, px of the picture frame. Called once, so that only one source is in memory.
    sigma_px : float, default 0.0
        The maps are smoothed by a Gaussian of this standard deviation, px of the picture frame.
    """

    name: str
    image_ids: tuple[str, ...]
    expressions: tuple[str, ...]
    folds: tuple[str, ...]
    maps: Callable[[], Maps]
    sigma_px: float = 0.0


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
    sources: Sequence[SourceMaps],
    landmarks: Mapping[str, npt.ArrayLike],
    picture: Rect,
    *,
    equal: bool = True,
    networks: Sequence[str] = (),
) -> "xr.Dataset":
    """Average the warped maps of pictures by source, fold and expression.

    Only the positive part of a map counts.

    Parameters
    ----------
    sources : sequence of SourceMaps
        Each with pictures of its own.
    landmarks : mapping of str to array_like, each of shape (68, 2)
        The pictures' landmarks, px of the picture frame.
    picture : Rect
        The picture frame.
    equal : bool, default True
        Divide each map by its mean, so that each picture counts the same, whatever the unit of
        its map; one without any positive value is left out, and that said. Otherwise maps are
        averaged as they are.
    networks : sequence of str, default ()
        Sources over whose pictures there is a map of all networks; none where there is only one.

    Returns
    -------
    xarray.Dataset
        ``heat(source, fold, expression, y, x)``, ``pooled(source, expression, y, x)`` over the
        pictures of all folds, ``n_pictures(source, fold, expression)``, and, with several
        networks, ``over_networks(expression, y, x)``; NaN where there is no picture.

    References
    ----------
    Gaya-Morey et al. (2024), arXiv:2401.11835: means over warped maps, as they are; theirs are
    of LIME.
    """
    import xarray as xr

    known = {name for source in sources for name in source.expressions}
    shown = [name for name in EXPRESSIONS if name in known]
    # Folds have numbers, and 10 comes behind 9.
    parts = sorted({fold for source in sources for fold in source.folds}, key=lambda f: (len(f), f))
    summed = [_sums(source, landmarks, picture, shown, parts, equal=equal) for source in sources]
    sums, counts = np.stack([one for one, _ in summed]), np.stack([n for _, n in summed])
    space = ("y", "x")
    variables = {
        "heat": (("source", "fold", "expression", *space), _means(sums, counts)),
        "pooled": (("source", "expression", *space), _means(sums.sum(1), counts.sum(1))),
        "n_pictures": (("source", "fold", "expression"), counts),
    }
    if len(networks) > 1:
        own = [source.name in networks for source in sources]
        over = _means(sums[own].sum((0, 1)), counts[own].sum((0, 1)))
        variables["over_networks"] = (("expression", *space), over)
    return xr.Dataset(
        variables,
        coords={
            "source": np.array([source.name for source in sources], dtype=object),
            "fold": np.array(parts, dtype=object),
            "expression": np.array(shown, dtype=object),
            "y": np.arange(HEIGHT_PX, dtype=np.float64),
            "x": np.arange(WIDTH_PX, dtype=np.float64),
        },
    )


def _sums(
    source: SourceMaps,
    landmarks: Mapping[str, npt.ArrayLike],
    picture: Rect,
    shown: Sequence[str],
    parts: Sequence[str],
    *,
    equal: bool,
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Sum up the warped maps of one source by fold and expression, and count its pictures."""
    sums = np.zeros((len(parts), len(shown), HEIGHT_PX, WIDTH_PX))
    counts = np.zeros((len(parts), len(shown)), dtype=np.int64)
    values, y_px, x_px = source.maps()
    empty = 0
    for n in track(range(len(source.image_ids)), f"warping {source.name}"):
        one = values[n : n + 1].astype(np.float64)
        if source.sigma_px:
            one, _, _ = smooth_maps((one, y_px, x_px), source.sigma_px)
        positive = np.clip(one[0], 0, None)
        if equal and not positive.any():
            empty += 1
            continue
        weighted = positive / positive.mean() if equal else positive
        cell = parts.index(source.folds[n]), shown.index(source.expressions[n])
        places = normalised_places(mesh_points(landmarks[source.image_ids[n]], picture))
        counts[cell] += 1
        sums[cell] += warp_map(weighted, y_px, x_px, places, picture)
    if empty:
        say(f"  left out, nothing in the map is positive: {empty} pictures of {source.name}")
    return sums, counts


def _means(sums: Floats, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Divide sums of maps by counts; nothing where there is no picture."""
    n = np.where(counts > 0, counts, np.nan)[..., None, None]
    return (sums / n).astype(np.float32)


def as_heatmaps(maps: "xr.Dataset") -> Heatmaps:
    """Bring global maps to the form in which maps of other studies are read.

    Parameters
    ----------
    maps : xarray.Dataset
        That of `global_maps`.

    Returns
    -------
    Heatmaps
        Sources are its networks; pooled maps are there where there are several folds.
    """
    over = maps["over_networks"].to_numpy() if "over_networks" in maps else None
    return Heatmaps(
        nets=tuple(map(str, maps["source"].to_numpy())),
        expressions=tuple(map(str, maps["expression"].to_numpy())),
        folds=tuple(map(str, maps["fold"].to_numpy())),
        by_fold=maps["heat"].to_numpy(),
        by_net=maps["pooled"].to_numpy() if maps.sizes["fold"] > 1 else None,
        over_nets=over,
    )
