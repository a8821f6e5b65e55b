"""Regions of the face: polygons and masks from 68 landmarks, as the viewer sees them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

REGIONS = (
    "left_brow", "right_brow", "left_eye", "right_eye", "nose", "mouth",
    "left_cheek", "right_cheek", "forehead", "chin",
)  # fmt: skip

# Where regions overlap, the first of these is meant: small features before large ones.
PRECEDENCE = (
    "left_eye", "right_eye", "left_brow", "right_brow", "mouth", "nose",
    "chin", "left_cheek", "right_cheek", "forehead",
)  # fmt: skip

Polygon = NDArray[np.float64]


def region_polygons(landmarks: ArrayLike) -> dict[str, Polygon]:
    """Draw the face's regions around its landmarks.

    Brows and eyes meet half-way between brow and lid, eyes and cheeks at the lower end of the
    lid, so that a fixation beside a feature counts for it. Margins are shares of the distance
    between the eyes' centres.

    Parameters
    ----------
    landmarks : array_like, shape (68, 2)
        x and y of the iBUG points, in pixels of any frame with y down.

    Returns
    -------
    dict of str to ndarray, shape (n, 2)
        The corners of each region's polygon, for `REGIONS` in order.

    Raises
    ------
    ValueError
        If there are not 68 points, or one is missing.

    References
    ----------
    Sagonas et al. (2016), 300 Faces In-The-Wild Challenge: the 68 points (iBUG).
    """
    points = np.asarray(landmarks, dtype=float)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise ValueError(f"landmarks must be 68 finite points but have shape {points.shape}")
    left = _half_face(points)
    # The right half is the mirrored left half: only the numbering of the points differs.
    right = {
        name.replace("left", "right"): _mirrored(polygon)
        for name, polygon in _half_face(_mirrored(points)[_MIRROR]).items()
    }
    middle = _middle(points)
    return {name: (left | right | middle)[name] for name in REGIONS}


def _mirrored(points: Polygon) -> Polygon:
    """Turn left and right around."""
    return points * [-1.0, 1.0]


def _axes(points: Polygon) -> tuple[float, Polygon, Polygon]:
    """Give the distance between the eyes, and the face's own directions right and down."""
    across = points[42:48].mean(axis=0) - points[36:42].mean(axis=0)
    distance = float(np.hypot(*across))
    right = across / distance
    return distance, right, np.array([-right[1], right[0]])


def _half_face(points: Polygon) -> dict[str, Polygon]:
    """Draw brow, eye and cheek of the viewer's left half."""
    unit, right, down = _axes(points)
    brow, eye, jaw = points[17:22], points[36:42], points[0:9]
    upper_lid, lower_lid = eye[0:4], np.array([eye[3], eye[4], eye[5], eye[0]])
    outer, inner = eye[0] - 0.12 * unit * right, eye[3] + 0.10 * unit * right
    border = _half_way(brow, upper_lid)
    border[0], border[-1] = border[0] - 0.08 * unit * right, border[-1] + 0.06 * unit * right
    below = lower_lid[1:3] + 0.16 * unit * down
    eye_floor = [inner + 0.06 * unit * down, *below, outer + 0.06 * unit * down]
    brow_top = brow - 0.12 * unit * down
    wing = points[31] - 0.10 * unit * right
    corner = points[48] - 0.10 * unit * right
    return {
        "left_brow": np.array([*brow_top, *border[::-1]]),
        "left_eye": np.array([*border, *eye_floor]),
        "left_cheek": np.array([*eye_floor[::-1], wing, corner, *jaw[5:0:-1]]),
    }


def _half_way(brow: Polygon, lid: Polygon) -> Polygon:
    """Draw the border of brow and eye: half-way between the brow and the lid under it."""
    along = np.linspace(0, len(lid) - 1, len(brow))
    under = np.stack([np.interp(along, range(len(lid)), lid[:, axis]) for axis in (0, 1)], axis=1)
    middle: Polygon = (brow + under) / 2
    return middle


