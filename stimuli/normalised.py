"""The normalised face space: one upright face onto which maps of all faces are warped."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stimuli.frames import Rect

WIDTH_PX, HEIGHT_PX = 224, 275
NORMALISED = Rect(0, 0, WIDTH_PX, HEIGHT_PX)

# The 68 points of the face of Gaya-Morey et al. (2024), read off the figure of their masks
# (github.com/Xavi3398/ekman_expressions, MIT): it is dlib's mean face in this space.
CANONICAL_LANDMARKS: NDArray[np.int64] = np.array(
    [
        (16, 90), (17, 119), (20, 148), (27, 177),
        (37, 204), (52, 229), (69, 250), (90, 265), (114, 269),  # jaw, viewer's left to chin
        (138, 265), (159, 249), (176, 227), (191, 201),
        (201, 173), (206, 144), (207, 115), (207, 86),  # jaw, chin to viewer's right
        (37, 61), (50, 52), (66, 51), (83, 53), (97, 61),  # viewer's left brow
        (121, 61), (135, 53), (152, 49), (168, 50), (182, 58),  # viewer's right brow
        (109, 79), (110, 99), (109, 118), (109, 138),  # bridge of the nose
        (89, 151), (100, 156), (111, 159), (122, 155), (132, 151),  # lower edge of the nose
        (53, 81), (63, 74), (75, 74), (86, 81), (75, 84), (63, 85),  # viewer's left eye
        (134, 80), (145, 73), (157, 73), (167, 79), (157, 83), (145, 83),  # viewer's right eye
        (73, 193), (86, 185), (101, 182), (111, 184), (121, 181), (137, 184),
        (152, 192), (139, 207), (124, 215), (112, 217), (101, 216), (85, 208),  # outer lips
        (79, 193), (101, 191), (111, 192), (121, 190),
        (146, 192), (122, 199), (112, 201), (101, 200),  # inner lips
    ]
)  # fmt: skip
_JAW = slice(0, 17)


def mesh_points(landmarks: ArrayLike, frame: Rect) -> NDArray[np.float64]:
    """Add to a face's landmarks the points that tie forehead and background to its picture.

    Parameters
    ----------
    landmarks : array_like, shape (68, 2)
        x and y of the iBUG points, px.
    frame : Rect
        The picture that they are in.

    Returns
    -------
    ndarray, shape (89, 2)
        The landmarks; the 17 points of the jaw, moved up to the picture's upper edge; its four
        corners.

    Raises
    ------
    ValueError
        If the landmarks are not 68 finite points.

    References
    ----------
    Gaya-Morey et al. (2024), arXiv:2401.11835: the same 89 points.

    Examples
    --------
    >>> mesh_points(CANONICAL_LANDMARKS, NORMALISED)[[68, 85, 88]].tolist()
    [[16.0, -0.5], [-0.5, -0.5], [223.5, 274.5]]
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise ValueError(f"landmarks must be 68 finite points but have shape {points.shape}")
    # Pixel centres are at integers, so the picture begins half a pixel before its first one.
    left, top = frame.x_px - 0.5, frame.y_px - 0.5
    right, bottom = left + frame.width_px, top + frame.height_px
    forehead = np.column_stack([points[_JAW, 0], np.full(17, top)])
    corners = [(left, top), (left, bottom), (right, top), (right, bottom)]
    return np.concatenate([points, forehead, corners])


def normalised_places(points: ArrayLike) -> NDArray[np.float64]:
    """Find where on a picture each pixel of the normalised face space lies.

    The space is cut into triangles (Delaunay) between the points of the canonical face. A
    pixel lies at the same place of the same triangle on the picture, which is an affine map
    for each triangle, continuous across their edges, and leaves no pixel without a place.

    Parameters
    ----------
    points : array_like, shape (89, 2)
        Those of `mesh_points` on the picture, px.

    Returns
    -------
    ndarray, shape (275, 224, 2)
        x and y in the picture's pixels.

    Notes
    -----
    Gaya-Morey et al. (2024) triangulate each picture's own points and take the first triangle
    where some overlap on the canonical face. Here the triangles are those of the canonical
    face, the same for all pictures, so that none overlap there.

    Examples
    --------
    >>> places = normalised_places(mesh_points(CANONICAL_LANDMARKS, NORMALISED))
    >>> places[10, 20].round(6).tolist()
    [20.0, 10.0]
    """
    corners, weights = _mesh()
    places: NDArray[np.float64] = np.einsum(
        "ijk,ijkc->ijc", weights, np.asarray(points, dtype=np.float64)[corners]
    )
    return places


@lru_cache(maxsize=1)
def _mesh() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find each pixel's triangle on the canonical face, and its place in it.

    Returns the triangle's three points and the pixel's barycentric coordinates, (275, 224, 3).
    """
    from scipy.spatial import Delaunay

    triangles = Delaunay(mesh_points(CANONICAL_LANDMARKS, NORMALISED))
    x, y = np.meshgrid(np.arange(WIDTH_PX), np.arange(HEIGHT_PX))
    pixels = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    found = triangles.find_simplex(pixels)
    affine = triangles.transform[found]
    first = np.einsum("nij,nj->ni", affine[:, :2], pixels - affine[:, 2])
    weights = np.column_stack([first, 1 - first.sum(axis=1)])
    shape = (HEIGHT_PX, WIDTH_PX, 3)
    return triangles.simplices[found].astype(np.int64).reshape(shape), weights.reshape(shape)
