"""How a heat map covers the region where an expression is said to show: Otsu, IoU, F1."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

METRICS = {
    "iou": "area that both share as a share of the area of either (Jaccard)",
    "f1": "harmonic mean of precision and recall (Dice)",
    "precision": "share of the foreground that lies in the mask",
    "recall": "share of the mask that is foreground",
}
# A map of so few values is a map of grey levels, in whatever unit.
_LEVELS = 256


def otsu_threshold(values: npt.ArrayLike) -> float:
    """Find the value that parts a map in two with the greatest variance between the parts.

    Parameters
    ----------
    values : array_like
        A map of any shape that is not constant. One of at most 256 different values is parted
        at one of them, so that grey levels give the same foreground as uint8, as shares of 1 or
        in any other unit; others over 256 bins between their ends.

    Returns
    -------
    float
        The threshold; the foreground is above it.

    Raises
    ------
    ValueError
        If the map is constant or holds values that are not finite.

    References
    ----------
    Otsu (1979), IEEE Transactions on Systems, Man, and Cybernetics 9:62, eq. 14.

    Examples
    --------
    >>> otsu_threshold([0, 1, 1, 9, 10])
    1.0
    """
    from skimage.filters import threshold_otsu

    values = np.asarray(values)
    if not np.isfinite(values).all():
        raise ValueError("a map must be finite")
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) < 2:
        raise ValueError("a map must not be constant")
    if len(levels) <= _LEVELS:
        return float(threshold_otsu(hist=(counts, levels.astype(np.float64))))
    # From 0 to 1, for bins lose their edges where values are large beside their spread.
    scaled = values.astype(np.float64) - float(levels[0])
    span = float(scaled.max())
    return float(threshold_otsu(scaled / span, nbins=_LEVELS)) * span + float(levels[0])


def foreground(values: npt.ArrayLike) -> Mask:
    """Mark where a map is above its Otsu threshold.

    Parameters
    ----------
    values : array_like
        A map of any shape, as `otsu_threshold` takes it.

    Returns
    -------
    numpy.ndarray of bool
        Of the same shape.

    Raises
    ------
    ValueError
        If the map is constant or holds values that are not finite.

    Examples
    --------
    >>> foreground([0, 1, 1, 9, 10])
    array([False, False, False,  True,  True])
    """
    values = np.asarray(values)
    return np.asarray(values > otsu_threshold(values))


def overlap(marked: npt.ArrayLike, mask: npt.ArrayLike) -> dict[str, float]:
    """Measure how a marked area covers a mask.

    Parameters
    ----------
    marked : array_like of bool
        The area that is judged, of any shape.
    mask : array_like of bool, the same shape
        The region that is meant, not empty.

    Returns
    -------
    dict of str to float
        The keys of `METRICS`, 0 to 1. Precision is missing (NaN) where nothing is marked.

    Raises
    ------
    ValueError
        If the shapes differ or the mask is empty.

    Examples
    --------
    >>> overlap([True, True, False, False], [False, True, True, True])
    {'iou': 0.25, 'f1': 0.4, 'precision': 0.5, 'recall': 0.3333333333333333}
    """
    a, b = np.asarray(marked, dtype=bool), np.asarray(mask, dtype=bool)
    if a.shape != b.shape or not b.any():
        raise ValueError(f"a mask must mark something and have the shape {a.shape}, not {b.shape}")
    shared, n_a, n_b = int((a & b).sum()), int(a.sum()), int(b.sum())
    return {
        "iou": shared / (n_a + n_b - shared),
        "f1": 2 * shared / (n_a + n_b),
        "precision": shared / n_a if n_a else float("nan"),
        "recall": shared / n_b,
    }