def _middle(points: Polygon) -> dict[str, Polygon]:
    """Draw nose, mouth, forehead and chin."""
    unit, right, down = _axes(points)
    side = 0.10 * unit * right
    root, base = points[27] - 0.12 * unit * down, points[33] + 0.06 * unit * down
    nose = [
        root - side,
        root + side,
        points[35] + side,
        base + side,
        base - side,
        points[31] - side,
    ]
    lips = points[48:60]
    centre = lips.mean(axis=0)
    outwards = lips - centre
    mouth = lips + 0.10 * unit * outwards / np.linalg.norm(outwards, axis=1, keepdims=True)
    brows = points[17:27] - 0.12 * unit * down
    hairline = points[[17, 19, 24, 26]] - down * unit * np.array([[0.30], [0.50], [0.50], [0.30]])
    return {
        "nose": np.array(nose),
        "mouth": mouth,
        "forehead": np.array([*hairline, *brows[::-1]]),
        "chin": np.array([mouth[0], *points[5:12], mouth[6], *mouth[7:12]]),
    }


def region_masks(landmarks: ArrayLike, width_px: int, height_px: int) -> dict[str, NDArray]:
    """Mark the pixels of each region.

    Parameters
    ----------
    landmarks : array_like, shape (68, 2)
        x and y of the iBUG points, in pixels of the masks' frame.
    width_px, height_px : int
        Size of the masks.

    Returns
    -------
    dict of str to ndarray of bool, shape (height_px, width_px)
        One mask for each of `REGIONS`; no pixel is in two of them.
    """
    polygons = region_polygons(landmarks)
    free = np.ones((height_px, width_px), dtype=bool)
    masks = {}
    for name in PRECEDENCE:
        mask = _polygon_mask(polygons[name], width_px, height_px) & free
        free &= ~mask
        masks[name] = mask
    return {name: masks[name] for name in REGIONS}


def region_of(points: ArrayLike, polygons: Mapping[str, ArrayLike]) -> NDArray[np.object_]:
    """Name the region of each point.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        x and y, in the frame of the polygons; missing points belong to no region.
    polygons : mapping of str to array_like, shape (m, 2)
        As `region_polygons` gives them. Where two overlap, small features go before large
        ones: eyes, brows, mouth, nose, chin, cheeks, forehead.

    Returns
    -------
    ndarray of object, shape (n,)
        Names of regions, or ``"other"``.

    Examples
    --------
    >>> region_of([[1, 1], [9, 9]], {"nose": [[0, 0], [4, 0], [4, 4], [0, 4]]})
    array(['nose', 'other'], dtype=object)
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    names = np.full(len(points), "other", dtype=object)
    known = [name for name in PRECEDENCE if name in polygons]
    others = [name for name in polygons if name not in PRECEDENCE]
    for name in reversed([*known, *others]):
        names[points_in_polygon(points, polygons[name])] = name
    return names


def points_in_polygon(points: ArrayLike, polygon: ArrayLike) -> NDArray[np.bool_]:
    """Tell which points lie within a polygon, by counting the edges to their right.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        x and y.
    polygon : array_like, shape (m, 2)
        Its corners in order; a self-crossing polygon follows the even-odd rule.

    Returns
    -------
    ndarray of bool, shape (n,)
        False for missing points. Of two polygons that share an edge, a point on it is in one.

    References
    ----------
    Shimrat (1962), Algorithm 112: Position of point relative to polygon, CACM 5(8):434.
    """
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    corners = np.asarray(polygon, dtype=float)
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 <= y) != (y1 <= y)
        inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside


def _polygon_mask(polygon: Polygon, width_px: int, height_px: int) -> NDArray[np.bool_]:
    """Mark the pixels whose centres lie within a polygon."""
    mask = np.zeros((height_px, width_px), dtype=bool)
    x0, y0 = np.clip(np.floor(polygon.min(axis=0)), 0, [width_px, height_px]).astype(int)
    x1, y1 = np.clip(np.ceil(polygon.max(axis=0)) + 1, 0, [width_px, height_px]).astype(int)
    y, x = np.mgrid[y0:y1, x0:x1]
    centres = np.stack([x.ravel(), y.ravel()], axis=1)
    mask[y0:y1, x0:x1] = points_in_polygon(centres, polygon).reshape(x.shape)
    return mask


# Index of the point that a mirrored face has in each place of the iBUG order.
_MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
     45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
     54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)  # fmt: skip
