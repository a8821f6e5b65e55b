"""Regions around a face or a picture: polygons, ellipses and Voronoi cells, with a reach.

A point belongs to the region whose outline is nearest, if it lies within the outlines' reach. A
polygon reaches as far as its margin; a Voronoi cell is a single point that reaches as far as its
radius. So margins never cover what lies within another outline of the same rank.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stimuli.regions import PRECEDENCE, Polygon, points_in_polygon, region_polygons
from study.settings.gaze_regions import RegionSettings

OTHER = "other"
# Between the features lie the areas, which get what the features and their margins leave.
FEATURES = ("left_eye", "right_eye", "left_brow", "right_brow", "mouth", "nose")
_BOTH_SIDES = {
    f"{side}_{name}": f"{name}s" for side in ("left", "right") for name in ("eye", "brow", "cheek")
}
_ELLIPSE_CORNERS = 64


@dataclass(frozen=True)
class Outlines:
    """The regions of one picture.

    Parameters
    ----------
    names : tuple of str
        The region of each outline, by precedence: of two outlines that hold a point, the first
        is meant. Several outlines may have one name, as both eyes do where sides are merged.
    polygons : tuple of ndarray, shape (n, 2)
        Corners in pixels; a polygon of one corner is the centre of a Voronoi cell.
    reach_px : float, default 0.0
        How far beyond its outline a region reaches, in pixels; infinite for no limit.
    areas : frozenset of str, default empty
        Regions that get only the points that no other region reaches.
    """

    names: tuple[str, ...]
    polygons: tuple[Polygon, ...]
    reach_px: float = 0.0
    areas: frozenset[str] = frozenset()

    @property
    def regions(self) -> tuple[str, ...]:
        """The names of the regions, each once."""
        return tuple(dict.fromkeys(self.names))


def face_outlines(
    landmarks: ArrayLike, settings: RegionSettings, px_per_deg: float = 1.0
) -> Outlines:
    """Draw the regions of a face as the settings want them.

    Parameters
    ----------
    landmarks : array_like, shape (68, 2)
        x and y of the iBUG points, in pixels.
    settings : RegionSettings
        The section [gaze.regions]: shape, margin or radius, regions, sides.
    px_per_deg : float, default 1.0
        Pixels in a degree of visual angle.

    Returns
    -------
    Outlines
        ``polygon``: as `region_polygons` draws them. ``ellipse``: eyes, brows, nose and mouth as
        the ellipses that have their polygons' centres and second moments. ``voronoi``: the
        centres of the polygons' areas.

    Raises
    ------
    ValueError
        If there are not 68 points, or one is missing.

    References
    ----------
    Hessels, Kemner, van den Boomen and Hooge (2016), The area-of-interest problem in
    eyetracking research: A noise-robust solution for face and sparse stimuli, Behavior Research
    Methods 48:1694-1712 (Voronoi cells of limited radius).

    Examples
    --------
    >>> from stimuli.tests.faces import face_points
    >>> outlines = face_outlines(face_points(), RegionSettings(regions=["mouth", "nose"]))
    >>> outlines.regions
    ('mouth', 'nose')
    """
    drawn = region_polygons(landmarks)
    wanted = [name for name in PRECEDENCE if name in settings.regions]
    merged = _BOTH_SIDES if settings.merge_sides else {}
    names = tuple(merged.get(name, name) for name in wanted)
    if settings.shape == "voronoi":
        centres = tuple(_moments(drawn[name])[0][None] for name in wanted)
        return Outlines(names, centres, settings.radius_deg * px_per_deg or np.inf)
    polygons = tuple(
        ellipse_around(drawn[name])
        if settings.shape == "ellipse" and name in FEATURES
        else drawn[name]
        for name in wanted
    )
    areas = frozenset(merged.get(name, name) for name in wanted if name not in FEATURES)
    return Outlines(names, polygons, settings.margin_deg * px_per_deg, areas)


def region_names(points: ArrayLike, outlines: Outlines) -> NDArray[np.object_]:
    """Name the region of each point.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        x and y, in the pixels of the outlines; missing points belong to no region.
    outlines : Outlines
        The picture's regions.

    Returns
    -------
    ndarray of object, shape (n,)
        Names of regions, or ``"other"``.

    Examples
    --------
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> region_names([[1, 1], [5, 1], [9, 9]], Outlines(("nose",), (square,), reach_px=2))
    array(['nose', 'nose', 'other'], dtype=object)
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    names = np.full(len(points), OTHER, dtype=object)
    # Features are written over areas.
    for of_areas in (True, False):
        rank = [k for k, name in enumerate(outlines.names) if (name in outlines.areas) == of_areas]
        if not rank or not len(points):
            continue
        away = np.stack([_away(points, outlines.polygons[k], outlines.reach_px) for k in rank])
        nearest = np.argmin(away, axis=0)
        reached = np.isfinite(away.min(axis=0)) & (away.min(axis=0) <= outlines.reach_px)
        names[reached] = np.array([outlines.names[k] for k in rank], dtype=object)[nearest[reached]]
    return names


