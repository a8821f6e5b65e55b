"""The one place where coordinates change: picture file, crop, picture frame, screen, degrees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from study.settings.screen import ScreenSettings


@dataclass(frozen=True)
class Rect:
    """A rectangle of pixels, by the index of its first pixel and its size.

    Pixel centres are at integers: a rectangle at 0 of 4 pixels' width spans -0.5 to 3.5.

    Parameters
    ----------
    x_px, y_px : float
        Left and top pixel.
    width_px, height_px : float
        Size, greater than 0.
    """

    x_px: float
    y_px: float
    width_px: float
    height_px: float

    def __post_init__(self) -> None:
        """Refuse a rectangle without area."""
        if not (self.width_px > 0 and self.height_px > 0):
            raise ValueError(
                f"width_px and height_px must be greater than 0 but are {self.width_px} and "
                f"{self.height_px}"
            )

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Tell which points lie within the rectangle's pixels.

        Parameters
        ----------
        points : array_like, shape (..., 2)
            x and y, in pixels.

        Returns
        -------
        ndarray of bool, shape (...)
            False for points with missing coordinates.
        """
        points = np.asarray(points, dtype=float)
        x, y = points[..., 0] - self.x_px, points[..., 1] - self.y_px
        inside: NDArray[np.bool_] = (
            (x >= -0.5) & (x < self.width_px - 0.5) & (y >= -0.5) & (y < self.height_px - 0.5)
        )
        return inside


def move_points(points: ArrayLike, source: Rect, target: Rect) -> NDArray[np.float64]:
    """Carry points from one rectangle to another that shows the same picture.

    Parameters
    ----------
    points : array_like, shape (..., 2)
        x and y in the pixels in which `source` is given.
    source, target : Rect
        The same part of the picture in both frames.

    Returns
    -------
    ndarray, shape (..., 2)
        x and y in the pixels in which `target` is given.

    Examples
    --------
    >>> move_points([0.0, 0.0], Rect(0, 0, 2, 2), Rect(10, 20, 4, 4))
    array([10.5, 20.5])
    """
    points = np.asarray(points, dtype=float)
    scale = np.array([target.width_px / source.width_px, target.height_px / source.height_px])
    moved: NDArray[np.float64] = (points - [source.x_px - 0.5, source.y_px - 0.5]) * scale + [
        target.x_px - 0.5,
        target.y_px - 0.5,
    ]
    return moved


@dataclass(frozen=True)
class Screen:
    """A flat screen, looked at along the normal through its centre.

    Parameters
    ----------
    width_px, height_px : int
        Resolution.
    width_cm, height_cm : float
        Size of the visible area.
    distance_cm : float
        From the eyes to the screen's centre.
    """

    width_px: int
    height_px: int
    width_cm: float
    height_cm: float
    distance_cm: float

    @property
    def centre_px(self) -> tuple[float, float]:
        """The centre's x and y."""
        return (self.width_px - 1) / 2, (self.height_px - 1) / 2

    @property
    def px_per_deg(self) -> float:
        """Pixels in the degree around the centre, horizontally."""
        half_width_cm = self.distance_cm * np.tan(np.radians(0.5))
        return float(2 * half_width_cm * self.width_px / self.width_cm)

    def width_deg(self, width_px: float) -> float:
        """Give the visual angle of something in the middle of the screen.

        Parameters
        ----------
        width_px : float
            Its width from edge to edge, in pixels.

        Returns
        -------
        float
            Degrees between its left and right edge.

        Examples
        --------
        >>> round(Screen(1920, 1080, 53.0, 29.8, 70.0).width_deg(448), 2)
        10.1
        """
        half_cm = width_px / 2 * self.width_cm / self.width_px
        return float(2 * np.degrees(np.arctan(half_cm / self.distance_cm)))

    def to_deg(self, points: ArrayLike) -> NDArray[np.float64]:
        """Turn screen pixels into degrees of visual angle from the centre.

        Parameters
        ----------
        points : array_like, shape (..., 2)
            x and y, in pixels, y down.

        Returns
        -------
        ndarray, shape (..., 2)
            Horizontal and vertical eccentricity in degrees, by arctangent; y down.
        """
        points = np.asarray(points, dtype=float)
        degrees: NDArray[np.float64] = np.degrees(
            np.arctan((points - self.centre_px) * self._cm_per_px / self.distance_cm)
        )
        return degrees

    def to_px(self, degrees: ArrayLike) -> NDArray[np.float64]:
        """Turn degrees of visual angle from the centre into screen pixels.

        Parameters
        ----------
        degrees : array_like, shape (..., 2)
            Horizontal and vertical eccentricity, in degrees, y down.

        Returns
        -------
        ndarray, shape (..., 2)
            x and y, in pixels.
        """
        tangents = np.tan(np.radians(np.asarray(degrees, dtype=float)))
        points: NDArray[np.float64] = tangents * self.distance_cm / self._cm_per_px + self.centre_px
        return points

    def distance_deg(self, points: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
        """Measure the visual angle between points on the screen.

        Parameters
        ----------
        points, others : array_like, shape (..., 2)
            x and y, in pixels.

        Returns
        -------
        ndarray, shape (...)
            The angle at the eye between the two lines of sight, in degrees.
        """
        rays, other_rays = self._rays(points), self._rays(others)
        # By arctangent, for the arccosine loses its digits at small angles.
        across = np.linalg.norm(np.cross(rays, other_rays), axis=-1)
        along = np.sum(rays * other_rays, axis=-1)
        angles: NDArray[np.float64] = np.degrees(np.arctan2(across, along))
        return angles

    @property
    def _cm_per_px(self) -> NDArray[np.float64]:
        """Size of a pixel, horizontally and vertically."""
        return np.array([self.width_cm / self.width_px, self.height_cm / self.height_px])

    def _rays(self, points: ArrayLike) -> NDArray[np.float64]:
        """Give the lines of sight to points, in centimetres from the eye."""
        flat = (np.asarray(points, dtype=float) - self.centre_px) * self._cm_per_px
        depth = np.full((*flat.shape[:-1], 1), self.distance_cm)
        return np.concatenate([flat, depth], axis=-1)


def screen_from(settings: ScreenSettings) -> Screen:
    """Take the screen from the study's settings.

    Parameters
    ----------
    settings : ScreenSettings
        The section [screen].

    Returns
    -------
    Screen
        The same sizes.
    """
    return Screen(
        settings.width_px,
        settings.height_px,
        settings.width_cm,
        settings.height_cm,
        settings.distance_cm,
    )
