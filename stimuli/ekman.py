"""Ekman masks: where on a face an expression is said to show, drawn around its landmarks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stimuli.expressions import EXPRESSIONS
from stimuli.normalised import CANONICAL_LANDMARKS, HEIGHT_PX, WIDTH_PX

# Corners of the areas, as Gaya-Morey et al. (2024) drew them: numbers of the iBUG points from 1;
# t: at the hairline above a point; c: below or above it, level with point 30; m: half-way.
_AREAS: dict[str, tuple[str, ...]] = {
    "angry": (
        "t19 t26 26 46 c46 c43 43 28 40 c40 c37 37 19",
        "33 34 35 53 64 66 57 10 9 8 59 68 62 51",
    ),
    "disgusted": (
        "37 42 41 40 60 m5-49", "40 22 23 43 48 55 54 66 67 68 50 49 41", "43 48 47 46 m13-55 56",
    ),
    "afraid": ("t19 t26 26 46 c46 m13-55 55 54 c43 29 c40 50 49 m5-49 c37 37 19",),
    "happy": (
        "37 38 39 40 28 43 44 45 46 c46 m13-55 55 54 c43 29 c40 50 49 m5-49 c37",
        "c40 40 32 50", "32 50 60 7 6 5", "c43 43 36 54", "36 54 56 11 12 13",
    ),
    "sad": (
        "t21 t24 24 44 45 46 26 m17-R 17 c46 m13-55 56 54 c43 29 c40 50 60 m5-49 c37 1 m1-L "
        "19 37 38 39 21",
    ),
    "surprised": (
        "t19 t22 22 40 41 42 37 19", "t23 t26 26 46 47 48 43 23",
        "32 33 34 35 36 54 56 11 10 9 8 7 60 50",
    ),
}  # fmt: skip
# In the masks' canonical face the frame's edge is so far above the highest brow point, in
# distances of the eyes' centres, and its corners so far beside the jaw's ends.
_HAIRLINE, _BESIDE, _ABOVE = 0.62, 0.20, 1.10


def ekman_mask(
    landmarks: ArrayLike, expression: str, width_px: int, height_px: int
) -> NDArray[np.bool_]:
    """Mark where an expression is said to show.

    Parameters
    ----------
    landmarks : array_like, shape (68, 2)
        x and y of the iBUG points, in pixels of the mask's frame.
    expression : str
        One of the seven expressions; neutral has no mask of its own and gets all areas of the
        others.
    width_px, height_px : int
        Size of the mask.

    Returns
    -------
    ndarray of bool, shape (height_px, width_px)
        True inside; what lies beyond the frame is cut off.

    References
    ----------
    Gaya-Morey, Ramis-Guarinos, Manresa-Yee and Buades-Rubio (2024), arXiv:2401.11835: the areas,
    after Ekman's descriptions, on one canonical face; here on each face's own landmarks.
    """
    from skimage.draw import polygon2mask

    points = np.asarray(landmarks, dtype=float)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise ValueError(f"landmarks must be 68 finite points but have shape {points.shape}")
    meant = [name for name in EXPRESSIONS if name == expression or expression == "neutral"]
    mask = np.zeros((height_px, width_px), dtype=bool)
    for area in (area for name in meant for area in _AREAS.get(name, ())):
        corners = np.array([_corner(points, name) for name in area.split()])
        mask |= polygon2mask(mask.shape, corners[:, ::-1])
    return mask


def canonical_mask(expression: str) -> NDArray[np.bool_]:
    """Mark where an expression is said to show on the canonical face.

    Parameters
    ----------
    expression : str
        One of the seven expressions; neutral, which has no areas, is refused.

    Returns
    -------
    ndarray of bool, shape (275, 224)
        In the normalised face space: pixel for pixel the published mask.

    Raises
    ------
    ValueError
        If the expression has no areas.

    References
    ----------
    Gaya-Morey et al. (2024), arXiv:2401.11835.

    Examples
    --------
    >>> int(canonical_mask("happy").sum())
    13205
    """
    if expression not in _AREAS:
        raise ValueError(f"expression must be one of {', '.join(_AREAS)} but is {expression!r}")
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), dtype=bool)
    for area in _AREAS[expression]:
        mask |= fill_polygon([_canonical_corner(name) for name in area.split()], mask.shape)
    return mask


def _canonical_corner(name: str) -> tuple[int, int]:
    """Find a corner on the canonical face, where all points are whole pixels."""

    def point(number: str) -> tuple[int, int]:
        if number in ("L", "R"):
            return (0 if number == "L" else WIDTH_PX), 0
        x, y = CANONICAL_LANDMARKS[int(number) - 1].tolist()
        return x, y

    match name[0]:
        case "m":
            (ax, ay), (bx, by) = map(point, name[1:].split("-"))
            return (ax + bx) // 2, (ay + by) // 2
        case "t":
            return point(name[1:])[0], 0
        case "c":
            return point(name[1:])[0], point("30")[1]
    return point(name)


def fill_polygon(corners: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Fill a polygon with its outline, as OpenCV's ``fillPoly`` does where all corners are inside.

    Parameters
    ----------
    corners : array_like of int, shape (n, 2)
        x and y, px.
    shape : tuple of int
        Height and width of the mask; what lies beyond is cut off.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True inside and on the outline. Masks that were filled by OpenCV differ by hundreds of
        pixels from those of other libraries, which leave out parts of the outline.

    Examples
    --------
    >>> fill_polygon([(0, 0), (2, 0), (0, 2)], (3, 3)).astype(int).tolist()
    [[1, 1, 1], [1, 1, 0], [1, 0, 0]]
    """
    from skimage.draw import polygon2mask

    points = np.asarray(corners, dtype=np.int64)
    mask = np.asarray(polygon2mask(shape, points[:, ::-1]), dtype=bool)
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        x, y = _line(start, end).T
        inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
        mask[y[inside], x[inside]] = True
    return mask


def _line(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.int64]:
    """Draw a line pixel by pixel, from left to right; of two equally near ones the earlier."""
    if start[0] > end[0]:
        start, end = end, start
    way = end - start
    n = max(int(np.abs(way).max()), 1)
    steps = np.arange(n + 1)[:, None]
    pixels: NDArray[np.int64] = start + np.sign(way) * (
        (2 * steps * np.abs(way) + n - 1) // (2 * n)
    )
    return pixels


def _corner(points: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Find a corner by its name."""
    eyes = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    across = eyes[1] - eyes[0]
    unit = float(np.hypot(*across))
    right = across / unit
    down = np.array([-right[1], right[0]])

    def point(number: str) -> NDArray[np.float64]:
        if number in "LR":
            side = points[0] - _BESIDE * unit * right if number == "L" else (
                points[16] + _BESIDE * unit * right
            )  # fmt: skip
            corner: NDArray[np.float64] = side - _ABOVE * unit * down
            return corner
        found: NDArray[np.float64] = points[int(number) - 1]
        return found

    match name[0]:
        case "m":
            first, second = map(point, name[1:].split("-"))
            return (first + second) / 2
        case "t":
            highest = min((points[17:27] - eyes[0]) @ down)
            start = point(name[1:])
            level = float((start - eyes[0]) @ down)
            return start + (highest - _HAIRLINE * unit - level) * down
        case "c":
            start = point(name[1:])
            return start + float((points[29] - start) @ down) * down
    return point(name)