def _away(points: Polygon, polygon: Polygon, reach_px: float) -> NDArray[np.float64]:
    """Measure how far points are from a region; points out of reach need no number."""
    away = np.full(len(points), np.inf)
    low, high = polygon.min(axis=0) - reach_px, polygon.max(axis=0) + reach_px
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    if reach_px == 0:
        away[near[points_in_polygon(points[near], polygon)]] = 0.0
    else:
        away[near] = distance_to_polygon(points[near], polygon)
    return away


def distance_to_polygon(points: ArrayLike, polygon: ArrayLike) -> NDArray[np.float64]:
    """Measure how far points are from a polygon.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        x and y.
    polygon : array_like, shape (m, 2)
        Its corners in order; a single corner is a point.

    Returns
    -------
    ndarray, shape (n,)
        Distance to the nearest point of the outline; 0 within it, NaN for missing points.

    Examples
    --------
    >>> distance_to_polygon([[1, 1], [7, 8]], [[0, 0], [4, 0], [4, 4], [0, 4]])
    array([0., 5.])
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    corners = np.asarray(polygon, dtype=float)
    nearest2 = np.full(len(points), np.inf)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        (across, down), (x, y) = end - start, (points - start).T
        length2 = across**2 + down**2
        share = np.clip((x * across + y * down) / length2, 0, 1) if length2 else 0.0
        nearest2 = np.minimum(nearest2, (x - share * across) ** 2 + (y - share * down) ** 2)
    nearest2[points_in_polygon(points, corners)] = 0.0
    return np.sqrt(nearest2)


def ellipse_around(polygon: ArrayLike) -> Polygon:
    """Draw the ellipse with the centre and the second moments of a polygon's area.

    Parameters
    ----------
    polygon : array_like, shape (n, 2)
        Corners in order.

    Returns
    -------
    ndarray, shape (64, 2)
        Corners on the ellipse. Along an axis of half-length a, an ellipse's area has the
        variance a^2 / 4.
    """
    centre, covariance = _moments(polygon)
    variances, axes = np.linalg.eigh(covariance)
    around: Polygon = centre + _circle() * 2 * np.sqrt(variances) @ axes.T
    return around


def _circle() -> Polygon:
    """Give corners on the unit circle."""
    angles = np.linspace(0, 2 * np.pi, _ELLIPSE_CORNERS, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    """Give the corners of an upright rectangle.

    Examples
    --------
    >>> rectangle(0, 1, 2, 3).tolist()
    [[0.0, 1.0], [2.0, 1.0], [2.0, 3.0], [0.0, 3.0]]
    """
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=float)


def ellipse(left: float, top: float, right: float, bottom: float) -> Polygon:
    """Give corners on the ellipse within an upright rectangle."""
    centre = np.array([left + right, top + bottom]) / 2
    half = np.array([right - left, bottom - top]) / 2
    corners: Polygon = centre + _circle() * half
    return corners


def area_shares(
    outlines: Outlines, width_px: float, height_px: float, *, n_across: int = 100
) -> Mapping[str, float]:
    """Measure which share of the picture each region covers.

    Parameters
    ----------
    outlines : Outlines
        The picture's regions.
    width_px, height_px : float
        Size of the picture frame.
    n_across : int, default 128
        Points across the picture at which the region is asked for.

    Returns
    -------
    mapping of str to float
        For each region and ``"other"``; the shares add to one.
    """
    names = region_grid(outlines, width_px, height_px, n_across)
    return {name: float(np.mean(names == name)) for name in (*outlines.regions, OTHER)}


def region_grid(
    outlines: Outlines, width_px: float, height_px: float, n_across: int
) -> NDArray[np.object_]:
    """Name the region at each point of an even grid over the picture.

    Parameters
    ----------
    outlines : Outlines
        The picture's regions.
    width_px, height_px : float
        Size of the picture frame.
    n_across : int
        Points across the picture.

    Returns
    -------
    ndarray of object, shape (rows, n_across)
        Names of regions; the points are the centres of the grid's cells.
    """
    cell = width_px / n_across
    rows = max(1, round(height_px / cell))
    x = (np.arange(n_across) + 0.5) * cell - 0.5
    y = (np.arange(rows) + 0.5) * height_px / rows - 0.5
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return region_names(points, outlines).reshape(rows, n_across)


def _moments(polygon: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the centre and the covariance of a polygon's area, by Green's theorem."""
    corners = np.asarray(polygon, dtype=float)
    origin = corners.mean(axis=0)
    here = corners - origin
    there = np.roll(here, -1, axis=0)
    cross = here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1]
    area = cross.sum() / 2
    centre = ((here + there) * cross[:, None]).sum(axis=0) / (6 * area)
    pairs = (
        np.einsum("ni,nj->nij", here, here)
        + np.einsum("ni,nj->nij", there, there)
        + np.einsum("ni,nj->nij", here + there, here + there)
    )
    about_origin = (pairs * cross[:, None, None]).sum(axis=0) / (24 * area)
    return centre + origin, about_origin - np.outer(centre, centre)
